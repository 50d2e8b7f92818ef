use super::{Error, codec::Codec, iv::constant_iv};
use crate::{
    bmff::moov::{EntryKind, Init, SampleEntry},
    keys::Kid,
    title::Scheme,
};

/// How an init segment is to say that its track is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitProtection {
    /// The scheme.
    pub scheme: Scheme,
    /// `default_KID`
    pub kid: Kid,
    /// `default_constant_IV`: for `cbcs`, and for it alone.
    pub constant_iv: Option<[u8; 16]>,
}

impl InitProtection {
    /// With the IVs that the edge derives ([`super::IvSource::Derived`]).
    pub fn derived(scheme: Scheme, kid: Kid) -> Self {
        let constant_iv = match scheme {
            Scheme::Cenc => None,
            Scheme::Cbcs => Some(constant_iv(&kid)),
        };
        Self { scheme, kid, constant_iv }
    }
}

/// Rewrites a clear init segment: its sample entry becomes `encv` or `enca` with a `sinf` behind its other boxes
/// (ISO/IEC 14496-12, 8.12; 23001-7, 8.2). Everything else stays byte for byte.
///
/// # Errors
/// [`Error::Box`] (also for a second track), [`Error::UnknownCodec`], [`Error::AlreadyProtected`], [`Error::Iv`]
pub fn protect_init(init: &[u8], protection: &InitProtection) -> Result<Vec<u8>, Error> {
    let parsed = Init::parse(init)?;
    let entry = &parsed.entry;
    let (name, video) = protected_name(entry)?;
    // What comes behind a box that does not end where it should would not be found again.
    entry.children().try_for_each(|child| child.map(drop))?;
    let sinf = sinf(entry, protection, video)?;
    let end = usize::try_from(entry.view.end()).unwrap_or(usize::MAX);
    let (before, after) = init.split_at_checked(end).ok_or_else(|| entry.view.invalid("ends past the file"))?;
    let mut out = Vec::with_capacity(init.len() + sinf.len());
    out.extend_from_slice(before);
    out.extend_from_slice(&sinf);
    out.extend_from_slice(after);
    for view in parsed.path.iter().chain([&entry.view]) {
        let at = usize::try_from(view.offset).unwrap_or(usize::MAX);
        let header = out.get_mut(at..).ok_or_else(|| view.invalid("begins past the file"))?;
        view.header.patch(header, view.offset, view.header.size + sinf.len() as u64)?;
        if view.offset == entry.view.offset
            && let Some(kind) = header.get_mut(4..8)
        {
            kind.copy_from_slice(name);
        }
    }
    Ok(out)
}

/// What the entry is called once protected, and whether it is video's.
fn protected_name(entry: &SampleEntry<'_>) -> Result<(&'static [u8; 4], bool), Error> {
    Codec::of(entry)?;
    match entry.kind {
        EntryKind::Visual { .. } => Ok((b"encv", true)),
        EntryKind::Audio { .. } => Ok((b"enca", false)),
        EntryKind::Text | EntryKind::Other => Err(Error::UnknownCodec(entry.codec())),
    }
}

fn sinf(entry: &SampleEntry<'_>, protection: &InitProtection, video: bool) -> Result<Vec<u8>, Error> {
    let mut tenc = Vec::with_capacity(64);
    match (protection.scheme, protection.constant_iv) {
        (Scheme::Cenc, None) => {
            tenc.extend_from_slice(&[0, 0, 0, 0, 0, 0, 1, 8]);
            tenc.extend_from_slice(&protection.kid.0);
        }
        (Scheme::Cbcs, Some(iv)) => {
            let pattern = if video { 0x19 } else { 0 };
            tenc.extend_from_slice(&[1, 0, 0, 0, 0, pattern, 1, 0]);
            tenc.extend_from_slice(&protection.kid.0);
            tenc.push(16);
            tenc.extend_from_slice(&iv);
        }
        (Scheme::Cenc, Some(_)) => return Err(Error::Iv { scheme: "cenc", wanted: "no constant IV" }),
        (Scheme::Cbcs, None) => return Err(Error::Iv { scheme: "cbcs", wanted: "a constant IV of 16 bytes" }),
    }
    let frma = boxed(b"frma", &entry.codec().0);
    let mut schm = vec![0; 4];
    schm.extend_from_slice(protection.scheme.as_str().as_bytes());
    schm.extend_from_slice(&0x0001_0000u32.to_be_bytes());
    let schi = boxed(b"schi", &boxed(b"tenc", &tenc));
    Ok(boxed(b"sinf", &[frma, boxed(b"schm", &schm), schi].concat()))
}

/// A box of less than 4 GiB, which all that is written here is.
fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let size = payload.len() as u32 + 8;
    [&size.to_be_bytes()[..], kind, payload].concat()
}

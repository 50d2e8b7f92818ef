use super::{Error, codec::Codec, iv::constant_iv};
use crate::{
    bmff::{
        BoxView,
        moov::{EntryKind, Init, SampleEntry},
    },
    keys::Kid,
    title::Scheme,
};

/// How an init segment is to say that its track is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitProtection {
    /// The scheme.
    pub scheme: Scheme,
    /// `default_KID`
    pub kid: Kid,
    /// `default_constant_IV`: for `cbcs`, and for it alone.
    pub constant_iv: Option<[u8; 16]>,
    /// Whether the clear sample entry stays, behind the protected one, for fragments of a clear lead.
    pub clear_entry: bool,
    /// `pssh` boxes, whole, for the end of `moov`.
    pub pssh: Vec<u8>,
}

impl InitProtection {
    /// With the IVs that the edge derives ([`super::IvSource::Derived`]).
    pub fn derived(scheme: Scheme, kid: Kid) -> Self {
        let constant_iv = match scheme {
            Scheme::Cenc => None,
            Scheme::Cbcs => Some(constant_iv(&kid)),
        };
        Self::new(scheme, kid, constant_iv)
    }

    /// With `tenc` alone, as it is given.
    pub fn new(scheme: Scheme, kid: Kid, constant_iv: Option<[u8; 16]>) -> Self {
        Self { scheme, kid, constant_iv, clear_entry: false, pssh: Vec::new() }
    }
}

/// Rewrites a clear init segment: its sample entry becomes `encv` or `enca` with a `sinf` behind its other boxes
/// (ISO/IEC 14496-12, 8.12; 23001-7, 8.2). Everything else stays byte for byte.
///
/// # Errors
/// [`Error::Box`] (also for a second track or sample entry), [`Error::UnknownCodec`], [`Error::AlreadyProtected`], [`Error::Iv`]
pub fn protect_init(init: &[u8], protection: &InitProtection) -> Result<Vec<u8>, Error> {
    let parsed = Init::parse(init)?;
    let entry = parsed.only_entry()?;
    let (name, video) = protected_name(entry)?;
    // What comes behind a box that does not end where it should would not be found again.
    entry.children().try_for_each(|child| child.map(drop))?;
    let (Some(moov), Some(stsd)) = (parsed.path.first(), parsed.path.last()) else {
        return Err(entry.view.invalid("has no moov").into());
    };
    // The end of `moov` is where what it holds would have to be found again too.
    moov.children().try_for_each(|child| child.map(drop))?;
    let sinf = sinf(entry, protection, video)?;
    let second = if protection.clear_entry { entry.view.bytes } else { &[] };
    let past = |view: &BoxView<'_>| view.invalid("ends past the file");
    let at = |place: u64| usize::try_from(place).ok();
    let cut = |from: u64, to: u64| at(from).zip(at(to)).and_then(|(from, to)| init.get(from..to));
    let (entry_end, moov_end) = (entry.view.end(), moov.end());
    let mut out = Vec::with_capacity(init.len() + sinf.len() + second.len() + protection.pssh.len());
    out.extend_from_slice(cut(0, entry_end).ok_or_else(|| past(&entry.view))?);
    out.extend_from_slice(&sinf);
    out.extend_from_slice(second);
    out.extend_from_slice(cut(entry_end, moov_end).ok_or_else(|| past(moov))?);
    out.extend_from_slice(&protection.pssh);
    out.extend_from_slice(cut(moov_end, init.len() as u64).ok_or_else(|| past(moov))?);

    let in_stsd = (sinf.len() + second.len()) as u64;
    for view in parsed.path.iter().chain([&entry.view]) {
        let growth = match view.offset {
            offset if offset == entry.view.offset => sinf.len() as u64,
            offset if offset == moov.offset => in_stsd + protection.pssh.len() as u64,
            _ => in_stsd,
        };
        let header = at(view.offset).and_then(|at| out.get_mut(at..));
        let header = header.ok_or_else(|| view.invalid("begins past the file"))?;
        view.header.patch(header, view.offset, view.header.size + growth)?;
        if view.offset == entry.view.offset
            && let Some(kind) = header.get_mut(4..8)
        {
            kind.copy_from_slice(name);
        }
    }
    if protection.clear_entry {
        // `entry_count`, behind version and flags: two.
        let count =
            at(stsd.offset).and_then(|at| out.get_mut(at + stsd.header.len + 4..)).and_then(|rest| rest.get_mut(..4));
        count.ok_or_else(|| past(stsd))?.copy_from_slice(&2u32.to_be_bytes());
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
            tenc.extend_from_slice(&[1, 0, 0, 0, 0, pattern(protection.scheme, video), 1, 0]);
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

/// The pattern byte of `tenc` and `seig`: video 1:9 in `cbcs`, none elsewhere.
pub(super) fn pattern(scheme: Scheme, video: bool) -> u8 {
    match scheme {
        Scheme::Cbcs if video => 0x19,
        _ => 0,
    }
}

/// A box of less than 4 GiB, which all that is written here is.
fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let size = payload.len() as u32 + 8;
    [&size.to_be_bytes()[..], kind, payload].concat()
}

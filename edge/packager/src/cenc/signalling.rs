use crate::{keys::Kid, title::Scheme};

/// What protected fragments say of their key beside `senc`; nothing by default, as the init segment's `tenc` names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signalling {
    /// The key of a later key period, which each fragment names by a sample group `seig` (ISO/IEC 23001-7, 6).
    pub period: Option<Kid>,
    /// `pssh` boxes, whole, that stand at the end of each `moof` (23001-7, 8.1).
    pub pssh: Vec<u8>,
}

/// What fragments become, as far as their sizes go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentForm {
    /// Whether they are of the clear lead: then nothing else is added.
    pub lead: bool,
    /// Whether they name the key of a later key period.
    pub period: bool,
    /// Bytes of `pssh` boxes in each.
    pub pssh: usize,
}

impl Signalling {
    /// What it makes of fragments.
    pub fn form(&self) -> FragmentForm {
        FragmentForm { lead: false, period: self.period.is_some(), pssh: self.pssh.len() }
    }
}

/// `sgpd` before its one description, and `sbgp` with its one entry.
const SGPD_HEAD: usize = 24;
const SBGP: usize = 28;

/// Bytes of `sgpd` and `sbgp`.
pub(super) fn groups_len(scheme: Scheme) -> usize {
    let constant_iv = match scheme {
        Scheme::Cenc => 0,
        Scheme::Cbcs => 17,
    };
    SGPD_HEAD + 20 + constant_iv + SBGP
}

/// Appends `sgpd` and `sbgp`: all `samples` of the fragment are under the key `kid`. `constant_iv` for `cbcs`.
pub(super) fn put_groups(out: &mut Vec<u8>, kid: &Kid, constant_iv: Option<&[u8; 16]>, pattern: u8, samples: u32) {
    let iv_size = if constant_iv.is_some() { 0 } else { 8 };
    let mut entry = vec![0, pattern, 1, iv_size];
    entry.extend_from_slice(&kid.0);
    if let Some(iv) = constant_iv {
        entry.push(16);
        entry.extend_from_slice(iv);
    }
    // At most 37 bytes.
    let len = entry.len() as u32;
    out.extend_from_slice(&(SGPD_HEAD as u32 + len).to_be_bytes());
    out.extend_from_slice(b"sgpd\x01\0\0\0seig");
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&1u32.to_be_bytes());
    out.extend_from_slice(&entry);
    out.extend_from_slice(&(SBGP as u32).to_be_bytes());
    out.extend_from_slice(b"sbgp\0\0\0\0seig");
    out.extend_from_slice(&1u32.to_be_bytes());
    out.extend_from_slice(&samples.to_be_bytes());
    // The first description of the fragment's own (ISO/IEC 14496-12, 8.9.4).
    out.extend_from_slice(&0x1_0001u32.to_be_bytes());
}

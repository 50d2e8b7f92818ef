use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::bmff::moov::Sinf;

use super::boxes::Seig;
use crate::inspect::text::hex;

/// What `sinf` or a `seig` group says.
#[derive(Clone, Debug, Serialize)]
pub struct Protection {
    /// `cenc`, `cbcs`, …; absent of a group, whose track tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// `frma`: the entry's type before protection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_format: Option<String>,
    /// Whether samples are protected, unless their group says otherwise.
    pub is_protected: bool,
    /// UUID.
    pub key_id: String,
    /// Bytes: 0, 8 or 16.
    pub per_sample_iv_size: u8,
    /// Blocks of 16 bytes that are encrypted of each pattern; 0 without one.
    pub crypt_byte_block: u8,
    /// Blocks of 16 bytes that are left of each pattern.
    pub skip_byte_block: u8,
    /// Hex digits, where samples have no IV of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant_iv: Option<String>,
}

impl Protection {
    pub(super) fn of(Sinf { original, scheme, tenc }: &Sinf) -> Self {
        Self {
            scheme: Some(scheme.to_string()),
            original_format: Some(original.to_string()),
            is_protected: tenc.protected,
            key_id: tenc.kid.uuid(),
            per_sample_iv_size: tenc.iv_size,
            crypt_byte_block: tenc.crypt,
            skip_byte_block: tenc.skip,
            constant_iv: tenc.constant_iv.as_deref().map(hex),
        }
    }

    pub(super) fn of_group(seig: &Seig) -> Self {
        Self {
            scheme: None,
            original_format: None,
            is_protected: seig.protected,
            key_id: seig.kid.uuid(),
            per_sample_iv_size: seig.iv_size,
            crypt_byte_block: seig.crypt,
            skip_byte_block: seig.skip,
            constant_iv: seig.constant_iv.as_deref().map(hex),
        }
    }

    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        if let (Some(scheme), Some(original)) = (&self.scheme, &self.original_format) {
            write!(f, "{scheme} of {original}, ")?;
        }
        if !self.is_protected {
            // As key rotation has it: the groups tell.
            write!(f, "samples clear unless their group says otherwise, ")?;
        }
        write!(f, "key id {}, ", self.key_id)?;
        match (self.crypt_byte_block, self.skip_byte_block) {
            (0, 0) => write!(f, "no pattern, ")?,
            (crypt, skip) => write!(f, "pattern {crypt}:{skip}, ")?,
        }
        match (&self.constant_iv, self.per_sample_iv_size) {
            (Some(iv), _) => writeln!(f, "constant IV {iv}"),
            (None, 0) => writeln!(f, "no IV"),
            (None, size) => writeln!(f, "IV of {size} bytes per sample"),
        }
    }
}

use std::fmt;

use serde::Serialize;

use super::line::Attributes;
use crate::inspect::{redact, report::Warning};

/// Bytes of a resource (rfc8216bis, 4.4.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ByteRange {
    /// Bytes.
    pub length: u64,
    /// First byte; absent where it follows the range before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

impl ByteRange {
    /// `LENGTH[@OFFSET]`
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (length, offset) = match text.trim().split_once('@') {
            Some((length, offset)) => (length, Some(offset.parse().ok()?)),
            None => (text.trim(), None),
        };
        Some(Self { length: length.parse().ok()?, offset })
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{}@{offset}", self.length),
            None => write!(f, "{}", self.length),
        }
    }
}

/// An `EXT-X-MAP`: the init segment of the segments after it (4.4.4.5).
#[derive(Clone, Debug, Serialize)]
pub struct Map {
    /// Its line, from 1.
    pub line: usize,
    /// Without what may be secret in it.
    pub uri: String,
    /// Of a part of a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte_range: Option<ByteRange>,
    /// The first segment that it is for, from 0.
    pub first_segment: usize,
}

impl Map {
    pub(super) fn of(
        attributes: &Attributes<'_>,
        line: usize,
        first_segment: usize,
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let uri = attributes.get("URI");
        if uri.is_none() {
            warnings.push(Warning::new("map_uri", &format!("line {line}"), "EXT-X-MAP without URI"));
        }
        Self {
            line,
            uri: uri.map(redact::url).unwrap_or_default(),
            byte_range: attributes.get("BYTERANGE").and_then(ByteRange::parse),
            first_segment,
        }
    }
}

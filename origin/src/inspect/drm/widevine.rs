use std::fmt::{self, Write};

use serde::Serialize;
use sluice_packager::{bmff::FourCc, keys::Kid};

use crate::inspect::text::{hex, printable};

/// `WidevineCencHeader` (later `WidevinePsshData`): the fields of its published protobuf definition. Wrapped keys are counted, not shown.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Widevine {
    /// Field 1: 0 unencrypted, 1 AES-CTR. Older boxes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<u64>,
    /// Field 2, UUIDs, or hex digits where they are not of 16 bytes.
    pub key_ids: Vec<String>,
    /// Field 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Field 4: as text where it is, else in hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Field 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Field 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crypto_period_index: Option<u64>,
    /// Field 9: `cenc`, `cbcs`, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protection_scheme: Option<String>,
    /// Field 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crypto_period_seconds: Option<u64>,
    /// Field 11: `single`, `entitlement`, `entitled_key`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Field 14: the key ids of keys that are wrapped under an entitlement key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entitled_key_ids: Vec<String>,
    /// Numbers of fields that are not told apart here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_fields: Vec<u64>,
}

const MALFORMED: &str = "the data is not a protobuf message";

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl Widevine {
    pub(super) fn parse(data: &[u8]) -> Result<Self, &'static str> {
        let mut out = Self::default();
        for field in Fields(data) {
            match field? {
                (1, Field::Number(value)) => out.algorithm = Some(value),
                (2, Field::Bytes(id)) => out.key_ids.push(key_id(id)),
                (3, Field::Bytes(text)) => out.provider = Some(readable(text)),
                (4, Field::Bytes(text)) => out.content_id = Some(readable(text)),
                (6, Field::Bytes(text)) => out.policy = Some(readable(text)),
                (7, Field::Number(value)) => out.crypto_period_index = Some(value),
                (9, Field::Number(value)) => out.protection_scheme = Some(scheme(value)),
                (10, Field::Number(value)) => out.crypto_period_seconds = Some(value),
                (11, Field::Number(value)) => {
                    out.kind = Some(match value {
                        0 => "single".to_owned(),
                        1 => "entitlement".to_owned(),
                        2 => "entitled_key".to_owned(),
                        other => other.to_string(),
                    });
                }
                (14, Field::Bytes(message)) => {
                    for field in Fields(message) {
                        if let (2, Field::Bytes(id)) = field? {
                            out.entitled_key_ids.push(key_id(id));
                        }
                    }
                }
                (number, _) => out.other_fields.push(number),
            }
        }
        Ok(out)
    }

    pub(super) fn kids(&self) -> impl Iterator<Item = Kid> + '_ {
        self.key_ids.iter().chain(&self.entitled_key_ids).filter_map(|id| id.parse().ok())
    }

    pub(super) fn write(&self, f: &mut impl Write, indent: usize) -> fmt::Result {
        let mut line = |name: &str, value: Option<String>| match value {
            Some(value) => writeln!(f, "{:indent$}{name} {value}", ""),
            None => Ok(()),
        };
        line("algorithm", self.algorithm.map(|value| value.to_string()))?;
        line("provider", self.provider.clone())?;
        line("content_id", self.content_id.clone())?;
        line("policy", self.policy.clone())?;
        line("crypto_period_index", self.crypto_period_index.map(|value| value.to_string()))?;
        line("crypto_period_seconds", self.crypto_period_seconds.map(|value| value.to_string()))?;
        line("protection_scheme", self.protection_scheme.clone())?;
        line("type", self.kind.clone())?;
        let list = |ids: &[String]| (!ids.is_empty()).then(|| ids.join(" "));
        line("entitled key ids (their wrapped keys are not shown)", list(&self.entitled_key_ids))?;
        let others: Vec<String> = self.other_fields.iter().map(u64::to_string).collect();
        line("other fields", list(&others))
    }
}

fn key_id(bytes: &[u8]) -> String {
    <[u8; 16]>::try_from(bytes).map_or_else(|_| hex(bytes), |bytes| Kid(bytes).uuid())
}

fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => printable(text),
        _ => hex(bytes),
    }
}

/// The four characters as a big-endian number; 0 and 1 are what older boxes call AES-CTR.
fn scheme(value: u64) -> String {
    match u32::try_from(value) {
        Ok(value) if value > 0xffff => FourCc(value.to_be_bytes()).to_string(),
        _ => value.to_string(),
    }
}

/// Fields of a protobuf message: number and value. Ends after the first error.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, len: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Bytes(self.take(8)?),
            2 => {
                let len = self.varint()?;
                Field::Bytes(self.take(len)?)
            }
            5 => Field::Bytes(self.take(4)?),
            _ => return None,
        };
        (tag >> 3 != 0).then_some((tag >> 3, field))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field().ok_or(MALFORMED);
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read_and_no_wrapped_key_is_kept() {
        let mut data = vec![0x08, 1, 0x12, 16];
        data.extend([0x11; 16]);
        data.extend(b"\x1a\x04acme\x22\x04film\x38\x07\x48\xf3\xc6\x89\x9b\x06\x58\x02");
        // An entitled key: entitlement key id, key id, wrapped key.
        let mut entitled = vec![0x0a, 16];
        entitled.extend([0x22; 16]);
        entitled.extend([0x12, 16]);
        entitled.extend([0x33; 16]);
        entitled.extend([0x1a, 16]);
        entitled.extend([0x44; 16]);
        data.extend([0x72, entitled.len() as u8]);
        data.extend(entitled);
        let read = Widevine::parse(&data).expect("a message");
        assert_eq!((read.provider.as_deref(), read.content_id.as_deref()), (Some("acme"), Some("film")));
        assert_eq!((read.protection_scheme.as_deref(), read.kind.as_deref()), (Some("cbcs"), Some("entitled_key")));
        assert_eq!(read.kids().collect::<Vec<_>>(), [Kid([0x11; 16]), Kid([0x33; 16])]);
        let said = serde_json::to_string(&read).expect("JSON");
        assert!(!said.contains("44444444"), "{said}");
        assert!(Widevine::parse(&data[..20]).is_ok() && Widevine::parse(&data[..19]).is_err());
    }
}

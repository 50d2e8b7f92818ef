use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A key id: 16 bytes in `tenc` (big-endian) order. Public.
///
/// Text forms: 32 hex digits ([`Kid::hex`], also `Display`) and a UUID ([`Kid::uuid`], as
/// `cenc:default_KID` wants it). Parsing takes either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(pub [u8; 16]);

/// A text that is neither 32 hex digits nor a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 32 hex digits or a UUID")]
pub struct KidError;

impl Kid {
    /// 32 lower-case hex digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, in the byte order of `tenc`.
    pub fn uuid(&self) -> String {
        let hex = self.hex();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl FromStr for Kid {
    type Err = KidError;

    fn from_str(text: &str) -> Result<Self, KidError> {
        let text = text.as_bytes();
        let dashed = match text.len() {
            32 => false,
            36 => true,
            _ => return Err(KidError),
        };
        let mut nibbles = 0;
        let mut kid = [0; 16];
        for (at, byte) in text.iter().enumerate() {
            if dashed && matches!(at, 8 | 13 | 18 | 23) {
                if *byte != b'-' {
                    return Err(KidError);
                }
                continue;
            }
            let digit = (*byte as char).to_digit(16).ok_or(KidError)? as u8;
            kid[nibbles / 2] = kid[nibbles / 2] << 4 | digit;
            nibbles += 1;
        }
        Ok(Self(kid))
    }
}

impl Serialize for Kid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Kid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_text_forms_parse_and_others_do_not() {
        let hex = "00112233445566778899aabbccddeeff";
        let kid: Kid = hex.parse().expect("hex");
        assert_eq!(kid.uuid(), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(kid.uuid().parse(), Ok(kid));
        assert_eq!(kid.to_string(), hex);
        for bad in ["", "00", &hex[1..], "0011223344556677889 aabbccddeeff", "00112233+4455-6677-8899-aabbccddeeff"] {
            assert_eq!(bad.parse::<Kid>(), Err(KidError), "{bad}");
        }
    }
}

use core::fmt;

/// Writes 32 lower-case hex digits.
pub(crate) fn write(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads 32 lower-case hex digits: one spelling per id, so that an id is one key in a store.
pub(crate) fn parse(text: &str) -> Option<[u8; 16]> {
    let digits: &[u8; 32] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks().0) {
        *byte = self::byte(pair)?;
    }
    Some(bytes)
}

/// A byte of two lower-case hex digits.
pub(crate) fn byte(digits: &[u8; 2]) -> Option<u8> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    Some(nibble(digits[0])? << 4 | nibble(digits[1])?)
}

/// `Display`, `parse`, and serde as hex, for a newtype over 16 bytes.
macro_rules! hex_id {
    ($name:ident) => {
        impl $name {
            /// Parses 32 lower-case hex digits.
            pub fn parse(text: &str) -> Option<Self> {
                $crate::ids::hex::parse(text).map(Self)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::ids::hex::write(&self.0, f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom("an id is 32 lower-case hex digits"))
            }
        }
    };
}
pub(crate) use hex_id;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::SessionId;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!(SessionId::parse(&"0a".repeat(16)), Some(SessionId([10; 16])));
        for bad in ["", "0", &"0A".repeat(16), &"0a".repeat(15), &"0a".repeat(17), &"0g".repeat(16), &"é".repeat(16)] {
            assert_eq!(SessionId::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn ids_survive_text_and_json(bytes: [u8; 16]) {
            let id = SessionId(bytes);
            prop_assert_eq!(SessionId::parse(&id.to_string()), Some(id));
            let json = serde_json::to_string(&id).expect("json");
            prop_assert_eq!(serde_json::from_str::<SessionId>(&json).expect("id"), id);
        }
    }
}

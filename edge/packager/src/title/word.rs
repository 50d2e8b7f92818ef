//! Enums that documents write as words. Read by one visitor for all of them: a derived one for each is a kilobyte of module and more.

use core::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, Error, VariantAccess, Visitor},
};

/// The words of an enum, in the order of its variants: as what it is written, and from what it reads.
macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let word = match self { $(Self::$variant => $word),+ };
                serializer.serialize_unit_variant(stringify!($name), *self as u32, word)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let place = $crate::title::word::place(deserializer, stringify!($name), &[$($word),+])?;
                Ok([$(Self::$variant),+][place])
            }
        }
    };
}

pub(super) use words;

/// The place of the word that is read among `words`.
pub(super) fn place<'de, D: Deserializer<'de>>(
    deserializer: D,
    name: &'static str,
    words: &'static [&'static str],
) -> Result<usize, D::Error> {
    deserializer.deserialize_enum(name, words, Enum { name, words })
}

struct Enum {
    name: &'static str,
    words: &'static [&'static str],
}

impl<'de> Visitor<'de> for Enum {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "enum {}", self.name)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<usize, A::Error> {
        let (place, variant) = data.variant_seed(Word(self.words))?;
        variant.unit_variant()?;
        Ok(place)
    }
}

struct Word(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Word {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Word {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("variant identifier")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<usize, E> {
        self.0.iter().position(|known| *known == word).ok_or_else(|| E::unknown_variant(word, self.0))
    }
}

#[cfg(test)]
mod tests {
    use crate::title::{Delivery, Role};

    #[test]
    fn words_read_as_a_derived_visitor_reads_them() {
        let read = |text: &str| serde_json::from_str::<Delivery>(text).map_err(|error| error.to_string());
        assert_eq!(read("\"aes128\""), Ok(Delivery::Aes128));
        assert_eq!(read("{\"clear\":null}"), Ok(Delivery::Clear));
        let unknown = "unknown variant `CENC`, expected one of `cenc`, `cbcs`, `aes128`, `clear` at line 1 column 6";
        assert_eq!(read("\"CENC\""), Err(unknown.to_owned()));
        assert_eq!(read("1"), Err("expected value at line 1 column 1".to_owned()));
        assert!(read("{\"clear\":1}").is_err() && read("null").is_err());
        assert_eq!(serde_json::from_str::<Option<Role>>("null").expect("reads"), None);
        assert_eq!(serde_json::to_string(&Role::ForcedSubtitle).expect("writes"), "\"forced-subtitle\"");
    }
}

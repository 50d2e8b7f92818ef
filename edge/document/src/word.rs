//! Enums that documents write as words. Read by one visitor for all of them: a derived one for each is a kilobyte of module and more.

use core::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, Error, VariantAccess, Visitor},
};

/// The words of an enum, in the order of its variants: as what it is written, and from what it reads.
#[macro_export]
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
                let place = $crate::word::place(deserializer, stringify!($name), &[$($word),+])?;
                Ok([$(Self::$variant),+][place])
            }
        }
    };
}

/// The place of the word that is read among `words`.
///
/// # Errors
/// Of another word, and of what is none.
pub fn place<'de, D: Deserializer<'de>>(
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
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Ours {
        Cenc,
        ForcedSubtitle,
    }
    crate::words!(Ours { Cenc => "cenc", ForcedSubtitle => "forced-subtitle" });

    /// As serde derives it.
    mod derived {
        #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub(super) enum Ours {
            Cenc,
            ForcedSubtitle,
        }
    }

    #[test]
    fn words_read_as_a_derived_reader_reads_them_to_the_letter() {
        let documents = [
            "\"cenc\"",
            "\"forced-subtitle\"",
            "{\"cenc\":null}",
            "{\"cenc\":1}",
            "\"CENC\"",
            "1",
            "null",
            "[]",
            "{}",
            "\"ce",
            "",
        ];
        for text in documents {
            let ours = serde_json::from_slice::<Ours>(text.as_bytes()).map(|word| word as u8);
            let derived = serde_json::from_slice::<derived::Ours>(text.as_bytes()).map(|word| word as u8);
            assert_eq!(ours.map_err(|error| error.to_string()), derived.map_err(|error| error.to_string()), "{text}");
        }
        for (ours, derived) in
            [(Ours::Cenc, derived::Ours::Cenc), (Ours::ForcedSubtitle, derived::Ours::ForcedSubtitle)]
        {
            let written = |text: Result<String, serde_json::Error>| text.expect("writes");
            assert_eq!(written(serde_json::to_string(&ours)), written(serde_json::to_string(&derived)));
        }
    }
}

//! Structs that documents write as objects. Read as a derived reader reads them, by code that members of one type share, whatever they are members of: derived,
//! the readers of a title's documents are twenty kilobytes more of module. What none of them takes is an array in place of an object.

use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor},
};

/// A struct's members: those that a document must have, and those that are their type's default where it does not.
macro_rules! members {
    ($name:ident { $($required:ident),* ; $($optional:ident),* }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                const NAMES: &[&str] = &[$(stringify!($required),)* $(stringify!($optional)),*];

                #[expect(non_camel_case_types, reason = "places are called what members are")]
                enum Place { $($required,)* $($optional,)* }

                struct Members;

                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str(concat!("struct ", stringify!($name)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        $(let mut $required = None;)*
                        $(let mut $optional = None;)*
                        while let Some(place) = map.next_key_seed($crate::title::member::Name(NAMES))? {
                            $(if place == Place::$required as usize {
                                $crate::title::member::take(&mut $required, &mut map, stringify!($required))?;
                                continue;
                            })*
                            $(if place == Place::$optional as usize {
                                $crate::title::member::take(&mut $optional, &mut map, stringify!($optional))?;
                                continue;
                            })*
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                        Ok($name {
                            $($required: $crate::title::member::given($required, stringify!($required))?,)*
                            $($optional: $optional.unwrap_or_default(),)*
                        })
                    }
                }

                deserializer.deserialize_struct(stringify!($name), NAMES, Members)
            }
        }
    };
}

pub(super) use members;

/// Reads a member's value into where it is kept.
#[inline(never)]
pub(super) fn take<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    map: &mut A,
    name: &'static str,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

/// A member that must be there.
pub(super) fn given<T, E: Error>(slot: Option<T>, name: &'static str) -> Result<T, E> {
    slot.ok_or_else(|| E::missing_field(name))
}

/// The place of a member's name among these; their number where it is none of them.
pub(super) struct Name(pub(super) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        Ok(self.0.iter().position(|known| *known == name).unwrap_or(self.0.len()))
    }
}

#[cfg(test)]
mod tests {
    use crate::title::{Schedule, TitleKey};

    #[test]
    fn members_read_as_a_derived_reader_reads_them() {
        let read = |text: &str| serde_json::from_str::<Schedule>(text).map_err(|error| error.to_string());
        assert_eq!(read(r#"{"later":[{}],"periods":[2,3]}"#), Ok(Schedule { clear_lead: 0, periods: vec![2, 3] }));
        let twice = "duplicate field `clear_lead` at line 1 column 29";
        assert_eq!(read(r#"{"clear_lead":1,"clear_lead":2}"#), Err(twice.to_owned()));
        assert_eq!(read("7"), Err("invalid type: integer `7`, expected struct Schedule at line 1 column 1".to_owned()));
        assert!(read("[]").is_err() && read(r#"{"periods":null}"#).is_err());
        let missing = serde_json::from_str::<TitleKey>(r#"{"scope":"video"}"#).expect_err("lacks its id").to_string();
        assert_eq!(missing, "missing field `kid` at line 1 column 17");
    }
}

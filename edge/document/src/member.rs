//! Structs that documents write as objects. What a derived reader takes and none of these: an array in place of an object.

use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor},
};

/// Has a struct read from an object: its members in order, with what they are where they are left out. `deny` refuses members that are not listed;
/// `then` names what looks at the whole.
#[macro_export]
macro_rules! members {
    ($name:ident $(then $check:path)? { $($members:tt)* }) => {
        $crate::members!(@read $name (false) ($($check)?) $($members)*);
    };
    (deny $name:ident $(then $check:path)? { $($members:tt)* }) => {
        $crate::members!(@read $name (true) ($($check)?) $($members)*);
    };
    (@read $name:ident ($deny:literal) ($($check:path)?) $($member:ident $(= $default:expr)?),* $(,)?) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                const NAMES: &[&str] = &[$(stringify!($member)),*];

                #[expect(non_camel_case_types, reason = "places are called what members are")]
                enum Place { $($member),* }

                struct Members;

                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str(concat!("struct ", stringify!($name)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        $(let mut $member = None;)*
                        while let Some(place) = map.next_key_seed($crate::member::Name { names: NAMES, deny: $deny })? {
                            $(if place == Place::$member as usize {
                                $crate::member::take(&mut $member, &mut map, stringify!($member))?;
                                continue;
                            })*
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                        let whole = $name { $($member: $crate::members!(@value $member $(= $default)?)),* };
                        $($check(&whole)?;)?
                        Ok(whole)
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }
    };
    (@value $member:ident) => {
        $crate::member::given($member, stringify!($member))?
    };
    (@value $member:ident = $default:expr) => {
        $member.unwrap_or_else(|| $default)
    };
}

/// Reads a member's value into where it is kept.
///
/// # Errors
/// Of a value that is not of its type, and of a member that is there twice.
#[inline(never)]
pub fn take<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
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
///
/// # Errors
/// Where it is not.
pub fn given<T, E: Error>(slot: Option<T>, name: &'static str) -> Result<T, E> {
    slot.ok_or_else(|| E::missing_field(name))
}

/// The place of a member's name among names; their number where it is none of them and that is not denied.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// The names.
    pub names: &'static [&'static str],
    /// Whether others are errors.
    pub deny: bool,
}

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
        match self.names.iter().position(|known| *known == name) {
            Some(place) => Ok(place),
            None if self.deny => Err(E::unknown_field(name, self.names)),
            None => Ok(self.names.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, PartialEq)]
    struct Ours {
        first: u32,
        second: Vec<u32>,
        third: Option<bool>,
    }
    crate::members!(Ours { first, second = Vec::new(), third = None });

    #[derive(Debug, PartialEq)]
    struct Strict {
        first: u32,
        second: String,
    }
    crate::members!(deny Strict { first, second = "as it is".to_owned() });

    /// As serde derives them.
    mod derived {
        use serde::Deserialize;

        #[derive(Debug, PartialEq, Deserialize)]
        pub(super) struct Ours {
            pub(super) first: u32,
            #[serde(default)]
            pub(super) second: Vec<u32>,
            pub(super) third: Option<bool>,
        }

        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Strict {
            pub(super) first: u32,
            #[serde(default = "second")]
            pub(super) second: String,
        }

        fn second() -> String {
            "as it is".to_owned()
        }
    }

    fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, String> {
        serde_json::from_slice(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn members_read_as_a_derived_reader_reads_them_to_the_letter() {
        let documents = [
            r#"{"first":1}"#,
            r#"{"third":true,"second":[2,3],"first":1}"#,
            r#"{"first":1,"third":null}"#,
            r#"{"first":1,"second":null}"#,
            r#"{"second":"x"}"#,
            r#"{"first":1,"first":2}"#,
            r#"{"first":1,"later":[{}]}"#,
            r#"{"first":-1}"#,
            r#"{"first":1,"second":"x"}"#,
            r#"{"first":1"#,
            r#"{"first":1,}"#,
            r#"{"\u0066irst":1}"#,
            "{} 1",
            "{1:1}",
            "7",
            "null",
            "\"x\"",
            "",
        ];
        for text in documents {
            let ours = read::<Ours>(text).map(|ours| (ours.first, ours.second, ours.third));
            let derived = read::<derived::Ours>(text).map(|other| (other.first, other.second, other.third));
            assert_eq!(ours, derived, "{text}");
            let ours = read::<Strict>(text).map(|ours| (ours.first, ours.second));
            assert_eq!(ours, read::<derived::Strict>(text).map(|other| (other.first, other.second)), "{text}");
        }
        assert!(read::<Ours>("[1,[],null]").is_err());
    }
}

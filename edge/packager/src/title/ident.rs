use core::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to 64 of a-z, 0-9, '_' and '-', begins with a letter or digit, and is not reserved")]
pub struct IdentError;

/// Words that routes take, so that no title may.
const RESERVED: [&str; 4] = ["sessions", "revocations", "beacons", "entitlements"];

macro_rules! ident {
    ($(#[$doc:meta])* $name:ident, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses it.
            ///
            /// # Errors
            /// [`IdentError`] where the text is not of the form.
            pub fn parse(text: &str) -> Result<Self, IdentError> {
                let valid: fn(&str) -> bool = $valid;
                if is_slug(text) && valid(text) { Ok(Self(text.to_owned())) } else { Err(IdentError) }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentError;
            fn try_from(text: String) -> Result<Self, IdentError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

ident!(
    /// A title's id: `[a-z0-9][a-z0-9_-]{0,63}`, not a reserved word.
    TitleId,
    |text| !RESERVED.contains(&text)
);
ident!(
    /// A track's id: `[a-z0-9][a-z0-9_-]{0,63}`, not ending in `-iframes` (that is its I-frame playlist), not the name of a manifest.
    TrackId,
    |text| !text.ends_with("-iframes") && !matches!(text, "main" | "manifest" | "license" | "key" | "steering")
);
ident!(
    /// A title version: one state of the clear bytes, `[a-z0-9][a-z0-9_-]{0,63}`.
    Version,
    |_| true
);

fn is_slug(text: &str) -> bool {
    let body = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=64).contains(&text.len())
        && body(text.as_bytes()[0])
        && text.bytes().all(|byte| body(byte) || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_the_contracts_form() {
        for good in ["a", "0", "final-2026_uhd", &"a".repeat(64)] {
            assert!(TitleId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "_a", "A", "a.b", "a/b", "..", "sessions", &"a".repeat(65), "é"] {
            assert_eq!(TitleId::parse(bad), Err(IdentError), "{bad}");
        }
        assert!(TrackId::parse("v1-iframes").is_err());
        assert!(TrackId::parse("sessions").is_ok());
    }
}

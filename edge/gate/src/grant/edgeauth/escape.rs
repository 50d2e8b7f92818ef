//! "Escape early": fields are percent-escaped before they are signed, with hex digits in lower case.

use crate::ids::hex;

/// A field as it is where it is escaped before it is signed.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'-' | b'_' | b'.' | b'!' | b'(' | b')' => out.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => out.push(byte.into()),
            byte => {
                out.push('%');
                let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
                out.extend([digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out
}

/// The text that was escaped; `None` for an escape in upper case, a broken one, and what is not UTF-8.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte == b'%' {
            let (digits, behind) = rest.split_first_chunk::<2>()?;
            out.push(hex::byte(digits)?);
            rest = behind;
        } else {
            out.push(*byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_in_lower_case() {
        assert_eq!(escape("/v1/film/~*'é"), "%2fv1%2ffilm%2f%7e%2a%27%c3%a9");
        assert_eq!(unescape("%2fv1%2f*"), Some("/v1/*".to_owned()));
        for bad in ["%", "%2", "%2F", "%2g", "%ff", "%+1"] {
            assert_eq!(unescape(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in "\\PC{0,20}") {
            prop_assert!(escape(&text).is_ascii() && !escape(&text).contains(['~', '/', '=']));
            prop_assert_eq!(unescape(&escape(&text)), Some(text));
        }
    }
}

use base64::{
    Engine,
    alphabet::Alphabet,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};

use super::super::{Lookup, Presented, url::parameter};
use crate::{TokenError, Unix};

/// The longest policy, characters of base64. All cookies of a domain have 4096 bytes in most browsers.
pub(super) const MAX_POLICY: usize = 4096;
/// The longest signature, characters of base64: RSA of 4096 bits.
pub(super) const MAX_SIGNATURE: usize = 684;

/// CloudFront's own parameters. No other may have these names.
const OWN: [&str; 5] = ["Policy", "Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm"];
/// The same as cookies.
const COOKIES: [&str; 5] = [
    "CloudFront-Policy",
    "CloudFront-Expires",
    "CloudFront-Signature",
    "CloudFront-Key-Pair-Id",
    "CloudFront-Hash-Algorithm",
];

/// Standard base64 with the characters that mean something in a URL replaced: `+` by `-`, `/` by `~`, and the `=` of padding by `_`.
const ALPHABET: Alphabet = match Alphabet::new("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~") {
    Ok(alphabet) => alphabet,
    Err(_) => panic!("64 different characters"),
};
// Refuses spare bits that are not zero.
const BASE64: GeneralPurpose = GeneralPurpose::new(&ALPHABET, NO_PAD);

/// The parts of a token, as sent.
pub(super) struct Signed {
    pub(super) policy: Option<String>,
    pub(super) expires: Option<String>,
    pub(super) signature: String,
    pub(super) key: String,
    pub(super) hash: Option<String>,
    /// The URL that it must cover, without CloudFront's parameters.
    pub(super) base: Option<String>,
}

/// Whether it is a signed URL.
pub(super) fn in_url(url: Option<&str>) -> bool {
    let query = url.and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    query.split('&').any(|pair| OWN.contains(&parameter(pair).0))
}

/// Whether there are signed cookies.
pub(super) fn in_cookies(cookies: &dyn Lookup) -> bool {
    let mut found = false;
    COOKIES.iter().for_each(|name| cookies.each(name, &mut |_| found = true));
    found
}

impl Signed {
    /// The token of the URL, or else of the cookies.
    pub(super) fn of(request: &Presented<'_>) -> Result<Self, TokenError> {
        let (parts, base) = match request.url {
            Some(url) if in_url(Some(url)) => {
                let (parts, base) = taken_out(url)?;
                (parts, Some(base))
            }
            url => {
                let mut parts = [const { None }; 5];
                for (part, name) in parts.iter_mut().zip(COOKIES) {
                    *part = request.cookies.one(name)?;
                }
                (parts, url.map(str::to_owned))
            }
        };
        match parts {
            [policy, expires, Some(signature), Some(key), hash] => {
                Ok(Self { policy, expires, signature, key, hash, base })
            }
            _ => Err(TokenError::Invalid),
        }
    }
}

/// CloudFront's parameters, and the URL without them.
fn taken_out(url: &str) -> Result<([Option<String>; 5], String), TokenError> {
    let mut parts = [const { None }; 5];
    let mut kept = String::new();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    for pair in query.split('&') {
        let (name, value) = parameter(pair);
        match OWN.iter().position(|own| *own == name) {
            Some(place) if parts[place].is_some() => return Err(TokenError::Invalid),
            Some(place) => parts[place] = Some(value.to_owned()),
            None => {
                kept.push(if kept.is_empty() { '?' } else { '&' });
                kept.push_str(pair);
            }
        }
    }
    Ok((parts, format!("{path}{kept}")))
}

/// CloudFront's base64 in its one spelling: padded, no spare bits.
pub(super) fn decode(text: &str, most: usize) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('_');
    let padding = text.len() - digits.len();
    let whole = text.len() <= most && text.len().is_multiple_of(4) && padding <= 2;
    whole.then(|| BASE64.decode(digits).ok()).flatten()
}

/// Whole seconds in their one spelling.
pub(super) fn time(digits: &str) -> Option<Unix> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_urls_own_query_stays_as_it_is() {
        let taken = |url: &str| taken_out(url).expect("a signed URL").1;
        let own = "Expires=1&Signature=a_&Key-Pair-Id=K";
        assert_eq!(taken(&format!("https://h/a?{own}")), "https://h/a");
        assert_eq!(taken(&format!("https://h/a?x=1&y&{own}&Hash-Algorithm=SHA256")), "https://h/a?x=1&y");
        assert_eq!(taken("https://h/a?Policy=x&x=1&Signature=a&expires=2&Key-Pair-Id=K"), "https://h/a?x=1&expires=2");
        assert!(taken_out("https://h/a?Policy=x&Policy=x").is_err());
        assert!(taken_out("https://h/a?Policy=x&Policy").is_err());
    }

    proptest! {
        #[test]
        fn base64_has_one_spelling(bytes: Vec<u8>, at: prop::sample::Index, other in "[A-Za-z0-9~_+/=-]") {
            let text = STANDARD.encode(&bytes).replace('+', "-").replace('=', "_").replace('/', "~");
            prop_assert_eq!(decode(&text, usize::MAX), Some(bytes.clone()));
            prop_assert_eq!(decode(&text, text.len().saturating_sub(1)).is_some(), text.is_empty());
            if !text.is_empty() {
                let at = at.index(text.len());
                let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                prop_assert!(changed == text || decode(&changed, usize::MAX) != Some(bytes.clone()));
                prop_assert!(decode(&text[1..], usize::MAX).is_none());
            }
        }
    }
}

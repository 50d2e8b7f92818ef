use std::ops::Range;

use axum::http::{HeaderMap, header};

/// What a request's conditions come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// All of it.
    Whole,
    /// These bytes, which exist.
    Part(Range<u64>),
    /// Nothing: what the client holds is still so.
    NotModified,
    /// A range that lies past the end.
    Unsatisfiable,
}

/// Reads `If-None-Match`, `If-Range` and `Range` (RFC 9110, 13 and 14) for a representation of `length` bytes and the strong
/// entity tag `etag`. Several ranges, and what is no byte range, are ignored, as the standard lets a server do.
pub(super) fn wish(headers: &HeaderMap, etag: &str, length: u64) -> Wish {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        // Weak comparison (13.1.2).
        let holds = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
        if tags.split(',').any(|tag| holds(tag.trim())) {
            return Wish::NotModified;
        }
    }
    // Strong comparison (13.1.5); a date never matches, since no Last-Modified is sent.
    if text(header::IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return Wish::Whole;
    }
    match text(header::RANGE).and_then(byte_range) {
        None => Wish::Whole,
        Some(Asked::From(first, last)) if first < length => {
            Wish::Part(first..last.map_or(length, |last| last.saturating_add(1).min(length)))
        }
        Some(Asked::Last(count)) if count > 0 && length > 0 => Wish::Part(length.saturating_sub(count)..length),
        Some(_) => Wish::Unsatisfiable,
    }
}

enum Asked {
    From(u64, Option<u64>),
    Last(u64),
}

/// One `bytes=` range (14.1.2), or `None` where it is to be ignored.
fn byte_range(text: &str) -> Option<Asked> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |text: &str| {
        // Digits alone; more than fit are as far away as can be.
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first.trim(), last.trim()) {
        ("", last) => Some(Asked::Last(number(last)?)),
        (first, "") => Some(Asked::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::From(first, Some(last)))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect()
    }

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        let wish = |range| wish(&headers(&[(header::RANGE, range)]), "\"a\"", 1000);
        assert_eq!(wish("bytes=0-499"), Wish::Part(0..500));
        assert_eq!(wish("bytes=500-999"), Wish::Part(500..1000));
        assert_eq!(wish("bytes=-500"), Wish::Part(500..1000));
        assert_eq!(wish("bytes=9500-"), Wish::Unsatisfiable);
        assert_eq!(wish("bytes=990-"), Wish::Part(990..1000));
        assert_eq!(wish("bytes=999-99999999999999999999999"), Wish::Part(999..1000));
        assert_eq!(wish("bytes=-99999999999999999999999"), Wish::Part(0..1000));
        assert_eq!(wish("bytes=1000-1000"), Wish::Unsatisfiable);
        assert_eq!(wish("bytes=-0"), Wish::Unsatisfiable);
        for ignored in ["bytes=0-0,5-9", "bytes=5-2", "bytes=a-b", "bytes=+1-2", "lines=1-2", "bytes", "bytes=-"] {
            assert_eq!(wish(ignored), Wish::Whole, "{ignored}");
        }
    }

    #[test]
    fn what_the_client_holds_is_compared() {
        let wish = |pairs: &[(HeaderName, &str)]| wish(&headers(pairs), "\"a\"", 10);
        let range = (header::RANGE, "bytes=1-1");
        assert_eq!(wish(&[(header::IF_NONE_MATCH, "\"a\""), range.clone()]), Wish::NotModified);
        assert_eq!(wish(&[(header::IF_NONE_MATCH, "\"b\", W/\"a\"")]), Wish::NotModified);
        assert_eq!(wish(&[(header::IF_NONE_MATCH, "*")]), Wish::NotModified);
        assert_eq!(wish(&[(header::IF_NONE_MATCH, "\"b\""), range.clone()]), Wish::Part(1..2));
        assert_eq!(wish(&[(header::IF_RANGE, "\"a\""), range.clone()]), Wish::Part(1..2));
        assert_eq!(wish(&[(header::IF_RANGE, "W/\"a\""), range.clone()]), Wish::Whole);
        assert_eq!(wish(&[(header::IF_RANGE, "\"b\""), range]), Wish::Whole);
    }

    proptest! {
        #[test]
        fn a_part_lies_within(range in "bytes=[0-9]{0,25}-[0-9]{0,25}", length in any::<u64>()) {
            if let Wish::Part(part) = wish(&headers(&[(header::RANGE, &range)]), "\"a\"", length) {
                prop_assert!(part.start < part.end && part.end <= length);
            }
        }
    }
}

//! Conditional and range requests (RFC 9110, 13 and 14).

use http::header;

use crate::{Error, Request};

/// A part of a body: bytes `first..first + length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) first: u64,
    pub(crate) length: u64,
}

/// Whether the client holds `etag` already (`If-None-Match`, weak comparison).
pub(crate) fn not_modified(request: &Request, etag: &str) -> bool {
    request
        .headers
        .all(header::IF_NONE_MATCH.as_str())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|candidate| candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == etag)
}

/// The part asked for of a body of `total` bytes; `None` for all of it.
///
/// One range is served; several, another unit, or a range that is malformed are ignored, as the standard allows. `If-Range` must
/// match strongly.
///
/// # Errors
/// [`Error::RangeUnsatisfiable`]
pub(crate) fn range(request: &Request, etag: &str, total: u64) -> Result<Option<Slice>, Error> {
    let Some(text) = request.header(&header::RANGE) else { return Ok(None) };
    let conditional = request.headers.all(header::IF_RANGE.as_str()).next().is_some();
    if conditional && request.header(&header::IF_RANGE) != Some(etag) {
        return Ok(None);
    }
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Ok(None);
    };
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than fit are past any end.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let slice = match (number(first), number(last)) {
        (Some(first), None) if last.is_empty() => Slice { first, length: total.saturating_sub(first) },
        (Some(first), Some(last)) if last >= first => {
            Slice { first, length: (last - first).saturating_add(1).min(total.saturating_sub(first)) }
        }
        (None, Some(suffix)) if first.is_empty() => {
            let length = suffix.min(total);
            Slice { first: total - length, length }
        }
        _ => return Ok(None),
    };
    if slice.length == 0 { Err(Error::RangeUnsatisfiable(total)) } else { Ok(Some(slice)) }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};

    use super::*;

    fn request(headers: &[(http::HeaderName, &'static str)]) -> Request {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), HeaderValue::from_static(value))).collect();
        Request {
            method: Method::GET,
            target: String::new(),
            authority: String::new(),
            secure: true,
            headers,
            body: Vec::new(),
        }
    }

    #[test]
    fn ranges_of_rfc_9110_14() {
        let of = |range| {
            super::range(&request(&[(header::RANGE, range)]), "\"e\"", 10)
                .map(|slice| slice.map(|s| (s.first, s.length)))
        };
        assert_eq!(of("bytes=0-3"), Ok(Some((0, 4))));
        assert_eq!(of("bytes=4-"), Ok(Some((4, 6))));
        assert_eq!(of("bytes=-3"), Ok(Some((7, 3))));
        assert_eq!(of("bytes=-99"), Ok(Some((0, 10))));
        assert_eq!(of("bytes=8-99999999999999999999999"), Ok(Some((8, 2))));
        for unsatisfiable in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(of(unsatisfiable), Err(Error::RangeUnsatisfiable(10)), "{unsatisfiable}");
        }
        for ignored in ["bytes=3-1", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes", "bytes=-", "bytes=+1-2"] {
            assert_eq!(of(ignored), Ok(None), "{ignored}");
        }
    }

    #[test]
    fn if_range_and_if_none_match() {
        let with = |tag| request(&[(header::RANGE, "bytes=0-0"), (header::IF_RANGE, tag)]);
        assert!(matches!(range(&with("\"e\""), "\"e\"", 10), Ok(Some(_))));
        assert_eq!(range(&with("\"old\""), "\"e\"", 10), Ok(None));
        let matches = |tags| not_modified(&request(&[(header::IF_NONE_MATCH, tags)]), "\"e\"");
        assert!(matches("\"e\"") && matches("\"a\", W/\"e\"") && matches("*"));
        assert!(!matches("\"a\"") && !matches("e"));
    }
}

//! `catu`: the URLs that a token opens.

use super::{cbor::Value, matching};
use crate::{Deny, TokenError, grant::GrantError};

/// The parts of a URL that a claim may speak of, by their labels 0 to 8.
struct Parts {
    scheme: String,
    host: String,
    port: String,
    path: String,
    query: String,
}

/// Checks that the URL meets every match of every part that the claim names. The query is without the token's own `parameter`.
///
/// # Errors
/// [`Deny::TitleMismatch`] where it does not, or where its path has another spelling than the normalised one; [`GrantError::Unsupported`] for parts and matches that
/// are not known; [`TokenError::Invalid`] where the claim is not of its form.
pub(super) fn check(claim: &Value<'_>, url: &str, parameter: &str) -> Result<(), GrantError> {
    let invalid = GrantError::Token(TokenError::Invalid);
    let claim = claim.entries().filter(|parts| !parts.is_empty()).ok_or(invalid.clone())?;
    let url = Parts::of(url, parameter).ok_or(Deny::TitleMismatch)?;
    let mut meets = true;
    for (part, matches) in claim {
        let part = part.int().ok_or(invalid.clone())?;
        let value = url.part(part).ok_or_else(|| GrantError::Unsupported(format!("URL part {part}")))?;
        // A part that the URL has not is nothing that could match; the claim is looked at all the same.
        meets &= matching::meets(matches, value.unwrap_or_default())? && value.is_some();
    }
    if meets { Ok(()) } else { Err(Deny::TitleMismatch.into()) }
}

impl Parts {
    /// `None` for what is no absolute URL of a server, or not in normal form: such a path may mean another one to whoever reads it next.
    fn of(url: &str, parameter: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/')?);
        if authority.contains('@') || !is_normal(path) {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => (host, port),
            _ => (authority, ""),
        };
        let scheme = scheme.to_ascii_lowercase();
        let port = match (port, scheme.as_str()) {
            ("", "https") => "443",
            ("", "http") => "80",
            (port, _) => port,
        };
        let query: Vec<&str> =
            query.split('&').filter(|pair| pair.split('=').next().is_none_or(|name| name != parameter)).collect();
        Some(Self {
            host: host.to_ascii_lowercase(),
            port: port.to_owned(),
            path: path.to_owned(),
            query: query.join("&"),
            scheme,
        })
    }

    /// A part by its label: `None` for a label that is not known, `Some(None)` for a part that this URL has not.
    fn part(&self, label: i64) -> Option<Option<&str>> {
        // The path begins with a slash.
        let (parent, file) = self.path.rsplit_once('/').unwrap_or_default();
        // One dot parts a stem from an extension, which begins with it. Where there are several, readers part them at different ones.
        let dot = match file.match_indices('.').map(|(at, _)| at).collect::<Vec<_>>()[..] {
            [] => Some(file.len()),
            [at] => Some(at),
            _ => None,
        };
        Some(match label {
            0 => Some(&self.scheme),
            1 => Some(&self.host),
            2 => Some(&self.port),
            3 => Some(&self.path),
            4 => Some(&self.query),
            5 => Some(parent),
            6 => Some(file),
            7 => dot.map(|at| &file[..at]),
            8 => dot.map(|at| &file[at..]),
            _ => return None,
        })
    }
}

/// Whether a path is as RFC 3986, 6.2.2 would have it: no dot segments, no escapes of what needs none, escapes in upper case; and no empty
/// segments, no escaped slashes, nothing that is not a URL's.
fn is_normal(path: &str) -> bool {
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let last = segments.clone().count() - 1;
    segments.enumerate().all(|(index, segment)| {
        let named = !matches!(segment, "." | "..") && (index == last || !segment.is_empty());
        named && segment.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && escapes_are_needed(segment)
    })
}

fn escapes_are_needed(segment: &str) -> bool {
    let digit = |digit: Option<u8>| match digit {
        Some(digit @ b'0'..=b'9') => Some(digit - b'0'),
        Some(digit @ b'A'..=b'F') => Some(digit - b'A' + 10),
        _ => None,
    };
    segment.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes();
        let (Some(high), Some(low)) = (digit(digits.next()), digit(digits.next())) else { return false };
        let byte = high << 4 | low;
        !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'\\' | 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> Option<[Option<String>; 9]> {
        let url = Parts::of(url, "CAT")?;
        Some([0, 1, 2, 3, 4, 5, 6, 7, 8].map(|label| url.part(label).expect("a part").map(str::to_owned)))
    }

    #[test]
    fn a_url_has_nine_parts() {
        let all = |parts: [&str; 9]| Some(parts.map(|part| Some(part.to_owned())));
        assert_eq!(
            parts("https://TV.example/v1/film/cbcs/main.m3u8?a=1&CAT=x&b"),
            all([
                "https",
                "tv.example",
                "443",
                "/v1/film/cbcs/main.m3u8",
                "a=1&b",
                "/v1/film/cbcs",
                "main.m3u8",
                "main",
                ".m3u8"
            ])
        );
        assert_eq!(
            parts("http://[::1]:8080/v1/film/"),
            all(["http", "[::1]", "8080", "/v1/film/", "", "/v1/film", "", "", ""])
        );
        assert_eq!(parts("http://[::1]/x").expect("a URL")[1].as_deref(), Some("[::1]"));
        let dots = parts("http://h/a.tar.gz").expect("a URL");
        assert_eq!((dots[6].as_deref(), &dots[7], &dots[8]), (Some("a.tar.gz"), &None, &None));
        assert_eq!(Parts::of("http://h/", "CAT").expect("a URL").part(9), None);
    }

    #[test]
    fn only_normal_paths_are_looked_at() {
        for good in ["/", "/v1/film/", "/v1/film/a.b", "/a/...", "/%20", "/a:b", "/%C3%A9"] {
            assert!(parts(&format!("https://h{good}")).is_some(), "{good}");
        }
        for bad in [
            "/../film",
            "/v1/./film",
            "/v1/..",
            "/v1//film",
            "//film",
            "/%2e%2e/film",
            "/%2E/film",
            "/a%2Fb",
            "/a%5Cb",
            "/%41",
            "/%7E",
            "/%c3%a9",
            "/%",
            "/%2",
            "/%zz",
            "/a\\b",
            "/a b",
            "/é",
            "/%00",
        ] {
            assert!(parts(&format!("https://h{bad}")).is_none(), "{bad}");
        }
        for bad in ["", "https://h", "/v1/film/", "https:/h/", "https://u@h/", "https://u:p@h/"] {
            assert!(parts(bad).is_none(), "{bad}");
        }
    }
}

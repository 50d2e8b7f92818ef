use super::super::{glob, url::Url};

/// The longest `Resource`, bytes.
pub(super) const MAX_RESOURCE: usize = 512;
/// The most question marks in one.
const MAX_MARKS: usize = 8;

/// Whether a custom policy's `Resource` covers a URL.
///
/// The pattern falls into the same four sections as the URL (protocol, domain, path, query), and a wildcard stays within its own: `*` in a
/// path never reaches into the query. Three shorthands of CloudFront cross over: `*` at the end of the path stands for every query
/// as well, and for none; `*` at the end of a domain for every path and query; and `*` at the very beginning leaves the protocol open.
///
/// In a pattern with a question mark in its path it cannot be told whether it begins the query or stands for one character. It is taken
/// for what the URL has in its place: no other URL is covered than by one of the two readings.
pub(super) fn covers(pattern: &str, url: &Url<'_>) -> bool {
    if pattern == "*" {
        return true;
    }
    if pattern.len() > MAX_RESOURCE || pattern.bytes().filter(|byte| *byte == b'?').count() > MAX_MARKS {
        return false;
    }
    let (protocol, rest) = match pattern.split_once("://") {
        Some(parts) => parts,
        None if pattern.starts_with('*') => ("*", pattern),
        None => return false,
    };
    let protocol = match protocol {
        "*" | "http*" => true,
        protocol => protocol == url.scheme,
    };
    let (domain, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // Hosts are the same in any case.
    let (domain, authority) = (domain.to_ascii_lowercase(), url.authority.to_ascii_lowercase());
    if !protocol || !glob::matches(domain.as_bytes(), authority.as_bytes()) {
        return false;
    }
    match (rest, url.query) {
        ("", _) if domain.ends_with('*') => true,
        ("", query) => url.path == "/" && query.is_none(),
        (rest, None) => glob::matches(rest.as_bytes(), url.path.as_bytes()),
        (rest, Some(query)) => {
            let whole = rest.ends_with('*') && glob::matches(rest.as_bytes(), url.path.as_bytes());
            whole
                || rest.match_indices('?').any(|(at, _)| {
                    let (path, of_query) = (&rest[..at], &rest[at + 1..]);
                    glob::matches(path.as_bytes(), url.path.as_bytes())
                        && glob::matches(of_query.as_bytes(), query.as_bytes())
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(pattern: &str, url: &str) -> bool {
        covers(pattern, &Url::parse(url).expect(url))
    }

    /// The developer guide's own examples ("Create a signed URL using a custom policy", "Set signed cookies using a custom policy").
    #[test]
    fn the_developer_guides_examples() {
        for (pattern, url) in [
            ("https://www.example.com/hello*world", "https://www.example.com/helloworld"),
            ("https://www.example.com/hello*world", "https://www.example.com/hello-world"),
            ("http://example.com/hello*", "http://example.com/hello?a=b"),
            ("http://example.com*", "http://example.com/a/b?c"),
            ("*example.com", "https://www.example.com/"),
            ("*", "https://any.example/thing?at=all"),
            (
                "https://d111111abcdef8.cloudfront.net/*game_download.zip*",
                "https://d111111abcdef8.cloudfront.net/game_download.zip",
            ),
            (
                "https://d111111abcdef8.cloudfront.net/*game_download.zip*",
                "https://d111111abcdef8.cloudfront.net/example_game_download.zip?license=yes",
            ),
            (
                "https://d111111abcdef8.cloudfront.net/*game_download.zip*",
                "https://d111111abcdef8.cloudfront.net/test_game_download.zip?license=temp",
            ),
            (
                "https://d111111abcdef8.cloudfront.net/training/*",
                "https://d111111abcdef8.cloudfront.net/training/orientation.pdf",
            ),
            ("https://*", "https://d111111abcdef8.cloudfront.net/training/orientation.pdf"),
        ] {
            assert!(judged(pattern, url), "{pattern} {url}");
        }
        for (pattern, url) in [
            ("https://www.example.com/hello*world", "https://www.example.net/hello?world"),
            ("https://www.example.com/hello*world", "https://www.example.com/hello?world"),
            ("https://*", "http://d111111abcdef8.cloudfront.net/training/orientation.pdf"),
            ("*example.com", "https://www.example.com/a"),
        ] {
            assert!(!judged(pattern, url), "{pattern} {url}");
        }
    }

    #[test]
    fn wildcards_stay_in_their_section() {
        for (pattern, url) in [
            ("https://tv.example/v1/film/*", "https://tv.example/v1/film/"),
            ("https://tv.example/v1/film/*", "https://tv.example/v1/film/?Hash=1"),
            ("http*://tv.example/v1/f?lm/*", "http://tv.example/v1/film/cenc/main.m3u8"),
            ("*://TV.example/v1/film/*", "https://tv.EXAMPLE/v1/film/"),
            ("https://tv.example/v1/film/*?viewer=anna", "https://tv.example/v1/film/?viewer=anna"),
            ("https://tv.example/v1/film/?v?=a*&x=?", "https://tv.example/v1/film/?vi=anna&x=1"),
        ] {
            assert!(judged(pattern, url), "{pattern} {url}");
        }
        for (pattern, url) in [
            ("https://tv.example/v1/film/*", "https://tv.example/v1/film2/"),
            ("https://tv.example/v1/film/*", "https://tv.example/v1/other/?x=https://tv.example/v1/film/"),
            ("https://tv.example/v1/film/*", "https://other.example/v1/film/"),
            ("https://*.example/v1/film/*", "https://evil.test/x.example/v1/film/"),
            ("https://tv.example/v1/film/", "https://tv.example/v1/film/?x"),
            ("https://tv.example/*/film/", "https://tv.example/v1?/film/"),
            ("https://tv.example/v1/film/?viewer=anna", "https://tv.example/v1/film/?viewer=anna&x=1"),
            ("https://tv.example/v1/film/?viewer=a*", "https://tv.example/v1/film/"),
            ("h*://tv.example/*", "https://tv.example/"),
            ("tv.example/*", "https://tv.example/"),
            ("https://tv.example/v1/film/\\?*", "https://tv.example/v1/film/?x"),
            ("", "https://tv.example/"),
            ("https://*?????????", "https://tv.example/123456789"),
        ] {
            assert!(!judged(pattern, url), "{pattern} {url}");
        }
    }
}

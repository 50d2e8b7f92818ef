//! The URL that a grant must cover, taken apart as it was sent. Nothing is decoded or resolved: what would have to be is refused, so that
//! a pattern and the router can never see two different resources in it.

/// The longest URL that patterns are held against, bytes, without the grant's own parameters.
pub(super) const MAX_URL: usize = 2048;

/// An absolute URL in its plainest spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    /// `http` or `https`.
    pub(super) scheme: &'a str,
    /// Host and port.
    pub(super) authority: &'a str,
    /// With its first slash, without the query.
    pub(super) path: &'a str,
    /// Without its question mark; `None` where there is none.
    pub(super) query: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// `None` for a URL with anything in it that two readers might read in two ways: an escape, a dot segment, an empty segment or a
    /// backslash in the path, user information, a fragment, a quotation mark, or what is not printable ASCII.
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'#')) {
            return None;
        }
        let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
        let (authority, _) = rest.split_once('/')?;
        let (path, query) = match rest[authority.len()..].split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&rest[authority.len()..], None),
        };
        let host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        if authority.is_empty() || !authority.bytes().all(host) {
            return None;
        }
        let tricky = path.contains('%') || path.contains("//") || path.split('/').any(|one| matches!(one, "." | ".."));
        (!tricky).then_some(Self { scheme, authority, path, query })
    }
}

/// The name and the value of a query's parameter, as sent; one without `=` has an empty value.
pub(super) fn parameter(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_url_comes_apart() {
        let url = Url::parse("https://tv.example:8443/v1/film/?a=1&b&c=x%2Fy").expect("plain");
        assert_eq!((url.scheme, url.authority, url.path), ("https", "tv.example:8443", "/v1/film/"));
        let query = url.query.expect("a query");
        let parameters: Vec<_> = query.split('&').map(parameter).collect();
        assert_eq!(parameters, [("a", "1"), ("b", ""), ("c", "x%2Fy")]);
        for url in ["http://h/", "http://[::1]:80/a", "https://h/a.b/..c/d?/../%2e", "https://h/v1/film/cenc/main.m3u8"]
        {
            assert!(Url::parse(url).is_some(), "{url}");
        }
    }

    #[test]
    fn whatever_reads_in_two_ways_is_refused() {
        for url in [
            "",
            "h/a",
            "ftp://h/a",
            "HTTPS://h/a",
            "https://h",
            "https://h?a=/",
            "https:///a",
            "https://u@h/a",
            "https://h/a/../b",
            "https://h/a/./b",
            "https://h/..",
            "https://h/a/.",
            "https://h//a",
            "https://h/a//",
            "https://h/a//b",
            "https://h/%61",
            "https://h/a%2e%2e/b",
            "https://h/a\\b",
            "https://h/a#b",
            "https://h/a\"b",
            "https://h/a b",
            "https://h/é",
        ] {
            assert_eq!(Url::parse(url), None, "{url}");
        }
    }
}

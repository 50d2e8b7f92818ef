//! What of a URL may be shown. A URL may be a credential: a token in its query or path, or, as `data:`, the key itself.

/// Stands where something is not shown.
const HIDDEN: &str = "…";
/// Segments of a path longer than this may be tokens. A key id as a UUID has 36 characters.
const LONGEST_SEGMENT: usize = 40;

/// The URL without what might be secret: user information, values of the query but a version's (`v`), fragments, handles (`~…`),
/// JWTs and other long segments of the path. Of a `data:` URL only its media type and length.
pub(super) fn url(text: &str) -> String {
    if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
        let (head, data) = text.split_once(',').unwrap_or((text, ""));
        let media_type = head.get(5..).unwrap_or_default().split(';').next().unwrap_or_default();
        return format!("data:{media_type} ({} characters, not shown)", data.len());
    }
    let (text, fragment) = text.split_once('#').map_or((text, ""), |(text, _)| (text, HIDDEN));
    let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    let (origin, path) = match path.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = match authority.rsplit_once('@') {
                Some((_, host)) => format!("{HIDDEN}@{host}"),
                None => authority.to_owned(),
            };
            (format!("{scheme}://{host}"), path)
        }
        None => (String::new(), path),
    };
    let segments: Vec<String> = path.split('/').map(segment).collect();
    let mut out = origin + &segments.join("/");
    if let Some(query) = query {
        let pairs: Vec<String> = query.split('&').map(pair).collect();
        out = format!("{out}?{}", pairs.join("&"));
    }
    if !fragment.is_empty() {
        out = format!("{out}#{fragment}");
    }
    super::text::printable(&out)
}

fn segment(text: &str) -> String {
    match text.strip_prefix('~') {
        Some(_) => format!("~{HIDDEN}"),
        None if text.len() > LONGEST_SEGMENT || text.starts_with("eyJ") => HIDDEN.to_owned(),
        None => text.to_owned(),
    }
}

fn pair(text: &str) -> String {
    match text.split_once('=') {
        Some(("v", version)) if version.len() <= LONGEST_SEGMENT => text.to_owned(),
        // HLS variables are names, not values.
        Some((_, value)) if value.starts_with("{$") && value.ends_with('}') => text.to_owned(),
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None if text.len() > 16 => HIDDEN.to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_hidden() {
        let kid = "00112233-4455-6677-8899-aabbccddeeff";
        let token = "a".repeat(43);
        for (given, shown) in [
            ("https://e.example/v1/film/key/K?token=SECRET&v=a1", "https://e.example/v1/film/key/K?token=…&v=a1"),
            ("https://u:SECRET@e.example/k#SECRET", "https://…@e.example/k#…"),
            ("/~SECRET/v1/film/key/K", "/~…/v1/film/key/K"),
            ("k/eyJSECRET.eyJ.x", "k/…"),
            ("k?SECRETSECRETSECRET", "k?…"),
            ("data:text/plain;base64,U0VDUkVUU0VDUkVUU0VDUg==", "data:text/plain (24 characters, not shown)"),
            ("DATA:,SECRET", "data: (6 characters, not shown)"),
            ("skd://K", "skd://K"),
            ("1.m4s?v=3f&{$q}", "1.m4s?v=3f&{$q}"),
            ("LONG/x", "…/x"),
        ] {
            let fill = |text: &str| text.replace("/K", &format!("/{kid}")).replace("LONG", &token);
            let (given, shown) = (fill(given), fill(shown));
            assert_eq!(url(&given), shown, "{given}");
            assert!(!url(&given).contains("SECRET"));
        }
    }
}

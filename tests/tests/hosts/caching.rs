//! What players, caches and pages go by: HEAD, ranges, validators, cross-origin headers.

use anyhow::{Context, Result, ensure};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use sluice_tests::{
    fixture::{Session, Stack},
    runtime::EdgeHost,
};

use super::{object, stack};

/// One of each kind of media object.
fn media(stack: &Stack, session: &Session) -> Result<Vec<String>> {
    let objects = ["v360/init.mp4", "v360/1.m4s", "a-en/2.m4s", "t-en/1.vtt"];
    let of = |scheme| objects.into_iter().map(move |name| object(stack, session, scheme, name));
    of("cenc").chain(of("cbcs")).collect()
}

fn without_date(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove("date");
    headers
}

pub(super) async fn head_says_what_get_says(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let mut urls = media(&stack, &session)?;
    urls.extend(session.hls.iter().chain(&session.dash).map(|link| link.url.clone()));
    for url in &urls {
        for extra in [vec![], vec![("range", "bytes=3-9")]] {
            let get = stack.get(url, &extra).await?;
            let head = stack.send(Method::HEAD, url, &extra, None).await?;
            ensure!(get.status.is_success() && head.status == get.status, "{url}: {} and {}", get.status, head.status);
            let (head_headers, get_headers) = (without_date(&head.headers), without_date(&get.headers));
            ensure!(head_headers == get_headers, "{url}: {head_headers:?} and {get_headers:?}");
            ensure!(head.header("content-length") == get.body.len().to_string(), "{url}: Content-Length");
            ensure!(head.body.is_empty(), "{url}: HEAD has a body");
        }
    }
    for url in media(&stack, &session)? {
        let etag = stack.get(&url, &[]).await?.header("etag").to_owned();
        ensure!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2, "{url}: no strong ETag: {etag}");
    }
    Ok(stack)
}

pub(super) async fn a_range_is_that_slice_of_the_whole(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    for url in media(&stack, &session)? {
        let whole = stack.get(&url, &[]).await?;
        let (etag, whole) = (whole.header("etag").to_owned(), whole.expect(StatusCode::OK)?);
        let total = whole.len();
        let third = total / 3;
        for (range, first, last) in [
            ("bytes=0-0".to_owned(), 0, 0),
            ("bytes=1-9".to_owned(), 1, 9),
            (format!("bytes={third}-{}", 2 * third), third, 2 * third),
            (format!("bytes={}-", total - 5), total - 5, total - 1),
            (format!("bytes={third}-{}", 2 * total), third, total - 1),
            (format!("bytes=-{third}"), total - third, total - 1),
            (format!("bytes=-{}", 2 * total), 0, total - 1),
            (format!("bytes=0-{}", total - 1), 0, total - 1),
        ] {
            let answer = stack.get(&url, &[("range", &range), ("if-range", &etag)]).await?;
            ensure!(answer.status == StatusCode::PARTIAL_CONTENT, "{url} {range}: {}", answer.status);
            let told = format!("bytes {first}-{last}/{total}");
            ensure!(answer.header("content-range") == told, "{url} {range}: {}", answer.header("content-range"));
            ensure!(answer.header("etag") == etag, "{url} {range}: another ETag");
            ensure!(answer.body == whole[first..=last], "{url} {range}: not that slice of the whole");
        }
        for range in [format!("bytes={total}-"), format!("bytes={}-{}", 2 * total, 3 * total), "bytes=-0".to_owned()] {
            let answer = stack.get(&url, &[("range", &range)]).await?;
            ensure!(
                answer.problem() == (416, "range_unsatisfiable".to_owned()),
                "{url} {range}: {:?}",
                answer.problem()
            );
            let told = answer.header("content-range");
            ensure!(told == format!("bytes */{total}"), "{url} {range}: {told}");
        }
        for headers in [
            vec![("range", "bytes=0-3"), ("if-range", "\"another\"")],
            vec![("range", "bytes=5-2")],
            vec![("range", "lines=0-3")],
        ] {
            let answer = stack.get(&url, &headers).await?;
            ensure!(answer.status == StatusCode::OK && answer.body == whole, "{url} {headers:?}: {}", answer.status);
        }
    }
    Ok(stack)
}

pub(super) async fn what_the_client_holds_is_not_sent_again(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let mut etags = Vec::new();
    for url in media(&stack, &session)? {
        let etag = stack.get(&url, &[]).await?.header("etag").to_owned();
        let object = url.split('?').next().unwrap_or_default();
        stack.get(object, &[("if-none-match", "*")]).await?.expect(StatusCode::NOT_FOUND).context("no version")?;
        for held in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let answer = stack.get(&url, &[("if-none-match", &held)]).await?;
            ensure!(answer.status == StatusCode::NOT_MODIFIED, "{url} {held}: {}", answer.status);
            ensure!(answer.body.is_empty() && answer.header("etag") == etag, "{url} {held}: {:?}", answer.headers);
        }
        stack.get(&url, &[("if-none-match", "\"another\"")]).await?.expect(StatusCode::OK)?;
        etags.push(etag);
    }
    // The validator names the bytes: text alone is the same in every scheme.
    let media: std::collections::BTreeSet<_> = etags.iter().collect();
    ensure!(media.len() >= etags.len() - 1, "an ETag that serves for two objects: {etags:?}");
    Ok(stack)
}

pub(super) async fn listed_pages_may_call_and_no_others(host: EdgeHost) -> Result<Stack> {
    const PAGE: &str = "https://tv.example";
    let stack = stack(host, json!({ "cors": { "origins": [PAGE] } })).await?;
    let session = stack.session("viewer").await?;
    let mut urls = media(&stack, &session)?;
    urls.extend(session.hls.iter().chain(&session.dash).chain([]).map(|link| link.url.clone()));
    urls.extend(session.license.get("clearkey").cloned());
    urls.push("/v1/sessions".to_owned());
    for url in &urls {
        let asked = [("origin", PAGE), ("access-control-request-method", "GET")];
        let preflight = stack.send(Method::OPTIONS, url, &asked, None).await?;
        ensure!(preflight.status == StatusCode::NO_CONTENT, "{url}: preflight: {}", preflight.status);
        ensure!(!preflight.header("access-control-allow-methods").is_empty(), "{url}: preflight: no methods");
        let allowed = preflight.header("access-control-allow-headers").to_ascii_lowercase();
        for name in ["authorization", "content-type", "range"] {
            ensure!(allowed.contains(name), "{url}: preflight: {name} is not allowed");
        }
        // Errors too, or a page could not read why.
        let answer = stack.get(url, &[("origin", PAGE)]).await?;
        for answer in [&preflight, &answer] {
            ensure!(answer.header("access-control-allow-origin") == PAGE, "{url}: {:?}", answer.headers);
            ensure!(answer.header("access-control-allow-credentials") == "true", "{url}: {:?}", answer.headers);
            ensure!(answer.header("vary").to_ascii_lowercase().contains("origin"), "{url}: {:?}", answer.headers);
        }
        let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
        for name in ["etag", "content-range", "retry-after", "sluice-lease"] {
            ensure!(exposed.contains(name), "{url}: {name} is not exposed");
        }
        for page in ["https://evil.example", "https://tv.example.evil.example", "http://tv.example", "null"] {
            for method in [Method::OPTIONS, Method::GET] {
                let answer = stack.send(method.clone(), url, &[("origin", page)], None).await?;
                let opened = answer.headers.contains_key("access-control-allow-origin");
                ensure!(!opened, "{method} {url} is open to {page}");
                ensure!(answer.header("vary").to_ascii_lowercase().contains("origin"), "{url}: {:?}", answer.headers);
            }
        }
    }
    Ok(stack)
}

//! What a title's rights allow: where, when, to whom, how many at a time.

use anyhow::{Context, Result, ensure};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_tests::{
    fixture::{Answer, Stack, StackOptions, altered},
    runtime::EdgeHost,
};
use toml::toml;

use super::{object, options, titles::stack_with};

/// What a proxy that the edge trusts would add.
pub(super) const PROXY_SECRET: &str = "a proxy's secret, thirty-two bytes";

/// A stack behind a trusted proxy, which the tests play themselves.
pub(super) async fn behind_a_proxy(host: EdgeHost, rights: toml::Table, mut config: Value) -> Result<Stack> {
    config["proxy"] = json!({
        "secret": "proxy_secret", "secret_header": "x-proxy-secret",
        "country_header": "x-country", "region_header": "x-region", "anonymizer_header": "x-anonymizer", "address_header": "x-address", "asn_header": "x-asn",
    });
    let title = altered([("rights", rights)])?;
    let secrets = [("proxy_secret".to_owned(), PROXY_SECRET.to_owned())].into();
    Stack::start(StackOptions { title: title.path().to_owned(), config, secrets, ..options(host).await? }).await
}

/// A request for a session by a viewer of that tier, with headers a proxy or a client may send.
pub(super) async fn mint(stack: &Stack, tier: &str, device: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let mut claims = serde_json::to_value(stack.claims("viewer"))?;
    if !tier.is_empty() {
        claims["tier"] = tier.into();
    }
    let authorization = format!("Bearer {}", stack.token(&claims)?);
    let headers = [&[("authorization", authorization.as_str())], headers].concat();
    let wanted = json!({ "title": stack.title(), "device": device });
    stack.send(Method::POST, "/v1/sessions", &headers, Some(&wanted)).await
}

pub(super) async fn a_title_plays_where_it_may(host: EdgeHost) -> Result<Stack> {
    let rights = toml! { countries = { allow = ["DE", "AT"] } };
    let stack = behind_a_proxy(host, rights, json!({})).await?;
    let blocked = (403, "geo_blocked".to_owned());
    let from = |country| [("x-proxy-secret", PROXY_SECRET), ("x-country", country)];
    for (what, headers) in [
        ("nobody says where", &[][..]),
        ("abroad", &from("FR")),
        ("an unknown country", &from("XX")),
        ("a country that only the client claims", &[("x-country", "DE")]),
        ("a proxy with another secret", &[("x-proxy-secret", "guessed"), ("x-country", "DE")]),
    ] {
        let problem = mint(&stack, "", "device", headers).await?.problem();
        ensure!(problem == blocked, "{what}: {problem:?}");
    }
    let session = mint(&stack, "", "device", &from("DE")).await?.session()?;
    let manifest = session.hls("cbcs").context("cbcs is offered")?.to_owned();
    for url in [manifest, object(&stack, &session, "cbcs", "v360/1.m4s")?, session.license["clearkey"].clone()] {
        let method = if url.ends_with("clearkey") { Method::POST } else { Method::GET };
        let body = (method == Method::POST).then(|| json!({ "kids": [], "type": "temporary" }));
        let at_home = stack.send(method.clone(), &url, &from("DE"), body.as_ref()).await?;
        ensure!(at_home.problem() != blocked, "{url}: at home: {}", at_home.status);
        // The handle in the URL is bound to the country that it was minted in.
        for headers in [&from("AT")[..], &from("FR"), &[]] {
            let problem = stack.send(method.clone(), &url, headers, body.as_ref()).await?.problem();
            ensure!(problem == blocked, "{url} from {headers:?}: {problem:?}");
        }
    }
    Ok(stack)
}

pub(super) async fn a_handle_stays_in_the_network_it_is_bound_to(host: EdgeHost) -> Result<Stack> {
    let stack = behind_a_proxy(host, toml! { state = "published" }, json!({ "handle_binding": "asn" })).await?;
    let from = |asn| [("x-proxy-secret", PROXY_SECRET), ("x-asn", asn)];
    let mismatch = (403, "address_mismatch".to_owned());
    let session = mint(&stack, "", "device", &from("64500")).await?.session()?;
    let url = object(&stack, &session, "cbcs", "v360/1.m4s")?;
    stack.get(&url, &from("64500")).await?.expect(StatusCode::OK)?;
    let problem = stack.get(&url, &from("64501")).await?.problem();
    ensure!(problem == mismatch, "from another network: {problem:?}");
    Ok(stack)
}

pub(super) async fn a_title_plays_when_it_may(host: EdgeHost) -> Result<Stack> {
    // 2000 and 2001.
    let rights = toml! { windows = [{ from = 946_684_800, until = 1_009_843_200 }] };
    let stack = stack_with(host, rights, json!({})).await?;
    let problem = mint(&stack, "", "device", &[]).await?.problem();
    ensure!(problem == (403, "rights_window".to_owned()), "{problem:?}");
    Ok(stack)
}

pub(super) async fn a_tier_caps_the_picture(host: EdgeHost) -> Result<Stack> {
    let rights = toml! { tiers = [{ name = "basic", max_height = 720 }, { name = "premium" }] };
    let stack = stack_with(host, rights, json!({})).await?;
    let refused = (403, "not_entitled".to_owned());
    let problem = mint(&stack, "other", "device", &[]).await?.problem();
    ensure!(problem == refused, "a tier that is not listed: {problem:?}");
    for (tier, full) in [("basic", false), ("premium", true)] {
        let session = mint(&stack, tier, tier, &[]).await?.session()?;
        for url in session.hls.iter().chain(&session.dash).map(|link| &link.url) {
            let body = stack.get(url, &[]).await?.expect(StatusCode::OK)?;
            let text = String::from_utf8(body.to_vec())?;
            ensure!(text.contains("v1080") == full && text.contains("v720"), "{tier}: {url}");
        }
        for name in ["v1080/init.mp4", "v1080/1.m4s", "v720/1.m4s"] {
            let answer = stack.get(&object(&stack, &session, "cenc", name)?, &[]).await?;
            let good =
                if full || name.starts_with("v720") { answer.status == 200 } else { answer.problem() == refused };
            ensure!(good, "{tier}: {name}: {}", answer.status);
        }
    }
    Ok(stack)
}

pub(super) async fn as_many_streams_as_an_account_may_have(host: EdgeHost) -> Result<Stack> {
    let stack = stack_with(host, toml! { stream_limit = 2 }, json!({})).await?;
    let one = mint(&stack, "", "television", &[]).await?.session()?;
    let two = mint(&stack, "", "phone", &[]).await?.session()?;
    let full = mint(&stack, "", "tablet", &[]).await?;
    ensure!(full.problem() == (409, "stream_limit".to_owned()), "{:?}", full.problem());
    let told: Value = serde_json::from_slice(&full.body)?;
    let mut listed: Vec<_> = told["sessions"].as_array().context("the account's sessions")?.iter().collect();
    listed.sort_by_key(|session| session["device"].to_string());
    let of = |session: &Value| (session["session"].clone(), session["device"].clone());
    let expected = [(json!(two.session), json!("phone")), (json!(one.session), json!("television"))];
    ensure!(listed.iter().map(|session| of(session)).eq(expected), "{told}");

    let token = format!("Bearer {}", stack.token(&stack.claims("viewer"))?);
    let own = stack.get("/v1/sessions", &[("authorization", &token)]).await?.expect(StatusCode::OK)?;
    let own: Value = serde_json::from_slice(&own)?;
    ensure!(own["sessions"].as_array().is_some_and(|sessions| sessions.len() == 2), "{own}");

    // A device that comes back takes its own place, and another one's once that has ended.
    let again = mint(&stack, "", "phone", &[]).await?.session()?;
    let lease = format!("Bearer {}", two.lease);
    let renew = format!("/v1/sessions/{}/renew", two.session);
    let problem = stack.send(Method::POST, &renew, &[("authorization", &lease)], None).await?.problem();
    ensure!(problem == (410, "session_ended".to_owned()), "the phone's earlier session: {problem:?}");
    let path = format!("/v1/sessions/{}", again.session);
    stack.send(Method::DELETE, &path, &[("authorization", &token)], None).await?.expect(StatusCode::NO_CONTENT)?;
    mint(&stack, "", "tablet", &[]).await?.session()?;
    Ok(stack)
}

pub(super) async fn nobody_ends_or_renews_anothers_session(host: EdgeHost) -> Result<Stack> {
    let stack = stack_with(host, toml! { state = "published" }, json!({})).await?;
    let (mine, theirs) = (stack.session("viewer").await?, stack.session("another").await?);
    let path = format!("/v1/sessions/{}", theirs.session);
    let token = format!("Bearer {}", stack.token(&stack.claims("viewer"))?);
    let ended = stack.send(Method::DELETE, &path, &[("authorization", &token)], None).await?.problem();
    ensure!(ended == (410, "session_ended".to_owned()), "by another account's token: {ended:?}");
    let lease = format!("Bearer {}", mine.lease);
    for (method, path) in [(Method::DELETE, path.clone()), (Method::POST, format!("{path}/renew"))] {
        let problem = stack.send(method.clone(), &path, &[("authorization", &lease)], None).await?.problem();
        ensure!(problem == (401, "token_invalid".to_owned()), "{method} by another session's lease: {problem:?}");
    }
    let lease = format!("Bearer {}", theirs.lease);
    let renewed = stack.send(Method::POST, &format!("{path}/renew"), &[("authorization", &lease)], None).await?;
    ensure!(renewed.status == StatusCode::OK && renewed.session()?.session == theirs.session, "the owner's renewal");
    stack.send(Method::DELETE, &path, &[("authorization", &lease)], None).await?.expect(StatusCode::NO_CONTENT)?;
    Ok(stack)
}

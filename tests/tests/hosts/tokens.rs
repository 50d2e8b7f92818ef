//! Tokens that somebody made up, kept too long, or uses for what they are not.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_gate::{
    Roots, TitleTag,
    grant::jwt::{ViewerClaims, mint_hs256},
    lease::{self, Lease},
};
use sluice_tests::{
    fixture::{Answer, Secrets, Session, Stack},
    runtime::EdgeHost,
};

use super::{segment, stack};

async fn mint(stack: &Stack, token: &str) -> Result<Answer> {
    let authorization = format!("Bearer {token}");
    let wanted = json!({ "title": stack.title(), "device": "fixture" });
    stack.send(Method::POST, "/v1/sessions", &[("authorization", &authorization)], Some(&wanted)).await
}

/// A token with a header of one's own and, as its signature, whatever bytes.
fn crafted(header: &Value, claims: &ViewerClaims, signature: &[u8]) -> Result<String> {
    let claims = serde_json::to_vec(claims)?;
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Ok(format!("{}.{}.{}", part(header.to_string().as_bytes()), part(&claims), part(signature)))
}

pub(super) async fn a_wrong_viewer_token_mints_nothing(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({ "viewer": { "leeway_seconds": 0 } })).await?;
    let (kid, now) = (Secrets::VIEWER_KID, stack.now());
    let good = stack.claims("viewer");
    let token = stack.token(&good)?;
    let with = |change: fn(&mut ViewerClaims, u64)| {
        let mut claims = good.clone();
        change(&mut claims, now);
        stack.token(&claims)
    };
    let secret = stack.secrets().viewer.as_bytes();
    let (signed, signature) = token.rsplit_once('.').context("a JWT")?;
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    let (invalid, expired) = ((401, "token_invalid"), (401, "token_expired"));
    for (what, token, expected) in [
        ("nonsense", "nonsense".to_owned(), invalid),
        ("of another secret", mint_hs256(kid, &[b'x'; 32], &good)?, invalid),
        ("a changed signature", format!("{signed}.{flipped}{}", &signature[1..]), invalid),
        ("no signature", format!("{signed}."), invalid),
        ("an unknown kid", mint_hs256("another", secret, &good)?, invalid),
        ("alg none", crafted(&json!({"alg": "none", "kid": kid}), &good, b"")?, invalid),
        ("alg None", crafted(&json!({"alg": "None", "kid": kid, "typ": "JWT"}), &good, b"")?, invalid),
        ("alg none, no kid", crafted(&json!({"alg": "none"}), &good, b"")?, invalid),
        ("alg of another kind", crafted(&json!({"alg": "RS256", "kid": kid}), &good, &[1; 256])?, invalid),
        (
            "a key of its own",
            crafted(&json!({"alg": "HS256", "kid": kid, "jwk": {"kty": "oct", "k": "eA"}}), &good, &[1; 32])?,
            invalid,
        ),
        ("expired", with(|claims, now| claims.exp = now - 3600)?, expired),
        ("not yet valid", with(|claims, now| claims.nbf = Some(now + 3600))?, invalid),
        ("another issuer's", with(|claims, _| claims.iss = Some("https://another.example".to_owned()))?, invalid),
        (
            "for other titles",
            with(|claims, _| claims.titles = Some(vec!["another".to_owned()]))?,
            (403, "not_entitled"),
        ),
    ] {
        let problem = mint(&stack, &token).await?.problem();
        ensure!(problem == (expected.0, expected.1.to_owned()), "{what}: {problem:?}");
    }
    let none = stack.send(Method::POST, "/v1/sessions", &[], Some(&json!({ "title": stack.title() }))).await?.problem();
    ensure!(none == (401, "token_missing".to_owned()), "{none:?}");
    mint(&stack, &token).await?.expect(StatusCode::CREATED)?;
    mint(&stack, &with(|claims, _| claims.titles = Some(vec!["demo".to_owned()]))?)
        .await?
        .expect(StatusCode::CREATED)?;
    // A token that was good is not good for ever.
    let brief = with(|claims, now| claims.exp = now + 5)?;
    mint(&stack, &brief).await?.expect(StatusCode::CREATED)?;
    stack.pass(Duration::from_secs(6)).await;
    let problem = mint(&stack, &brief).await?.problem();
    ensure!(problem == (401, "token_expired".to_owned()), "later: {problem:?}");
    Ok(stack)
}

/// The path of a URL without its handle, and the handle.
pub(super) fn handle_of(stack: &Stack, url: &str) -> Result<(String, String)> {
    let path = url.strip_prefix(&stack.url()).context("a URL of the edge")?;
    let (handle, rest) = path.strip_prefix("/~").and_then(|rest| rest.split_once('/')).context("a handle")?;
    Ok((format!("/{rest}"), handle.to_owned()))
}

fn verified(stack: &Stack, session: &Session) -> Result<(Roots, Lease)> {
    let roots = stack.secrets().roots()?;
    let lease = lease::verify(&roots, &session.lease, stack.now()).map_err(|error| anyhow!("{error:?}"))?;
    Ok((roots, lease))
}

pub(super) async fn a_wrong_lease_or_handle_plays_nothing(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let by_handle = segment(&stack, &session, "v360/1.m4s")?;
    let (path, handle) = handle_of(&stack, &by_handle)?;
    let (roots, lease) = verified(&stack, &session)?;
    let another_root = Roots::new(&[7; 32], None)?;
    let of_another_title = Lease { title: TitleTag::of("another"), ..lease };
    let past = Lease { issued: lease.issued - 900, expires: lease.issued - 600, ..lease };
    let playlist = path.replace("/v360/1.m4s", "/main.m3u8");
    let (invalid, expired, mismatch) = ((401, "token_invalid"), (401, "token_expired"), (403, "title_mismatch"));
    let flipped = |text: &str| {
        let at = text.len() / 2;
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    for path in [path.clone(), playlist, format!("/v1/{}/key/{}", stack.title(), "0".repeat(32))] {
        for (what, token, expected) in [
            ("nonsense", "nonsense".to_owned(), invalid),
            ("a handle", handle.clone(), invalid),
            ("a viewer's token", stack.token(&stack.claims("viewer"))?, invalid),
            ("of another root", lease::mint(&another_root, &lease), invalid),
            ("a bit changed", flipped(&session.lease), invalid),
            ("expired", lease::mint(&roots, &past), expired),
            ("another title's", lease::mint(&roots, &of_another_title), mismatch),
        ] {
            for (name, value) in
                [("authorization", format!("Bearer {token}")), ("cookie", format!("sluice-lease={token}"))]
            {
                let problem = stack.get(&path, &[(name, &value)]).await?.problem();
                ensure!(problem == (expected.0, expected.1.to_owned()), "{path}: {what} as {name}: {problem:?}");
            }
        }
        for (what, handle) in [
            ("nonsense", "nonsense".to_owned()),
            ("a lease", session.lease.clone()),
            ("a bit changed", flipped(&handle)),
            ("nothing", String::new()),
        ] {
            // The path wins: a good lease beside a bad handle does not help.
            let bearer = format!("Bearer {}", session.lease);
            let problem = stack.get(&format!("/~{handle}{path}"), &[("authorization", &bearer)]).await?.problem();
            ensure!(problem == (401, "token_invalid".to_owned()), "{path}: {what} as handle: {problem:?}");
        }
        let none = stack.get(&path, &[]).await?.problem();
        ensure!(none == (401, "token_missing".to_owned()), "{path}: {none:?}");
    }
    // Who has a lease for one title learns nothing of others, not even whether they exist.
    let elsewhere = path.replace(&format!("/v1/{}/", stack.title()), "/v1/another/");
    let problem = stack.get(&format!("/~{handle}{elsewhere}"), &[]).await?.problem();
    ensure!(problem == (403, "title_mismatch".to_owned()), "{elsewhere}: {problem:?}");
    Ok(stack)
}

pub(super) async fn a_lease_plays_by_either_carriage_until_it_ends(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({ "lease_seconds": 10 })).await?;
    let session = stack.session("viewer").await?;
    let by_handle = segment(&stack, &session, "a-en/1.m4s")?;
    let (path, _) = handle_of(&stack, &by_handle)?;
    let (bearer, cookie) = (format!("Bearer {}", session.lease), format!("sluice-lease={}", session.lease));
    let whole = stack.get(&by_handle, &[]).await?.expect(StatusCode::OK)?;
    for header in [("authorization", bearer.as_str()), ("cookie", cookie.as_str())] {
        let same = stack.get(&path, &[header]).await?.expect(StatusCode::OK)?;
        ensure!(same == whole, "other bytes by {}", header.0);
    }
    // A cookie that a foreign page could make a browser send ends and renews nothing.
    let session_path = format!("/v1/sessions/{}", session.session);
    for (method, path) in [(Method::DELETE, session_path.clone()), (Method::POST, format!("{session_path}/renew"))] {
        let problem = stack.send(method, &path, &[("cookie", &cookie)], None).await?.problem();
        ensure!(problem == (401, "token_missing".to_owned()), "{path} by cookie: {problem:?}");
    }
    stack.pass(Duration::from_secs(11)).await;
    for header in [("authorization", bearer.as_str()), ("cookie", cookie.as_str())] {
        let problem = stack.get(&path, &[header]).await?.problem();
        ensure!(problem == (401, "token_expired".to_owned()), "by {}, later: {problem:?}", header.0);
    }
    Ok(stack)
}

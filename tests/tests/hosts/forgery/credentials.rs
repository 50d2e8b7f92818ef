//! Leases and handles: altered, of other keys, titles, tiers and deliveries, and in places where they do not belong.

use anyhow::{Result, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use serde_json::json;
use sluice_gate::{
    ClientFacts, Net, Roots, TitleTag,
    handle::{self, Handle},
    lease::{self, Lease},
};
use sluice_tests::{fixture::Stack, runtime::EdgeHost};

use super::attempt::{Attempt, refused};
use crate::{segment, stack, tokens::handle_of};

pub(super) async fn run(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let (path, handle) = handle_of(&stack, &segment(&stack, &session, "v1080/1.m4s")?)?;
    let roots = stack.secrets().roots()?;
    let lease = lease::verify(&roots, &session.lease, stack.now()).map_err(|error| anyhow!("{error:?}"))?;
    Attempt::get("sound", &path).bearer(&session.lease).send(&stack).await?.expect(StatusCode::OK)?;
    Attempt::get("sound", format!("/~{handle}{path}")).send(&stack).await?.expect(StatusCode::OK)?;

    let mut attempts = Vec::new();
    leases(&roots, &lease, &session.lease, &path, &mut attempts)?;
    handles(&stack, &roots, &handle, &session.lease, &path, &mut attempts)?;
    elsewhere(&session.session, &session.lease, &handle, &mut attempts);
    refused(&stack, &attempts).await?;
    Ok(stack)
}

fn leases(roots: &Roots, lease: &Lease, good: &str, path: &str, attempts: &mut Vec<Attempt>) -> Result<()> {
    let foreign = Roots::new(&[7; 32], None)?;
    let mint = |lease: Lease| lease::mint(roots, &lease);
    for (what, token) in [
        ("of another root", lease::mint(&foreign, lease)),
        ("of another title", mint(Lease { title: TitleTag::of("another"), ..*lease })),
        ("of a title in other letters", mint(Lease { title: TitleTag::of("DEMO"), ..*lease })),
        ("of a lower tier", mint(Lease { max_height: Some(720), ..*lease })),
        ("of a tier without pictures", mint(Lease { max_height: Some(0), ..*lease })),
        ("without this delivery", mint(Lease { deliveries: lease.deliveries & !2, ..*lease })),
        ("without deliveries", mint(Lease { deliveries: 0, ..*lease })),
        ("over", mint(Lease { issued: lease.issued - 900, expires: lease.issued - 600, ..*lease })),
        ("of a session that is over", mint(Lease { ends: lease.issued - 1, ..*lease })),
        ("with padding", format!("{good}=")),
        ("cut", good[..good.len() - 1].to_owned()),
        ("cut to its body", good[..104].to_owned()),
        ("longer", format!("{good}A")),
        ("twice", format!("{good}{good}")),
        ("with a percent escape", good.replacen(&good[..1], &format!("%{:02x}", good.as_bytes()[0]), 1)),
        ("all zeros", URL_SAFE_NO_PAD.encode([0; 96])),
        ("all ones", URL_SAFE_NO_PAD.encode([0xff; 96])),
    ] {
        attempts.push(Attempt::get(format!("a lease {what}, Bearer"), path).bearer(&token));
        attempts.push(Attempt::get(format!("a lease {what}, cookie"), path).cookie("sluice-lease", &token));
        attempts.push(Attempt::get(format!("a lease {what}, handle"), format!("/~{token}{path}")));
    }
    let sealed = URL_SAFE_NO_PAD.decode(good)?;
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let token = URL_SAFE_NO_PAD.encode(altered);
        attempts.push(Attempt::get(format!("a lease with bit {bit} changed"), path).cookie("sluice-lease", &token));
    }
    Ok(())
}

fn handles(
    stack: &Stack,
    roots: &Roots,
    good: &str,
    lease: &str,
    path: &str,
    attempts: &mut Vec<Attempt>,
) -> Result<()> {
    // Whatever it is bound to, the client that the tests are meets it: nobody else could read it.
    let client = ClientFacts { address: Some(std::net::Ipv4Addr::LOCALHOST.into()), ..ClientFacts::default() };
    let handle = handle::verify(roots, good, stack.now(), &client).map_err(|error| anyhow!("{error:?}"))?;
    let foreign = Roots::new(&[7; 32], None)?;
    let mint = |handle: Handle| handle::mint(roots, &handle);
    for (what, token) in [
        ("of another root", handle::mint(&foreign, &handle)),
        ("of another title", mint(Handle { title: TitleTag::of("another"), ..handle })),
        ("of a lower tier", mint(Handle { max_height: Some(720), ..handle })),
        ("without this delivery", mint(Handle { deliveries: handle.deliveries & !2, ..handle })),
        ("of another country", mint(Handle { country: Some(*b"FR"), ..handle })),
        ("of another network", mint(Handle { net: Net::Asn(64_500), ..handle })),
        ("of another address", mint(Handle { net: Net::V4([198, 51, 100]), ..handle })),
        ("that is over", mint(Handle { ends: stack.now() - 1, ..handle })),
        ("of no session", mint(Handle { session: sluice_gate::SessionId([9; 16]), ..handle })),
        ("cut", good[..good.len() - 1].to_owned()),
        ("longer", format!("{good}A")),
        ("with a tilde", format!("~{good}")),
        ("escaped", format!("%7e{good}")),
    ] {
        attempts.push(Attempt::get(format!("a handle {what}"), format!("/~{token}{path}")));
        // The path wins, also where it is wrong and something right stands beside it.
        attempts.push(Attempt::get(format!("a handle {what}, with a lease"), format!("/~{token}{path}")).bearer(lease));
        attempts.push(Attempt::get(format!("a handle {what} as Bearer"), path).bearer(&token));
    }
    let sealed = URL_SAFE_NO_PAD.decode(good)?;
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let token = URL_SAFE_NO_PAD.encode(altered);
        attempts.push(Attempt::get(format!("a handle with bit {bit} changed"), format!("/~{token}{path}")));
    }
    Ok(())
}

/// Something sound where it is worth nothing.
fn elsewhere(session: &str, lease: &str, handle: &str, attempts: &mut Vec<Attempt>) {
    for title in ["another", "demo2", "dem", "demo-"] {
        for file in ["cbcs/main.m3u8", "cenc/manifest.mpd", "cbcs/v360/1.m4s", "license/clearkey"] {
            let path = format!("/v1/{title}/{file}");
            let mut attempt = Attempt::get(format!("a lease at {path}"), &path).bearer(lease);
            let mut by_handle = Attempt::get(format!("a handle at {path}"), format!("/~{handle}{path}"));
            if file.starts_with("license") {
                (attempt.method, by_handle.method) = (Method::POST, Method::POST);
            }
            attempts.extend([attempt, by_handle]);
        }
    }
    let mut post = |what: &str, attempt: Attempt, method: Method, path: &str| {
        attempts.push(Attempt { what: what.to_owned(), method, target: path.to_owned(), ..attempt });
    };
    let bearer = || Attempt::get("", "").bearer(lease);
    let cookie = || Attempt::get("", "").cookie("sluice-lease", lease);
    let body = || Attempt { body: Some(json!({ "title": "demo" })), ..bearer() };
    post("a lease for a session", body(), Method::POST, "/v1/sessions");
    post("a lease for a list of sessions", bearer(), Method::GET, "/v1/sessions");
    let other = "0".repeat(32);
    post("another's session ended", bearer(), Method::DELETE, &format!("/v1/sessions/{other}"));
    post("another's session renewed", bearer(), Method::POST, &format!("/v1/sessions/{other}/renew"));
    post("a session ended by cookie", cookie(), Method::DELETE, &format!("/v1/sessions/{session}"));
    post("a session renewed by cookie", cookie(), Method::POST, &format!("/v1/sessions/{session}/renew"));
}

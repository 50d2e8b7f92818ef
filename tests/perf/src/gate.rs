//! The gate: the check that every segment request pays for, and what begins a session, by kind of grant.

use std::hint::black_box;

use anyhow::{Context, Result, ensure};
use http::{Method, header};
use serde_json::{Value, json};
use sluice_gate::{
    AccountId, ClientFacts, Net, Roots, SessionId, TitleTag,
    lease::{self, Lease},
};

use crate::{
    edge::{Edge, NOW, ROOT, TITLE, request},
    measure::{Caches, Candidate, interleaved},
    tokens::SIGNED,
};

/// How many times between two looks at the clock: checks take some microseconds, sessions up to a millisecond.
const CHECKS: usize = 64;
const SESSIONS: usize = 4;

pub(crate) fn measure(runs: usize) -> Result<()> {
    let roots = Roots::new(&ROOT, None)?;
    let lease = lease::mint(&roots, &lease());
    let cookie = format!("theme=dark; sluice-lease={lease}; consent=1");
    // Without a version it is refused right behind the gate, before anything is read of the title.
    let target = format!("/v1/{TITLE}/cbcs/v1080/17.m4s");
    let refused = request(Method::GET, &target, (header::COOKIE, &cookie), &Value::Null)?;
    let hs256 = SIGNED.first().context("a kind of grant")?;
    let edge = Edge::new(hs256);
    edge.expect(&refused, 404)?;

    let mut candidates = vec![
        Candidate::repeated("gate", 0, CHECKS, || check(&cookie)),
        Candidate::repeated("gate_lease", 0, CHECKS, || {
            lease::verify(&roots, black_box(&lease), NOW)?;
            Ok(())
        }),
        Candidate::repeated("gate_request", 0, CHECKS, || edge.answer(&refused).map(|_| ())),
    ];
    for signed in &SIGNED {
        let name = format!("session_{}", signed.algorithm.to_ascii_lowercase());
        let edge = Edge::new(signed);
        let authorization = format!("Bearer {}", signed.token);
        let body = json!({ "title": TITLE, "device": "tv" });
        let create = request(Method::POST, "/v1/sessions", (header::AUTHORIZATION, &authorization), &body)?;
        candidates.push(Candidate::repeated(name, 0, SESSIONS, move || {
            edge.forget();
            edge.expect(&create, 201)
        }));
    }
    interleaved(runs, Caches::Warm, candidates)
}

/// What the app does of a request with a lease in a cookie before it looks at the title (`authenticate`, `confirm`): keys derived
/// from the root, as an instance that is new to the request must; the cookie found; the lease verified; for this title and delivery;
/// not due for renewal, so that no store is asked.
fn check(cookie: &str) -> Result<()> {
    let roots = Roots::new(black_box(&ROOT), None)?;
    let token = cookie.split("; ").find_map(|pair| pair.strip_prefix("sluice-lease="));
    let lease = lease::verify(&roots, token.context("a lease")?, black_box(NOW))?;
    lease.for_client(&ClientFacts::default())?;
    lease.for_title(TITLE)?;
    ensure!(lease.deliveries & 2 != 0 && !lease.due_for_renewal(NOW), "another lease than was minted");
    Ok(())
}

fn lease() -> Lease {
    Lease {
        account: AccountId([1; 16]),
        session: SessionId([2; 16]),
        slot: 0,
        title: TitleTag::of(TITLE),
        max_height: None,
        deliveries: 3,
        flags: 0,
        net: Net::None,
        issued: NOW - 1,
        expires: NOW + 299,
        ends: NOW + 86_400,
    }
}

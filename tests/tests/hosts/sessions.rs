//! How long a session lasts.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use http::{Method, StatusCode};
use serde_json::json;
use sluice_gate::lease::{self, Lease};
use sluice_tests::{
    fixture::{Stack, StackOptions},
    runtime::{EdgeHost, Kv},
};

use super::{options, segment, stack, tokens::handle_of};

pub(super) async fn a_session_outlives_its_leases_and_stops_when_it_is_ended(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({ "lease_seconds": 5 })).await?;
    let session = stack.session("viewer").await?;
    let by_handle = segment(&stack, &session, "a-en/1.m4s")?;
    let (path, _) = handle_of(&stack, &by_handle)?;
    let mut cookie = format!("sluice-lease={}", session.lease);
    // Twenty seconds, in steps that are past a third of a lease and far from its end, however slow the machine.
    for _ in 0..10 {
        stack.get(&by_handle, &[]).await?.expect(StatusCode::OK)?;
        let answer = stack.get(&path, &[("cookie", &cookie)]).await?;
        if let Some((renewed, _)) = answer.header("set-cookie").split_once(';') {
            renewed.clone_into(&mut cookie);
        }
        answer.expect(StatusCode::OK).context("by the cookie, renewed as it came")?;
        stack.pass(Duration::from_secs(2)).await;
    }
    let renew = format!("/v1/sessions/{}/renew", session.session);
    let lease = format!("Bearer {}", session.lease);
    let late = stack.send(Method::POST, &renew, &[("authorization", &lease)], None).await?;
    ensure!(late.status == StatusCode::UNAUTHORIZED, "a lease that ended renews nothing: {}", late.status);

    let token = format!("Bearer {}", stack.token(&stack.claims("viewer"))?);
    let ended = format!("/v1/sessions/{}", session.session);
    stack.send(Method::DELETE, &ended, &[("authorization", &token)], None).await?.expect(StatusCode::NO_CONTENT)?;
    stack.pass(Duration::from_secs(5)).await;
    let problem = stack.get(&by_handle, &[]).await?.problem();
    ensure!(problem == (410, "session_ended".to_owned()), "{problem:?}");
    let problem = stack.get(&path, &[("cookie", &cookie)]).await?.problem();
    ensure!(problem.0 == 410 || problem.0 == 401, "by the cookie: {problem:?}");
    Ok(stack)
}

pub(super) async fn without_a_store_nobody_begins_and_a_lease_goes_on(host: EdgeHost) -> Result<Stack> {
    let good = stack(host, json!({})).await?;
    let session = good.session("viewer").await?;
    let (path, handle) = handle_of(&good, &segment(&good, &session, "a-en/1.m4s")?)?;
    let whole = good.get(&format!("/~{handle}{path}"), &[]).await?.expect(StatusCode::OK)?;
    let roots = good.secrets().roots()?;
    let now = good.now();
    let lease = lease::verify(&roots, &session.lease, now).map_err(|error| anyhow!("{error:?}"))?;

    let down = Stack::start(StackOptions { kv: Kv::down(), ..options(host).await? }).await?;
    let roots = down.secrets().roots()?;
    let bearer = |lease: &Lease| format!("Bearer {}", lease::mint(&roots, lease));
    // Fresh, and so far spent that it is due for renewal: what cannot be asked vouches for it until it ends.
    for issued in [now, now - 250] {
        let lease = Lease { issued, expires: issued + 300, ..lease };
        let played = down.get(&path, &[("authorization", &bearer(&lease))]).await?.expect(StatusCode::OK)?;
        ensure!(played == whole, "other bytes without a store");
    }
    let unavailable = (503, "store_unavailable".to_owned());
    let token = format!("Bearer {}", down.token(&down.claims("viewer"))?);
    let wanted = json!({ "title": down.title(), "device": "fixture" });
    let lease = bearer(&lease);
    let (renewed, licence) =
        (format!("/v1/sessions/{}/renew", session.session), format!("/v1/{}/license/clearkey", down.title()));
    for (method, path, authorization) in [
        (Method::POST, "/v1/sessions", &token),
        (Method::GET, "/v1/sessions", &token),
        (Method::POST, &renewed, &lease),
        // The second gate takes nobody's word.
        (Method::POST, &licence, &lease),
    ] {
        let answer = down.send(method.clone(), path, &[("authorization", authorization)], Some(&wanted)).await?;
        ensure!(answer.problem() == unavailable, "{method} {path}: {:?}", answer.problem());
        ensure!(answer.headers.contains_key("retry-after"), "{method} {path}: no Retry-After");
    }
    down.shutdown().await;
    Ok(good)
}

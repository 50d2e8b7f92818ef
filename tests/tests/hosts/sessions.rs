//! How long a session lasts.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::{Method, StatusCode};
use serde_json::json;
use sluice_tests::{fixture::Stack, runtime::EdgeHost};

use super::{segment, stack, tokens::handle_of};

pub(super) async fn a_session_outlives_its_leases_and_stops_when_it_is_ended(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({ "lease_seconds": 5 })).await?;
    let session = stack.session("viewer").await?;
    let by_handle = segment(&stack, &session, "a-en/1.m4s")?;
    let (path, _) = handle_of(&stack, &by_handle)?;
    let mut cookie = format!("sluice-lease={}", session.lease);
    for _ in 0..5 {
        stack.get(&by_handle, &[]).await?.expect(StatusCode::OK)?;
        let answer = stack.get(&path, &[("cookie", &cookie)]).await?;
        if let Some((renewed, _)) = answer.header("set-cookie").split_once(';') {
            renewed.clone_into(&mut cookie);
        }
        answer.expect(StatusCode::OK).context("by the cookie, renewed as it came")?;
        stack.pass(Duration::from_secs(4)).await;
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

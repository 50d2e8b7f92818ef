//! What an administrator ends stays ended, and the log that every host writes is whole.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_gate::{
    grant::jwt::mint_hs256,
    log::{
        START,
        audit::{Allowed, Audit},
        open,
    },
};
use sluice_tests::{
    fixture::{Stack, StackOptions},
    runtime::EdgeHost,
};

use super::{object, options, segment};

const SECRET: &str = "an administrator's secret for tests";

async fn administered(host: EdgeHost) -> Result<Stack> {
    let keys = json!([{ "kid": "ops", "alg": "HS256", "secret": "admin_secret" }]);
    let config = json!({
        "lease_seconds": 6,
        "admin": { "tokens": { "audience": "sluice-admin", "keys": keys } },
        "log": { "segments": 1 },
    });
    let secrets = [("admin_secret".to_owned(), SECRET.to_owned())].into();
    Stack::start(StackOptions { config, secrets, ..options(host).await? }).await
}

async fn revoke(stack: &Stack, body: &Value) -> Result<Value> {
    let claims = json!({ "aud": "sluice-admin", "roles": ["sluice-revoke"], "exp": stack.now() + 60 });
    let bearer = format!("Bearer {}", mint_hs256("ops", SECRET.as_bytes(), &claims)?);
    let headers = [("authorization", bearer.as_str())];
    let body = stack.send(Method::POST, "/v1/revocations", &headers, Some(body)).await?.expect(StatusCode::OK)?;
    Ok(serde_json::from_slice(&body)?)
}

pub(super) async fn what_is_revoked_stops_and_the_log_of_it_is_whole(host: EdgeHost) -> Result<Stack> {
    let stack = administered(host).await?;
    let (one, other) = (stack.session("ann").await?, stack.session("bob").await?);
    let (ours, theirs) = (segment(&stack, &one, "a-en/1.m4s")?, segment(&stack, &other, "a-en/1.m4s")?);
    for url in [&ours, &theirs, &object(&stack, &one, "cenc", "v360/2.m4s")?] {
        stack.get(url, &[]).await?.expect(StatusCode::OK)?;
    }
    revoke(&stack, &json!({ "session": one.session })).await?;
    let revoked = revoke(&stack, &json!({ "account": "bob" })).await?;
    stack.pass(Duration::from_secs(6)).await;
    for url in [&ours, &theirs] {
        let problem = stack.get(url, &[]).await?.problem();
        ensure!(problem == (410, "session_ended".to_owned()), "{problem:?}");
    }

    let roots = stack.secrets().roots()?;
    let mut audit = Audit::new(Allowed::default());
    let mut said = Vec::new();
    for (number, line) in (1..).zip(stack.edge.log().lines()) {
        // Hosts print other things beside the log.
        let Some(at) = line.find(START) else { continue };
        match open(&roots, &line[at..]) {
            Ok(line) => {
                audit.take(number, &line);
                said.push(line);
            }
            Err(error) => audit.refuse(number, error),
        }
    }
    let report = audit.finish();
    ensure!(report.findings.is_empty() && report.complete == 2 && report.open == 0, "{report:?}");
    let count = |decision: &str| said.iter().filter(|line| line.decision == decision).count();
    ensure!((count("mint"), count("segment"), count("revoke"), count("session_ended")) == (2, 3, 3, 2), "{said:?}");
    let bob = said.iter().find(|line| line.session.is_some_and(|of| of.to_string() == other.session));
    let account = bob.and_then(|line| line.account).context("a line of the other's")?.to_string();
    ensure!(revoked["accounts"] == json!([account]), "{revoked}");
    Ok(stack)
}

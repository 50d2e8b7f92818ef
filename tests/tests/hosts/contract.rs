//! Routes, methods, statuses and codes, as operators and players know them.

use anyhow::{Context, Result, ensure};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_tests::{
    fixture::{Session, Stack, StackOptions},
    runtime::EdgeHost,
};

use super::{object, options, stack};

/// One path of every route, and the methods that it takes.
fn routes(stack: &Stack, session: &Session) -> Result<Vec<(String, &'static str)>> {
    const READ: &str = "GET, HEAD, OPTIONS";
    let manifest = session.hls("cbcs").context("cbcs is offered")?;
    let title = manifest.strip_suffix("/cbcs/main.m3u8").context("the title's folder")?;
    let id = &session.session;
    let mut routes = vec![
        ("/healthz".to_owned(), READ),
        ("/v1/sessions".to_owned(), "GET, POST, OPTIONS"),
        ("/v1/revocations".to_owned(), "POST, OPTIONS"),
        (format!("/v1/sessions/{id}"), "DELETE, OPTIONS"),
        (format!("/v1/sessions/{id}/renew"), "POST, OPTIONS"),
        ("/v1/entitlements".to_owned(), "POST, OPTIONS"),
        (format!("{title}/license/clearkey"), "POST, OPTIONS"),
        (format!("{title}/license/widevine"), "POST, OPTIONS"),
        (format!("{title}/license/playready"), "POST, OPTIONS"),
        (format!("{title}/license/fairplay"), "POST, OPTIONS"),
        (format!("{title}/license/fairplay/certificate"), READ),
        (format!("{title}/key/{}", "0".repeat(32)), READ),
    ];
    for scheme in ["cenc", "cbcs"] {
        for file in ["main.m3u8", "v360.m3u8", "v360-iframes.m3u8", "manifest.mpd"] {
            routes.push((format!("{title}/{scheme}/{file}"), READ));
        }
        for name in ["v360/init.mp4", "v360/1.m4s", "t-en/1.vtt"] {
            routes.push((object(stack, session, scheme, name)?, READ));
        }
    }
    Ok(routes)
}

pub(super) async fn every_route_takes_its_methods_and_no_others(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    for (path, methods) in routes(&stack, &session)? {
        let preflight = stack.send(Method::OPTIONS, &path, &[], None).await?;
        ensure!(preflight.status == StatusCode::NO_CONTENT, "OPTIONS {path}: {}", preflight.status);
        ensure!(preflight.header("allow") == methods, "OPTIONS {path}: {}", preflight.header("allow"));
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = stack.send(method.clone(), &path, &[], None).await?;
            let taken = methods.split(", ").any(|allowed| allowed == method.as_str());
            let refused = answer.status == StatusCode::METHOD_NOT_ALLOWED;
            ensure!(taken != refused, "{method} {path}: {}", answer.status);
            if refused {
                let told = (answer.problem(), answer.header("allow"));
                let head = method == Method::HEAD;
                let code = if head { "" } else { "method_not_allowed" };
                ensure!(told == ((405, code.to_owned()), methods), "{method} {path}: {told:?}");
            }
        }
    }
    Ok(stack)
}

pub(super) async fn health_tells_build_and_configuration(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({ "name": "the one that is live" })).await?;
    let body = stack.get("/healthz", &[]).await?.expect(StatusCode::OK)?;
    let health: Value = serde_json::from_slice(&body)?;
    ensure!(health["status"] == "ok" && health["config"] == "the one that is live", "{health}");
    ensure!(health["build"].as_str().is_some_and(|build| !build.is_empty()), "{health}");
    Ok(stack)
}

pub(super) async fn a_problem_says_its_code_and_no_more(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let answer = stack.get("/v1/demo/cbcs/main.m3u8", &[]).await?;
    let problem: Value = serde_json::from_slice(&answer.body)?;
    let expected = json!({ "type": "about:blank", "title": "Unauthorized", "status": 401, "code": "token_missing" });
    ensure!(problem == expected, "{problem}");
    ensure!(answer.header("cache-control") == "private, no-store", "{:?}", answer.headers);
    ensure!(answer.header("www-authenticate") == "Bearer", "{:?}", answer.headers);
    Ok(stack)
}

pub(super) async fn a_deployment_that_lacks_a_secret_gives_nothing(host: EdgeHost) -> Result<Stack> {
    let secrets = [("kek".to_owned(), String::new())].into();
    let stack = Stack::start(StackOptions { secrets, ..options(host).await? }).await?;
    let session = stack.session("viewer").await?;
    let url = object(&stack, &session, "cenc", "v360/1.m4s")?;
    let problem = stack.get(&url, &[]).await?.problem();
    ensure!(problem == (500, "internal".to_owned()), "{problem:?}");
    let told = stack.edge.log().lines().join("\n");
    ensure!(told.contains("secret kek is not deployed"), "the log does not say what is missing: {told}");
    Ok(stack)
}

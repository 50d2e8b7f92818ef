//! Request targets as no browser writes them, over a bare socket: clients' libraries tidy paths up.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sluice_tests::{fixture::Stack, runtime::EdgeHost};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{segment, stack};

/// Status and problem code of `GET target`, sent as it stands.
pub(super) async fn get(stack: &Stack, target: &str) -> Result<(u16, String)> {
    let mut socket = TcpStream::connect(stack.edge.addr()).await?;
    let request = format!("GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", stack.edge.addr());
    socket.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).context("no status line")?.parse()?;
    let code = answer.split_once(r#""code":""#).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(code, _)| code);
    Ok((status, code.to_owned()))
}

pub(super) async fn tricks_with_paths_lead_nowhere(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let url = segment(&stack, &session, "v360/1.m4s")?;
    let good = url.strip_prefix(&stack.url()).context("a URL of the edge")?;
    let status = get(&stack, good).await?;
    ensure!(status.0 == 200, "{good}: {status:?}");
    let before = stack.faults.seen().len();
    let title = format!("/v1/{}/", stack.title());
    let tricks = [
        good.replace("/v360/", "/v720/../v360/"),
        good.replace("/v360/", "/./v360/"),
        good.replace("/v360/", "/%2e%2e/cbcs/v360/"),
        good.replace("/v360/", "/%2E%2E/cbcs/v360/"),
        good.replace("/v360/", "/.%2e/cbcs/v360/"),
        good.replace("/v360/", "/v360%2f"),
        good.replace("/v360/", "/v360%2F"),
        good.replace("/v360/", "/v360%5c"),
        good.replace("/v360/", "/v360\\"),
        good.replace("/v360/", "//v360/"),
        good.replace("/v360/", "/V360/"),
        good.replace("/v360/", "/%76360/"),
        good.replace("/v360/", "/v360%00/"),
        good.replace("/v360/", "/../../../../../etc/"),
        good.replace("/cbcs/", "/CBCS/"),
        good.replace("/v1/", "/V1/"),
        good.replace("/v1/", "//v1/"),
        good.replace("/v1/", "/x/../v1/"),
        good.replace(&title, "/v1/../titles/demo/"),
        good.replace(&title, "/v1/DEMO/"),
        good.replace(&title, "/v1/%64emo/"),
        good.replace("/1.m4s", "/01.m4s"),
        good.replace("/1.m4s", "/+1.m4s"),
        good.replace("/1.m4s", "/0.m4s"),
        good.replace("/1.m4s", "/1.m4s/"),
        good.replace("/1.m4s", "/record.json"),
        good.replace("/1.m4s", "/plan.bin"),
        good.replace("/1.m4s", "/4294967296.m4s"),
        format!("/titles/{}/descriptor.json", stack.title()),
        "/..".to_owned(),
        "/%2e%2e/%2e%2e/etc/passwd".to_owned(),
        "//".to_owned(),
        "/".to_owned(),
    ];
    for target in &tricks {
        let problem = get(&stack, target).await?;
        ensure!(problem == (404, "unknown_route".to_owned()), "{target}: {problem:?}");
    }
    ensure!(stack.faults.seen().len() == before, "a path that is none of ours reached the origin");
    for (target, code) in [
        (good.replace("/1.m4s", "/99.m4s"), "unknown_segment"),
        (good.replace("/1.m4s", "/4294967295.m4s"), "unknown_segment"),
        (good.replace("/v360/", "/v999/"), "unknown_track"),
        (format!("{}?v=another", good.split('?').next().unwrap_or_default()), "unknown_version"),
        (format!("{}?v=..%2f..", good.split('?').next().unwrap_or_default()), "unknown_version"),
        (format!("{}?v=../..", good.split('?').next().unwrap_or_default()), "unknown_version"),
    ] {
        let problem = get(&stack, &target).await?;
        ensure!(problem == (404, code.to_owned()), "{target}: {problem:?}");
    }
    Ok(stack)
}

pub(super) async fn a_url_may_have_8192_bytes_and_no_more(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let url = segment(&stack, &session, "a-en/1.m4s")?;
    let good = url.strip_prefix(&stack.url()).context("a URL of the edge")?;
    let of_length = |length: usize| format!("{good}&x={}", "x".repeat(length - good.len() - 3));
    let longest = get(&stack, &of_length(8192)).await?;
    ensure!(longest.0 == 200, "8192 bytes: {longest:?}");
    for target in [of_length(8193), of_length(12_000), format!("/{}", "x".repeat(8192))] {
        let problem = get(&stack, &target).await?;
        ensure!(problem == (400, "bad_request".to_owned()), "{} bytes: {problem:?}", target.len());
    }
    Ok(stack)
}

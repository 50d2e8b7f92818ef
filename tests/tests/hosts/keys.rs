//! No key, no media.

use anyhow::{Context, Result, ensure};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_packager::title::KeyScope;
use sluice_tests::{faulty::Fault, fixture::Stack, runtime::EdgeHost};

use super::{
    clear, object,
    received::{ClearRuns, receive},
    segment, stack,
};

const NAME: &str = "v360/1.m4s";

pub(super) async fn without_a_key_server_there_is_no_media(host: EdgeHost) -> Result<Stack> {
    let mut stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    stack.stop_key_server().await;
    let runs = ClearRuns::of(&clear(&stack, "v360/init.mp4")?, &clear(&stack, NAME)?)?;
    for scheme in ["cenc", "cbcs"] {
        for name in [NAME, "a-en/1.m4s"] {
            let got = receive(&stack, &object(&stack, &session, scheme, name)?).await?;
            let told = (got.status, got.code.as_str());
            ensure!(told == (503, "key_unavailable"), "{scheme} {name}: {told:?}");
            runs.absent_from(&got.body)?;
        }
        // What needs no key is there: an init segment names only the key id.
        stack.get(&object(&stack, &session, scheme, "v360/init.mp4")?, &[]).await?.expect(StatusCode::OK)?;
    }
    let key = format!("{}/{}", session.key.as_deref().context("a raw key's URL")?.trim_end_matches('/'), kid(&stack)?);
    let problem = stack.get(&key, &[]).await?.problem();
    ensure!(problem == (503, "key_unavailable".to_owned()), "{key}: {problem:?}");
    Ok(stack)
}

/// The key id of video in `cbcs`, as URLs have it.
fn kid(stack: &Stack) -> Result<String> {
    let policy = stack.indexed.descriptor.key_policy.as_ref().context("a protected title")?;
    let keys = policy.keys(sluice_packager::title::Delivery::Cbcs).context("cbcs is offered")?;
    let video = keys.keys.iter().find(|key| key.scope == KeyScope::Video).context("a key for video")?;
    Ok(video.kid.to_string())
}

pub(super) async fn what_the_origin_says_of_keys_is_not_believed(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let url = segment(&stack, &session, NAME)?;
    let whole = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
    let of = async |scheme: &str| -> Result<Value> {
        let answer = stack.of_origin(&format!("keys/{scheme}")).await?;
        Ok(serde_json::from_slice(&answer.expect(StatusCode::OK)?)?)
    };
    let (good, other) = (of("cbcs").await?, of("cenc").await?);
    // Every entry carries what another one wraps.
    let mut swapped = good.clone();
    let wrapped: Vec<Value> =
        good["keys"].as_array().context("keys")?.iter().map(|key| key["wrapped"].clone()).collect();
    ensure!(wrapped.len() >= 2, "a key for video and one for audio");
    for (at, key) in swapped["keys"].as_array_mut().context("keys")?.iter_mut().enumerate() {
        key["wrapped"] = wrapped[(at + 1) % wrapped.len()].clone();
    }
    let mut foreign = good.clone();
    for (key, of_other) in
        foreign["keys"].as_array_mut().context("keys")?.iter_mut().zip(other["keys"].as_array().context("keys")?)
    {
        key["wrapped"] = of_other["wrapped"].clone();
    }
    let mut nothing = good.clone();
    nothing["keys"].as_array_mut().context("keys")?.iter_mut().for_each(|key| key["wrapped"] = json!(""));
    let (key, origin) = ((503, "key_unavailable"), (502, "origin_unreachable"));
    for (what, document, expected) in [
        ("the other scheme's", other.to_string(), key),
        ("keys swapped", swapped.to_string(), key),
        ("wrapped for the other scheme", foreign.to_string(), key),
        ("nothing wrapped", nothing.to_string(), key),
        ("no keys", json!({ "keys": [] }).to_string(), key),
        ("no document", "{".to_owned(), origin),
    ] {
        stack.spoil("/keys/cbcs", Fault::Replace(document.into()));
        let got = receive(&stack, &url).await?;
        ensure!((got.status, got.code.as_str()) == expected, "{what}: {} {:?}", got.status, got.code);
        stack.faults.heal();
        ensure!(stack.get(&url, &[]).await?.expect(StatusCode::OK)? == whole, "{what}: something was kept");
    }
    stack.spoil("/keys/cbcs", Fault::Status(StatusCode::NOT_FOUND));
    let problem = stack.send(Method::GET, &url, &[], None).await?.problem();
    ensure!(problem == (503, "key_unavailable".to_owned()), "no keys for the version: {problem:?}");
    Ok(stack)
}

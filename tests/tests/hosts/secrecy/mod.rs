//! Where a content key may lie open: in the licence that a viewer is given, in the bytes of a raw key, and nowhere else.

mod forms;
mod journal;

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode, header};
use serde_json::json;
use sluice_origin::keyserver::MasterSecret;
use sluice_packager::{
    keys::{ContentKey, Kid},
    title::Delivery,
};
use sluice_tests::{
    fixture::{Answer, Stack, StackOptions},
    runtime::{EdgeHost, Kv},
};

use super::options;
use forms::Forms;

/// A whole session, refusals and a dead key server included; then every place that anybody can read is searched.
pub(super) async fn a_content_key_lies_open_nowhere(host: EdgeHost) -> Result<Stack> {
    let origins = journal::begin();
    let kv = Kv::memory();
    let mut stack = Stack::start(StackOptions { kv: kv.clone(), ..options(host).await? }).await?;
    let keys = content_keys(&stack)?;
    let forms = Forms::of(keys.iter().map(|(_, key)| key))?;

    stack.record();
    let report = sluice_tests::demo::walk_title(&stack, host).await?;
    ensure!(report.good(), "{:?}", report.problems);
    refusals(&stack, &keys).await?;
    stack.stop_key_server().await;
    refusals(&stack, &keys).await?;

    let mut opened = 0;
    for (url, answer) in stack.recorded() {
        let is_key = url.contains("/license/clearkey") || url.contains("/key/");
        match forms.find(&answer.body) {
            Some(_) if is_key && answer.status == StatusCode::OK => opened += 1,
            Some(form) => anyhow::bail!("{url}: {} carries a content key, {form}", answer.status),
            None => ensure!(!is_key || answer.status != StatusCode::OK, "{url}: a key that the search does not see"),
        }
        forms.absent(headers(&answer).as_bytes(), || format!("a header of {url}"))?;
        ensure!(!is_key || answer.header("cache-control").contains("no-store"), "{url} may be kept");
    }
    ensure!(opened >= 2, "the search found {opened} licences and keys, so that it proves nothing");

    let lines = stack.edge.log().lines();
    ensure!(lines.iter().any(|line| line.contains("\"license\"")), "the edge's log tells of no licence");
    forms.absent(lines.join("\n").as_bytes(), || "the edge's log".to_owned())?;
    let origins = origins.text();
    ensure!(origins.contains(stack.title()), "the origin's log tells nothing of the title");
    forms.absent(origins.as_bytes(), || "the logs of origin and key server".to_owned())?;

    let mut values = 0;
    for (key, value) in stack.edge.stored(&kv)? {
        forms.absent(key.as_bytes(), || "a key of the KV store".to_owned())?;
        forms.absent(&value, || format!("{key} in the KV store"))?;
        values += 1;
    }
    ensure!(values > 0, "the session left nothing in the KV store");
    for delivery in Delivery::ALL {
        // Which is also what the edge's cache keeps.
        let wrapped = stack.of_origin(&format!("keys/{}", delivery.as_str())).await?;
        if wrapped.status == StatusCode::OK {
            forms.absent(&wrapped.body, || format!("what the origin says of {}", delivery.as_str()))?;
        }
    }
    let files = search_files(stack.store(), &forms)?;
    ensure!(files > 10, "{files} files in the store");
    Ok(stack)
}

/// Every content key of the title, as the key server makes them.
fn content_keys(stack: &Stack) -> Result<Vec<(Kid, ContentKey)>> {
    let policy = stack.indexed.descriptor.key_policy.as_ref().context("a protected title")?;
    let master = MasterSecret::built_in();
    let kids = policy.schemes.iter().flat_map(|scheme| &scheme.keys).map(|key| key.kid);
    Ok(kids.map(|kid| (kid, master.content_key(&kid))).collect())
}

/// Asks for keys in every way in which none is given.
async fn refusals(stack: &Stack, keys: &[(Kid, ContentKey)]) -> Result<()> {
    let session = stack.session("refused").await?;
    let licence = session.license.get("clearkey").context("ClearKey is offered")?;
    let raw = session.key.as_deref().context("raw keys are offered")?.trim_end_matches('/');
    for (kid, _) in keys {
        let wanted = json!({ "kids": [URL_SAFE_NO_PAD.encode(kid.0)], "type": "temporary" });
        for (url, body) in [
            (licence.clone(), json!({ "kids": [kid.to_string()] })),
            (licence.clone(), json!({ "kids": ["AAAAAAAAAAAAAAAAAAAAAA"], "type": "temporary" })),
            (licence.replace("/~", "/~x"), wanted),
        ] {
            let answer = stack.send(Method::POST, &url, &[], Some(&body)).await?;
            ensure!(
                answer.status.is_client_error() || answer.status.is_server_error(),
                "{url} {body}: {}",
                answer.status
            );
        }
        let hex = kid.to_string();
        let url = format!("{raw}/{}", &hex[1..]);
        ensure!(!stack.get(&url, &[]).await?.status.is_success(), "{url}");
        let url = format!("{}/{kid}", raw.replace("/~", "/~x"));
        ensure!(!stack.get(&url, &[]).await?.status.is_success(), "{url}");
    }
    Ok(())
}

fn headers(answer: &Answer) -> String {
    let line = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
    };
    answer.headers.iter().map(line).collect()
}

fn search_files(folder: &Path, forms: &Forms) -> Result<usize> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files += search_files(&path, forms)?;
        } else {
            forms.absent(&fs::read(&path)?, || path.display().to_string())?;
            files += 1;
        }
    }
    Ok(files)
}

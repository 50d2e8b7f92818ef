//! What must not play.

use anyhow::{Context, Result, anyhow, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde_json::json;
use sluice_gate::{ClientFacts, handle};
use sluice_tests::fixture::Stack;

use crate::{
    cases::{Case, Player, Purpose, account, by_handle, of_session},
    stage::{HOME, Stage},
};

/// The refusals come before any media, so one scheme speaks for the others.
const SCHEME: &str = "cbcs";
/// A key that opens nothing.
pub(crate) const OTHER_KEY: [u8; 16] = *b"opens no segment";

/// Each kind of refusal for a player, with the contract's status and code.
pub(crate) async fn of(stage: &Stage, player: &Player) -> Result<[Case; 4]> {
    let refused = |what: &str, expected, case| Case {
        purpose: Purpose::Refusal,
        what: what.to_owned(),
        expected: Some(expected),
        ..case
    };
    let expired = expired(&stage.stack, by_handle(stage, &stage.home, player, SCHEME, "expired").await?)?;
    let missing = without_handle(by_handle(stage, &stage.home, player, SCHEME, "missing").await?)?;
    let foreign = by_handle(stage, &stage.travelling, player, SCHEME, "foreign").await?;
    Ok([
        refused("an expired session", (401, "token_expired"), expired),
        refused("an ended session", (410, "session_ended"), ended(stage, player).await?),
        refused("a missing handle", (401, "token_missing"), missing),
        refused("a foreign country", (403, "geo_blocked"), foreign),
    ])
}

async fn ended(stage: &Stage, player: &Player) -> Result<Case> {
    let account = account(player, SCHEME, "ended");
    let session = stage.session(&stage.home, &account).await?;
    stage.end(&session, &account).await?;
    of_session(player, SCHEME, &session)
}

/// The session's URLs with a handle that was over a minute ago.
fn expired(stack: &Stack, case: Case) -> Result<Case> {
    let roots = stack.secrets().roots()?;
    let text = handle_of(&case.url)?;
    let client = ClientFacts { country: Some(HOME), ..ClientFacts::default() };
    let now = stack.now();
    let mut handle = handle::verify(&roots, text, now, &client).map_err(|error| anyhow!("{error}"))?;
    handle.ends = now - 60;
    let past = handle::mint(&roots, &handle);
    let replaced = |url: &String| url.replace(text, &past);
    Ok(Case { url: replaced(&case.url), license: case.license.as_ref().map(replaced), ..case })
}

fn without_handle(case: Case) -> Result<Case> {
    let carried = format!("/~{}", handle_of(&case.url)?);
    let cut = |url: &String| url.replace(&carried, "");
    Ok(Case { url: cut(&case.url), license: case.license.as_ref().map(cut), ..case })
}

fn handle_of(url: &str) -> Result<&str> {
    let rest = url.split_once("/~").with_context(|| format!("{url} carries no handle"))?.1;
    Ok(rest.split_once('/').context("a path after the handle")?.0)
}

/// A ClearKey licence that gives all of the title's key ids the key that opens nothing.
pub(crate) fn other_license(stack: &Stack) -> Result<Bytes> {
    let policy = stack.indexed.descriptor.key_policy.as_ref().context("a protected title")?;
    let kids = policy.schemes.iter().flat_map(|keys| &keys.keys).map(|key| key.kid);
    let k = URL_SAFE_NO_PAD.encode(OTHER_KEY);
    let keys: Vec<_> = kids.map(|kid| json!({"kty": "oct", "k": k, "kid": URL_SAFE_NO_PAD.encode(kid.0)})).collect();
    ensure!(!keys.is_empty(), "the title has no key ids");
    Ok(json!({ "keys": keys, "type": "temporary" }).to_string().into())
}

//! The second gate: content keys for ClearKey and identity, only where the title's policy lists them.

use http::StatusCode;
use sluice_gate::{Deny, Unix};
use sluice_packager::{
    drm::clearkey,
    keys::{ContentKey, Kid},
    title::{KeySystem, SchemeKeys},
};

use super::Viewing;
use crate::{
    Error, Host, Response, authenticate::Credential, confirm, decision::Licensed, origin::Title, response::NO_STORE,
};

pub(super) async fn clear_key_license<H: Host>(viewing: &Viewing<'_, H>) -> Result<Response<H::Body>, Error> {
    let Viewing { context, origin, credential, title: id } = viewing;
    let (title, _) = allowed(viewing, KeySystem::Clearkey).await?;
    let wanted = clearkey::request(&context.request.body).map_err(|_| {
        Error::BadRequest("not a ClearKey licence request: {\"kids\":[base64url],\"type\":\"temporary\"}")
    })?;
    let mut keys: Vec<(Kid, ContentKey)> = Vec::new();
    for kid in wanted {
        // Of Common Encryption: the key of whole segments has a route of its own.
        let found = delivery_of(&title, credential, kid).filter(|found| found.scheme.scheme().is_some());
        // A manifest names the first key period's key alone.
        for kid in found.map(|found| found.with_other_periods(kid)).unwrap_or_default() {
            let (Some(found), false) = (found, keys.iter().any(|(had, _)| *had == kid)) else { continue };
            keys.push((kid, origin.content_key(id, &title.media.version, found.scheme, kid).await?));
        }
    }
    if keys.is_empty() {
        return Err(Deny::NotEntitled.into());
    }
    let body = clearkey::response(keys.iter().map(|(kid, key)| (*kid, key)));
    let kids: Vec<String> = keys.iter().map(|(kid, _)| kid.to_string()).collect();
    given(viewing, "license", KeySystem::Clearkey, &kids).await?;
    Ok(Response::full(StatusCode::OK, "application/json", body.as_bytes().to_vec()).cached(NO_STORE))
}

pub(super) async fn raw_key<H: Host>(viewing: &Viewing<'_, H>, kid: Kid) -> Result<Response<H::Body>, Error> {
    let Viewing { origin, credential, title: id, .. } = viewing;
    let (title, _) = allowed(viewing, KeySystem::Identity).await?;
    let delivery = delivery_of(&title, credential, kid).ok_or(Deny::NotEntitled)?.scheme;
    let key = origin.content_key(id, &title.media.version, delivery, kid).await?;
    given(viewing, "key", KeySystem::Identity, &[kid.to_string()]).await?;
    Ok(Response::full(StatusCode::OK, "application/octet-stream", key.expose().to_vec()).cached(NO_STORE))
}

/// Has the log say which keys the session was given.
async fn given<H: Host>(
    viewing: &Viewing<'_, H>,
    decision: &str,
    system: KeySystem,
    kids: &[String],
) -> Result<(), Error> {
    let licensed = Licensed { system, kids, vendor: None, ms: None };
    confirm::licensed(&viewing.context.journal(), viewing.credential.subject(), decision, &licensed).await
}

/// The title, and when its window closes, if the viewer still may and the policy lists the system.
pub(super) async fn allowed<H: Host>(
    viewing: &Viewing<'_, H>,
    system: KeySystem,
) -> Result<(Title, Option<Unix>), Error> {
    let Viewing { context, origin, credential, title: id } = viewing;
    let title = origin.title(id).await?;
    let closes = confirm::authorize(&title, credential, context.host.now(), &context.client)?;
    if lists(&title, system) { Ok((title, closes)) } else { Err(Deny::NotEntitled.into()) }
}

/// Whether the title's policy lists the system.
pub(super) fn lists(title: &Title, system: KeySystem) -> bool {
    title.media.key_policy.as_ref().is_some_and(|policy| policy.allows(system))
}

/// In which delivery, of those that the viewer may have, the title uses the key id: for a track that the viewer's tier may see.
fn delivery_of<'t>(title: &'t Title, credential: &Credential, kid: Kid) -> Option<&'t SchemeKeys> {
    let policy = title.media.key_policy.as_ref()?;
    let opens = |keys: &&SchemeKeys| keys.opens(kid, &title.media.tracks, credential.max_height());
    policy.schemes.iter().find(opens).filter(|keys| credential.may(keys.scheme))
}

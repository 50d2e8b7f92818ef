use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sluice_packager::{
    keys::Kid,
    title::{Delivery, KeySystem, TitleId, Version},
};

use super::{Origin, keys, problem::Problem};
use crate::cpix::SystemSignalling;

#[derive(Serialize)]
struct Document<'a> {
    provider: &'a str,
    signalling: Vec<Entry>,
}

/// What the provider says of one key to one system.
#[derive(Serialize)]
struct Entry {
    kid: Kid,
    system: KeySystem,
    /// The whole box, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pssh: Option<String>,
    /// The PlayReady object, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pro: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_uri: Option<String>,
}

/// Answers with what the key provider says of a title's key systems in a delivery, for manifests and init segments.
pub(super) async fn send(
    origin: &Origin,
    title: &TitleId,
    version: &Version,
    delivery: Delivery,
) -> Result<Response, Problem> {
    let (descriptor, service) = keys::of_version(origin, title, version, delivery).await?;
    let signalling = service.signalling(&descriptor, delivery).await;
    let signalling = signalling.map_err(|error| keys::problem(&error, title, delivery))?;
    let entry = |said: SystemSignalling| Entry {
        kid: said.kid,
        system: said.system,
        pssh: said.pssh.map(|bytes| STANDARD.encode(bytes)),
        pro: said.pro.map(|bytes| STANDARD.encode(bytes)),
        key_uri: said.key_uri,
    };
    let signalling = signalling.into_iter().map(entry).collect();
    let document = serde_json::to_vec(&Document { provider: service.provider(), signalling });
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")];
    Ok((headers, document.map_err(|_| Problem::Internal)?).into_response())
}

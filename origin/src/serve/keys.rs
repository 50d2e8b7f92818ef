use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sluice_packager::title::{Delivery, Descriptor, TitleId, Version};

use super::{Origin, media::descriptor_path, problem::Problem, store::StoreError};
use crate::keys::{KeyError, KeyService, WrappedKey};

/// Longest descriptor that is read, in bytes.
const LARGEST_DESCRIPTOR: u64 = 4 * 1024 * 1024;

#[derive(Serialize)]
struct Keys {
    keys: Vec<WrappedKey>,
}

/// Answers with the wrapped keys of a title version in a delivery.
pub(super) async fn send(
    origin: &Origin,
    title: &TitleId,
    version: &Version,
    delivery: Delivery,
    edge: &str,
) -> Result<Response, Problem> {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")];
    Ok((headers, document(origin, title, version, delivery, edge).await?).into_response())
}

/// The document of those keys.
pub(super) async fn document(
    origin: &Origin,
    title: &TitleId,
    version: &Version,
    delivery: Delivery,
    edge: &str,
) -> Result<Vec<u8>, Problem> {
    let (descriptor, service) = of_version(origin, title, version, delivery).await?;
    match service.wrapped(&descriptor, delivery, edge).await {
        Ok(keys) => serde_json::to_vec(&Keys { keys }).map_err(|_| Problem::Internal),
        Err(error) => Err(problem(&error, title, delivery)),
    }
}

/// The descriptor of a title, if it is of that version and offers the delivery, and who has its keys.
pub(super) async fn of_version<'a>(
    origin: &'a Origin,
    title: &TitleId,
    version: &Version,
    delivery: Delivery,
) -> Result<(Descriptor, &'a KeyService), Problem> {
    let descriptor = descriptor(origin, title).await?;
    if descriptor.version != *version {
        return Err(Problem::UnknownVersion);
    }
    if !descriptor.offers(delivery) {
        return Err(Problem::UnknownRoute);
    }
    let service = origin.keys.as_ref().ok_or_else(|| {
        tracing::error!(title = title.as_str(), "a protected title, and no [keys] in the configuration");
        Problem::KeyUnavailable
    })?;
    Ok((descriptor, service))
}

/// What an edge is told; the log is told why.
pub(super) fn problem(error: &KeyError, title: &TitleId, delivery: Delivery) -> Problem {
    if matches!(error, KeyError::NotOffered) {
        return Problem::UnknownRoute;
    }
    tracing::error!(title = title.as_str(), delivery = delivery.as_str(), %error, "keys");
    Problem::KeyUnavailable
}

async fn descriptor(origin: &Origin, title: &TitleId) -> Result<Descriptor, Problem> {
    let broken = |reason: String| {
        tracing::error!(title = title.as_str(), reason, "descriptor");
        Problem::Internal
    };
    let bytes = origin.store.small(&descriptor_path(title), LARGEST_DESCRIPTOR).await.map_err(|error| match error {
        StoreError::NotFound => Problem::UnknownTitle,
        StoreError::Failed(reason) => broken(reason),
    })?;
    let descriptor: Descriptor = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    if descriptor.v != 1 || descriptor.title != *title {
        return Err(broken("it is of another format, or of another title".to_owned()));
    }
    Ok(descriptor)
}

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sluice_packager::title::{Delivery, Descriptor, TitleId, Version};

use super::{Origin, media::descriptor_path, problem::Problem, store::StoreError};
use crate::keys::{KeyError, WrappedKey};

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
) -> Result<Response, Problem> {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")];
    Ok((headers, document(origin, title, version, delivery).await?).into_response())
}

/// The document of those keys.
pub(super) async fn document(
    origin: &Origin,
    title: &TitleId,
    version: &Version,
    delivery: Delivery,
) -> Result<Vec<u8>, Problem> {
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
    match service.wrapped(&descriptor, delivery).await {
        Ok(keys) => serde_json::to_vec(&Keys { keys }).map_err(|_| Problem::Internal),
        Err(KeyError::NotOffered) => Err(Problem::UnknownRoute),
        Err(error) => {
            tracing::error!(title = title.as_str(), delivery = delivery.as_str(), %error, "keys");
            Err(Problem::KeyUnavailable)
        }
    }
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

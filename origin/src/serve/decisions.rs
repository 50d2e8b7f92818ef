use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures::StreamExt;

use super::{Origin, problem::Problem, watch};

/// Longest body that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Takes edges' decision lines. What is wrong with a line is not told to who sends it.
pub(super) async fn take(origin: &Origin, body: Body) -> Result<Response, Problem> {
    let intake = origin.intake.as_ref().ok_or(Problem::UnknownRoute)?;
    let mut stream = body.into_data_stream();
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::BadRequest)?;
        if body.len() + chunk.len() > LARGEST {
            return Err(Problem::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let spikes = intake.take(&body, watch::now()).map_err(|error| {
        tracing::error!(%error, "decision lines cannot be verified");
        Problem::Internal
    })?;
    spikes.iter().for_each(|spike| origin.watch.spike(spike));
    Ok(StatusCode::NO_CONTENT.into_response())
}

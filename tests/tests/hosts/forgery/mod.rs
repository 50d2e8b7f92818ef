//! What somebody without a right may try, as tables: every attempt is refused, by name, and the guest stays whole.
//!
//! Each table begins with something sound that is taken, so that what refuses the others is what is wrong with them.

mod attempt;
mod cdns;
mod cloudfront;
mod credentials;
mod viewer;

use anyhow::Result;
use sluice_tests::{fixture::Stack, runtime::EdgeHost};

pub(super) async fn no_forged_viewer_token_opens_a_session(host: EdgeHost) -> Result<Stack> {
    viewer::run(host).await
}

pub(super) async fn no_forged_lease_or_handle_plays(host: EdgeHost) -> Result<Stack> {
    credentials::run(host).await
}

pub(super) async fn no_forged_token_of_a_cdn_opens_a_session(host: EdgeHost) -> Result<Stack> {
    cdns::run(host).await
}

pub(super) async fn no_forged_token_of_cloudfront_opens_a_session(host: EdgeHost) -> Result<Stack> {
    cloudfront::run(host).await
}

//! The sample title with other terms.

use anyhow::Result;
use sluice_tests::{
    fixture::{Stack, StackOptions, altered},
    runtime::EdgeHost,
};
use toml::Table;

use super::options;

/// A stack that serves the sample title under these rights.
pub(super) async fn stack_with(host: EdgeHost, rights: Table, config: serde_json::Value) -> Result<Stack> {
    let title = altered([("rights", rights)])?;
    Stack::start(StackOptions { title: title.path().to_owned(), config, ..options(host).await? }).await
}

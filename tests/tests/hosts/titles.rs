//! The sample title with other terms.

use std::path::Path;

use anyhow::{Context, Result};
use sluice_tests::{
    fixture::{Stack, StackOptions, demo_title},
    runtime::EdgeHost,
};
use tempfile::TempDir;
use toml::{Table, Value};

use super::options;

/// A copy of the sample title whose `title.toml` has these members of `[rights]` or `[key_policy]` beside or instead of its own.
pub(super) fn altered(sections: impl IntoIterator<Item = (&'static str, Table)>) -> Result<TempDir> {
    let (from, to) = (demo_title(), tempfile::tempdir()?);
    for track in from.read_dir()? {
        let track = track?;
        if track.file_type()?.is_dir() {
            copy(&track.path(), &to.path().join(track.file_name()))?;
        }
    }
    let mut settings: Table = std::fs::read_to_string(from.join("title.toml"))?.parse()?;
    for (name, members) in sections {
        let section = settings.get_mut(name).and_then(Value::as_table_mut).context("title.toml has no such section")?;
        section.extend(members);
    }
    std::fs::write(to.path().join("title.toml"), settings.to_string())?;
    Ok(to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for file in from.read_dir()? {
        let file = file?;
        std::fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

/// A stack that serves the sample title under these rights.
pub(super) async fn stack_with(host: EdgeHost, rights: Table, config: serde_json::Value) -> Result<Stack> {
    let title = altered([("rights", rights)])?;
    Stack::start(StackOptions { title: title.path().to_owned(), config, ..options(host).await? }).await
}

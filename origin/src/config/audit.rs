use std::path::PathBuf;

use serde::Deserialize;

use super::SecretRef;

/// The chain of custody, and edges' decision lines.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// The audit key, 64 hex digits: what edges derive from their root, or any other where the origin's lines alone are to be under it.
    pub key: SecretRef,
    /// The key of the root before, while lines under it still come; a missing or empty one is no error.
    #[serde(default)]
    pub previous_key: Option<SecretRef>,
    /// Where the chain of custody is written; absent, nowhere.
    #[serde(default)]
    pub log: Option<AuditLog>,
}

/// Where lines are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum AuditLog {
    /// On standard output.
    Stdout,
    /// To a file, which is opened for each line: it may be moved away at any time. No two origins write to one.
    File(PathBuf),
}

/// `POST /decisions`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionsConfig {
    /// What opens this route and nothing else, for log shippers, in `X-Origin-Secret`. At least 16 bytes. The edges' secrets open it too.
    #[serde(default)]
    pub secret: Option<SecretRef>,
    /// How many refusals of a title in a minute are not told of.
    #[serde(default = "default_threshold")]
    pub threshold: u64,
}

fn default_threshold() -> u64 {
    50
}

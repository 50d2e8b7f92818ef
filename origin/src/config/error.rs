use std::path::PathBuf;

use super::SecretError;

/// Why a configuration is refused. One line each: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The file is no TOML, or not of the expected keys and types.
    #[error("{message} ({}, line {line})", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Counts from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A value that cannot be used.
    #[error("{key}: {problem}")]
    Invalid {
        /// The dotted key.
        key: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A secret that cannot be had.
    #[error("{key}: {source}")]
    Secret {
        /// The dotted key.
        key: &'static str,
        /// Why.
        source: SecretError,
    },
}

impl ConfigError {
    pub(crate) fn invalid(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { key: key.into(), problem: problem.into() }
    }
}

use std::{
    fmt,
    fs::Metadata,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::UsageError;

/// Longest secret file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Where a secret is to be found.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretRef {
    /// In a file; trailing line ends are not part of it.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
    /// Handed over by the program that embeds this one. TOML cannot express it.
    #[serde(skip)]
    Value(Zeroizing<String>),
}

impl SecretRef {
    /// By a command's two options, a file or a variable; its parser sees to it that one of them is given.
    ///
    /// # Errors
    /// [`UsageError`] where none is.
    pub fn of_arguments(file: Option<&PathBuf>, variable: Option<&String>) -> Result<Self, UsageError> {
        match (file, variable) {
            (Some(path), _) => Ok(Self::File(path.clone())),
            (None, Some(name)) => Ok(Self::Env(name.clone())),
            (None, None) => Err(UsageError("a secret is missing: name its file or its variable".to_owned())),
        }
    }

    /// A secret that the calling program holds.
    pub fn value(secret: impl Into<String>) -> Self {
        Self::Value(Zeroizing::new(secret.into()))
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Value(_) => f.write_str("a value"),
        }
    }
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file is missing, unreadable, or not UTF-8.
    #[error("cannot read the secret file {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The environment variable is not set, or not UTF-8.
    #[error("the environment variable {name} is not set; set it, or refer to a file")]
    Env {
        /// The variable.
        name: String,
    },
    /// There is nothing in it.
    #[error("the secret at {place} is empty")]
    Empty {
        /// The reference.
        place: String,
    },
    /// It is not of the form that its use demands.
    #[error("the secret at {place} is unusable: {problem}")]
    Form {
        /// The reference.
        place: String,
        /// What form is expected.
        problem: &'static str,
    },
}

/// What tells one state of a file from another: when it was written, its length, and which file it is. One that is put in another's place may be as long, and
/// as old as clocks can tell.
type Stamp = (Option<SystemTime>, u64, Option<(u64, u64)>);

fn stamp(metadata: &Metadata) -> Stamp {
    #[cfg(unix)]
    let file = Some((std::os::unix::fs::MetadataExt::dev(metadata), std::os::unix::fs::MetadataExt::ino(metadata)));
    #[cfg(not(unix))]
    let file = None;
    (metadata.modified().ok(), metadata.len(), file)
}

/// A secret by reference. A file is read again when its modification time or length changes, or another one is in its place.
pub struct Secret {
    reference: SecretRef,
    last: Mutex<Option<(Stamp, Arc<Zeroizing<String>>)>>,
}

impl Secret {
    /// Refers to it; reads nothing yet.
    pub fn new(reference: SecretRef) -> Self {
        Self { reference, last: Mutex::new(None) }
    }

    /// Its present value.
    ///
    /// # Errors
    /// [`SecretError`]; a file that was readable before and is gone now is an error too, since removing it is how a secret is withdrawn.
    pub fn read(&self) -> Result<Arc<Zeroizing<String>>, SecretError> {
        let text = match &self.reference {
            SecretRef::Value(value) => Arc::new(value.clone()),
            SecretRef::Env(name) => {
                Arc::new(Zeroizing::new(std::env::var(name).map_err(|_| SecretError::Env { name: name.clone() })?))
            }
            SecretRef::File(path) => self.read_file(path)?,
        };
        if text.is_empty() { Err(SecretError::Empty { place: self.place() }) } else { Ok(text) }
    }

    /// An error that says where the secret is and what form it ought to have.
    pub fn malformed(&self, problem: &'static str) -> SecretError {
        SecretError::Form { place: self.place(), problem }
    }

    fn place(&self) -> String {
        format!("{:?}", self.reference)
    }

    fn read_file(&self, path: &PathBuf) -> Result<Arc<Zeroizing<String>>, SecretError> {
        let failed = |reason: String| SecretError::File { path: path.clone(), reason };
        let metadata = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
        let stamp = stamp(&metadata);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, text)) = &*last
            && *known == stamp
        {
            return Ok(text.clone());
        }
        *last = None;
        if metadata.len() > LONGEST {
            return Err(failed(format!("it is longer than {LONGEST} bytes")));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?);
        let text = Arc::new(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
        *last = Some((stamp, text.clone()));
        Ok(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reference.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_when_it_changes_and_withdrawn_when_it_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "first\n").expect("writable");
        let secret = Secret::new(SecretRef::File(path.clone()));
        assert_eq!(secret.read().expect("there").as_str(), "first");
        std::fs::write(&path, "the second").expect("writable");
        assert_eq!(secret.read().expect("there").as_str(), "the second");
        std::fs::write(&path, "\n").expect("writable");
        assert!(matches!(secret.read(), Err(SecretError::Empty { .. })));
        std::fs::remove_file(&path).expect("removable");
        assert!(matches!(secret.read(), Err(SecretError::File { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_takes_anothers_place_is_read_however_alike_the_two_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, other) = (folder.path().join("secret"), folder.path().join("other"));
        let written = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_900_000_000);
        for (path, text) in [(&path, "old"), (&other, "new")] {
            std::fs::write(path, text).expect("writable");
            std::fs::File::options().write(true).open(path).and_then(|file| file.set_modified(written)).expect("set");
        }
        let secret = Secret::new(SecretRef::File(path.clone()));
        assert_eq!(secret.read().expect("there").as_str(), "old");
        std::fs::rename(&other, &path).expect("movable");
        assert_eq!(secret.read().expect("there").as_str(), "new");
    }

    #[test]
    fn a_secret_is_in_no_debug_text() {
        let reference = SecretRef::value("hunter2");
        let text = format!(
            "{reference:?} {:?} {}",
            Secret::new(reference.clone()),
            Secret::new(reference.clone()).malformed("no")
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

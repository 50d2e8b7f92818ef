use core::time::Duration;
use std::io::{ErrorKind, Read};

use fastly::handle::BodyHandle;
use sluice_app::host::{ByteStream, FetchError};

use crate::{abi, cache};

/// The most that is read at once, bytes.
const READ: usize = 256 * 1024;

/// The body of a response from the origin, or of one kept at the edge.
pub(crate) struct OriginBody {
    handle: BodyHandle,
    between_bytes: Duration,
    /// Bytes still to come.
    owed: Option<u64>,
    /// Under which key the cache holds what is read here.
    kept: Option<String>,
}

impl OriginBody {
    pub(crate) fn new(handle: BodyHandle, between_bytes: Duration, length: Option<u64>, kept: Option<String>) -> Self {
        Self { handle, between_bytes, owed: length, kept }
    }

    fn read(&mut self) -> Result<Option<Vec<u8>>, FetchError> {
        if !abi::readable(&self.handle, self.between_bytes) {
            return Err(FetchError::Timeout);
        }
        let mut chunk = vec![0; self.owed.map_or(READ, |owed| READ.min(usize::try_from(owed).unwrap_or(READ)).max(1))];
        loop {
            match self.handle.read(&mut chunk) {
                Ok(count) => {
                    chunk.truncate(count);
                    return self.count(chunk);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(FetchError::Cut),
            }
        }
    }

    /// An end before the announced length is a cut, whatever the platform says of it.
    fn count(&mut self, chunk: Vec<u8>) -> Result<Option<Vec<u8>>, FetchError> {
        match (&mut self.owed, chunk.is_empty()) {
            (None | Some(0), true) => Ok(None),
            (Some(_), true) => Err(FetchError::Cut),
            (None, false) => Ok(Some(chunk)),
            (Some(owed), false) => {
                *owed = owed.checked_sub(chunk.len() as u64).ok_or(FetchError::Cut)?;
                Ok(Some(chunk))
            }
        }
    }
}

impl ByteStream for OriginBody {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, FetchError> {
        let read = self.read();
        if read.is_err() {
            self.reject();
        }
        read
    }

    fn reject(&mut self) {
        if let Some(key) = self.kept.take() {
            cache::forget(&key);
        }
    }
}

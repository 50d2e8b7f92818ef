use std::{io, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path,
};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use crate::{config::StoreConfig, running::StartError};

/// Bytes per read of a file.
const CHUNK: usize = 64 * 1024;

/// Why an object is not had.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    #[error("not found")]
    NotFound,
    #[error("{0}")]
    Failed(String),
}

/// Where the titles are: any object store, behind one type.
pub(super) struct Store {
    objects: Arc<dyn ObjectStore>,
    timeout: Duration,
}

/// An object that is there.
pub(super) struct Found {
    path: Path,
    meta: ObjectMeta,
    /// A strong entity tag, quoted.
    pub(super) etag: String,
}

impl Found {
    /// Bytes.
    pub(super) fn length(&self) -> u64 {
        self.meta.size
    }
}

impl Store {
    /// `timeout` bounds each read.
    pub(super) fn open(config: &StoreConfig, timeout: Duration) -> Result<Self, StartError> {
        let StoreConfig::Directory(directory) = config;
        let objects = LocalFileSystem::new_with_prefix(directory)
            .map_err(|error| StartError::Store(format!("{}: {error}", directory.display())))?;
        Ok(Self { objects: Arc::new(objects), timeout })
    }

    /// Looks the object up.
    pub(super) async fn find(&self, path: &str) -> Result<Found, StoreError> {
        let path = Path::from(path);
        let meta = self.objects.head(&path).await.map_err(failed)?;
        let etag = etag(&path, &meta);
        Ok(Found { path, meta, etag })
    }

    /// Opens these bytes of the object. What it was when it was found it must still be.
    pub(super) async fn open_range(
        &self,
        found: &Found,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, StoreError> {
        if range.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let result = self.objects.get_opts(&found.path, options).await.map_err(failed)?;
        if etag(&found.path, &result.meta) != found.etag || result.range != range {
            return Err(StoreError::Failed("the object changed while it was being opened".to_owned()));
        }
        let stream = match result.payload {
            GetResultPayload::File(file, _) => {
                let mut file = tokio::fs::File::from_std(file);
                file.seek(io::SeekFrom::Start(range.start))
                    .await
                    .map_err(|error| StoreError::Failed(error.to_string()))?;
                ReaderStream::with_capacity(file.take(range.end - range.start), CHUNK).boxed()
            }
            GetResultPayload::Stream(stream) => stream.map_err(io::Error::other).boxed(),
        };
        Ok(bounded(stream, self.timeout).boxed())
    }

    /// Those bytes of the object, which are few.
    pub(super) async fn bytes(&self, found: &Found, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let stream = self.open_range(found, range).await?;
        let chunks = stream.try_fold(Vec::new(), async |mut all, chunk| {
            all.extend_from_slice(&chunk);
            Ok(all)
        });
        chunks.await.map_err(|error| StoreError::Failed(error.to_string()))
    }

    /// All of a small object.
    pub(super) async fn small(&self, path: &str, most: u64) -> Result<Bytes, StoreError> {
        let path = Path::from(path);
        let result = self.objects.get(&path).await.map_err(failed)?;
        if result.meta.size > most {
            return Err(StoreError::Failed(format!("longer than {most} bytes")));
        }
        result.bytes().await.map_err(failed)
    }
}

/// The same stream, which fails where a read takes longer than `limit`.
fn bounded(
    stream: BoxStream<'static, io::Result<Bytes>>,
    limit: Duration,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    futures::stream::unfold(Some(stream), move |stream| async move {
        let mut stream = stream?;
        match tokio::time::timeout(limit, stream.next()).await {
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(stream))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    })
}

/// A strong tag of path, length and modification time. The inode stays out of it, so that replicas of a directory that
/// keep times (`rsync -t`) give the same tags.
fn etag(path: &Path, meta: &ObjectMeta) -> String {
    let mut hash = Sha256::new();
    hash.update(path.as_ref().as_bytes());
    hash.update([0]);
    hash.update(meta.size.to_be_bytes());
    hash.update(meta.last_modified.timestamp_micros().to_be_bytes());
    format!("\"{}\"", crate::hex::encode(&hash.finalize()[..16]))
}

fn failed(error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::NotFound,
        other => StoreError::Failed(other.to_string()),
    }
}

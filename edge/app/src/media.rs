//! Media on its way out: clear bytes come in as a stream, and leave as the track record's treatment wants.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use sluice_packager::{cenc::FragmentProtector, cipher::SegmentEncryptor, title::ClearReason};

use crate::{
    conditional::Slice,
    error::Error,
    host::{ByteStream, FetchError, Fetched},
};

/// The most that leaves at once, bytes: a platform copies it, and a long copy is out of the caches before it is sent.
const PIECE: usize = 128 * 1024;

/// A body of media. Either its bytes pass a protector, or there is a [`ClearReason`], which only a track record gives.
pub struct MediaBody<B> {
    source: B,
    stage: Stage,
    /// Bytes that the origin still owes, where it told how many.
    owed: Option<u64>,
    /// How many bytes have been produced, before the window is applied.
    produced: u64,
    /// The whole body's length, where known.
    total: Option<u64>,
    window: Option<Slice>,
    /// Clear bytes behind the fragment that left last: the next one waits until it has left.
    behind: Bytes,
    ready: VecDeque<Bytes>,
    /// The memory of what was ready last, for the next fragment.
    memory: Bytes,
    /// Where the documents came from that say what is to come of the media.
    relies_on: Vec<B>,
}

enum Stage {
    Protect(Box<FragmentProtector>),
    Encrypt(Box<SegmentEncryptor>),
    Pass(ClearReason),
    Ended,
}

/// Why a body breaks off. The client must see a broken response, not a short one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The origin stopped sending.
    #[error(transparent)]
    Origin(#[from] FetchError),
    /// What the origin sent does not fit its plan, or is no media: what and where.
    #[error("clear media: {0}")]
    Media(String),
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Origin(error) => error.into(),
            BodyError::Media(what) => Self::Origin(what),
        }
    }
}

impl<B: ByteStream> MediaBody<B> {
    /// Media to protect; `total` is the plan's sum.
    pub(crate) fn protect(fetched: Fetched<B>, protector: FragmentProtector, total: u64) -> Self {
        Self::new(fetched, Stage::Protect(Box::new(protector)), Some(total))
    }

    /// Media to encrypt whole; `total` is what its planned size becomes.
    pub(crate) fn encrypt(fetched: Fetched<B>, encryptor: SegmentEncryptor, total: u64) -> Self {
        Self::new(fetched, Stage::Encrypt(Box::new(encryptor)), Some(total))
    }

    /// Media that its record declares clear.
    pub(crate) fn pass(fetched: Fetched<B>, reason: ClearReason) -> Self {
        let total = fetched.length;
        Self::new(fetched, Stage::Pass(reason), total)
    }

    fn new(fetched: Fetched<B>, stage: Stage, total: Option<u64>) -> Self {
        Self {
            source: fetched.body,
            stage,
            owed: fetched.length,
            produced: 0,
            total,
            window: None,
            behind: Bytes::new(),
            ready: VecDeque::new(),
            memory: Bytes::new(),
            relies_on: Vec::new(),
        }
    }

    /// Names what is to be rejected beside the media, should they not fit each other: which of them is wrong cannot be told.
    pub(crate) fn relying_on(mut self, documents: Vec<B>) -> Self {
        self.relies_on = documents;
        self
    }

    /// The whole body's length, where known.
    pub(crate) fn total(&self) -> Option<u64> {
        self.total
    }

    /// Lets only that part of the body out.
    pub(crate) fn restrict(&mut self, window: Slice) {
        self.window = Some(window);
    }

    /// Waits for the first fragment to go out, so that what is broken from the start gets a status of its own.
    pub(crate) async fn prime(&mut self) -> Result<(), BodyError> {
        loop {
            let first_fragment = match &self.stage {
                Stage::Protect(protector) => protector.samples() > 0,
                Stage::Encrypt(_) | Stage::Pass(_) => true,
                Stage::Ended => return Ok(()),
            };
            if first_fragment && !self.ready.is_empty() {
                return Ok(());
            }
            self.advance().await.inspect_err(|error| {
                if matches!(error, BodyError::Media(_)) {
                    self.source.reject();
                    self.relies_on.iter_mut().for_each(ByteStream::reject);
                }
            })?;
        }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`BodyError`]; nothing more comes after it.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        if self.ready.is_empty() {
            self.prime().await?;
        }
        let Some(mut bytes) = self.ready.pop_front() else { return Ok(None) };
        if bytes.len() > PIECE {
            self.ready.push_front(bytes.split_off(PIECE));
        }
        Ok(Some(bytes))
    }

    /// The next clear bytes.
    async fn clear(&mut self) -> Result<Option<Bytes>, BodyError> {
        if !self.behind.is_empty() {
            return Ok(Some(core::mem::take(&mut self.behind)));
        }
        let Some(chunk) = self.source.next().await? else { return Ok(None) };
        if let Some(owed) = &mut self.owed {
            *owed = owed.checked_sub(chunk.len() as u64).ok_or(FetchError::Cut)?;
        }
        Ok(Some(chunk.into()))
    }

    /// Clear bytes in, whatever they complete out: of media to protect a fragment at most.
    async fn advance(&mut self) -> Result<(), BodyError> {
        // Should this fail, the stage is `Ended` and what was half made is dropped.
        let stage = core::mem::replace(&mut self.stage, Stage::Ended);
        let mut out = VecDeque::new();
        let next = match (self.clear().await?, stage) {
            (_, Stage::Ended) => Stage::Ended,
            (Some(mut chunk), Stage::Protect(mut protector)) => {
                protector.reuse(self.memory());
                chunk.advance(protector.push_unit(&chunk, &mut out).map_err(media_error)?);
                self.behind = chunk;
                Stage::Protect(protector)
            }
            (Some(chunk), Stage::Encrypt(mut encryptor)) => {
                out.push_back(encryptor.push(chunk.into()).map_err(media_error)?.into());
                Stage::Encrypt(encryptor)
            }
            (Some(chunk), Stage::Pass(reason)) => {
                out.push_back(chunk);
                Stage::Pass(reason)
            }
            (None, stage) => {
                if self.owed.is_some_and(|owed| owed > 0) {
                    return Err(FetchError::Cut.into());
                }
                match stage {
                    Stage::Protect(protector) => protector.finish().map_err(media_error)?,
                    Stage::Encrypt(encryptor) => out.push_back(encryptor.finish().map_err(media_error)?.into()),
                    Stage::Pass(_) | Stage::Ended => {}
                }
                Stage::Ended
            }
        };
        let first = self.produced;
        self.produced += out.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        let overrun = self.total.is_some_and(|total| self.produced > total);
        let short = matches!(next, Stage::Ended) && self.total.is_some_and(|total| self.produced < total);
        if overrun || short {
            return Err(BodyError::Media("the protected size is not the plan's".to_owned()));
        }
        self.stage = next;
        self.let_out(first, out);
        Ok(())
    }

    /// The memory of what has left, if all of it has.
    fn memory(&mut self) -> Vec<u8> {
        let mut memory = core::mem::take(&mut self.memory);
        memory.clear();
        memory.into()
    }

    /// Moves what lies within the window to `ready`, and ends once the window is behind.
    fn let_out(&mut self, mut first: u64, out: VecDeque<Bytes>) {
        for mut bytes in out {
            let len = bytes.len() as u64;
            if let Some(window) = self.window {
                let end = window.first.saturating_add(window.length);
                bytes.truncate(end.saturating_sub(first).min(len) as usize);
                bytes.advance(window.first.saturating_sub(first).min(bytes.len() as u64) as usize);
            }
            if !bytes.is_empty() {
                if bytes.len() > self.memory.len() && matches!(self.stage, Stage::Protect(_)) {
                    self.memory = bytes.clone();
                }
                self.ready.push_back(bytes);
            }
            first += len;
        }
        if self.window.is_some_and(|window| first >= window.first.saturating_add(window.length)) {
            self.stage = Stage::Ended;
        }
    }
}

fn media_error(error: impl core::error::Error) -> BodyError {
    BodyError::Media(error.to_string())
}

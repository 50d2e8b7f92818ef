use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::{Display, Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use sluice_packager::bmff::moov::Trex;

use super::demux;
use crate::index::check;

/// Most bytes of an init segment or media segment: each is held in memory, one at a time.
const LARGEST: u64 = 256 << 20;

/// A file, or a range of one, that the store keeps as a file of its own.
#[derive(Clone, Debug)]
pub(in crate::index) struct Piece {
    path: PathBuf,
    range: Option<Range<u64>>,
    name: String,
    declared: Option<Declared>,
    /// The track that is taken out of several, and what its segments need of its init segment.
    track: Option<Track>,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    id: u32,
    is_init: bool,
    trex: Option<Trex>,
}

/// How long a manifest says that a segment is.
#[derive(Clone, Copy, Debug)]
pub(in crate::index) struct Declared {
    pub(in crate::index) seconds: f64,
    /// Whether it is one duration for all segments, from which each may differ by half (ISO/IEC 23009-1, 7.2.1).
    pub(in crate::index) nominal: bool,
}

impl Piece {
    /// A whole file, stored under `name`.
    pub(in crate::index) fn whole(path: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        Self { path: path.into(), range: None, name: name.into(), declared: None, track: None }
    }

    /// These bytes of a file, stored under `name`.
    pub(super) fn part(path: impl Into<PathBuf>, range: Range<u64>, name: impl Into<String>) -> Self {
        Self { path: path.into(), range: Some(range), name: name.into(), declared: None, track: None }
    }

    /// All of a file, or a range of it.
    pub(super) fn of(path: impl Into<PathBuf>, range: Option<Range<u64>>, name: impl Into<String>) -> Self {
        Self { path: path.into(), range, name: name.into(), declared: None, track: None }
    }

    pub(super) fn lasting(mut self, declared: Option<Declared>) -> Self {
        self.declared = declared;
        self
    }

    /// One track out of several.
    pub(super) fn init_of(mut self, id: u32) -> Self {
        self.track = Some(Track { id, is_init: true, trex: None });
        self
    }

    /// One track out of several, whose defaults are in `trex`.
    pub(super) fn media_of(mut self, id: u32, trex: Option<Trex>) -> Self {
        self.track = Some(Track { id, is_init: false, trex });
        self
    }

    /// The track that it is of, where its file has several.
    pub(in crate::index) fn track(&self) -> Option<u32> {
        self.track.map(|track| track.id)
    }

    /// How long a manifest says that it is.
    pub(in crate::index) fn declared(&self) -> Option<Declared> {
        self.declared
    }

    /// The file's path, for messages.
    pub(in crate::index) fn display(&self) -> Display<'_> {
        self.path.display()
    }

    /// The file.
    pub(in crate::index) fn path(&self) -> &Path {
        &self.path
    }

    /// What it is called in the store.
    pub(in crate::index) fn name(&self) -> &str {
        &self.name
    }

    /// Where in its file it begins.
    pub(in crate::index) fn start(&self) -> u64 {
        self.range.as_ref().map_or(0, |range| range.start)
    }

    /// In bytes, of all tracks.
    pub(in crate::index) fn size(&self) -> anyhow::Result<u64> {
        let cannot = || format!("{}: cannot be read", self.display());
        let whole = fs::metadata(&self.path).with_context(cannot)?.len();
        let Some(range) = &self.range else { return Ok(whole) };
        match range.end.checked_sub(range.start) {
            Some(size) if size > 0 && range.end <= whole => Ok(size),
            _ => bail!(
                "{}: bytes {} to {} are named, but the file has {whole}",
                self.display(),
                range.start,
                range.end.saturating_sub(1)
            ),
        }
    }

    /// Its bytes; of several tracks, the one that it is of.
    ///
    /// # Errors
    /// Also for a range that the file does not have, and for more bytes than a segment may have.
    pub(in crate::index) fn read(&self) -> anyhow::Result<Vec<u8>> {
        let size = self.size()?;
        if size > LARGEST {
            bail!(
                "{}: a segment of {size} bytes at byte {}, the limit is {LARGEST}: cut it into segments of a few seconds",
                self.display(),
                self.start()
            );
        }
        let cannot = || format!("{}: cannot be read", self.display());
        let mut file = File::open(&self.path).with_context(cannot)?;
        file.seek(SeekFrom::Start(self.start())).with_context(cannot)?;
        let mut bytes = Vec::new();
        file.take(size).read_to_end(&mut bytes).with_context(cannot)?;
        if bytes.len() as u64 != size {
            return Err(anyhow!("{}: changed while it was read", self.display()));
        }
        match self.track {
            None => Ok(bytes),
            Some(Track { id, is_init: true, .. }) => {
                demux::init(&bytes, id).map_err(|error| check::at_file(&self.path, self.start(), error.into()))
            }
            Some(Track { id, trex, .. }) => demux::segment(&bytes, id, trex.as_ref())
                .map_err(|error| check::at_file(&self.path, self.start(), error)),
        }
    }
}

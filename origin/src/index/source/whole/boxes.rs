use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sluice_packager::bmff::{FourCc, Header, MAX_HEADER};

use crate::index::check;

/// Most boxes of a file: a fragment for each frame of four hours, in three boxes.
const MOST: usize = 1 << 20;
/// Largest box that is read whole: `moov`, `moof`, `sidx`.
const LARGEST: u64 = 16 << 20;

/// The boxes of a file, none of them read.
pub(in crate::index::source) struct TopLevel {
    pub(super) path: PathBuf,
    pub(super) boxes: Vec<Span>,
}

/// Where a box is, in bytes from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    kind: FourCc,
    pub(super) start: u64,
    size: u64,
}

impl Span {
    pub(super) fn is(&self, kind: &[u8; 4]) -> bool {
        self.kind.0 == *kind
    }

    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }
}

impl TopLevel {
    /// Reads the headers of a file's boxes.
    ///
    /// # Errors
    /// A box that leads past the end of the file, with its offset.
    pub(in crate::index::source) fn scan(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("{}: cannot be read", path.display());
        let mut file = File::open(path).with_context(cannot)?;
        let length = file.metadata().with_context(cannot)?.len();
        let mut boxes = Vec::new();
        let mut start = 0;
        while start < length {
            if boxes.len() == MOST {
                bail!("{}: more than {MOST} boxes by byte {start}: too many fragments in one file", path.display());
            }
            file.seek(SeekFrom::Start(start)).with_context(cannot)?;
            let mut head = Vec::new();
            (&file).take(MAX_HEADER as u64).read_to_end(&mut head).with_context(cannot)?;
            let header = Header::peek(&head, start).map_err(|error| check::at_file(path, 0, error.into()))?;
            let Some(header) = header.filter(|header| header.size <= length - start) else {
                bail!(
                    "{}: the box at byte {start} leads past the end of the file, {length}: the file is not complete, or no MP4",
                    path.display()
                );
            };
            boxes.push(Span { kind: header.kind, start, size: header.size });
            start += header.size;
        }
        Ok(Self { path: path.to_owned(), boxes })
    }

    /// The first box of that type.
    pub(super) fn first(&self, kind: &[u8; 4]) -> Option<&Span> {
        self.boxes.iter().find(|one| one.is(kind))
    }

    /// Whether there is a box of that type.
    pub(in crate::index::source) fn has(&self, kind: &[u8; 4]) -> bool {
        self.first(kind).is_some()
    }

    /// Reads a box whole.
    ///
    /// # Errors
    /// Also for one of more than 16 MiB.
    pub(super) fn read(&self, span: &Span) -> anyhow::Result<Vec<u8>> {
        let path = self.path.display();
        if span.size > LARGEST {
            bail!("{path}: {} at byte {} takes {} bytes, the limit is {LARGEST}", span.kind, span.start, span.size);
        }
        let cannot = || format!("{path}: cannot be read");
        let mut file = File::open(&self.path).with_context(cannot)?;
        file.seek(SeekFrom::Start(span.start)).with_context(cannot)?;
        let mut bytes = Vec::new();
        file.take(span.size).read_to_end(&mut bytes).with_context(cannot)?;
        Ok(bytes)
    }
}

//! ISO BMFF files of any kind: init and media segments, single files, Smooth Streaming's.

mod boxes;
mod crypt;
mod fragment;
mod load;
mod protection;
mod samples;
#[cfg(test)]
mod tests;
mod track;
mod tree;

use std::{
    cell::Cell,
    collections::HashSet,
    fmt::{self, Write},
    io::{self, Read, Seek},
};

use serde::Serialize;
use sluice_packager::bmff::{BoxView, Error};

pub use fragment::{Fragment, KeyRun};
pub use protection::Protection;
pub use samples::{SampleRow, SubsampleRow};
pub use track::{Entry, ParameterSets, Track};
pub use tree::BoxNode;

use super::report::Warning;
use fragment::Surroundings;
use load::{Loaded, load};

/// An ISO BMFF file.
#[derive(Clone, Debug, Serialize)]
pub struct Media {
    /// The box tree.
    pub boxes: Vec<BoxNode>,
    /// The tracks of its `moov`.
    pub tracks: Vec<Track>,
    /// Its track fragments, in order.
    pub fragments: Vec<Fragment>,
}

/// What was found in a file, and what is wrong with it.
pub(super) struct Found {
    pub(super) media: Media,
    pub(super) warnings: Vec<Warning>,
    pub(super) errors: Vec<String>,
}

/// The tracks of an init segment.
///
/// # Errors
/// Those of reading it.
pub(super) fn tracks(init: &mut (impl Read + Seek + ?Sized)) -> anyhow::Result<Vec<Track>> {
    let loaded = load(init)?;
    let moov = loaded.boxes.iter().find(|top| &top.kind.0 == b"moov");
    let Some(moov) = moov else { anyhow::bail!("no moov: not an init segment") };
    Ok(Track::all(&BoxView::parse(&moov.bytes, moov.offset)?)?)
}

/// Types that a file begins with, also where it is cut off inside of the box.
const FIRST: [&[u8; 4]; 16] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"ssix", b"emsg", b"prft", b"pssh", b"free", b"skip",
    b"wide", b"uuid", b"meta", b"mfra",
];

/// Whether bytes, of a file of `len`, begin as an ISO BMFF file does: with a box of a known type, or one of any type in ASCII that fits.
pub(super) fn is_bmff(head: &[u8], len: u64) -> bool {
    let Some(([a, b, c, d, kind @ ..], _)) = head.split_first_chunk::<8>() else { return false };
    let size = u32::from_be_bytes([*a, *b, *c, *d]);
    let of_type = kind.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ');
    FIRST.contains(&kind) || of_type && size >= 8 && u64::from(size) <= len
}

/// Explains a file. `init` are the tracks of its init segment, where it has no `moov` of its own.
///
/// # Errors
/// Those of reading the file; what is wrong inside of it is in [`Found::errors`].
pub(super) fn explain(
    file: &mut (impl Read + Seek + ?Sized),
    init: Option<Vec<Track>>,
    list: bool,
) -> io::Result<Found> {
    let loaded = load(file)?;
    let (boxes, errors) = tree::tree(&loaded);
    let mut found = Found {
        media: Media { boxes, tracks: Vec::new(), fragments: Vec::new() },
        warnings: Vec::new(),
        errors: errors.iter().map(Error::to_string).collect(),
    };
    // What the tree found wrong is said once.
    let mut said: HashSet<String> = found.errors.iter().cloned().collect();
    let mut wrong = |result: Result<(), Error>| match result {
        Err(error) if said.insert(error.to_string()) => found.errors.push(error.to_string()),
        _ => {}
    };
    let whole = |kind: &[u8; 4]| {
        let kind = *kind;
        loaded.boxes.iter().filter(move |top| top.kind.0 == kind && top.size == top.bytes.len() as u64)
    };
    for moov in whole(b"moov") {
        let all = BoxView::parse(&moov.bytes, moov.offset).and_then(|view| Track::all(&view));
        wrong(all.map(|tracks| found.media.tracks.extend(tracks)));
    }
    for error in found.media.tracks.iter().flat_map(|track| &track.entries).filter_map(|entry| entry.error.as_ref()) {
        found.warnings.push(Warning::new("entry", "sample entry", error.clone()));
    }
    let known = init.is_some() || !found.media.tracks.is_empty();
    let given = init.unwrap_or_default();
    let tracks = if given.is_empty() { &found.media.tracks } else { &given };
    let around = Surroundings { tracks, known, list, len: loaded.len, read: Cell::new(0) };
    for moof in whole(b"moof") {
        let view = BoxView::parse(&moof.bytes, moof.offset);
        let fragments = view.and_then(|view| around.fragments(&view, &mut found.warnings));
        wrong(fragments.map(|fragments| found.media.fragments.extend(fragments)));
        if around.is_full() {
            break;
        }
    }
    check_indexes(&loaded, &found.media.boxes, &mut found.warnings);
    Ok(found)
}

/// Whether what a `sidx` refers to ends where the file, or another index, does.
fn check_indexes(loaded: &Loaded, boxes: &[BoxNode], warnings: &mut Vec<Warning>) {
    use super::facts::Value;
    for node in boxes.iter().filter(|node| node.kind == "sidx" && node.error.is_none()) {
        let Some(Value::List(references)) = node.fields.get("references") else { continue };
        let sizes = references.iter().map(|reference| match reference {
            Value::Row(row) => row.number("referenced_size").unwrap_or(0),
            _ => 0,
        });
        let first = node.fields.number("first_offset").unwrap_or(0);
        let start = node.offset.saturating_add(node.size).saturating_add(first);
        let end = start.saturating_add(sizes.sum());
        let at = format!("sidx at byte {}", node.offset);
        if end > loaded.len {
            let text = format!("its references end at byte {end}, the file at {}", loaded.len);
            warnings.push(Warning::new("sidx_past_end", &at, text));
        } else if end != loaded.len && loaded.boxes.binary_search_by_key(&end, |top| top.offset).is_err() {
            let text = format!("its references end at byte {end}, where no box begins");
            warnings.push(Warning::new("sidx_misses", &at, text));
        }
    }
}

impl Media {
    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        self.boxes.iter().try_for_each(|node| node.write(f, 0))?;
        if !self.tracks.is_empty() {
            writeln!(f)?;
        }
        self.tracks.iter().try_for_each(|track| track.write(f))?;
        if !self.fragments.is_empty() {
            writeln!(f)?;
        }
        self.fragments.iter().try_for_each(|fragment| fragment.write(f))
    }
}

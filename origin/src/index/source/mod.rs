//! What other tools write, as tracks: an init segment and media segments each, as files or as ranges of files, in order.

mod demux;
mod folders;
mod hls;
mod ids;
mod locate;
mod mpd;
mod names;
mod piece;
mod said;
#[cfg(test)]
mod tests;
pub(super) mod whole;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sluice_packager::{
    bmff::moov::Init,
    title::{ImageFormat, TrackId},
};

pub(super) use piece::{Declared, Piece};

use super::problems::Problems;
use ids::Hint;
pub(super) use said::Said;

/// Most tracks of a title: their number is a byte of every derived IV.
const MOST_TRACKS: usize = 256;
/// Most segments of a track: three days of two seconds.
const MOST_SEGMENTS: usize = 1 << 17;

/// A title's tracks, as another tool wrote them.
pub(super) struct Source {
    /// The folder that everything is in.
    pub(super) root: PathBuf,
    /// Sorted by id.
    pub(super) tracks: Vec<TrackFiles>,
    /// What was seen and left out, a line each.
    pub(super) left_out: Vec<String>,
}

/// One track's files.
pub(super) struct TrackFiles {
    pub(super) id: TrackId,
    /// `None` for plain WebVTT and thumbnails.
    pub(super) init: Option<Piece>,
    /// Of thumbnails, how they are coded.
    pub(super) image: Option<ImageFormat>,
    /// In order; never empty.
    pub(super) segments: Vec<Piece>,
    /// What a manifest says of it.
    pub(super) said: Said,
}

/// A track as one of the shapes gives it, before it has an id.
struct Found {
    hint: Hint,
    init: Option<Piece>,
    image: Option<ImageFormat>,
    segments: Vec<Piece>,
    said: Said,
}

impl Found {
    /// Each track for itself, where there are several in one.
    fn apart(self) -> Vec<Self> {
        // What is wrong with it, is told when it is read.
        let Some(Ok(bytes)) = self.init.as_ref().map(Piece::read) else { return vec![self] };
        let ids = match demux::tracks(&bytes) {
            Ok(ids) if (2..=MOST_TRACKS).contains(&ids.len()) => ids,
            _ => return vec![self],
        };
        let one = |id: u32| {
            let init = demux::init(&bytes, id).ok()?;
            let init = Init::parse(&init).ok()?;
            Some(Self {
                hint: self.hint.of_several(&init),
                init: self.init.clone().map(|piece| piece.init_of(id)),
                image: None,
                segments: self.segments.iter().map(|piece| piece.clone().media_of(id, init.trex)).collect(),
                said: Said { label: None, ..self.said.clone() },
            })
        };
        ids.into_iter().map(one).collect::<Option<Vec<_>>>().unwrap_or_else(|| vec![self])
    }

    /// With what the init segment says, where nothing else said it.
    fn completed(mut self) -> Self {
        // What is wrong with it, is told when it is read.
        let Some(Ok(bytes)) = self.init.as_ref().map(Piece::read) else { return self };
        let Ok(init) = Init::parse(&bytes) else { return self };
        let carries = ids::carries(&init);
        if let Hint::Name(_, kind) = &mut self.hint {
            kind.get_or_insert(carries);
        }
        if carries != "video" && self.said.language.is_none() {
            self.said.language = said::spoken(&init);
        }
        self
    }
}

/// What a shape holds.
#[derive(Default)]
struct Listing {
    tracks: Vec<Found>,
    left_out: Vec<String>,
}

impl Source {
    /// Opens a folder, or a file by its name: an MPD, an HLS playlist, or a fragmented MP4 of one track.
    ///
    /// In a folder a manifest is followed where there is one, an MPD before HLS; else `TRACK/{init.mp4,1.m4s,…}` are tracks; else files are told
    /// apart by what is in them and by their names.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let listing = if path.is_file() { Self::file(path)? } else { Self::folder(path)? };
        let root = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
        let Listing { tracks, left_out } = listing;
        if tracks.is_empty() {
            bail!(
                "{}: no track here: a track is a folder with init.mp4 and 1.m4s, 2.m4s, … or with 1.vtt, … or 1.jpg, …, a fragmented MP4 file, or what a manifest (.mpd, .m3u8) lists",
                path.display()
            );
        }
        if tracks.len() > MOST_TRACKS {
            bail!("{}: {} tracks, a title has at most {MOST_TRACKS}", path.display(), tracks.len());
        }
        let mut tracks = ids::assign(tracks.into_iter().flat_map(Found::apart).map(Found::completed).collect());
        tracks.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { root: root.to_owned(), tracks, left_out })
    }

    fn file(path: &Path) -> anyhow::Result<Listing> {
        match extension(path).as_str() {
            "mpd" => mpd::open(path),
            "m3u8" => hls::open(path),
            _ => names::files(path.parent().unwrap_or(Path::new("")), vec![path.to_owned()]),
        }
    }

    fn folder(dir: &Path) -> anyhow::Result<Listing> {
        let entries = list(dir)?;
        let with = |wanted: &str| -> Vec<&PathBuf> {
            entries.iter().filter(|path| path.is_file() && extension(path) == wanted).collect()
        };
        match with("mpd").as_slice() {
            [] => {}
            [one] => return mpd::open(one),
            several => bail!(
                "{}: {} MPDs: name the one to follow, as in `sluice index {}`",
                dir.display(),
                several.len(),
                several[0].display()
            ),
        }
        let playlists = with("m3u8");
        if !playlists.is_empty() {
            return hls::open_any(dir, &playlists);
        }
        if folders::are_here(&entries) {
            return folders::open(entries);
        }
        names::files(dir, names::walk(dir)?)
    }

    /// Gives the track `from` the id `to`, as title.toml says.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> anyhow::Result<()> {
        let id = TrackId::parse(to).with_context(|| format!("title.toml: [tracks.{to}]"))?;
        if self.tracks.iter().any(|track| track.id == id) {
            bail!("title.toml: [tracks.{to}] has from = {from:?}, but there is a track {to} already");
        }
        let known = || self.tracks.iter().map(|track| track.id.as_str()).collect::<Vec<_>>().join(", ");
        let listed = known();
        let track = self.tracks.iter_mut().find(|track| track.id.as_str() == from);
        let track = track.with_context(|| {
            format!("title.toml: [tracks.{to}] has from = {from:?}, which is no track; there are {listed}")
        })?;
        track.id = id;
        self.tracks.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(())
    }
}

/// The extension in lower case, or nothing.
fn extension(path: &Path) -> String {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// What is in a folder, by name.
fn list(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("{}: cannot be listed", dir.display()))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()).with_context(|| format!("{}: cannot be listed", dir.display())))
        .collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Reads a manifest whole.
fn document(path: &Path) -> anyhow::Result<String> {
    const LARGEST: u64 = 32 << 20;
    let size = fs::metadata(path).with_context(|| format!("{}: cannot be read", path.display()))?.len();
    if size > LARGEST {
        bail!("{}: {size} bytes, a manifest may have {LARGEST}", path.display());
    }
    let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{}: not UTF-8", path.display()))
}

/// Collects what can be used, and the problems of what cannot.
fn gather<T>(results: impl IntoIterator<Item = anyhow::Result<T>>) -> anyhow::Result<Vec<T>> {
    let mut problems = Problems::default();
    let good: Vec<T> = results.into_iter().filter_map(|result| problems.note(result)).collect();
    problems.none()?;
    Ok(good)
}

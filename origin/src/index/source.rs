use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sluice_packager::title::TrackId;

/// A folder of tracks, as another tool wrote it.
pub(super) struct Source {
    /// Sorted by id.
    pub(super) tracks: Vec<TrackFiles>,
}

/// One track's files.
pub(super) struct TrackFiles {
    pub(super) id: TrackId,
    /// `None` for text.
    pub(super) init: Option<PathBuf>,
    /// In order of their numbers, from 1.
    pub(super) segments: Vec<PathBuf>,
}

impl Source {
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        let mut tracks = Vec::new();
        let mut folders: Vec<PathBuf> = list(dir)?.into_iter().filter(|path| path.is_dir()).collect();
        folders.sort();
        for folder in folders {
            if let Some(track) = TrackFiles::open(&folder)? {
                tracks.push(track);
            }
        }
        if tracks.is_empty() {
            bail!(
                "{}: no track here: a track is a folder with init.mp4 and 1.m4s, 2.m4s, … or with 1.vtt, …",
                dir.display()
            );
        }
        if tracks.len() > 256 {
            bail!("{}: {} tracks, a title has at most 256", dir.display(), tracks.len());
        }
        Ok(Self { tracks })
    }
}

impl TrackFiles {
    /// `None` for a folder that holds an indexed version rather than a track: the store may be the same folder.
    fn open(folder: &Path) -> anyhow::Result<Option<Self>> {
        let init = folder.join("init.mp4");
        let (init, extension) = match (init.is_file(), folder.join("1.vtt").is_file()) {
            (true, false) => (Some(init), "m4s"),
            (false, true) => (None, "vtt"),
            (true, true) => bail!("{}: both init.mp4 and 1.vtt: media and text are separate tracks", folder.display()),
            (false, false) if is_version(folder)? => return Ok(None),
            (false, false) => bail!("{}: neither init.mp4 nor 1.vtt", folder.display()),
        };
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let id = TrackId::parse(name)
            .with_context(|| format!("{}: the folder's name is the track's id", folder.display()))?;
        let mut numbers = list(folder)?
            .iter()
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .map(|path| {
                let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                let number = stem.parse::<u32>().ok().filter(|number| *number > 0 && stem == number.to_string());
                number
                    .with_context(|| format!("{}: segments are named 1.{extension}, 2.{extension}, …", path.display()))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        numbers.sort_unstable();
        if numbers.is_empty() {
            bail!("{}: no segment: 1.{extension} is missing", folder.display());
        }
        if let Some((expected, _)) = (1..).zip(&numbers).find(|(expected, number)| expected != *number) {
            bail!("{}: segment {expected}.{extension} is missing", folder.display());
        }
        let segments = numbers.iter().map(|number| folder.join(format!("{number}.{extension}"))).collect();
        Ok(Some(Self { id, init, segments }))
    }
}

/// Whether the folder is one that indexing wrote.
fn is_version(folder: &Path) -> anyhow::Result<bool> {
    Ok(list(folder)?.iter().any(|path| path.join("record.json").is_file()))
}

fn list(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("{}: cannot be listed", dir.display()))?;
    entries
        .map(|entry| entry.map(|entry| entry.path()).with_context(|| format!("{}: cannot be listed", dir.display())))
        .collect()
}

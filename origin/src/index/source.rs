use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sluice_packager::title::{ImageFormat, TrackId};

/// A folder of tracks, as another tool wrote it.
pub(super) struct Source {
    /// Sorted by id.
    pub(super) tracks: Vec<TrackFiles>,
}

/// One track's files.
pub(super) struct TrackFiles {
    pub(super) id: TrackId,
    /// `None` for text and thumbnails.
    pub(super) init: Option<PathBuf>,
    /// Of thumbnails, how they are coded.
    pub(super) image: Option<ImageFormat>,
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
                "{}: no track here: a track is a folder with init.mp4 and 1.m4s, 2.m4s, … or with 1.vtt, … or 1.jpg, …",
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
        let mut images = ImageFormat::ALL.into_iter();
        let image = images.find(|format| folder.join(format!("1.{}", format.extension())).is_file());
        let (init, extension) = match (init.is_file(), folder.join("1.vtt").is_file(), image) {
            (true, false, None) => (Some(init), "m4s"),
            (false, true, None) => (None, "vtt"),
            (false, false, Some(format)) => (None, format.extension()),
            (false, false, None) if is_version(folder)? => return Ok(None),
            (false, false, None) => bail!("{}: neither init.mp4 nor 1.vtt nor 1.jpg", folder.display()),
            _ => bail!(
                "{}: two of init.mp4, 1.vtt and 1.{}: media, text and thumbnails are separate tracks",
                folder.display(),
                image.map_or("jpg", ImageFormat::extension)
            ),
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
        Ok(Some(Self { id, init, image, segments }))
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

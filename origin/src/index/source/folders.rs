//! Our own shape: `DIR/TRACK/{init.mp4,1.m4s,…}`, for plain WebVTT `1.vtt,…`, for thumbnails `1.jpg,…`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sluice_packager::title::{ImageFormat, TrackId};

use super::{Found, Hint, Listing, Piece, Said, gather, list};

/// Whether one of these is such a track: by its first segment, as other tools too call their init segments so.
pub(super) fn are_here(entries: &[PathBuf]) -> bool {
    entries.iter().any(|folder| {
        folder.join("1.vtt").is_file()
            || image(folder).is_some()
            || folder.join("init.mp4").is_file() && folder.join("1.m4s").is_file()
    })
}

pub(super) fn open(entries: Vec<PathBuf>) -> anyhow::Result<Listing> {
    let folders = entries.into_iter().filter(|path| path.is_dir());
    let tracks = folders.filter_map(|folder| track(&folder).transpose());
    Ok(Listing { tracks: gather(tracks)?, left_out: Vec::new() })
}

/// `None` for a folder that holds an indexed version rather than a track: the store may be the same folder.
fn track(folder: &Path) -> anyhow::Result<Option<Found>> {
    let init = folder.join("init.mp4");
    let image = image(folder);
    let (init, extension) = match (init.is_file(), folder.join("1.vtt").is_file(), image) {
        (true, false, None) => (Some(Piece::whole(init, "init.mp4")), "m4s"),
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
    let id =
        TrackId::parse(name).with_context(|| format!("{}: the folder's name is the track's id", folder.display()))?;
    let mut numbers = list(folder)?
        .iter()
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            number(path)
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
    let segments = numbers.iter().map(|number| {
        let name = format!("{number}.{extension}");
        Piece::whole(folder.join(&name), name)
    });
    Ok(Some(Found { hint: Hint::Exact(id), init, image, segments: segments.collect(), said: Said::default() }))
}

/// How the folder's images are coded, if it has some.
fn image(folder: &Path) -> Option<ImageFormat> {
    ImageFormat::ALL.into_iter().find(|format| folder.join(format!("1.{}", format.extension())).is_file())
}

/// The number that a segment's name is, if it is one.
fn number(path: &Path) -> Option<u32> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem.parse::<u32>().ok().filter(|number| *number > 0 && stem == number.to_string())
}

/// Whether the folder is one that indexing wrote.
pub(super) fn is_version(folder: &Path) -> anyhow::Result<bool> {
    Ok(list(folder)?.iter().any(|path| path.join("record.json").is_file()))
}

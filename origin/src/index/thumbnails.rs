use anyhow::{Context, anyhow, bail};
use sluice_packager::title::{ImageFormat, Thumbnails, Timeline, TrackKind};

use super::{
    settings::TrackSettings,
    source::TrackFiles,
    track::{ReadTrack, load},
};

/// Most thumbnails in a row, and rows.
const MAX_TILES: u32 = 100;

/// Reads a track of images: `1.jpg`, `2.jpg`, … (or `png`, `webp`), each with thumbnails in rows. Its timeline comes from the media's.
///
/// `settings`: `tiles` and `interval` of the track in title.toml.
pub(super) fn read(source: &TrackFiles, format: ImageFormat, settings: &TrackSettings) -> anyhow::Result<ReadTrack> {
    let id = &source.id;
    let tiles = settings.tiles.as_deref().with_context(|| {
        format!(
            "title.toml: tracks.{id}: images need tiles = \"COLUMNSxROWS\" and interval = SECONDS between thumbnails"
        )
    })?;
    let (columns, rows) = layout(tiles)
        .with_context(|| format!("title.toml: tracks.{id}: tiles = {tiles:?} is not of the form \"10x6\""))?;
    let (mut files, mut size) = (Vec::new(), None);
    for path in &source.segments {
        let (bytes, file) = load(path)?;
        let found = image_size(&bytes, format).with_context(|| path.display().to_string())?;
        if let Some(first) = size.filter(|first| *first != found) {
            bail!("{}: {}, but the images before it are {}", path.display(), pixels(found), pixels(first));
        }
        size = Some(found);
        files.push(file);
    }
    let (width, height) = size.with_context(|| format!("track {id}: no image"))?;
    if width % columns != 0 || height % rows != 0 {
        bail!("track {id}: its images are {}, which are not {tiles} thumbnails of one size", pixels((width, height)));
    }
    let thumbnails = Thumbnails { format, columns, rows, width: width / columns, height: height / rows };
    let track = ReadTrack::of_files(id.clone(), TrackKind::Thumbnail, format.as_str(), files);
    Ok(ReadTrack { thumbnails: Some(thumbnails), ..track })
}

/// The timeline of `track` beside the media's `timeline`: every image lasts as long as all of its thumbnails, the last one too, which may show fewer.
pub(super) fn timeline(
    track: &ReadTrack,
    media: &Timeline,
    timescale: u32,
    settings: &TrackSettings,
) -> anyhow::Result<Timeline> {
    let id = &track.id;
    let tiles = track.thumbnails.map_or(1, |thumbnails| thumbnails.tiles());
    let interval = settings.interval.filter(|interval| interval.is_finite() && *interval > 0.0 && *interval <= 3600.0);
    let interval = interval.with_context(|| {
        format!("title.toml: tracks.{id}: interval, the seconds between thumbnails, is not given, or not in (0, 3600]")
    })?;
    let duration = (interval * f64::from(timescale) * tiles as f64).round() as u64;
    if duration == 0 {
        bail!("title.toml: tracks.{id}: interval = {interval} is shorter than the media can tell");
    }
    let (has, wants) = (track.files.len() as u64, media.duration().div_ceil(duration));
    if has != wants {
        bail!("track {id}: {has} images of {tiles} thumbnails, one each {interval} s; the media takes {wants}");
    }
    let count = u32::try_from(has).map_err(|_| anyhow!("track {id}: too many images"))?;
    let mut timeline = Timeline { start: media.start, runs: Vec::new() };
    (0..count).for_each(|_| timeline.push(duration, 0));
    Ok(timeline)
}

fn layout(text: &str) -> Option<(u32, u32)> {
    let (columns, rows) = text.split_once('x')?;
    let number = |text: &str| text.parse().ok().filter(|number| (1..=MAX_TILES).contains(number));
    Some((number(columns)?, number(rows)?))
}

/// Width and height in pixels, as the image's header tells them.
fn image_size(bytes: &[u8], format: ImageFormat) -> anyhow::Result<(u32, u32)> {
    let found = imagesize::image_type(bytes).map_err(|error| anyhow!("not an image: {error}"))?;
    let named = match found {
        imagesize::ImageType::Jpeg => Some(ImageFormat::Jpeg),
        imagesize::ImageType::Png => Some(ImageFormat::Png),
        imagesize::ImageType::Webp => Some(ImageFormat::Webp),
        _ => None,
    };
    if named != Some(format) {
        bail!("the image is not {}, though its name says so", format.as_str());
    }
    let size = imagesize::blob_size(bytes).map_err(|error| anyhow!("the image's header cannot be read: {error}"))?;
    let side = |side: usize| u32::try_from(side).ok().filter(|side| (1..=65_535).contains(side));
    side(size.width).zip(side(size.height)).context("the image's header tells no size, or one past 65535 pixels")
}

fn pixels((width, height): (u32, u32)) -> String {
    format!("{width}x{height} pixels")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_two_small_numbers() {
        assert_eq!(layout("10x6"), Some((10, 6)));
        assert_eq!(layout("1x1"), Some((1, 1)));
        for bad in ["", "10", "x", "0x6", "10x-1", "10x6x2", "101x1", "10X6", " 10x6"] {
            assert_eq!(layout(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_image_is_of_the_format_that_its_name_says() {
        // A PNG's signature and IHDR.
        let png = [
            &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..],
            &1600u32.to_be_bytes(),
            &540u32.to_be_bytes(),
            &[8, 2, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(image_size(&png, ImageFormat::Png).expect("a size"), (1600, 540));
        assert!(image_size(&png, ImageFormat::Jpeg).expect_err("is none").to_string().contains("not jpeg"));
        assert!(image_size(&png[..20], ImageFormat::Png).is_err());
        assert!(image_size(b"", ImageFormat::Png).is_err() && image_size(b"<svg/>", ImageFormat::Webp).is_err());
    }
}

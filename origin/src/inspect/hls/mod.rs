//! HLS playlists (rfc8216bis).
//!
//! Read line by line here: of the crates there are, m3u8-rs keeps one `EXT-X-KEY` per segment, and the order of tags, on which
//! players depend, is lost in its structs. It judges this reader in tests.

mod key;
mod line;
mod map;
mod media;
mod multivariant;
mod segments;
#[cfg(test)]
mod tests;
mod variant;

use anyhow::{Context, bail};

pub use key::{HlsKey, KeySet};
pub use map::{ByteRange, Map};
pub use media::{MediaPlaylist, SegmentRow};
pub use multivariant::MultivariantPlaylist;
pub use variant::{Rendition, Variant};

use super::report::{Content, Report};
pub(crate) use line::{Attributes, Line, lines};

/// Most lines of a playlist.
const MOST_LINES: usize = 1 << 20;

/// Explains a playlist.
///
/// # Errors
/// That it is not one. What is wrong inside of it is among the report's warnings and errors.
pub(super) fn explain(bytes: &[u8], list: bool) -> anyhow::Result<Report> {
    let text = std::str::from_utf8(bytes).context("the playlist is not UTF-8 (rfc8216bis, 4.1)")?;
    let lines = lines(text)?;
    let has =
        |names: &[&str]| lines.iter().any(|line| matches!(line.what, Line::Tag(name, _) if names.contains(&name)));
    let multivariant = has(&["EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-MEDIA"]);
    let media = has(&["EXTINF", "EXT-X-TARGETDURATION"]);
    match (multivariant, media) {
        (true, false) => Ok(multivariant::explain(&lines)),
        (false, true) => Ok(segments::explain(&lines, list)),
        (true, true) => {
            bail!("a playlist with tags of a multivariant and of a media playlist (rfc8216bis, 4.1 forbids both)")
        }
        (false, false) => bail!("a playlist with neither variants nor segments"),
    }
}

fn report(content: Content, warnings: Vec<super::report::Warning>, errors: Vec<String>) -> Report {
    Report { warnings, errors, ..Report::of(content) }
}

//! HLS (rfc8216bis): a multivariant playlist and its media playlists beside their media, or media playlists alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use m3u8_rs::{AlternativeMediaType, ByteRange, KeyMethod, MasterPlaylist, MediaPlaylist, MediaSegment, Playlist};

use super::{Declared, Found, Hint, Listing, MOST_SEGMENTS, Piece, Said, document, gather, locate};

/// What a multivariant playlist says of a media playlist.
struct Listed {
    uri: String,
    kind: Option<&'static str>,
    said: Said,
}

/// Opens the playlists of a folder: the multivariant one among them, or else each as a track.
pub(super) fn open_any(dir: &Path, playlists: &[&PathBuf]) -> anyhow::Result<Listing> {
    let parsed = gather(playlists.iter().map(|path| Ok((*path, parse(path)?))))?;
    let multivariant: Vec<&PathBuf> =
        parsed.iter().filter(|(_, p)| is_multivariant(p)).map(|(path, _)| *path).collect();
    match multivariant.as_slice() {
        [] => {
            let listed = |path: &PathBuf| Listed { uri: file_name(path), kind: None, said: Said::default() };
            tracks(dir, playlists.iter().map(|path| listed(path)).collect())
        }
        [one] => open(one),
        several => bail!(
            "{}: {} multivariant playlists: name the one to follow, as in `sluice index {}`",
            dir.display(),
            several.len(),
            several[0].display()
        ),
    }
}

/// Opens a playlist of either kind.
pub(super) fn open(path: &Path) -> anyhow::Result<Listing> {
    let root = path.parent().unwrap_or(Path::new(""));
    let listed = match parse(path)? {
        Playlist::MasterPlaylist(playlist) => renditions(playlist),
        Playlist::MediaPlaylist(_) => vec![Listed { uri: file_name(path), kind: None, said: Said::default() }],
    };
    tracks(root, listed)
}

fn parse(path: &Path) -> anyhow::Result<Playlist> {
    let text = document(path)?;
    m3u8_rs::parse_playlist_res(text.trim_start_matches('\u{feff}').as_bytes())
        .map_err(|_| anyhow!("{}: not an HLS playlist (RFC 8216)", path.display()))
}

fn is_multivariant(playlist: &Playlist) -> bool {
    matches!(playlist, Playlist::MasterPlaylist(_))
}

fn file_name(path: &Path) -> String {
    // Percent signs of a file's name are no escapes.
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default().replace('%', "%25")
}

/// The media playlists, each once: several variants may share one, and an audio rendition may be a variant too. I-frame
/// playlists are left: the edge makes them.
fn renditions(playlist: MasterPlaylist) -> Vec<Listed> {
    let mut seen = BTreeSet::new();
    let mut listed = Vec::new();
    for media in playlist.alternatives {
        let kind = match media.media_type {
            AlternativeMediaType::Audio => Some("audio"),
            AlternativeMediaType::Subtitles => Some("text"),
            AlternativeMediaType::Video => Some("video"),
            AlternativeMediaType::ClosedCaptions | AlternativeMediaType::Other(_) => None,
        };
        // Without a URI it is inside its variants.
        let Some(uri) = media.uri.filter(|uri| kind.is_some() && seen.insert(uri.clone())) else { continue };
        let default = media.default && kind != Some("video");
        listed.push(Listed { uri, kind, said: Said::new(media.language.as_deref(), Some(&media.name), default) });
    }
    for variant in playlist.variants.into_iter().filter(|variant| !variant.is_i_frame) {
        if seen.insert(variant.uri.clone()) {
            let video = variant.resolution.is_some();
            listed.push(Listed { uri: variant.uri, kind: video.then_some("video"), said: Said::default() });
        }
    }
    listed
}

fn tracks(root: &Path, listed: Vec<Listed>) -> anyhow::Result<Listing> {
    let tracks = listed.into_iter().filter_map(|listed| track(root, listed).transpose());
    Ok(Listing { tracks: gather(tracks)?, left_out: Vec::new() })
}

/// `None` for an I-frame playlist.
fn track(root: &Path, listed: Listed) -> anyhow::Result<Option<Found>> {
    let address = locate::join("", &listed.uri)?;
    let path = locate::file(root, &address)?;
    let Playlist::MediaPlaylist(playlist) = parse(&path)? else {
        bail!("{}: a multivariant playlist where a media playlist is due", path.display());
    };
    if playlist.i_frames_only {
        return Ok(None);
    }
    let (init, segments) = media(root, &address, playlist).with_context(|| path.display().to_string())?;
    Ok(Some(Found {
        hint: Hint::Name(stem(&address).to_owned(), listed.kind),
        init,
        image: None,
        segments,
        said: listed.said,
    }))
}

/// What a playlist is called: its folder's name where its own says nothing.
fn stem(address: &str) -> &str {
    let without = address.strip_suffix(".m3u8").unwrap_or(address);
    match without.rsplit_once('/') {
        Some((folder, "index" | "playlist" | "prog_index" | "media" | "main" | "stream")) => folder,
        _ => without,
    }
}

fn media(root: &Path, playlist_at: &str, playlist: MediaPlaylist) -> anyhow::Result<(Option<Piece>, Vec<Piece>)> {
    if !playlist.end_list {
        bail!("no EXT-X-ENDLIST, so the stream may go on: index the finished one");
    }
    if playlist.segments.is_empty() || playlist.segments.len() > MOST_SEGMENTS {
        bail!("{} segments, a track has 1 to {MOST_SEGMENTS}", playlist.segments.len());
    }
    let is_text = playlist
        .segments
        .iter()
        .all(|segment| bare(&segment.uri).ends_with(".vtt") || bare(&segment.uri).ends_with(".webvtt"));
    let mut init = None;
    // Where the last byte range of each file ended: one without an offset goes on from there.
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    let mut segments = Vec::new();
    for (index, segment) in playlist.segments.iter().enumerate() {
        let number = index + 1;
        usable(segment, index).with_context(|| format!("segment {number}"))?;
        if let Some(map) = &segment.map {
            let address = locate::join(playlist_at, &map.uri)?;
            let range = map.byte_range.as_ref().map(|range| resolve(range, Some(0))).transpose()?;
            let changed =
                init.replace((address.clone(), range.clone())).is_some_and(|before| before != (address, range));
            if changed {
                bail!("segment {number}: another EXT-X-MAP: a track has one init segment");
            }
        }
        let address = locate::join(playlist_at, &segment.uri)?;
        let path = locate::file(root, &address).with_context(|| format!("segment {number}"))?;
        let range = match &segment.byte_range {
            Some(range) => {
                let range = resolve(range, ends.get(&address).copied()).with_context(|| format!("segment {number}"))?;
                ends.insert(address, range.end);
                Some(range)
            }
            None => None,
        };
        let declared = Declared { seconds: segment.duration.into(), nominal: false };
        let name = format!("{number}.{}", if is_text { "vtt" } else { "m4s" });
        segments.push(Piece::of(path, range, name).lasting(Some(declared)));
    }
    let init = match init {
        Some((address, range)) => Some(Piece::of(locate::file(root, &address)?, range, "init.mp4")),
        None if is_text => None,
        None => bail!(
            "no EXT-X-MAP, so its segments are MPEG-TS or packed audio: package as fragmented MP4 (ffmpeg: -hls_segment_type fmp4)"
        ),
    };
    Ok((init, segments))
}

fn bare(uri: &str) -> &str {
    uri.split(['?', '#']).next().unwrap_or_default()
}

fn usable(segment: &MediaSegment, index: usize) -> anyhow::Result<()> {
    if segment.key.as_ref().is_some_and(|key| key.method != KeyMethod::None) {
        bail!("is encrypted already (EXT-X-KEY): index the clear media that it was made of");
    }
    if segment.discontinuity && index > 0 {
        bail!("a discontinuity: a title has one timeline; index each part as a title of its own");
    }
    if segment.unknown_tags.iter().any(|tag| tag.tag == "X-GAP") {
        bail!("a gap (EXT-X-GAP): its media is missing");
    }
    Ok(())
}

/// `LENGTH@OFFSET`, or `LENGTH` from where the range before ended.
fn resolve(range: &ByteRange, from: Option<u64>) -> anyhow::Result<Range<u64>> {
    let start = range.offset.or(from).context("a byte range without an offset, and none before it in the same file")?;
    let end = start.checked_add(range.length).filter(|end| *end > start);
    Ok(start..end.with_context(|| format!("a byte range of {} bytes from {start}", range.length))?)
}

//! Media without a manifest: what a file is tells its content, what belongs together its name.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};

use super::{
    Found, Hint, Listing, MOST_SEGMENTS, Piece, Said, extension, folders, list,
    whole::{self, TopLevel},
};
use crate::index::problems::Problems;

/// How deep folders are looked into: Bento4 writes `audio/en/mp4a.40.2/`.
const DEEPEST: usize = 5;
/// Most files that are looked at.
const MOST_FILES: usize = 1 << 18;
/// Words by which tools tell an init segment and segments apart, of which the name of a track is what remains.
const WORDS: [&str; 9] = ["init", "chunk", "seg", "segment", "segments", "media", "frag", "fragment", "header"];

/// The files of a folder and of those in it, sorted; none of a title that indexing wrote.
pub(super) fn walk(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![(dir.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for path in list(&folder)? {
            let hidden = path.file_name().and_then(|name| name.to_str()).is_none_or(|name| name.starts_with('.'));
            if hidden || path.is_symlink() {
                continue;
            }
            if path.is_dir() && depth < DEEPEST && !folders::is_version(&path)? {
                folders.push((path, depth + 1));
            } else if path.is_file() {
                files.push(path);
            }
        }
        if files.len() > MOST_FILES {
            bail!("{}: more than {MOST_FILES} files", dir.display());
        }
    }
    files.sort();
    Ok(files)
}

/// Segments of one track, so far as names tell.
#[derive(Default)]
struct Group {
    init: Option<PathBuf>,
    /// By their numbers.
    segments: Vec<(u64, PathBuf)>,
}

/// The tracks that `files` in `dir` are.
///
/// # Errors
/// A problem for each file that is none of fragmented MP4, init segment, media segment or WebVTT, but by its extension should be.
pub(super) fn files(dir: &Path, files: Vec<PathBuf>) -> anyhow::Result<Listing> {
    let mut problems = Problems::default();
    let (mut tracks, mut left_out) = (Vec::new(), Vec::new());
    // By folder and what their names have in common.
    let mut groups: BTreeMap<(PathBuf, String), Group> = BTreeMap::new();
    let mut texts: BTreeMap<(PathBuf, String), Vec<(u64, PathBuf)>> = BTreeMap::new();
    for path in files {
        let folder = path.parent().unwrap_or(dir).strip_prefix(dir).unwrap_or(Path::new("")).to_owned();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        match extension(&path).as_str() {
            "mp4" | "m4s" | "m4v" | "m4a" | "m4i" | "mp4v" | "mp4a" | "cmfi" | "cmfv" | "cmfa" | "cmft" | "cmfm"
            | "dash" | "mov" | "ismv" | "isma" | "ismt" => {}
            "ts" | "aac" | "webm" | "mkv" | "mxf" => {
                problems.push(&anyhow!(
                    "{}: no fragmented MP4: package it as CMAF (ffmpeg: -f dash, or -f hls -hls_segment_type fmp4)",
                    path.display()
                ));
                continue;
            }
            "vtt" | "webvtt" => {
                match common(stem, true) {
                    (name, Some(number)) => texts.entry((folder, name)).or_default().push((number, path)),
                    (_, None) => left_out.push(format!(
                        "{}: WebVTT whose name ends in no number: text is taken in segments, cut where the video is",
                        path.display()
                    )),
                }
                continue;
            }
            _ => continue,
        }
        let Some(scanned) = problems.note(TopLevel::scan(&path)) else { continue };
        match (scanned.has(b"moov"), scanned.has(b"moof"), scanned.has(b"mdat")) {
            (true, true, _) | (true, false, true) => {
                let Some(split) = problems.note(whole::split(&path)) else { continue };
                let hint = Hint::Name(folder.join(stem).display().to_string(), None);
                tracks.push(Found {
                    hint,
                    init: Some(split.init),
                    image: None,
                    segments: split.segments,
                    said: Said::default(),
                });
            }
            (true, false, false) => {
                let group = groups.entry((folder, common(stem, false).0)).or_default();
                if let Some(other) = &group.init {
                    problems.push(&anyhow!(
                        "{}: an init segment of the same track as {}, by its name",
                        path.display(),
                        other.display()
                    ));
                }
                group.init = Some(path);
            }
            (false, true, _) => match common(stem, true) {
                (name, Some(number)) => groups.entry((folder, name)).or_default().segments.push((number, path)),
                (_, None) => problems.push(&anyhow!(
                    "{}: a media segment whose name ends in no number, so its place is unknown",
                    path.display()
                )),
            },
            (false, false, _) => problems.push(&anyhow!(
                "{}: neither an init segment nor a media segment: no moov and no moof at byte 0 or later",
                path.display()
            )),
        }
    }
    adopt(&mut groups);
    for ((folder, name), group) in groups {
        if let Some(track) = problems.note(group.track(&folder, &name)) {
            tracks.push(track);
        }
    }
    for ((folder, name), mut segments) in texts {
        segments.sort();
        let segments = (1..).zip(segments).map(|(number, (_, path))| Piece::whole(path, format!("{number}.vtt")));
        let hint = Hint::Name(joined(&folder, &name), Some("text"));
        tracks.push(Found { hint, init: None, image: None, segments: segments.collect(), said: Said::default() });
    }
    problems.none()?;
    Ok(Listing { tracks, left_out })
}

/// Segments whose own name has no init segment take the folder's only one.
fn adopt(groups: &mut BTreeMap<(PathBuf, String), Group>) {
    let mut by_folder: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for (folder, name) in groups.keys() {
        by_folder.entry(folder.clone()).or_default().push(name.clone());
    }
    for (folder, names) in by_folder {
        let [first, second] = names.as_slice() else { continue };
        let key = |name: &String| (folder.clone(), name.clone());
        let has_init = |name: &String| groups.get(&key(name)).is_some_and(|group| group.init.is_some());
        let (with, without) = if has_init(first) { (first, second) } else { (second, first) };
        let empty = groups.get(&key(with)).is_some_and(|group| group.segments.is_empty() && group.init.is_some());
        if empty
            && !has_init(without)
            && let Some(group) = groups.remove(&key(with))
            && let Some(segments) = groups.get_mut(&key(without))
        {
            segments.init = group.init;
        }
    }
}

impl Group {
    fn track(mut self, folder: &Path, name: &str) -> anyhow::Result<Found> {
        let first = || self.segments.first().map(|(_, path)| path.display().to_string()).unwrap_or_default();
        let Some(init) = &self.init else {
            bail!("{}: a media segment without an init segment: none here is named like it", first());
        };
        if self.segments.is_empty() || self.segments.len() > MOST_SEGMENTS {
            bail!(
                "{}: an init segment with {} segments, a track has 1 to {MOST_SEGMENTS}",
                init.display(),
                self.segments.len()
            );
        }
        self.segments.sort();
        if let Some(pair) = self.segments.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            bail!("{}: has the number of {}", pair[1].1.display(), pair[0].1.display());
        }
        let segments = (1..).zip(self.segments).map(|(number, (_, path))| Piece::whole(path, format!("{number}.m4s")));
        Ok(Found {
            image: None,
            hint: Hint::Name(joined(folder, name), None),
            init: Some(Piece::whole(init, "init.mp4")),
            segments: segments.collect(),
            said: Said::default(),
        })
    }
}

fn joined(folder: &Path, name: &str) -> String {
    let parts = [folder.display().to_string(), name.to_owned()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// What is left of a name without the words and, of a segment, without its number; and that number.
fn common(stem: &str, segment: bool) -> (String, Option<u64>) {
    let digits = stem.len() - stem.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let (rest, number) = stem.split_at(stem.len() - if segment { digits } else { 0 });
    let words = rest
        .split(['-', '_', '.', ' '])
        .filter(|word| !word.is_empty() && !WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)));
    (words.collect::<Vec<_>>().join("-"), number.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_track_have_the_rest_in_common() {
        for (init, segment, name, number) in [
            ("init-stream0", "chunk-stream0-00001", "stream0", 1),
            ("init", "seg-12", "", 12),
            ("film_video_1_init", "film_video_1_000000003", "film-video-1", 3),
            ("video_init", "video_90000", "video", 90_000),
            ("init", "7", "", 7),
        ] {
            assert_eq!(common(init, false), (name.to_owned(), None));
            assert_eq!(common(segment, true), (name.to_owned(), Some(number)));
        }
        assert_eq!(common("film", true), ("film".to_owned(), None));
        // A number that no u64 holds is none.
        assert_eq!(common("1-99999999999999999999999", true).1, None);
    }
}

//! One track's protected media against its clear media.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use sluice_packager::{
    cenc::read::Reader,
    keys::{ContentKey, Kid},
};

/// What a comparison found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) samples: u64,
    pub(super) mismatches: u64,
    pub(super) problems: Vec<String>,
}

/// The key id that an init segment names, where its track is protected.
pub(super) fn kid(init: &[u8]) -> Result<Option<Kid>> {
    Ok(Reader::new(init)?.protection().map(|sinf| sinf.tenc.kid))
}

/// What opens a track's segments.
pub(super) struct Keys<'a> {
    /// By key id; none for media that is in the clear.
    pub(super) keys: &'a BTreeMap<Kid, ContentKey>,
    /// Segments from the first on that may be in the clear though others are not.
    pub(super) clear_lead: usize,
}

impl Keys<'_> {
    /// Of media in the clear.
    pub(super) fn none() -> Self {
        static NONE: BTreeMap<Kid, ContentKey> = BTreeMap::new();
        Self { keys: &NONE, clear_lead: 0 }
    }
}

/// Compares CMAF: `segments` in order, as delivered, with `folder/N.m4s`.
pub(super) fn media(folder: &Path, init: &Bytes, segments: &[Bytes], keys: &Keys<'_>) -> Result<Findings> {
    let delivered = Reader::new(init).context("the init segment")?;
    let clear = Reader::new(&read(&folder.join("init.mp4"))?).context("the clear init segment")?;
    let mut findings = Findings::default();
    let protected = delivered.protection().is_some();
    ensure!(protected != keys.keys.is_empty(), "a key for a clear track, or none for a protected one");
    for (at, segment) in segments.iter().enumerate() {
        let name = format!("{}.m4s", at + 1);
        let clear_segment = read(&folder.join(&name))?;
        let expected = clear.clear_samples(&clear_segment, None).with_context(|| format!("clear {name}"))?;
        findings.samples += expected.len() as u64;
        match delivered.clear_samples_by(segment, |kid| keys.keys.get(kid)) {
            Ok(samples) => {
                let differing = expected.iter().zip(&samples).filter(|(expected, sample)| expected != sample).count();
                findings.mismatches += (differing + expected.len().abs_diff(samples.len())) as u64;
            }
            Err(error) => {
                findings.mismatches += expected.len() as u64;
                findings.problems.push(format!("{name}: {error}"));
            }
        }
        if protected && at >= keys.clear_lead && shows_clear(&delivered, segment, &expected)? {
            findings.mismatches += 1;
            findings.problems.push(format!("{name}: a clear sample stands in protected media"));
        }
    }
    Ok(findings)
}

/// Compares text: each file is one sample.
pub(super) fn text(folder: &Path, segments: &[Bytes]) -> Result<Findings> {
    let mut findings = Findings::default();
    for (at, segment) in segments.iter().enumerate() {
        let clear = read(&folder.join(format!("{}.vtt", at + 1)))?;
        findings.samples += 1;
        findings.mismatches += u64::from(clear != *segment);
    }
    Ok(findings)
}

/// Whether a sample of some length stands in protected media as it is in the clear.
fn shows_clear(delivered: &Reader, segment: &[u8], expected: &[Vec<u8>]) -> Result<bool> {
    let raw = delivered.samples(segment)?.into_iter().filter_map(|sample| {
        let start = usize::try_from(sample.offset).ok()?;
        segment.get(start..start.checked_add(sample.size as usize)?)
    });
    Ok(raw.zip(expected).any(|(raw, expected)| raw.len() >= 512 && raw == expected))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_media_is_known_for_what_it_is() {
        let folder = crate::fixture::demo_title().join("v360");
        let (init, segment) =
            (read(&folder.join("init.mp4")).expect("there"), read(&folder.join("1.m4s")).expect("there"));
        let reader = Reader::new(&init).expect("an init segment");
        let samples = reader.clear_samples(&segment, None).expect("samples");
        assert!(shows_clear(&reader, &segment, &samples).expect("samples"));
        let altered: Vec<Vec<u8>> = samples.iter().map(|sample| sample.iter().map(|byte| byte ^ 1).collect()).collect();
        assert!(!shows_clear(&reader, &segment, &altered).expect("samples"));
    }

    #[test]
    fn text_is_compared_file_by_file() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [("1.vtt", "WEBVTT\n"), ("2.vtt", "WEBVTT\n\n")] {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        let same = Bytes::from_static(b"WEBVTT\n");
        let findings = text(folder.path(), &[same.clone(), same]).expect("compared");
        assert_eq!((findings.samples, findings.mismatches), (2, 1));
    }
}

//! One track's protected media against its clear media.

use std::path::Path;

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

/// Compares CMAF: `segments` in order, as delivered, with `folder/N.m4s`.
pub(super) fn media(folder: &Path, init: &Bytes, segments: &[Bytes], key: Option<&ContentKey>) -> Result<Findings> {
    let delivered = Reader::new(init).context("the init segment")?;
    let clear = Reader::new(&read(&folder.join("init.mp4"))?).context("the clear init segment")?;
    let mut findings = Findings::default();
    ensure!(delivered.protection().is_some() == key.is_some(), "a key for a clear track, or none for a protected one");
    for (at, segment) in segments.iter().enumerate() {
        let name = format!("{}.m4s", at + 1);
        let clear_segment = read(&folder.join(&name))?;
        let expected = clear.clear_samples(&clear_segment, None).with_context(|| format!("clear {name}"))?;
        findings.samples += expected.len() as u64;
        match delivered.clear_samples(segment, key) {
            Ok(samples) => {
                let differing = expected.iter().zip(&samples).filter(|(expected, sample)| expected != sample).count();
                findings.mismatches += (differing + expected.len().abs_diff(samples.len())) as u64;
            }
            Err(error) => {
                findings.mismatches += expected.len() as u64;
                findings.problems.push(format!("{name}: {error}"));
            }
        }
        if key.is_some() && expected.iter().any(|sample| sample.len() >= 64 && contains(segment, sample)) {
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

/// Whether `sample` stands anywhere in `segment` as it is, by its first bytes and then in full.
fn contains(segment: &[u8], sample: &[u8]) -> bool {
    let head = &sample[..16];
    segment.windows(16).enumerate().any(|(at, window)| window == head && segment[at..].starts_with(sample))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_sample_is_found_wherever_it_stands() {
        let sample: Vec<u8> = (0..100).collect();
        let mut segment = vec![0; 7];
        segment.extend_from_slice(&sample);
        assert!(contains(&segment, &sample));
        segment[60] ^= 1;
        assert!(!contains(&segment, &sample));
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

//! `sluice inspect`: explains a token, an init segment, a media segment, or one of the documents that indexing writes. Never prints a key.

mod boxes;
mod document;
mod media;
mod token;

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, bail};
use zeroize::Zeroizing;

/// Arguments of `sluice inspect`.
#[derive(Clone, Debug, clap::Args)]
pub struct InspectArgs {
    /// A file (init segment, media segment, descriptor, track record, plan), or a token (viewer's JWT, lease, handle)
    pub target: String,
    /// The init segment of a media segment: without it, defaults and IV sizes are not known
    #[arg(long)]
    pub init: Option<PathBuf>,
    /// The root that made a lease or handle, hex digits in a file
    #[arg(long, value_name = "FILE")]
    pub root: Option<PathBuf>,
    /// Lists every sample
    #[arg(long)]
    pub samples: bool,
}

/// Runs `sluice inspect`.
///
/// # Errors
/// One line: what is wrong and where.
pub fn run(args: InspectArgs) -> anyhow::Result<()> {
    if !Path::new(&args.target).exists() {
        let root = args.root.as_ref().map(|path| read_root(path)).transpose()?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        if let Some(said) = token::explain(&args.target, root.as_deref().map(Vec::as_slice), now)? {
            print!("{said}");
            return Ok(());
        }
    }
    let bytes = fs::read(&args.target).with_context(|| format!("{}: cannot be read", args.target))?;
    let init = args
        .init
        .as_ref()
        .map(|path| fs::read(path).with_context(|| format!("{}: cannot be read", path.display())))
        .transpose()?;
    let text = explain(&bytes, init.as_deref(), args.samples);
    print!("{}", text.map_err(|error| anyhow::anyhow!("{}: {error:#}", args.target))?);
    Ok(())
}

fn read_root(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let text =
        fs::read_to_string(path).map(Zeroizing::new).with_context(|| format!("{}: cannot be read", path.display()))?;
    let text = text.trim();
    let digits = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2).unwrap_or_default(), 16);
    let bytes: Result<Vec<u8>, _> = (0..text.len()).step_by(2).map(pair).collect();
    match bytes {
        Ok(bytes) if digits => Ok(Zeroizing::new(bytes)),
        _ => bail!("{}: not hex digits", path.display()),
    }
}

/// Explains the bytes of a file; `init` is the init segment where they are of a media segment.
///
/// # Errors
/// What is wrong and where in the file.
pub fn explain(bytes: &[u8], init: Option<&[u8]>, samples: bool) -> anyhow::Result<String> {
    match bytes.trim_ascii_start().first() {
        Some(b'{') => document::json(bytes),
        Some(b'S') if bytes.starts_with(b"SLPLAN") => document::plan(bytes),
        _ if bytes.len() >= 8 && bytes.iter().skip(4).take(4).all(|byte| byte.is_ascii_graphic() || *byte == b' ') => {
            media::explain(bytes, init, samples)
        }
        _ => bail!("neither ISO BMFF, nor a descriptor, a track record or a plan"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_and_documents_are_explained_and_nonsense_is_refused() {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/title/demo");
        let init = fs::read(demo.join("v360/init.mp4")).expect("reads");
        let said = explain(&init, None, false).expect("an init segment");
        for part in ["moov at ", "    mdia at ", "codec: avc1.4d", "protection: none"] {
            assert!(said.contains(part), "{said} should say {part}");
        }
        let hevc = demo.join("../../../../edge/packager/src/cenc/vectors/hevc-main10/cbcs.init.mp4");
        let said = explain(&fs::read(hevc).expect("reads"), None, false).expect("an init segment");
        for part in ["codec: hev1.2.4.L30.90, 1 VPS, 1 SPS, 1 PPS, NAL", "protection: cbcs of hev1"] {
            assert!(said.contains(part), "{said} should say {part}");
        }
        let segment = fs::read(demo.join("v360/1.m4s")).expect("reads");
        let said = explain(&segment, Some(&init), true).expect("a segment");
        assert_eq!(said.matches("fragment at").count(), 4);
        assert!(said.contains("  0: at ") && said.contains(" sync"), "{said}");

        let out = tempfile::tempdir().expect("a folder");
        let indexed = crate::index::index(&demo, "demo", out.path()).expect("indexes");
        let said = explain(&fs::read(out.path().join("demo/descriptor.json")).expect("reads"), None, false)
            .expect("a descriptor");
        assert!(said.contains("v1080: video avc1.64"), "{said}");
        for (name, part) in [("record.json", "record of track v360"), ("plan.bin", "plan of 24 entries")] {
            let said =
                explain(&fs::read(indexed.path.join("v360").join(name)).expect("reads"), None, false).expect(name);
            assert!(said.contains(part), "{said} should say {part}");
        }
        for bad in [&b""[..], b"nonsense", b"{}", &segment[..100], b"SLPLAN"] {
            assert!(explain(bad, None, false).is_err(), "{bad:?}");
        }
    }
}

//! `sluice index`: makes a title version of CMAF that another tool wrote.
//!
//! Reads `DIR/TRACK/{init.mp4,1.m4s,…}` (text: `1.vtt,…`; thumbnails: `1.jpg,…`) and `DIR/title.toml`, checks everything that protection will need, and writes
//! `OUT/TITLE/VERSION/TRACK/{record.json,plan.bin,…}` and last, at once, `OUT/TITLE/descriptor.json`. The same input gives the same
//! version and the same bytes.

mod align;
mod bandwidth;
mod describe;
mod identity;
mod iframes;
mod settings;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod thumbnails;
mod track;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sluice_packager::title::{Descriptor, TitleId, Version};

pub use identity::kid;
pub use settings::Settings;

/// Arguments of `sluice index`.
#[derive(Clone, Debug, clap::Args)]
pub struct IndexArgs {
    /// The folder with one subfolder per track, and title.toml
    pub dir: PathBuf,
    /// The title's id
    #[arg(long)]
    pub title: String,
    /// The store's root, where TITLE/ is written; default: the parent of DIR
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// What indexing found.
#[derive(Clone, Debug)]
pub struct Indexed {
    /// The descriptor, as written but for the rights.
    pub descriptor: Descriptor,
    /// Segments of all tracks.
    pub segments: u32,
    /// Bytes of clear media.
    pub bytes: u64,
    /// Where the version was written.
    pub path: PathBuf,
}

/// Runs `sluice index` and prints what was made.
///
/// # Errors
/// One line that names the file and, within media, the byte.
pub fn run(args: IndexArgs) -> anyhow::Result<()> {
    if args.dir.to_str().is_some_and(|dir| dir.starts_with("s3://")) {
        bail!("this build indexes directories only, not S3");
    }
    let parent = || args.dir.canonicalize().ok()?.parent().map(Path::to_owned);
    let out = match &args.out {
        Some(out) => out.clone(),
        None => parent()
            .with_context(|| format!("{}: no such folder, or it has no parent; give --out", args.dir.display()))?,
    };
    let done = index(&args.dir, &args.title, &out)?;
    println!(
        "{} version {}: {} tracks, {} segments, {} bytes in {}",
        done.descriptor.title,
        done.descriptor.version,
        done.descriptor.tracks.len(),
        done.segments,
        done.bytes,
        done.path.display()
    );
    Ok(())
}

/// Indexes the folder `dir` as a version of `title` in the store `out`.
///
/// # Errors
/// As [`run`]. Before the descriptor is in place, the title is as it was.
pub fn index(dir: &Path, title: &str, out: &Path) -> anyhow::Result<Indexed> {
    let title = TitleId::parse(title).with_context(|| format!("--title {title:?}"))?;
    let source = source::Source::open(dir)?;
    let settings = Settings::load(&dir.join("title.toml"))?;
    settings.check(&title, &source)?;

    let mut tracks = source
        .tracks
        .iter()
        .map(|track| track::read(track, &settings.of(&track.id)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    align::check(&mut tracks, &settings)?;
    let version = identity::version(&tracks);
    let version = Version::parse(&version).context("a version is 10 characters of base 32")?;

    let descriptor = describe::descriptor(&title, &version, &settings, &tracks)?;
    let root = out.join(title.as_str());
    let path = root.join(version.as_str());
    for track in &tracks {
        let record = describe::record(&descriptor, track)?;
        store::track(&path.join(track.id.as_str()), track, &record)?;
    }
    store::document(&root.join("descriptor.json"), &describe::Document::new(&descriptor, &settings.rights))?;
    Ok(Indexed {
        segments: tracks.iter().map(|track| track.timeline.count()).sum(),
        bytes: tracks.iter().map(|track| track.bytes()).sum(),
        descriptor,
        path,
    })
}

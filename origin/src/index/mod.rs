//! `sluice index`: makes a title version of CMAF that another tool wrote.
//!
//! Reads what [`source`] knows, from `DIR/TRACK/{init.mp4,1.m4s,…}` (text: the same, or `1.vtt,…`) to an MPD or HLS playlist beside its media, and
//! `DIR/title.toml`, checks everything that protection will need, and writes
//! `OUT/TITLE/VERSION/TRACK/{record.json,plan.bin,…}` and last, at once, `OUT/TITLE/descriptor.json`. The same input gives the same
//! version and the same bytes.

mod align;
mod bandwidth;
mod check;
mod describe;
mod identity;
mod iframes;
mod problems;
mod protecting;
mod settings;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod thumbnails;
mod timed_text;
mod track;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sluice_packager::title::{Descriptor, TitleId, Track, TrackKind, Version};

pub use identity::kid;
pub use problems::Problems;
pub use settings::Settings;

/// Arguments of `sluice index`.
#[derive(Clone, Debug, clap::Args)]
pub struct IndexArgs {
    /// The folder with the media and title.toml; or a manifest (.mpd, .m3u8) or fragmented MP4 in it
    pub dir: PathBuf,
    /// The title's id
    #[arg(long)]
    pub title: String,
    /// The store's root, where TITLE/ is written; default: the parent of DIR
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Read and check everything, write nothing
    #[arg(long)]
    pub check: bool,
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
    /// Where the version was written, or would be.
    pub path: PathBuf,
    /// What of the source was left out, a line each.
    pub left_out: Vec<String>,
}

/// Runs `sluice index` and prints what was made.
///
/// # Errors
/// One line that names the file and, within media, the byte; [`Problems`], where several are found.
pub fn run(args: IndexArgs) -> anyhow::Result<()> {
    if args.dir.to_str().is_some_and(|dir| dir.starts_with("s3://")) {
        bail!("this build indexes directories only, not S3");
    }
    let folder = if args.dir.is_file() { args.dir.parent().unwrap_or(Path::new("")) } else { &args.dir };
    // An empty path is the working folder.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let parent = || folder.canonicalize().ok()?.parent().map(Path::to_owned);
    let out = match &args.out {
        Some(out) => out.clone(),
        None => parent()
            .with_context(|| format!("{}: no such folder, or it has no parent; give --out", args.dir.display()))?,
    };
    let read = Read::of(&args.dir, &args.title)?;
    for line in &read.left_out {
        eprintln!("sluice: left out: {line}");
    }
    for track in &read.descriptor.tracks {
        println!("{}", line(track));
    }
    let done = if args.check { read.check(&out)? } else { read.write(&out)? };
    println!(
        "{} version {}: {} tracks, {} segments, {} bytes {} {}",
        done.descriptor.title,
        done.descriptor.version,
        done.descriptor.tracks.len(),
        done.segments,
        done.bytes,
        if args.check { "would be in" } else { "in" },
        done.path.display()
    );
    Ok(())
}

/// A track in a line.
fn line(track: &Track) -> String {
    let kind = match track.kind {
        TrackKind::Video => "video",
        TrackKind::Audio => "audio",
        TrackKind::Text => "text",
        TrackKind::Thumbnail => "thumbnails",
    };
    let seconds = track.timeline.duration() as f64 / f64::from(track.timescale.max(1));
    let size = track.video.map(|video| format!(" {}x{}", video.width, video.height)).unwrap_or_default();
    let language = track.language.as_deref().map(|language| format!(" {language}")).unwrap_or_default();
    let (id, codec, segments) = (&track.id, &track.codec, track.timeline.count());
    format!(
        "{id}: {kind} {codec}{size}{language}, {segments} segments, {seconds:.3} s, {} kbit/s",
        track.peak_bandwidth / 1000
    )
}

/// Indexes the folder, or manifest, `dir` as a version of `title` in the store `out`.
///
/// # Errors
/// As [`run`]. Before the descriptor is in place, the title is as it was.
pub fn index(dir: &Path, title: &str, out: &Path) -> anyhow::Result<Indexed> {
    Read::of(dir, title)?.write(out)
}

/// A title, read and checked.
struct Read {
    settings: Settings,
    protecting: protecting::Protecting,
    tracks: Vec<track::ReadTrack>,
    descriptor: Descriptor,
    left_out: Vec<String>,
}

impl Read {
    fn of(dir: &Path, title: &str) -> anyhow::Result<Self> {
        let title = TitleId::parse(title).with_context(|| format!("--title {title:?}"))?;
        let mut source = source::Source::open(dir)?;
        let mut settings = Settings::load(&source.root.join("title.toml"))?;
        settings.rename(&mut source)?;
        settings.check(&title, &source)?;

        let policy = settings.policy();
        let protecting = protecting::Protecting::of(policy.as_ref());
        let mut problems = problems::Problems::default();
        let read =
            source.tracks.iter().map(|track| problems.note(track::read(track, &protecting, &settings.of(&track.id))));
        let mut tracks: Vec<_> = read.collect::<Vec<_>>().into_iter().flatten().collect();
        // Of tracks that could be read; without media to be aligned to, there is another problem to be told.
        if !tracks.is_empty() {
            problems.note(align::check(&mut tracks, &settings));
        }
        problems.none()?;
        settings.adopt(&source, &tracks);
        let version = identity::version(&tracks, policy.as_ref());
        let version = Version::parse(&version).context("a version is 10 characters of base 32")?;
        let descriptor = describe::descriptor(&title, &version, &settings, &protecting, &tracks)?;
        Ok(Self { settings, protecting, tracks, descriptor, left_out: source.left_out })
    }

    /// Everything but the writing.
    fn check(&self, out: &Path) -> anyhow::Result<Indexed> {
        for track in &self.tracks {
            describe::record(&self.descriptor, track, &self.protecting)?;
        }
        Ok(self.indexed(out))
    }

    fn write(&self, out: &Path) -> anyhow::Result<Indexed> {
        let done = self.indexed(out);
        for track in &self.tracks {
            let record = describe::record(&self.descriptor, track, &self.protecting)?;
            store::track(&done.path.join(track.id.as_str()), track, &record)?;
        }
        let document = describe::Document::new(&self.descriptor, &self.settings.rights);
        store::document(&out.join(self.descriptor.title.as_str()).join("descriptor.json"), &document)?;
        Ok(done)
    }

    fn indexed(&self, out: &Path) -> Indexed {
        Indexed {
            descriptor: self.descriptor.clone(),
            segments: self.tracks.iter().map(|track| track.timeline.count()).sum(),
            bytes: self.tracks.iter().map(|track| track.bytes()).sum(),
            path: out.join(self.descriptor.title.as_str()).join(self.descriptor.version.as_str()),
            left_out: self.left_out.clone(),
        }
    }
}

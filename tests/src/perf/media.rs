//! The segments that are measured: made by ffmpeg once, kept in the target directory.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use super::measures::Lack;
use crate::toolchain::target_dir;

/// Goes up with every change to what is made.
const RECIPE: &str = "perf-media-1";

/// Renditions of a title: folder, picture, bit rate.
pub(super) const LADDER: [(&str, &str, &str); 3] =
    [("v360", "640x360", "800k"), ("v1080", "1920x1080", "6000k"), ("v2160", "3840x2160", "20000k")];
/// The rendition of [`long_title`].
pub const LONG: &str = "v2160";
const LONG_RECIPE: &str = "long-media-1";
const TITLE: &str = "title = \"long\"\n[rights]\nstate = \"published\"\n\
                     [key_policy]\nsystems = [\"widevine\"]\nschemes = [\"cenc\", \"cbcs\"]\n";
const FOUR_SECONDS: &str = "4";
const SIXTEEN_SECONDS: &str = "16";
const BY_THE_SECOND: &[&str] = &["-frag_type", "duration", "-frag_duration", "1"];
/// A rendition whose segment is one fragment, beside the title.
const ONE_FRAGMENT: (&str, &str) = ("v1080", "v1080-one");

/// The folder with a folder for each rendition: `init.mp4` and `1.m4s`, four seconds.
///
/// # Errors
/// [`Lack`] where ffmpeg is missing; else where it fails.
pub(super) fn media() -> Result<PathBuf> {
    once(RECIPE, |work| {
        eprintln!("encoding four seconds in {} sizes, once", LADDER.len());
        for (rendition, size, rate) in LADDER {
            let encoded = work.join(rendition).with_extension("mp4");
            encode(&encoded, size, rate)?;
            cut(&[], &encoded, &work.join(rendition), FOUR_SECONDS, 1, BY_THE_SECOND)?;
            if rendition == ONE_FRAGMENT.0 {
                cut(&[], &encoded, &work.join(ONE_FRAGMENT.1), FOUR_SECONDS, 1, &[])?;
            }
            fs::remove_file(&encoded)?;
        }
        Ok(())
    })
}

/// A title whose picture is [`LONG`]: the 2160p rendition over and over, in a segment of sixteen seconds, 42 MB, and one of four. Their fragments, of a
/// second each, are the same.
///
/// # Errors
/// Where ffmpeg is missing or fails.
pub fn long_title() -> Result<PathBuf> {
    let from = media()?.join(LONG);
    once(LONG_RECIPE, |work| {
        let encoded = work.join("four-seconds.mp4");
        fs::write(&encoded, [fs::read(from.join("init.mp4"))?, fs::read(from.join("1.m4s"))?].concat())?;
        cut(&["-stream_loop", "4"], &encoded, &work.join(LONG), SIXTEEN_SECONDS, 2, BY_THE_SECOND)?;
        fs::remove_file(&encoded)?;
        fs::write(work.join("title.toml"), TITLE).context("title.toml")
    })
}

/// What is made once and kept, whole or not at all, also where two runs make it at a time.
fn once(recipe: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = target_dir().join(recipe);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(target_dir()).with_context(|| target_dir().display().to_string())?;
    let work = tempfile::tempdir_in(target_dir()).context("a folder to encode in")?;
    make(work.path())?;
    match fs::rename(work.path(), &folder) {
        Ok(()) => drop(work.keep()),
        Err(_) if folder.is_dir() => {}
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
    }
    Ok(folder)
}

/// A moving picture under grain, so that the encoder spends what it is given: H.264 with B-frames, a closed group of pictures per second, and a
/// buffer of a second (VBV), so that segments are of like size.
fn encode(to: &Path, size: &str, rate: &str) -> Result<()> {
    let mut ffmpeg = ffmpeg();
    let source = format!("testsrc2=size={size}:rate=25:duration=4,noise=alls=20:allf=t");
    ffmpeg.args(["-f", "lavfi", "-i", &source, "-c:v", "libx264", "-profile:v", "high", "-preset", "veryfast"]);
    ffmpeg.args(["-bf", "2", "-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-pix_fmt", "yuv420p"]);
    ffmpeg.args(["-g", "25", "-keyint_min", "25", "-sc_threshold", "0", "-flags", "+bitexact+cgop"]);
    run(ffmpeg.arg(to))
}

/// CMAF: so many segments of so many seconds, their fragments as `fragments` says. `input`: how what is encoded is read.
fn cut(input: &[&str], encoded: &Path, to: &Path, seconds: &str, segments: usize, fragments: &[&str]) -> Result<()> {
    fs::create_dir(to).with_context(|| to.display().to_string())?;
    let mut ffmpeg = ffmpeg();
    ffmpeg.args(input).arg("-i").arg(encoded);
    ffmpeg.args(["-c", "copy", "-fflags", "+bitexact", "-f", "dash", "-use_timeline", "0"]);
    ffmpeg.args(["-seg_duration", seconds]).args(fragments);
    ffmpeg.args(["-init_seg_name", "init.mp4", "-media_seg_name", "$Number$.m4s"]);
    ffmpeg.args(["-format_options", "movflags=+negative_cts_offsets+skip_sidx:fflags=+bitexact:use_editlist=0"]);
    let manifest = to.join("cut.mpd");
    run(ffmpeg.arg(&manifest))?;
    fs::remove_file(manifest)?;
    // Beside them there is the init segment.
    ensure!(to.read_dir()?.count() == segments + 1, "{}: not {segments} segments", to.display());
    Ok(())
}

fn ffmpeg() -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-nostdin"]).stdin(Stdio::null());
    ffmpeg
}

fn run(command: &mut Command) -> Result<()> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => bail!("ffmpeg cannot make the segments: {}", String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Lack("ffmpeg, which makes the segments, is missing: apt-get install ffmpeg".to_owned()).into())
        }
        Err(error) => Err(error).context("running ffmpeg"),
    }
}

//! `sluice inspect`: explains a token, an ISO BMFF file, an HLS playlist, a DASH MPD, or one of the documents that indexing writes. Never prints a key.
//!
//! Every kind has its own structs; [`Report`] holds them. Text is written from them, `--json` serializes them: the two cannot disagree.

pub mod bmff;
pub mod cat;
pub mod cdn_token;
pub mod dash;
pub mod document;
pub mod drm;
pub mod facts;
pub mod hls;
mod input;
mod redact;
mod report;
#[cfg(test)]
mod tests;
mod text;
pub mod token;

use std::{
    fs,
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, bail};
use zeroize::Zeroizing;

pub use report::{Content, Report, Warning};

use input::Input;

/// Arguments of `sluice inspect`.
#[derive(Clone, Debug, clap::Args)]
pub struct InspectArgs {
    /// A file or URL (ISO BMFF, HLS playlist, MPD, descriptor, track record, plan), or a token (viewer's JWT, Common Access Token, lease, handle,
    /// CloudFront's policy, EdgeAuth)
    #[arg(value_name = "TOKEN|FILE|URL")]
    pub target: String,
    /// The init segment of a media segment: without it, defaults and IV sizes are not known
    #[arg(long, value_name = "FILE|URL")]
    pub init: Option<String>,
    /// The root that made a lease or handle, hex digits in a file
    #[arg(long, value_name = "FILE")]
    pub root: Option<PathBuf>,
    /// Lists every sample of media, every segment of a playlist
    #[arg(long)]
    pub samples: bool,
    /// Writes one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Runs `sluice inspect`.
///
/// # Errors
/// What is wrong and where. What could be read of something damaged is printed first.
pub fn run(args: InspectArgs) -> anyhow::Result<()> {
    let report = inspect(&args)?;
    match print(&report, args.json) {
        // `sluice inspect … | head`
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        printed => printed.context("standard output")?,
    }
    let Some(first) = report.errors.first() else { return Ok(()) };
    let target = report.target.as_deref().unwrap_or("token");
    match report.errors.len() - 1 {
        0 => bail!("{target}: {first}"),
        more => bail!("{target}: {first} (and {more} more)"),
    }
}

fn print(report: &Report, json: bool) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    out.flush()
}

fn inspect(args: &InspectArgs) -> anyhow::Result<Report> {
    let file = input::is_url(&args.target) || Path::new(&args.target).exists();
    if !file {
        let root = args.root.as_ref().map(|path| read_root(path)).transpose()?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        if let Some(said) = token::explain(&args.target, root.as_deref().map(Vec::as_slice), now)? {
            return Ok(Report::of(Content::Token(said)));
        }
    }
    if !file {
        // Not repeated where it might be a token that is damaged.
        let target = if args.target.len() > 64 { "the argument" } else { &args.target };
        bail!(
            "{target}: neither a token (JWT, Common Access Token, lease, handle), nor a URL (http, https), nor a file that is there"
        );
    }
    let init = args.init.as_deref().map(Input::open).transpose()?;
    explain(Input::open(&args.target)?, init, args.samples)
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

/// Explains what `input` holds; `init` is the init segment where it is a media segment.
fn explain(mut input: Input, init: Option<Input>, list: bool) -> anyhow::Result<Report> {
    let name = input.name.clone();
    let said = look(&mut input, init, list).map_err(|error| match error.to_string() {
        // Reading says itself what it could not read.
        said if said.starts_with(&name) => error,
        _ => anyhow::anyhow!("{name}: {error:#}"),
    });
    said.map(|report| Report { target: Some(input.name), size: Some(input.len), ..report })
}

fn look(input: &mut Input, init: Option<Input>, list: bool) -> anyhow::Result<Report> {
    let head = input.head()?;
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    if head.starts_with(b"SLPLAN") {
        Ok(Report::of(Content::Plan(document::plan(&input.whole()?)?)))
    } else if text.starts_with(b"#EXTM3U") {
        hls::explain(&input.whole()?, list)
    } else if text.starts_with(b"<") {
        dash::explain(&input.whole()?, list)
    } else if text.starts_with(b"{") {
        document::json(&input.whole()?).map(Report::of)
    } else if bmff::is_bmff(&head, input.len) {
        let tracks = init
            .map(|mut init| {
                bmff::tracks(init.content()).map_err(|error| anyhow::anyhow!("--init {}: {error:#}", init.name))
            })
            .transpose()?;
        let found = bmff::explain(input.content(), tracks, list)?;
        let (warnings, errors) = (found.warnings, found.errors);
        Ok(Report { warnings, errors, ..Report::of(Content::Isobmff(found.media)) })
    } else {
        bail!(
            "not known: looked for a box of ISO BMFF (a size and a type of four characters), #EXTM3U (HLS), XML (an MPD), \
             JSON (a descriptor or a track record) and SLPLAN (a plan)"
        )
    }
}

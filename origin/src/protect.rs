//! `sluice protect`: the edge's packager, offline.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use sluice_packager::{
    cenc::{self, FragmentProtector, InitProtection, IvSource, TrackConfig, Variant, constant_iv, plan_segment},
    keys::{ContentKey, Kid},
    title::Scheme,
};
use zeroize::Zeroize;

use crate::{UsageError, atomic::write_if_changed, hex};

#[cfg(feature = "wasm")]
pub mod wasm;

/// For errors: where the component comes from.
#[cfg(feature = "wasm")]
const BUILD_COMPONENT: &str = "built by `cargo build --profile edge -p sluice-edge-component --target wasm32-wasip2`, into target/wasm32-wasip2/edge/sluice_edge_component.wasm";

/// Arguments of `sluice protect`.
#[derive(Clone, clap::Args)]
pub struct ProtectArgs {
    /// Protection scheme
    #[arg(long, value_enum)]
    pub scheme: SchemeArg,
    /// Key id, 32 hex digits or a UUID
    #[arg(long)]
    pub kid: Kid,
    /// Content key, 32 hex digits
    #[arg(long)]
    pub key: String,
    /// IV in hex: cenc, 8 bytes, the first sample's, one more for every sample on through the segments; cbcs, 16 bytes, constant.
    /// Default: the edge's own derived IVs
    #[arg(long)]
    pub iv: Option<String>,
    /// The track's number in its record, for derived cenc IVs
    #[arg(long, default_value_t = 0)]
    pub track_number: u8,
    /// The clear init segment
    #[arg(long)]
    pub init: PathBuf,
    /// The folder to write the same names to
    #[arg(long)]
    pub out: PathBuf,
    /// Where the packager runs; the bytes are the same
    #[arg(long, value_enum, default_value_t = Runtime::Native)]
    pub runtime: Runtime,
    /// For --runtime wasm: the packager's component (cargo build --profile edge -p sluice-edge-component --target wasm32-wasip2)
    #[arg(long, value_name = "FILE")]
    pub component: Option<PathBuf>,
    /// Clear media segments, in order
    #[arg(required = true)]
    pub segments: Vec<PathBuf>,
}

/// `--scheme`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemeArg {
    /// AES-CTR
    Cenc,
    /// AES-CBC in a pattern
    Cbcs,
}

/// `--runtime`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Runtime {
    /// In this program
    Native,
    /// In a WASM component, by the embedded runtime of a `sluice` built with `--features wasm`
    Wasm,
}

/// A packager to protect with: this program's own ([`Native`]), or one in an embedded runtime.
pub trait Engine {
    /// The protected init segment.
    ///
    /// # Errors
    /// What is wrong with the init segment, without its name.
    fn init(&mut self, clear: &[u8], protection: &InitProtection) -> anyhow::Result<Vec<u8>>;

    /// A protected segment, and how many samples it has. `entry` is what [`cenc::record_bytes`] keeps of the clear init segment.
    ///
    /// # Errors
    /// What is wrong with the segment, without its name.
    fn segment(
        &mut self,
        entry: &[u8],
        clear: &[u8],
        ivs: IvSource,
        key: &ContentKey,
    ) -> anyhow::Result<(Vec<u8>, u64)>;
}

/// The packager that this program is linked with.
pub struct Native;

impl Engine for Native {
    fn init(&mut self, clear: &[u8], protection: &InitProtection) -> anyhow::Result<Vec<u8>> {
        Ok(cenc::protect_init(clear, protection)?)
    }

    fn segment(
        &mut self,
        entry: &[u8],
        clear: &[u8],
        ivs: IvSource,
        key: &ContentKey,
    ) -> anyhow::Result<(Vec<u8>, u64)> {
        let config = TrackConfig::from_sample_entry(entry)?;
        let plan = plan_segment(&config, clear)?;
        let mut protector = FragmentProtector::new(config, ivs, key, plan.entries, Some(plan.decode_time));
        let mut out = Vec::with_capacity(clear.len());
        protector.push(clear, &mut out)?;
        let samples = protector.samples();
        protector.finish()?;
        Ok((out, samples))
    }
}

/// Runs `sluice protect`.
///
/// # Errors
/// One line that names the file and, within media, the byte. Files written before the error are whole.
pub fn run(args: ProtectArgs) -> anyhow::Result<()> {
    match args.runtime {
        Runtime::Native if args.component.is_some() => {
            Err(UsageError("--component: only --runtime wasm runs one".to_owned()).into())
        }
        Runtime::Native => run_with(args, &mut Native),
        Runtime::Wasm => run_component(args),
    }
}

#[cfg(feature = "wasm")]
fn run_component(args: ProtectArgs) -> anyhow::Result<()> {
    let missing = || UsageError(format!("--runtime wasm: --component FILE names the WASM packager, {BUILD_COMPONENT}"));
    let mut engine = wasm::Embedded::load(args.component.as_deref().ok_or_else(missing)?)?;
    run_with(args, &mut engine)
}

#[cfg(not(feature = "wasm"))]
fn run_component(_: ProtectArgs) -> anyhow::Result<()> {
    bail!(
        "--runtime wasm: this program carries no WASM runtime; build it with one, `cargo install --path origin --features wasm`, \
         or use --runtime native, which gives the same bytes"
    )
}

/// Runs `sluice protect` with the packager `engine`.
///
/// # Errors
/// As [`run`].
pub fn run_with(mut args: ProtectArgs, engine: &mut impl Engine) -> anyhow::Result<()> {
    let kid = args.kid;
    let key = content_key(&args.key);
    args.key.zeroize();
    let key = key?;
    let (protection, mut ivs) = ivs(&args, kid)?;
    let outputs = outputs(&args)?;

    let clear_init = read(&args.init)?;
    let of_init = |error: anyhow::Error| anyhow!("{}: {error}", args.init.display());
    let entry = cenc::record_bytes(&clear_init).map_err(|error| of_init(error.into()))?;
    let init = engine.init(&clear_init, &protection).map_err(of_init)?;
    fs::create_dir_all(&args.out).with_context(|| format!("{}: cannot be created", args.out.display()))?;
    let (init_path, segment_paths) = outputs.split_first().context("no output")?;
    write_if_changed(init_path, &init)?;
    for (segment, path) in args.segments.iter().zip(segment_paths) {
        let clear = read(segment)?;
        let (protected, samples) =
            engine.segment(&entry, &clear, ivs, &key).map_err(|error| anyhow!("{}: {error}", segment.display()))?;
        if let IvSource::Counter(next) = ivs {
            ivs = IvSource::Counter(next.wrapping_add(samples));
        }
        write_if_changed(path, &protected)?;
    }
    Ok(())
}

fn ivs(args: &ProtectArgs, kid: Kid) -> anyhow::Result<(InitProtection, IvSource)> {
    let bad = |length| {
        UsageError(format!(
            "--iv: {} wants {length} bytes, which is {} hex digits",
            args.scheme.scheme().as_str(),
            2 * length
        ))
    };
    let given = args
        .iv
        .as_deref()
        .map(|iv| hex::decode(iv).ok_or_else(|| UsageError("--iv: not hex digits".to_owned())))
        .transpose()?;
    let scheme = args.scheme.scheme();
    let (constant, ivs) = match (scheme, given) {
        (Scheme::Cenc, None) => (None, IvSource::Derived { track: args.track_number, variant: Variant::default() }),
        (Scheme::Cenc, Some(iv)) => (None, IvSource::Counter(u64::from_be_bytes(iv.try_into().map_err(|_| bad(8))?))),
        (Scheme::Cbcs, given) => {
            let iv = match given {
                Some(iv) => iv.try_into().map_err(|_| bad(16))?,
                None => constant_iv(&kid),
            };
            (Some(iv), IvSource::Constant(iv))
        }
    };
    Ok((InitProtection::new(scheme, kid, constant), ivs))
}

/// Where the init segment and the segments go, in that order; none twice, none over its own source.
fn outputs(args: &ProtectArgs) -> anyhow::Result<Vec<PathBuf>> {
    let mut seen = BTreeSet::new();
    let out = args.out.canonicalize().ok();
    std::iter::once(&args.init)
        .chain(&args.segments)
        .map(|source| {
            let name = source.file_name().with_context(|| format!("{}: not a file", source.display()))?;
            if !seen.insert(name.to_owned()) {
                bail!("{}: a second file of that name; outputs have the names of their sources", source.display());
            }
            let folder = source.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
            if out.is_some() && folder.canonicalize().ok() == out {
                bail!("{}: --out is the folder that it is in, it would be overwritten", source.display());
            }
            Ok(args.out.join(name))
        })
        .collect()
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
}

fn content_key(text: &str) -> anyhow::Result<ContentKey> {
    let usage = || UsageError("--key: a content key is 16 bytes, 32 hex digits".to_owned());
    let mut bytes = hex::decode(text).ok_or_else(usage)?;
    let key = <[u8; 16]>::try_from(bytes.as_slice()).map(ContentKey::new);
    bytes.zeroize();
    Ok(key.map_err(|_| usage())?)
}

impl SchemeArg {
    fn scheme(self) -> Scheme {
        match self {
            Self::Cenc => Scheme::Cenc,
            Self::Cbcs => Scheme::Cbcs,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use sluice_packager::cenc::read::Reader;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: ProtectArgs,
    }

    const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

    fn sample(name: &str) -> String {
        format!("{}/../tests/media/title/demo/v360/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    fn protect(out: &Path, options: &[&str], segments: &[String]) -> anyhow::Result<()> {
        let (init, out) = (sample("init.mp4"), out.display().to_string());
        let fixed = ["protect", "--kid", "00112233445566778899aabbccddeeff", "--init", &init, "--out", &out];
        let words = fixed.iter().copied().chain(options.iter().copied()).chain(segments.iter().map(String::as_str));
        run(Cli::try_parse_from(words)?.args)
    }

    #[test]
    fn what_is_written_decrypts_to_what_was_read() {
        let segments = [sample("1.m4s"), sample("2.m4s")];
        let ivs: [(&str, &[&str]); 4] = [
            ("cenc", &[]),
            ("cbcs", &[]),
            ("cenc", &["--iv", "a1b2c3d4e5f60708"]),
            ("cbcs", &["--iv", "a1b2c3d4e5f60708090a0b0c0d0e0f10"]),
        ];
        let key = content_key(KEY).expect("a key");
        let clear = Reader::new(&read(Path::new(&sample("init.mp4"))).expect("reads")).expect("parses");
        for (scheme, iv) in ivs {
            let out = tempfile::tempdir().expect("a folder");
            protect(out.path(), &[&["--scheme", scheme, "--key", KEY][..], iv].concat(), &segments).expect("protects");
            let reader = Reader::new(&read(&out.path().join("init.mp4")).expect("reads")).expect("parses");
            let mut counters = Vec::new();
            for (name, source) in ["1.m4s", "2.m4s"].iter().zip(&segments) {
                let protected = read(&out.path().join(name)).expect("reads");
                let source = read(Path::new(source)).expect("reads");
                assert_ne!(protected, source);
                let samples = reader.clear_samples(&protected, Some(&key)).expect("decrypts");
                assert!(samples == clear.clear_samples(&source, None).expect("reads"));
                counters.push((protected, samples.len() as u64));
            }
            if scheme == "cenc" && !iv.is_empty() {
                // The second segment's first IV goes on where the first one's samples end.
                let next = (0xa1b2_c3d4_e5f6_0708u64 + counters[0].1).to_be_bytes();
                assert!(counters[1].0.windows(8).any(|window| window == next));
            }
            assert!(fs::read_dir(out.path()).expect("lists").count() == 3, "no temporary file stays");
        }
    }

    #[test]
    fn wrong_arguments_are_named_and_write_nothing() {
        let out = tempfile::tempdir().expect("a folder");
        let refused = |options: &[&str], segments: &[String]| {
            let said = format!("{:#}", protect(out.path(), options, segments).expect_err("is refused"));
            assert!(!said.contains(KEY), "no key in an error");
            assert_eq!(fs::read_dir(out.path()).expect("lists").count(), 0);
            said
        };
        let one = [sample("1.m4s")];
        assert!(refused(&["--scheme", "cenc", "--key", "00"], &one).contains("--key"));
        assert!(refused(&["--scheme", "cenc", "--key", KEY, "--iv", "00"], &one).contains("8 bytes"));
        assert!(refused(&["--scheme", "cbcs", "--key", KEY, "--iv", "xx"], &one).contains("--iv"));
        assert!(
            refused(&["--scheme", "cenc", "--key", KEY], &[sample("1.m4s"), sample("1.m4s")]).contains("second file")
        );
        assert!(refused(&["--scheme", "cenc", "--key", KEY, "--runtime", "wasm"], &one).contains("WASM"));
        assert!(refused(&["--scheme", "cenc", "--key", KEY, "--component", "x"], &one).contains("--runtime wasm"));
        let folder = PathBuf::from(sample("init.mp4"));
        let over = protect(folder.parent().expect("a folder"), &["--scheme", "cenc", "--key", KEY], &one);
        assert!(over.is_err_and(|error| error.to_string().contains("overwritten")));
    }
}

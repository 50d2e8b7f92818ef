//! `sluice audit`: whether a decision log is whole, and who in it takes more than a viewer would.

mod abuse;
mod lines;
mod report;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
};

use anyhow::{Context, bail};
use sluice_gate::{
    Roots,
    log::audit::{Allowed, Audit, Cause, Report},
};

pub use abuse::{Limits, Reason, Score, Scores};
pub(crate) use lines::within;

use crate::{
    config::{Secret, SecretRef},
    custody::{self, Key},
    hex,
};

/// The variable that has the root unless another place is named.
const ROOT: &str = "SLUICE_LEASE_ROOT";

/// `sluice audit`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("root").args(["root_file", "root_env", "key_file"])))]
pub struct AuditArgs {
    /// The log, a line for each decision, oldest first; - for standard input
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The edge's root (hex), of which the audit key is derived, in a file; default: the variable SLUICE_LEASE_ROOT
    #[arg(long, value_name = "FILE")]
    pub root_file: Option<PathBuf>,
    /// The same in another environment variable
    #[arg(long, value_name = "NAME")]
    pub root_env: Option<String>,
    /// The audit key itself (64 hex digits) in a file, as an origin's configuration has it
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The root before, where the log reaches over a rotation
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    pub previous_root_file: Option<PathBuf>,
    /// The audit key before, likewise
    #[arg(long, value_name = "FILE", requires = "key_file", conflicts_with_all = ["root_file", "root_env"])]
    pub previous_key_file: Option<PathBuf>,
    /// Skips what is no line of the log, and what stands around one, as platforms print it
    #[arg(long)]
    pub lenient: bool,
    /// A chain's lines may stand in any order, as from collectors that keep none
    #[arg(long)]
    pub any_order: bool,
    /// Chains may have begun before the file does
    #[arg(long)]
    pub partial: bool,
    /// Scores sessions that take more than a viewer would, in place of the audit's findings
    #[arg(long)]
    pub abuse: bool,
    /// Prints one JSON document
    #[arg(long)]
    pub json: bool,
    /// What is too much
    #[command(flatten)]
    pub limits: Limits,
}

/// Audits, and prints what was found.
///
/// # Errors
/// A log that cannot be read or is not whole, a root that cannot be read.
pub fn run(args: &AuditArgs) -> anyhow::Result<()> {
    let out = &mut std::io::stdout().lock();
    let keys = keys(args)?;
    if args.file == "-" {
        return audit(args, &keys, std::io::stdin().lock(), out);
    }
    let file = File::open(&args.file).with_context(|| format!("{}: cannot be read", args.file))?;
    audit(args, &keys, BufReader::new(file), out)
}

fn audit(args: &AuditArgs, keys: &[Key], input: impl BufRead, out: &mut impl Write) -> anyhow::Result<()> {
    let mut audit = Audit::new(Allowed { any_order: args.any_order, partial: args.partial });
    let mut scores = Scores::default();
    let skipped = lines::each(input, keys, args.lenient, |number, read| match read {
        Ok(line) => {
            // A line that stands there twice is counted once.
            if audit.take(number, &line) && args.abuse {
                scores.take(&line);
            }
        }
        Err(error) => audit.refuse(number, error),
    });
    let skipped = skipped.with_context(|| format!("{}: cannot be read", args.file))?;
    let report = audit.finish();
    if args.abuse {
        let disbelieved = report.findings.iter().filter(|finding| matches!(finding.cause, Cause::Line(_))).count();
        report::scores(out, &scores.finish(&args.limits), disbelieved, args.json)?;
    } else {
        report::audit(out, &report, skipped, args.json)?;
    }
    judged(&report, args.abuse)
}

/// A log that is not whole is a failure. Of an abuse's evidence only lines whose MAC is right count; what is missing or out of order makes them no less so.
fn judged(report: &Report, abuse: bool) -> anyhow::Result<()> {
    if abuse {
        return Ok(());
    }
    match report.first_break() {
        Some(first) => bail!("the log is not whole; first: {}", report::finding(first)),
        None => Ok(()),
    }
}

/// The audit keys that lines may be under.
fn keys(args: &AuditArgs) -> anyhow::Result<Vec<Key>> {
    if let Some(path) = &args.key_file {
        let read = |path: &PathBuf| custody::read_key(&Secret::new(SecretRef::File(path.clone())));
        return Ok([Some(path), args.previous_key_file.as_ref()]
            .into_iter()
            .flatten()
            .map(read)
            .collect::<Result<_, _>>()?);
    }
    Ok(roots(args)?.auditing().map(|key| zeroize::Zeroizing::new(*key)).collect())
}

fn roots(args: &AuditArgs) -> anyhow::Result<Roots> {
    let reference = match (&args.root_file, &args.root_env) {
        (None, None) => SecretRef::Env(ROOT.to_owned()),
        (file, variable) => SecretRef::of_arguments(file.as_ref(), variable.as_ref())?,
    };
    let read = |reference: SecretRef| -> anyhow::Result<zeroize::Zeroizing<Vec<u8>>> {
        let secret = Secret::new(reference);
        let bytes = hex::decode(secret.read()?.trim()).map(zeroize::Zeroizing::new);
        Ok(bytes.ok_or_else(|| secret.malformed("hex digits"))?)
    };
    let current = read(reference)?;
    let previous = args.previous_root_file.clone().map(|path| read(SecretRef::File(path))).transpose()?;
    Ok(Roots::new(&current, previous.as_ref().map(|bytes| bytes.as_slice()))?)
}

//! `sluice check`: whether an edge, an origin or a key server would take a document, by their own readers, and what a deployment trips over that no
//! single document shows.

mod cross;
mod document;
mod edge;
mod native;

use std::path::{Path, PathBuf};

use anyhow::Context;

use document::{Document, Kind};

/// `sluice check`
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Edge configurations and descriptors (JSON), configurations of origins and key servers (TOML). An edge configuration is also held against the
    /// descriptors beside it
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// What was found in a file that is good.
#[derive(Debug)]
struct Checked {
    kind: Kind,
    warnings: Vec<String>,
    facts: Facts,
}

/// What other files are held against.
#[derive(Debug)]
enum Facts {
    Edge(edge::Facts),
    Title(Box<edge::Title>),
    None,
}

/// Checks each file and prints what it is; warnings stand before that, a line each.
///
/// # Errors
/// The first file that cannot be used: what is wrong, where, and what to do.
pub fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let mut all: Vec<(&Path, Checked)> = Vec::new();
    for path in &args.files {
        let checked = check(path)?;
        for warning in &checked.warnings {
            println!("{}: warning: {warning}", path.display());
        }
        println!("{}: {}: ok", path.display(), checked.kind);
        all.push((path, checked));
    }
    for (path, warning) in cross::warnings(&all) {
        println!("{}: warning: {warning}", path.display());
    }
    Ok(())
}

fn check(path: &Path) -> anyhow::Result<Checked> {
    let place = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("{place}: cannot be read"))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{place}: is no text"))?;
    let document = Document::parse(&text, &place)?;
    let kind = document.kind;
    let found = match kind {
        Kind::Edge => edge::check(&text, &document.json),
        Kind::Descriptor => edge::check_descriptor(&text),
        Kind::Origin | Kind::Keyserver => return native::check(path, kind),
    };
    found.map_err(|error| anyhow::anyhow!("{}", document::located(&error, &format!("{place}, {kind}"))))
}

#[cfg(test)]
mod tests;

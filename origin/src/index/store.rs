use std::{fs, path::Path};

use anyhow::{Context, bail};
use serde::Serialize;
use sluice_packager::title::{TrackRecord, plan};

use super::track::{ReadTrack, load};
use crate::atomic::write_if_changed;

/// Writes a track's record, plan and media. Media is copied, not linked: a source that is edited later must not change what a
/// version's key ids stand for.
pub(super) fn track(folder: &Path, track: &ReadTrack, record: &TrackRecord) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
    for file in &track.files {
        let (bytes, again) = load(&file.piece)?;
        if again.digest != file.digest {
            bail!("{}: changed while it was indexed", file.piece.display());
        }
        write_if_changed(&folder.join(&file.name), &bytes)?;
    }
    for made in &track.made {
        write_if_changed(&folder.join(&made.name), &made.bytes)?;
    }
    if !track.plan.is_empty() {
        write_if_changed(&folder.join("plan.bin"), &plan::write(&track.plan))?;
    }
    document(&folder.join("record.json"), record)
}

/// Writes a JSON document.
pub(super) fn document(path: &Path, document: &impl Serialize) -> anyhow::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(document).context("a document that cannot be written as JSON")?;
    bytes.push(b'\n');
    write_if_changed(path, &bytes)
}

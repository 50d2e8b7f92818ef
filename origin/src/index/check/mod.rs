//! What protection and players need of clear media, beside what planning checks: each problem with its file, its byte, and what to do.

mod access;
mod advice;
mod declared;
mod init;

use std::path::Path;

use anyhow::anyhow;
use sluice_packager::cenc;

use super::source::Piece;

pub(super) use access::RandomAccess;
pub(super) use declared::agrees;
pub(super) use init::init;

/// An error of the packager about a piece, with offsets in its file.
pub(super) fn at(piece: &Piece, error: cenc::Error) -> anyhow::Error {
    match piece.track() {
        // What is read is not the file's bytes, but what was taken out of them.
        Some(track) => told(&format!("{}, track {track} by itself", piece.display()), 0, error),
        None => told(&piece.display(), piece.start(), error),
    }
}

/// An error of the packager about bytes of a file that begin at `start`.
pub(super) fn at_file(path: &Path, start: u64, error: cenc::Error) -> anyhow::Error {
    told(&path.display(), start, error)
}

fn told(path: &dyn std::fmt::Display, start: u64, error: cenc::Error) -> anyhow::Error {
    let error = error.shifted(start);
    match advice::of(&error) {
        Some(advice) => anyhow!("{path}: {error}: {advice}"),
        None => anyhow!("{path}: {error}"),
    }
}

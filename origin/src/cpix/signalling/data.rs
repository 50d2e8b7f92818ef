use sluice_packager::{
    drm::{clearkey, playready, pssh, widevine},
    keys::Kid,
    title::{KeySystem, Scheme},
};

use super::{Outcome, Reading, SignallingError};
use crate::inspect::drm::{Signalling, System};

/// Checks a `pssh` box: whole, of the system, of the key where it names keys, of the scheme where it names one. Gives the PlayReady object
/// that is in it.
pub(super) fn check(bytes: &[u8], reading: &Reading, part: &'static str) -> Outcome<Option<Vec<u8>>> {
    let (parsed, after) = pssh::parse(bytes).map_err(|_| SignallingError::Form(part))?;
    if !after.is_empty() {
        return Err(SignallingError::Form(part));
    }
    let found = parsed.system;
    let expected = match reading.said.system {
        KeySystem::Widevine => found == widevine::SYSTEM,
        KeySystem::Playready => found == playready::SYSTEM,
        KeySystem::Clearkey => {
            found == pssh::SystemId::COMMON || System::of_urn(clearkey::URN) == Some(System::of(found.0))
        }
        // FairPlay has no box that players read, and the raw key has none at all.
        KeySystem::Fairplay | KeySystem::Identity => System::of_urn(FAIRPLAY) == Some(System::of(found.0)),
    };
    if !expected {
        return Err(SignallingError::System(part));
    }
    explained(&Signalling::pssh(bytes), reading, part)?;
    Ok((reading.said.system == KeySystem::Playready).then(|| parsed.data.to_vec()))
}

const FAIRPLAY: &str = sluice_packager::drm::fairplay::URN;

/// Checks a PlayReady object as [`check`] does a box.
pub(super) fn check_pro(bytes: &[u8], reading: &Reading, part: &'static str) -> Outcome<()> {
    if reading.said.system != KeySystem::Playready {
        return Err(SignallingError::System(part));
    }
    explained(&Signalling::data(Some(System::of(playready::SYSTEM.0)), bytes), reading, part)
}

fn explained(said: &Signalling, reading: &Reading, part: &'static str) -> Outcome<()> {
    if said.error.is_some() {
        return Err(SignallingError::Form(part));
    }
    names_key(said.key_ids.iter().map(|id| id.parse().ok()), reading.said.kid, part)?;
    let widevine = said.widevine.as_ref().and_then(|widevine| widevine.protection_scheme.as_deref());
    let playready = said.playready.iter().flat_map(|playready| {
        let own = playready.key_ids.iter().filter(|key| key.key_id == reading.said.kid.uuid());
        own.filter_map(|key| key.algorithm.as_deref())
    });
    let algorithm = match reading.scheme {
        Scheme::Cenc => "AESCTR",
        Scheme::Cbcs => "AESCBC",
    };
    // 0 and 1 are AES-CTR in boxes from before there were schemes.
    let unnamed = |word: &str| reading.scheme == Scheme::Cenc && matches!(word, "0" | "1");
    let same = widevine.is_none_or(|word| word == reading.scheme.as_str() || unnamed(word))
        && playready.into_iter().all(|word| word == algorithm);
    if same { Ok(()) } else { Err(SignallingError::Scheme(part)) }
}

/// Data that names keys names this one; `None` among them is an id that is none.
pub(super) fn names_key(named: impl Iterator<Item = Option<Kid>>, kid: Kid, part: &'static str) -> Outcome<()> {
    let mut named = named.peekable();
    if named.peek().is_none() || named.any(|named| named == Some(kid)) {
        Ok(())
    } else {
        Err(SignallingError::Kid(part))
    }
}

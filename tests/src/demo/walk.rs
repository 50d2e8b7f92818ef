//! One scheme of a title, as a player sees it: manifests, licence, media.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, StatusCode};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sluice_packager::{
    keys::{ContentKey, Kid},
    title::{Delivery, Track, TrackKind},
};

use super::{
    aes128, compare,
    listing::{self, Listed, Listing},
};
use crate::{
    fixture::{Session, Stack},
    runtime::EdgeHost,
};

/// One row of the table: one track in one scheme on one host.
pub(super) struct Row {
    pub(super) host: &'static str,
    pub(super) scheme: String,
    pub(super) track: String,
    pub(super) codec: String,
    pub(super) segments: u64,
    pub(super) samples: u64,
    /// Of init and segments, as delivered.
    pub(super) bytes: u64,
    /// Samples that differ from the clear ones, and signs of clear media where there should be none.
    pub(super) mismatches: u64,
    /// SHA-256 of init and segments, in order.
    pub(super) digest: String,
    pub(super) problems: Vec<String>,
}

/// A track as delivered.
struct Delivered {
    init: Option<Bytes>,
    segments: Vec<Bytes>,
    /// The keys of segments that are encrypted whole, by the index of the first segment that each is for.
    keys: BTreeMap<usize, [u8; 16]>,
}

/// Walks both manifests of a scheme and compares every track that the title has.
pub(super) async fn scheme(stack: &Stack, session: &Session, scheme: &str, host: EdgeHost) -> Result<Vec<Row>> {
    let hls = hls(stack, session.hls(scheme).context("no HLS")?).await.context("HLS")?;
    // Timed text, which HLS lists as WebVTT.
    let mut text = Listing::new();
    if scheme == Delivery::Aes128.as_str() {
        ensure!(session.dash(scheme).is_none(), "DASH has no form for segments encrypted whole");
    } else {
        let mut dash = dash(stack, session.dash(scheme).context("no DASH")?).await.context("DASH")?;
        for id in
            stack.indexed.descriptor.tracks.iter().filter(|track| is_timed_text(track)).map(|track| track.id.as_str())
        {
            let cmaf = dash.remove(id).with_context(|| format!("DASH does not list the track {id}"))?;
            let webvtt = hls.get(id).with_context(|| format!("HLS does not list the track {id}"))?;
            ensure!(cmaf.init.is_some() && webvtt.init.is_none(), "{id}: CMAF in DASH and WebVTT in HLS");
            dash.insert(id.to_owned(), webvtt.clone());
            text.insert(id.to_owned(), cmaf);
        }
        ensure!(hls == dash, "HLS and DASH do not list the same media");
    }

    let mut delivered = BTreeMap::new();
    for (track, listed) in &hls {
        delivered.insert(track.as_str(), fetch(stack, listed).await.with_context(|| track.clone())?);
    }
    let keys = licence(stack, session, &delivered).await.context("licence")?;
    let mut rows = Vec::new();
    // Thumbnails are no media: both protocols list them in ways of their own.
    let tracks = stack.indexed.descriptor.tracks.iter();
    for track in tracks.filter(|track| track.kind != TrackKind::Thumbnail) {
        let id = track.id.as_str();
        let found = delivered.remove(id).with_context(|| format!("no manifest lists the track {id}"))?;
        let mut row = row(stack, track, found, &keys).with_context(|| id.to_owned())?;
        scheme.clone_into(&mut row.scheme);
        row.host = host.as_str();
        rows.push(row);
    }
    rows.extend(timed_text(stack, &text, scheme, host).await?);
    ensure!(delivered.is_empty(), "the manifests list tracks that the title has not");
    Ok(rows)
}

fn is_timed_text(track: &Track) -> bool {
    track.kind == TrackKind::Text && track.is_fragmented()
}

/// Text in CMAF, as DASH lists it, against the clear one that it is to be.
async fn timed_text(stack: &Stack, listing: &Listing, scheme: &str, host: EdgeHost) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for track in &stack.indexed.descriptor.tracks {
        let Some(listed) = listing.get(track.id.as_str()) else { continue };
        let delivered = fetch(stack, listed).await.with_context(|| track.id.to_string())?;
        let row = row(stack, track, delivered, &BTreeMap::new()).with_context(|| track.id.to_string())?;
        rows.push(Row { host: host.as_str(), scheme: scheme.to_owned(), ..row });
    }
    Ok(rows)
}

async fn hls(stack: &Stack, url: &str) -> Result<Listing> {
    let base: Url = url.parse()?;
    let body = get(stack, &base).await?;
    let master = m3u8_rs::parse_master_playlist_res(&body).map_err(|error| anyhow!("{base}: {error}"))?;
    let mut listing = Listing::new();
    for url in listing::media_playlists(&base, &master)? {
        let body = get(stack, &url).await?;
        let playlist = m3u8_rs::parse_media_playlist_res(&body).map_err(|error| anyhow!("{url}: {error}"))?;
        listing::add_media_playlist(&mut listing, &url, &playlist)?;
    }
    Ok(listing)
}

async fn dash(stack: &Stack, url: &str) -> Result<Listing> {
    let base: Url = url.parse()?;
    let body = get(stack, &base).await?;
    let mpd = dash_mpd_core::parse(std::str::from_utf8(&body)?).map_err(|error| anyhow!("{base}: {error}"))?;
    listing::mpd(&base, &mpd)
}

async fn fetch(stack: &Stack, listed: &Listed) -> Result<Delivered> {
    let init = match &listed.init {
        Some(url) => Some(get(stack, url).await?),
        None => None,
    };
    let mut keys = BTreeMap::new();
    for (first, url) in &listed.keys {
        keys.insert(*first, get(stack, url).await?.as_ref().try_into().context("a key that is not 16 bytes")?);
    }
    let mut segments = Vec::new();
    for url in &listed.segments {
        segments.push(get(stack, url).await?);
    }
    Ok(Delivered { init, segments, keys })
}

async fn get(stack: &Stack, url: &Url) -> Result<Bytes> {
    stack.get(url.as_str(), &[]).await?.expect(StatusCode::OK).with_context(|| url.path().to_owned())
}

/// The keys of every key id that the init segments name, from the licence endpoint (W3C EME, ClearKey).
async fn licence(
    stack: &Stack,
    session: &Session,
    delivered: &BTreeMap<&str, Delivered>,
) -> Result<BTreeMap<Kid, ContentKey>> {
    let mut kids = Vec::new();
    for init in delivered.values().filter_map(|track| track.init.as_ref()) {
        kids.extend(compare::kid(init)?);
    }
    kids.sort();
    kids.dedup();
    if kids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let url =
        session.license.get("clearkey").context("the title allows no ClearKey, so that nothing here can decrypt it")?;
    let wanted: Vec<String> = kids.iter().map(|kid| URL_SAFE_NO_PAD.encode(kid.0)).collect();
    let request = json!({ "kids": wanted, "type": "temporary" });
    let body = stack.send(Method::POST, url, &[], Some(&request)).await?.expect(StatusCode::OK)?;
    let licence: Value = serde_json::from_slice(&body)?;
    let mut keys = BTreeMap::new();
    for entry in licence["keys"].as_array().context("no keys in the licence")? {
        let bytes = |name: &str| -> Result<[u8; 16]> {
            let text = entry[name].as_str().with_context(|| format!("a key without {name}"))?;
            let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
            bytes.with_context(|| format!("a key whose {name} is not 16 bytes"))
        };
        keys.insert(Kid(bytes("kid")?), ContentKey::new(bytes("k")?));
    }
    Ok(keys)
}

fn row(stack: &Stack, track: &Track, delivered: Delivered, keys: &BTreeMap<Kid, ContentKey>) -> Result<Row> {
    let folder = stack.clear_media().join(track.id.as_str());
    let expected = track.timeline.count() as usize;
    let protected_title = stack.indexed.descriptor.key_policy.is_some();
    let findings = match (&delivered.init, track.kind) {
        (None, TrackKind::Text) => compare::text(&folder, &delivered.segments)?,
        (Some(init), TrackKind::Text) => compare::media(&folder, init, &delivered.segments, &compare::Keys::none())?,
        (Some(init), TrackKind::Video | TrackKind::Audio) if !delivered.keys.is_empty() => {
            let clear =
                delivered.segments.iter().enumerate().map(|(at, segment)| match delivered.keys.range(..=at).last() {
                    Some((_, key)) => aes128::decrypt(key, at as u32 + 1, segment),
                    // Before the first key, as far as the title says.
                    None => {
                        ensure!(at < track.schedule.clear_lead as usize, "segment {} has no key", at + 1);
                        Ok(segment.clone())
                    }
                });
            compare::media(&folder, init, &clear.collect::<Result<Vec<_>>>()?, &compare::Keys::none())?
        }
        (Some(init), TrackKind::Video | TrackKind::Audio) => {
            let kid = compare::kid(init)?;
            if protected_title && kid.is_none() {
                bail!("a protected title's media came in the clear");
            }
            let keys = if kid.is_some() { keys } else { &BTreeMap::new() };
            let keys = compare::Keys { keys, clear_lead: track.schedule.clear_lead as usize };
            compare::media(&folder, init, &delivered.segments, &keys)?
        }
        (init, kind) => bail!("a {kind:?} track {} init segment", if init.is_some() { "with an" } else { "without" }),
    };
    let mut problems = findings.problems;
    if delivered.segments.len() != expected {
        problems.push(format!("{} segments where there should be {expected}", delivered.segments.len()));
    }
    let parts = || delivered.init.iter().chain(&delivered.segments);
    let digest = parts().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize();
    Ok(Row {
        host: "",
        scheme: String::new(),
        track: track.id.as_str().to_owned(),
        codec: if delivered.init.is_none() { "WebVTT".to_owned() } else { track.codec.clone() },
        segments: delivered.segments.len() as u64,
        samples: findings.samples,
        bytes: parts().map(|part| part.len() as u64).sum(),
        mismatches: findings.mismatches,
        digest: digest[..8].iter().map(|byte| format!("{byte:02x}")).collect(),
        problems,
    })
}

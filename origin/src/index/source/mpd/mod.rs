//! DASH (ISO/IEC 23009-1): a static MPD of one period beside its media.

mod addressing;
mod template;
mod timeline;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use dash_mpd_core::{AdaptationSet, BaseURL, MPD, Period, Representation};

use super::{Found, Hint, Listing, Said, document, gather, locate};

/// The trick-mode sets of DASH-IF IOP 3.2.9: I-frames of a set that is there in full.
const TRICK_MODE: &str = "http://dashif.org/guidelines/trickmode";

/// A representation and all that it inherits from.
struct Inherited<'m> {
    /// The manifest's folder.
    root: PathBuf,
    period: &'m Period,
    set: &'m AdaptationSet,
    representation: &'m Representation,
    /// What segment addresses are relative to, itself relative to the folder.
    base: String,
    /// Of the period, where the MPD says so.
    seconds: Option<f64>,
}

/// Opens an MPD.
///
/// # Errors
/// One problem for each representation that cannot be used; live and several periods are refused.
pub(super) fn open(path: &Path) -> anyhow::Result<Listing> {
    let at = || path.display();
    let text = document(path)?;
    let mpd = dash_mpd_core::parse(&text).map_err(|error| anyhow!("{}: not an MPD: {error}", at()))?;
    if mpd.mpdtype.as_deref() == Some("dynamic") {
        bail!(
            "{}: type=\"dynamic\" is of a stream that may go on: index the finished one (shaka-packager: --generate_static_live_mpd; any other: type=\"static\")",
            at()
        );
    }
    let [period] = mpd.periods.as_slice() else {
        bail!("{}: {} periods, a title has one: index each as a title of its own", at(), mpd.periods.len());
    };
    if period.href.is_some() {
        bail!("{}: its period is in another document (xlink), which is not followed", at());
    }
    let root = path.parent().unwrap_or(Path::new(""));
    let mut left_out = Vec::new();
    let mut tracks = Vec::new();
    for set in &period.adaptations {
        for representation in &set.representations {
            let name = name(representation);
            if let Some(why) = unneeded(set, representation) {
                left_out.push(format!("{}: representation {name}: {why}", at()));
                continue;
            }
            let track = track(root, &mpd, period, set, representation);
            tracks.push(track.with_context(|| format!("{}: representation {name}", at())));
        }
    }
    Ok(Listing { tracks: gather(tracks)?, left_out })
}

fn name(representation: &Representation) -> &str {
    representation.id.as_deref().unwrap_or("without an id")
}

/// Why a representation is passed over, if it is one that the edge makes itself or has no use for.
fn unneeded(set: &AdaptationSet, representation: &Representation) -> Option<&'static str> {
    let properties = set.essential_property.iter().chain(&representation.essential_property);
    if properties.into_iter().any(|property| property.schemeIdUri == TRICK_MODE) {
        return Some("a trick mode, which is made anew from the I-frames");
    }
    media_type(set, representation).starts_with("image/").then_some("pictures, which are not taken from an MPD")
}

fn media_type<'m>(set: &'m AdaptationSet, representation: &'m Representation) -> &'m str {
    representation.mimeType.as_deref().or(set.mimeType.as_deref()).unwrap_or_default()
}

fn track(
    root: &Path,
    mpd: &MPD,
    period: &Period,
    set: &AdaptationSet,
    representation: &Representation,
) -> anyhow::Result<Found> {
    let protections = [&mpd.ContentProtection, &period.ContentProtection, &set.ContentProtection];
    if protections.into_iter().chain([&representation.ContentProtection]).any(|listed| !listed.is_empty()) {
        bail!("is protected already (ContentProtection): index the clear media that it was made of");
    }
    let media_type = media_type(set, representation);
    if !matches!(media_type, "" | "video/mp4" | "audio/mp4" | "application/mp4" | "text/mp4" | "text/vtt") {
        bail!("is {media_type}: fragmented MP4 (CMAF) and WebVTT are taken");
    }
    let mut base = String::new();
    for level in [&mpd.base_url, &period.BaseURL, &set.BaseURL, &representation.BaseURL] {
        base = relative(&base, level)?;
    }
    // Its own clock: a period without a duration lasts as long as the presentation.
    let seconds = period.duration.or(mpd.mediaPresentationDuration).map(|duration| duration.as_secs_f64());
    let context = Inherited { root: root.to_owned(), period, set, representation, base, seconds };
    let (init, segments) =
        if media_type == "text/vtt" { addressing::text(&context)? } else { addressing::media(&context)? };
    let language = representation.lang.as_ref().or(set.lang.as_ref());
    let label = representation.Label.first().or(set.Label.first());
    Ok(Found {
        image: None,
        hint: Hint::Name(representation.id.clone().unwrap_or_default(), kind(set, media_type)),
        init,
        segments,
        said: Said::new(language.map(String::as_str), label.map(|label| label.content.as_str()), is_main(set)),
    })
}

/// The first base URL that is not of another host, so that a list of CDNs with a copy here is no obstacle.
fn relative(base: &str, listed: &[BaseURL]) -> anyhow::Result<String> {
    let mut joined = listed.iter().map(|url| locate::join(base, &url.base));
    let Some(first) = joined.next() else { return Ok(base.to_owned()) };
    if first.is_ok() {
        return first;
    }
    joined.find(Result::is_ok).unwrap_or(first)
}

fn kind(set: &AdaptationSet, media_type: &str) -> Option<&'static str> {
    match set.contentType.as_deref().or(media_type.split('/').next()) {
        Some("video") => Some("video"),
        Some("audio") => Some("audio"),
        Some("text") => Some("text"),
        _ => None,
    }
}

/// Whether it is audio or text that players begin with: the role `main` beside others (ISO/IEC 23009-1, 5.8.5.5).
fn is_main(set: &AdaptationSet) -> bool {
    let main = |role: &dash_mpd_core::Role| {
        role.schemeIdUri == "urn:mpeg:dash:role:2011" && role.value.as_deref() == Some("main")
    };
    set.contentType.as_deref() == Some("audio") && set.Role.iter().any(main)
}

//! What manifests list: for each track, the URLs of its init and of its segments. Read by parsers that others wrote.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail, ensure};
use dash_mpd_core::{MPD, Representation, SegmentTemplate};
use m3u8_rs::{KeyMethod, MasterPlaylist, MediaPlaylist};
use reqwest::Url;

/// One track as a manifest lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// Text has none.
    pub(super) init: Option<Url>,
    /// The raw keys of segments that are encrypted whole, by the index of the first segment that each is for.
    pub(super) keys: BTreeMap<usize, Url>,
    /// In order.
    pub(super) segments: Vec<Url>,
}

/// Tracks by id.
pub(super) type Listing = BTreeMap<String, Listed>;

/// The media playlists that a multivariant playlist names, I-frame playlists left out.
pub(super) fn media_playlists(base: &Url, master: &MasterPlaylist) -> Result<Vec<Url>> {
    let variants = master.variants.iter().filter(|variant| !variant.is_i_frame);
    let mut uris = Vec::new();
    for variant in variants {
        ensure!(variant.codecs.is_some(), "the variant {} has no CODECS", variant.uri);
        uris.push(variant.uri.as_str());
    }
    ensure!(!uris.is_empty(), "{base} has no variants");
    uris.extend(master.alternatives.iter().filter_map(|alternative| alternative.uri.as_deref()));
    let mut urls = uris.into_iter().map(|uri| base.join(uri)).collect::<Result<Vec<_>, _>>()?;
    urls.sort();
    urls.dedup();
    Ok(urls)
}

/// Adds what a media playlist lists.
pub(super) fn add_media_playlist(listing: &mut Listing, base: &Url, playlist: &MediaPlaylist) -> Result<()> {
    ensure!(playlist.end_list, "{base} does not end");
    let mut listed = Listed::default();
    for segment in &playlist.segments {
        // Later ones name later keys and are otherwise the same.
        if let (Some(map), None) = (&segment.map, &listed.init) {
            listed.init = Some(base.join(&map.uri)?);
        }
        if let Some(key) = segment.key.as_ref().filter(|key| key.method == KeyMethod::AES128) {
            let url = base.join(key.uri.as_deref().context("a key without a URI")?)?;
            listed.keys.insert(listed.segments.len(), url);
        }
        listed.segments.push(base.join(&segment.uri)?);
    }
    let track = track_of(listed.segments.first().with_context(|| format!("{base} lists no segments"))?)?;
    listing.insert(track, listed);
    Ok(())
}

/// What an MPD lists (`SegmentTemplate` with a `SegmentTimeline`), sets left out that only who knows their purpose may play: trick modes, thumbnails.
pub(super) fn mpd(base: &Url, mpd: &MPD) -> Result<Listing> {
    let mut listing = Listing::new();
    let sets = mpd.periods.iter().flat_map(|period| &period.adaptations);
    for set in sets.filter(|set| set.essential_property.is_empty() && set.contentType.as_deref() != Some("image")) {
        for representation in &set.representations {
            let template = representation.SegmentTemplate.as_ref().or(set.SegmentTemplate.as_ref());
            let template = template.context("a Representation without SegmentTemplate")?;
            let id = representation.id.as_deref().context("a Representation without an id")?;
            listing.insert(id.to_owned(), expand(base, template, representation, id)?);
        }
    }
    Ok(listing)
}

fn expand(base: &Url, template: &SegmentTemplate, representation: &Representation, id: &str) -> Result<Listed> {
    let media = template.media.as_deref().context("a SegmentTemplate without media")?;
    let timeline = template.SegmentTimeline.as_ref().context("a SegmentTemplate without SegmentTimeline")?;
    let bandwidth = representation.bandwidth.unwrap_or_default().to_string();
    let fill = |text: &str| text.replace("$RepresentationID$", id).replace("$Bandwidth$", &bandwidth);
    let (mut number, mut time) = (template.startNumber.unwrap_or(1), 0);
    let mut listed = Listed::default();
    if let Some(init) = &template.initialization {
        listed.init = Some(base.join(&fill(init))?);
    }
    for entry in &timeline.segments {
        time = entry.t.unwrap_or(time);
        let repeats = u64::try_from(entry.r.unwrap_or(0)).map_err(|_| anyhow!("an open-ended S@r"))?;
        for _ in 0..=repeats {
            let uri = fill(media).replace("$Number$", &number.to_string()).replace("$Time$", &time.to_string());
            listed.segments.push(base.join(&uri)?);
            number += 1;
            time += entry.d;
        }
    }
    Ok(listed)
}

/// `…/TRACK/1.m4s` is of `TRACK`.
fn track_of(segment: &Url) -> Result<String> {
    match segment.path_segments().map(Iterator::collect::<Vec<_>>).as_deref() {
        Some([.., track, _]) => Ok((*track).to_owned()),
        _ => bail!("{segment} names no track"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MPD: &str = r#"<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>
        <AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="10" startNumber="1" initialization="$RepresentationID$/init.mp4?v=1" media="$RepresentationID$/$Number$.m4s?v=1">
        <SegmentTimeline><S t="0" d="40" r="1"/><S d="20"/></SegmentTimeline></SegmentTemplate><Representation id="v1" bandwidth="1"/></AdaptationSet>
        <AdaptationSet mimeType="text/vtt"><Representation id="t1" bandwidth="1"><SegmentTemplate startNumber="1" media="$RepresentationID$/$Number$.vtt?v=1"><SegmentTimeline><S t="0" d="100"/></SegmentTimeline></SegmentTemplate></Representation></AdaptationSet>
        </Period></MPD>"#;

    #[test]
    fn both_protocols_list_the_same() {
        let base: Url = "http://e/~h/v1/t/cbcs/manifest.mpd".parse().expect("a URL");
        let dash = mpd(&base, &dash_mpd_core::parse(MPD).expect("an MPD")).expect("a listing");

        let mut hls = Listing::new();
        let video = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"v1/init.mp4?v=1\"\n#EXTINF:4,\nv1/1.m4s?v=1\n#EXTINF:4,\nv1/2.m4s?v=1\n#EXTINF:2,\nv1/3.m4s?v=1\n#EXT-X-ENDLIST\n";
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nt1/1.vtt?v=1\n#EXT-X-ENDLIST\n";
        for playlist in [video, text] {
            let playlist = m3u8_rs::parse_media_playlist_res(playlist.as_bytes()).expect("a playlist");
            add_media_playlist(&mut hls, &base, &playlist).expect("a listing");
        }
        assert_eq!(hls, dash);
        assert_eq!(hls["v1"].segments[2].as_str(), "http://e/~h/v1/t/cbcs/v1/3.m4s?v=1");
        assert_eq!(hls["t1"].init, None);
    }
}

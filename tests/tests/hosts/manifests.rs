//! Manifests, read by parsers that others wrote.

use anyhow::{Context, Result, anyhow, ensure};
use http::StatusCode;
use reqwest::Url;
use serde_json::json;
use sluice_packager::{cenc::read::Reader, title::TrackKind};
use sluice_tests::{fixture::Stack, runtime::EdgeHost};

use super::{spoil::fragment_ends, stack};

const CHOICES: [&str; 6] =
    ["", "?ks=widevine", "?ks=clearkey", "?ks=identity", "?ks=fairplay,playready", "?max_height=400"];

pub(super) async fn players_of_others_read_every_manifest(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    for scheme in ["cenc", "cbcs"] {
        for choice in CHOICES {
            let url = format!("{}{choice}", session.hls(scheme).context("HLS")?);
            hls(&stack, &url).await.with_context(|| format!("{scheme}, {choice:?}"))?;
            let url = format!("{}{choice}", session.dash(scheme).context("DASH")?);
            // Raw keys have no form in DASH.
            if choice == "?ks=identity" {
                let problem = stack.get(&url, &[]).await?.problem();
                ensure!(problem == (400, "bad_request".to_owned()), "{scheme}, {choice:?}: {problem:?}");
                continue;
            }
            dash(&stack, &url).await.with_context(|| format!("{scheme}, {choice:?}"))?;
        }
    }
    Ok(stack)
}

pub(super) async fn an_iframe_playlist_names_whole_pictures(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    for scheme in ["cenc", "cbcs"] {
        let base: Url = session.hls(scheme).context("HLS")?.parse()?;
        let body = stack.get(base.as_str(), &[]).await?.expect(StatusCode::OK)?;
        let master = m3u8_rs::parse_master_playlist_res(&body).map_err(|error| anyhow!("{error}"))?;
        let tricks: Vec<_> = master.variants.iter().filter(|variant| variant.is_i_frame).collect();
        ensure!(tricks.len() == 3, "{} I-frame playlists for three renditions", tricks.len());
        for trick in tricks {
            let url = base.join(&trick.uri)?;
            let body = stack.get(url.as_str(), &[]).await?.expect(StatusCode::OK)?;
            let playlist = m3u8_rs::parse_media_playlist_res(&body).map_err(|error| anyhow!("{url}: {error}"))?;
            ensure!(playlist.i_frames_only && playlist.end_list, "{url}: no I-frame playlist");
            // A picture for each of the 24 seconds.
            ensure!(playlist.segments.len() == 24, "{url}: {} pictures", playlist.segments.len());
            let map = playlist.segments.iter().find_map(|segment| segment.map.as_ref()).context("EXT-X-MAP")?;
            let init = stack.get(url.join(&map.uri)?.as_str(), &[]).await?.expect(StatusCode::OK)?;
            let reader = Reader::new(&init)?;
            for of_segment in playlist.segments.chunk_by(|one, other| one.uri == other.uri) {
                let media = url.join(&of_segment[0].uri)?;
                let whole = stack.get(media.as_str(), &[]).await?.expect(StatusCode::OK)?;
                let (samples, ends) = (reader.samples(&whole)?, fragment_ends(&whole));
                for (at, picture) in of_segment.iter().enumerate() {
                    let range = picture.byte_range.as_ref().context("EXT-X-BYTERANGE")?;
                    let (first, length) = (range.offset.context("an offset")?, range.length);
                    let start = at.checked_sub(1).map_or(0, |before| ends[before] as u64);
                    let sample = samples.iter().find(|sample| sample.offset > start).context("a sample")?;
                    let end = sample.offset + u64::from(sample.size);
                    ensure!(sample.sync, "{media}: decoding cannot begin at picture {at}");
                    ensure!((first, first + length) == (start, end), "{media}: picture {at} is not at {first}");
                    let range = format!("bytes={first}-{}", end - 1);
                    let part = stack.get(media.as_str(), &[("range", &range)]).await?;
                    let part = part.expect(StatusCode::PARTIAL_CONTENT)?;
                    ensure!(
                        part == whole[start as usize..end as usize],
                        "{media} {range}: other bytes than the whole's"
                    );
                }
            }
        }
        let none = base.join("a-en-iframes.m3u8")?;
        let problem = stack.get(none.as_str(), &[]).await?.problem();
        ensure!(problem == (404, "unknown_track".to_owned()), "{none}: {problem:?}");
    }
    Ok(stack)
}

async fn hls(stack: &Stack, url: &str) -> Result<()> {
    let base: Url = url.parse()?;
    let answer = stack.get(url, &[]).await?;
    ensure!(answer.header("content-type").starts_with("application/vnd.apple.mpegurl"), "{:?}", answer.headers);
    let body = answer.expect(StatusCode::OK)?;
    let text = String::from_utf8(body.to_vec())?;
    let master = m3u8_rs::parse_master_playlist_res(&body).map_err(|error| anyhow!("{error}"))?;
    ensure!(!master.variants.is_empty(), "no variants");
    ensure!(master.variants.iter().all(|variant| variant.codecs.is_some()), "a variant without CODECS:\n{text}");
    // Read once more by eye: a parser may be lenient.
    let lines = text.lines().filter(|line| line.starts_with("#EXT-X-STREAM-INF:"));
    let with_codecs = lines.clone().filter(|line| line.contains(",CODECS=\"") || line.contains(":CODECS=\"")).count();
    ensure!(with_codecs == lines.count() && with_codecs > 0, "an EXT-X-STREAM-INF without CODECS:\n{text}");
    for alternative in &master.alternatives {
        ensure!(!alternative.group_id.is_empty() && !alternative.name.is_empty(), "a rendition without a name");
    }
    let variants = master.variants.iter().map(|variant| variant.uri.as_str());
    let renditions = master.alternatives.iter().filter_map(|alternative| alternative.uri.as_deref());
    for uri in variants.chain(renditions) {
        let url = base.join(uri)?;
        let body = stack.get(url.as_str(), &[]).await?.expect(StatusCode::OK).with_context(|| uri.to_owned())?;
        let media = m3u8_rs::parse_media_playlist_res(&body).map_err(|error| anyhow!("{uri}: {error}"))?;
        let longest = media.segments.iter().map(|segment| segment.duration.round() as u64).max();
        let longest = longest.with_context(|| format!("{uri} lists no segments"))?;
        ensure!(media.end_list, "{uri} does not end");
        ensure!(media.target_duration >= longest, "{uri}: a segment of {longest} s, target {}", media.target_duration);
    }
    Ok(())
}

async fn dash(stack: &Stack, url: &str) -> Result<()> {
    let answer = stack.get(url, &[]).await?;
    ensure!(answer.header("content-type").starts_with("application/dash+xml"), "{:?}", answer.headers);
    let text = String::from_utf8(answer.expect(StatusCode::OK)?.to_vec())?;
    let mpd = dash_mpd_core::parse(&text).map_err(|error| anyhow!("{error}"))?;
    let complaints = dash_mpd_core::check_conformity(&mpd);
    ensure!(complaints.is_empty(), "{complaints:?}\n{text}");
    let sets: Vec<_> = mpd.periods.iter().flat_map(|period| &period.adaptations).collect();
    let mut listed = Vec::new();
    for set in sets {
        let kind = set.contentType.as_deref().unwrap_or_default();
        let protected = !set.ContentProtection.is_empty()
            || set.representations.iter().all(|representation| !representation.ContentProtection.is_empty());
        ensure!(protected == (kind != "text"), "{kind:?}: protected: {protected}\n{text}");
        listed.extend(set.representations.iter().filter_map(|representation| representation.id.clone()));
    }
    let capped = url.contains("max_height");
    for track in &stack.indexed.descriptor.tracks {
        let expected = !capped || track.kind != TrackKind::Video || track.id.as_str() == "v360";
        ensure!(listed.contains(&track.id.to_string()) == expected, "{}: listed: {listed:?}", track.id);
    }
    Ok(())
}

//! A track as one file.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use reqwest::Url;
use sluice_packager::title::TrackKind;
use sluice_tests::{
    fixture::{Stack, StackOptions, altered},
    runtime::EdgeHost,
};

use super::{object, options, signalling};

/// Byte ranges by the playlist are the init segment and the segments as they come alone, the index is where the MPD says and agrees, and any other
/// range is of the same bytes: with a clear lead, changing keys and `pssh` boxes, whose sizes differ from segment to segment.
pub(super) async fn byte_ranges_are_of_the_same_bytes(host: EdgeHost) -> Result<Stack> {
    let policy = toml::toml! { clear_lead = 5 key_period = 8 pssh = ["init", "moof"] };
    let source = altered([("key_policy", policy)])?;
    let stack = Stack::start(StackOptions { title: source.path().to_owned(), ..options(host).await? }).await?;
    of_the_same_bytes(&stack).await?;
    Ok(stack)
}

/// The same with a key provider's boxes in the init segments, of which nobody knew when the title was indexed.
pub(super) async fn byte_ranges_hold_with_a_providers_boxes(host: EdgeHost) -> Result<Stack> {
    let stack = signalling::by_provider(host).await?;
    of_the_same_bytes(&stack).await?;
    Ok(stack)
}

async fn of_the_same_bytes(stack: &Stack) -> Result<()> {
    let session = stack.session("viewer").await?;
    let media = stack.indexed.descriptor.tracks.iter().filter(|track| track.kind != TrackKind::Text);
    for (track, scheme) in media.flat_map(|track| [(track, "cenc"), (track, "cbcs")]) {
        let id = &track.id;
        let alone =
            async |name: &str| stack.get(&object(stack, &session, scheme, name)?, &[]).await?.expect(StatusCode::OK);
        let init = alone(&format!("{id}/init.mp4")).await?;
        let mut segments = Vec::new();
        for number in 1..=track.timeline.count() {
            segments.push(alone(&format!("{id}/{number}.m4s")).await?);
        }

        let master: Url = session.hls(scheme).context("HLS")?.parse()?;
        let url = master.join(&format!("{id}.m3u8?addressing=ranges"))?;
        let text = stack.get(url.as_str(), &[]).await?.expect(StatusCode::OK)?;
        let playlist = m3u8_rs::parse_media_playlist_res(&text).map_err(|error| anyhow::anyhow!("{url}: {error}"))?;
        ensure!(playlist.segments.len() == segments.len(), "{url}: {} segments", playlist.segments.len());
        let file = url.join(&playlist.segments[0].uri)?;
        let map = playlist.segments[0].map.as_ref().context("a map")?;
        ensure!(ranged(stack, &url.join(&map.uri)?, map.byte_range.as_ref()).await? == init, "{scheme} {id}: init");
        let mut index = 0..init.len() as u64;
        for (listed, segment) in playlist.segments.iter().zip(&segments) {
            let range = listed.byte_range.as_ref();
            ensure!(ranged(stack, &url.join(&listed.uri)?, range).await? == *segment, "{scheme} {id}: {range:?}");
            if index.start == 0 {
                let first = range.and_then(|range| range.offset).context("an offset")?;
                index = init.len() as u64..first;
            }
        }

        // All of it, and where its parts are, is what the MPD says.
        let sidx = part(stack, &file, index.start, index.end - 1).await?;
        let whole: Vec<u8> = [&init, &sidx].into_iter().chain(&segments).flatten().copied().collect();
        let got = stack.get(file.as_str(), &[]).await?;
        ensure!(got.body == whole, "{scheme} {id}: the whole file");
        let mpd = stack.get(&format!("{}?addressing=ranges", session.dash(scheme).context("DASH")?), &[]).await?;
        let mpd = String::from_utf8(mpd.expect(StatusCode::OK)?.to_vec())?;
        let parsed = dash_mpd_core::parse(&mpd).map_err(|error| anyhow::anyhow!("{error}"))?;
        let complaints = dash_mpd_core::check_conformity(&parsed);
        ensure!(complaints.is_empty(), "{complaints:?}");
        let sets = parsed.periods.iter().flat_map(|period| &period.adaptations);
        let found = sets.flat_map(|set| &set.representations).find(|one| one.id.as_deref() == Some(id.as_str()));
        let base = found.and_then(|one| one.SegmentBase.as_ref()).context("a SegmentBase")?;
        ensure!(base.indexRange.as_deref() == Some(&format!("{}-{}", index.start, index.end - 1)), "{base:?}");
        let initialization = base.Initialization.as_ref().and_then(|init| init.range.as_deref());
        ensure!(initialization == Some(&format!("0-{}", init.len() - 1)), "{base:?}");
        let sizes: Vec<u32> =
            sidx[40..].chunks(12).map(|one| u32::from_be_bytes([one[0], one[1], one[2], one[3]])).collect();
        ensure!(
            sizes.iter().map(|size| *size as usize).eq(segments.iter().map(Bytes::len)),
            "{scheme} {id}: {sizes:?}"
        );

        let end = whole.len() as u64 - 1;
        for (first, last) in [(0, 0), (3, index.end + 5), (index.end - 2, end / 2), (end / 3, end), (end, end)] {
            let got = part(stack, &file, first, last).await?;
            ensure!(got[..] == whole[first as usize..=last as usize], "{scheme} {id}: bytes {first} to {last}");
        }
        let head = stack.send(Method::HEAD, file.as_str(), &[], None).await?;
        ensure!(
            head.header("content-length") == whole.len().to_string(),
            "{scheme} {id}: {}",
            head.header("content-length")
        );
        let past = format!("bytes={}-", whole.len());
        let past = stack.get(file.as_str(), &[(header::RANGE.as_str(), &past)]).await?.problem();
        ensure!(past == (416, "range_unsatisfiable".to_owned()), "{past:?}");
        let kept = stack.get(file.as_str(), &[("if-none-match", got.header("etag"))]).await?;
        ensure!(kept.status == StatusCode::NOT_MODIFIED, "{}", kept.status);
    }
    let aes = session.hls("aes128").context("aes128 is offered")?.replace("main.m3u8", "v360.mp4");
    let version = &stack.indexed.descriptor.version;
    let none = stack.get(&format!("{aes}?v={version}"), &[]).await?.problem();
    ensure!(none == (404, "unknown_route".to_owned()), "{none:?}");
    let none = stack.get(&format!("{}?addressing=ranges", aes.replace(".mp4", ".m3u8")), &[]).await?.problem();
    ensure!(none == (400, "bad_request".to_owned()), "{none:?}");
    Ok(())
}

async fn ranged(stack: &Stack, url: &Url, range: Option<&m3u8_rs::ByteRange>) -> Result<Bytes> {
    let range = range.context("a byte range")?;
    let first = range.offset.context("an offset")?;
    part(stack, url, first, first + range.length - 1).await
}

/// These bytes, both ends included, as one partial response.
async fn part(stack: &Stack, url: &Url, first: u64, last: u64) -> Result<Bytes> {
    let got = stack.get(url.as_str(), &[(header::RANGE.as_str(), &format!("bytes={first}-{last}"))]).await?;
    ensure!(
        got.header("content-range").starts_with(&format!("bytes {first}-{last}/")),
        "{}",
        got.header("content-range")
    );
    let length = got.header("content-length").to_owned();
    ensure!(length == (last - first + 1).to_string(), "{length}");
    ensure!(got.header("cache-control") == "private, no-store", "{}", got.header("cache-control"));
    got.expect(StatusCode::PARTIAL_CONTENT)
}

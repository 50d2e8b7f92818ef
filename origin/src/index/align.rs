use anyhow::{Context, bail};
use sluice_packager::title::{Timeline, TrackKind};

use super::{Settings, problems::Problems, thumbnails, track::ReadTrack};

/// Checks that video renditions are cut at the same times, and gives plain WebVTT and thumbnails timelines beside the media's. Timed text in
/// CMAF has its own, cut where it likes, but from where the media begins: HLS has no other way to tell where a playlist does.
pub(super) fn check(tracks: &mut [ReadTrack], settings: &Settings) -> anyhow::Result<()> {
    let lead = tracks.iter().find(|track| track.kind == TrackKind::Video);
    let lead = lead.or_else(|| tracks.iter().find(|track| track.kind == TrackKind::Audio));
    let lead = lead.context("no video or audio track: text alone has no times")?;
    let mut problems = Problems::default();
    for track in tracks.iter().filter(|track| track.kind == TrackKind::Video) {
        problems.note(aligned(lead, track));
    }
    problems.none()?;
    let (name, timescale, timeline) = (lead.id.clone(), lead.timescale, lead.timeline.clone());
    for track in tracks.iter().filter(|track| track.kind == TrackKind::Text && track.text.is_some()) {
        let begins = |start: u64, timescale: u32| start as f64 / f64::from(timescale.max(1));
        let (own, media) = (begins(track.timeline.start, track.timescale), begins(timeline.start, timescale));
        if (own - media).abs() > 1.0 {
            bail!("track {}: begins at {own:.3} s, but {name} at {media:.3} s: text begins with the media", track.id);
        }
    }
    for track in tracks.iter_mut().filter(|track| track.kind == TrackKind::Text && track.text.is_none()) {
        let (has, wants) = (track.files.len(), timeline.count() as usize);
        if has != wants {
            bail!(
                "track {}: {has} segments, but {name} has {wants}: text segments are cut where the media is",
                track.id
            );
        }
        track.timescale = timescale;
        track.timeline = Timeline { start: timeline.start, runs: Vec::new() };
        for run in &timeline.runs {
            for _ in 0..run.n {
                track.timeline.push(run.d, 0);
            }
        }
    }
    for track in tracks.iter_mut().filter(|track| track.kind == TrackKind::Thumbnail) {
        track.timescale = timescale;
        track.timeline = thumbnails::timeline(track, &timeline, timescale, &settings.of(&track.id))?;
    }
    Ok(())
}

fn aligned(lead: &ReadTrack, track: &ReadTrack) -> anyhow::Result<()> {
    let (has, wants) = (track.timeline.count(), lead.timeline.count());
    if has != wants {
        bail!(
            "track {}: {has} segments, but {} has {wants}: video renditions are cut at the same times",
            track.id,
            lead.id
        );
    }
    let scaled = |time: u64, timescale: u32| u128::from(time) * u128::from(timescale);
    for number in 1..=wants {
        let (Some(a), Some(b)) = (lead.timeline.segment(number), track.timeline.segment(number)) else { break };
        let starts = scaled(a.time, track.timescale) == scaled(b.time, lead.timescale);
        // The last one may end a frame off.
        let ends = number == wants || scaled(a.duration, track.timescale) == scaled(b.duration, lead.timescale);
        if !starts || !ends {
            bail!(
                "track {}: segment {number} is {} to {} of {} a second, that of {} is {} to {} of {}: renditions are cut at the same times",
                track.id,
                b.time,
                b.time + b.duration,
                track.timescale,
                lead.id,
                a.time,
                a.time + a.duration,
                lead.timescale
            );
        }
    }
    Ok(())
}

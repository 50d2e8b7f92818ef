use super::{nominal, xml::put};
use crate::{
    manifest::{Error, Seconds},
    title::{MAX_SEGMENTS, Scheme, Thumbnails, Track, TrackKind, Version, index_range},
};

/// Where the period begins on the media timeline: the earliest start of audio and video, as ticks of a timescale; and how long it is.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    start: u64,
    timescale: u32,
    length: Seconds,
}

impl Origin {
    /// Of the tracks that play: text follows the media, and does not move them. Zero where there are none.
    pub(super) fn of(tracks: &[&Track]) -> Self {
        let media = || tracks.iter().filter(|track| matches!(track.kind, TrackKind::Video | TrackKind::Audio));
        let zero = Seconds::nearest(0, 1);
        let starts = media().map(|track| (track.timeline.start, track.timescale.max(1)));
        let (start, timescale) =
            starts.min_by_key(|(start, timescale)| Seconds::down(*start, *timescale)).unwrap_or((0, 1));
        let origin = Self { start, timescale, length: zero };
        Self { length: media().map(|track| origin.until_end(track)).max().unwrap_or(zero), ..origin }
    }

    /// From here to the end of all audio and video.
    pub(super) fn length(self) -> Seconds {
        self.length
    }

    /// `@presentationTimeOffset` in the track's timescale; never after the first segment of audio or video. Text may begin before them.
    pub(super) fn offset(self, track: &Track) -> u64 {
        let ticks = u128::from(self.start) * u128::from(track.timescale.max(1)) / u128::from(self.timescale);
        let latest = if track.kind == TrackKind::Text { u64::MAX } else { track.timeline.start };
        u64::try_from(ticks).map_or(track.timeline.start, |ticks| ticks.min(latest))
    }

    /// The time from here to the end of the track.
    pub(super) fn until_end(self, track: &Track) -> Seconds {
        let end = track.timeline.start.saturating_add(track.timeline.duration());
        Seconds::down(self.start, self.timescale).until(Seconds::up(end, track.timescale))
    }
}

/// `SegmentTemplate` with a `SegmentTimeline` (5.3.9.6): as long as the number of distinct durations, not of segments. Where even that is long and one
/// duration is as good as true of all, that one stands there instead.
pub(super) fn put_template(out: &mut String, track: &Track, version: &Version, origin: Origin) {
    let (runs, offset) = (joined(track), origin.offset(track));
    let nominal = nominal::duration(track, runs.len(), offset, origin.length);
    let finer = if nominal.is_some() { nominal::FINER } else { 1 };
    put!(out, "<SegmentTemplate timescale=\"{}\"", track.timescale.max(1) * finer);
    match u128::from(offset) * u128::from(finer) {
        0 => {}
        offset => put!(out, " presentationTimeOffset=\"{offset}\""),
    }
    if let Some(Thumbnails { format, .. }) = track.thumbnails {
        put!(out, " media=\"$RepresentationID$/$Number$.{}?v={version}\"", format.extension());
    } else if !track.is_fragmented() {
        put!(out, " media=\"$RepresentationID$/$Number$.vtt?v={version}\"");
    } else {
        put!(
            out,
            " initialization=\"$RepresentationID$/init.mp4?v={version}\" media=\"$RepresentationID$/$Number$.m4s?v={version}\""
        );
    }
    if let Some(duration) = nominal {
        put!(out, " startNumber=\"1\" duration=\"{duration}\"/>");
        return;
    }
    out.push_str(" startNumber=\"1\"><SegmentTimeline>");
    for (at, (d, n)) in runs.into_iter().enumerate() {
        out.push_str("<S");
        if at == 0 {
            put!(out, " t=\"{}\"", track.timeline.start);
        }
        put!(out, " d=\"{d}\"");
        match n - 1 {
            0 => {}
            // The number of segments that follow the first one.
            r => put!(out, " r=\"{r}\""),
        }
        out.push_str("/>");
    }
    out.push_str("</SegmentTimeline></SegmentTemplate>");
}

/// `BaseURL` and `SegmentBase` (5.3.9.2) of a track that is named as one file: where its init segment and its index are.
///
/// # Errors
/// [`Error::NoRanges`]
pub(super) fn put_base(
    out: &mut String,
    track: &Track,
    version: &Version,
    origin: Origin,
    scheme: Option<Scheme>,
) -> Result<(), Error> {
    let init = track.init_size.filter(|_| track.timeline.count() as usize <= MAX_SEGMENTS).ok_or(Error::NoRanges)?;
    let index = index_range(init.delivered(scheme).into(), &track.timeline);
    put!(out, "<BaseURL>{}.mp4?v={version}</BaseURL><SegmentBase timescale=\"{}\"", track.id, track.timescale.max(1));
    match origin.offset(track) {
        0 => {}
        offset => put!(out, " presentationTimeOffset=\"{offset}\""),
    }
    let (first, end) = (index.start, index.end);
    put!(
        out,
        " indexRange=\"{first}-{}\"><Initialization range=\"0-{}\"/></SegmentBase>",
        end - 1,
        first.saturating_sub(1)
    );
    Ok(())
}

/// Runs of equal durations, whatever their fragments; never an empty one.
fn joined(track: &Track) -> Vec<(u64, u64)> {
    let mut joined: Vec<(u64, u64)> = Vec::with_capacity(track.timeline.runs.len());
    for run in track.timeline.runs.iter().filter(|run| run.n > 0) {
        match joined.last_mut() {
            Some((d, n)) if *d == run.d => *n += u64::from(run.n),
            _ => joined.push((run.d, run.n.into())),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{manifest::fixture, title::Run};

    #[test]
    fn runs_are_joined_and_the_offset_is_the_earliest_start() {
        let mut title = fixture::protected();
        title.tracks[0].timeline.start = 1_280_000;
        title.tracks[0].timeline.runs.insert(0, Run { d: 51_200, n: 3, f: 1 });
        title.tracks[2].timeline.start = 4_800_100;
        title.tracks[4].timeline.start = 100_000;
        let tracks: Vec<_> = [0, 2, 4].into_iter().map(|at| &title.tracks[at]).collect();
        let origin = Origin::of(&tracks);
        let written = |at: usize| {
            let mut out = String::new();
            put_template(&mut out, tracks[at], &title.version, origin);
            out
        };
        assert_eq!(
            written(0),
            "<SegmentTemplate timescale=\"12800\" presentationTimeOffset=\"1280000\" initialization=\"$RepresentationID$/init.mp4?v=r1\" \
             media=\"$RepresentationID$/$Number$.m4s?v=r1\" startNumber=\"1\"><SegmentTimeline><S t=\"1280000\" d=\"51200\" r=\"4\"/>\
             <S d=\"25600\"/></SegmentTimeline></SegmentTemplate>"
        );
        assert!(
            written(1).contains(" presentationTimeOffset=\"4800000\" ") && written(1).contains("<S t=\"4800100\" ")
        );
        assert!(
            written(2).contains(" presentationTimeOffset=\"100000\" media=\"$RepresentationID$/$Number$.vtt?v=r1\"")
        );
        assert_eq!(origin.until_end(tracks[0]).to_string(), "22");
        assert_eq!(origin.until_end(tracks[1]).to_string(), "10.007417");
    }
}

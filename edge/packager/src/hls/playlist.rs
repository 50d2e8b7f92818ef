use super::{extinf::Durations, key::KeyLines, text::put};
use crate::title::{Run, SingleFile, Track};

/// About how many bytes of a playlist are made at a time.
const PIECE: usize = 16 << 10;

/// A media playlist that is written as it is sent, in pieces of some kilobytes: one of a day takes megabytes, and no response needs them at once.
pub struct Playlist {
    /// What comes before the segments, until it is taken.
    head: Option<String>,
    runs: std::vec::IntoIter<Run>,
    /// The run at hand, and how many of its segments are left.
    run: Option<(Run, u32)>,
    number: u32,
    durations: Durations,
    keys: KeyLines,
    place: Place,
    ended: bool,
}

/// Where a playlist's segments are.
pub(super) enum Place {
    /// Each at a URI of its own: what is before and after its number.
    Uris { before: String, after: String },
    /// In one file.
    Ranges { file: SingleFile, uri: String },
    /// It has none that are not in its head.
    Nowhere,
}

impl Playlist {
    /// `keys`: what of them is not in the head.
    pub(super) fn new(head: String, track: &Track, keys: KeyLines, place: Place) -> Self {
        Self {
            head: Some(head),
            runs: track.timeline.runs.clone().into_iter(),
            run: None,
            number: 0,
            durations: Durations::new(track.timescale),
            keys,
            place,
            ended: false,
        }
    }

    /// One that is short enough to be made at once.
    pub(super) fn whole(text: String) -> Self {
        Self {
            head: Some(text),
            runs: Vec::new().into_iter(),
            run: None,
            number: 0,
            durations: Durations::new(1),
            keys: KeyLines::none(),
            place: Place::Nowhere,
            ended: true,
        }
    }

    /// Writes the next segment; `None` behind the last.
    fn segment(&mut self, out: &mut String) -> Option<()> {
        let run = loop {
            match &mut self.run {
                Some((run, left @ 1..)) => {
                    *left -= 1;
                    break *run;
                }
                _ => self.run = Some(self.runs.next().map(|run| (run, run.n))?),
            }
        };
        self.number += 1;
        let (number, duration) = (self.number, self.durations.next(run.d));
        out.push_str(self.keys.before(number));
        put!(out, "#EXTINF:{duration},\n");
        match &self.place {
            Place::Uris { before, after } => put!(out, "{before}{number}{after}\n"),
            Place::Ranges { file, uri } => {
                let range = file.segment(number).unwrap_or_default();
                put!(out, "#EXT-X-BYTERANGE:{}@{}\n{uri}\n", range.end - range.start, range.start);
            }
            Place::Nowhere => {}
        }
        Some(())
    }
}

impl Iterator for Playlist {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut out = self.head.take().unwrap_or_default();
        while !self.ended && out.len() < PIECE {
            if self.segment(&mut out).is_none() {
                out.push_str("#EXT-X-ENDLIST\n");
                self.ended = true;
            }
        }
        (!out.is_empty()).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        hls::{media, media_playlist},
        manifest::fixture,
        title::{Delivery, Run, TrackId},
    };

    #[test]
    fn pieces_are_bounded_and_make_the_whole() {
        let mut title = fixture::protected();
        title.tracks[0].timeline.runs = vec![Run { d: 25_600, n: 20_000, f: 1 }, Run { d: 1, n: 0, f: 1 }];
        let (id, options) = (TrackId::parse("v720").expect("id"), fixture::options(Delivery::Cbcs));
        let pieces: Vec<String> = media_playlist(&title, &id, &options).expect("playlist").collect();
        assert!(pieces.len() > 20 && pieces.iter().all(|piece| piece.len() < 18 << 10), "{}", pieces.len());
        let whole = pieces.concat();
        assert_eq!(Ok(&whole), media(&title, &id, &options).as_ref());
        assert_eq!((whole.matches("#EXTINF").count(), whole.matches("#EXT-X-ENDLIST\n").count()), (20_000, 1));
        assert!(whole.ends_with("v720/20000.m4s?v=r1\n#EXT-X-ENDLIST\n"));
    }
}

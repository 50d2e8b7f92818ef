use std::fmt::{self, Write};

use dash_mpd_core::{SegmentBase, SegmentList, SegmentTemplate};
use serde::Serialize;

use crate::inspect::{
    redact,
    text::{count, printable},
};

/// Runs of a timeline that the text shows without `--samples`.
const SHOWN: usize = 6;

/// How a representation's segments are found (ISO/IEC 23009-1, 5.3.9).
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Addressing {
    /// `SegmentTemplate` with `SegmentTimeline`.
    Timeline {
        /// Template of the init segment's URL.
        #[serde(skip_serializing_if = "Option::is_none")]
        initialization: Option<String>,
        /// Template of the segments' URLs.
        media: String,
        /// Ticks per second.
        timescale: u64,
        /// Number of the first segment.
        start_number: u64,
        /// Media time of the period's start, in the timescale.
        presentation_time_offset: u64,
        /// How many segments; absent where the last run goes on to an end that nobody tells.
        #[serde(skip_serializing_if = "Option::is_none")]
        segments: Option<u64>,
        /// Seconds of all segments.
        #[serde(skip_serializing_if = "Option::is_none")]
        duration: Option<f64>,
        /// `S` elements.
        runs: Vec<TimelineRun>,
    },
    /// `SegmentTemplate` with `duration`.
    Number {
        /// Template of the init segment's URL.
        #[serde(skip_serializing_if = "Option::is_none")]
        initialization: Option<String>,
        /// Template of the segments' URLs.
        media: String,
        /// Ticks per second.
        timescale: u64,
        /// Number of the first segment.
        start_number: u64,
        /// Seconds of a segment.
        segment_duration: f64,
        /// How many segments, where the period's duration is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        segments: Option<u64>,
    },
    /// `SegmentBase`: one file, with an index.
    Base {
        /// Bytes of the `sidx`.
        #[serde(skip_serializing_if = "Option::is_none")]
        index_range: Option<String>,
        /// Bytes of the init segment.
        #[serde(skip_serializing_if = "Option::is_none")]
        initialization_range: Option<String>,
    },
    /// `SegmentList`
    List {
        /// URL or bytes of the init segment.
        #[serde(skip_serializing_if = "Option::is_none")]
        initialization: Option<String>,
        /// How many segments.
        segments: u64,
        /// Seconds of a segment.
        #[serde(skip_serializing_if = "Option::is_none")]
        segment_duration: Option<f64>,
    },
    /// None of these: the base URL is the whole file.
    File,
}

/// An `S` element: segments of the same duration.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TimelineRun {
    /// Media time of the first, in the timescale.
    pub start: u64,
    /// In the timescale.
    pub duration: u64,
    /// How many; absent where nobody tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<u64>,
}

/// What period, set and representation say of segments, outermost first; the inner ones override attribute by attribute.
#[derive(Clone, Copy, Default)]
pub(super) struct Levels<'a> {
    pub(super) templates: [Option<&'a SegmentTemplate>; 3],
    pub(super) bases: [Option<&'a SegmentBase>; 3],
    pub(super) lists: [Option<&'a SegmentList>; 3],
}

fn inner<'a, T, V>(levels: &[Option<&'a T>; 3], of: impl Fn(&'a T) -> Option<V>) -> Option<V> {
    levels.iter().rev().flatten().find_map(|level| of(level))
}

impl Addressing {
    pub(super) fn of(levels: &Levels<'_>, period: Option<f64>) -> Self {
        let Levels { templates, bases, lists } = levels;
        if templates.iter().any(Option::is_some) {
            return Self::template(templates, period);
        }
        if lists.iter().any(Option::is_some) {
            let timescale = inner(lists, |list| list.timescale).unwrap_or(1).max(1);
            let initialization = inner(lists, |list| list.Initialization.as_ref());
            return Self::List {
                initialization: initialization.and_then(|init| {
                    init.sourceURL.as_deref().map(redact::url).or(init.range.as_deref().map(printable))
                }),
                segments: inner(lists, |list| Some(list.segment_urls.len()).filter(|len| *len > 0)).unwrap_or(0) as u64,
                segment_duration: inner(lists, |list| list.duration).map(|duration| duration as f64 / timescale as f64),
            };
        }
        if bases.iter().any(Option::is_some) {
            let initialization = inner(bases, |base| base.Initialization.as_ref());
            return Self::Base {
                index_range: inner(bases, |base| base.indexRange.as_deref().map(printable)),
                initialization_range: initialization.and_then(|init| init.range.as_deref().map(printable)),
            };
        }
        Self::File
    }

    fn template(templates: &[Option<&SegmentTemplate>; 3], period: Option<f64>) -> Self {
        let timescale = inner(templates, |template| template.timescale).unwrap_or(1).max(1);
        let start_number = inner(templates, |template| template.startNumber).unwrap_or(1);
        let offset = inner(templates, |template| template.presentationTimeOffset).unwrap_or(0);
        let initialization = inner(templates, |template| template.initialization.as_deref()).map(redact::url);
        let media = inner(templates, |template| template.media.as_deref()).map(redact::url).unwrap_or_default();
        if let Some(timeline) = inner(templates, |template| template.SegmentTimeline.as_ref()) {
            let end = period.map(|seconds| offset.saturating_add((seconds * timescale as f64).round() as u64));
            let runs = runs(&timeline.segments, end);
            let segments: Option<u64> = runs.iter().map(|run| run.segments).sum();
            let ticks = runs.iter().map(|run| Some(run.segments? as f64 * run.duration as f64)).sum::<Option<f64>>();
            return Self::Timeline {
                initialization,
                media,
                timescale,
                start_number,
                presentation_time_offset: offset,
                segments,
                duration: ticks.map(|ticks| ticks / timescale as f64),
                runs,
            };
        }
        let segment_duration = inner(templates, |template| template.duration).unwrap_or(0.0) / timescale as f64;
        let segments = period.filter(|_| segment_duration > 0.0).map(|period| {
            // A period is written in milliseconds: its last segment does not make another.
            ((period - 0.001) / segment_duration).ceil().max(0.0) as u64
        });
        let ended = inner(templates, |template| template.endNumber);
        let segments = ended.and_then(|end| end.checked_sub(start_number)?.checked_add(1)).or(segments);
        Self::Number { initialization, media, timescale, start_number, segment_duration, segments }
    }

    pub(super) fn write(&self, f: &mut impl Write, indent: usize, list: bool) -> fmt::Result {
        let how_many =
            |segments: &Option<u64>| segments.map_or_else(|| "segments".to_owned(), |n| format!("{n} segments"));
        let init = |initialization: &Option<String>| {
            initialization.as_ref().map_or_else(String::new, |url| format!(", init {url}"))
        };
        write!(f, "{:indent$}", "")?;
        match self {
            Self::Timeline {
                initialization,
                media,
                timescale,
                start_number,
                presentation_time_offset,
                segments,
                duration,
                runs,
            } => {
                write!(f, "{} by timeline", how_many(segments))?;
                if let Some(duration) = duration {
                    write!(f, ", {duration:.3} s")?;
                }
                write!(f, ", timescale {timescale}, from number {start_number}")?;
                if *presentation_time_offset > 0 {
                    write!(f, ", presentation time offset {presentation_time_offset}")?;
                }
                writeln!(f, "{}, media {media}", init(initialization))?;
                let shown = if list { runs.len() } else { SHOWN };
                for TimelineRun { start, duration, segments } in runs.iter().take(shown) {
                    let n = segments.map_or_else(|| "any number".to_owned(), |n| n.to_string());
                    writeln!(f, "{:indent$}  from {start}: {n} of {duration}", "")?;
                }
                if runs.len() > shown {
                    let more = count(runs.len() - shown, "run");
                    writeln!(f, "{:indent$}  … {more} more (--samples lists them)", "")?;
                }
                Ok(())
            }
            Self::Number { initialization, media, segment_duration, segments, start_number, .. } => {
                write!(f, "{} of {segment_duration:.3} s by number from {start_number}", how_many(segments))?;
                writeln!(f, "{}, media {media}", init(initialization))
            }
            Self::Base { index_range, initialization_range } => {
                let or = |range: &Option<String>| range.clone().unwrap_or_else(|| "unknown".to_owned());
                writeln!(f, "one file, index at bytes {}, init at bytes {}", or(index_range), or(initialization_range))
            }
            Self::List { initialization, segments, segment_duration } => {
                write!(f, "a list of {segments} segments")?;
                if let Some(duration) = segment_duration {
                    write!(f, " of {duration:.3} s")?;
                }
                writeln!(f, "{}", init(initialization))
            }
            Self::File => writeln!(f, "one file, without an index"),
        }
    }
}

/// The runs of a timeline whose period ends at the media time `end`.
fn runs(segments: &[dash_mpd_core::S], end: Option<u64>) -> Vec<TimelineRun> {
    let mut out = Vec::new();
    let mut time = 0u64;
    for (index, s) in segments.iter().enumerate() {
        let start = s.t.unwrap_or(time);
        let repeat = match s.r.unwrap_or(0) {
            r if r >= 0 => Some(r.unsigned_abs().saturating_add(1)),
            // Up to the next S, or the end of the period (5.3.9.6.2).
            _ => {
                let until = segments.get(index + 1).and_then(|next| next.t).or(end);
                until.filter(|_| s.d > 0).map(|until| until.saturating_sub(start).div_ceil(s.d))
            }
        };
        time = start.saturating_add(s.d.saturating_mul(repeat.unwrap_or(1)));
        out.push(TimelineRun { start, duration: s.d, segments: repeat });
    }
    out
}

//! A segment in a layout.

use super::{
    boxes::{boxed, boxes, private, sized, unknown, words},
    init,
    track::{Fragment, Sample, Track},
    traf,
};

/// What `trun` boxes of a fragment there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Runs {
    /// One.
    #[default]
    One,
    /// A new one after every so many samples, each with a data offset.
    Several(usize),
    /// The same, where all but the first follow on without one.
    Following(usize),
}

/// Where the sizes, durations and flags of samples are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sizes {
    /// Each with its sample.
    #[default]
    Sample,
    /// In `tfhd`: fragments are split where the size or duration changes. The first sample's flags in `trun`.
    Header,
    /// In `trex`: only of a track whose samples are of one size and duration.
    Track,
}

/// What data offsets count from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Base {
    /// The start of `moof`, by `default-base-is-moof`.
    #[default]
    Moof,
    /// The same, since nothing else is said.
    Unsaid,
    /// An explicit position in the file: where `moof` begins, as ffmpeg has it.
    Position,
    /// An explicit position in the file: where the samples begin.
    Data,
    /// The same, without a data offset in `trun`.
    DataUnsaid,
    /// The start of `moof`, without a data offset in `trun`.
    Nowhere,
}

/// Where the decode time of a fragment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Time {
    /// `tfdt` version 1.
    #[default]
    Wide,
    /// `tfdt` version 0.
    Narrow,
    /// Smooth Streaming's `uuid` box, and no `tfdt`.
    Smooth,
    /// The same, of a time before 0.
    SmoothBefore,
    /// Nowhere.
    Unsaid,
}

/// Which boxes have 64-bit sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wide {
    /// None.
    #[default]
    No,
    /// `mdat`.
    Mdat,
    /// `moof`, `traf` and `mdat`.
    All,
}

/// A layout. The default one is plain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) runs: Runs,
    pub(crate) sizes: Sizes,
    pub(crate) base: Base,
    pub(crate) time: Time,
    pub(crate) wide: Wide,
    /// Composition offsets that are signed, and negative where there are any.
    pub(crate) signed: bool,
    /// `emsg` of both versions, and `prft`.
    pub(crate) events: bool,
    /// `sdtp` and `subs`.
    pub(crate) dependencies: bool,
    /// `sgpd` and `sbgp` of the types `roll`, `rap ` and `tele`.
    pub(crate) groups: bool,
    /// Boxes that nobody knows, everywhere.
    pub(crate) unknown: bool,
    /// `sidx` of that version, with a reference per fragment.
    pub(crate) sidx: Option<u8>,
    /// A trailing `mfra`.
    pub(crate) mfra: bool,
    /// A second `traf` in each `moof`.
    pub(crate) two_trafs: bool,
    /// A second `trak` in `moov`.
    pub(crate) two_tracks: bool,
    /// The last `mdat` has the size 0: to the end of the file.
    pub(crate) open_end: bool,
}

/// A track in a layout.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) init: Vec<u8>,
    pub(crate) segment: Vec<u8>,
}

/// Writes the track's fragments as one segment; `None` where the layout cannot carry them.
pub(crate) fn write(track: &Track, layout: &Layout) -> Option<Made> {
    let mut init = track.init.clone();
    if layout.sizes == Sizes::Track {
        let first = track.samples().next()?;
        if track.samples().any(|sample| sample.data.len() != first.data.len() || sample.duration != first.duration) {
            return None;
        }
        init = init::with_defaults(&init, first.duration, first.data.len() as u32, first.flags);
    }
    if layout.unknown {
        init = init::with_unknown(&init);
    }
    if layout.two_tracks {
        init = init::with_two_tracks(&init);
    }
    let fragments = match layout.sizes {
        Sizes::Header => split(&track.fragments),
        _ => track.fragments.clone(),
    };
    let segment = segment(track.id(), &fragments, layout, init.len());
    Some(Made { init, segment })
}

/// The fragments, split where the size or duration of samples changes.
fn split(fragments: &[Fragment]) -> Vec<Fragment> {
    let mut out: Vec<Fragment> = Vec::new();
    for fragment in fragments {
        let mut time = fragment.decode_time;
        let like = |sample: &Sample| (sample.data.len(), sample.duration);
        for samples in fragment.samples.chunk_by(|a, b| like(a) == like(b)) {
            out.push(Fragment { decode_time: time, samples: samples.to_vec() });
            time += out[out.len() - 1].duration();
        }
    }
    out
}

/// `file`: bytes of the file before the segment.
fn segment(track: u32, fragments: &[Fragment], layout: &Layout, file: usize) -> Vec<u8> {
    let mut head = boxed(b"styp", &[b"msdh\0\0\0\0msdhmsix"]);
    if layout.unknown {
        head.extend(unknown("before the index"));
    }
    // References are from the end of sidx, whose size does not depend on them.
    let events = if layout.events { [event(0), event(1)].concat() } else { Vec::new() };
    let index_len = layout.sidx.map_or(0, |version| index(version, track, &[], 0).len() + 12 * fragments.len());
    let mut at = file + head.len() + index_len + events.len();
    let (mut parts, mut starts) = (Vec::new(), Vec::new());
    for fragment in fragments {
        let before = if layout.events { reference_time(track, fragment.decode_time) } else { Vec::new() };
        starts.push((fragment.decode_time, (at + before.len()) as u64));
        let part = [before.clone(), media(track, fragment, layout, at + before.len())].concat();
        at += part.len();
        parts.push((part, fragment.duration() as u32));
    }
    if let Some(version) = layout.sidx {
        let references: Vec<_> = parts.iter().map(|(part, duration)| (part.len() as u32, *duration)).collect();
        head.extend(index(version, track, &references, events.len() as u32));
    }
    let mut out = [head, events].concat();
    let mut last = 0;
    for (part, _) in parts {
        out.extend(&part);
        last = part.len();
    }
    if layout.open_end {
        // Of the last mdat, which nothing follows.
        let start = out.len() - last;
        let mdat = boxes(&out[start..]).pop().expect("boxes").start + start;
        out[mdat..mdat + 4].fill(0);
    }
    if layout.unknown {
        out.extend([unknown("at the end"), private()].concat());
    }
    if layout.mfra {
        out.extend(random_access(track, &starts));
    }
    out
}

/// `moof` at `at` of the file, and `mdat`.
fn media(track: u32, fragment: &Fragment, layout: &Layout, at: usize) -> Vec<u8> {
    let data: Vec<u8> = fragment.samples.iter().flat_map(|sample| sample.data.iter().copied()).collect();
    let between = if layout.unknown { boxed(b"free", &[&[5; 9]]) } else { Vec::new() };
    let mdat = sized(layout.wide != Wide::No, b"mdat", &[&data]);
    let moof = |data_at: usize| {
        let traf = traf::write(track, fragment, layout, at, data_at);
        let second = if layout.two_trafs { traf.clone() } else { Vec::new() };
        let others = if layout.unknown { [unknown("in moof"), private()].concat() } else { Vec::new() };
        sized(layout.wide == Wide::All, b"moof", &[&boxed(b"mfhd", &[&words(&[0, 1])]), &traf, &second, &others])
    };
    let data_at = moof(0).len() + between.len() + mdat.len() - data.len();
    [moof(data_at), between, mdat].concat()
}

/// `emsg` (ISO/IEC 23009-1, 5.10.3.3).
fn event(version: u32) -> Vec<u8> {
    let scheme = b"urn:example:event\0value\0";
    let head = words(&[version << 24]);
    match version {
        0 => boxed(b"emsg", &[&head, scheme, &words(&[1000, 40, 500, 7]), b"a message"]),
        _ => boxed(b"emsg", &[&head, &words(&[1000, 0, 40, 500, 8]), scheme, b"another"]),
    }
}

/// `prft` (ISO/IEC 14496-12, 8.16.5).
fn reference_time(track: u32, media_time: u64) -> Vec<u8> {
    boxed(b"prft", &[&words(&[0x0100_0000, track, 0xe400_0000, 0]), &media_time.to_be_bytes()])
}

/// `sidx`, of sizes and durations.
fn index(version: u8, track: u32, references: &[(u32, u32)], first_offset: u32) -> Vec<u8> {
    let wide = |value: u32| if version == 0 { words(&[value]) } else { words(&[0, value]) };
    let head = [words(&[u32::from(version) << 24, track, 1000]), wide(0), wide(first_offset)].concat();
    let table: Vec<u8> =
        references.iter().flat_map(|(size, duration)| words(&[*size, *duration, 0x9000_0000])).collect();
    boxed(b"sidx", &[&head, &words(&[references.len() as u32]), &table])
}

/// `mfra` (ISO/IEC 14496-12, 8.8.9), of decode times and positions in the file.
fn random_access(track: u32, starts: &[(u64, u64)]) -> Vec<u8> {
    let entry = |(time, at): &(u64, u64)| [&time.to_be_bytes()[..], &at.to_be_bytes(), &[1, 1, 1]].concat();
    let entries: Vec<u8> = starts.iter().flat_map(entry).collect();
    let tfra = boxed(b"tfra", &[&words(&[0x0100_0000, track, 0, starts.len() as u32]), &entries]);
    let size = 8 + tfra.len() as u32 + 16;
    boxed(b"mfra", &[&tfra, &boxed(b"mfro", &[&words(&[0, size])])])
}

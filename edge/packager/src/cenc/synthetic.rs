//! Init and media segments written box by box, with what no tool at hand makes: `emsg`, 64-bit sizes, runs without offsets, unknown boxes.

use proptest::prelude::*;

use super::{
    av1,
    avc::{self, Stream},
    hevc, nal, vp9,
};

pub(super) fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, &payload].concat()
}

/// The same with a 64-bit size.
pub(super) fn large(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    [&1u32.to_be_bytes()[..], kind, &(payload.len() as u64 + 16).to_be_bytes(), &payload].concat()
}

pub(super) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// The sample entry of a synthetic video track.
pub(super) fn video_entry(stream: &Stream, nal_length_size: u8) -> Vec<u8> {
    let (sps, pps) = (stream.sps(), stream.pps());
    let set = |set: &[u8]| [&(set.len() as u16).to_be_bytes()[..], set].concat();
    let avcc = boxed(b"avcC", &[&[1, 100, 0, 30, 0xfc | (nal_length_size - 1), 0xe1], &set(&sps), &[1], &set(&pps)]);
    coded_entry(b"avc1", avcc)
}

/// The same of HEVC.
pub(super) fn hevc_entry(stream: &hevc::Stream, nal_length_size: u8) -> Vec<u8> {
    coded_entry(b"hvc1", boxed(b"hvcC", &[&stream.hvcc(nal_length_size)]))
}

fn coded_entry(kind: &[u8; 4], configuration: Vec<u8>) -> Vec<u8> {
    visual_entry(kind, &[configuration, boxed(b"btrt", &[&[9; 12]])].concat())
}

/// A `VisualSampleEntry` with these boxes.
pub(super) fn visual_entry(kind: &[u8; 4], boxes: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[0, 0, 0, 0, 0, 0, 0, 1], &[0; 16], &[1, 64, 0, 240], &[0; 50], boxes])
}

/// The sample entry of a synthetic AAC track.
pub(super) fn audio_entry() -> Vec<u8> {
    let specific = [5, 2, 0x11, 0x90];
    let config = [&[4, 13 + 4, 0x40, 0x15][..], &[0; 11], &specific].concat();
    let es = [&[3, (3 + config.len() + 3) as u8, 0, 1, 0][..], &config, &[6, 1, 2]].concat();
    let esds = boxed(b"esds", &[&[0; 4], &es]);
    boxed(b"mp4a", &[&[0, 0, 0, 0, 0, 0, 0, 1], &[0; 8], &[0, 2, 0, 16, 0, 0, 0, 0], &words(&[48_000 << 16]), &esds])
}

/// An init segment around a sample entry, with boxes that nobody knows in many places.
pub(super) fn init(entry: &[u8], handler: &[u8; 4]) -> Vec<u8> {
    let unknown = boxed(b"zzzz", &[b"unknown"]);
    let stsd = boxed(b"stsd", &[&words(&[0, 1]), entry]);
    let stbl = boxed(b"stbl", &[&stsd, &boxed(b"stts", &[&[0; 8]]), &unknown]);
    let minf = large(b"minf", &[&unknown, &stbl]);
    let hdlr = boxed(b"hdlr", &[&[0; 8], handler, &[0; 13]]);
    let mdia = boxed(b"mdia", &[&boxed(b"mdhd", &[&words(&[0, 0, 0, 1000, 0, 0])]), &hdlr, &minf]);
    let trak = boxed(b"trak", &[&boxed(b"tkhd", &[&words(&[7, 0, 0, 1, 0, 0])]), &mdia]);
    let trex = boxed(b"trex", &[&words(&[0, 1, 1, 40, 0, 0x0001_0000])]);
    let moov = boxed(b"moov", &[&boxed(b"mvhd", &[&[0; 100]]), &trak, &boxed(b"mvex", &[&trex]), &unknown]);
    [boxed(b"ftyp", &[b"cmf2\0\0\0\0iso6"]), moov, unknown].concat()
}

/// One fragment: its samples, split into runs, with optional extras.
#[derive(Clone, Debug)]
pub(super) struct Fragment {
    pub(super) samples: Vec<Vec<u8>>,
    /// Samples of the first run; the others are in a second one, which follows on without an offset.
    pub(super) first_run: usize,
    pub(super) large_mdat: bool,
    pub(super) unknown: bool,
}

impl Fragment {
    pub(super) fn bytes(&self, decode_time: u64) -> Vec<u8> {
        let write = |data_offset: u32| {
            let (first, second) = self.samples.split_at(self.first_run.min(self.samples.len()));
            let sizes =
                |samples: &[Vec<u8>]| words(&samples.iter().map(|sample| sample.len() as u32).collect::<Vec<_>>());
            // data-offset, first-sample-flags, sample-size
            let head = words(&[0x205, first.len() as u32, data_offset, 0x0200_0000]);
            let mut traf = boxed(b"tfhd", &[&words(&[0x02_0000, 1])]);
            traf.extend(boxed(b"tfdt", &[&words(&[0x0100_0000]), &decode_time.to_be_bytes()]));
            traf.extend(boxed(b"trun", &[&head, &sizes(first)]));
            if !second.is_empty() {
                traf.extend(boxed(b"trun", &[&words(&[0x200, second.len() as u32]), &sizes(second)]));
            }
            if self.unknown {
                traf.extend(boxed(b"uuid", &[&[0xab; 24]]));
            }
            let unknown = if self.unknown { boxed(b"zzzz", &[b"in moof"]) } else { Vec::new() };
            boxed(b"moof", &[&boxed(b"mfhd", &[&words(&[0, 1])]), &boxed(b"traf", &[&traf]), &unknown])
        };
        let between = if self.unknown { boxed(b"free", &[&[5; 9]]) } else { Vec::new() };
        let data = self.samples.concat();
        let mdat = if self.large_mdat { large(b"mdat", &[&data]) } else { boxed(b"mdat", &[&data]) };
        let header = mdat.len() - data.len();
        let offset = write(0).len() + between.len() + header;
        [write(offset as u32), between, mdat].concat()
    }

    pub(super) fn duration(&self) -> u64 {
        40 * self.samples.len() as u64
    }
}

/// A segment: `styp`, an index of every fragment if wanted, `emsg`, the fragments, trailing boxes.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(super) fragments: Vec<Fragment>,
    pub(super) time: u64,
    pub(super) sidx: Option<u8>,
    pub(super) trailing: bool,
}

impl Segment {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut time = self.time;
        let mut fragments = Vec::new();
        for fragment in &self.fragments {
            fragments.push(fragment.bytes(time));
            time += fragment.duration();
        }
        let emsg = boxed(b"emsg", &[&[0; 4], b"urn:x\0v\0", &[0; 16]]);
        let mut out = boxed(b"styp", &[b"msdh\0\0\0\0msdh"]);
        if let Some(version) = self.sidx {
            let wide = |value: u32| if version == 0 { words(&[value]) } else { words(&[0, value]) };
            let references: Vec<u8> =
                fragments.iter().flat_map(|bytes| words(&[bytes.len() as u32, 40, 0x9000_0000])).collect();
            let head = [words(&[u32::from(version) << 24, 1, 1000]), wide(0), wide(emsg.len() as u32)].concat();
            out.extend(boxed(b"sidx", &[&head, &words(&[fragments.len() as u32]), &references]));
        }
        out.extend(emsg);
        out.extend(fragments.concat());
        if self.trailing {
            out.extend(boxed(b"zzzz", &[b"trailing"]));
        }
        out
    }
}

/// A segment of arbitrary samples.
pub(super) fn segments(sample: impl Strategy<Value = Vec<u8>> + Clone + 'static) -> impl Strategy<Value = Segment> {
    let fragment = (proptest::collection::vec(sample, 1..5), 1usize..5, any::<bool>(), any::<bool>())
        .prop_map(|(samples, first_run, large_mdat, unknown)| Fragment { samples, first_run, large_mdat, unknown });
    (proptest::collection::vec(fragment, 1..4), 0u64..1 << 40, proptest::option::of(0u8..2), any::<bool>())
        .prop_map(|(fragments, time, sidx, trailing)| Segment { fragments, time, sidx, trailing })
}

/// A track with a segment: its clear init segment, and a segment.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    pub(crate) init: Vec<u8>,
    pub(crate) segment: Segment,
}

/// AVC, HEVC, AV1, VP9 or AAC.
pub(crate) fn media() -> impl Strategy<Value = Media> {
    let audio = segments(proptest::collection::vec(any::<u8>(), 0..100))
        .prop_map(|segment| Media { init: init(&audio_entry(), b"soun"), segment });
    let nal_length_size = prop_oneof![Just(2u8), Just(4)];
    let avc = (avc::streams(), nal_length_size.clone()).prop_flat_map(|(stream, size)| {
        let entry = video_entry(&stream, size);
        let slice = (0u64..5, any::<bool>(), any::<u64>(), slice_data())
            .prop_map(move |(kind, idr, seed, data)| stream.slice(kind, idr, seed, &data).0);
        video(entry, size, &[6], slice)
    });
    let hevc = (hevc::streams(), nal_length_size).prop_flat_map(|(stream, size)| {
        let entry = hevc_entry(&stream, size);
        let slice = (0u8..10, 0u64..3, any::<u64>(), slice_data())
            .prop_map(move |(kind, slice_type, seed, data)| stream.slice(kind, slice_type, seed, &data).0);
        video(entry, size, &[39 << 1, 1], slice)
    });
    // Frames of these two refer to those before them: samples are written in order into a segment of empty ones.
    let av1 = (av1::streams(300), any::<u64>(), segments(Just(Vec::new()))).prop_map(|(stream, seed, segment)| {
        let kinds: Vec<u64> = (1..count(&segment)).map(|at| (seed >> (at % 30 * 2) & 3) + at % 2).collect();
        let samples = av1::samples(&stream, seed, &kinds).into_iter().map(|sample| sample.bytes);
        Media { init: init(&stream.entry(), b"vide"), segment: filled(segment, samples) }
    });
    let vp9 = (any::<u64>(), segments(Just(Vec::new()))).prop_map(|(seed, segment)| {
        let samples = vp9::samples(seed, count(&segment) as usize).into_iter().map(|sample| sample.bytes);
        Media { init: init(&vp9_entry(), b"vide"), segment: filled(segment, samples) }
    });
    prop_oneof![audio, avc, hevc, av1, vp9]
}

fn slice_data() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..400)
}

/// A video track of slices, and SEI messages with that NAL header.
fn video(
    entry: Vec<u8>,
    nal_length_size: u8,
    sei: &'static [u8],
    slice: impl Strategy<Value = Vec<u8>> + 'static,
) -> impl Strategy<Value = Media> {
    let sei = proptest::collection::vec(any::<u8>(), 0..20).prop_map(move |data| [sei, &data].concat());
    let sample = proptest::collection::vec(prop_oneof![3 => slice, 1 => sei], 0..4)
        .prop_map(move |units| nal::synthetic::sample(nal_length_size, &units))
        .boxed();
    segments(sample).prop_map(move |segment| Media { init: init(&entry, b"vide"), segment })
}

/// The sample entry of a synthetic VP9 track.
pub(super) fn vp9_entry() -> Vec<u8> {
    visual_entry(b"vp09", &boxed(b"vpcC", &[&[1, 0, 0, 0, 0, 21, 0x82, 1, 1, 1, 0, 0]]))
}

fn count(segment: &Segment) -> u64 {
    segment.fragments.iter().map(|fragment| fragment.samples.len() as u64).sum()
}

fn filled(mut segment: Segment, samples: impl Iterator<Item = Vec<u8>>) -> Segment {
    segment
        .fragments
        .iter_mut()
        .flat_map(|fragment| &mut fragment.samples)
        .zip(samples)
        .for_each(|(to, from)| *to = from);
    segment
}

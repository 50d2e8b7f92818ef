//! A clear track taken apart: what every layout of it must carry.

use super::boxes::{Atom, boxes, find, u32_at, u64_at};

/// A track of one `trak`.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) init: Vec<u8>,
    pub(crate) fragments: Vec<Fragment>,
}

/// One `moof` and its `mdat`.
#[derive(Clone, Debug)]
pub(crate) struct Fragment {
    pub(crate) decode_time: u64,
    pub(crate) samples: Vec<Sample>,
}

/// One sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) data: Vec<u8>,
    pub(crate) duration: u32,
    pub(crate) flags: u32,
    pub(crate) composition: i32,
}

impl Fragment {
    pub(super) fn duration(&self) -> u64 {
        self.samples.iter().map(|sample| u64::from(sample.duration)).sum()
    }
}

impl Track {
    /// Reads a track: its init segment, and media with data offsets from the start of `moof`.
    pub(crate) fn read(init: &[u8], media: &[u8]) -> Self {
        let trex = find(init, &[b"moov", b"mvex", b"trex"]).expect("a trex");
        let defaults = [12, 16, 20].map(|at| u32_at(trex, at));
        let fragments =
            boxes(media).into_iter().filter(|b| &b.kind == b"moof").map(|moof| fragment(media, moof, defaults));
        Self { init: init.to_vec(), fragments: fragments.collect() }
    }

    /// The first `len` samples, in fragments of `split` each.
    pub(crate) fn regrouped(&self, len: usize, split: usize) -> Self {
        let samples: Vec<Sample> = self.samples().take(len).cloned().collect();
        let mut decode_time = self.fragments.first().map_or(0, |fragment| fragment.decode_time);
        let fragments = samples.chunks(split).map(|samples| {
            let fragment = Fragment { decode_time, samples: samples.to_vec() };
            decode_time += fragment.duration();
            fragment
        });
        Self { init: self.init.clone(), fragments: fragments.collect() }
    }

    /// Every sample's bytes.
    pub(crate) fn data(&self) -> Vec<&[u8]> {
        self.samples().map(|sample| sample.data.as_slice()).collect()
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.fragments.iter().flat_map(|fragment| &fragment.samples)
    }

    /// `track_ID`.
    pub(super) fn id(&self) -> u32 {
        let tkhd = find(&self.init, &[b"moov", b"trak", b"tkhd"]).expect("a tkhd");
        u32_at(tkhd, if tkhd[0] == 0 { 12 } else { 20 })
    }
}

fn fragment(media: &[u8], moof: Atom<'_>, defaults: [u32; 3]) -> Fragment {
    let traf = find(moof.payload, &[b"traf"]).expect("a traf");
    let tfhd = find(traf, &[b"tfhd"]).expect("a tfhd");
    let tfdt = find(traf, &[b"tfdt"]).expect("a tfdt");
    let flags = u32_at(tfhd, 0) & 0x00ff_ffff;
    assert_eq!(flags & 0x02_0001, 0x02_0000, "default-base-is-moof and no base_data_offset");
    let mut at = 8;
    let mut field = |flag: u32| {
        let start = at;
        at += if flags & flag == 0 { 0 } else { 4 };
        (flags & flag != 0).then(|| u32_at(tfhd, start))
    };
    field(0x2);
    let own = [0x8, 0x10, 0x20].map(&mut field);
    let defaults = std::array::from_fn(|at| own[at].unwrap_or(defaults[at]));
    let mut fragment = Fragment {
        decode_time: if tfdt[0] == 0 { u32_at(tfdt, 4).into() } else { u64_at(tfdt, 4) },
        samples: Vec::new(),
    };
    let mut data = 0;
    for trun in boxes(traf).iter().filter(|b| &b.kind == b"trun") {
        run(media, moof.start, trun.payload, &defaults, &mut data, &mut fragment.samples);
    }
    fragment
}

/// `data`: where the run before ended.
fn run(media: &[u8], moof: usize, trun: &[u8], defaults: &[u32; 3], data: &mut usize, samples: &mut Vec<Sample>) {
    let flags = u32_at(trun, 0) & 0x00ff_ffff;
    let mut at = 8;
    let mut word = |present: bool| {
        let start = at;
        at += if present { 4 } else { 0 };
        present.then(|| u32_at(trun, start))
    };
    if let Some(offset) = word(flags & 0x1 != 0) {
        *data = moof + offset as usize;
    }
    let mut first_flags = word(flags & 0x4 != 0);
    for _ in 0..u32_at(trun, 4) {
        let [duration, size, own_flags, composition] = [0x100, 0x200, 0x400, 0x800].map(|flag| word(flags & flag != 0));
        let size = size.unwrap_or(defaults[1]) as usize;
        samples.push(Sample {
            data: media[*data..*data + size].to_vec(),
            duration: duration.unwrap_or(defaults[0]),
            flags: first_flags.take().or(own_flags).unwrap_or(defaults[2]),
            composition: composition.unwrap_or(0).cast_signed(),
        });
        *data += size;
    }
}

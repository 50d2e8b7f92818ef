//! A track fragment in a layout.

use super::{
    boxes::{boxed, private, sized, unknown, words},
    segment::{Base, Layout, Runs, Sizes, Time, Wide},
    track::{Fragment, Sample},
};

/// `moof_at`: where `moof` is in the file. `data_at`: where the samples begin, from the start of `moof`.
pub(super) fn write(track: u32, fragment: &Fragment, layout: &Layout, moof_at: usize, data_at: usize) -> Vec<u8> {
    let mut inside = header(track, fragment, layout, moof_at, data_at);
    if layout.unknown {
        inside.extend(unknown("behind tfhd"));
    }
    let time = fragment.decode_time;
    inside.extend(match layout.time {
        Time::Wide => boxed(b"tfdt", &[&words(&[0x0100_0000]), &time.to_be_bytes()]),
        Time::Narrow => boxed(b"tfdt", &[&words(&[0, time as u32])]),
        Time::Smooth | Time::SmoothBefore | Time::Unsaid => Vec::new(),
    });
    let data_offset = match layout.base {
        Base::Moof | Base::Unsaid | Base::Position | Base::Nowhere => data_at,
        Base::Data | Base::DataUnsaid => 0,
    };
    inside.extend(runs(&fragment.samples, layout, data_offset));
    let count = fragment.samples.len() as u32;
    if layout.dependencies {
        inside.extend(boxed(b"sdtp", &[&[0; 4], &vec![0x18; count as usize]]));
        // Version 1, whose sizes have 32 bits: one entry, of the first sample's two halves.
        let size = fragment.samples.first().map_or(0, |sample| sample.data.len() as u32);
        let part = |size: u32| [&size.to_be_bytes()[..], &[0; 6]].concat();
        let entry = [&words(&[1])[..], &[0, 2], &part(size / 2), &part(size - size / 2)].concat();
        inside.extend(boxed(b"subs", &[&words(&[0x0100_0000, 1]), &entry]));
    }
    if layout.groups {
        for (kind, description) in [(b"roll", &[0xff, 0xff][..]), (b"rap ", &[0x80]), (b"tele", &[0x80])] {
            let description_len = description.len() as u32;
            inside.extend(boxed(b"sgpd", &[&words(&[0x0100_0000]), kind, &words(&[description_len, 1]), description]));
            inside.extend(boxed(b"sbgp", &[&words(&[0]), kind, &words(&[1, count, 0x1_0001])]));
        }
    }
    match layout.time {
        Time::Smooth => inside.extend(smooth_time(time, fragment.duration())),
        Time::SmoothBefore => inside.extend(smooth_time(time.wrapping_sub(1024), fragment.duration())),
        Time::Wide | Time::Narrow | Time::Unsaid => {}
    }
    if layout.unknown {
        inside.extend([unknown("in traf"), private()].concat());
    }
    sized(layout.wide == Wide::All, b"traf", &[&inside])
}

/// `tfhd`
fn header(track: u32, fragment: &Fragment, layout: &Layout, moof_at: usize, data_at: usize) -> Vec<u8> {
    let (mut flags, mut fields) = (0, Vec::new());
    match layout.base {
        Base::Moof | Base::Nowhere => flags |= 0x02_0000,
        Base::Unsaid => {}
        Base::Position => (flags, fields) = (0x1, (moof_at as u64).to_be_bytes().to_vec()),
        Base::Data | Base::DataUnsaid => (flags, fields) = (0x1, ((moof_at + data_at) as u64).to_be_bytes().to_vec()),
    }
    if let (Sizes::Header, Some(first)) = (layout.sizes, fragment.samples.first()) {
        flags |= 0x38;
        let of_others = fragment.samples.get(1).unwrap_or(first).flags;
        fields.extend(words(&[first.duration, first.data.len() as u32, of_others]));
    }
    boxed(b"tfhd", &[&words(&[flags, track]), &fields])
}

fn runs(samples: &[Sample], layout: &Layout, mut data_offset: usize) -> Vec<u8> {
    let (every, following) = match layout.runs {
        Runs::One => (samples.len().max(1), false),
        Runs::Several(every) => (every, false),
        Runs::Following(every) => (every, true),
    };
    // The first in decode order is shown first where frames are reordered, so what it waits is what all can do without.
    let earlier = if layout.signed { samples.first().map_or(0, |sample| sample.composition) } else { 0 };
    let mut out = Vec::new();
    for (number, samples) in samples.chunks(every).enumerate() {
        let mut flags =
            if following && number > 0 || matches!(layout.base, Base::DataUnsaid | Base::Nowhere) { 0 } else { 0x1 };
        let mut head = if flags == 0 { Vec::new() } else { words(&[data_offset as u32]) };
        let alike = samples[1..].iter().all(|sample| sample.flags == samples[samples.len() - 1].flags);
        let per_sample = match layout.sizes {
            Sizes::Sample => 0xf00,
            // Of the first sample; those of the others are in tfhd, where they are alike.
            Sizes::Header if number == 0 && alike => {
                flags |= 0x4;
                head.extend(words(&[samples[0].flags]));
                0x800
            }
            _ => 0xc00,
        };
        flags |= per_sample | if layout.signed { 0x0100_0000 } else { 0 };
        let row = |sample: &Sample| {
            let composition = (sample.composition - earlier).cast_unsigned();
            let fields = [
                (0x100, sample.duration),
                (0x200, sample.data.len() as u32),
                (0x400, sample.flags),
                (0x800, composition),
            ];
            let present = fields.into_iter().filter(|(flag, _)| per_sample & flag != 0);
            words(&present.map(|(_, value)| value).collect::<Vec<_>>())
        };
        let rows: Vec<u8> = samples.iter().flat_map(row).collect();
        out.extend(boxed(b"trun", &[&words(&[flags, samples.len() as u32]), &head, &rows]));
        data_offset += samples.iter().map(|sample| sample.data.len()).sum::<usize>();
    }
    out
}

/// TfxdBox ([MS-SSTR], 2.2.4.4).
fn smooth_time(time: u64, duration: u64) -> Vec<u8> {
    let kind = words(&[0x6d1d_9b05, 0x42d5_44e6, 0x80e2_141d, 0xaff7_57b2]);
    boxed(b"uuid", &[&kind, &words(&[0x0100_0000]), &time.to_be_bytes(), &duration.to_be_bytes()])
}

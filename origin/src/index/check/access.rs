use anyhow::bail;
use sluice_packager::{
    bmff::moov::{AvcC, HvcC, Init},
    cenc::read::SegmentSample,
};

use crate::index::source::Piece;

/// Tells whether players can begin, and switch, at a segment's first picture: by the pictures themselves, not by the flags.
pub(in crate::index) enum RandomAccess {
    /// NAL units, behind length fields of so many bytes.
    Avc(usize),
    /// The same.
    Hevc(usize),
    /// Flags are all that is looked at.
    Flags,
}

/// What a picture is, so far as beginning at it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Picture {
    /// IDR, or BLA of HEVC: nothing after it needs what was before.
    Closed,
    /// CRA (ITU-T H.265, 3.31): leading pictures may follow that need what was before.
    Cra,
    /// A leading picture that can be decoded (RADL).
    Radl,
    /// A leading picture that needs what was before (RASL).
    Rasl,
    /// Any other.
    Trailing,
}

impl RandomAccess {
    pub(in crate::index) fn of(init: &Init<'_>) -> Self {
        let avcc = || AvcC::parse(&init.entry.child(b"avcC").ok()?).ok().map(|avcc| avcc.nal_length_size.into());
        let hvcc = || HvcC::parse(&init.entry.child(b"hvcC").ok()?).ok().map(|hvcc| hvcc.nal_length_size.into());
        match &init.entry.codec().0 {
            b"avc1" | b"avc3" | b"dva1" | b"dvav" => avcc().map_or(Self::Flags, Self::Avc),
            b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => hvcc().map_or(Self::Flags, Self::Hevc),
            _ => Self::Flags,
        }
    }

    /// Checks a segment of video.
    ///
    /// # Errors
    /// A first sample that is no sync sample, or one by flags only; an open GOP, which names the picture that needs what was before.
    pub(in crate::index) fn check(&self, piece: &Piece, bytes: &[u8], samples: &[SegmentSample]) -> anyhow::Result<()> {
        let Some(first) = samples.first() else { return Ok(()) };
        let path = piece.display();
        let at = |sample: &SegmentSample| piece.start() + sample.offset;
        if !first.sync {
            bail!(
                "{path}: does not begin with a sync sample (sample 0 at byte {}), so players cannot begin or switch there: cut at key frames, as with a fixed GOP",
                at(first)
            );
        }
        let Some(picture) = self.picture(bytes, first) else { return Ok(()) };
        match picture {
            Picture::Closed => Ok(()),
            Picture::Cra => {
                let follow =
                    samples.iter().enumerate().skip(1).map(|(n, sample)| (n, sample, self.picture(bytes, sample)));
                for (number, sample, picture) in follow {
                    match picture {
                        Some(Picture::Radl) => {}
                        Some(Picture::Rasl) => bail!(
                            "{path}: begins with an open GOP: sample 0 at byte {} is a CRA picture, and sample {number} at byte {} a leading picture (RASL) that needs the segment before: encode closed GOPs (x265: open-gop=0)",
                            at(first),
                            at(sample)
                        ),
                        _ => break,
                    }
                }
                Ok(())
            }
            _ => {
                let (what, how) = match self {
                    Self::Avc(_) => (
                        "not an IDR picture: one to recover from, of an open GOP",
                        "x264: open-gop=0; ffmpeg: -flags +cgop",
                    ),
                    _ => ("not an IRAP picture", "x265: open-gop=0"),
                };
                bail!(
                    "{path}: sample 0 at byte {} is a sync sample by its flags, but {what}; players cannot switch there; encode closed GOPs ({how})",
                    at(first)
                )
            }
        }
    }

    /// By its first slice; `None` where there is none, or flags must do.
    fn picture(&self, bytes: &[u8], sample: &SegmentSample) -> Option<Picture> {
        let length_size = match self {
            Self::Avc(size) | Self::Hevc(size) => *size,
            Self::Flags => return None,
        };
        let start = usize::try_from(sample.offset).ok()?;
        let mut rest = bytes.get(start..start.checked_add(sample.size as usize)?)?;
        while let Some((field, after)) = rest.split_at_checked(length_size) {
            let length = field.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
            let (unit, after) = after.split_at_checked(length)?;
            if let Some(picture) = unit.first().and_then(|header| self.slice(*header)) {
                return Some(picture);
            }
            rest = after;
        }
        None
    }

    /// What picture a NAL unit is of, if it is a slice, by the first byte of its header.
    fn slice(&self, header: u8) -> Option<Picture> {
        match self {
            // ISO/IEC 14496-10, table 7-1.
            Self::Avc(_) => match header & 0x1f {
                5 => Some(Picture::Closed),
                1..=4 => Some(Picture::Trailing),
                _ => None,
            },
            // ITU-T H.265, table 7-1.
            Self::Hevc(_) => match header >> 1 & 0x3f {
                16..=20 => Some(Picture::Closed),
                21 => Some(Picture::Cra),
                6 | 7 => Some(Picture::Radl),
                8 | 9 => Some(Picture::Rasl),
                0..=31 => Some(Picture::Trailing),
                _ => None,
            },
            Self::Flags => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(access: &RandomAccess, pictures: &[&[u8]]) -> Option<String> {
        let (mut bytes, mut samples) = (vec![0; 3], Vec::new());
        for (index, headers) in pictures.iter().enumerate() {
            let offset = bytes.len() as u64;
            headers.iter().for_each(|header| bytes.extend([0, 0, 0, 3, *header, 1, 2]));
            let size = (bytes.len() as u64 - offset) as u32;
            samples.push(SegmentSample { offset, size, decode_time: index as u64, duration: 1, sync: index == 0 });
        }
        let piece = Piece::whole("v.mp4", "1.m4s");
        access.check(&piece, &bytes, &samples).err().map(|error| error.to_string())
    }

    #[test]
    fn pictures_tell_open_from_closed() {
        let avc = RandomAccess::Avc(4);
        // SPS, PPS, SEI, then the slice.
        assert_eq!(check(&avc, &[&[0x67, 0x68, 0x06, 0x65], &[0x41]]), None);
        let said = check(&avc, &[&[0x09, 0x06, 0x61], &[0x41]]).expect("an open GOP");
        assert!(said.contains("v.mp4: sample 0 at byte 3") && said.contains("not an IDR picture"), "{said}");
        let hevc = RandomAccess::Hevc(4);
        let (idr, bla, cra, radl, rasl, trail) = (19 << 1, 16 << 1, 21 << 1, 6 << 1, 8 << 1, 1 << 1);
        for closed in [
            &[&[idr][..], &[trail]][..],
            &[&[bla], &[rasl]],
            &[&[cra], &[trail], &[rasl]],
            &[&[cra], &[radl], &[trail]],
        ] {
            assert_eq!(check(&hevc, closed), None);
        }
        let said = check(&hevc, &[&[64, cra], &[radl], &[rasl]]).expect("an open GOP");
        assert!(said.contains("sample 2 at byte 24") && said.contains("RASL"), "{said}");
        assert!(check(&hevc, &[&[trail]]).expect("no IRAP").contains("not an IRAP picture"));
        assert_eq!(check(&RandomAccess::Flags, &[&[0]]), None);
    }

    #[test]
    fn lengths_that_lead_astray_are_left_to_planning() {
        let sample = SegmentSample { offset: 0, size: 8, decode_time: 0, duration: 1, sync: true };
        let piece = Piece::whole("v.mp4", "1.m4s");
        for bytes in [&[0xff; 8][..], &[0, 0, 0, 0, 0, 0, 0, 9], &[1, 2]] {
            assert!(RandomAccess::Avc(4).check(&piece, bytes, &[sample]).is_ok());
        }
    }
}

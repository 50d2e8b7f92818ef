use crate::cenc::nal::{Bits, Error};

/// A picture of a short-term reference picture set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Picture {
    /// Its picture order count, relative to the current picture's.
    delta: i32,
    /// Whether the current picture itself may refer to it.
    used: bool,
}

/// A short-term reference picture set (ITU-T H.265, 7.4.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PictureSet {
    /// Pictures before the current one in output order (S0), the nearest first.
    before: Vec<Picture>,
    /// Pictures after it (S1), the nearest first.
    after: Vec<Picture>,
}

/// Most pictures of a set: the decoded picture buffer holds 16, one of them the current picture (A.4.2).
pub(super) const MAX_PICTURES: u32 = 15;

impl PictureSet {
    /// Reads `st_ref_pic_set( index )` (7.3.7), with the sets before it. A slice's own set has the index `sets.len()`.
    pub(super) fn parse(bits: &mut Bits<'_>, sets: &[Self], own: bool) -> Result<Self, Error> {
        if sets.is_empty() || !bits.flag()? {
            return Self::explicit(bits);
        }
        let back = if own { bits.ue()? } else { 0 };
        let unknown = Error::Range { field: "delta_idx_minus1", value: back };
        let reference = sets.iter().rev().nth(back as usize).ok_or(unknown)?;
        reference.predict(bits)
    }

    fn explicit(bits: &mut Bits<'_>) -> Result<Self, Error> {
        let before = bits.ue_max(MAX_PICTURES, "num_negative_pics")?;
        let after = bits.ue_max(MAX_PICTURES - before, "num_positive_pics")?;
        Ok(Self { before: Self::one_side(bits, before, -1)?, after: Self::one_side(bits, after, 1)? })
    }

    fn one_side(bits: &mut Bits<'_>, count: u32, sign: i32) -> Result<Vec<Picture>, Error> {
        let mut delta = 0;
        let picture = |_| {
            delta += sign * (bits.ue_max(MAX_DELTA, "delta_poc_minus1")? as i32 + 1);
            Ok(Picture { delta, used: bits.flag()? })
        };
        (0..count).map(picture).collect()
    }

    /// A set that is written as the difference to this one (7-61, 7-62).
    fn predict(&self, bits: &mut Bits<'_>) -> Result<Self, Error> {
        let sign = if bits.flag()? { -1 } else { 1 };
        let shift = sign * (bits.ue_max(MAX_DELTA, "abs_delta_rps_minus1")? as i32 + 1);
        // In the order of the flags: S0, S1, and the picture that this set was of.
        let whole = Picture { delta: 0, used: false };
        let mut pictures = Vec::new();
        for picture in self.before.iter().chain(&self.after).chain([&whole]) {
            // used_by_curr_pic_flag, or use_delta_flag
            let used = bits.flag()?;
            if used || bits.flag()? {
                let picture = Picture { delta: picture.delta + shift, used };
                // S0 and S1 count away from the current picture, so the order that the standard lists them in is that of their distance.
                let at = pictures.partition_point(|earlier: &Picture| earlier.delta.abs() <= picture.delta.abs());
                pictures.insert(at, picture);
            }
        }
        let set = Self {
            before: pictures.iter().copied().filter(|picture| picture.delta < 0).collect(),
            after: pictures.iter().copied().filter(|picture| picture.delta > 0).collect(),
        };
        match set.len() {
            value if value > MAX_PICTURES => Err(Error::Range { field: "NumDeltaPocs", value }),
            _ => Ok(set),
        }
    }

    /// `NumDeltaPocs`
    pub(super) fn len(&self) -> u32 {
        (self.before.len() + self.after.len()) as u32
    }

    /// How many of them the current picture itself may refer to.
    pub(super) fn used(&self) -> u32 {
        self.before.iter().chain(&self.after).filter(|picture| picture.used).count() as u32
    }
}

/// The largest of `delta_poc_s0_minus1`, `delta_poc_s1_minus1` and `abs_delta_rps_minus1` (7.4.8).
const MAX_DELTA: u32 = (1 << 15) - 1;

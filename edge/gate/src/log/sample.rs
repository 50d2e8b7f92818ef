use serde::{Deserialize, Deserializer, de};

use crate::SessionId;

/// Which segments are logged.
///
/// By the session and the segment's number alone: on every host and point of presence the same ones, and all renditions of them, so that an audit sees who
/// takes several at a time. A viewer could foretell which, and has nothing of it: who takes a title takes the segments that are logged too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling(u32);

/// The share is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a share is a number from 0 to 1")]
pub struct SamplingError;

const ALL: u32 = 1_000_000;

impl Default for Sampling {
    /// One in a hundred.
    fn default() -> Self {
        Self(ALL / 100)
    }
}

impl<'de> Deserialize<'de> for Sampling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Sampling {
    /// That share of all segments, from 0 to 1, to a millionth.
    ///
    /// # Errors
    /// [`SamplingError`].
    pub fn new(share: f64) -> Result<Self, SamplingError> {
        // What is not a number is in no range.
        if !(0.0..=1.0).contains(&share) {
            // The number is not said: what writes fractions is ten kilobytes of module.
            return Err(SamplingError);
        }
        Ok(Self((share * f64::from(ALL) + 0.5) as u32))
    }

    /// How many of a million segments.
    pub fn ppm(self) -> u32 {
        self.0
    }

    /// Whether that segment of that session is among them.
    pub fn takes(self, session: &SessionId, segment: u32) -> bool {
        // SplitMix64's finalizer (Steele, Lea, Flood 2014) over ids that are random already.
        let mut mixed = u128::from_be_bytes(session.0) as u64 ^ u64::from(segment).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % u64::from(ALL)) < u64::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_shares() {
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Sampling::new(bad).is_err(), "{bad}");
        }
        assert_eq!(Sampling::new(0.01).map(Sampling::ppm), Ok(10_000));
        assert_eq!(Sampling::new(1.0).map(Sampling::ppm), Ok(1_000_000));
    }

    #[test]
    fn as_many_are_taken_as_the_share_says() {
        let taken = |share: f64, session: u8| {
            let sampling = Sampling::new(share).expect("a share");
            (1..=100_000).filter(|segment| sampling.takes(&SessionId([session; 16]), *segment)).count()
        };
        assert_eq!((taken(0.0, 1), taken(1.0, 1)), (0, 100_000));
        for session in 0..20 {
            let taken = taken(0.01, session);
            // 1000 expected, a standard deviation of 31.
            assert!((850..1150).contains(&taken), "{taken}");
        }
    }
}

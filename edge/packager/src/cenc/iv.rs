use sha2::{Digest, Sha256};

use super::Error;
use crate::{keys::Kid, title::Scheme};

/// The A/B variant of a watermarked title: four bits of every derived `cenc` IV. 0 for titles without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant(u8);

impl Variant {
    /// A variant below 16.
    pub fn new(number: u8) -> Option<Self> {
        (number < 16).then_some(Self(number))
    }
}

/// Where a segment's initialization vectors come from; this decides the scheme too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IvSource {
    /// `cenc`: [`derived_iv`] of every sample, so that the same request gives the same bytes everywhere.
    Derived {
        /// The track's number within its title.
        track: u8,
        /// The A/B variant.
        variant: Variant,
    },
    /// `cenc`: the next sample's IV, one more for every sample after it.
    Counter(u64),
    /// `cbcs`: one IV for all.
    Constant([u8; 16]),
}

impl IvSource {
    /// What the edge uses: [`derived_iv`] for `cenc` (of variant 0), [`constant_iv`] for `cbcs`.
    pub fn derived(scheme: Scheme, kid: Kid, track: u8) -> Self {
        match scheme {
            Scheme::Cenc => Self::Derived { track, variant: Variant::default() },
            Scheme::Cbcs => Self::Constant(constant_iv(&kid)),
        }
    }

    /// The scheme that has IVs of this kind.
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Derived { .. } | Self::Counter(_) => Scheme::Cenc,
            Self::Constant(_) => Scheme::Cbcs,
        }
    }

    /// The next sample's own IV; `None` where all samples share a constant one.
    pub(super) fn next(&mut self, decode_time: u64) -> Result<Option<[u8; 8]>, Error> {
        match self {
            Self::Derived { track, variant } => derived_iv(*track, *variant, decode_time).map(Some),
            Self::Counter(next) => {
                let iv = *next;
                *next = iv.wrapping_add(1);
                Ok(Some(iv.to_be_bytes()))
            }
            Self::Constant(_) => Ok(None),
        }
    }
}

const TIME_BITS: u32 = 52;

/// A sample's `cenc` IV under one content key: track (8 bits), variant (4), decode time (52), side by side and so injective.
/// Equal IVs under one key would let two plaintexts be had from their difference.
///
/// # Errors
/// [`Error::DecodeTimeSize`] for a decode time of more than 52 bits.
pub fn derived_iv(track: u8, variant: Variant, decode_time: u64) -> Result<[u8; 8], Error> {
    if decode_time >> TIME_BITS != 0 {
        return Err(Error::DecodeTimeSize(decode_time));
    }
    let packed = u64::from(track) << (TIME_BITS + 4) | u64::from(variant.0) << TIME_BITS | decode_time;
    Ok(packed.to_be_bytes())
}

/// The `cbcs` constant IV of a key id: the first 16 bytes of `SHA-256("sluice cbcs constant iv" || kid)`.
pub fn constant_iv(kid: &Kid) -> [u8; 16] {
    let digest = Sha256::new().chain_update(b"sluice cbcs constant iv").chain_update(kid.0).finalize();
    let mut iv = [0; 16];
    iv.copy_from_slice(&digest[..16]);
    iv
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn derived_ivs_are_injective(
            a in (any::<u8>(), 0u8..16, 0u64..1 << 52),
            b in (any::<u8>(), 0u8..16, 0u64..1 << 52),
        ) {
            let iv = |(track, variant, time)| derived_iv(track, Variant::new(variant).expect("below 16"), time);
            prop_assert_eq!(iv(a) == iv(b), a == b);
            // The packing can be undone, which is what injective means.
            let packed = u64::from_be_bytes(iv(a)?);
            prop_assert_eq!(((packed >> 56) as u8, (packed >> 52 & 0xf) as u8, packed & ((1 << 52) - 1)), a);
        }

        #[test]
        fn a_decode_time_over_52_bits_is_refused(time in 1u64 << 52..) {
            prop_assert_eq!(derived_iv(0, Variant::default(), time), Err(Error::DecodeTimeSize(time)));
        }
    }

    #[test]
    fn ivs_of_a_key_id_are_its_own() {
        assert_eq!(Variant::new(16), None);
        assert_ne!(constant_iv(&Kid([1; 16])), constant_iv(&Kid([2; 16])));
        for scheme in [Scheme::Cenc, Scheme::Cbcs] {
            assert_eq!(IvSource::derived(scheme, Kid([1; 16]), 0).scheme(), scheme);
        }
    }
}

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{field::multiply, permute, vector::V};
use crate::keys::ContentKey;

/// AES-128's eleven round keys (FIPS-197, 5.2).
///
/// Constant time: the S-box is the one of [`permute`], the rest adds bytes at fixed places, and its loops count to constants.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct RoundKeys([[u8; 16]; 11]);

impl RoundKeys {
    /// Expands a key.
    pub(super) fn new(key: &ContentKey) -> Self {
        let mut keys = [*key.expose(); 11];
        let mut constant = 1;
        let mut last = keys[0];
        for next in keys.iter_mut().skip(1) {
            let mut substituted = [0; 16];
            permute::sub_bytes(V::load(&last)).store(&mut substituted);
            let [.., a, b, c, d] = substituted;
            let mut word = [b ^ constant, c, d, a];
            constant = multiply(2, constant);
            for column in last.as_chunks_mut::<4>().0 {
                for (byte, with) in column.iter_mut().zip(&mut word) {
                    *byte ^= *with;
                    *with = *byte;
                }
            }
            *next = last;
            substituted.zeroize();
        }
        last.zeroize();
        Self(keys)
    }

    /// In the order of their rounds.
    ///
    /// Kernels leave out the S-box's constant, 0x63. MixColumns leaves a column of equal bytes as it is, so that adding it to every later key
    /// makes up for it.
    pub(super) fn with_constant(&self) -> impl Iterator<Item = V> {
        let constants = core::iter::once(V::zero()).chain(core::iter::repeat(V::splat(0x63)));
        self.0.iter().zip(constants).map(|(key, constant)| V::load(key) ^ constant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fips_197_appendix_a_1() {
        let key = 0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes();
        let keys = RoundKeys::new(&ContentKey::new(key));
        assert_eq!(keys.0[0], key);
        assert_eq!(keys.0[1], 0xa0fa_fe17_8854_2cb1_23a3_3939_2a6c_7605_u128.to_be_bytes());
        assert_eq!(keys.0[10], 0xd014_f9a8_c9ee_2589_e13f_0cc8_b663_0ca6_u128.to_be_bytes());
    }
}

//! Sixteen bytes at once: `v128` where there is simd128, elsewhere the same operations on an integer, so that the kernels' tests run
//! natively as well. Every operation takes the same time whatever it is applied to.

#[cfg(target_feature = "simd128")]
#[path = "vector/simd128.rs"]
pub(super) mod operations;
#[cfg(not(target_feature = "simd128"))]
#[path = "vector/scalar.rs"]
pub(super) mod operations;

use core::ops::{BitAnd, BitOr, BitXor, BitXorAssign};

use operations::Lanes;

/// Sixteen bytes; 64-bit lanes for shifts, 32-bit lanes for rotations.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct V(pub(super) Lanes);

impl V {
    pub(super) const fn constant(bytes: [u8; 16]) -> Self {
        Self(operations::constant(bytes))
    }

    pub(super) const fn zero() -> Self {
        Self::constant([0; 16])
    }

    #[inline(always)]
    pub(super) fn splat(byte: u8) -> Self {
        Self(operations::splat(byte))
    }

    #[inline(always)]
    pub(super) fn load(bytes: &[u8; 16]) -> Self {
        Self(operations::load(bytes))
    }

    #[inline(always)]
    pub(super) fn store(self, bytes: &mut [u8; 16]) {
        operations::store(self.0, bytes);
    }

    /// From 32-bit lanes, the first at the lowest address.
    #[inline(always)]
    pub(super) fn from_words(words: [u32; 4]) -> Self {
        Self(operations::from_words(words))
    }

    /// The first 32-bit lane.
    #[inline(always)]
    pub(super) fn first_word(self) -> u32 {
        operations::first_word(self.0)
    }

    /// Each 64-bit lane shifted to the left.
    #[inline(always)]
    pub(super) fn shl<const BITS: u32>(self) -> Self {
        Self(operations::shl::<BITS>(self.0))
    }

    /// Each 64-bit lane shifted to the right.
    #[inline(always)]
    pub(super) fn shr<const BITS: u32>(self) -> Self {
        Self(operations::shr::<BITS>(self.0))
    }

    /// 0xff where the bytes are the same, else 0.
    #[inline(always)]
    pub(super) fn equal(self, other: Self) -> Self {
        Self(operations::equal(self.0, other.0))
    }

    /// Byte `i` of the result is `self[index[i]]`; 0 where the index is 16 or more.
    #[inline(always)]
    pub(super) fn lookup(self, index: Self) -> Self {
        Self(operations::lookup(self.0, index.0))
    }

    /// The 32-bit lanes turned: lane `i` of the result is lane `i + BY`.
    #[inline(always)]
    pub(super) fn turn<const BY: usize>(self) -> Self {
        Self(operations::turn::<BY>(self.0))
    }

    /// Lanes of `BYTES` bytes of both in turn, of their lower halves and of their upper halves.
    #[inline(always)]
    pub(super) fn interleave<const BYTES: usize>(self, other: Self) -> (Self, Self) {
        let (low, high) = operations::interleave::<BYTES>(self.0, other.0);
        (Self(low), Self(high))
    }

    /// The same, by way of memory: what compilers cannot see through.
    #[inline(always)]
    pub(super) fn opaque(self) -> Self {
        Self(operations::opaque(self.0))
    }
}

impl BitXor for V {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        Self(operations::xor(self.0, other.0))
    }
}

impl BitXorAssign for V {
    #[inline(always)]
    fn bitxor_assign(&mut self, other: Self) {
        *self = *self ^ other;
    }
}

impl BitAnd for V {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(operations::and(self.0, other.0))
    }
}

impl BitOr for V {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(operations::or(self.0, other.0))
    }
}

/// A vector that stays in memory.
///
/// More of them are alive at once than a machine has registers. As locals they would be spilled and, at every turn of a loop, copied
/// from one stack slot into another by the runtime's register allocator; kept in memory they are loaded and stored once.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Kept(V);

impl Kept {
    pub(super) const fn new(vector: V) -> Self {
        Self(vector)
    }

    pub(super) const fn zero() -> Self {
        Self(V::zero())
    }

    #[inline(always)]
    pub(super) fn get(&self) -> V {
        V(operations::read(&self.0.0))
    }

    #[inline(always)]
    pub(super) fn set(&mut self, vector: V) {
        operations::write(&mut self.0.0, vector.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(vector: V) -> [u8; 16] {
        let mut out = [0; 16];
        vector.store(&mut out);
        out
    }

    fn counting(from: u8) -> V {
        V::load(&core::array::from_fn(|at| from + at as u8))
    }

    #[test]
    fn lanes_are_where_they_are_said_to_be() {
        assert_eq!(bytes(V::from_words([0x0403_0201, 0x0807_0605, 0x0c0b_0a09, 0x100f_0e0d])), bytes(counting(1)));
        assert_eq!(counting(1).first_word(), 0x0403_0201);
        let (low, high) = counting(0).interleave::<1>(counting(16));
        assert_eq!(bytes(low), [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23]);
        assert_eq!(bytes(high), [8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31]);
        let (low, high) = counting(0).interleave::<2>(counting(16));
        assert_eq!(bytes(low), [0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23]);
        assert_eq!(bytes(high)[..4], [8, 9, 24, 25]);
        let (low, high) = counting(0).interleave::<4>(counting(16));
        assert_eq!(bytes(low), [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23]);
        assert_eq!(bytes(high)[..8], [8, 9, 10, 11, 24, 25, 26, 27]);
        let (low, high) = counting(0).interleave::<8>(counting(16));
        assert_eq!(bytes(low), [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
        assert_eq!(bytes(high), [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]);
        assert_eq!(bytes(counting(0).turn::<1>()), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3]);
        assert_eq!(bytes(counting(0).turn::<0>()), bytes(counting(0)));
    }

    #[test]
    fn shifts_stay_within_their_lane() {
        assert_eq!(bytes(V::splat(0x81).shl::<1>()), [2, 3, 3, 3, 3, 3, 3, 3, 2, 3, 3, 3, 3, 3, 3, 3]);
        assert_eq!(bytes(V::splat(0x81).shr::<4>())[7..9], [0x08, 0x18]);
    }

    #[test]
    fn equal_bytes_are_told() {
        assert_eq!(bytes(counting(0).equal(V::splat(3)))[..5], [0, 0, 0, 0xff, 0]);
    }

    #[test]
    fn a_lookup_past_the_table_is_zero() {
        let index = V::load(&[0, 15, 16, 0x80, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(counting(7).lookup(index))[..6], [7, 22, 0, 0, 0, 10]);
    }

    #[test]
    fn what_is_kept_is_what_was_put() {
        let mut kept = Kept::zero();
        assert_eq!(bytes(kept.get()), [0; 16]);
        kept.set(counting(3));
        assert_eq!(bytes(kept.get().opaque()), bytes(counting(3)));
        assert_eq!(bytes(counting(3) ^ V::splat(1))[0], 2);
        assert_eq!(bytes(counting(3) & V::splat(1))[..2], [1, 0]);
    }
}

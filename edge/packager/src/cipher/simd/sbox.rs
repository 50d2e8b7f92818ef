//! The S-box as a circuit over bit planes.
//!
//! SubBytes but for its constant, 0x63: whoever makes the round keys adds it there instead. Two circuits, since the kernels want for different
//! things: registers, or steps that need not wait for each other.

pub(super) mod shallow;
pub(super) mod tower;

use super::vector::V;

/// Eight planes: plane `i` has bit `i` of every byte, of as many blocks as lie side by side.
pub(super) type Planes = [V; 8];

/// Turns bytes into planes and back: bit `i` of byte `p` of vector `b` becomes bit `b` of byte `p` of vector `i`.
#[inline(always)]
pub(super) fn transpose([a, b, c, d, e, f, g, h]: Planes) -> Planes {
    let ((a, b), (c, d)) = (swap::<1>(a, b, 0x55), swap::<1>(c, d, 0x55));
    let ((e, f), (g, h)) = (swap::<1>(e, f, 0x55), swap::<1>(g, h, 0x55));
    let ((a, c), (b, d)) = (swap::<2>(a, c, 0x33), swap::<2>(b, d, 0x33));
    let ((e, g), (f, h)) = (swap::<2>(e, g, 0x33), swap::<2>(f, h, 0x33));
    let ((a, e), (b, f)) = (swap::<4>(a, e, 0x0f), swap::<4>(b, f, 0x0f));
    let ((c, g), (d, h)) = (swap::<4>(c, g, 0x0f), swap::<4>(d, h, 0x0f));
    [a, b, c, d, e, f, g, h]
}

/// Swaps the bits of `low` under `mask << BITS` with those of `high` under `mask`.
#[inline(always)]
fn swap<const BITS: u32>(low: V, high: V, mask: u8) -> (V, V) {
    let differ = ((low.shr::<BITS>() ^ high) & V::splat(mask)).opaque();
    (low ^ differ.shl::<BITS>(), high ^ differ)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher::simd::field;

    fn every_byte_goes_where_the_standard_says(sub_bytes: fn(Planes) -> Planes) {
        // FIPS-197, 5.1.1, computed from its definition.
        for first in (0..=255u8).step_by(16) {
            let bytes: [u8; 16] = core::array::from_fn(|at| first + at as u8);
            let mut planes = [V::zero(); 8];
            planes[0] = V::load(&bytes);
            let planes = transpose(sub_bytes(transpose(planes)));
            let mut out = [0; 16];
            planes[0].store(&mut out);
            assert_eq!(out.map(|byte| byte ^ 0x63), bytes.map(field::sub_byte));
        }
    }

    #[test]
    fn by_the_tower_every_byte_goes_where_the_standard_says() {
        every_byte_goes_where_the_standard_says(tower::sub_bytes);
    }

    #[test]
    fn by_the_shallow_circuit_every_byte_goes_where_the_standard_says() {
        every_byte_goes_where_the_standard_says(shallow::sub_bytes);
    }

    #[test]
    fn the_standards_own_examples() {
        assert_eq!((field::sub_byte(0), field::sub_byte(0x53)), (0x63, 0xed));
    }
}

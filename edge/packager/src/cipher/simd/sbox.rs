//! The S-box as a circuit over bit planes.
//!
//! SubBytes but for its constant, 0x63: whoever makes the round keys adds it there instead. Two circuits, since the kernels want for different
//! things: registers, or steps that need not wait for each other.

pub(super) mod shallow;
pub(super) mod tower;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher::simd::{
        field,
        planes::{Planes, transpose},
        vector::V,
    };

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

//! The S-box as a circuit over bit planes.

use super::vector::V;

/// Eight planes: plane `i` has bit `i` of every byte, of as many blocks as lie side by side.
pub(super) type Planes = [V; 8];

/// SubBytes but for its constant: 113 gates, of which the last layer's four complements are left out, so that what comes out is
/// `S(x) ^ 0x63`. Whoever makes the round keys adds 0x63 there instead.
///
/// Boyar and Peralta, "A depth-16 circuit for the AES S-box" (2011), in their names: `y` the linear top, `t` and `z` the inversion and what it
/// is multiplied with, `t` from 46 on and `s` the linear bottom. Their bit 0 is the most significant one.
///
/// Where a product is added to one of its own factors, compilers see a selection by bits, which costs three instructions in place of
/// two: [`V::opaque`] keeps it from them.
#[inline(always)]
pub(super) fn sub_bytes([x7, x6, x5, x4, x3, x2, x1, x0]: Planes) -> Planes {
    let y14 = x3 ^ x5;
    let y13 = x0 ^ x6;
    let y9 = x0 ^ x3;
    let y8 = x0 ^ x5;
    let t0 = x1 ^ x2;
    let y1 = t0 ^ x7;
    let y4 = y1 ^ x3;
    let y12 = y13 ^ y14;
    let y2 = y1 ^ x0;
    let y5 = y1 ^ x6;
    let y3 = y5 ^ y8;
    let t1 = x4 ^ y12;
    let y15 = t1 ^ x5;
    let y20 = t1 ^ x1;
    let y6 = y15 ^ x7;
    let y10 = y15 ^ t0;
    let y11 = y20 ^ y9;
    let y7 = x7 ^ y11;
    let y17 = y10 ^ y11;
    let y19 = y10 ^ y8;
    let y16 = t0 ^ y11;
    let y21 = y13 ^ y16;
    let y18 = x0 ^ y16;

    let t2 = y12 & y15;
    let t3 = y3 & y6;
    let t4 = t3 ^ t2;
    let t5 = y4 & x7;
    let t6 = t5 ^ t2;
    let t7 = y13 & y16;
    let t8 = y5 & y1;
    let t9 = t8 ^ t7;
    let t10 = y2 & y7;
    let t11 = t10 ^ t7;
    let t12 = y9 & y11;
    let t13 = y14 & y17;
    let t14 = t13 ^ t12;
    let t15 = y8 & y10;
    let t16 = t15 ^ t12;
    let t17 = t4 ^ t14;
    let t18 = t6 ^ t16;
    let t19 = t9 ^ t14;
    let t20 = t11 ^ t16;
    let t21 = t17 ^ y20;
    let t22 = t18 ^ y19;
    let t23 = t19 ^ y21;
    let t24 = t20 ^ y18;
    let t25 = t21 ^ t22;
    let t26 = t21 & t23;
    let t27 = t24 ^ t26;
    let t28 = (t25 & t27).opaque();
    let t29 = t28 ^ t22;
    let t30 = t23 ^ t24;
    let t31 = t22 ^ t26;
    let t32 = (t31 & t30).opaque();
    let t33 = t32 ^ t24;
    let t34 = t23 ^ t33;
    let t35 = t27 ^ t33;
    let t36 = (t24 & t35).opaque();
    let t37 = t36 ^ t34;
    let t38 = t27 ^ t36;
    let t39 = (t29 & t38).opaque();
    let t40 = t25 ^ t39;
    let t41 = t40 ^ t37;
    let t42 = t29 ^ t33;
    let t43 = t29 ^ t40;
    let t44 = t33 ^ t37;
    let t45 = t42 ^ t41;

    let z0 = t44 & y15;
    let z1 = t37 & y6;
    let z2 = t33 & x7;
    let z3 = t43 & y16;
    let z4 = t40 & y1;
    let z5 = t29 & y7;
    let z6 = t42 & y11;
    let z7 = t45 & y17;
    let z8 = t41 & y10;
    let z9 = t44 & y12;
    let z10 = t37 & y3;
    let z11 = t33 & y4;
    let z12 = t43 & y13;
    let z13 = t40 & y5;
    let z14 = t29 & y2;
    let z15 = t42 & y9;
    let z16 = t45 & y14;
    let z17 = t41 & y8;

    let t46 = z15 ^ z16;
    let t47 = z10 ^ z11;
    let t48 = z5 ^ z13;
    let t49 = z9 ^ z10;
    let t50 = z2 ^ z12;
    let t51 = z2 ^ z5;
    let t52 = z7 ^ z8;
    let t53 = z0 ^ z3;
    let t54 = z6 ^ z7;
    let t55 = z16 ^ z17;
    let t56 = z12 ^ t48;
    let t57 = t50 ^ t53;
    let t58 = z4 ^ t46;
    let t59 = z3 ^ t54;
    let t60 = t46 ^ t57;
    let t61 = z14 ^ t57;
    let t62 = t52 ^ t58;
    let t63 = t49 ^ t58;
    let t64 = z4 ^ t59;
    let t65 = t61 ^ t62;
    let t66 = z1 ^ t63;
    let s0 = t59 ^ t63;
    let s6 = t56 ^ t62;
    let s7 = t48 ^ t60;
    let t67 = t64 ^ t65;
    let s3 = t53 ^ t66;
    let s4 = t51 ^ t66;
    let s5 = t47 ^ t65;
    let s1 = t64 ^ s3;
    let s2 = t55 ^ t67;
    [s7, s6, s5, s4, s3, s2, s1, s0]
}

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

    #[test]
    fn every_byte_goes_where_the_standard_says() {
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
        assert_eq!((field::sub_byte(0), field::sub_byte(0x53)), (0x63, 0xed));
    }
}

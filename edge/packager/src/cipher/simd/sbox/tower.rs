//! SubBytes with few values alive at once: for a kernel that has enough other work to do while a value is waited for.
//!
//! Inversion by a tower of fields, GF(2^8) over GF(2^4) over GF(2^2): in a basis in which raising to the 16th power swaps two
//! halves, `1/x = x^16 / x^17`, and `x^17`, the norm, lies in GF(2^4), where inverting costs little. The circuit is Käsper and Schwabe's
//! ("Faster and timing-attack resistant AES-GCM", 2009), with what it computes twice computed once: 117 gates. Smaller ones are known
//! (113), but this one has fewer values alive at once, which is what counts with sixteen registers.

use crate::cipher::simd::{planes::Planes, vector::V};

/// `S(x) ^ 0x63`.
#[inline(always)]
pub(in crate::cipher::simd) fn sub_bytes(planes: Planes) -> Planes {
    let [x0, x1, x2, x3, x4, x5, x6, x7] = to_tower(planes);
    let [y0, y1, y2, y3] = invert_nibble(norm([x0, x1, x2, x3, x4, x5, x6, x7]));
    let (low, high, sum) = ([y0, y1], [y2, y3], [y0 ^ y2, y1 ^ y3]);
    let times = |[a0, a1]: [V; 2], [b0, b1]: [V; 2]| {
        let (low, [s0, s1]) = (multiply([a0, a1], low), scaled_multiply([a0 ^ b0, a1 ^ b1], sum));
        let high = multiply([b0, b1], high);
        [low[0] ^ s0, low[1] ^ s1, high[0] ^ s0, high[1] ^ s1]
    };
    let [a, b, c, d] = times([x0, x1], [x2, x3]);
    let [e, f, g, h] = times([x4, x5], [x6, x7]);
    from_tower([e, f, g, h, a, b, c, d])
}

/// From AES's basis to the tower's: 13 additions.
#[inline(always)]
fn to_tower([b0, mut b1, mut b2, mut b3, mut b4, mut b5, mut b6, mut b7]: Planes) -> Planes {
    b5 ^= b6;
    b2 ^= b1;
    b3 ^= b0;
    b6 ^= b2;
    b5 ^= b0;
    b6 ^= b3;
    b3 ^= b7;
    b7 ^= b5;
    b3 ^= b4;
    b4 ^= b5;
    b3 ^= b1;
    b2 ^= b7;
    b1 ^= b5;
    [b6, b5, b0, b3, b7, b1, b4, b2]
}

/// From the tower's basis to AES's, and the linear part of the S-box's affine map: 11 additions.
#[inline(always)]
fn from_tower([mut c0, mut c1, mut c2, mut c3, mut c4, mut c5, mut c6, mut c7]: Planes) -> Planes {
    c0 ^= c6;
    c1 ^= c4;
    c2 ^= c0;
    c4 ^= c6;
    c6 ^= c1;
    c1 ^= c5;
    c5 ^= c3;
    c3 ^= c7;
    c7 ^= c5;
    c2 ^= c5;
    c4 ^= c7;
    [c6, c1, c2, c4, c7, c0, c3, c5]
}

/// `x^17`: the product of both halves, and the square of their sum, scaled.
#[inline(always)]
fn norm([x0, x1, x2, x3, x4, x5, x6, x7]: Planes) -> [V; 4] {
    let (a, b, c, d) = (x4 ^ x6, x5 ^ x7, x1 ^ x3, x0 ^ x2);
    let (ad, bc, cross) = (a & d, b & c, (a ^ b) & (c ^ d));
    let high = (x6 ^ x7) & (x2 ^ x3);
    let (low_sum, other_sum) = (x4 ^ x5, x0 ^ x1);
    [
        bc ^ (low_sum & other_sum) ^ ad ^ (x4 | x0),
        (low_sum | other_sum) ^ cross ^ ad ^ (x5 & x1),
        (b | c) ^ high ^ ad ^ (x6 & x2),
        (a | d) ^ high ^ cross ^ (x7 & x3),
    ]
}

/// The inverse in GF(2^4).
#[inline(always)]
fn invert_nibble([t0, t1, t2, t3]: [V; 4]) -> [V; 4] {
    let sum = t3 ^ t2;
    let product = t3 & t1;
    let u = t0 ^ product;
    let y0 = (sum & u) ^ t2;
    let v = ((t1 ^ t0) & (product ^ t2)) ^ t0;
    let w = (u ^ v) & t0;
    [y0, ((u ^ w) & y0) ^ sum, v, t1 ^ v ^ w]
}

/// The product in GF(2^2), in a normal basis.
#[inline(always)]
fn multiply([x0, x1]: [V; 2], [y0, y1]: [V; 2]) -> [V; 2] {
    let (cross, high, low) = ((y0 ^ y1) & x0, x1 & y0, (x0 ^ x1) & y1);
    [low ^ high, high ^ cross]
}

/// The product, times the element by which the norm is scaled.
#[inline(always)]
fn scaled_multiply([x0, x1]: [V; 2], [y0, y1]: [V; 2]) -> [V; 2] {
    let (cross, high, low) = ((y0 ^ y1) & x0, x1 & y0, (x0 ^ x1) & y1);
    [low ^ cross, high ^ low]
}

//! Tables of sixteen bytes for AES by vector permutation (Hamburg, "Accelerating AES with vector permute instructions", 2009).
//!
//! GF(2^8) is taken as pairs over its subfield K of sixteen elements: `x = i·w + k`, with a `w` for which `w^2 = a·w + a`, `a` in K.
//! A byte then is written as its nibbles `i` and `k`, and inversion needs look-ups among sixteen only, which a vector does for
//! sixteen bytes at once, in its registers: with `j = i + k`,
//!
//! ```text
//! p = 1/(1/i + a/k) + j      q = 1/(1/j + a/k) + i      1/x = c1/p + c2/q
//! ```
//!
//! where `c2 = w/a^2` and `c1 = 1 + w/a + c2`. Infinity, the inverse of 0, is written 0x80: added to a nibble it looks up as 0.

use super::field::{affine, invert, multiply};

type Table = [u8; 16];

pub(super) struct Tables {
    /// To nibbles: of a byte's lower and upper half.
    pub(super) lower: Table,
    pub(super) upper: Table,
    /// `1/n` and `a/n` in K.
    pub(super) inverse: Table,
    pub(super) inverse_a: Table,
    /// What `p` and `q` give to the S-box's value, but for the constant 0x63: in nibbles, once and doubled, and the same as ordinary bytes.
    pub(super) once: [Table; 2],
    pub(super) doubled: [Table; 2],
    pub(super) plain: [Table; 2],
    pub(super) plain_doubled: [Table; 2],
}

pub(super) const TABLES: Tables = tables();

const INFINITY: u8 = 0x80;
const NONE: u8 = 0xff;

const fn tables() -> Tables {
    let subfield = subfield();
    let mut nibble = [NONE; 256];
    let mut n = 0;
    while n < 16 {
        nibble[subfield[n] as usize] = n as u8;
        n += 1;
    }
    let w = generator(&nibble);
    let a = multiply(w, power_16(w));
    let a_inverse = invert(a);
    let c2 = multiply(w, multiply(a_inverse, a_inverse));
    let c1 = 1 ^ multiply(w, a_inverse) ^ c2;

    // Every byte's nibbles.
    let mut nibbles = [0; 256];
    let mut at = 0;
    while at < 256 {
        let (i, k) = (at >> 4, at & 15);
        nibbles[(multiply(subfield[i], w) ^ subfield[k]) as usize] = at as u8;
        at += 1;
    }

    let mut tables = Tables {
        lower: [0; 16],
        upper: [0; 16],
        inverse: [0; 16],
        inverse_a: [0; 16],
        once: [[0; 16]; 2],
        doubled: [[0; 16]; 2],
        plain: [[0; 16]; 2],
        plain_doubled: [[0; 16]; 2],
    };
    let mut n = 0;
    while n < 16 {
        tables.lower[n] = nibbles[n];
        tables.upper[n] = nibbles[n << 4];
        let inverse = invert(subfield[n]);
        tables.inverse[n] = if n == 0 { INFINITY } else { nibble[inverse as usize] };
        tables.inverse_a[n] = if n == 0 { INFINITY } else { nibble[multiply(a, inverse) as usize] };
        let mut part = 0;
        while part < 2 {
            let value = affine(multiply(inverse, [c1, c2][part]));
            tables.plain[part][n] = value;
            tables.plain_doubled[part][n] = multiply(2, value);
            tables.once[part][n] = nibbles[value as usize];
            tables.doubled[part][n] = nibbles[multiply(2, value) as usize];
            part += 1;
        }
        n += 1;
    }
    tables
}

/// K in a basis of its own: element `n` is the sum of the basis elements that the bits of `n` name.
const fn subfield() -> Table {
    let mut elements = [0; 16];
    let mut known = 1;
    let mut candidate = 1;
    while known < 16 {
        let mut new = power_16(candidate) == candidate;
        let mut n = 0;
        while n < known {
            new = new && elements[n] != candidate;
            n += 1;
        }
        if new {
            let mut n = 0;
            while n < known {
                elements[known + n] = elements[n] ^ candidate;
                n += 1;
            }
            known *= 2;
        }
        candidate += 1;
    }
    elements
}

/// The first element outside of K whose trace and norm over K are the same, `a`: then `w^2 = a·w + a`.
const fn generator(nibble: &[u8; 256]) -> u8 {
    let mut w = 2;
    while nibble[w as usize] != NONE || power_16(w) ^ w != multiply(power_16(w), w) {
        w += 1;
    }
    w
}

const fn power_16(x: u8) -> u8 {
    let square = multiply(x, x);
    let fourth = multiply(square, square);
    let eighth = multiply(fourth, fourth);
    multiply(eighth, eighth)
}

//! GF(2^8) as FIPS-197 has it (modulus `x^8 + x^4 + x^3 + x + 1`), for tables made when this is compiled. Never applied to a secret.

pub(super) const fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a = a << 1 ^ if a & 0x80 == 0 { 0 } else { 0x1b };
        b >>= 1;
    }
    product
}

/// `a^254`: the inverse, and 0 of 0.
pub(super) const fn invert(a: u8) -> u8 {
    let mut power = 1;
    let mut count = 0;
    while count < 254 {
        power = multiply(power, a);
        count += 1;
    }
    power
}

/// The linear part of the S-box's affine map.
pub(super) const fn affine(a: u8) -> u8 {
    a ^ a.rotate_left(1) ^ a.rotate_left(2) ^ a.rotate_left(3) ^ a.rotate_left(4)
}

/// The S-box by its definition (FIPS-197, 5.1.1).
#[cfg(test)]
pub(super) fn sub_byte(a: u8) -> u8 {
    affine(invert(a)) ^ 0x63
}

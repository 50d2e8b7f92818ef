#![expect(
    unsafe_code,
    reason = "the loads and stores of simd128 take pointers; volatile access is what keeps a vector in memory"
)]

use core::arch::wasm32::{
    i8x16_eq, i8x16_shuffle, i8x16_swizzle, i16x8_shuffle, i32x4_shuffle, i64x2_shuffle, u8x16, u8x16_splat, u32x4,
    u32x4_extract_lane, u64x2_shl, u64x2_shr, v128, v128_and, v128_load, v128_or, v128_store, v128_xor,
};

pub(super) type Lanes = v128;

pub(super) const fn constant([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: [u8; 16]) -> Lanes {
    u8x16(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
}

#[inline(always)]
pub(super) fn splat(byte: u8) -> Lanes {
    u8x16_splat(byte)
}

#[inline(always)]
pub(super) fn load(bytes: &[u8; 16]) -> Lanes {
    // Safety: sixteen bytes are readable there, and the instruction asks for no alignment.
    unsafe { v128_load(bytes.as_ptr().cast()) }
}

#[inline(always)]
pub(super) fn store(lanes: Lanes, bytes: &mut [u8; 16]) {
    // Safety: sixteen bytes are writable there, and the instruction asks for no alignment.
    unsafe { v128_store(bytes.as_mut_ptr().cast(), lanes) }
}

#[inline(always)]
pub(super) fn from_words([a, b, c, d]: [u32; 4]) -> Lanes {
    u32x4(a, b, c, d)
}

#[inline(always)]
pub(super) fn first_word(lanes: Lanes) -> u32 {
    u32x4_extract_lane::<0>(lanes)
}

#[inline(always)]
pub(super) fn xor(a: Lanes, b: Lanes) -> Lanes {
    v128_xor(a, b)
}

#[inline(always)]
pub(super) fn and(a: Lanes, b: Lanes) -> Lanes {
    v128_and(a, b)
}

#[inline(always)]
pub(super) fn or(a: Lanes, b: Lanes) -> Lanes {
    v128_or(a, b)
}

#[inline(always)]
pub(super) fn shl<const BITS: u32>(lanes: Lanes) -> Lanes {
    u64x2_shl(lanes, BITS)
}

#[inline(always)]
pub(super) fn shr<const BITS: u32>(lanes: Lanes) -> Lanes {
    u64x2_shr(lanes, BITS)
}

#[inline(always)]
pub(super) fn equal(a: Lanes, b: Lanes) -> Lanes {
    i8x16_eq(a, b)
}

#[inline(always)]
pub(super) fn lookup(table: Lanes, index: Lanes) -> Lanes {
    i8x16_swizzle(table, index)
}

#[inline(always)]
pub(super) fn turn<const BY: usize>(lanes: Lanes) -> Lanes {
    match BY % 4 {
        0 => lanes,
        1 => i32x4_shuffle::<1, 2, 3, 0>(lanes, lanes),
        2 => i32x4_shuffle::<2, 3, 0, 1>(lanes, lanes),
        _ => i32x4_shuffle::<3, 0, 1, 2>(lanes, lanes),
    }
}

#[inline(always)]
pub(super) fn interleave<const BYTES: usize>(a: Lanes, b: Lanes) -> (Lanes, Lanes) {
    match BYTES {
        1 => (
            i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b),
            i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b),
        ),
        2 => (i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b), i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b)),
        4 => (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b)),
        _ => (i64x2_shuffle::<0, 2>(a, b), i64x2_shuffle::<1, 3>(a, b)),
    }
}

#[inline(always)]
pub(in crate::cipher::simd) fn opaque(lanes: Lanes) -> Lanes {
    let mut kept = lanes;
    write(&mut kept, lanes);
    read(&kept)
}

#[inline(always)]
pub(super) fn read(kept: &Lanes) -> Lanes {
    // Safety: a reference is valid to read from.
    unsafe { core::ptr::read_volatile(kept) }
}

#[inline(always)]
pub(super) fn write(kept: &mut Lanes, lanes: Lanes) {
    // Safety: a reference is valid to write to.
    unsafe { core::ptr::write_volatile(kept, lanes) }
}

/// The bytes of `$lanes` that the constant `$index` names.
///
/// A shuffle of two inputs, both of them `$lanes`: that the runtime makes one instruction of. The second comes by way of memory, since
/// of a second input that it knows to be the same, or not used, the compiler makes an undefined one, and the runtime two instructions.
macro_rules! permute {
    ($lanes:expr, $index:expr) => {{
        const INDEX: [u8; 16] = $index;
        let lanes = $lanes;
        core::arch::wasm32::i8x16_shuffle::<
            { INDEX[0] as usize },
            { INDEX[1] as usize },
            { INDEX[2] as usize },
            { INDEX[3] as usize },
            { INDEX[4] as usize },
            { INDEX[5] as usize },
            { INDEX[6] as usize },
            { INDEX[7] as usize },
            { INDEX[8] as usize },
            { INDEX[9] as usize },
            { INDEX[10] as usize },
            { INDEX[11] as usize },
            { INDEX[12] as usize },
            { INDEX[13] as usize },
            { INDEX[14] as usize },
            { INDEX[15] as usize + 16 },
        >(lanes, $crate::cipher::simd::vector::operations::opaque(lanes))
    }};
}
pub(in crate::cipher::simd) use permute;

pub(super) type Lanes = u128;

pub(in crate::cipher::simd) const fn constant(bytes: [u8; 16]) -> Lanes {
    u128::from_le_bytes(bytes)
}

pub(super) fn splat(byte: u8) -> Lanes {
    u128::from_le_bytes([byte; 16])
}

pub(super) fn load(bytes: &[u8; 16]) -> Lanes {
    u128::from_le_bytes(*bytes)
}

pub(super) fn store(lanes: Lanes, bytes: &mut [u8; 16]) {
    *bytes = lanes.to_le_bytes();
}

pub(super) fn from_words(words: [u32; 4]) -> Lanes {
    words.iter().rev().fold(0, |lanes, word| lanes << 32 | u128::from(*word))
}

pub(super) fn first_word(lanes: Lanes) -> u32 {
    lanes as u32
}

pub(super) fn xor(a: Lanes, b: Lanes) -> Lanes {
    a ^ b
}

pub(super) fn and(a: Lanes, b: Lanes) -> Lanes {
    a & b
}

pub(super) fn or(a: Lanes, b: Lanes) -> Lanes {
    a | b
}

pub(super) fn shl<const BITS: u32>(lanes: Lanes) -> Lanes {
    u128::from((lanes as u64) << BITS) | u128::from(((lanes >> 64) as u64) << BITS) << 64
}

pub(super) fn shr<const BITS: u32>(lanes: Lanes) -> Lanes {
    u128::from(lanes as u64 >> BITS) | u128::from((lanes >> 64) as u64 >> BITS) << 64
}

pub(super) fn equal(a: Lanes, b: Lanes) -> Lanes {
    let same = (a ^ b).to_le_bytes().map(|differ| if differ == 0 { 0xff } else { 0 });
    u128::from_le_bytes(same)
}

pub(in crate::cipher::simd) fn lookup(table: Lanes, index: Lanes) -> Lanes {
    let table = table.to_le_bytes();
    u128::from_le_bytes(index.to_le_bytes().map(|at| table.get(usize::from(at)).copied().unwrap_or(0)))
}

pub(super) fn turn<const BY: usize>(lanes: Lanes) -> Lanes {
    lanes.rotate_right(32 * BY as u32)
}

pub(super) fn interleave<const BYTES: usize>(a: Lanes, b: Lanes) -> (Lanes, Lanes) {
    let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
    let mut both = [0; 32];
    for ((pair, a), b) in both.chunks_exact_mut(2 * BYTES).zip(a.chunks_exact(BYTES)).zip(b.chunks_exact(BYTES)) {
        let (first, second) = pair.split_at_mut(BYTES);
        first.copy_from_slice(a);
        second.copy_from_slice(b);
    }
    let half = |half: usize| core::array::from_fn(|at| both[16 * half + at]);
    (u128::from_le_bytes(half(0)), u128::from_le_bytes(half(1)))
}

pub(super) fn opaque(lanes: Lanes) -> Lanes {
    lanes
}

pub(super) fn read(kept: &Lanes) -> Lanes {
    *kept
}

pub(super) fn write(kept: &mut Lanes, lanes: Lanes) {
    *kept = lanes;
}

/// The bytes of `$lanes` that the constant `$index` names.
macro_rules! permute {
    ($lanes:expr, $index:expr) => {{
        use $crate::cipher::simd::vector::operations::{constant, lookup};
        lookup($lanes, constant($index))
    }};
}
pub(in crate::cipher::simd) use permute;

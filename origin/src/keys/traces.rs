use zeroize::Zeroize;

/// Deeper than what reads an answer goes.
const DEPTH: usize = 64 * 1024;

/// Overwrites what calls before this one left below on the stack: a key that is moved leaves a copy there, which nothing else zeroizes.
#[inline(never)]
pub(super) fn wipe() {
    let mut below = [0u8; DEPTH];
    // Written in a way that is not optimized away.
    below.zeroize();
    core::hint::black_box(&below);
}

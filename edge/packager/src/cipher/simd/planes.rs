use super::vector::{Kept, V};

/// Eight planes: plane `i` has bit `i` of every byte, of as many blocks as lie side by side.
pub(super) type Planes = [V; 8];

/// Planes that stay in memory.
pub(super) type KeptPlanes = [Kept; 8];

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

// Written out: what goes through a loop or `array::from_fn` goes through memory.

#[inline(always)]
pub(super) fn get([a, b, c, d, e, f, g, h]: &KeptPlanes) -> Planes {
    [a.get(), b.get(), c.get(), d.get(), e.get(), f.get(), g.get(), h.get()]
}

#[inline(always)]
pub(super) fn keep(kept: &mut KeptPlanes, [a, b, c, d, e, f, g, h]: Planes) {
    kept[0].set(a);
    kept[1].set(b);
    kept[2].set(c);
    kept[3].set(d);
    kept[4].set(e);
    kept[5].set(f);
    kept[6].set(g);
    kept[7].set(h);
}

#[inline(always)]
pub(super) fn add([a, b, c, d, e, f, g, h]: Planes, [i, j, k, l, m, n, o, p]: Planes) -> Planes {
    [a ^ i, b ^ j, c ^ k, d ^ l, e ^ m, f ^ n, g ^ o, h ^ p]
}

#[inline(always)]
pub(super) fn map([a, b, c, d, e, f, g, h]: Planes, to: impl Fn(V) -> V) -> Planes {
    [to(a), to(b), to(c), to(d), to(e), to(f), to(g), to(h)]
}

//! Eight blocks at once, for eight chains in lockstep and for the ends of counter mode.
//!
//! Plane `i` has bit `i` of every byte: byte `p` of the plane is byte `p` of the blocks, and its bit `b` is of block `b`. ShiftRows is
//! left out ([`super::layout`]): it would be eight permutations a round.
//!
//! Constant time: a circuit of XOR, AND, shifts and permutations by constants. No load but of planes and keys, at fixed places, and no
//! branch.

use super::{
    key_schedule::RoundKeys,
    layout::{BELOW, BETWEEN_0_AND_2, place},
    sbox::{Planes, sub_bytes, transpose},
    vector::{Kept, V},
};

/// Planes that stay in memory.
pub(super) type KeptPlanes = [Kept; 8];

/// The round keys in planes, those of rounds 1 to 9 in their round's layout.
pub(super) struct EightBlocks {
    keys: [KeptPlanes; 11],
}

impl EightBlocks {
    pub(super) fn new(keys: &RoundKeys) -> Self {
        let mut planes = [[Kept::zero(); 8]; 11];
        for (round, (planes, key)) in planes.iter_mut().zip(keys.with_constant()).enumerate() {
            // The last key meets the state back in layout 0.
            let layout = if round == 10 { 0 } else { round % 4 };
            let mut index = [0; 16];
            for (at, byte) in (0..16u8).zip(0usize..) {
                index[place(layout, byte % 4, byte / 4)] = at;
            }
            let key = key.lookup(V::load(&index));
            keep(planes, transpose([key; 8]));
        }
        Self { keys: planes }
    }

    /// Encrypts the blocks in `state`, in place.
    #[inline(never)]
    pub(super) fn encrypt(&self, state: &mut KeptPlanes) {
        let [zero, one, two, three, four, five, six, seven, eight, nine, ten] = &self.keys;
        let mut planes = add(get(state), zero);
        planes = round::<1>(planes, one);
        planes = round::<2>(planes, two);
        planes = round::<3>(planes, three);
        planes = round::<0>(planes, four);
        planes = round::<1>(planes, five);
        planes = round::<2>(planes, six);
        planes = round::<3>(planes, seven);
        planes = round::<0>(planes, eight);
        planes = round::<1>(planes, nine);
        keep(state, add(sub_bytes(planes).map(|plane| BETWEEN_0_AND_2.of(plane)), ten));
    }

    pub(super) fn clear(&mut self) {
        self.keys.iter_mut().flatten().for_each(|kept| kept.set(V::zero()));
    }
}

/// SubBytes and MixColumns, whose output is in `LAYOUT`, and the round key.
///
/// MixColumns, with `x = s + below(s)`: `2·x + below(s) + two_below(x)`. Doubling moves planes up by one; what falls out of
/// the highest is added where the modulus has its terms.
#[inline(always)]
fn round<const LAYOUT: usize>(state: Planes, key: &KeptPlanes) -> Planes {
    let [below, two_below] = &BELOW[LAYOUT];
    let s = sub_bytes(state);
    let next: Planes = core::array::from_fn(|i| below.of(s[i]));
    let x: Planes = core::array::from_fn(|i| s[i] ^ next[i]);
    let sum: Planes = core::array::from_fn(|i| next[i] ^ key[i].get() ^ two_below.of(x[i]));
    [
        sum[0] ^ x[7],
        sum[1] ^ x[0] ^ x[7],
        sum[2] ^ x[1],
        sum[3] ^ x[2] ^ x[7],
        sum[4] ^ x[3] ^ x[7],
        sum[5] ^ x[4],
        sum[6] ^ x[5],
        sum[7] ^ x[6],
    ]
}

#[inline(always)]
pub(super) fn get(kept: &KeptPlanes) -> Planes {
    core::array::from_fn(|i| kept[i].get())
}

#[inline(always)]
pub(super) fn keep(kept: &mut KeptPlanes, planes: Planes) {
    for (kept, plane) in kept.iter_mut().zip(planes) {
        kept.set(plane);
    }
}

#[inline(always)]
pub(super) fn add(planes: Planes, key: &KeptPlanes) -> Planes {
    core::array::from_fn(|i| planes[i] ^ key[i].get())
}

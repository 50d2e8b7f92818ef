//! Eight blocks at once, for eight chains in lockstep and for the ends of counter mode.
//!
//! Plane `i` has bit `i` of every byte: byte `p` of the plane is byte `p` of the blocks, and its bit `b` is of block `b`. ShiftRows is
//! left out ([`super::layout`]): it would be eight permutations a round.
//!
//! Constant time: a circuit of XOR, AND, shifts and permutations by constants. No load but of planes and keys, at fixed places, and no
//! branch.

use super::{
    key_schedule::RoundKeys,
    layout::{after_rounds, below, ordered, two_below},
    planes::{KeptPlanes, Planes, add, get, keep, map, transpose},
    sbox::shallow::sub_bytes,
    vector::{Kept, V},
};

/// The round keys in planes, those of rounds 1 to 9 in their round's layout.
pub(super) struct EightBlocks {
    keys: [KeptPlanes; 11],
}

impl EightBlocks {
    pub(super) fn new(keys: &RoundKeys) -> Self {
        let mut planes = [[Kept::zero(); 8]; 11];
        for (round, (planes, key)) in planes.iter_mut().zip(keys.with_constant()).enumerate() {
            // The last key meets the state back in order.
            let key = if round == 10 { key } else { after_rounds(key, round) };
            keep(planes, transpose([key; 8]));
        }
        Self { keys: planes }
    }

    /// Encrypts the blocks in `state`, in place.
    #[inline(never)]
    pub(super) fn encrypt(&self, state: &mut KeptPlanes) {
        let [zero, one, two, three, four, five, six, seven, eight, nine, ten] = &self.keys;
        let mut planes = add(get(state), get(zero));
        planes = round::<1>(planes, one);
        planes = round::<2>(planes, two);
        planes = round::<3>(planes, three);
        planes = round::<0>(planes, four);
        planes = round::<1>(planes, five);
        planes = round::<2>(planes, six);
        planes = round::<3>(planes, seven);
        planes = round::<0>(planes, eight);
        planes = round::<1>(planes, nine);
        keep(state, add(map(sub_bytes(planes), ordered), get(ten)));
    }
}

impl Drop for EightBlocks {
    fn drop(&mut self) {
        self.keys.iter_mut().flatten().for_each(|kept| kept.set(V::zero()));
    }
}

/// SubBytes and MixColumns, whose output is in `LAYOUT`, and the round key.
///
/// MixColumns, with `x = s + below(s)`: `2·x + below(s) + two_below(x)`. Doubling moves planes up by one; what falls out of
/// the highest is added where the modulus has its terms.
#[inline(always)]
fn round<const LAYOUT: usize>(state: Planes, key: &KeptPlanes) -> Planes {
    let s = sub_bytes(state);
    let next = map(s, below::<LAYOUT>);
    let x @ [x0, x1, x2, x3, x4, x5, x6, x7] = add(s, next);
    let [a, b, c, d, e, f, g, h] = add(add(next, get(key)), map(x, two_below::<LAYOUT>));
    [a ^ x7, b ^ (x0 ^ x7), c ^ x1, d ^ (x2 ^ x7), e ^ (x3 ^ x7), f ^ x4, g ^ x5, h ^ x6]
}

//! The standards' vectors on each kernel by itself: which of them works on a message depends on the message's length and on what lies beside it.

use super::{
    counter::{CounterMode, Differences},
    eight::EightBlocks,
    key_schedule::RoundKeys,
    permute::Permuted,
    planes::{get, keep, transpose},
    rows::{BYTES, Rows},
    vector::{Kept, V},
    walk::{Chain, Stride},
};
use crate::{
    cipher::{
        Pattern, Span,
        tests::{CBC, CBC_IV, CTR, CTR_COUNTER, KEY, PLAIN, array, hex},
    },
    keys::ContentKey,
};

type Block = [u8; 16];

/// A kernel as AES, from block to block, in all places that it has for one.
type Kernel = fn(&RoundKeys, &Block) -> Vec<Block>;

/// What it adds to a message in counter mode, in every batch that the block can be in.
fn rows(keys: &RoundKeys, block: &Block) -> Vec<Block> {
    const MESSAGE: u8 = 0xa5;
    let rows = Rows::new(keys);
    let differences = Differences::new(&rows);
    let counter = CounterMode { rows: &rows, differences: &differences };
    let mut first = *block;
    let number = core::mem::take(&mut first[15]);
    let window = counter.window(&first);
    let batches = (0..=224).step_by(8).filter(|from| (*from..=from + 31).contains(&number));
    let keystreams = batches.map(|from| {
        let mut message = [MESSAGE; BYTES];
        counter.apply(&window, from, &mut message);
        message.as_chunks::<16>().0[usize::from(number - from)].map(|byte| byte ^ MESSAGE)
    });
    keystreams.collect()
}

/// In every lane, beside others.
fn eight(keys: &RoundKeys, block: &Block) -> Vec<Block> {
    let eight = EightBlocks::new(keys);
    let lanes = (0..8).map(|lane| {
        let mut blocks = core::array::from_fn(|other| V::splat(other as u8));
        blocks[lane] = V::load(block);
        let mut state = [Kept::zero(); 8];
        keep(&mut state, transpose(blocks));
        eight.encrypt(&mut state);
        let mut out = [0; 16];
        transpose(get(&state))[lane].store(&mut out);
        out
    });
    lanes.collect()
}

/// As the first block of a chain.
fn permute(keys: &RoundKeys, block: &Block) -> Vec<Block> {
    let stride = Stride::new(Pattern::FULL);
    let mut buffer = *block;
    let chain = Chain::new(Span { start: 0, len: 16 }, &stride, 16).expect("in the buffer");
    Permuted::new(keys).encrypt(&mut buffer, chain, &stride, &[0; 16]).expect("in the buffer");
    vec![buffer]
}

macro_rules! on_each_kernel {
    ($($kernel:ident),* => $bodies:tt) => { $(on_each_kernel!(@ $kernel $bodies);)* };
    (@ $kernel:ident [$($body:ident),* $(,)?]) => {
        mod $kernel {
            $(#[test] fn $body() { super::$body(super::$kernel); })*
        }
    };
}

on_each_kernel!(rows, eight, permute => [fips_197_appendix_c_1, sp_800_38a_f_2_1_cbc, sp_800_38a_f_5_1_ctr]);

fn fips_197_appendix_c_1(kernel: Kernel) {
    encrypts(
        kernel,
        "000102030405060708090a0b0c0d0e0f",
        array("00112233445566778899aabbccddeeff"),
        array("69c4e0d86a7b0430d8cdb78070b4c55a"),
    );
}

fn sp_800_38a_f_2_1_cbc(kernel: Kernel) {
    let mut previous = array(CBC_IV);
    for (plain, cipher) in blocks(PLAIN).zip(blocks(CBC)) {
        encrypts(kernel, KEY, sum(plain, previous), cipher);
        previous = cipher;
    }
}

fn sp_800_38a_f_5_1_ctr(kernel: Kernel) {
    let first = u128::from_be_bytes(array(CTR_COUNTER));
    for ((plain, cipher), counter) in blocks(PLAIN).zip(blocks(CTR)).zip(first..) {
        encrypts(kernel, KEY, counter.to_be_bytes(), sum(plain, cipher));
    }
}

fn encrypts(kernel: Kernel, key: &str, block: Block, to: Block) {
    let places = kernel(&RoundKeys::new(&ContentKey::new(array(key))), &block);
    assert!(!places.is_empty() && places.iter().all(|out| *out == to), "{block:02x?} to {places:02x?}");
}

fn blocks(text: &str) -> impl Iterator<Item = Block> {
    hex(text).as_chunks().0.to_vec().into_iter()
}

fn sum(one: Block, other: Block) -> Block {
    core::array::from_fn(|at| one[at] ^ other[at])
}

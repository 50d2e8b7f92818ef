//! A sample's keystream out of the kernels that make it.
//!
//! Constant time: all that decides here are counters and lengths of samples and spans, which whoever sees the protected media sees as well. Keystream
//! is stored, added and wiped, at places that these say.

use zeroize::Zeroize;

use super::{
    counter::CounterMode,
    eight::EightBlocks,
    planes::{get, keep, transpose},
    rows::BYTES,
    vector::{Kept, V},
    window::Window,
};

/// Blocks of 16 bytes that one call of each kernel makes.
const THIRTY_TWO: u64 = 32;
const EIGHT: u64 = 8;
/// With more blocks than this to come, thirty-two cost less than eights.
const WORTH: u64 = 24;

/// A sample's keystream, which goes on from span to span.
pub(super) struct Keystream<'k> {
    counter: CounterMode<'k>,
    eight: &'k EightBlocks,
    /// The counter block's upper half, which stays.
    upper: [u8; 8],
    /// Its lower half: the number of the next block to make, a multiple of 8.
    next: u64,
    /// Blocks that the sample still needs.
    missing: u64,
    /// The window that was needed last, and the number of its first block.
    window: Option<(u64, Window)>,
    /// Keystream that is made and not yet used, from `used` to `made`.
    waiting: [u8; BYTES],
    used: usize,
    made: usize,
}

impl<'k> Keystream<'k> {
    /// `first`: the first counter block. `len`: bytes of the sample's spans.
    pub(super) fn new(counter: CounterMode<'k>, eight: &'k EightBlocks, first: &[u8; 16], len: usize) -> Self {
        let [upper, lower] = [0, 8].map(|at| core::array::from_fn(|byte| first[at + byte]));
        let number = u64::from_be_bytes(lower);
        // From a multiple of eight on, eight blocks differ in the last bits of their last byte alone.
        let early = number % EIGHT;
        let missing = (len as u64).div_ceil(16) + early;
        let mut this = Self {
            counter,
            eight,
            upper,
            next: number - early,
            missing,
            window: None,
            waiting: [0; BYTES],
            used: 0,
            made: 0,
        };
        if early > 0 {
            this.make();
            this.used = 16 * early as usize;
        }
        this
    }

    /// Encrypts the sample's next span.
    pub(super) fn apply(&mut self, mut message: &mut [u8]) {
        loop {
            message = self.take(message);
            if message.is_empty() {
                return;
            }
            while self.fits() && message.len() >= BYTES {
                let (batch, rest) = core::mem::take(&mut message).split_at_mut(BYTES);
                if let Some(batch) = batch.first_chunk_mut() {
                    self.thirty_two(batch);
                }
                message = rest;
            }
            if !message.is_empty() {
                self.make();
            }
        }
    }

    /// Adds what is waiting; what is left of the message.
    fn take<'m>(&mut self, message: &'m mut [u8]) -> &'m mut [u8] {
        let waiting = self.waiting.get(self.used..self.made).unwrap_or_default();
        let (now, later) = message.split_at_mut(waiting.len().min(message.len()));
        for (byte, with) in now.iter_mut().zip(waiting) {
            *byte ^= *with;
        }
        self.used += now.len();
        later
    }

    /// Makes some, for a message shorter than a batch.
    fn make(&mut self) {
        let mut waiting = [0; BYTES];
        self.made = if self.missing > WORTH && self.fits() {
            self.thirty_two(&mut waiting);
            16 * THIRTY_TWO as usize
        } else {
            self.eights(&mut waiting);
            16 * EIGHT as usize
        };
        self.waiting = waiting;
        self.used = 0;
    }

    /// Whether the next 32 blocks are of one window.
    fn fits(&self) -> bool {
        self.next % 256 <= 256 - THIRTY_TWO
    }

    fn thirty_two(&mut self, message: &mut [u8; BYTES]) {
        let (first, from) = (self.next & !0xff, self.next as u8);
        let window = match &mut self.window {
            Some((number, window)) if *number == first => window,
            stale => &mut stale.insert((first, self.counter.window(&block(self.upper, first)))).1,
        };
        self.counter.apply(window, from, message);
        self.advance(THIRTY_TWO);
    }

    fn eights(&mut self, out: &mut [u8; BYTES]) {
        let blocks = core::array::from_fn(|at| V::load(&block(self.upper, self.next + at as u64)));
        let mut state = [Kept::zero(); 8];
        keep(&mut state, transpose(blocks));
        self.eight.encrypt(&mut state);
        for (keystream, out) in transpose(get(&state)).into_iter().zip(out.as_chunks_mut().0) {
            keystream.store(out);
        }
        self.advance(EIGHT);
    }

    fn advance(&mut self, blocks: u64) {
        self.next = self.next.wrapping_add(blocks);
        self.missing = self.missing.saturating_sub(blocks);
    }
}

/// The counter block of that number.
fn block(upper: [u8; 8], number: u64) -> [u8; 16] {
    let mut block = [0; 16];
    let (first, second) = block.split_at_mut(8);
    first.copy_from_slice(&upper);
    second.copy_from_slice(&number.to_be_bytes());
    block
}

impl Drop for Keystream<'_> {
    fn drop(&mut self) {
        self.waiting.zeroize();
    }
}

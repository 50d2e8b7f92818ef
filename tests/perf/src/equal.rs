//! The kernels against the crates on random cases: every one has a key, an IV, a length, a cut into spans and a pattern of its own, and goes through
//! both in counter mode and in chains. A seed gives the same cases again.

use anyhow::{Result, ensure};
use serde_json::json;
use sluice_packager::{
    cipher::{Cipher, CounterSample, FragmentCipher, Pattern, Portable, Span},
    keys::ContentKey,
};

/// Of so many cases one is long.
const LONG: u64 = 64;
const USUAL_BYTES: u64 = 600;
const LONG_BYTES: u64 = 8 << 10;
/// More chains than the lanes of a kernel, so that chains follow others.
const SPANS: u64 = 12;
const GAP: u64 = 20;

/// Compares so many cases, and prints what they were.
pub(crate) fn check(cases: u64, seed: u64) -> Result<()> {
    let mut random = Random(seed);
    let (mut bytes, mut buffers) = (0, [Vec::new(), Vec::new()]);
    for number in 0..cases {
        let case = Case::new(&mut random);
        ensure!(
            case.agrees(&mut buffers)?,
            "case {number} of seed {seed}: the kernels and the crates differ: {case:02x?}"
        );
        bytes += case.protected();
    }
    println!("{}", json!({ "seed": seed, "cases": cases, "bytes": bytes }));
    Ok(())
}

#[derive(Debug)]
struct Case {
    key: [u8; 16],
    iv: [u8; 16],
    pattern: Pattern,
    spans: Vec<Span>,
    /// How many of the spans are the first sample's, in counter mode.
    first: usize,
    /// All of it, with the gaps between spans.
    length: usize,
    message: u64,
}

impl Case {
    fn new(random: &mut Random) -> Self {
        let length = if random.below(LONG) == 0 { LONG_BYTES } else { USUAL_BYTES };
        let mut left = random.below(length + 1);
        let count = 1 + random.below(SPANS);
        let (mut spans, mut at) = (Vec::new(), 0);
        for after in (0..count).rev() {
            at += if random.below(2) == 0 { 0 } else { random.below(GAP) };
            // Of like size or not at all; the last takes the rest.
            let len = match after {
                0 => left,
                _ if random.below(2) == 0 => left / (after + 1),
                _ => random.below(left + 1),
            };
            spans.push(Span { start: at as usize, len: len as usize });
            (at, left) = (at + len, left - len);
        }
        let pattern = match random.below(3) {
            0 => Pattern::FULL,
            1 => Pattern::ONE_OF_TEN,
            _ => Pattern { crypt: random.below(4) as u8, skip: random.below(12) as u8 },
        };
        let mut iv = random.block();
        // Where counters run over: of the last byte's window, and of all 64 bits.
        match random.below(4) {
            0 => iv[8..].copy_from_slice(&(0u64.wrapping_sub(random.below(60))).to_be_bytes()),
            1 => iv[15] = 0u8.wrapping_sub(random.below(60) as u8),
            _ => {}
        }
        let first = random.below(count + 1) as usize;
        Self { key: random.block(), iv, pattern, spans, first, length: at as usize, message: random.next() }
    }

    fn protected(&self) -> usize {
        self.spans.iter().map(|span| span.len).sum()
    }

    fn agrees(&self, [ours, theirs]: &mut [Vec<u8>; 2]) -> Result<bool> {
        let mut message = Random(self.message);
        ours.clear();
        ours.extend(std::iter::repeat_with(|| message.next().to_le_bytes()).flatten().take(self.length));
        theirs.clone_from(ours);
        let key = ContentKey::new(self.key);
        self.encrypt(&Cipher::new(&key), ours)?;
        self.encrypt(&Portable::new(&key), theirs)?;
        Ok(ours == theirs)
    }

    /// In counter mode as two samples, then in chains.
    fn encrypt<C: FragmentCipher>(&self, cipher: &C, buffer: &mut [u8]) -> Result<()> {
        let other = self.iv.map(|byte| !byte);
        let samples = [
            CounterSample { counter: self.iv, spans: 0..self.first },
            CounterSample { counter: other, spans: self.first..self.spans.len() },
        ];
        cipher.counter(buffer, &self.spans, &samples)?;
        Ok(cipher.encrypt_chains(buffer, &self.spans, &self.iv, self.pattern)?)
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another one.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn block(&mut self) -> [u8; 16] {
        let (upper, lower) = (self.next(), self.next());
        (u128::from(upper) << 64 | u128::from(lower)).to_be_bytes()
    }
}

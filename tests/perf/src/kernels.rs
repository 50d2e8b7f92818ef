//! The kernels alone, beside the crates that they replace.

use std::{cell::RefCell, hint::black_box};

use aes::{Aes128, cipher::KeyInit};
use anyhow::{Result, ensure};
use sluice_packager::{
    cipher::{Cipher, CounterSample, FragmentCipher, Pattern, Portable, Span},
    keys::ContentKey,
};

use crate::{
    gathered,
    measure::{Caches, Candidate, interleaved},
};

/// What is timed at a time. Longer buffers are many of them, so that they fall out of the nearer caches.
const PIECE: usize = 64 << 10;
/// Sizes by the ends of the names.
const SIZES: [(&str, usize); 2] = [("64k", 1), ("1m", 16)];
/// Chains in a piece: the subsamples of some pictures.
const CHAINS: usize = 16;
/// SP 800-38A, appendix F.
const KEY: [u8; 16] = *b"\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c";
const IV: [u8; 16] = [0xf0; 16];

/// A way to work on one piece in place.
type Work<'a> = Box<dyn Fn(&mut [u8]) -> Result<()> + 'a>;

pub(crate) fn measure(runs: usize) -> Result<()> {
    let key = ContentKey::new(KEY);
    let (ours, crates, aes) = (Cipher::new(&key), Portable::new(&key), Aes128::new(&KEY.into()));
    let one = [Span { start: 0, len: PIECE }];
    let many: Vec<Span> = (0..CHAINS).map(|at| Span { start: at * PIECE / CHAINS, len: PIECE / CHAINS }).collect();
    let (one, many) = (&one[..], &many[..]);
    // What belongs together gives the same bytes.
    let groups: [Vec<(&str, Work<'_>)>; 4] = [
        vec![("ctr", counter(&ours, one)), ("ctr_crate", counter(&crates, one))],
        vec![
            ("chains", chains(&ours, many, Pattern::FULL)),
            ("chains_crate", chains(&crates, many, Pattern::FULL)),
            ("chains_gathered", Box::new(move |bytes| gathered::encrypt_chains(&aes, bytes, many, &IV))),
        ],
        vec![
            ("pattern", chains(&ours, many, Pattern::ONE_OF_TEN)),
            ("pattern_crate", chains(&crates, many, Pattern::ONE_OF_TEN)),
        ],
        vec![("single", chains(&ours, one, Pattern::FULL)), ("single_crate", chains(&crates, one, Pattern::FULL))],
    ];
    for group in &groups {
        agree(group)?;
    }
    for (size, pieces) in SIZES {
        let buffer = RefCell::new(noise(PIECE * pieces));
        let candidates = groups.iter().flatten().map(|(name, work)| {
            let buffer = &buffer;
            Candidate::pieces(format!("{name}_{size}"), PIECE * pieces, pieces, move |piece| {
                let mut buffer = buffer.borrow_mut();
                work(black_box(buffer.get_mut(piece * PIECE..(piece + 1) * PIECE).unwrap_or_default()))
            })
        });
        interleaved(runs, Caches::Warm, candidates.collect())?;
    }
    Ok(())
}

fn counter<'a, C: FragmentCipher>(cipher: &'a C, spans: &'a [Span]) -> Work<'a> {
    let samples = [CounterSample { counter: IV, spans: 0..spans.len() }];
    Box::new(move |bytes| Ok(cipher.counter(bytes, spans, &samples)?))
}

fn chains<'a, C: FragmentCipher>(cipher: &'a C, spans: &'a [Span], pattern: Pattern) -> Work<'a> {
    Box::new(move |bytes| Ok(cipher.encrypt_chains(bytes, spans, &IV, pattern)?))
}

/// A race is void where one of the runners takes another way.
fn agree(group: &[(&str, Work<'_>)]) -> Result<()> {
    let mut first: Option<Vec<u8>> = None;
    for (name, work) in group {
        let mut bytes = noise(PIECE);
        work(&mut bytes)?;
        ensure!(*first.get_or_insert_with(|| bytes.clone()) == bytes, "{name} gives other bytes than its neighbours");
    }
    Ok(())
}

/// Bytes without a pattern (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}

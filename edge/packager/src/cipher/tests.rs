//! The same vectors and properties for every cipher, and the kernels against the crates.

use proptest::prelude::*;

use super::*;

/// NIST SP 800-38A, appendix F: the key and the plaintext of all its AES-128 examples.
pub(super) const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
pub(super) const PLAIN: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                     30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

pub(super) fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect()
}

pub(super) fn array(text: &str) -> [u8; 16] {
    hex(text).try_into().expect("16 bytes")
}

pub(super) fn key() -> ContentKey {
    ContentKey::new(array(KEY))
}

fn whole(buffer: &[u8]) -> [Span; 1] {
    [Span { start: 0, len: buffer.len() }]
}

/// Runs a generic body with the crates and with the kernels.
macro_rules! on_each_cipher {
    ($($body:ident),* $(,)?) => {
        mod by_the_crates {
            $(#[test] fn $body() { super::$body::<super::Portable>(); })*
        }
        mod by_the_kernels {
            $(#[test] fn $body() { super::$body::<crate::cipher::simd::Simd>(); })*
        }
    };
}

on_each_cipher!(
    fips_197_appendix_c_1,
    sp_800_38a_f_2_1_cbc,
    sp_800_38a_f_2_1_cbc_in_chains_side_by_side,
    sp_800_38a_f_5_1_ctr_across_spans,
    sp_800_38a_f_5_1_ctr_within_a_long_sample,
    the_block_counter_is_64_bits_wide,
    the_pattern_takes_one_block_of_ten_in_one_chain,
    a_span_outside_of_the_buffer_is_refused,
);

fn fips_197_appendix_c_1<C: FragmentCipher>() {
    // One block of CBC from a zero IV is one block of the cipher.
    let cipher = C::new(&ContentKey::new(array("000102030405060708090a0b0c0d0e0f")));
    let mut block = hex("00112233445566778899aabbccddeeff");
    cipher.encrypt_chains(&mut block, &[Span { start: 0, len: 16 }], &[0; 16], Pattern::FULL).expect("in the buffer");
    assert_eq!(block, hex("69c4e0d86a7b0430d8cdb78070b4c55a"));
}

pub(super) const CBC_IV: &str = "000102030405060708090a0b0c0d0e0f";
pub(super) const CBC: &str = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
                   73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7";

fn sp_800_38a_f_2_1_cbc<C: FragmentCipher>() {
    let mut buffer = hex(PLAIN);
    let spans = whole(&buffer);
    C::new(&key()).encrypt_chains(&mut buffer, &spans, &array(CBC_IV), Pattern::FULL).expect("in the buffer");
    assert_eq!(buffer, hex(CBC));
    Portable::new(&key()).decrypt_chains(&mut buffer, &spans, &array(CBC_IV), Pattern::FULL).expect("in the buffer");
    assert_eq!(buffer, hex(PLAIN));
}

fn sp_800_38a_f_2_1_cbc_in_chains_side_by_side<C: FragmentCipher>() {
    let (plain, expected) = (hex(PLAIN), hex(CBC));
    for chains in [3, 4, 8, 21] {
        // Of one to four blocks, so that they end at different times.
        let len = |chain: usize| 16 * (1 + chain % 4);
        let (mut buffer, mut spans) = (Vec::new(), Vec::new());
        for chain in 0..chains {
            spans.push(Span { start: buffer.len(), len: len(chain) });
            buffer.extend_from_slice(&plain[..len(chain)]);
        }
        C::new(&key()).encrypt_chains(&mut buffer, &spans, &array(CBC_IV), Pattern::FULL).expect("in the buffer");
        for span in spans {
            assert_eq!(buffer[span.start..span.start + span.len], expected[..span.len]);
        }
    }
}

pub(super) const CTR_COUNTER: &str = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
pub(super) const CTR: &str = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
                              5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee";

fn sp_800_38a_f_5_1_ctr_across_spans<C: FragmentCipher>() {
    let expected = hex(CTR);
    let counter = array(CTR_COUNTER);
    // The keystream runs on over the clear bytes between spans, wherever they are cut.
    let plain = hex(PLAIN);
    let mut buffer = [&plain[..21], b"clear", &plain[21..]].concat();
    let spans = [Span { start: 0, len: 21 }, Span { start: 26, len: 43 }];
    C::new(&key()).counter(&mut buffer, &spans, &[CounterSample { counter, spans: 0..2 }]).expect("in the buffer");
    assert_eq!([&buffer[..21], &buffer[26..]].concat(), expected);
    assert_eq!(&buffer[21..26], b"clear");
}

fn sp_800_38a_f_5_1_ctr_within_a_long_sample<C: FragmentCipher>() {
    // The standard's first block is the last one of a batch of 32, the others are the first ones of the next.
    let counter = (u128::from_be_bytes(array(CTR_COUNTER)) - 31).to_be_bytes();
    let mut buffer = vec![0; 16 * 100];
    let standard = 16 * 31..16 * 35;
    buffer[standard.clone()].copy_from_slice(&hex(PLAIN));
    let spans = whole(&buffer);
    C::new(&key()).counter(&mut buffer, &spans, &[CounterSample { counter, spans: 0..1 }]).expect("in the buffer");
    assert_eq!(buffer[standard], hex(CTR));
}

fn the_block_counter_is_64_bits_wide<C: FragmentCipher>() {
    // ISO/IEC 23001-7, 9.3: the upper half of the counter block never changes.
    let cipher = C::new(&key());
    let mut wrapping = vec![0; 32];
    let mut counter = [0xff; 16];
    let spans = whole(&wrapping);
    cipher.counter(&mut wrapping, &spans, &[CounterSample { counter, spans: 0..1 }]).expect("in the buffer");
    counter[8..].fill(0);
    let mut next = vec![0; 16];
    let spans = whole(&next);
    cipher.counter(&mut next, &spans, &[CounterSample { counter, spans: 0..1 }]).expect("in the buffer");
    assert_eq!(wrapping[16..], next);
}

fn the_pattern_takes_one_block_of_ten_in_one_chain<C: FragmentCipher>() {
    let cipher = C::new(&key());
    let iv = array(CBC_IV);
    let plain: Vec<u8> = (0..16 * 21 + 5).map(|at| at as u8).collect();
    let mut buffer = plain.clone();
    cipher.encrypt_chains(&mut buffer, &whole(&plain), &iv, Pattern::ONE_OF_TEN).expect("in the buffer");
    // The blocks that the pattern takes, put together, are an ordinary CBC message.
    let taken = |bytes: &[u8]| [&bytes[..16], &bytes[160..176], &bytes[320..336]].concat();
    let mut message = taken(&plain);
    let spans = whole(&message);
    cipher.encrypt_chains(&mut message, &spans, &iv, Pattern::FULL).expect("in the buffer");
    assert_eq!(taken(&buffer), message);
    for clear in [16..160, 176..320, 336..341] {
        assert_eq!(buffer[clear.clone()], plain[clear]);
    }
}

fn a_span_outside_of_the_buffer_is_refused<C: FragmentCipher>() {
    let cipher = C::new(&ContentKey::new([0; 16]));
    for span in [Span { start: 1, len: 16 }, Span { start: 17, len: 0 }, Span { start: 1, len: usize::MAX }] {
        let buffer = &mut [0; 16];
        assert_eq!(cipher.encrypt_chains(buffer, &[span], &[0; 16], Pattern::FULL), Err(SpanError));
        let sample = CounterSample { counter: [0; 16], spans: 0..1 };
        assert_eq!(cipher.counter(buffer, &[span], &[sample]), Err(SpanError));
        let portable = Portable::new(&ContentKey::new([0; 16]));
        assert_eq!(portable.decrypt_chains(buffer, &[span], &[0; 16], Pattern::FULL), Err(SpanError));
    }
    let sample = CounterSample { counter: [0; 16], spans: 0..1 };
    assert_eq!(cipher.counter(&mut [], &[], &[sample]), Err(SpanError));
}

/// Spans one behind the other, with gaps; and how many bytes hold them.
fn spans(longest: usize, count: core::ops::Range<usize>) -> impl Strategy<Value = (Vec<Span>, usize)> {
    proptest::collection::vec((0usize..30, 0..longest), count).prop_map(|lengths| {
        let mut at = 0;
        let spans = lengths.iter().map(|(gap, len)| {
            let start = at + gap;
            at = start + len;
            Span { start, len: *len }
        });
        (spans.collect(), at)
    })
}

fn message(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|at| (at as u8).wrapping_mul(seed | 1).rotate_left(3)).collect()
}

proptest! {
    #[test]
    fn decryption_undoes_encryption_and_spares_what_is_between((spans, len) in spans(400, 1..6), full: bool) {
        let cipher = Portable::new(&key());
        let pattern = if full { Pattern::FULL } else { Pattern::ONE_OF_TEN };
        let plain = message(len, 7);
        let mut buffer = plain.clone();
        cipher.encrypt_chains(&mut buffer, &spans, &[3; 16], pattern)?;
        let covered = |at: usize| spans.iter().any(|span| (span.start..span.start + span.len / 16 * 16).contains(&at));
        for at in (0..plain.len()).filter(|at| !covered(*at)) {
            prop_assert_eq!(buffer[at], plain[at]);
        }
        cipher.decrypt_chains(&mut buffer, &spans, &[3; 16], pattern)?;
        prop_assert_eq!(buffer, plain);
    }

    #[test]
    fn the_kernels_chains_are_the_crates(
        key: [u8; 16], iv: [u8; 16], (spans, len) in spans(3000, 0..24), crypt in 0u8..4, skip in 0u8..10, seed: u8,
    ) {
        let (key, pattern) = (ContentKey::new(key), Pattern { crypt, skip });
        let mut ours = message(len, seed);
        let mut theirs = ours.clone();
        simd::Simd::new(&key).encrypt_chains(&mut ours, &spans, &iv, pattern)?;
        Portable::new(&key).encrypt_chains(&mut theirs, &spans, &iv, pattern)?;
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn the_kernels_keystream_is_the_crates(
        key: [u8; 16], upper: u64, lower in prop_oneof![Just(0), any::<u64>(), u64::MAX - 600..=u64::MAX],
        (spans, len) in spans(3000, 0..8), long in 0usize..6000, seed: u8,
    ) {
        let key = ContentKey::new(key);
        let mut all = spans.clone();
        all.push(Span { start: len, len: long });
        let counter = (u128::from(upper) << 64 | u128::from(lower)).to_be_bytes();
        let other = (u128::from(!upper) << 64).to_be_bytes();
        let samples = [
            CounterSample { counter, spans: 0..spans.len() },
            CounterSample { counter: other, spans: spans.len()..all.len() },
        ];
        let mut ours = message(len + long, seed);
        let mut theirs = ours.clone();
        simd::Simd::new(&key).counter(&mut ours, &all, &samples)?;
        Portable::new(&key).counter(&mut theirs, &all, &samples)?;
        prop_assert_eq!(ours, theirs);
    }
}

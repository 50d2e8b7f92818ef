use aes::{
    Aes128,
    cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, StreamCipher, consts::U16},
};

use super::{CounterSample, FragmentCipher, Pattern, Span, SpanError};
use crate::keys::ContentKey;

/// The `aes`, `ctr` and `cbc` crates.
pub struct Portable {
    aes: Aes128,
}

type Block = Array<u8, U16>;

impl Portable {
    /// The reverse of [`FragmentCipher::encrypt_chains`].
    ///
    /// # Errors
    /// [`SpanError`]
    pub fn decrypt_chains(
        &self,
        buffer: &mut [u8],
        spans: &[Span],
        iv: &[u8; 16],
        pattern: Pattern,
    ) -> Result<(), SpanError> {
        let start = || cbc::Decryptor::inner_iv_init(&self.aes, iv.into());
        let mut chain = (usize::MAX, start());
        Self::chains(buffer, spans, pattern, |index, blocks| {
            if chain.0 != index {
                chain = (index, start());
            }
            chain.1.decrypt_blocks(blocks);
        })
    }

    /// Runs `step` over the blocks that the pattern takes of each span, in runs as long as the pattern's.
    fn chains(
        buffer: &mut [u8],
        spans: &[Span],
        pattern: Pattern,
        mut step: impl FnMut(usize, &mut [Block]),
    ) -> Result<(), SpanError> {
        for (index, span) in spans.iter().enumerate() {
            let bytes = slice(buffer, *span)?;
            let blocks = Block::cast_slice_from_core_mut(bytes.as_chunks_mut::<16>().0);
            if pattern.crypt == 0 || pattern.skip == 0 {
                step(index, blocks);
                continue;
            }
            for group in blocks.chunks_mut(usize::from(pattern.crypt) + usize::from(pattern.skip)) {
                let crypt = usize::from(pattern.crypt).min(group.len());
                if let Some(run) = group.get_mut(..crypt) {
                    step(index, run);
                }
            }
        }
        Ok(())
    }
}

impl FragmentCipher for Portable {
    fn new(key: &ContentKey) -> Self {
        Self { aes: Aes128::new(key.expose().into()) }
    }

    fn counter(&self, buffer: &mut [u8], spans: &[Span], samples: &[CounterSample]) -> Result<(), SpanError> {
        for sample in samples {
            let mut stream = ctr::Ctr64BE::from_core(ctr::CtrCore::inner_iv_init(&self.aes, (&sample.counter).into()));
            for span in spans.get(sample.spans.clone()).ok_or(SpanError)? {
                stream.apply_keystream(slice(buffer, *span)?);
            }
        }
        Ok(())
    }

    fn encrypt_chains(
        &self,
        buffer: &mut [u8],
        spans: &[Span],
        iv: &[u8; 16],
        pattern: Pattern,
    ) -> Result<(), SpanError> {
        let start = || cbc::Encryptor::inner_iv_init(&self.aes, iv.into());
        let mut chain = (usize::MAX, start());
        Self::chains(buffer, spans, pattern, |index, blocks| {
            if chain.0 != index {
                chain = (index, start());
            }
            chain.1.encrypt_blocks(blocks);
        })
    }
}

fn slice(buffer: &mut [u8], span: Span) -> Result<&mut [u8], SpanError> {
    let end = span.start.checked_add(span.len).ok_or(SpanError)?;
    buffer.get_mut(span.start..end).ok_or(SpanError)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// NIST SP 800-38A, appendix F: the key and the plaintext of all its AES-128 examples.
    const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
    const PLAIN: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect()
    }

    fn array(text: &str) -> [u8; 16] {
        hex(text).try_into().expect("16 bytes")
    }

    fn whole(buffer: &[u8]) -> [Span; 1] {
        [Span { start: 0, len: buffer.len() }]
    }

    #[test]
    fn fips_197_appendix_c_1() {
        // One block of CBC from a zero IV is one block of the cipher.
        let cipher = Portable::new(&ContentKey::new(array("000102030405060708090a0b0c0d0e0f")));
        let mut block = hex("00112233445566778899aabbccddeeff");
        cipher
            .encrypt_chains(&mut block, &[Span { start: 0, len: 16 }], &[0; 16], Pattern::FULL)
            .expect("in the buffer");
        assert_eq!(block, hex("69c4e0d86a7b0430d8cdb78070b4c55a"));
    }

    #[test]
    fn sp_800_38a_f_2_1_cbc() {
        let cipher = Portable::new(&ContentKey::new(array(KEY)));
        let iv = array("000102030405060708090a0b0c0d0e0f");
        let mut buffer = hex(PLAIN);
        let spans = whole(&buffer);
        cipher.encrypt_chains(&mut buffer, &spans, &iv, Pattern::FULL).expect("in the buffer");
        let expected = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
                        73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7";
        assert_eq!(buffer, hex(expected));
        cipher.decrypt_chains(&mut buffer, &spans, &iv, Pattern::FULL).expect("in the buffer");
        assert_eq!(buffer, hex(PLAIN));
    }

    #[test]
    fn sp_800_38a_f_5_1_ctr_across_spans() {
        let cipher = Portable::new(&ContentKey::new(array(KEY)));
        let expected = hex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
             5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
        let counter = array("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        // The keystream runs on over the clear bytes between spans, wherever they are cut.
        let plain = hex(PLAIN);
        let mut buffer = [&plain[..21], b"clear", &plain[21..]].concat();
        let spans = [Span { start: 0, len: 21 }, Span { start: 26, len: 43 }];
        cipher.counter(&mut buffer, &spans, &[CounterSample { counter, spans: 0..2 }]).expect("in the buffer");
        assert_eq!([&buffer[..21], &buffer[26..]].concat(), expected);
        assert_eq!(&buffer[21..26], b"clear");
    }

    #[test]
    fn the_block_counter_is_64_bits_wide() {
        // ISO/IEC 23001-7, 9.3: the upper half of the counter block never changes.
        let cipher = Portable::new(&ContentKey::new(array(KEY)));
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

    #[test]
    fn the_pattern_takes_one_block_of_ten_in_one_chain() {
        let cipher = Portable::new(&ContentKey::new(array(KEY)));
        let iv = array("000102030405060708090a0b0c0d0e0f");
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

    #[test]
    fn a_span_outside_of_the_buffer_is_refused() {
        let cipher = Portable::new(&ContentKey::new([0; 16]));
        for span in [Span { start: 1, len: 16 }, Span { start: 17, len: 0 }, Span { start: 1, len: usize::MAX }] {
            let buffer = &mut [0; 16];
            assert_eq!(cipher.encrypt_chains(buffer, &[span], &[0; 16], Pattern::FULL), Err(SpanError));
            assert_eq!(cipher.decrypt_chains(buffer, &[span], &[0; 16], Pattern::FULL), Err(SpanError));
            let sample = CounterSample { counter: [0; 16], spans: 0..1 };
            assert_eq!(cipher.counter(buffer, &[span], &[sample]), Err(SpanError));
        }
        let sample = CounterSample { counter: [0; 16], spans: 0..1 };
        assert_eq!(cipher.counter(&mut [], &[], &[sample]), Err(SpanError));
    }

    proptest! {
        #[test]
        fn decryption_undoes_encryption_and_spares_what_is_between(
            lengths in proptest::collection::vec((0usize..30, 0usize..400), 1..6),
            full in any::<bool>(),
        ) {
            let cipher = Portable::new(&ContentKey::new(array(KEY)));
            let pattern = if full { Pattern::FULL } else { Pattern::ONE_OF_TEN };
            let mut at = 0;
            let spans: Vec<Span> = lengths
                .iter()
                .map(|(gap, len)| {
                    let start = at + gap;
                    at = start + len;
                    Span { start, len: *len }
                })
                .collect();
            let plain: Vec<u8> = (0..at).map(|at| (at * 7) as u8).collect();
            let mut buffer = plain.clone();
            cipher.encrypt_chains(&mut buffer, &spans, &[3; 16], pattern)?;
            let covered = |at: usize| spans.iter().any(|span| (span.start..span.start + span.len / 16 * 16).contains(&at));
            for at in (0..plain.len()).filter(|at| !covered(*at)) {
                prop_assert_eq!(buffer[at], plain[at]);
            }
            cipher.decrypt_chains(&mut buffer, &spans, &[3; 16], pattern)?;
            prop_assert_eq!(buffer, plain);
        }
    }
}

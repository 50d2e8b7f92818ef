use aes::{Aes128, Block, cipher::BlockCipherEncrypt};
use anyhow::{Context, Result, ensure};
use sluice_packager::cipher::Span;

/// What can be had of the `aes` crate by hand: the next block of four chains at a time, which its portable code encrypts side by side.
///
/// Whole blocks, all of them; chains of one length.
pub(crate) fn encrypt_chains(aes: &Aes128, buffer: &mut [u8], spans: &[Span], iv: &[u8; 16]) -> Result<()> {
    for four in spans.chunks(4) {
        let length = four.first().context("a chain")?.len;
        ensure!(four.iter().all(|span| span.len == length), "the chains are not of one length");
        let mut state = [Block::from(*iv); 4];
        for at in (0..length / 16).map(|block| block * 16) {
            for (span, state) in four.iter().zip(&mut state) {
                let block =
                    buffer.get(span.start + at..).and_then(<[u8]>::first_chunk::<16>).context("in the buffer")?;
                for (state, byte) in state.iter_mut().zip(block) {
                    *state ^= byte;
                }
            }
            aes.encrypt_blocks(&mut state);
            for (span, state) in four.iter().zip(&state) {
                let block = buffer.get_mut(span.start + at..).and_then(<[u8]>::first_chunk_mut::<16>);
                *block.context("in the buffer")? = (*state).into();
            }
        }
    }
    Ok(())
}

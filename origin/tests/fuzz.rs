//! The fuzz target of timed text over its seeds, over changed ones, and over whatever it found before (`tests/fuzz/corpus/text`).

#[path = "../../tests/fuzz/text.rs"]
mod text;

use std::path::Path;

/// Cut short, and with a bit changed here and there.
fn each(which: u8, seed: &[u8]) {
    text::text(&[&[which], seed].concat());
    for at in 0..seed.len() {
        text::text(&[&[which], &seed[..at]].concat());
        for bit in 0..8 {
            let mut changed = [&[which], seed].concat();
            changed[at + 1] ^= 1 << bit;
            text::text(&changed);
        }
    }
}

#[test]
fn timed_text() {
    each(0, include_bytes!("../src/text/ttml/vectors/styles.ttml"));
    each(0, include_bytes!("../src/text/ttml/vectors/times.ttml"));
    for (which, (init, segment)) in (2u8..).zip(text::TRACKS) {
        each(1, init);
        each(which, segment);
    }
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus/text");
    for entry in found.read_dir().into_iter().flatten().flatten() {
        text::text(&std::fs::read(entry.path()).expect("a file"));
    }
}

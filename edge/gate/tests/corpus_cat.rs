//! The fuzz target of Common Access Tokens over its seeds, over changed ones, and over whatever it found before (`tests/fuzz/corpus/cat`).

#[path = "../../../tests/fuzz/cat.rs"]
mod cat;

use std::path::Path;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sluice_gate::grant::cat::cose;

#[test]
fn common_access_tokens() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../src/grant/cat/testdata/node-cat.json")).expect("JSON");
    for token in vectors["tokens"].as_object().expect("tokens").values() {
        let bytes = URL_SAFE_NO_PAD.decode(token.as_str().expect("text")).expect("base64url");
        each(0, &bytes);
        if let Ok(message) = cose::parse(&bytes) {
            each(1, message.payload);
        }
    }
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/cat");
    for entry in found.read_dir().into_iter().flatten().flatten() {
        cat::cat(&std::fs::read(entry.path()).expect("a file"));
    }
}

/// Cut short, and with a bit changed.
fn each(which: u8, seed: &[u8]) {
    cat::cat(&[&[which], seed].concat());
    for at in 0..seed.len() {
        cat::cat(&[&[which], &seed[..at]].concat());
        for bit in 0..8 {
            let mut changed = [&[which], seed].concat();
            changed[at + 1] ^= 1 << bit;
            cat::cat(&changed);
        }
    }
}

//! The fuzz target of JWTs over its seeds, over changed ones, and over whatever it found before (`tests/fuzz/corpus/jwt`).

#[path = "../../../tests/fuzz/jwt.rs"]
mod jwt;

use std::path::Path;

#[test]
fn tokens_claims_sets_and_configurations() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/jwt");
    let mut seeds = 0;
    for entry in corpus.read_dir().expect("the corpus") {
        let seed = std::fs::read(entry.expect("an entry").path()).expect("a file");
        jwt::jwt(&seed);
        for at in 1..seed.len() {
            jwt::jwt(&seed[..at]);
            for change in [b'"', b'{', b'0', seed[at] ^ 1, seed[at] ^ 0x80] {
                let mut changed = seed.clone();
                changed[at] = change;
                jwt::jwt(&changed);
            }
        }
        seeds += 1;
    }
    assert!(seeds >= 7);
}

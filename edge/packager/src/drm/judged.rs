//! Signalling that programs of others have judged, see `vectors/README.md`: what is written today is still what they saw.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{playready, widevine};
use crate::{keys::Kid, title::Scheme};

const JUDGED: &str = include_str!("vectors/judged.json");

/// One key, some, as many as a header has; ids that no byte order leaves as they are.
fn written() -> Value {
    let kid = |n: u8| Kid(core::array::from_fn(|at| n.wrapping_add(0x11 * at as u8)));
    let kids = |count: u8| (0..count).map(kid).collect::<Vec<_>>();
    let mut cases = Vec::new();
    for (scheme, count) in [
        (Scheme::Cenc, 1),
        (Scheme::Cenc, 3),
        (Scheme::Cbcs, 1),
        (Scheme::Cbcs, 3),
        (Scheme::Cbcs, playready::MAX_KEYS as u8),
    ] {
        let kids = kids(count);
        cases.push(json!({
            "scheme": scheme.as_str(),
            "kids": kids.iter().map(Kid::uuid).collect::<Vec<_>>(),
            "widevine": STANDARD.encode(widevine::pssh(&kids, scheme)),
            "playready": STANDARD.encode(playready::pssh(&kids, scheme)),
            "object": STANDARD.encode(playready::object(&kids, scheme)),
        }));
    }
    Value::Array(cases)
}

#[test]
fn signalling_is_that_which_was_judged() {
    let judged: Value = serde_json::from_str(JUDGED).expect("JSON");
    // Without printing the whole of either.
    assert!(written() == judged);
}

/// Writes the vectors anew. What it writes has to be judged.
#[test]
#[ignore = "writes into the source"]
fn write_vectors() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/drm/vectors/judged.json");
    let text = serde_json::to_string_pretty(&written()).expect("JSON") + "\n";
    std::fs::write(path, text).expect("written");
}

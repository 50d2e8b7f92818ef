//! The fuzz targets' bodies over their seeds, and over whatever they found before (`tests/fuzz/corpus`).

#[path = "../../../tests/fuzz/bodies.rs"]
mod bodies;

use std::path::Path;

/// What a target found, newest last.
fn found(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(target);
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    entries.flatten().map(|entry| std::fs::read(entry.path()).expect("a file")).collect()
}

#[test]
fn inits() {
    bodies::TRACKS.iter().for_each(|(init, _)| bodies::init(init));
    found("init").iter().for_each(|bytes| bodies::init(bytes));
}

#[test]
fn segments() {
    for (which, (_, segment)) in (0u8..).zip(bodies::TRACKS) {
        bodies::segment(&[&[which], segment].concat());
        // Cut short, and with a bit changed here and there.
        for at in (0..segment.len()).step_by(segment.len() / 61 + 1) {
            bodies::segment(&[&[which], &segment[..at]].concat());
            let mut changed = [&[which], segment].concat();
            changed[at + 1] ^= 1 << (at % 8);
            bodies::segment(&changed);
            bodies::sample(&changed);
        }
    }
    found("segment").iter().for_each(|bytes| bodies::segment(bytes));
    found("sample").iter().for_each(|bytes| bodies::sample(bytes));
}

#[test]
fn documents() {
    bodies::documents(
        br#"{"provider":"acme","signalling":[
            {"kid":"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a","system":"widevine","pssh":"AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAAWNwaftdGsPEdH4BMi5MJI49yVmwY="},
            {"kid":"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a","system":"playready","pro":"CgAAAAEAeHh4eA=="},
            {"kid":"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a","system":"fairplay","key_uri":"skd://acme/1"}]}"#,
    );
    bodies::documents(include_bytes!("../../../tests/manifests/descriptor.json"));
    found("documents").iter().for_each(|bytes| bodies::documents(bytes));
}

//! The fuzz targets of CDNs' tokens over their seeds, over changed ones, and over whatever they found before (`tests/fuzz/corpus`).

#[path = "../../../tests/fuzz/cdn_tokens.rs"]
mod cdn_tokens;

use std::path::Path;

/// The seed, cut short, and with each bit changed; then what the target found.
fn replay(target: &str, body: fn(&[u8]), seeds: &[&[u8]]) {
    for seed in seeds {
        body(seed);
        for at in 1..seed.len() {
            body(&seed[..at]);
            for bit in 0..8 {
                let mut changed = seed.to_vec();
                changed[at] ^= 1 << bit;
                body(&changed);
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(target);
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        body(&std::fs::read(entry.path()).expect("a file"));
    }
}

#[test]
fn cloudfront() {
    let policy = br#"1{"Statement":[{"Resource":"https://tv.example/v1/f*","Condition":{"DateLessThan":{"AWS:EpochTime":2000000},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}}}]}"#;
    let request = b"0https://tv.example/v1/film/?Expires=2000000&Signature=AAAA&Key-Pair-Id=K\nCloudFront-Policy=e30_";
    replay("cloudfront", cdn_tokens::cloudfront, &[policy, request]);
}

#[test]
fn edgeauth() {
    let tag = b"0exp=2000000~acl=/*~hmac=0000000000000000000000000000000000000000000000000000000000000000";
    let acl = b"1ip=192.0.2.7~st=1~exp=2000000~acl=/v1/film/*!/v1/x~id=a~data=b";
    replay("edgeauth", cdn_tokens::edgeauth, &[tag, acl, b"6exp=2000000~data=a%7eb", b"3exp=2000000~data=a"]);
}

//! Content keys leave the process's memory with the service that held them: the process looks through itself.
//!
//! Alone in its binary, so that no other test's memory is looked through. The key is never in the test's own memory in the clear: it is made where it is
//! handed over, and looked for masked.

#![cfg(target_os = "linux")]

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    sync::Arc,
};

use futures::{FutureExt, future::BoxFuture};
use serde_json::json;
use sluice_origin::{
    config::{KeysConfig, SecretRef},
    cpix::{Answer, KeyRequest},
    keys::{KeyService, Provider, Unobserved},
    speke::SpekeError,
};
use sluice_packager::{
    keys::{ContentKey, Kid},
    title::{Delivery, Descriptor},
};
use zeroize::Zeroizing;

const KEK: &str = "3:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// What the key is xored with here.
const MASK: u8 = 0xa7;
/// The key, masked: bytes that occur nowhere else, masked or not.
const MASKED: [u8; 16] = *b"\x3b\xe1\x90\x5c\x77\x02\xd8\xaf\x41\x9e\x66\x13\xfa\x28\xc5\x8d";

struct Masked;

impl Provider for Masked {
    fn fetch<'a>(&'a self, request: &'a KeyRequest) -> BoxFuture<'a, Result<Answer, SpekeError>> {
        async move {
            let mut key = Zeroizing::new([0; 16]);
            for (byte, masked) in key.iter_mut().zip(core::hint::black_box(&MASKED)) {
                *byte = masked ^ MASK;
            }
            let mut keys = Vec::with_capacity(1);
            keys.push((request.keys[0].kid, ContentKey::new(*key)));
            Ok(Answer { keys, signalling: Vec::new() })
        }
        .boxed()
    }
}

/// Where the key is in the memory of this process.
fn occurrences() -> Vec<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("maps");
    let mut memory = File::open("/proc/self/mem").expect("memory");
    let mut places = Vec::new();
    // Not known to the compiler, which would write the key itself down.
    let masked = core::hint::black_box(&MASKED);
    // One buffer for all, which holds what it finds until it is overwritten: it is passed over itself.
    let mut buffer = vec![0u8; 1 << 20];
    let own = buffer.as_ptr() as u64..buffer.as_ptr() as u64 + buffer.len() as u64;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().expect("a range"), words.next().expect("rights"));
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').expect("a range");
        let hex = |text| u64::from_str_radix(text, 16).expect("hex");
        let (mut at, end) = (hex(from), hex(to));
        while at < end {
            let length = buffer.len().min((end - at) as usize);
            memory.seek(SeekFrom::Start(at)).expect("seekable");
            if memory.read_exact(&mut buffer[..length]).is_err() {
                break;
            }
            let found = buffer[..length].windows(16).enumerate().filter(|(offset, window)| {
                let here = at + *offset as u64;
                let ours = here < own.end && own.start < here + 16;
                !ours && window.iter().zip(masked).all(|(byte, masked)| byte ^ MASK == *masked)
            });
            places.extend(found.map(|(offset, _)| format!("{:x} in {line}", at + offset as u64)));
            // Windows overlap, so that none is missed between two reads.
            at += if at + length as u64 == end { length } else { length - 15 } as u64;
        }
    }
    buffer.fill(0);
    places
}

fn title() -> Descriptor {
    let keys = json!([{"kid": Kid([1; 16]), "scope": "video"}]);
    serde_json::from_value(json!({
        "v": 1, "title": "film", "version": "v1", "tracks": [],
        "key_policy": {"systems": ["clearkey"], "schemes": [{"scheme": "cbcs", "keys": keys}]},
    }))
    .expect("a descriptor")
}

#[test]
fn no_key_is_left_behind() {
    assert!(occurrences().is_empty(), "before: {:?}", occurrences());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let config = KeysConfig::new("https://drm.example/speke", SecretRef::value(KEK));
        let service = Arc::new(KeyService::with_provider(&config, Arc::new(Masked), Arc::new(Unobserved)));
        let title = title();
        for _ in 0..100 {
            service.wrapped(&title, Delivery::Cbcs, "").await.expect("keys");
        }
        assert!(!occurrences().is_empty(), "while it is held it is found");
        service.evict();
        let left = occurrences();
        assert!(left.is_empty(), "after: {left:?}");
    });
}

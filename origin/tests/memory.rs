//! Content keys leave the process's memory with the service that held them: the process looks through itself.
//!
//! Alone in its binary, so that no other test's memory is looked through. The key is never in the test's own memory in the clear: a key server in a process of
//! its own sends it encrypted, and it is looked for masked.

#![cfg(target_os = "linux")]

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use serde_json::{Value, json};
use sluice_origin::{
    config::{CertificateConfig, KeysConfig, SecretRef},
    keys::{KeyService, Unobserved},
    keyserver,
    speke::SpekeClient,
};
use sluice_packager::{
    keys::Kid,
    title::{Delivery, Descriptor},
};

const KEK: &str = "3:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// What the key is xored with here.
const MASK: u8 = 0xa7;
/// The key that the key server's built-in secret gives the key id 0101…, masked:
/// `printf 'sluice content key\1…\1' | openssl dgst -sha256 -hmac 'sluice development master secret, public'`.
const MASKED: [u8; 16] = *b"\x93\x73\x8b\xb8\x6c\x97\xe7\x7b\xcc\x36\x15\x21\x73\xc7\x14\x4c";

/// A key server that is ended with the test.
struct KeyServer(Child);

impl KeyServer {
    /// One on a free port, and the URL that it takes requests at.
    fn start() -> (Self, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("keyserver.toml");
        std::fs::write(&config, "listen = \"127.0.0.1:0\"\n").expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .args(["keyserver", "--config"])
            .arg(&config)
            .env("SLUICE_LOG", "info")
            .stderr(Stdio::piped())
            .spawn()
            .expect("sluice starts");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let server = Self(child);
        let mut addresses = lines.filter_map(|line| {
            let line = line.ok()?;
            let (_, rest) = line.split_once("address=")?;
            rest.split_whitespace().next().map(str::to_owned)
        });
        let address = addresses.next().expect("it says where it listens");
        (server, format!("http://{address}{}", keyserver::PATH))
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
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
    let (_server, url) = KeyServer::start();
    let vectors: Value = serde_json::from_str(include_str!("cpix/answers.json")).expect("JSON");
    let text = |name: &str| SecretRef::value(vectors[name].as_str().expect("text"));
    runtime.block_on(async {
        let recipient = CertificateConfig { certificate: text("certificate"), private_key: text("private_key") };
        let config = KeysConfig { encrypted_keys: Some(recipient), ..KeysConfig::new(url, SecretRef::value(KEK)) };
        let client = Arc::new(SpekeClient::new(&config).expect("a client"));
        let service = Arc::new(KeyService::with_provider(&config, client, Arc::new(Unobserved)));
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

//! The documents that others judge (tests/cpix) are those that the program writes.

use std::{fs, path::Path};

use serde_json::Value;
use sluice_origin::cpix::{KeyRequest, Profile, Recipient, RequestedKey, SpekeVersion, TrackType};
use sluice_packager::{
    keys::Kid,
    title::{KeySystem, ResolutionClass, Scheme},
};

fn requests() -> Vec<(&'static str, KeyRequest)> {
    let key = |byte, tracks, period| RequestedKey { kid: Kid([byte; 16]), tracks, period };
    let request = |scheme, keys| KeyRequest {
        content_id: "final".to_owned(),
        scheme,
        keys,
        systems: vec![KeySystem::Widevine, KeySystem::Playready, KeySystem::Fairplay],
    };
    let class = |byte, class| key(byte, TrackType::Class(class), 0);
    let track = |byte, period| key(byte, TrackType::Track { id: format!("v-{byte}"), video: true }, period);
    vec![
        ("shared", request(Scheme::Cbcs, vec![key(1, TrackType::All, 0)])),
        ("kinds", request(Scheme::Cenc, vec![key(1, TrackType::Video, 0), key(2, TrackType::Audio, 0)])),
        (
            "classes",
            request(
                Scheme::Cbcs,
                vec![
                    class(1, ResolutionClass::Sd),
                    class(2, ResolutionClass::Hd),
                    class(3, ResolutionClass::Uhd1),
                    class(4, ResolutionClass::Uhd2),
                    key(5, TrackType::Stereo, 0),
                    key(6, TrackType::Multichannel, 0),
                ],
            ),
        ),
        (
            "clearkey",
            KeyRequest { systems: vec![KeySystem::Clearkey], ..request(Scheme::Cenc, vec![key(1, TrackType::All, 0)]) },
        ),
        ("periods", request(Scheme::Cbcs, vec![track(1, 0), track(2, 1)])),
    ]
}

fn judged(name: &str, document: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cpix/documents").join(format!("{name}.xml"));
    if std::env::var_os("SLUICE_WRITE_CPIX").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(&path, document).expect("writable");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == document,
        "{name}.xml is not what is written now: write it anew and have it judged (tests/cpix/README.md)"
    );
}

#[test]
fn the_documents_that_are_judged_are_those_that_are_written() {
    for (name, request) in requests() {
        judged(&format!("request-{name}"), &Profile::default().write_request(&request));
    }
    let vectors: Value = serde_json::from_str(include_str!("../cpix/answers.json")).expect("JSON");
    let pem = |name: &str| vectors[name].as_str().expect("text");
    let now = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_790_000_000);
    let recipient = Recipient::new(pem("certificate"), pem("private_key"), now).expect("a recipient");
    let (_, request) = requests().remove(1);
    let encrypted = Profile { recipient: Some(&recipient), version: SpekeVersion::V2_1 }.write_request(&request);
    judged("request-encrypted-2.1", &encrypted);
}

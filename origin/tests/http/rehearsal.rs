//! The origin's SPEKE client against the development key server: what both sides make of SPEKE v2 together.

use serde_json::Value;
use sluice_origin::{
    config::{CertificateConfig, Faults, KeysConfig, KeyserverConfig, SecretRef},
    cpix::{Answer, AnswerError, KeyRequest, RequestedKey, SpekeVersion, TrackType},
    keyserver,
    speke::{SpekeClient, SpekeError},
};
use sluice_packager::{
    keys::Kid,
    title::{KeySystem, ResolutionClass, Scheme},
};

fn key(byte: u8, tracks: TrackType, period: u32) -> RequestedKey {
    RequestedKey { kid: Kid([byte; 16]), tracks, period }
}

/// Presets of every kind, in two key periods, for every system.
fn request(scheme: Scheme) -> KeyRequest {
    let tracks = [
        TrackType::Class(ResolutionClass::Sd),
        TrackType::Class(ResolutionClass::Hd),
        TrackType::Class(ResolutionClass::Uhd1),
        TrackType::Class(ResolutionClass::Uhd2),
        TrackType::Audio,
        TrackType::Track { id: "en-commentary".to_owned(), video: false },
    ];
    let keys = (0..2u32).flat_map(|period| {
        let named = tracks.iter().cloned().zip(1u8..);
        named.map(move |(tracks, n)| key(n + 16 * period as u8, tracks, period))
    });
    KeyRequest { content_id: "a film".to_owned(), scheme, keys: keys.collect(), systems: KeySystem::ALL.to_vec() }
}

async fn fetched(
    request: &KeyRequest,
    faults: Faults,
    change: impl FnOnce(&mut KeysConfig),
) -> Result<Answer, SpekeError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = KeyserverConfig::new("127.0.0.1:0".parse().expect("an address"));
    let server = keyserver::start(KeyserverConfig { faults, ..config }).await.expect("a key server");
    let url = format!("http://{}{}", server.addr, keyserver::PATH);
    let mut config = KeysConfig { attempts: 1, ..KeysConfig::new(url, SecretRef::value("unused here")) };
    change(&mut config);
    SpekeClient::new(&config)?.fetch(request).await
}

fn encrypted(config: &mut KeysConfig) {
    let vectors: Value = serde_json::from_str(include_str!("../cpix/answers.json")).expect("JSON");
    let text = |name: &str| SecretRef::value(vectors[name].as_str().expect("text"));
    config.encrypted_keys =
        Some(CertificateConfig { certificate: text("certificate"), private_key: text("private_key") });
}

#[tokio::test]
async fn keys_come_as_they_are_derived_encrypted_or_not_in_both_versions() {
    for scheme in [Scheme::Cenc, Scheme::Cbcs] {
        let request = request(scheme);
        for (version, secret) in [
            (SpekeVersion::V2_0, false),
            (SpekeVersion::V2_0, true),
            (SpekeVersion::V2_1, false),
            (SpekeVersion::V2_1, true),
        ] {
            let change = |config: &mut KeysConfig| {
                config.version = version;
                if secret {
                    encrypted(config);
                }
            };
            let answer = fetched(&request, Faults::default(), change).await.expect("an answer");
            assert_eq!(answer.keys.len(), 12);
            for (kid, key) in &answer.keys {
                let derived = keyserver::MasterSecret::built_in().content_key(kid);
                assert!(key.expose() == derived.expose(), "{kid}");
            }
            let all = if scheme == Scheme::Cbcs { 4 } else { 3 };
            assert_eq!(answer.signalling.len(), 12 * all);
        }
    }
}

#[tokio::test]
async fn a_rehearsed_fault_of_encrypted_keys_is_found() {
    let mac = fetched(&request(Scheme::Cbcs), Faults { bad_mac: true, ..Faults::default() }, encrypted).await;
    assert!(matches!(mac, Err(SpekeError::Answer(AnswerError::Mac(_)))));
    let filter = fetched(&request(Scheme::Cbcs), Faults { missing_filter: true, ..Faults::default() }, |_| {}).await;
    assert!(matches!(filter, Err(SpekeError::Answer(AnswerError::UsageRule(_)))));
}

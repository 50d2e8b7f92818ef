//! The body of the fuzz target of JWTs: tokens, header and claims that are signed, key sets, configurations.

use std::sync::LazyLock;

use sluice_gate::grant::{
    IssuersConfig,
    jwks::KeySet,
    jwt::{Issuers, mint_hs256, verify},
};

const NOW: u64 = 1_900_000_000;
const SECRET: &[u8] = b"a secret of the fuzz target, long enough";
const CONFIG: &[u8] = br#"[
    {"issuer":"a","audience":"sluice","keys":[{"kid":"k","alg":"HS256","secret":"s"}],"jwks":{"name":"main"},"require":{"r":{"s":["t"]},"scope":"u"},
     "claims":{"tier":{"claim":["p","q"],"map":[["x","y"]]},"titles":{"claim":"scope","map":[["x","y"]]},"region":"c","not_before":"f","not_after":"g",
               "device_class":"d","stream_limit":["l","m"]}},
    {"issuer":"b","keys":[{"kid":"k","alg":"HS256","secret":"s"}]}]"#;

static ISSUERS: LazyLock<IssuersConfig> = LazyLock::new(|| serde_json::from_slice(CONFIG).expect("a configuration"));

fn judge(token: &str, set: Option<KeySet>) {
    let mut issuers = Issuers::new(&ISSUERS, |_| Some(SECRET)).expect("issuers");
    let Some(keys) = issuers.of_mut(token) else { return };
    let _ = keys.wanted(token);
    if let Some(set) = set {
        keys.add_set(set);
    }
    if let Ok(grant) = verify(keys, token, NOW) {
        assert!(grant.ends > NOW);
        assert!(grant.places.is_none_or(|places| places.iter().all(|place| place.len() <= 6)));
    }
}

/// The first byte says what the others are.
pub(crate) fn jwt(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which % 4 {
        // A token as it comes.
        0 => {
            if let Ok(token) = core::str::from_utf8(bytes) {
                judge(token, None);
            }
        }
        // Claims that are signed, so that they are looked at.
        1 => {
            if let Ok(claims) = serde_json::from_slice::<serde_json::Value>(bytes)
                && let Ok(token) = mint_hs256("k", SECRET, &claims)
            {
                judge(&token, None);
            }
        }
        // A key set, and a token by a key of it.
        2 => {
            if let Ok(set) = KeySet::parse(bytes) {
                for algorithm in ["RS256", "PS256", "ES256", "EdDSA", "HS256"] {
                    let header = serde_json::json!({"alg": algorithm, "kid": "f"}).to_string();
                    let token = format!("{}.eyJpc3MiOiJhIn0.{}", base64url(header.as_bytes()), "A".repeat(342));
                    judge(&token, Some(set.clone()));
                }
            }
        }
        // A configuration.
        _ => {
            if let Ok(config) = serde_json::from_slice::<IssuersConfig>(bytes) {
                let _ = Issuers::new(&config, |_| Some(SECRET));
            }
        }
    }
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |word, (at, byte)| word | u32::from(*byte) << (16 - 8 * at));
        for at in 0..=chunk.len() {
            out.push(char::from(DIGITS[(word >> (18 - 6 * at)) as usize & 63]));
        }
    }
    out
}

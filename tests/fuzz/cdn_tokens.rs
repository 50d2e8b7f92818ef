//! What must hold of any token of a CDN. A target runs one of these; `edge/gate/tests/corpus.rs` replays seeds and what was found.
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use sha2::Sha256;
use sluice_gate::{
    ClientFacts,
    grant::{Grant, Kind, Lookup, Presented, cloudfront::CloudFrontKeys, edgeauth::EdgeAuthKeys},
};

const NOW: u64 = 1_000_000;
const FOLDER: &str = "https://tv.example/v1/film/";
const KEY: [u8; 16] = [0x5a; 16];
const KEY_HEX: &[u8] = b"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

struct Table(Vec<(String, String)>);

impl Lookup for Table {
    fn each(&self, name: &str, take: &mut dyn FnMut(&str)) {
        self.0.iter().filter(|(known, _)| known == name).for_each(|(_, value)| take(value));
    }
}

/// What a kind says of a URL and `Cookie` header. A grant is never over, and where it is bound, the client is in it.
fn judge(kind: &dyn Kind, url: &str, cookies: Vec<(String, String)>) -> Option<Grant> {
    let client = ClientFacts { address: Some([192, 0, 2, 7].into()), ..ClientFacts::default() };
    let cookies = Table(cookies);
    let none = Table(Vec::new());
    let request = Presented {
        url: Some(url),
        method: "GET",
        bearer: None,
        headers: &none,
        cookies: &cookies,
        client: &client,
        now: NOW,
    };
    let grant = kind.verify(&request).ok()?;
    assert!(kind.is_presented(&request) && grant.ends > NOW);
    assert!(grant.net.is_none_or(|net| net.holds(&client)));
    Some(grant)
}

/// A URL and a line of cookies.
fn request(text: &str) -> (&str, Vec<(String, String)>) {
    let (url, cookies) = text.split_once('\n').unwrap_or((text, ""));
    let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
    (url, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// By its first byte: a request that nobody signed, or a policy that is signed.
pub(crate) fn cloudfront(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    let key = SigningKey::from_slice(&[7; 32]).expect("a key");
    let der = [
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00",
        key.verifying_key().to_encoded_point(false).as_bytes(),
    ]
    .concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
    let config = serde_json::json!({"keys": [{"id": "K", "public_key": pem}]});
    let keys = CloudFrontKeys::new(&serde_json::from_value(config).expect("a configuration")).expect("a key");
    if which % 2 == 0 {
        let Ok(text) = core::str::from_utf8(rest) else { return };
        let (url, cookies) = request(text);
        assert!(judge(&keys, url, cookies).is_none(), "nobody signed it");
        return;
    }
    let signature: Signature = key.sign(rest);
    let encode = |bytes: &[u8]| STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~");
    let parts = [("Policy", encode(rest)), ("Signature", encode(signature.to_der().as_bytes()))];
    let parts = parts.into_iter().chain([("Key-Pair-Id", "K".to_owned()), ("Hash-Algorithm", "SHA256".to_owned())]);
    let cookies: Vec<_> = parts.map(|(name, value)| (format!("CloudFront-{name}"), value)).collect();
    let query: Vec<String> =
        cookies.iter().map(|(name, value)| format!("{}={value}", name.trim_start_matches("CloudFront-"))).collect();
    let by_cookie = judge(&keys, FOLDER, cookies);
    let by_url = judge(&keys, &format!("{FOLDER}?{}", query.join("&")), Vec::new());
    assert_eq!(by_cookie, by_url, "one token, two carriages");
    // Whoever grants everything grants this too.
    if let Some(grant) = by_url {
        assert!(grant.titles.is_none());
    }
}

/// By its first byte: a token that nobody signed, or a text that is signed, by itself or with the path.
pub(crate) fn edgeauth(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    let Ok(text) = core::str::from_utf8(rest) else { return };
    let config = serde_json::json!({"keys": ["key"], "escape_early": which & 4 != 0});
    let config = serde_json::from_value(config).expect("a configuration");
    let keys = EdgeAuthKeys::new(&config, |_| Some(KEY_HEX)).expect("a key");
    let cookie = |token: String| judge(&keys, FOLDER, vec![("__token__".to_owned(), token)]);
    let beyond = match which % 4 {
        0 => {
            assert!(cookie(text.to_owned()).is_none(), "nobody signed it");
            return;
        }
        1 => String::new(),
        2 => "~url=/v1/film/".to_owned(),
        _ => "~url=/v1/other/".to_owned(),
    };
    let mut hmac = Hmac::<Sha256>::new_from_slice(&KEY).expect("a key");
    hmac.update(format!("{text}{beyond}").as_bytes());
    let tag: String = hmac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let granted = cookie(format!("{text}~hmac={tag}"));
    assert!(granted.is_none() || which % 4 != 3, "another path was signed");
    assert!(granted.is_none() || text.contains("exp="));
}

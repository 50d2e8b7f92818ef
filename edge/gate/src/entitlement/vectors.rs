//! The vendors' tokens against those that others' libraries made from the vendors' documents (`vectors/README.md`).

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use super::{
    Carried, System, VendorConfig, jws, pallycon,
    tests::{Given, text},
};

const TOKENS: &str = include_str!("vectors/tokens.json");
/// Of Axinom's public test vectors.
const PUBLISHED: &str = include_str!("vectors/axinom-published.txt");

fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("JSON")
}

/// Header and payload of a JWS.
fn parts(token: &str) -> (Value, Value) {
    let parts: Vec<Value> =
        token.split('.').take(2).map(|part| json(&URL_SAFE_NO_PAD.decode(part).expect("base64url"))).collect();
    (parts[0].clone(), parts[1].clone())
}

/// With the texts of JSON that DRMtoday's claims are as JSON.
fn claims(token: &str) -> (Value, Value) {
    let (header, mut payload) = parts(token);
    for name in ["optData", "crt"] {
        if let Some(claim) = payload.get_mut(name) {
            *claim = json(text(claim).as_bytes());
        }
    }
    (header, payload)
}

#[test]
fn tokens_are_as_others_make_them() {
    let vectors = json(TOKENS.as_bytes());
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 13);
    for case in cases {
        let name = text(&case["name"]);
        let config: VendorConfig = serde_json::from_value(case["vendor"].clone()).expect(name);
        let mut given = Given::read(&case["entitlement"]);
        given.now = vectors["now"].as_u64().expect("time");
        let random = u128::from_str_radix(text(&vectors["random"]), 16).expect("hex").to_be_bytes();
        let secret = |name: &str| case["secrets"][name].as_str().map(str::as_bytes);
        assert!(config.secret_names().all(|name| secret(name).is_some()), "{name}");
        let made = config.token(secret, &given.entitlement(), random).expect(name);
        let [made] = made.as_slice() else { panic!("{name}: one thing is carried") };
        let expected = &case["carried"];
        let ours = match made {
            Carried::Header { name: header, value } => {
                assert_eq!(*header, text(&expected["header"]), "{name}");
                value
            }
            Carried::Query { name: parameter, value } => {
                assert_eq!(parameter, text(&expected["query"]), "{name}");
                value
            }
        };
        match (expected.get("json"), text(&case["vendor"]["vendor"])) {
            (Some(token), _) => sealed(name, &case["secrets"], ours, token, &expected["policy"]),
            (None, "axinom" | "drmtoday") if ours.contains('.') => signed(name, ours, text(&expected["value"])),
            (None, _) => assert_eq!(
                json(&STANDARD.decode(ours).expect("base64")),
                json(&STANDARD.decode(text(&expected["value"])).expect("base64")),
                "{name}"
            ),
        }
    }
}

/// A JWS says the same, and is signed as theirs is.
fn signed(name: &str, ours: &str, theirs: &str) {
    assert_eq!(claims(ours), claims(theirs), "{name}");
    let keys: [[u8; 32]; 1] = [core::array::from_fn(|at| at as u8)];
    let (header, payload) = parts(theirs);
    assert_eq!(jws::hs256(&header, &payload, &keys[0]), theirs, "{name}");
    let (header, payload) = parts(ours);
    assert_eq!(jws::hs256(&header, &payload, &keys[0]), ours, "{name}: with the key that was given");
}

/// PallyCon's token says the same, its policy is encrypted as theirs is, and its hash is made as theirs is.
fn sealed(name: &str, secrets: &Value, ours: &str, theirs: &Value, policy: &Value) {
    let ours = json(&STANDARD.decode(ours).expect("base64"));
    let member = |token: &Value, name: &str| text(&token[name]).to_owned();
    for (member, value) in theirs.as_object().expect("members") {
        if !matches!(member.as_str(), "policy" | "hash") {
            assert_eq!(&ours[member], value, "{name}: {member}");
        }
    }
    assert_eq!(ours.as_object().map(|ours| ours.len()), theirs.as_object().map(|theirs| theirs.len()), "{name}");
    let key: &[u8; 32] = text(&secrets["site"]).as_bytes().try_into().expect("32 bytes");
    assert_eq!(unseal(key, text(&ours["policy"])), *policy, "{name}");
    // Theirs, with its own order of members.
    assert_eq!(unseal(key, text(&theirs["policy"])), *policy, "{name}");
    assert_eq!(pallycon::seal(key, &unsealed(key, text(&theirs["policy"]))), text(&theirs["policy"]), "{name}");
    for token in [&ours, theirs] {
        let said = ["drm_type", "site_id", "user_id", "cid", "policy", "timestamp"].map(|name| member(token, name));
        let said = said.each_ref().map(String::as_str);
        assert_eq!(pallycon::digest(text(&secrets["access"]).as_bytes(), said), text(&token["hash"]), "{name}");
    }
}

fn unseal(key: &[u8; 32], policy: &str) -> Value {
    json(unsealed(key, policy).as_bytes())
}

fn unsealed(key: &[u8; 32], policy: &str) -> String {
    use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
    let mut bytes = STANDARD.decode(policy).expect("base64");
    let decryptor = cbc::Decryptor::<aes::Aes256>::new(key.into(), b"0123456789abcdef".into());
    let text = decryptor.decrypt_padded::<Pkcs7>(&mut bytes).expect("padding");
    String::from_utf8(text.to_vec()).expect("text")
}

/// Whether `whole` says what `part` says, and maybe more.
fn says(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|said| says(said, value)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(said, value)| says(said, value))
        }
        (whole, part) => whole == part,
    }
}

#[test]
fn axinoms_published_token_says_less_of_the_same() {
    let (header, payload) = parts(PUBLISHED.trim());
    let config = serde_json::json!({"vendor": "axinom", "key": "com", "key_id": payload["com_key_id"]});
    let config: VendorConfig = serde_json::from_value(config).expect("configuration");
    let kids = payload["message"]["content_keys_source"]["inline"].as_array().expect("keys");
    let mut given = Given::plain(System::Widevine);
    given.keys = kids
        .iter()
        .map(|key| {
            let kid = u128::from_str_radix(&text(&key["id"]).replace('-', ""), 16).expect("hex").to_be_bytes();
            super::Key { kid, ..given.keys[0] }
        })
        .collect();
    let secret = STANDARD.encode([7; 32]);
    let made = config.token(|_| Some(secret.as_bytes()), &given.entitlement(), [0; 16]).expect("token");
    let [Carried::Header { value, .. }] = made.as_slice() else { panic!("a header") };
    let (our_header, ours) = parts(value);
    assert_eq!(our_header, header);
    assert!(says(&ours, &payload), "{ours}");
    assert!(!says(&payload, &ours), "which it does with more");
}

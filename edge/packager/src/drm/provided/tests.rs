use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{manifest::fixture::kid, title::Scheme};

/// A box of the system with that many bytes more of data.
fn boxed(system: pssh::SystemId, data: &[u8]) -> Vec<u8> {
    pssh::Pssh { system, kids: None, data }.to_bytes()
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A PlayReady Object of `length` bytes behind its head, another for each key.
fn object(kid: Kid, length: usize) -> Vec<u8> {
    let mut object = vec![kid.0[0]; length + 10];
    let told = object.len() as u32;
    object[..4].copy_from_slice(&told.to_le_bytes());
    object[4..6].copy_from_slice(&[1, 0]);
    object
}

/// A document in which every system is told of every key, boxes having so many bytes of the provider's own.
fn document(kids: &[Kid], length: usize) -> Value {
    let of = |kid: &Kid| {
        let data = [&[kid.0[0]; 3][..], &vec![7; length]].concat();
        let object = object(*kid, length);
        [
            json!({"kid": kid, "system": "widevine", "pssh": base64(&boxed(widevine::SYSTEM, &data))}),
            json!({"kid": kid, "system": "playready", "pssh": base64(&boxed(playready::SYSTEM, &object)), "pro": base64(&object)}),
            json!({"kid": kid, "system": "fairplay", "key_uri": format!("skd://acme/{kid}?v=2")}),
            json!({"kid": kid, "system": "clearkey", "pssh": "not looked at"}),
        ]
    };
    json!({"provider": "acme", "signalling": kids.iter().flat_map(of).collect::<Vec<_>>()})
}

/// The same, read.
pub(crate) fn provided(kids: &[Kid], length: usize) -> Provided {
    read(&document(kids, length)).expect("a document")
}

fn read(document: &Value) -> Result<Provided, ProvidedError> {
    Provided::read(document.to_string().as_bytes())
}

/// A document of one entry for the key `kid(1)`, with these members beside it.
fn one(system: &str, members: Value) -> Result<Provided, ProvidedError> {
    let mut entry = members;
    entry["kid"] = json!(kid(1));
    entry["system"] = json!(system);
    read(&json!({"signalling": [entry]}))
}

#[test]
fn each_key_is_told_of_as_the_provider_has_it() {
    let kids = [kid(1), kid(2)];
    let provided = provided(&kids, 20);
    let widevine = |kids: &[Kid]| provided.pssh(KeySystem::Widevine, kids);
    assert_eq!(widevine(&kids), Ok([widevine(&kids[..1]).expect("one"), widevine(&kids[1..]).expect("one")].concat()));
    assert_eq!(provided.playready_object(kids[1]), Ok(&object(kids[1], 20)[..]));
    let uri = "skd://acme/0102030405060708090a0b0c0d0e0f10?v=2";
    assert_eq!(provided.fairplay_uri(kids[0]), Ok(uri));
    for system in [KeySystem::Widevine, KeySystem::Playready] {
        assert_eq!(provided.pssh(system, &[kids[0], kid(9)]), Err(Unsignalled(system)));
    }
    assert_eq!(provided.playready_object(kid(9)), Err(Unsignalled(KeySystem::Playready)));
    assert_eq!(provided.fairplay_uri(kid(9)), Err(Unsignalled(KeySystem::Fairplay)));
}

#[test]
fn one_box_for_all_keys_stands_once() {
    let pssh = base64(&boxed(widevine::SYSTEM, b"content"));
    let entry = |first| json!({"kid": kid(first), "system": "widevine", "pssh": pssh});
    let provided = read(&json!({"signalling": [entry(1), entry(2)]})).expect("a document");
    let boxes = provided.pssh(KeySystem::Widevine, &[kid(1), kid(2)]);
    assert_eq!(boxes, Ok(boxed(widevine::SYSTEM, b"content")));
}

#[test]
fn box_and_object_are_made_of_each_other() {
    let object = object(kid(1), 30);
    let pssh = boxed(playready::SYSTEM, &object);
    for members in [json!({"pro": base64(&object)}), json!({"pssh": base64(&pssh)})] {
        let provided = one("playready", members).expect("a document");
        assert_eq!(provided.playready_object(kid(1)), Ok(&object[..]));
        assert_eq!(provided.pssh(KeySystem::Playready, &[kid(1)]), Ok(pssh.clone()));
    }
    // What the edge writes itself is of the form that it asks for.
    for scheme in [Scheme::Cenc, Scheme::Cbcs] {
        let own = base64(&playready::object(&[kid(1)], scheme));
        assert!(one("playready", json!({"pro": own})).is_ok());
    }
}

#[test]
fn an_entry_without_what_its_system_needs_says_nothing() {
    for (system, members) in [
        ("widevine", json!({"key_uri": "skd://x"})),
        ("playready", json!({"pssh": null})),
        ("fairplay", json!({"pssh": "AAAA"})),
    ] {
        let provided = one(system, members).expect("a document");
        let system = KeySystem::parse(system).expect("a system");
        assert!(provided.of(system, kid(1)).is_err(), "{system:?}");
    }
}

#[test]
fn what_is_no_box_of_the_system_is_refused() {
    let good = boxed(widevine::SYSTEM, b"data");
    let no_size = [&[0; 4], &good[4..]].concat();
    let other_key = pssh::Pssh { system: widevine::SYSTEM, kids: Some(vec![kid(2)]), data: b"" }.to_bytes();
    let own_key = pssh::Pssh { system: widevine::SYSTEM, kids: Some(vec![kid(2), kid(1)]), data: b"" }.to_bytes();
    let largest = boxed(widevine::SYSTEM, &vec![0; MAX_PSSH - 32]);
    for (bytes, taken) in [
        (good.clone(), true),
        (own_key, true),
        (largest.clone(), true),
        (boxed(widevine::SYSTEM, &vec![0; MAX_PSSH - 31]), false),
        (boxed(playready::SYSTEM, b"data"), false),
        (boxed(pssh::SystemId::COMMON, b""), false),
        ([good.clone(), good.clone()].concat(), false),
        (good[..good.len() - 1].to_vec(), false),
        ([&good[..], &[0]].concat(), false),
        (no_size, false),
        (other_key, false),
        (Vec::new(), false),
    ] {
        let read = one("widevine", json!({"pssh": base64(&bytes)})).map(drop);
        let expected = if taken { Ok(()) } else { Err(ProvidedError::Pssh(KeySystem::Widevine)) };
        assert_eq!(read, expected, "{bytes:02x?}");
    }
    assert_eq!(largest.len(), MAX_PSSH);
    let text = one("widevine", json!({"pssh": "no base64!"}));
    assert!(matches!(text, Err(ProvidedError::Pssh(KeySystem::Widevine))));
}

#[test]
fn what_is_no_object_is_refused() {
    let good = object(kid(1), 20);
    let largest = object(kid(1), MAX_OBJECT - 10);
    for (bytes, taken) in [
        (good.clone(), true),
        (largest, true),
        (object(kid(1), MAX_OBJECT - 9), false),
        (good[..good.len() - 1].to_vec(), false),
        ([&good[..], &[0]].concat(), false),
        (vec![4, 0, 0, 0], false),
        (Vec::new(), false),
    ] {
        let read = one("playready", json!({"pro": base64(&bytes)})).map(drop);
        assert_eq!(read, if taken { Ok(()) } else { Err(ProvidedError::Object) }, "{} bytes", bytes.len());
        if bytes.len() < MAX_OBJECT {
            let within = one("playready", json!({"pssh": base64(&boxed(playready::SYSTEM, &bytes))})).map(drop);
            assert_eq!(within.is_ok(), taken, "within a box");
        }
    }
    let another = json!({"pssh": base64(&boxed(playready::SYSTEM, &good)), "pro": base64(&object(kid(1), 21))});
    assert!(matches!(one("playready", another), Err(ProvidedError::Object)), "box and object contradict each other");
}

#[test]
fn a_uri_is_skd_or_https_and_ends_no_line() {
    let long = |length: usize| format!("skd://{}", "x".repeat(length - 6));
    for (uri, taken) in [
        ("skd://acme/key?id=%31", true),
        ("https://acme.example/key;a=1", true),
        (&long(MAX_KEY_URI), true),
        (&long(MAX_KEY_URI + 1), false),
        ("http://acme.example/key", false),
        ("data:text/plain,x", false),
        ("skd://", false),
        ("SKD://x", false),
        ("", false),
        ("skd://a\",KEYFORMAT=\"identity", false),
        ("skd://a\n#EXT-X-KEY:METHOD=NONE", false),
        ("skd://a b", false),
        ("skd://ä", false),
    ] {
        let read = one("fairplay", json!({"key_uri": uri})).map(drop);
        assert_eq!(read, if taken { Ok(()) } else { Err(ProvidedError::Uri) }, "{uri:.40}");
    }
}

#[test]
fn another_form_is_refused() {
    let mut twice = document(&[kid(1)], 4);
    let again = twice["signalling"][0].clone();
    twice["signalling"].as_array_mut().expect("a list").push(again);
    assert!(matches!(read(&twice), Err(ProvidedError::Twice(KeySystem::Widevine))));
    let form = |document: Value| matches!(read(&document), Err(ProvidedError::Form(_)));
    assert!(form(json!({})) && form(json!([])) && form(json!({"signalling": {}})));
    assert!(form(json!({"signalling": [{"system": "widevine"}]})));
    assert!(form(json!({"signalling": [{"kid": "12", "system": "widevine"}]})));
    assert!(form(json!({"signalling": [{"kid": kid(1), "system": "acme"}]})));
    assert!(form(json!({"signalling": [{"kid": kid(1), "system": "widevine", "pssh": 7}]})));
    let repeated = format!(r#"{{"signalling":[{{"kid":"{0}","kid":"{0}","system":"widevine"}}]}}"#, kid(1));
    assert!(matches!(Provided::read(repeated.as_bytes()), Err(ProvidedError::Form(_))));
    assert!(read(&json!({"signalling": []})).is_ok_and(|provided| provided.entries.is_empty()));
}

proptest! {
    /// Whatever bytes stand where a box or an object should: what is taken is one, to its last byte.
    #[test]
    fn what_is_taken_of_any_bytes_is_a_box(
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
        at in 0usize..60,
        byte: u8,
    ) {
        let mut good = boxed(playready::SYSTEM, &object(kid(1), 12));
        if let Some(changed) = good.get_mut(at) {
            *changed = byte;
        }
        for bytes in [bytes, good] {
            if let Ok(provided) = one("playready", json!({"pssh": base64(&bytes)})) {
                let (parsed, after) = pssh::parse(&bytes).expect("a box");
                prop_assert!(after.is_empty() && parsed.system == playready::SYSTEM);
                prop_assert_eq!(provided.playready_object(kid(1)), Ok(parsed.data));
                prop_assert_eq!(provided.pssh(KeySystem::Playready, &[kid(1)]), Ok(bytes));
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Provided::read(&bytes);
    }

    #[test]
    fn no_uri_leaves_its_quotes(uri in "(skd|https)://\\PC{0,20}") {
        if one("fairplay", json!({"key_uri": uri})).is_ok() {
            prop_assert!(!uri.contains(['"', '\n', '\r', ' ', '<']));
        }
    }
}

//! What must hold of any Common Access Token. The target runs this; `edge/gate/tests/fuzz.rs` replays seeds and what was found.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sluice_gate::{
    ClientFacts,
    grant::{
        Grant, GrantError, Kind, Lookup, Presented,
        cat::{CatConfig, CatKeys, HEADER, cbor, cose, hs256},
    },
};

const NOW: u64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];

struct Shown<'a>(&'a str);

impl Lookup for Shown<'_> {
    fn each(&self, name: &str, take: &mut dyn FnMut(&str)) {
        take(if name == HEADER { self.0 } else { "x" });
    }
}

struct Nothing;

impl Lookup for Nothing {
    fn each(&self, _: &str, _: &mut dyn FnMut(&str)) {}
}

fn judge(keys: &CatKeys, token: &str, now: u64) -> Result<Grant, GrantError> {
    keys.verify(&Presented {
        url: Some("https://tv.example/v1/film/cbcs/main.m3u8?a=b"),
        method: "GET",
        bearer: None,
        headers: &Shown(token),
        cookies: &Nothing,
        client: &ClientFacts { country: Some(*b"DE"), address: Some([192, 0, 2, 7].into()), ..ClientFacts::default() },
        now,
    })
}

/// By its first byte a token, or claims that are authenticated.
pub(crate) fn cat(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    if let Some(value) = cbor::parse(rest) {
        let written = value.to_vec();
        assert_eq!(cbor::parse(&written).map(|again| again.to_vec()), Some(written));
    }
    let config: CatConfig =
        serde_json::from_str(r#"{"keys":[{"kid":"k","alg":"HS256","secret":"s"}]}"#).expect("a configuration");
    let keys = CatKeys::new(&config, |_| Some(&SECRET)).expect("keys");
    if which % 2 == 0 {
        let _ = judge(&keys, &URL_SAFE_NO_PAD.encode(rest), NOW);
        return;
    }
    let (structure, protected) = (cose::Structure::Mac0, cose::protected(5, b"k"));
    let tag = hs256(&SECRET, &cose::to_be_authenticated(structure, &protected, rest));
    let token = URL_SAFE_NO_PAD.encode(cose::wrap(structure, &protected, Vec::new(), rest, &tag));
    let Ok(grant) = judge(&keys, &token, NOW) else { return };
    assert!(NOW < grant.ends);
    if let Some(renewal) = grant.renewal {
        let token = renewal.token.split(';').next().unwrap_or_default();
        let later = judge(&keys, token, NOW).expect("a renewal is a grant");
        assert!(later.ends > grant.ends && later.net == grant.net && later.places == grant.places);
        assert!(!renewal.token.contains(['\r', '\n']) && !renewal.name.contains(['\r', '\n', ' ']));
        assert!(renewal.cookie.is_none_or(|cookie| !cookie.contains(['\r', '\n'])));
    }
}

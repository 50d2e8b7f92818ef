//! ClearKey (W3C Encrypted Media Extensions, 9.1): how manifests name it, the licence request and the licence.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::pssh::{Pssh, SystemId};
use crate::keys::{ContentKey, Kid};

/// HLS `KEYFORMAT` of the form with a licence request.
pub const KEYFORMAT: &str = "org.w3.clearkey";
/// HLS `KEYFORMAT` of the raw key behind a URL.
pub const IDENTITY: &str = "identity";
/// `schemeIdUri` (DASH).
pub const URN: &str = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e";

/// Longest licence request that is read, in bytes: some 64 key ids of 25 bytes each, and room.
pub const MAX_REQUEST: usize = 4096;
/// Most key ids of a request.
pub const MAX_KIDS: usize = 64;

/// Why bytes are no ClearKey licence request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Longer than [`MAX_REQUEST`].
    #[error("the licence request is longer than {MAX_REQUEST} bytes")]
    TooLong,
    /// Not a JSON object with an array `kids` of strings.
    #[error("the licence request is not of the form {{\"kids\":[…],\"type\":\"temporary\"}}")]
    Form,
    /// No key ids, or more than [`MAX_KIDS`].
    #[error("the licence request lists no key ids or more than {MAX_KIDS}")]
    Count,
    /// A key id that is not 16 bytes in base64url without padding.
    #[error("a key id of the licence request is not 16 bytes in base64url without padding")]
    Kid,
    /// A session type other than `temporary`.
    #[error("the licence request is for a session that is not temporary: licences are not stored")]
    Type,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    kids: Vec<Cow<'a, str>>,
    #[serde(borrow, rename = "type", default)]
    session: Option<Cow<'a, str>>,
}

/// The key ids of a licence request (9.1.3), each once, in order. Unknown members are ignored; `type` may be absent.
///
/// # Errors
/// [`RequestError`]
pub fn request(body: &[u8]) -> Result<Vec<Kid>, RequestError> {
    if body.len() > MAX_REQUEST {
        return Err(RequestError::TooLong);
    }
    let request: Request<'_> = serde_json::from_slice(body).map_err(|_| RequestError::Form)?;
    if request.session.is_some_and(|session| session != "temporary") {
        return Err(RequestError::Type);
    }
    if !(1..=MAX_KIDS).contains(&request.kids.len()) {
        return Err(RequestError::Count);
    }
    let mut kids = Vec::with_capacity(request.kids.len());
    for text in &request.kids {
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).map_err(|_| RequestError::Kid)?;
        let kid = Kid(bytes.try_into().map_err(|_| RequestError::Kid)?);
        if !kids.contains(&kid) {
            kids.push(kid);
        }
    }
    Ok(kids)
}

const HEAD: &str = r#"{"keys":["#;
const TAIL: &str = r#"],"type":"temporary"}"#;
/// `{"kty":"oct","k":"` 22 `","kid":"` 22 `"}` and a comma.
const PER_KEY: usize = 74;
/// 16 bytes in base64 without padding.
const ENCODED: usize = 22;

/// The licence (9.1.4), a JWK set. It holds the keys: it is zeroized when dropped, and no copy is left behind.
pub fn response<'a>(keys: impl ExactSizeIterator<Item = (Kid, &'a ContentKey)>) -> Zeroizing<String> {
    // All at once: a string that grows leaves its former bytes in freed memory.
    let mut out = Zeroizing::new(String::with_capacity(HEAD.len() + TAIL.len() + PER_KEY * keys.len()));
    out.push_str(HEAD);
    for (at, (kid, key)) in keys.enumerate() {
        out.push_str(if at == 0 { r#"{"kty":"oct","k":""# } else { r#",{"kty":"oct","k":""# });
        push_base64(&mut out, key.expose());
        out.push_str(r#"","kid":""#);
        push_base64(&mut out, &kid.0);
        out.push_str(r#""}"#);
    }
    out.push_str(TAIL);
    out
}

fn push_base64(out: &mut String, bytes: &[u8; 16]) {
    let mut buffer = Zeroizing::new([0; ENCODED]);
    let encoded = URL_SAFE_NO_PAD.encode_slice(bytes, &mut buffer[..]).ok();
    let text = encoded.and_then(|length| core::str::from_utf8(buffer.get(..length)?).ok());
    out.push_str(text.expect("16 bytes are 22 characters of ASCII in base64"));
}

/// A version 1 `pssh` box of the common system id with these key ids: initialization data for a player's own use.
///
/// Not for manifests: beside the ClearKey descriptor of an MPD it makes shaka-player and dash.js fail.
pub fn common_pssh(kids: &[Kid]) -> Vec<u8> {
    Pssh { system: SystemId::COMMON, kids: Some(kids.to_vec()), data: &[] }.to_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::fixture;

    #[test]
    fn requests_of_the_standards_form_are_read() {
        // W3C '"keyids" Initialization Data Format', the example.
        let example = br#"{"kids":["LwVHf8JLtPrv2GUXFW2v_A","0DdtU9od-Bh5L3xbv0Xf_A"]}"#;
        let named = ["2f05477fc24bb4faefd86517156daffc", "d0376d53da1df818792f7c5bbf45dffc"];
        assert_eq!(request(example), Ok(named.map(|kid| kid.parse().expect("kid")).to_vec()));
        let kid = URL_SAFE_NO_PAD.encode([9; 16]);
        let twice = format!(r#" {{"x":[1],"kids":["{kid}","{kid}"]}} "#);
        assert_eq!(request(twice.as_bytes()), Ok(vec![Kid([9; 16])]));
    }

    #[test]
    fn other_requests_are_refused() {
        let good = "LwVHf8JLtPrv2GUXFW2v_A";
        let many = vec![format!("{good:?}"); MAX_KIDS + 1].join(",");
        for (body, error) in [
            (String::new(), RequestError::Form),
            ("[]".to_owned(), RequestError::Form),
            (r#"{"kids":"x"}"#.to_owned(), RequestError::Form),
            (r#"{"kids":[]}"#.to_owned(), RequestError::Count),
            (format!(r#"{{"kids":[{many}]}}"#), RequestError::Count),
            (format!(r#"{{"kids":["{good}=="]}}"#), RequestError::Kid),
            (r#"{"kids":["LwVHf8JLtPrv2GUXFW2v"]}"#.to_owned(), RequestError::Kid),
            (r#"{"kids":["LwVHf8JLtPrv2GUXFW2v/A"]}"#.to_owned(), RequestError::Kid),
            (format!(r#"{{"kids":["{good}"],"type":"persistent-license"}}"#), RequestError::Type),
            (" ".repeat(MAX_REQUEST + 1), RequestError::TooLong),
            ("[".repeat(MAX_REQUEST), RequestError::Form),
        ] {
            assert_eq!(request(body.as_bytes()), Err(error), "{body:.60}");
        }
    }

    #[test]
    fn published_request_and_licence() {
        // dash.js issue 3343, which gives default_KID, request and licence of one title.
        let kid: Kid = "9eb4050d-e44b-4802-932e-27d75083e266".parse().expect("kid");
        assert_eq!(request(br#"{"kids":["nrQFDeRLSAKTLifXUIPiZg"],"type":"temporary"}"#), Ok(vec![kid]));
        let key: Kid = "166634c675823c235a4a9446fad52e4d".parse().expect("hex");
        assert_eq!(
            *response([(kid, &ContentKey::new(key.0))].into_iter()),
            r#"{"keys":[{"kty":"oct","k":"FmY0xnWCPCNaSpRG-tUuTQ","kid":"nrQFDeRLSAKTLifXUIPiZg"}],"type":"temporary"}"#
        );
    }

    #[test]
    fn a_licence_is_a_jwk_set_and_never_grew() {
        let keys = [ContentKey::new([0xfb; 16]), ContentKey::new([2; 16])];
        let kids = [fixture::kid(0), fixture::kid(0x10)];
        let licence = response(kids.into_iter().zip(&keys));
        assert_eq!(
            *licence,
            r#"{"keys":[{"kty":"oct","k":"-_v7-_v7-_v7-_v7-_v7-w","kid":"AAECAwQFBgcICQoLDA0ODw"},{"kty":"oct","k":"AgICAgICAgICAgICAgICAg","kid":"EBESExQVFhcYGRobHB0eHw"}],"type":"temporary"}"#
        );
        assert!(licence.len() <= HEAD.len() + TAIL.len() + 2 * PER_KEY);
        assert_eq!(*response([].into_iter()), r#"{"keys":[],"type":"temporary"}"#);
    }

    #[test]
    fn common_box_lists_the_keys() {
        let boxed = common_pssh(&[fixture::kid(1)]);
        let (parsed, _) = super::super::pssh::parse(&boxed).expect("box");
        assert_eq!((parsed.system, parsed.kids), (SystemId::COMMON, Some(vec![fixture::kid(1)])));
    }

    proptest! {
        #[test]
        fn a_licence_answers_every_request_it_can(kids in proptest::collection::hash_set(any::<[u8; 16]>(), 1..8)) {
            let kids: Vec<Kid> = kids.into_iter().map(Kid).collect();
            let listed: Vec<_> = kids.iter().map(|kid| URL_SAFE_NO_PAD.encode(kid.0)).collect();
            let body = serde_json::json!({"kids": listed, "type": "temporary"}).to_string();
            prop_assert_eq!(request(body.as_bytes()), Ok(kids.clone()));
            let keys: Vec<_> = kids.iter().map(|kid| ContentKey::new(kid.0.map(|byte| !byte))).collect();
            let licence = response(kids.iter().copied().zip(&keys));
            let read: serde_json::Value = serde_json::from_str(&licence).expect("JSON");
            for (at, kid) in kids.iter().enumerate() {
                let k = read["keys"][at]["k"].as_str().expect("k");
                prop_assert_eq!(URL_SAFE_NO_PAD.decode(k).expect("base64"), kid.0.map(|byte| !byte).to_vec());
                prop_assert_eq!(read["keys"][at]["kid"].as_str(), Some(listed[at].as_str()));
            }
        }
    }
}

//! Every bit of every token that others made, one at a time: of its text, and of the bytes that its base64 stands for.
//!
//! All of them in a build for release. Without its optimizations a fifth, of which each vector has another one.
//!
//! A text's byte has seven bits here: with the eighth it is no ASCII, which neither a URL nor what is read of a cookie can be.

use super::*;

/// Of how many bits one is changed.
const STEP: usize = if cfg!(debug_assertions) { 5 } else { 1 };

/// A half of the vectors, for each of which there is a test that runs beside the other.
fn half(which: usize) -> impl Iterator<Item = (usize, Vector)> {
    vectors().into_iter().enumerate().filter(move |(at, _)| at % 2 == which)
}

/// The bits to change of so many, by a vector's number.
fn bits(count: usize, vector: usize) -> impl Iterator<Item = usize> {
    (vector % STEP..count).step_by(STEP)
}

fn flip(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// A request that shows no token any more, or a wrong one.
fn refuses(keys: &CloudFrontKeys, name: &str, request: &Request, bit: usize) {
    let presented = request.presented();
    assert!(!keys.is_presented(&presented) || keys.verify(&presented).is_err(), "{name}: bit {bit}");
}

/// The text with each of its characters' bits changed.
fn altered(text: &str, vector: usize) -> impl Iterator<Item = (usize, String)> {
    bits(text.len() * 8, vector)
        .filter(|bit| bit % 8 < 7)
        .map(|bit| (bit, String::from_utf8(flip(text.as_bytes(), bit)).expect("ASCII")))
}

fn every_bit_of_the_text(vectors: impl Iterator<Item = (usize, Vector)>) {
    let keys = keys(true);
    for (vector, Vector { name, request, .. }) in vectors {
        let url = request.url.clone().expect("a URL");
        // A canned policy is the URL too. What a custom one covers, it covers.
        let own = ["Policy=", "Expires="].iter().filter_map(|own| url.find(own)).min().unwrap_or(url.len());
        let first = if name.contains("canned") { 0 } else { own };
        for (bit, changed) in altered(&url[first..], vector) {
            refuses(&keys, &name, &request.clone().url(&format!("{}{changed}", &url[..first])), bit);
        }
        for cookie in 0..request.cookies.0.len() {
            let mut shown = request.clone();
            for (bit, changed) in altered(&request.cookies.0[cookie].1, vector) {
                shown.cookies.0[cookie].1 = changed;
                refuses(&keys, &name, &shown, bit);
            }
        }
    }
}

/// Where a part's value is in the URL.
fn place(url: &str, part: &str) -> Option<core::ops::Range<usize>> {
    let start = url.find(&format!("{part}="))? + part.len() + 1;
    Some(start..url[start..].find('&').map_or(url.len(), |length| start + length))
}

/// A part of the token, which is in a cookie or in the URL.
fn value_of(request: &Request, part: &str) -> Option<String> {
    let cookie = request.cookies.0.iter().find(|(name, _)| name.ends_with(part));
    let url = request.url.as_deref().unwrap_or_default();
    cookie.map(|(_, value)| value.clone()).or_else(|| Some(url[place(url, part)?].to_owned()))
}

/// The request with another value of that part.
fn with_part(request: &Request, part: &str, value: &str) -> Option<Request> {
    let mut changed = request.clone();
    if let Some((_, old)) = changed.cookies.0.iter_mut().find(|(name, _)| name.ends_with(part)) {
        value.clone_into(old);
        return Some(changed);
    }
    let mut url = request.url.clone()?;
    url.replace_range(place(&url, part)?, value);
    Some(changed.url(&url))
}

fn every_bit_of_the_bytes(vectors: impl Iterator<Item = (usize, Vector)>) {
    let keys = keys(true);
    for (vector, Vector { name, request, .. }) in vectors {
        let mut parts = 0;
        for part in ["Policy", "Signature"] {
            let Some(bytes) = value_of(&request, part) else { continue };
            let bytes = signed::decode(&bytes, usize::MAX).expect("base64");
            let shown = |bytes: &[u8]| with_part(&request, part, &encode(bytes)).expect("the part");
            assert!(keys.verify(&shown(&bytes).presented()).is_ok(), "{name}: {part}");
            parts += 1;
            for bit in bits(bytes.len() * 8, vector) {
                let changed = shown(&flip(&bytes, bit));
                assert_eq!(keys.verify(&changed.presented()), INVALID, "{name}: bit {bit} of {part}");
            }
        }
        assert_eq!(parts, if name.contains("canned") { 1 } else { 2 }, "{name}");
    }
}

#[test]
fn every_altered_bit_of_a_tokens_text_is_refused() {
    every_bit_of_the_text(half(0));
}

#[test]
fn every_altered_bit_of_a_tokens_text_is_refused_in_the_other_half() {
    every_bit_of_the_text(half(1));
}

#[test]
fn every_altered_bit_of_policy_and_signature_is_refused() {
    every_bit_of_the_bytes(half(0));
}

#[test]
fn every_altered_bit_of_policy_and_signature_is_refused_in_the_other_half() {
    every_bit_of_the_bytes(half(1));
}

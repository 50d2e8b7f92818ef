//! Against answers that PyPI's `cpix` and `cryptography` made: tests/cpix/README.md.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

use super::*;
use crate::cpix::{Answer, AnswerError, KeyRequest, Profile, parse, read_answer, request::tests::request};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/cpix/answers.json")).expect("JSON")
}

fn text<'a>(vectors: &'a Value, name: &str) -> &'a str {
    vectors[name].as_str().expect("text")
}

/// Within the time of the vectors' certificate.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn recipient(vectors: &Value) -> Recipient {
    Recipient::new(text(vectors, "certificate"), text(vectors, "private_key"), now()).expect("a recipient")
}

fn asked() -> KeyRequest {
    KeyRequest { systems: vec![KeySystem::Clearkey], ..request(Scheme::Cenc) }
}

fn read(answer: &str, recipient: &Recipient) -> Result<Answer, AnswerError> {
    Profile { recipient: Some(recipient), ..Profile::default() }.read_answer(answer.as_bytes(), &asked())
}

fn keys_are_those_of(answer: &Answer, vectors: &Value) {
    assert_eq!(answer.keys.len(), 2);
    for (kid, key) in &answer.keys {
        assert_eq!(vectors["keys"][kid.to_string()], Kid(*key.expose()).to_string());
    }
}

#[test]
fn anothers_encrypted_answer_is_read() {
    let vectors = vectors();
    let answer = read(text(&vectors, "encrypted"), &recipient(&vectors)).expect("a good answer");
    keys_are_those_of(&answer, &vectors);
    let pkcs1 = Recipient::new(text(&vectors, "certificate"), text(&vectors, "private_key_pkcs1"), now());
    assert!(pkcs1.is_ok());
}

#[test]
fn anothers_plain_answer_is_read() {
    let vectors = vectors();
    let systems = vec![KeySystem::Widevine, KeySystem::Playready, KeySystem::Fairplay];
    let request = KeyRequest { systems, ..request(Scheme::Cbcs) };
    let answer = read_answer(text(&vectors, "plain").as_bytes(), &request).expect("a good answer");
    keys_are_those_of(&answer, &vectors);
    assert_eq!(answer.signalling.len(), 6);
    for said in &answer.signalling {
        let id = crate::cpix::system_id(said.system).expect("a system").replace('-', "");
        let theirs = vectors["pssh"][said.kid.to_string()][id].as_str();
        assert_eq!(said.pssh.as_ref().map(|pssh| STANDARD.encode(pssh)).as_deref(), theirs);
        let uri = (said.system == KeySystem::Fairplay).then(|| format!("skd://acme/{}", said.kid.uuid()));
        assert_eq!(said.key_uri, uri);
    }
}

#[test]
fn what_was_changed_is_not_decrypted() {
    let vectors = vectors();
    let (good, recipient) = (text(&vectors, "encrypted"), recipient(&vectors));
    let (one, delivery) = (Kid([1; 16]), AnswerError::Delivery);
    let mac = good.split_once("ValueMAC>").and_then(|(_, rest)| rest.split_once('<')).expect("a MAC").0;
    let value = good.rsplit_once("aes256-cbc\"/><enc:CipherData><enc:CipherValue>").expect("a value").1;
    let value = value.split_once('<').expect("an end").0;
    // The first character of base64 is six bits of the first byte: of the MAC, of the IV.
    let changed = |part: &str| {
        good.replacen(part, &format!("{}{}", if part.starts_with('A') { 'B' } else { 'A' }, &part[1..]), 1)
    };
    let cases = [
        (changed(mac), AnswerError::Mac(one)),
        (changed(value), AnswerError::Mac(Kid([2; 16]))),
        (
            good.replacen("<pskc:ValueMAC>", "<pskc:ValueMac>", 1).replacen("</pskc:ValueMAC>", "</pskc:ValueMac>", 1),
            AnswerError::Mac(one),
        ),
        (good.replacen("hmac-sha512", "hmac-sha256", 1), delivery(DeliveryError::Algorithm("MACMethod"))),
        (good.replacen("rsa-oaep-mgf1p", "rsa-1_5", 1), delivery(DeliveryError::Algorithm("DocumentKey"))),
        (good.replacen("#aes256-cbc", "#aes128-cbc", 1), delivery(DeliveryError::Algorithm("DocumentKey"))),
        (
            good.replace(
                "enc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes256-cbc\"",
                "enc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"",
            ),
            delivery(DeliveryError::Algorithm("ContentKey")),
        ),
        (good.replace("cpix:MACMethod", "cpix:X"), delivery(DeliveryError::Missing("MACMethod"))),
        (good.replace("cpix:DocumentKey", "cpix:X"), delivery(DeliveryError::Missing("DocumentKey"))),
        (good.replace("cpix:DeliveryDataList", "cpix:X"), delivery(DeliveryError::Missing("DeliveryDataList"))),
        (good.replace("ds:X509Certificate", "ds:X"), delivery(DeliveryError::Recipient)),
    ];
    for (answer, error) in cases {
        assert_ne!(answer, good, "{error}");
        assert_eq!(read(&answer, &recipient).err(), Some(error));
    }
}

#[test]
fn keys_come_encrypted_where_and_only_where_that_was_asked() {
    let vectors = vectors();
    let recipient = recipient(&vectors);
    let encrypted = text(&vectors, "encrypted");
    assert_eq!(read_answer(encrypted.as_bytes(), &asked()).err(), Some(AnswerError::Encrypted(Kid([1; 16]))));
    let secret =
        encrypted.split_once("<cpix:ContentKeyList>").expect("keys").1.split_once("<pskc:Secret>").expect("a secret").1;
    let secret = secret.split_once("</pskc:Secret>").expect("an end").0;
    let plain = encrypted.replace(secret, "<pskc:PlainValue>AAAAAAAAAAAAAAAAAAAAAA==</pskc:PlainValue>");
    assert_eq!(read(&plain, &recipient).err(), Some(AnswerError::Plain(Kid([1; 16]))));
    let both =
        encrypted.replace(secret, &format!("<pskc:PlainValue>AAAAAAAAAAAAAAAAAAAAAA==</pskc:PlainValue>{secret}"));
    assert_eq!(read(&both, &recipient).err(), Some(AnswerError::Plain(Kid([1; 16]))));
    let other = Recipient::new(text(&vectors, "other_certificate"), text(&vectors, "other_private_key"), now())
        .expect("a recipient");
    assert_eq!(read(encrypted, &other).err(), Some(AnswerError::Delivery(DeliveryError::Recipient)));
}

#[test]
fn a_certificate_serves_in_its_time_with_its_key_and_of_2048_bits() {
    let vectors = vectors();
    let made = |certificate: &str, key: &str| Recipient::new(certificate, key, now()).err();
    let (good, key) = (text(&vectors, "certificate"), text(&vectors, "private_key"));
    assert_eq!(made(good, key), None);
    assert!(matches!(made(text(&vectors, "expired"), key), Some(CertificateError::Expired(1..))));
    assert!(matches!(made(text(&vectors, "future"), key), Some(CertificateError::NotYet(1..))));
    assert_eq!(made(good, text(&vectors, "other_private_key")), Some(CertificateError::OtherKey));
    assert_eq!(made(text(&vectors, "elliptic"), key), Some(CertificateError::Algorithm));
    assert_eq!(made("no certificate", key), Some(CertificateError::Form));
    assert_eq!(made(good, "no key"), Some(CertificateError::PrivateKey));
    let small = &vectors["small"];
    assert_eq!(made(text(small, "certificate"), text(small, "private_key")), Some(CertificateError::Small(1024)));
    let recipient = recipient(&vectors);
    let century = Duration::from_secs(101 * 366 * 86_400);
    assert!(matches!(recipient.valid_at(now() + century), Err(CertificateError::Expired(_))));
}

#[test]
fn a_request_carries_the_certificate() {
    let vectors = vectors();
    let recipient = recipient(&vectors);
    let document = Profile { recipient: Some(&recipient), ..Profile::default() }.write_request(&asked());
    let root = parse(document.as_bytes()).expect("well-formed");
    assert_eq!(root.children[0].name, "DeliveryDataList");
    let key = root.children[0].child("DeliveryData").and_then(|data| data.child("DeliveryKey")).expect("a key");
    let pem: String = text(&vectors, "certificate").lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(key.children[0].children[0].text.as_str(), pem);
    assert!(!document.contains("PRIVATE"));
}

//! Answers that programs of others have judged, see `vectors/README.md`: what is answered today is still what they saw.

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use rsa::rand_core::{CryptoRng, Error, RngCore};
use sha2::{Digest, Sha256};

use super::{MasterSecret, Refusal, faults, fill::fill};
use crate::{
    config::Faults,
    cpix::{CertificateError, Element, RecipientError, SpekeVersion, parse, write},
};

/// Numbers that are the same each time.
struct Repeated(u64);

impl RngCore for Repeated {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        let digest = Sha256::digest(self.0.to_be_bytes());
        u64::from_be_bytes(std::array::from_fn(|at| digest[at]))
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.next_u64().to_be_bytes()[..chunk.len()]));
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Repeated {}

/// Years from 1970, of 365.25 days.
fn year(year: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs((year - 1970) * 31_557_600)
}

fn answer(request: &str, now: SystemTime) -> Result<Element, Refusal> {
    let request = parse(request.as_bytes()).expect("well-formed");
    fill(request, SpekeVersion::V2_0, &MasterSecret::built_in(), now, &mut Repeated(0))
}

const ENCRYPTED: &str = include_str!("vectors/encrypted.request.xml");

#[test]
fn answers_are_those_that_were_judged() {
    for (request, judged) in [
        (include_str!("vectors/cenc.request.xml"), include_str!("vectors/cenc.answer.xml")),
        (include_str!("vectors/cbcs.request.xml"), include_str!("vectors/cbcs.answer.xml")),
        (include_str!("vectors/shared.request.xml"), include_str!("vectors/shared.answer.xml")),
        (include_str!("vectors/rotation.request.xml"), include_str!("vectors/rotation.answer.xml")),
        (ENCRYPTED, include_str!("vectors/encrypted.answer.xml")),
    ] {
        let filled = answer(request, year(2030)).expect("a good request");
        // Without printing the whole of either.
        assert!(*write(&filled) == judged, "{:.400}", *write(&filled));
    }
}

#[test]
fn nothing_is_encrypted_for_a_certificate_that_is_not_good() {
    let certificates: serde_json::Value =
        serde_json::from_str(include_str!("vectors/certificates.json")).expect("JSON");
    let text = |name: &str| certificates[name].as_str().expect("base64").to_owned();
    let good = certificates["good"][1].as_str().expect("base64");
    let refused = |other: &str| {
        let request = ENCRYPTED.replace(good, other);
        assert_ne!(request, ENCRYPTED);
        match answer(&request, year(2030)).err() {
            Some(Refusal::Certificate { number: 2, error }) => error,
            refusal => panic!("{refusal:?}"),
        }
    };
    assert!(matches!(refused(&text("expired")), RecipientError::Certificate(CertificateError::Expired(1..))));
    assert!(matches!(refused(&text("early")), RecipientError::Certificate(CertificateError::NotYet(1..))));
    assert_eq!(refused(&text("short")), CertificateError::Small(1024).into());
    assert_eq!(refused(&text("elliptic")), CertificateError::Algorithm.into());
    assert_eq!(refused(""), CertificateError::Form.into());
    assert_eq!(refused("not base64"), CertificateError::Form.into());
    assert_eq!(refused(&good[..good.len() / 8 * 4]), CertificateError::Form.into());
    assert_eq!(refused(&STANDARD.encode([0x30, 0x80])), CertificateError::Form.into());
    let expired = answer(ENCRYPTED, year(2127)).err().map(|refusal| refusal.to_string());
    assert!(expired.is_some_and(|text| text.starts_with("DeliveryData 1: the certificate expired ")));
    let without = ENCRYPTED.replacen("ds:X509Certificate", "ds:X509Name", 2);
    let missing = Refusal::Certificate { number: 1, error: RecipientError::Missing };
    assert_eq!(answer(&without, year(2030)).err(), Some(missing));
    // Base64 may be broken into lines.
    let broken = ENCRYPTED.replace(good, &format!("\n{}\n {}\n", &good[..64], &good[64..]));
    assert!(answer(&broken, year(2030)).is_ok());
}

proptest! {
    #[test]
    fn no_certificate_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let text = ENCRYPTED.split_once("<ds:X509Certificate>").expect("a certificate").1;
        let good = text.split_once('<').expect("its end").0;
        let mut der = STANDARD.decode(good).expect("base64");
        let at = at.index(der.len());
        if cut { der.truncate(at) } else { der[at] = byte }
        // Its signature is not looked at, so that a change there is none.
        match answer(&ENCRYPTED.replace(good, &STANDARD.encode(der)), year(2030)) {
            Ok(filled) => prop_assert!(!write(&filled).contains("PlainValue")),
            Err(refusal) => prop_assert!(matches!(refusal, Refusal::Certificate { number: 1, .. }), "{}", refusal),
        }
    }
}

#[test]
fn recipients_are_some_and_not_too_many() {
    let data = ENCRYPTED.split_once("<cpix:DeliveryDataList>").expect("a list").1;
    let data = data.split_once("</cpix:DeliveryDataList>").expect("its end").0;
    assert_eq!(answer(&ENCRYPTED.replace(data, ""), year(2030)).err(), Some(Refusal::Missing("DeliveryData")));
    let many = ENCRYPTED.replace(data, &data.repeat(9));
    assert_eq!(answer(&many, year(2030)).err(), Some(Refusal::Recipients(16)));
}

#[test]
fn no_plain_key_is_in_an_encrypted_answer() {
    let filled = answer(ENCRYPTED, year(2030)).expect("a good request");
    let text = write(&filled);
    assert!(!text.contains("PlainValue"));
    for key in filled.child("ContentKeyList").expect("kept").all("ContentKey") {
        let kid = key.attribute("kid").and_then(|kid| kid.parse().ok()).expect("a key id");
        let plain = MasterSecret::built_in().content_key(&kid);
        assert!(!text.contains(&STANDARD.encode(plain.expose())));
    }
}

#[test]
fn a_fault_changes_what_it_is_named_for() {
    let good = write(&answer(ENCRYPTED, year(2030)).expect("a good request"));
    let spoiled = |faults: Faults| {
        let mut answer = answer(ENCRYPTED, year(2030)).expect("a good request");
        faults::spoil(&mut answer, &faults);
        write(&answer)
    };
    assert_eq!(spoiled(Faults::default()), good);
    let macs = |text: &str| {
        let parts = text.split("<pskc:ValueMAC>").skip(1);
        parts.map(|part| part.split_once('<').expect("an end").0.to_owned()).collect::<Vec<_>>()
    };
    let bad = spoiled(Faults { bad_mac: true, ..Faults::default() });
    assert_eq!(macs(&good).len(), 6);
    assert!(macs(&bad).iter().zip(macs(&good)).all(|(bad, good)| *bad != good && bad.len() == good.len()));
    let without = spoiled(Faults { missing_filter: true, ..Faults::default() });
    assert!(good.contains("<cpix:VideoFilter/>") && !without.contains("Filter"));
}

/// Writes the answers anew. What it writes has to be judged.
#[test]
#[ignore = "writes into the source"]
fn write_answers() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/keyserver/vectors");
    for name in ["cenc", "cbcs", "shared", "rotation", "encrypted"] {
        let request = std::fs::read_to_string(folder.join(format!("{name}.request.xml"))).expect("a request");
        let filled = answer(&request, year(2030)).expect("a good request");
        std::fs::write(folder.join(format!("{name}.answer.xml")), &*write(&filled)).expect("written");
    }
}

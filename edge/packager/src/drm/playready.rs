//! PlayReady: the PlayReady Object (PRO) with a `WRMHEADER` 4.3.0.0, bare for HLS and `mspr:pro`, in a `pssh` box for DASH.
//!
//! PlayReady Header Specification (Microsoft, 2021), sections 2 (object) and 4.3 (header).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::pssh::{Pssh, SystemId};
use crate::{keys::Kid, title::Scheme};

/// `9a04f079-9840-4286-ab92-e65be0885f95`, in box order.
pub const SYSTEM: SystemId = SystemId(0x9a04f079_9840_4286_ab92_e65be0885f95_u128.to_be_bytes());
/// The same as `schemeIdUri` (DASH).
pub const URN: &str = "urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95";
/// HLS `KEYFORMAT`.
pub const KEYFORMAT: &str = "com.microsoft.playready";

/// Keys that a header names: an object has 15 KB at most (section 2).
pub const MAX_KEYS: usize = 100;

/// Record type of a rights management header.
const RIGHTS_MANAGEMENT_HEADER: u16 = 1;

/// `WRMHEADER` 4.3.0.0 for these keys, at most [`MAX_KEYS`]: explicit end tags, attributes in alphabetical order, no blanks.
///
/// Without CHECKSUM: it is optional under AESCTR (Microsoft's own examples of 4.3 have none), must be absent under AESCBC, and
/// needs the key, which no manifest writer holds.
/// Without LA_URL: where licences come from is the application's to say.
pub fn header(kids: &[Kid], scheme: Scheme) -> String {
    let algorithm = match scheme {
        Scheme::Cenc => "AESCTR",
        Scheme::Cbcs => "AESCBC",
    };
    let attributes = |kid| format!("ALGID=\"{algorithm}\" VALUE=\"{}\"", STANDARD.encode(guid(kid)));
    wrmheader(kids.iter().map(attributes))
}

/// The same of one key under AESCTR, by one who holds it: with its CHECKSUM, the first 8 bytes of AES-128-ECB(content key,
/// [`guid`] of the key id).
pub fn checked_header(kid: &Kid, checksum: &[u8; 8]) -> String {
    let (checksum, value) = (STANDARD.encode(checksum), STANDARD.encode(guid(kid)));
    wrmheader([format!("ALGID=\"AESCTR\" CHECKSUM=\"{checksum}\" VALUE=\"{value}\"")].into_iter())
}

fn wrmheader(keys: impl Iterator<Item = String>) -> String {
    let listed: String = keys.take(MAX_KEYS).map(|attributes| format!("<KID {attributes}></KID>")).collect();
    format!(
        "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.3.0.0\"><DATA><PROTECTINFO>\
         <KIDS>{listed}</KIDS></PROTECTINFO></DATA></WRMHEADER>"
    )
}

/// The PlayReady Object of [`header`].
pub fn object(kids: &[Kid], scheme: Scheme) -> Vec<u8> {
    object_of(&header(kids, scheme))
}

/// The PlayReady Object of a header: little-endian lengths, one record, the header in UTF-16LE without a byte order mark.
pub fn object_of(header: &str) -> Vec<u8> {
    let header: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
    // Some 400 bytes and 110 for each key: of a record's 64 KB a fifth, at most.
    let (record, object) = (header.len() as u16, header.len() as u32 + 10);
    let mut out = Vec::with_capacity(header.len() + 10);
    out.extend_from_slice(&object.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&RIGHTS_MANAGEMENT_HEADER.to_le_bytes());
    out.extend_from_slice(&record.to_le_bytes());
    out.extend_from_slice(&header);
    out
}

/// The `pssh` box around the object.
pub fn pssh(kids: &[Kid], scheme: Scheme) -> Vec<u8> {
    pssh_of(&object(kids, scheme))
}

/// The `pssh` box around an object.
pub fn pssh_of(object: &[u8]) -> Vec<u8> {
    Pssh { system: SYSTEM, kids: None, data: object }.to_bytes()
}

/// The key id as a GUID in memory: its first three fields little-endian.
pub fn guid(kid: &Kid) -> [u8; 16] {
    let mut guid = kid.0;
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    guid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{drm::pssh, manifest::fixture};

    #[test]
    fn published_key_id_in_both_orders() {
        // tests/fixtures/jurassic-compact-5975.mpd of the crate dash-mpd-core 0.1.0: cenc:default_KID and the KID inside mspr:pro.
        let kid = "00163706-9fb5-d1ac-3c47-47e01322e4c2".parse().expect("key id");
        assert_eq!(STANDARD.encode(guid(&kid)), "BjcWALWfrNE8R0fgEyLkwg==");
    }

    #[test]
    fn the_header_is_of_the_specifications_form() {
        let kid = fixture::kid(0);
        let expected = |algorithm: &str| {
            format!(
                "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.3.0.0\"><DATA>\
                 <PROTECTINFO><KIDS><KID ALGID=\"{algorithm}\" VALUE=\"AwIBAAUEBwYICQoLDA0ODw==\"></KID></KIDS></PROTECTINFO>\
                 </DATA></WRMHEADER>"
            )
        };
        assert_eq!(header(&[kid], Scheme::Cenc), expected("AESCTR"));
        assert_eq!(header(&[kid], Scheme::Cbcs), expected("AESCBC"));
    }

    #[test]
    fn a_checksum_stands_between_algorithm_and_key_id() {
        let header = checked_header(&fixture::kid(0), &[0xab; 8]);
        let key = "<KID ALGID=\"AESCTR\" CHECKSUM=\"q6urq6urq6s=\" VALUE=\"AwIBAAUEBwYICQoLDA0ODw==\"></KID>";
        assert!(header.contains(key), "{header}");
    }

    #[test]
    fn the_object_decodes_to_its_header() {
        let kid = fixture::kid(0x90);
        for scheme in [Scheme::Cenc, Scheme::Cbcs] {
            let boxed = super::pssh(&[kid], scheme);
            let (parsed, after) = pssh::parse(&boxed).expect("box");
            assert_eq!((parsed.system, parsed.kids, after), (SYSTEM, None, &[][..]));
            let object = parsed.data;
            assert_eq!(object, super::object(&[kid], scheme));
            let u16_at = |at: usize| u16::from_le_bytes([object[at], object[at + 1]]);
            assert_eq!(object.len(), usize::from(u16_at(0)));
            assert_eq!([u16_at(2), u16_at(4), u16_at(6)], [0, 1, 1]);
            assert_eq!(object.len() - 10, usize::from(u16_at(8)));
            let units: Vec<u16> = (10..object.len()).step_by(2).map(u16_at).collect();
            assert_eq!(String::from_utf16(&units).expect("UTF-16"), header(&[kid], scheme));
        }
    }
}

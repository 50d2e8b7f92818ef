//! Widevine: a version 0 `pssh` box around a `WidevineCencHeader` protobuf.

use super::pssh::{Pssh, SystemId};
use crate::{keys::Kid, title::Scheme};

/// `edef8ba9-79d6-4ace-a3c8-27dcd51d21ed`, in box order.
pub const SYSTEM: SystemId = SystemId(0xedef8ba9_79d6_4ace_a3c8_27dcd51d21ed_u128.to_be_bytes());
/// The same as `schemeIdUri` (DASH) and `KEYFORMAT` (HLS).
pub const URN: &str = "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";

// Protobuf tags: field number << 3 | wire type (2 length-delimited, 0 varint).
const KEY_ID: u8 = 2 << 3 | 2;
const CONTENT_ID: u8 = 4 << 3 | 2;
const PROTECTION_SCHEME: u8 = 9 << 3;

/// `WidevineCencHeader`: `key_ids`, `content_id` where given, and `protection_scheme`, the scheme's four characters as a
/// big-endian number.
pub fn header(kids: &[Kid], content_id: Option<&[u8]>, scheme: Scheme) -> Vec<u8> {
    let mut out = Vec::with_capacity(18 * kids.len() + content_id.map_or(0, |id| id.len() + 6) + 6);
    for kid in kids {
        length_delimited(&mut out, KEY_ID, &kid.0);
    }
    if let Some(id) = content_id {
        length_delimited(&mut out, CONTENT_ID, id);
    }
    out.push(PROTECTION_SCHEME);
    let four_characters = match scheme {
        Scheme::Cenc => *b"cenc",
        Scheme::Cbcs => *b"cbcs",
    };
    varint(&mut out, u32::from_be_bytes(four_characters).into());
    out
}

/// The `pssh` box for these keys, as manifests carry it.
pub fn pssh(kids: &[Kid], scheme: Scheme) -> Vec<u8> {
    Pssh { system: SYSTEM, kids: None, data: &header(kids, None, scheme) }.to_bytes()
}

fn length_delimited(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;
    use crate::{drm::pssh, manifest::fixture};

    #[test]
    fn published_box_of_a_cenc_title() {
        // tests/fixtures/jurassic-compact-5975.mpd of the crate dash-mpd-core 0.1.0, beside cenc:default_KID.
        let kid = "00163706-9fb5-d1ac-3c47-47e01322e4c2".parse().expect("key id");
        let published = "AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAAWNwaftdGsPEdH4BMi5MJI49yVmwY=";
        assert_eq!(STANDARD.encode(pssh(&[kid], Scheme::Cenc)), published);
    }

    /// Fields of a protobuf message: number, and a varint or bytes.
    fn fields(mut bytes: &[u8]) -> Vec<(u64, Result<u64, Vec<u8>>)> {
        fn take(bytes: &mut &[u8]) -> u64 {
            let (mut n, mut shift) = (0, 0);
            loop {
                let (byte, rest) = bytes.split_first().expect("varint");
                *bytes = rest;
                n |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    return n;
                }
            }
        }
        let mut out = Vec::new();
        while !bytes.is_empty() {
            let tag = take(&mut bytes);
            let number_or_length = take(&mut bytes);
            out.push((
                tag >> 3,
                match tag & 7 {
                    0 => Ok(number_or_length),
                    _ => {
                        let (value, rest) = bytes.split_at(number_or_length as usize);
                        bytes = rest;
                        Err(value.to_vec())
                    }
                },
            ));
        }
        out
    }

    #[test]
    fn every_field_reads_back() {
        let (first, second) = (fixture::kid(1), fixture::kid(0x80));
        let content = [b'c'; 200];
        let read = fields(&header(&[first, second], Some(&content), Scheme::Cbcs));
        assert_eq!(
            read,
            [(2, Err(first.0.to_vec())), (2, Err(second.0.to_vec())), (4, Err(content.to_vec())), (9, Ok(0x6362_6373)),]
        );
        let boxed = super::pssh(&[first], Scheme::Cenc);
        let (parsed, after) = pssh::parse(&boxed).expect("box");
        assert_eq!((parsed.system, parsed.kids, after), (SYSTEM, None, &[][..]));
        assert_eq!(fields(parsed.data), [(2, Err(first.0.to_vec())), (9, Ok(0x6365_6e63))]);
    }
}

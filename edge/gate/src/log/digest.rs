use core::net::IpAddr;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{Net, Roots, SessionId};

/// What separates the audit key's uses from each other.
const LINE: &[u8] = b"line\0";
const NETWORK: &[u8] = b"network\0";
/// Bytes of a line's MAC: HMAC-SHA256 cut to its first half, the least that RFC 2104, 5 recommends.
const TAG: usize = 16;

/// Stands for the client's network (/24 or /48) in a session's lines: 16 hex digits.
///
/// An audit counts a session's networks by it, since a session that is used from many of them at a time is passed on. Keyed, and by the session too: a network
/// cannot be guessed from it, nor a viewer followed by it from one session to another. A rotation of the root changes it.
pub fn network(roots: &Roots, session: &SessionId, address: IpAddr) -> String {
    let digest = keyed(roots.audit_key(), NETWORK, &[&session.0, &Net::prefix(address).to_wire()]).finalize();
    hex(&digest.into_bytes()[..8])
}

/// The MAC of a line's text before its `mac`, in hex.
pub(super) fn mac(key: &[u8; 32], text: &str) -> String {
    hex(&keyed(key, LINE, &[text.as_bytes()]).finalize().into_bytes()[..TAG])
}

/// Whether one of the audit keys made the MAC. Compared in constant time.
pub(super) fn verify<'k>(mut keys: impl Iterator<Item = &'k [u8; 32]>, text: &str, mac: &[u8; TAG]) -> bool {
    keys.any(|key| keyed(key, LINE, &[text.as_bytes()]).verify_truncated_left(mac).is_ok())
}

/// Lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

fn keyed(key: &[u8; 32], label: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(label);
    parts.iter().for_each(|part| mac.update(part));
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots() -> Roots {
        Roots::new(&[1; 32], None).expect("roots")
    }

    #[test]
    fn a_network_is_a_prefix_within_a_session() {
        let of = |session: u8, address: &str| {
            network(&roots(), &SessionId([session; 16]), address.parse().expect("an address"))
        };
        assert_eq!(of(1, "192.0.2.1"), of(1, "192.0.2.200"));
        assert_eq!(of(1, "2001:db8:1:2::1"), of(1, "2001:db8:1:ffff::9"));
        assert_ne!(of(1, "192.0.2.1"), of(1, "192.0.3.1"));
        assert_ne!(of(1, "192.0.2.1"), of(2, "192.0.2.1"), "no viewer is followed from one session to another");
        assert_eq!(of(1, "192.0.2.1").len(), 16);
    }
}

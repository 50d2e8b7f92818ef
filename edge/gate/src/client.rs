use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{Roots, rights::Region, roots::Label};

/// What is known of a client. Nothing of it comes from a header that the client itself can set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientFacts {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<[u8; 2]>,
    /// The subdivision of that country.
    pub region: Option<Region>,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// Its network's autonomous system number.
    pub asn: Option<u32>,
    /// Whether the network hides where its users are: VPN, proxy, Tor, hosting.
    pub anonymizer: Option<bool>,
}

/// A network that a lease or a handle is bound to. All bindings break players that roam between networks, and
/// those to addresses also players that change between IPv4 and IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Net {
    /// Any network.
    #[default]
    None,
    /// The autonomous system of that number.
    Asn(u32),
    /// The IPv4 /24 of those first three bytes.
    V4([u8; 3]),
    /// The IPv6 /48 of those first six bytes.
    V6([u8; 6]),
    /// That one IPv4 address.
    V4Host([u8; 4]),
    /// The IPv6 /64 of those first eight bytes: as much of an address as a network gives one customer's link, within which
    /// devices choose the rest as they like (RFC 8981).
    V6Host([u8; 8]),
}

/// Bytes of a network in leases and handles: its kind, its number or address, zeros.
pub(crate) const NET: usize = 9;

impl Net {
    /// The /24 or /48 around an address. An IPv4 address in IPv6 form (`::ffff:a.b.c.d`) is taken for the IPv4 address that it is.
    pub fn prefix(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, ..] = address.octets();
                Self::V6([a, b, c, d, e, f])
            }
        }
    }

    /// That IPv4 address alone, or the /64 around that IPv6 address.
    pub fn host(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4Host(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6Host([a, b, c, d, e, f, g, h])
            }
        }
    }

    /// Whether the client is in this network. A fact that is needed and not known is not met.
    pub fn holds(&self, client: &ClientFacts) -> bool {
        match self {
            Self::None => true,
            Self::Asn(asn) => client.asn == Some(*asn),
            Self::V4(_) | Self::V6(_) => client.address.map(Self::prefix) == Some(*self),
            Self::V4Host(_) | Self::V6Host(_) => client.address.map(Self::host) == Some(*self),
        }
    }

    pub(crate) fn to_wire(self) -> [u8; NET] {
        let mut wire = [0; NET];
        let mut put = |kind, bytes: &[u8]| {
            wire[0] = kind;
            wire[1..=bytes.len()].copy_from_slice(bytes);
        };
        match self {
            Self::None => {}
            Self::Asn(asn) => put(1, &asn.to_be_bytes()),
            Self::V4(prefix) => put(2, &prefix),
            Self::V6(prefix) => put(3, &prefix),
            Self::V4Host(address) => put(4, &address),
            Self::V6Host(prefix) => put(5, &prefix),
        }
        wire
    }

    pub(crate) fn from_wire([kind, rest @ ..]: [u8; NET]) -> Option<Self> {
        /// The first bytes, where all after them are zero.
        fn only<const N: usize>(bytes: &[u8; NET - 1]) -> Option<[u8; N]> {
            let (head, tail) = bytes.split_first_chunk::<N>()?;
            tail.iter().all(|byte| *byte == 0).then_some(*head)
        }
        match kind {
            0 => only::<0>(&rest).map(|_| Self::None),
            1 => only(&rest).map(|bytes| Self::Asn(u32::from_be_bytes(bytes))),
            2 => only(&rest).map(Self::V4),
            3 => only(&rest).map(Self::V6),
            4 => only(&rest).map(Self::V4Host),
            5 => Some(Self::V6Host(rest)),
            _ => None,
        }
    }
}

/// For people: `AS3320`, `192.0.2.0/24`, `2001:db8::/64`.
impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v6 = |head: &[u8]| {
            let mut octets = [0; 16];
            octets[..head.len()].copy_from_slice(head);
            Ipv6Addr::from(octets)
        };
        match self {
            Self::None => f.write_str("any network"),
            Self::Asn(asn) => write!(f, "AS{asn}"),
            Self::V4([a, b, c]) => write!(f, "{a}.{b}.{c}.0/24"),
            Self::V6(prefix) => write!(f, "{}/48", v6(prefix)),
            Self::V4Host(address) => write!(f, "{}/32", Ipv4Addr::from(*address)),
            Self::V6Host(prefix) => write!(f, "{}/64", v6(prefix)),
        }
    }
}

/// As stored with a session: the bytes of leases and handles, in hex.
impl From<Net> for String {
    fn from(net: Net) -> Self {
        hex(&net.to_wire())
    }
}

impl TryFrom<String> for Net {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const FORM: &str = "a network is 18 hex digits";
        let mut wire = [0; NET];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != NET || !rest.is_empty() {
            return Err(FORM);
        }
        for (byte, pair) in wire.iter_mut().zip(pairs) {
            let pair = core::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|digit| digit != b'+'));
            *byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(FORM)?;
        }
        Self::from_wire(wire).ok_or(FORM)
    }
}

/// What stands for a client's network (its /24 or /48) where the address itself must not be kept: 16 hex digits, keyed, and different for every
/// `purpose`. The first is the current root's; what another root's key wrote is recognised by the second.
pub fn network_digests(roots: &Roots, purpose: &[u8], address: IpAddr) -> impl Iterator<Item = String> {
    let network = Net::prefix(address).to_wire();
    roots.verifying(Label::Network).map(move |key| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        // The network comes last and has one length, so that nothing else reads alike.
        mac.update(purpose);
        mac.update(&network);
        hex(&mac.finalize().into_bytes()[..8])
    })
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn any_net() -> impl Strategy<Value = Net> {
        prop_oneof![
            Just(Net::None),
            any::<u32>().prop_map(Net::Asn),
            any::<[u8; 3]>().prop_map(Net::V4),
            any::<[u8; 6]>().prop_map(Net::V6),
            any::<[u8; 4]>().prop_map(Net::V4Host),
            any::<[u8; 8]>().prop_map(Net::V6Host),
        ]
    }

    /// Facts that satisfy a binding. An IPv6 prefix of IPv4-mapped form cannot come from [`Net::prefix`].
    pub(crate) fn within(net: Net) -> ClientFacts {
        let address: Option<IpAddr> = match net {
            Net::V4([a, b, c]) => Some([a, b, c, 9].into()),
            Net::V4Host(address) => Some(address.into()),
            Net::V6([a, b, c, d, e, f]) => Some([a, b, c, d, e, f, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9].into()),
            Net::V6Host([a, b, c, d, e, f, g, h]) => Some([a, b, c, d, e, f, g, h, 9, 9, 9, 9, 9, 9, 9, 9].into()),
            Net::None | Net::Asn(_) => None,
        };
        let asn = if let Net::Asn(asn) = net { Some(asn) } else { None };
        ClientFacts { address, asn, ..ClientFacts::default() }
    }

    fn at(address: &str) -> ClientFacts {
        ClientFacts { address: Some(address.parse().expect("address")), ..ClientFacts::default() }
    }

    #[test]
    fn a_network_holds_its_own_and_nothing_unknown() {
        for (net, inside, outside) in [
            (
                Net::prefix(at("192.0.2.200").address.expect("one")),
                &["192.0.2.1", "::ffff:192.0.2.9"][..],
                "192.0.3.200",
            ),
            (Net::host(at("192.0.2.200").address.expect("one")), &["192.0.2.200", "::ffff:192.0.2.200"], "192.0.2.201"),
            (Net::prefix(at("2001:db8:7:1::1").address.expect("one")), &["2001:db8:7:ffff::2"], "2001:db8:8:1::1"),
            (Net::host(at("2001:db8:7:1::1").address.expect("one")), &["2001:db8:7:1:ffff::2"], "2001:db8:7:2::1"),
        ] {
            for address in inside {
                assert!(net.holds(&at(address)), "{net:?} {address}");
            }
            for address in [outside, "198.51.100.1", "2001:db9::1"] {
                assert!(!net.holds(&at(address)), "{net:?} {address}");
            }
            assert!(!net.holds(&ClientFacts { asn: Some(3320), ..ClientFacts::default() }));
        }
        assert!(Net::Asn(3320).holds(&within(Net::Asn(3320))) && !Net::Asn(3320).holds(&within(Net::Asn(3321))));
        assert!(!Net::Asn(3320).holds(&at("192.0.2.1")) && Net::None.holds(&ClientFacts::default()));
    }

    #[test]
    fn people_read_networks_as_they_write_them() {
        for (net, text) in [
            (Net::None, "any network"),
            (Net::Asn(3320), "AS3320"),
            (Net::V4([192, 0, 2]), "192.0.2.0/24"),
            (Net::V4Host([192, 0, 2, 7]), "192.0.2.7/32"),
            (Net::V6([0x20, 1, 0x0d, 0xb8, 0, 7]), "2001:db8:7::/48"),
            (Net::V6Host([0x20, 1, 0x0d, 0xb8, 0, 7, 0, 1]), "2001:db8:7:1::/64"),
        ] {
            assert_eq!(net.to_string(), text);
        }
    }

    #[test]
    fn digests_tell_networks_and_purposes_apart_and_addresses_of_a_network_do_not() {
        let roots = |current: u8, previous: Option<[u8; 32]>| {
            Roots::new(&[current; 32], previous.as_ref().map(|root| root.as_slice())).expect("roots")
        };
        let of = |roots: &Roots, purpose: &[u8], address: &str| -> Vec<String> {
            network_digests(roots, purpose, address.parse().expect("address")).collect()
        };
        let one = of(&roots(1, None), b"a", "192.0.2.1");
        assert_eq!(one, of(&roots(1, None), b"a", "192.0.2.254"));
        assert_eq!((one.len(), one[0].len()), (1, 16));
        for other in [
            of(&roots(1, None), b"b", "192.0.2.1"),
            of(&roots(1, None), b"a", "192.0.3.1"),
            of(&roots(1, None), b"a", "2001:db8::1"),
            of(&roots(2, None), b"a", "192.0.2.1"),
        ] {
            assert_ne!(one, other);
        }
        let rotating = of(&roots(2, Some([1; 32])), b"a", "192.0.2.1");
        assert_eq!(rotating, [of(&roots(2, None), b"a", "192.0.2.1"), one].concat());
    }

    proptest! {
        #[test]
        fn a_network_survives_both_forms(net in any_net()) {
            prop_assert_eq!(Net::from_wire(net.to_wire()), Some(net));
            let json = serde_json::to_string(&net).expect("json");
            prop_assert_eq!(serde_json::from_str::<Net>(&json).expect("network"), net);
            // 64 bits of IPv6 that are IPv4's `::ffff:0:0` cannot be told: those addresses are IPv4's.
            prop_assert!(net.holds(&within(net)) || matches!(net, Net::V6(_) | Net::V6Host(_)));
        }

        #[test]
        fn any_bytes_and_any_text_are_judged(wire: [u8; NET], text in "\\PC{0,20}|[0-9a-f+]{18}") {
            if let Some(net) = Net::from_wire(wire) {
                prop_assert_eq!(net.to_wire(), wire);
            }
            if let Ok(net) = Net::try_from(text.clone()) {
                prop_assert_eq!(String::from(net), text.to_ascii_lowercase());
            }
        }
    }
}

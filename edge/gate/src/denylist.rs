use core::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Deserializer, de};
use sluice_document::members;

use crate::{AccountId, SessionId};

/// Whom the edge turns away at once: the `denylist` object of its configuration, for emergencies.
///
/// It is asked at every request and costs no store, so it is short. What is to last is revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denylist {
    /// Sessions, by their ids.
    pub sessions: Vec<SessionId>,
    /// Accounts, by their ids.
    pub accounts: Vec<AccountId>,
    /// Keys of viewers' grants of every kind and of administrators' tokens, by their names ([`crate::grant::Grant::signed_by`]).
    pub kids: Vec<String>,
    /// Clients' networks.
    pub addresses: Vec<Prefix>,
}

members!(deny Denylist { sessions = Vec::new(), accounts = Vec::new(), kids = Vec::new(), addresses = Vec::new() });

impl Denylist {
    /// The most entries, of all kinds together.
    pub const MAX: usize = 256;

    /// How many entries there are.
    pub fn entries(&self) -> usize {
        self.sessions.len() + self.accounts.len() + self.kids.len() + self.addresses.len()
    }

    /// Whether a session is listed, or its account.
    pub fn ends(&self, session: &SessionId, account: &AccountId) -> bool {
        self.sessions.contains(session) || self.accounts.contains(account)
    }

    /// Whether a signing key is listed, by its name.
    pub fn bars(&self, key: &str) -> bool {
        self.kids.iter().any(|listed| listed == key)
    }

    /// Whether an address is listed. One that is not known is not.
    pub fn holds(&self, address: Option<IpAddr>) -> bool {
        address.is_some_and(|address| self.addresses.iter().any(|prefix| prefix.holds(address)))
    }
}

/// An address prefix, as `192.0.2.0/24` or `2001:db8::/32`. Bits after the prefix are not compared.
///
/// IPv4 addresses are kept and compared in their IPv6 form (RFC 4291, 2.5.5.2), as a client's may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    address: u128,
    mask: u128,
}

impl Prefix {
    /// Reads one; an address without a length is itself.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let length: u32 = match length {
            Some(text) if text.bytes().all(|digit| digit.is_ascii_digit()) => text.parse().ok()?,
            Some(_) => return None,
            None => bits,
        };
        let mask = u128::MAX.checked_shl(bits.checked_sub(length)?).unwrap_or(0);
        // Of an IPv4 address the 96 bits before it are compared, too.
        let mask = if bits == 32 { mask | !u128::from(u32::MAX) } else { mask };
        Some(Self { address: number(address), mask })
    }

    /// Whether the address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        (self.address ^ number(address)) & self.mask == 0
    }
}

fn number(address: IpAddr) -> u128 {
    let address: Ipv6Addr = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    address.to_bits()
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an address prefix such as 192.0.2.0/24"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn prefixes_hold_what_is_in_them() {
        for (prefix, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.77/24", "192.0.2.1", "192.0.1.77"),
            ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.9"),
        ] {
            let prefix = Prefix::parse(prefix).expect("a prefix");
            assert!(prefix.holds(address(inside)) && !prefix.holds(address(outside)), "{prefix:?}");
        }
        assert!(Prefix::parse("::/0").is_some_and(|all| all.holds(address("192.0.2.1"))));
        for bad in
            ["", "/", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/+8", "192.0.2/24", "::/129", "host/8", "1.2.3.4/8/9"]
        {
            assert_eq!(Prefix::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_list_reads_and_names_what_is_wrong() {
        let id = "0a".repeat(16);
        let text = format!(r#"{{"sessions":["{id}"],"accounts":["{id}"],"kids":["k"],"addresses":["192.0.2.0/24"]}}"#);
        let list: Denylist = serde_json::from_str(&text).expect("a list");
        assert_eq!(list.entries(), 4);
        assert!(
            list.ends(&SessionId([10; 16]), &AccountId([0; 16]))
                && list.ends(&SessionId([0; 16]), &AccountId([10; 16]))
        );
        assert!(!list.ends(&SessionId([0; 16]), &AccountId([0; 16])));
        assert!(list.bars("k") && !list.bars("K") && !list.bars(""));
        assert!(list.holds(Some(address("192.0.2.1"))) && !list.holds(None));
        for bad in [r#"{"session":[]}"#, r#"{"sessions":["x"]}"#, r#"{"addresses":["x"]}"#] {
            assert!(serde_json::from_str::<Denylist>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_prefix_or_none(text in "\\PC{0,50}|[0-9a-f:./]{0,50}") {
            let _ = Prefix::parse(&text);
        }

        #[test]
        fn an_address_is_in_every_prefix_of_itself(bits: [u8; 16], length in 0u32..=128) {
            let address = IpAddr::from(bits);
            let prefix = Prefix::parse(&format!("{address}/{length}")).expect("a prefix");
            prop_assert!(prefix.holds(address));
        }
    }
}

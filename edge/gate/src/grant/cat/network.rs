//! `catnip`: the networks that a token may be used from, as AS numbers, addresses and prefixes (RFC 9164).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cbor::Value;
use crate::{ClientFacts, Deny, Net, TokenError, grant::GrantError};

/// Tags of RFC 9164, 3.
const IPV4: u64 = 52;
const IPV6: u64 = 54;

/// A network of the claim.
enum Network {
    Asn(u32),
    /// The address's bits, left-aligned, and how many of them count.
    V4(u32, u32),
    V6(u128, u32),
}

/// The network that the client's session is bound to: inside of one that the claim lists and that the client is in. The AS number where
/// it is listed, else as much of the client's address as the widest listed prefix around it leaves, in the steps that a session can be bound to: /24 and one address
/// in IPv4, /48 and /64 in IPv6. Of IPv6 prefixes longer than /64 the whole is checked here and 64 bits bind the session.
///
/// # Errors
/// [`Deny::AddressMismatch`] where the client is in none of them, or it is not known where it is; [`TokenError::Invalid`] where an entry is not of its form.
pub(super) fn bind(claim: &Value<'_>, client: &ClientFacts) -> Result<Net, GrantError> {
    let networks = claim.items().and_then(|items| items.iter().map(network).collect::<Option<Vec<_>>>());
    let networks = networks.ok_or(TokenError::Invalid)?;
    if let Some(asn) = client.asn
        && networks.iter().any(|network| matches!(network, Network::Asn(listed) if *listed == asn))
    {
        return Ok(Net::Asn(asn));
    }
    let address = client.address.ok_or(Deny::AddressMismatch)?.to_canonical();
    let around = networks.iter().filter_map(|network| network.around(address)).min().ok_or(Deny::AddressMismatch)?;
    let widest = if address.is_ipv4() { 24 } else { 48 };
    Ok(if around <= widest { Net::prefix(address) } else { Net::host(address) })
}

fn network(entry: &Value<'_>) -> Option<Network> {
    match entry {
        Value::Int(asn) => u32::try_from(*asn).ok().map(Network::Asn),
        Value::Tag(IPV4, value) => {
            let (bytes, length) = prefix::<4>(value)?;
            let bits = u32::from(Ipv4Addr::from(bytes));
            (bits.checked_shl(length).unwrap_or(0) == 0).then_some(Network::V4(bits, length))
        }
        Value::Tag(IPV6, value) => {
            let (bytes, length) = prefix::<16>(value)?;
            let bits = u128::from(Ipv6Addr::from(bytes));
            (bits.checked_shl(length).unwrap_or(0) == 0).then_some(Network::V6(bits, length))
        }
        _ => None,
    }
}

/// An address, or a prefix's length and its bytes without trailing zeros.
fn prefix<const N: usize>(value: &Value<'_>) -> Option<([u8; N], u32)> {
    let bits = N as u32 * 8;
    match value {
        Value::Bytes(address) => Some(((*address).try_into().ok()?, bits)),
        Value::Array(parts) => {
            let [Value::Int(length), Value::Bytes(head)] = parts[..] else { return None };
            let length = u32::try_from(length).ok().filter(|length| *length <= bits)?;
            let mut bytes = [0; N];
            bytes.get_mut(..head.len())?.copy_from_slice(head);
            Some((bytes, length))
        }
        _ => None,
    }
}

impl Network {
    /// How many bits its prefix has, where the address is in it.
    fn around(&self, address: IpAddr) -> Option<u32> {
        let (differ, length) = match (self, address) {
            (Self::V4(prefix, length), IpAddr::V4(address)) => (u128::from(prefix ^ u32::from(address)) << 96, *length),
            (Self::V6(prefix, length), IpAddr::V6(address)) => (prefix ^ u128::from(address), *length),
            _ => return None,
        };
        (differ.leading_zeros() >= length).then_some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> ClientFacts {
        ClientFacts { address: Some(address.parse().expect("an address")), asn: Some(64500), ..ClientFacts::default() }
    }

    fn bound(entries: Vec<Value<'_>>, address: &str) -> Result<Net, GrantError> {
        bind(&Value::Array(entries), &client(address))
    }

    fn tagged(tag: u64, value: Value<'_>) -> Value<'_> {
        Value::Tag(tag, Box::new(value))
    }

    fn cidr(tag: u64, length: i64, head: &[u8]) -> Value<'_> {
        tagged(tag, Value::Array(vec![Value::Int(length), Value::Bytes(head)]))
    }

    #[test]
    fn a_session_is_bound_inside_of_what_the_token_permits() {
        let net = |entry, address| bound(vec![entry], address);
        assert_eq!(net(Value::Int(64500), "192.0.2.7"), Ok(Net::Asn(64500)));
        let one = tagged(52, Value::Bytes(&[192, 0, 2, 7]));
        assert_eq!(net(one.clone(), "192.0.2.7"), Ok(Net::V4Host([192, 0, 2, 7])));
        assert_eq!(net(one.clone(), "::ffff:192.0.2.7"), Ok(Net::V4Host([192, 0, 2, 7])));
        assert_eq!(net(cidr(52, 28, &[192, 0, 2]), "192.0.2.7"), Ok(Net::V4Host([192, 0, 2, 7])));
        assert_eq!(net(cidr(52, 24, &[192, 0, 2]), "192.0.2.7"), Ok(Net::V4([192, 0, 2])));
        assert_eq!(net(cidr(52, 8, &[192]), "192.0.2.7"), Ok(Net::V4([192, 0, 2])));
        assert_eq!(net(cidr(52, 0, &[]), "192.0.2.7"), Ok(Net::V4([192, 0, 2])));
        let v6 = "2001:db8:1:2:3:4:5:6";
        assert_eq!(net(cidr(54, 32, &[0x20, 1, 0xd, 0xb8]), v6), Ok(Net::V6([0x20, 1, 0xd, 0xb8, 0, 1])));
        assert_eq!(net(cidr(54, 48, &[0x20, 1, 0xd, 0xb8, 0, 1]), v6), Ok(Net::V6([0x20, 1, 0xd, 0xb8, 0, 1])));
        let host = Net::V6Host([0x20, 1, 0xd, 0xb8, 0, 1, 0, 2]);
        assert_eq!(net(cidr(54, 56, &[0x20, 1, 0xd, 0xb8, 0, 1]), v6), Ok(host));
        let whole: [u8; 16] = v6.parse::<Ipv6Addr>().expect("an address").octets();
        assert_eq!(net(tagged(54, Value::Bytes(&whole)), v6), Ok(host));
        // The widest of several; the AS number before all.
        assert_eq!(bound(vec![one.clone(), cidr(52, 16, &[192])], "192.0.2.7"), Ok(Net::V4([192, 0, 2])));
        assert_eq!(bound(vec![one, Value::Int(64500)], "192.0.2.7"), Ok(Net::Asn(64500)));
    }

    #[test]
    fn outside_is_refused_and_so_is_what_is_no_network() {
        let mismatch = Err(GrantError::Denied(Deny::AddressMismatch));
        assert_eq!(bound(vec![], "192.0.2.7"), mismatch);
        assert_eq!(bound(vec![Value::Int(64501)], "192.0.2.7"), mismatch);
        assert_eq!(bound(vec![tagged(52, Value::Bytes(&[192, 0, 2, 8]))], "192.0.2.7"), mismatch);
        assert_eq!(bound(vec![cidr(52, 25, &[192, 0, 2, 128])], "192.0.2.127"), mismatch);
        assert_eq!(bound(vec![cidr(52, 0, &[])], "2001:db8::1"), mismatch);
        let unknown = ClientFacts::default();
        assert_eq!(bind(&Value::Array(vec![cidr(52, 0, &[]), Value::Int(0)]), &unknown), mismatch);
        let invalid = Err(GrantError::Token(TokenError::Invalid));
        let wrong = [
            Value::Text("192.0.2.7"),
            Value::Int(-1),
            Value::Int(1 << 32),
            tagged(53, Value::Bytes(&[192, 0, 2, 7])),
            tagged(52, Value::Bytes(&[192, 0, 2])),
            tagged(54, Value::Bytes(&[192, 0, 2, 7])),
            tagged(52, Value::Int(1)),
            cidr(52, 33, &[192, 0, 2, 7]),
            cidr(52, -1, &[]),
            cidr(52, 32, &[192, 0, 2, 7, 0]),
            // Bits behind the prefix (RFC 9164, 3.1.2).
            cidr(52, 24, &[192, 0, 2, 7]),
            // An interface's address with its prefix.
            tagged(52, Value::Array(vec![Value::Bytes(&[192, 0, 2, 7]), Value::Int(24)])),
        ];
        for entry in wrong {
            // Beside one that holds as well.
            assert_eq!(bound(vec![Value::Int(64500), entry.clone()], "192.0.2.7"), invalid, "{entry:?}");
        }
        assert_eq!(bind(&Value::Int(64500), &client("192.0.2.7")), invalid);
    }
}

use core::net::Ipv4Addr;

use serde_json::{Map, Value};

use super::super::{GrantError, strict::UniqueNames};
use crate::{ClientFacts, Deny, Net, TokenError, Unix};

/// How much of a name or value a refusal tells the log, characters.
const TOLD: usize = 64;

/// What a policy says. Its signature has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    /// `Resource`; `None` for everything under the key.
    pub(super) resource: Option<String>,
    /// `DateLessThan`: when it ends, not included.
    pub(super) ends: Unix,
    /// `DateGreaterThan`: not valid up to here, included.
    pub(super) after: Option<Unix>,
    /// `IpAddress`.
    pub(super) source: Option<Network>,
}

/// An IPv4 network: an address in it, and how many of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: Ipv4Addr,
    bits: u32,
}

impl Policy {
    /// A custom policy: one statement, and nothing in it that is not understood, for what is not understood may restrict.
    pub(super) fn parse(json: &[u8]) -> Result<Self, GrantError> {
        let invalid = || GrantError::from(TokenError::Invalid);
        let UniqueNames(policy) = serde_json::from_slice(json).map_err(|_| invalid())?;
        let policy = object(&policy, &["Statement"])?;
        let statements = policy.get("Statement").and_then(Value::as_array).ok_or_else(invalid)?;
        let [statement] = statements.as_slice() else { return Err(invalid()) };
        let statement = object(statement, &["Resource", "Condition"])?;
        let resource = match statement.get("Resource") {
            Some(resource) => Some(resource.as_str().ok_or_else(invalid)?.to_owned()),
            None => None,
        };
        let condition = statement.get("Condition").ok_or_else(invalid)?;
        let condition = object(condition, &["DateLessThan", "DateGreaterThan", "IpAddress"])?;
        Ok(Self {
            resource,
            ends: time(condition, "DateLessThan")?.ok_or_else(invalid)?,
            after: time(condition, "DateGreaterThan")?,
            source: match condition.get("IpAddress") {
                Some(source) => Some(network(object(source, &["AWS:SourceIp"])?)?),
                None => None,
            },
        })
    }

    /// The JSON of a canned policy, which is not sent but made again from the URL and the time (`digits`), to the byte.
    pub(super) fn canned(url: &str, digits: &str) -> String {
        format!(
            r#"{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{digits}}}}}}}]}}"#
        )
    }
}

/// An object with no other members than those.
fn object<'a>(value: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>, GrantError> {
    let members = value.as_object().ok_or(TokenError::Invalid)?;
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(unsupported("policy member", name)),
        None => Ok(members),
    }
}

fn unsupported(what: &str, text: &str) -> GrantError {
    GrantError::Unsupported(format!("{what} {:?}", text.chars().take(TOLD).collect::<String>()))
}

/// A condition on the time: whole seconds, not in quotation marks.
fn time(condition: &Map<String, Value>, name: &str) -> Result<Option<Unix>, GrantError> {
    let Some(member) = condition.get(name) else { return Ok(None) };
    let seconds = object(member, &["AWS:EpochTime"])?.get("AWS:EpochTime").and_then(Value::as_u64);
    Ok(Some(seconds.ok_or(TokenError::Invalid)?))
}

/// One address or range in CIDR form (RFC 4632). CloudFront documents IPv4 and nothing else.
fn network(source: &Map<String, Value>) -> Result<Network, GrantError> {
    let text = source.get("AWS:SourceIp").and_then(Value::as_str).ok_or(TokenError::Invalid)?;
    let parse = || {
        let (address, bits) = text.split_once('/')?;
        let digits = bits.bytes().all(|digit| digit.is_ascii_digit()) && (bits.len() == 1 || !bits.starts_with('0'));
        let bits = bits.parse().ok().filter(|bits| digits && *bits <= 32)?;
        Some(Network { address: address.parse().ok()?, bits })
    };
    parse().ok_or_else(|| unsupported("IpAddress", text))
}

impl Network {
    /// The network that a session is bound to whose client is in this one: the largest that handles know and that has no address outside
    /// of it. Its /24 in a network at least as large, else its address alone. `0.0.0.0/0`, by which signers say that they restrict
    /// nothing, binds to nothing.
    ///
    /// # Errors
    /// [`Deny::AddressMismatch`] from outside, from IPv6, and where the address is not known.
    pub(super) fn bind(&self, client: &ClientFacts) -> Result<Option<Net>, Deny> {
        let address = client.address.ok_or(Deny::AddressMismatch)?.to_canonical();
        let core::net::IpAddr::V4(v4) = address else { return Err(Deny::AddressMismatch) };
        let differing = u32::from(v4) ^ u32::from(self.address);
        if differing.leading_zeros() < self.bits {
            return Err(Deny::AddressMismatch);
        }
        Ok(match self.bits {
            0 => None,
            1..=24 => Some(Net::prefix(address)),
            _ => Some(Net::host(address)),
        })
    }
}

#[cfg(test)]
mod tests {
    use core::net::IpAddr;

    use proptest::prelude::*;

    use super::*;

    fn parsed(statement: &str) -> Result<Policy, GrantError> {
        Policy::parse(format!(r#"{{"Statement":[{statement}]}}"#).as_bytes())
    }

    fn conditioned(condition: &str) -> Result<Policy, GrantError> {
        parsed(&format!(r#"{{"Resource":"*","Condition":{{{condition}}}}}"#))
    }

    const ENDS: &str = r#""DateLessThan":{"AWS:EpochTime":100}"#;

    #[test]
    fn a_policy_is_read_whole() {
        let full = conditioned(
            r#""IpAddress":{"AWS:SourceIp":"192.0.2.1/24"},"DateGreaterThan":{"AWS:EpochTime":50}, "DateLessThan":{"AWS:EpochTime":100}"#,
        );
        let source = Network { address: [192, 0, 2, 1].into(), bits: 24 };
        let expected = Policy { resource: Some("*".to_owned()), ends: 100, after: Some(50), source: Some(source) };
        assert_eq!(full, Ok(expected));
        let least = Policy { resource: None, ends: 100, after: None, source: None };
        assert_eq!(parsed(&format!(r#"{{"Condition":{{{ENDS}}}}}"#)), Ok(least));
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let named = |outcome: Result<Policy, GrantError>, name: &str| match outcome {
            Err(GrantError::Unsupported(what)) => assert!(what.contains(name), "{what}"),
            other => panic!("{other:?}"),
        };
        named(
            Policy::parse(format!(r#"{{"Version":"2012","Statement":[{{"Condition":{{{ENDS}}}}}]}}"#).as_bytes()),
            "Version",
        );
        named(parsed(&format!(r#"{{"Effect":"Deny","Condition":{{{ENDS}}}}}"#)), "Effect");
        named(conditioned(&format!(r#"{ENDS},"NotIpAddress":{{}}"#)), "NotIpAddress");
        named(conditioned(r#""DateLessThan":{"AWS:EpochTime":100,"Zone":1}"#), "Zone");
        for address in [
            "2001:db8::/32",
            "192.0.2.1",
            "192.0.2.0/33",
            "192.0.2.0/024",
            "192.0.2.0/+4",
            "192.0.02.0/24",
            "",
            "/",
            "a/b",
        ] {
            named(conditioned(&format!(r#"{ENDS},"IpAddress":{{"AWS:SourceIp":"{address}"}}"#)), address);
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for bad in [
            "".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            r#"{"Statement":[]}"#.to_owned(),
            r#"{"Statement":{}}"#.to_owned(),
            format!(r#"{{"Statement":[{{"Condition":{{{ENDS}}}}},{{"Condition":{{{ENDS}}}}}]}}"#),
            format!(r#"{{"Statement":[],"Statement":[{{"Condition":{{{ENDS}}}}}]}}"#),
            r#"{"Statement":[{"Resource":"*"}]}"#.to_owned(),
            r#"{"Statement":[{"Resource":"*","Condition":{}}]}"#.to_owned(),
            format!(r#"{{"Statement":[{{"Resource":7,"Condition":{{{ENDS}}}}}]}}"#),
            format!(r#"{{"Statement":[{{"Resource":null,"Condition":{{{ENDS}}}}}]}}"#),
            format!(r#"{{"Statement":[{{"Condition":{{{ENDS},{ENDS}}}}}]}}"#),
            format!(r#"{{"Statement":[{{"Condition":{{{ENDS}}}}}]}}x"#),
        ] {
            assert_eq!(Policy::parse(bad.as_bytes()), Err(TokenError::Invalid.into()), "{bad}");
        }
        for time in ["\"100\"", "100.0", "1e2", "-1", "null", "[100]", "18446744073709551616"] {
            let condition = format!(r#""DateLessThan":{{"AWS:EpochTime":{time}}}"#);
            assert_eq!(conditioned(&condition), Err(TokenError::Invalid.into()), "{time}");
        }
    }

    #[test]
    fn a_network_binds_to_no_more_than_itself() {
        let network = |text: &str| {
            let policy = conditioned(&format!(r#"{ENDS},"IpAddress":{{"AWS:SourceIp":"{text}"}}"#)).expect("a policy");
            policy.source.expect("a network")
        };
        let from = |network: Network, address: &str| {
            let address = Some(address.parse::<IpAddr>().expect("address"));
            network.bind(&ClientFacts { address, ..ClientFacts::default() })
        };
        assert_eq!(from(network("192.0.2.7/32"), "192.0.2.7"), Ok(Some(Net::V4Host([192, 0, 2, 7]))));
        assert_eq!(from(network("192.0.2.7/32"), "::ffff:192.0.2.7"), Ok(Some(Net::V4Host([192, 0, 2, 7]))));
        assert_eq!(from(network("192.0.2.0/25"), "192.0.2.7"), Ok(Some(Net::V4Host([192, 0, 2, 7]))));
        assert_eq!(from(network("192.0.2.0/24"), "192.0.2.7"), Ok(Some(Net::V4([192, 0, 2]))));
        assert_eq!(from(network("192.0.0.0/16"), "192.0.2.7"), Ok(Some(Net::V4([192, 0, 2]))));
        assert_eq!(from(network("0.0.0.0/0"), "192.0.2.7"), Ok(None));
        for (text, address) in [
            ("192.0.2.7/32", "192.0.2.6"),
            ("192.0.2.0/25", "192.0.2.128"),
            ("0.0.0.0/0", "2001:db8::1"),
            ("128.0.0.0/1", "127.0.0.1"),
        ] {
            assert_eq!(from(network(text), address), Err(Deny::AddressMismatch), "{text} {address}");
        }
        assert_eq!(network("0.0.0.0/0").bind(&ClientFacts::default()), Err(Deny::AddressMismatch));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}|\\*|1\\.2\\.3\\.4/8".prop_map(Value::from),
        ];
        let names = "Statement|Resource|Condition|DateLessThan|DateGreaterThan|IpAddress|AWS:EpochTime|AWS:SourceIp|x";
        leaf.prop_recursive(6, 32, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_judged(json in any_json(), wrap in any::<bool>()) {
            let json = if wrap { serde_json::json!({"Statement": [{"Resource": "*", "Condition": json}]}) } else { json };
            if let Ok(policy) = Policy::parse(json.to_string().as_bytes()) {
                let condition = &json["Statement"][0]["Condition"];
                prop_assert_eq!(condition["DateLessThan"]["AWS:EpochTime"].as_u64(), Some(policy.ends));
                prop_assert_eq!(condition.get("IpAddress").is_some(), policy.source.is_some());
                prop_assert_eq!(condition.get("DateGreaterThan").is_some(), policy.after.is_some());
            }
        }

        #[test]
        fn any_bytes_are_judged(json: Vec<u8>) {
            prop_assert!(Policy::parse(&json).is_err());
        }

        #[test]
        fn a_network_is_what_its_mask_says(address: [u8; 4], bits in 0..=32u32, client: [u8; 4]) {
            let network = Network { address: address.into(), bits };
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            let inside = u32::from_be_bytes(address) & mask == u32::from_be_bytes(client) & mask;
            let client = ClientFacts { address: Some(client.into()), ..ClientFacts::default() };
            prop_assert_eq!(network.bind(&client).is_ok(), inside);
        }
    }
}

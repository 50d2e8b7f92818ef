use std::net::IpAddr;

use sha2::{Digest, Sha256, Sha512_256};
use sluice_gate::grant::cat::cbor::Value;

use crate::cat::{MATCHES, PARTS};

/// What a value must meet.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    kind: i64,
    text: String,
    /// Of the text, where that is what is compared.
    digest: Option<Vec<u8>>,
}

/// A match of a part of the URL.
#[derive(Clone, Debug)]
pub struct UrlMatch {
    pub(super) part: i64,
    pub(super) rule: Rule,
}

/// A match of a header.
#[derive(Clone, Debug)]
pub struct HeaderMatch {
    pub(super) name: String,
    pub(super) rule: Rule,
}

/// A network.
#[derive(Clone, Debug)]
pub enum Network {
    /// An AS number.
    Asn(u32),
    /// An address, in the tag of its kind.
    Address(u64, Vec<u8>),
    /// A prefix: its tag, its length, its bytes without trailing zeros.
    Prefix(u64, i64, Vec<u8>),
}

/// PART:MATCH:VALUE
pub(super) fn url(text: &str) -> Result<UrlMatch, String> {
    let (part, rest) = text.split_once(':').ok_or("PART:MATCH:VALUE, such as path:prefix:/v1/film/")?;
    let label = PARTS.iter().position(|known| *known == part);
    let label = label.ok_or_else(|| format!("PART is one of {}", PARTS.join(", ")))?;
    Ok(UrlMatch { part: label as i64, rule: rule(rest)? })
}

/// The folder of a title.
pub(super) fn title(title: &str) -> UrlMatch {
    UrlMatch { part: 3, rule: Rule { kind: 1, text: format!("/v1/{title}/"), digest: None } }
}

/// NAME:MATCH:VALUE
pub(super) fn header(text: &str) -> Result<HeaderMatch, String> {
    let (name, rest) = text.split_once(':').ok_or("NAME:MATCH:VALUE, such as user-agent:contains:Tv")?;
    Ok(HeaderMatch { name: name.to_owned(), rule: rule(rest)? })
}

fn rule(text: &str) -> Result<Rule, String> {
    let known = "MATCH is one of exact, prefix, suffix, contains, sha256, sha512-256";
    let (kind, text) = text.split_once(':').ok_or(known)?;
    let (kind, _) = MATCHES.iter().find(|(_, name)| *name == kind).ok_or(known)?;
    let digest = match kind {
        -1 => Some(Sha256::digest(text).to_vec()),
        -2 => Some(Sha512_256::digest(text).to_vec()),
        4 => return Err("edges refuse matches by regular expression".to_owned()),
        _ => None,
    };
    Ok(Rule { kind: *kind, text: text.to_owned(), digest })
}

/// AS64500, an address, a prefix.
pub(super) fn network(text: &str) -> Result<Network, String> {
    let known = || format!("{text}: neither an AS number (AS64500), nor an address, nor a prefix (192.0.2.0/24)");
    if let Some(asn) = text.strip_prefix("AS") {
        return asn.parse().map(Network::Asn).map_err(|_| known());
    }
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().map_err(|_| known())?;
    let (tag, mut bytes) = match address {
        IpAddr::V4(address) => (52, address.octets().to_vec()),
        IpAddr::V6(address) => (54, address.octets().to_vec()),
    };
    let Some(length) = length else { return Ok(Network::Address(tag, bytes)) };
    let length: usize = length.parse().ok().filter(|length| *length <= bytes.len() * 8).ok_or_else(known)?;
    let beyond = (length..bytes.len() * 8).any(|bit| bytes[bit / 8] & 0x80 >> (bit % 8) != 0);
    if beyond {
        return Err(format!("{text}: the address has bits behind the prefix"));
    }
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(Network::Prefix(tag, length as i64, bytes))
}

impl Network {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Asn(asn) => Value::Int((*asn).into()),
            Self::Address(tag, bytes) => Value::Tag(*tag, Box::new(Value::Bytes(bytes))),
            Self::Prefix(tag, length, bytes) => {
                Value::Tag(*tag, Box::new(Value::Array(vec![Value::Int(*length), Value::Bytes(bytes)])))
            }
        }
    }
}

/// Rules by what they are about, those about the same together.
pub(super) fn matches<'a>(rules: impl Iterator<Item = (Value<'a>, &'a Rule)>) -> Option<Value<'a>> {
    let mut all: Vec<(Value<'a>, Value<'a>)> = Vec::new();
    for (about, Rule { kind, text, digest }) in rules {
        let entry = (Value::Int(*kind), digest.as_deref().map_or(Value::Text(text), Value::Bytes));
        match all.iter_mut().find(|(known, _)| *known == about) {
            Some((_, Value::Map(entries))) => entries.push(entry),
            _ => all.push((about, Value::Map(vec![entry]))),
        }
    }
    (!all.is_empty()).then_some(Value::Map(all))
}

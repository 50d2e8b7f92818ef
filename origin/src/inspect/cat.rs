//! A Common Access Token, taken apart under the names of its standards.

use std::{
    fmt::{self, Write},
    net::{Ipv4Addr, Ipv6Addr},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use sluice_gate::{
    Unix,
    grant::cat::{cbor, cbor::Value, claim_name, cose},
};

use super::token::relative;
use crate::cat::{MATCHES, NETWORKS, PARTS, RENEWAL, RENEWAL_TYPES, REPLAY};

/// A Common Access Token. It is read, not verified.
#[derive(Clone, Debug, Serialize)]
pub struct CatReport {
    /// `COSE_Mac0` or `COSE_Sign1`.
    structure: &'static str,
    /// The protected header.
    protected: Map<String, Json>,
    /// The unprotected header, which whoever passes the token on can change.
    unprotected: Map<String, Json>,
    /// The claims.
    claims: Map<String, Json>,
    /// Bytes of the MAC or the signature, which is not shown.
    tag_size: usize,
    /// When it was read: seconds of the Unix epoch.
    now: Unix,
}

/// Reads a token; `None` where the text is none of this kind.
pub(super) fn explain(text: &str, now: Unix) -> Option<CatReport> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let message = cose::parse(&bytes).ok()?;
    let claims = cbor::parse(message.payload)?;
    let claims = claims.entries()?.iter().map(|(label, value)| {
        let name = label.int().and_then(claim_name);
        (name.map_or_else(|| text_of(label), str::to_owned), claim(name.unwrap_or_default(), value))
    });
    Some(CatReport {
        structure: match message.structure {
            cose::Structure::Mac0 => "COSE_Mac0",
            cose::Structure::Sign1 => "COSE_Sign1",
        },
        protected: header(&message.protected_header),
        unprotected: header(&message.unprotected_header),
        claims: claims.collect(),
        tag_size: message.tag.len(),
        now,
    })
}

/// Header parameters (RFC 9052, 3.1).
fn header(header: &Value<'_>) -> Map<String, Json> {
    let parameters = header.entries().unwrap_or_default().iter().map(|(label, value)| match label.int() {
        Some(1) => {
            let name = value.int().and_then(cose::algorithm_name);
            ("alg".to_owned(), name.map_or_else(|| json(value), Json::from))
        }
        Some(2) => ("crit".to_owned(), json(value)),
        Some(4) => {
            let text = value.bytes().and_then(|bytes| core::str::from_utf8(bytes).ok());
            let text = text.filter(|text| !text.chars().any(char::is_control));
            ("kid".to_owned(), text.map_or_else(|| json(value), Json::from))
        }
        _ => (text_of(label), json(value)),
    });
    parameters.collect()
}

fn claim(name: &str, value: &Value<'_>) -> Json {
    let word = |words: &[&str], value: &Value<'_>| {
        let word = value.int().and_then(|number| words.get(usize::try_from(number).ok()?));
        word.map_or_else(|| json(value), |word| (*word).into())
    };
    match name {
        "catu" => named(value, |label| PARTS.get(usize::try_from(label).ok()?).copied(), |_, value| matches(value)),
        "cath" => named(value, |_| None, |_, value| matches(value)),
        "catr" => named(
            value,
            |label| RENEWAL.get(usize::try_from(label).ok()?).copied(),
            |label, value| {
                if label == "type" { word(&RENEWAL_TYPES, value) } else { json(value) }
            },
        ),
        "catreplay" => word(&REPLAY, value),
        "catnip" => value.items().map_or_else(|| json(value), |items| items.iter().map(network).collect()),
        _ => json(value),
    }
}

fn matches(value: &Value<'_>) -> Json {
    let name = |kind: i64| MATCHES.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name);
    named(value, name, |_, value| json(value))
}

/// A map, its integers by their names.
fn named(
    value: &Value<'_>,
    name: impl Fn(i64) -> Option<&'static str>,
    each: impl Fn(&str, &Value<'_>) -> Json,
) -> Json {
    let Some(entries) = value.entries() else { return json(value) };
    let entries = entries.iter().map(|(label, value)| {
        let name = label.int().and_then(&name).map_or_else(|| text_of(label), str::to_owned);
        let value = each(&name, value);
        (name, value)
    });
    Json::Object(entries.collect())
}

/// An AS number, an address, or a prefix.
fn network(value: &Value<'_>) -> Json {
    let prefix = || {
        let Value::Tag(tag, inner) = value else { return None };
        let (_, size) = NETWORKS.into_iter().find(|(known, _)| known == tag)?;
        let (head, length) = match &**inner {
            Value::Bytes(address) => (*address, String::new()),
            Value::Array(parts) => match parts[..] {
                [Value::Int(length), Value::Bytes(head)] => (head, format!("/{length}")),
                _ => return None,
            },
            _ => return None,
        };
        let mut bytes = head.to_vec();
        (bytes.len() <= size).then(|| bytes.resize(size, 0))?;
        Some(match <[u8; 4]>::try_from(bytes.as_slice()) {
            Ok(bytes) => format!("{}{length}", Ipv4Addr::from(bytes)),
            Err(_) => format!("{}{length}", Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        })
    };
    match (value, prefix()) {
        (Value::Int(asn), _) => format!("AS{asn}").into(),
        (_, Some(prefix)) => prefix.into(),
        _ => json(value),
    }
}

/// Any item as JSON: bytes as `h'…'`, tags as `TAG(…)` where JSON has no such thing.
fn json(value: &Value<'_>) -> Json {
    match value {
        Value::Int(number) => (*number).into(),
        Value::Bytes(_) => text_of(value).into(),
        Value::Text(text) => (*text).into(),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Map(_) => named(value, |_| None, |_, value| json(value)),
        Value::Tag(tag, value) => Json::Object(Map::from_iter([(format!("tag {tag}"), json(value))])),
        Value::Float(number) => (*number).into(),
        Value::Bool(value) => (*value).into(),
        Value::Null => Json::Null,
    }
}

/// A map's key.
fn text_of(key: &Value<'_>) -> String {
    match key {
        Value::Text(text) => (*text).to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Bytes(bytes) => format!("h'{}'", crate::hex::encode(bytes)),
        _ => String::new(),
    }
}

impl CatReport {
    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        writeln!(f, "Common Access Token in {}, not verified", self.structure)?;
        for (kind, header) in [("protected", &self.protected), ("unprotected", &self.unprotected)] {
            for (name, value) in header {
                writeln!(f, "  {kind} {name}: {value}")?;
            }
        }
        for (name, value) in &self.claims {
            match value.as_u64().filter(|_| super::token::TIMES.contains(&name.as_str())) {
                Some(time) => writeln!(f, "  {name}: {time} ({})", relative(time, self.now))?,
                None => writeln!(f, "  {name}: {value}")?,
            }
        }
        writeln!(f, "  {}: {} bytes", if self.structure == "COSE_Mac0" { "MAC" } else { "signature" }, self.tag_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token of @eyevinn/cat, and one of python-cwt.
    #[test]
    fn claims_have_their_names() {
        let document = |text: &str| serde_json::from_str::<Json>(text).expect("JSON");
        let node = document(include_str!("../../../edge/gate/src/grant/cat/testdata/node-cat.json"));
        let token = node["tokens"]["all"].as_str().expect("a token");
        let report = explain(token, 1_800_000_000).expect("a token");
        let mut said = String::new();
        report.write(&mut said).expect("a string");
        for line in [
            "COSE_Mac0, not verified",
            "protected alg: \"HMAC 256/256\"",
            "unprotected kid: \"Symmetric256\"",
            "sub: \"jonas\"",
            "exp: 1800003600 (in 3600 s)",
            "cti: \"h'0b71f00d'\"",
            "catreplay: \"prohibited\"",
            r#"catnip: ["AS64500","192.0.2.0/24","2001:db8::/32"]"#,
            r#""path":{"prefix":"/v1/film/"}"#,
            r#"cath: {"X-Player":{"exact":"ours"}}"#,
            r#"catr: {"deadline":4000,"expadd":7200,"type":"automatic"}"#,
            "MAC: 32 bytes",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        let python = document(include_str!("../../../edge/gate/src/grant/cat/testdata/python-cwt.json"));
        let signed = explain(python["tokens"]["PS256"].as_str().expect("a token"), 0).expect("a token");
        assert_eq!((signed.structure, signed.tag_size), ("COSE_Sign1", 256));
        assert_eq!(signed.protected["alg"], "PS256");
        // A MAC is a credential's half.
        let json = serde_json::to_string(&report).expect("JSON");
        assert!(!json.contains(&token[token.len() - 20..]));
        for other in ["", "AAAA", "eyJh", python["tokens"]["COSE_Sign"].as_str().expect("a token")] {
            assert!(explain(other, 0).is_none(), "{other}");
        }
    }
}

//! Tokens of other CDNs: CloudFront's policies, Akamai's EdgeAuth. They are read, not verified.

use std::fmt::{self, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::Value;
use sluice_gate::Unix;

use super::{text, token::relative};

/// A CDN's token, taken apart.
#[derive(Clone, Debug, Serialize)]
pub struct CdnToken {
    /// Whose it is.
    pub cdn: &'static str,
    /// What it says, without signature or MAC.
    pub says: Vec<(String, Value)>,
    /// When it was read: seconds of the Unix epoch.
    pub now: Unix,
}

/// An EdgeAuth token; the parameters or cookies of a custom policy; the value of `Policy` alone. `None` for anything else.
pub(super) fn explain(text: &str, now: Unix) -> Option<CdnToken> {
    if let Some((signed, _)) = text.split_once("~hmac=") {
        // What comes before the first field is the parameter's or cookie's name.
        let first = ["ip=", "st=", "exp="].iter().filter_map(|name| signed.find(name)).min()?;
        let fields = signed[first..].split('~').filter_map(|field| field.split_once('='));
        let value = |value: &str| value.parse::<u64>().map_or_else(|_| value.into(), Value::from);
        let says = fields.map(|(name, text)| (name.to_owned(), value(text))).collect();
        return Some(CdnToken { cdn: "Akamai EdgeAuth", says, now });
    }
    let policy = text.split_once("Policy=").map_or(text, |(_, policy)| policy);
    let policy = policy.split(|end: char| end == '&' || end == ';' || end.is_whitespace()).next()?;
    let json = STANDARD.decode(policy.replace('-', "+").replace('_', "=").replace('~', "/")).ok()?;
    let policy: Value = serde_json::from_slice(&json).ok()?;
    let statement = policy.get("Statement")?.get(0)?;
    let mut says = vec![("Resource".to_owned(), statement.get("Resource").cloned().unwrap_or("everything".into()))];
    for (name, condition) in statement.get("Condition")?.as_object()? {
        let inner = condition.as_object().and_then(|inner| inner.values().next());
        says.push((name.clone(), inner.unwrap_or(condition).clone()));
    }
    Some(CdnToken { cdn: "CloudFront policy", says, now })
}

impl CdnToken {
    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        writeln!(f, "{}, its signature not verified", self.cdn)?;
        for (name, value) in &self.says {
            let name = text::printable(name);
            let time = ["st", "exp", "DateLessThan", "DateGreaterThan"].contains(&name.as_str());
            match value.as_u64().filter(|_| time) {
                Some(seconds) => writeln!(f, "  {name}: {seconds} ({})", relative(seconds, self.now))?,
                None => writeln!(f, "  {name}: {}", text::printable(&value.to_string()))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<String> {
        let mut out = String::new();
        explain(text, 1_790_000_000)?.write(&mut out).expect("a string");
        Some(out)
    }

    #[test]
    fn tokens_that_others_made_are_read() {
        let file = include_str!("../../../edge/gate/src/grant/edgeauth/vectors/akamai-edgeauth.json");
        let vectors: Value = serde_json::from_str(file).expect("vectors");
        let token = vectors["vectors"][4]["token"].as_str().expect("a token");
        for text in [token.to_owned(), format!("hdnts={token}")] {
            let said = said(&text).expect("a token");
            for line in
                ["Akamai", "ip: \"192.0.2.7\"", "exp: 1800000000 (in 10000000 s)", "acl: \"/*\"", "id: \"anna\""]
            {
                assert!(said.contains(line), "{said}");
            }
            assert!(!said.contains("hmac"), "{said}");
        }
        let file = include_str!("../../../edge/gate/src/grant/cloudfront/vectors/botocore.json");
        let vectors: Value = serde_json::from_str(file).expect("vectors");
        let (_, query) = vectors[1]["url"].as_str().and_then(|url| url.split_once('?')).expect("a signed URL");
        let policy = query.split('&').next().and_then(|pair| pair.strip_prefix("Policy=")).expect("a policy");
        for text in [query.to_owned(), policy.to_owned(), format!("CloudFront-Policy={policy}; CloudFront-Signature=x")]
        {
            let said = said(&text).expect("a policy");
            for line in [
                "CloudFront",
                "Resource: \"https://tv.example/v1/film/*\"",
                "DateLessThan: 1800000000 (in",
                "192.0.2.0/24",
            ] {
                assert!(said.contains(line), "{said}");
            }
        }
        for other in ["", "film", "~hmac=00", "https://h/a", "eyJh.e30.AAAA", "Policy=!"] {
            assert_eq!(said(other), None, "{other}");
        }
    }
}

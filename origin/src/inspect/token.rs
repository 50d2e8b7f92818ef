//! Tokens: a viewer's JWT, a Common Access Token, a lease, a handle, a CDN's.

use std::fmt::{self, Write};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};
use sluice_gate::{
    ClientFacts, Net, Roots, TokenError, Unix,
    handle::{self, HandleError},
    lease,
};

use super::cdn_token::{self, CdnToken};

/// Claims that are times (RFC 7519, 4.1).
pub(super) const TIMES: [&str; 3] = ["exp", "nbf", "iat"];

/// A token, taken apart.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TokenReport {
    /// A viewer's JWT. It is read, not verified.
    Jwt {
        /// Its header.
        header: Map<String, Value>,
        /// Its claims.
        claims: Map<String, Value>,
        /// Bytes of the signature, which is not shown.
        signature_size: usize,
        /// When it was read: seconds of the Unix epoch.
        now: Unix,
    },
    /// A Common Access Token.
    Cat(super::cat::CatReport),
    /// A lease or a handle, which only the root that made it (`--root`) opens.
    Sealed,
    /// A handle that is bound to a country, region or network: its MAC is right, and only a request from there opens it.
    BoundHandle,
    /// A token of another CDN. It is read, not verified.
    Cdn(CdnToken),
    /// A lease.
    Lease(Sealed),
    /// A handle.
    Handle(Sealed),
}

/// What a lease or a handle says. Times are seconds of the Unix epoch.
#[derive(Clone, Debug, Serialize)]
pub struct Sealed {
    /// Whether it has not expired.
    pub valid: bool,
    /// The session's id.
    pub session: String,
    /// The account's id, which is a hash.
    pub account: String,
    /// The account's slot.
    pub slot: u64,
    /// When it was issued; leases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued: Option<Unix>,
    /// When it expires; leases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Unix>,
    /// When the session ends.
    pub ends: Unix,
    /// Lines of the largest picture, where they are limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<u32>,
    /// The network that it is bound to, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Bits: cenc, cbcs, aes128, clear from the right.
    pub deliveries: u8,
    /// When it was read.
    pub now: Unix,
}

/// Explains a viewer's JWT, a Common Access Token, a lease or a handle; `None` where the text is no token.
///
/// A JWT or a Common Access Token is read, not verified, and says so. A lease or a handle is read only under the root that made it.
///
/// # Errors
/// What is wrong with the token.
pub(super) fn explain(text: &str, root: Option<&[u8]>, now: Unix) -> anyhow::Result<Option<TokenReport>> {
    let text = text.trim();
    // A URL is fetched, even a signed one.
    if !text.contains("://")
        && let Some(token) = cdn_token::explain(text, now)
    {
        return Ok(Some(TokenReport::Cdn(token)));
    }
    let text = text.trim_start_matches('~');
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.is_empty() || !text.bytes().all(of_token) {
        return Ok(None);
    }
    match text.split('.').collect::<Vec<_>>().as_slice() {
        [header, claims, signature] if header.starts_with("eyJ") => jwt(header, claims, signature, now).map(Some),
        [own] if let Some(report) = super::cat::explain(own, now) => Ok(Some(TokenReport::Cat(report))),
        [own] if own.len() == lease::TEXT_LENGTH => sealed(own, root, now).map(Some),
        _ => Ok(None),
    }
}

fn jwt(header: &str, claims: &str, signature: &str, now: Unix) -> anyhow::Result<TokenReport> {
    let object = |part: &str, name: &str| -> anyhow::Result<Map<String, Value>> {
        let bytes = URL_SAFE_NO_PAD.decode(part).with_context(|| format!("JWT: the {name} is not base64url"))?;
        serde_json::from_slice(&bytes).with_context(|| format!("JWT: the {name} is not a JSON object"))
    };
    let (header, claims) = (object(header, "header")?, object(claims, "payload")?);
    let signature_size = URL_SAFE_NO_PAD.decode(signature).context("JWT: the signature is not base64url")?.len();
    Ok(TokenReport::Jwt { header, claims, signature_size, now })
}

fn sealed(text: &str, root: Option<&[u8]>, now: Unix) -> anyhow::Result<TokenReport> {
    let Some(root) = root else { return Ok(TokenReport::Sealed) };
    let roots = Roots::new(root, None)?;
    // At time 0 nothing has expired, so that a past one can still be read.
    if let Ok(lease) = lease::verify(&roots, text, 0) {
        return Ok(TokenReport::Lease(Sealed {
            valid: now < lease.expires,
            session: lease.session.to_string(),
            account: lease.account.to_string(),
            slot: lease.slot.into(),
            issued: Some(lease.issued),
            expires: Some(lease.expires),
            ends: lease.ends,
            max_height: lease.max_height,
            network: Some(lease.net).filter(|net| *net != Net::None).map(|net| net.to_string()),
            deliveries: lease.deliveries,
            now,
        }));
    }
    match handle::verify(&roots, text, 0, &ClientFacts::default()) {
        Ok(handle) => Ok(TokenReport::Handle(Sealed {
            valid: now < handle.ends,
            session: handle.session.to_string(),
            account: handle.account.to_string(),
            slot: handle.slot.into(),
            issued: None,
            expires: None,
            ends: handle.ends,
            max_height: handle.max_height,
            // One that is bound is not opened here.
            network: None,
            deliveries: handle.deliveries,
            now,
        })),
        Err(HandleError::Denied(_)) => Ok(TokenReport::BoundHandle),
        Err(HandleError::Token(TokenError::Missing | TokenError::Invalid | TokenError::Expired)) => {
            bail!("neither a lease nor a handle under this root")
        }
    }
}

impl TokenReport {
    pub(super) fn write(&self, f: &mut impl Write) -> fmt::Result {
        match self {
            Self::Jwt { header, claims, signature_size, now } => {
                writeln!(f, "JWT, its signature not verified")?;
                for (name, value) in header {
                    writeln!(f, "  header {name}: {value}")?;
                }
                for (name, value) in claims {
                    match value.as_u64().filter(|_| TIMES.contains(&name.as_str())) {
                        Some(time) => writeln!(f, "  {name}: {time} ({})", relative(time, *now))?,
                        None => writeln!(f, "  {name}: {value}")?,
                    }
                }
                writeln!(f, "  signature: {signature_size} bytes")
            }
            Self::Cat(report) => report.write(f),
            Self::Sealed => {
                writeln!(f, "a lease or a handle: --root FILE (hex, the edge's lease_root) verifies and reads it")
            }
            Self::BoundHandle => writeln!(f, "handle, bound to a country, region or network"),
            Self::Cdn(token) => token.write(f),
            Self::Lease(sealed) => sealed.write(f, "lease"),
            Self::Handle(sealed) => sealed.write(f, "handle"),
        }
    }
}

impl Sealed {
    fn write(&self, f: &mut impl Write, name: &str) -> fmt::Result {
        writeln!(f, "{name}, {}", if self.valid { "valid" } else { "past" })?;
        writeln!(f, "  session {}, account {}, slot {}", self.session, self.account, self.slot)?;
        for (name, time) in [("issued", self.issued), ("expires", self.expires), ("session ends", Some(self.ends))] {
            if let Some(time) = time {
                writeln!(f, "  {name} {time} ({})", relative(time, self.now))?;
            }
        }
        match self.max_height {
            Some(height) => writeln!(f, "  pictures up to {height} lines")?,
            None => writeln!(f, "  pictures of any size")?,
        }
        if let Some(network) = &self.network {
            writeln!(f, "  from {network} only")?;
        }
        writeln!(f, "  delivery bits {:#06b} (cenc, cbcs, aes128, clear from the right)", self.deliveries)
    }
}

pub(super) fn relative(time: Unix, now: Unix) -> String {
    if time > now { format!("in {} s", time - now) } else { format!("{} s ago", now - time) }
}

#[cfg(test)]
mod tests {
    use sluice_gate::{AccountId, SessionId, TitleTag, lease::Lease};

    use super::*;

    fn said(text: &str, root: Option<&[u8]>, now: Unix) -> anyhow::Result<Option<String>> {
        let report = explain(text, root, now)?;
        Ok(report.map(|report| {
            let mut out = String::new();
            report.write(&mut out).expect("a string");
            out
        }))
    }

    #[test]
    fn a_jwt_is_read_and_called_unverified() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let token = format!("{}.{}.AAAA", part(r#"{"alg":"HS256","kid":"k1"}"#), part(r#"{"sub":"ann","exp":160}"#));
        let said = said(&token, None, 100).expect("reads").expect("a token");
        for line in ["not verified", "header alg: \"HS256\"", "sub: \"ann\"", "exp: 160 (in 60 s)"] {
            assert!(said.contains(line), "{said}");
        }
        assert!(explain("eyJh.!.x", None, 100).expect("no token").is_none());
        assert!(explain("eyJh.e30.AAAA", None, 100).is_err());
    }

    #[test]
    fn a_lease_is_read_only_under_its_root() {
        let lease = Lease {
            account: AccountId([1; 16]),
            session: SessionId([2; 16]),
            slot: 3,
            title: TitleTag::of("demo"),
            max_height: Some(720),
            deliveries: 3,
            flags: 0,
            net: Net::V4Host([192, 0, 2, 7]),
            issued: 100,
            expires: 400,
            ends: 1000,
        };
        let text = lease::mint(&Roots::new(&[7; 32], None).expect("root"), &lease);
        let said = |root: Option<&[u8]>| said(&text, root, 500);
        assert!(said(None).expect("reads").expect("a token").contains("--root"));
        let read = said(Some(&[7; 32])).expect("reads").expect("a token");
        assert!(read.contains("lease, past") && read.contains("up to 720 lines"), "{read}");
        assert!(read.contains("from 192.0.2.7/32 only"), "{read}");
        assert!(said(Some(&[8; 32])).is_err());
        for (root, kind) in [(None, "sealed"), (Some(&[7; 32][..]), "lease")] {
            use crate::inspect::{Content, Report};
            let report = Report::of(Content::Token(explain(&text, root, 500).expect("reads").expect("a token")));
            let json = serde_json::to_value(&report).expect("JSON");
            assert_eq!((json["kind"].as_str(), json["type"].as_str()), (Some("token"), Some(kind)));
            assert!(!json.to_string().contains(&text), "a lease is a credential");
        }
    }
}

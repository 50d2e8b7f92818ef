use std::fmt::Write;

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sluice_gate::{
    Roots, TokenError, Unix,
    handle::{self, ClientFacts, HandleError},
    lease,
};

/// Claims that are times (RFC 7519, 4.1).
const TIMES: [&str; 3] = ["exp", "nbf", "iat"];

/// Explains a viewer's JWT, a lease or a handle; `None` where the text is no token.
///
/// A JWT is read, not verified, and says so. A lease or a handle is read only under the root that made it.
///
/// # Errors
/// What is wrong with the token.
pub(super) fn explain(text: &str, root: Option<&[u8]>, now: Unix) -> anyhow::Result<Option<String>> {
    let text = text.trim().trim_start_matches('~');
    let of_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.is_empty() || !text.bytes().all(of_token) {
        return Ok(None);
    }
    match text.split('.').collect::<Vec<_>>().as_slice() {
        [header, claims, signature] if header.starts_with("eyJ") => jwt(header, claims, signature, now).map(Some),
        [own] if own.len() == lease::TEXT_LENGTH => sealed(own, root, now).map(Some),
        _ => Ok(None),
    }
}

fn jwt(header: &str, claims: &str, signature: &str, now: Unix) -> anyhow::Result<String> {
    let object = |part: &str, name: &str| -> anyhow::Result<Map<String, Value>> {
        let bytes = URL_SAFE_NO_PAD.decode(part).with_context(|| format!("JWT: the {name} is not base64url"))?;
        serde_json::from_slice(&bytes).with_context(|| format!("JWT: the {name} is not a JSON object"))
    };
    let mut out = String::from("JWT, its signature not verified\n");
    for (name, value) in object(header, "header")? {
        writeln!(out, "  header {name}: {value}")?;
    }
    for (name, value) in object(claims, "payload")? {
        match value.as_u64().filter(|_| TIMES.contains(&name.as_str())) {
            Some(time) => writeln!(out, "  {name}: {time} ({})", relative(time, now))?,
            None => writeln!(out, "  {name}: {value}")?,
        }
    }
    let bytes = URL_SAFE_NO_PAD.decode(signature).context("JWT: the signature is not base64url")?.len();
    writeln!(out, "  signature: {bytes} bytes")?;
    Ok(out)
}

fn sealed(text: &str, root: Option<&[u8]>, now: Unix) -> anyhow::Result<String> {
    let Some(root) = root else {
        return Ok("a lease or a handle: --root FILE (hex, the edge's lease_root) verifies and reads it\n".to_owned());
    };
    let roots = Roots::new(root, None)?;
    let mut out = String::new();
    // At time 0 nothing has expired, so that a past one can still be read.
    if let Ok(lease) = lease::verify(&roots, text, 0) {
        writeln!(out, "lease, {}", state(lease.expires, now))?;
        writeln!(out, "  session {}, account {}, slot {}", lease.session, lease.account, lease.slot)?;
        writeln!(out, "  issued {} ({})", lease.issued, relative(lease.issued, now))?;
        writeln!(out, "  expires {} ({})", lease.expires, relative(lease.expires, now))?;
        writeln!(out, "  session ends {} ({})", lease.ends, relative(lease.ends, now))?;
        write_limits(&mut out, lease.max_height, lease.deliveries)?;
        return Ok(out);
    }
    match handle::verify(&roots, text, 0, &ClientFacts::default()) {
        Ok(handle) => {
            writeln!(out, "handle, {}", state(handle.ends, now))?;
            writeln!(out, "  session {}, account {}, slot {}", handle.session, handle.account, handle.slot)?;
            writeln!(out, "  ends {} ({})", handle.ends, relative(handle.ends, now))?;
            write_limits(&mut out, handle.max_height, handle.deliveries)?;
            Ok(out)
        }
        Err(HandleError::Denied(_)) => Ok("handle, bound to a country or network\n".to_owned()),
        Err(HandleError::Token(TokenError::Missing | TokenError::Invalid | TokenError::Expired)) => {
            bail!("neither a lease nor a handle under this root")
        }
    }
}

fn write_limits(out: &mut String, max_height: Option<u32>, deliveries: u8) -> std::fmt::Result {
    match max_height {
        Some(height) => writeln!(out, "  pictures up to {height} lines")?,
        None => writeln!(out, "  pictures of any size")?,
    }
    writeln!(out, "  delivery bits {deliveries:#06b} (cenc, cbcs, aes128, clear from the right)")
}

fn state(end: Unix, now: Unix) -> &'static str {
    if now < end { "valid" } else { "past" }
}

fn relative(time: Unix, now: Unix) -> String {
    if time > now { format!("in {} s", time - now) } else { format!("{} s ago", now - time) }
}

#[cfg(test)]
mod tests {
    use sluice_gate::{AccountId, SessionId, TitleTag, lease::Lease};

    use super::*;

    #[test]
    fn a_jwt_is_read_and_called_unverified() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let token = format!("{}.{}.AAAA", part(r#"{"alg":"HS256","kid":"k1"}"#), part(r#"{"sub":"ann","exp":160}"#));
        let said = explain(&token, None, 100).expect("reads").expect("a token");
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
            issued: 100,
            expires: 400,
            ends: 1000,
        };
        let text = lease::mint(&Roots::new(&[7; 32], None).expect("root"), &lease);
        let said = |root: Option<&[u8]>| explain(&text, root, 500);
        assert!(said(None).expect("reads").expect("a token").contains("--root"));
        let read = said(Some(&[7; 32])).expect("reads").expect("a token");
        assert!(read.contains("lease, past") && read.contains("up to 720 lines"), "{read}");
        assert!(said(Some(&[8; 32])).is_err());
    }
}

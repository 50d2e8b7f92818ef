//! `catr`: a token's successor, and how the viewer gets it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{Carrier, HEADER, MAX_TOKEN, cbor::Value, claims::label, cose::Message, keys::Pinned};
use crate::{
    TokenError, Unix,
    grant::{GrantError, Renewal},
};

/// Seconds before its end from which on a token without a deadline is renewed, as other implementations have it.
const DEADLINE: u64 = 60;
/// The attributes of a cookie for which the token gives none: players call from pages of other origins.
const COOKIE: &str = "Path=/; Secure; HttpOnly; SameSite=None";

/// How a token asks to be renewed.
pub(super) struct Terms {
    /// Seconds that the successor lasts, from its making.
    expadd: u64,
    /// Seconds before the token's end from which on it is renewed.
    deadline: u64,
    /// A cookie of that name with those attributes, else a header.
    cookie: Option<String>,
    name: String,
    /// What follows a token in a header, each behind a semicolon.
    parameters: Vec<String>,
}

/// Reads `catr`. `carrier` is how the token came, which an automatic renewal follows: a cookie by a cookie, all else by a header.
///
/// # Errors
/// [`GrantError::Unsupported`] for redirects and for what is not known; [`TokenError::Invalid`] where it is not of its form.
pub(super) fn terms(claim: &Value<'_>, carrier: Carrier, cookie: &str) -> Result<Terms, GrantError> {
    let invalid = GrantError::Token(TokenError::Invalid);
    let entries = claim.entries().ok_or(invalid.clone())?;
    for (key, _) in entries {
        match key.int() {
            Some(0..=7) => {}
            _ => return Err(GrantError::Unsupported("a member of catr that is not known".to_owned())),
        }
    }
    let number = |label| {
        claim.find(label).map(|value| value.int().and_then(|value| value.try_into().ok()).ok_or(invalid.clone()))
    };
    let name = |label, default: &str| match claim.find(label).map(|name| name.text().filter(|name| is_token(name))) {
        None => Ok(default.to_owned()),
        Some(name) => name.map(str::to_owned).ok_or(invalid.clone()),
    };
    let parameters = |label| match claim.find(label).map(Value::items) {
        None => Ok(Vec::new()),
        Some(items) => items
            .and_then(|items| {
                items.iter().map(|item| item.text().filter(|text| is_plain(text)).map(str::to_owned)).collect()
            })
            .ok_or(invalid.clone()),
    };
    let by_cookie = match claim.find(0).and_then(Value::int).ok_or(invalid.clone())? {
        0 => carrier == Carrier::Cookie,
        1 => true,
        2 => false,
        3 => return Err(GrantError::Unsupported("catr by redirect".to_owned())),
        other => return Err(GrantError::Unsupported(format!("catr type {other}"))),
    };
    let (cookie_name, header_name) = (name(3, cookie)?, name(4, HEADER)?);
    let (attributes, parameters) = (parameters(5)?, parameters(6)?);
    Ok(Terms {
        expadd: number(1).ok_or(invalid.clone())??,
        deadline: number(2).transpose()?.unwrap_or(DEADLINE),
        cookie: by_cookie.then(|| if attributes.is_empty() { COOKIE.to_owned() } else { attributes.join("; ") }),
        name: if by_cookie { cookie_name } else { header_name },
        parameters: if by_cookie { Vec::new() } else { parameters },
    })
}

/// The successor, where it is due and the key can make it: a verifier of signatures has no key to sign with. It claims the same, `iat` too, so that what
/// was revoked by its time of issue stays revoked; it ends `expadd` seconds from `now`, and has a `cti` of its own where the token has one (RFC 8392, 3.1.7).
pub(super) fn renew(
    terms: Terms,
    message: &Message<'_>,
    claims: &Value<'_>,
    key: &Pinned,
    ends: Unix,
    now: Unix,
) -> Option<Renewal> {
    let later = i64::try_from(now.checked_add(terms.expadd)?).ok()?;
    if now.saturating_add(terms.deadline) < ends || later.cast_unsigned() <= ends {
        return None;
    }
    let mut cti = Sha256::new_with_prefix("sluice renewal\0").chain_update(later.to_be_bytes());
    if let Some(earlier) = claims.find(label::CTI).and_then(Value::bytes) {
        cti.update(earlier);
    }
    let cti = cti.finalize();
    let claims = claims.entries()?.iter().map(|(key, value)| {
        let value = match key.int() {
            Some(label::EXP) => Value::Int(later),
            // As long as ids are that nobody has twice.
            Some(label::CTI) => Value::Bytes(&cti[..16]),
            _ => value.clone(),
        };
        (key.clone(), value)
    });
    let payload = Value::Map(claims.collect()).to_vec();
    let tag = key.tag(&super::cose::to_be_authenticated(message.structure, message.protected, &payload))?;
    let mut token = URL_SAFE_NO_PAD.encode(message.rewrapped(&payload, &tag));
    if token.len() > MAX_TOKEN {
        return None;
    }
    for parameter in &terms.parameters {
        token.push_str("; ");
        token.push_str(parameter);
    }
    Some(Renewal { token, cookie: terms.cookie, name: terms.name })
}

/// A name that headers and cookies may have (RFC 9110, 5.6.2).
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// What may stand in a header's value: no line ends.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

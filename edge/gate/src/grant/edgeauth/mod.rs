//! Akamai's EdgeAuth tokens ("Auth Token 2.0"), as its published libraries make them: a title that Akamai served before is watched through
//! the gate with the same tokens.
//!
//! ```text
//! ip=192.0.2.1~st=1700000000~exp=1700003600~acl=/v1/film/*!/v1/trailer/*~id=anna~data=x~hmac=64 hex digits
//! ```
//!
//! HMAC-SHA256 over the text before `~hmac=` as it was received, to which is added what is not sent: `~url=` and the path, where the
//! token has no `acl`, and `~salt=` and the salt, where one is configured. HMAC-SHA1 and HMAC-MD5, which older generators know, are refused.
//!
//! **Whose it is.** The account that `id` or `data` names where the configuration says so; else the token's holder: the SHA-256 of what was signed.

mod config;
mod escape;
mod fields;

use core::net::IpAddr;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use config::{AccountField, EdgeAuthConfig, EdgeAuthError};
pub use escape::escape;

use super::{
    Account, Grant, GrantError, Kind, Presented, glob,
    url::{MAX_URL, Url, parameter},
};
use crate::{Deny, Net, TokenError, ids::hex};
use fields::Fields;

/// The longest token, bytes.
pub const MAX_TOKEN: usize = 2048;
/// Keys that may be valid at a time: one, and the one that replaces it.
const MAX_KEYS: usize = 2;
/// The fewest bytes of a key.
const MIN_KEY: usize = 16;
/// The longest name of an account, bytes.
const MAX_ACCOUNT: usize = 256;

/// The keys by which EdgeAuth tokens are verified, and what the tokens must say.
///
/// Holds secrets: zeroized when dropped, and deliberately without `Debug`.
pub struct EdgeAuthKeys {
    name: String,
    /// By the names of their secrets.
    keys: Vec<(String, Zeroizing<Vec<u8>>)>,
    salt: Option<Zeroizing<String>>,
    account: Option<AccountField>,
    escape_early: bool,
}

impl EdgeAuthKeys {
    /// Reads the keys; `secret` gives a secret by its name in the configuration.
    ///
    /// # Errors
    /// [`EdgeAuthError`], which names what is wrong and what to do.
    pub fn new<'a>(config: &EdgeAuthConfig, secret: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Self, EdgeAuthError> {
        match config.keys.len() {
            0 => return Err(EdgeAuthError::None),
            1..=MAX_KEYS => {}
            many => return Err(EdgeAuthError::TooMany(many)),
        }
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=64).contains(&config.name.len()) || !config.name.bytes().all(of_name) {
            return Err(EdgeAuthError::Name(config.name.clone()));
        }
        let find = |name: &String| secret(name).ok_or_else(|| EdgeAuthError::NoSecret(name.clone()));
        let key = |name: &String| match pairs(&find(name)?.trim_ascii().to_ascii_lowercase()).map(Zeroizing::new) {
            None => Err(EdgeAuthError::NotHex(name.clone())),
            Some(key) if key.len() < MIN_KEY => Err(EdgeAuthError::Short { secret: name.clone(), length: key.len() }),
            Some(key) => Ok((name.clone(), key)),
        };
        let salt = |name: &String| {
            let text = core::str::from_utf8(find(name)?).ok().filter(|text| !text.chars().any(char::is_control));
            text.map(|text| Zeroizing::new(text.to_owned())).ok_or_else(|| EdgeAuthError::Salt(name.clone()))
        };
        Ok(Self {
            name: config.name.clone(),
            keys: config.keys.iter().map(key).collect::<Result<_, _>>()?,
            salt: config.salt.as_ref().map(salt).transpose()?,
            account: config.account,
            escape_early: config.escape_early,
        })
    }

    /// The token: the query's, else the cookie's, else the header's.
    fn token(&self, request: &Presented<'_>) -> Result<Option<String>, TokenError> {
        let query = request.url.and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
        let mut values = query.split('&').map(parameter).filter(|(name, _)| *name == self.name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(TokenError::Invalid),
            (Some(token), None) => Ok(Some(token.to_owned())),
            (None, _) => match request.cookies.one(&self.name)? {
                Some(token) => Ok(Some(token)),
                None => request.headers.one(&self.name),
            },
        }
    }

    fn account(&self, fields: &Fields, signed: &str) -> Result<Account, TokenError> {
        let name = match self.account {
            Some(AccountField::Id) => &fields.id,
            Some(AccountField::Data) => &fields.data,
            None => {
                let holder = Sha256::new().chain_update(b"edgeauth\0").chain_update(signed);
                return Ok(Account::Token(holder.finalize().into()));
            }
        };
        let named = |name: &&String| name.len() <= MAX_ACCOUNT && !name.chars().any(char::is_control);
        name.as_ref().filter(named).map(|name| Account::Named(name.clone())).ok_or(TokenError::Invalid)
    }

    /// The name of the key whose MAC it is.
    fn signer(&self, signed: &str, mac: &[u8]) -> Option<&str> {
        let holds = |key: &[u8]| {
            let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
            hmac.update(signed.as_bytes());
            if let Some(salt) = &self.salt {
                hmac.update(b"~salt=");
                hmac.update(salt.as_bytes());
            }
            // Constant time, and the whole tag.
            hmac.verify_slice(mac).is_ok()
        };
        self.keys.iter().find(|(_, key)| holds(key)).map(|(name, _)| name.as_str())
    }
}

impl Kind for EdgeAuthKeys {
    fn is_presented(&self, request: &Presented<'_>) -> bool {
        !matches!(self.token(request), Ok(None))
    }

    fn verify(&self, request: &Presented<'_>) -> Result<Grant, GrantError> {
        let invalid = TokenError::Invalid;
        let token = self.token(request)?.ok_or(TokenError::Missing)?;
        if token.len() > MAX_TOKEN {
            return Err(invalid.into());
        }
        let (text, mac) = token.rsplit_once("~hmac=").ok_or(invalid)?;
        match mac.len() {
            64 => {}
            40 => return Err(GrantError::Unsupported("an HMAC with SHA-1".to_owned())),
            32 => return Err(GrantError::Unsupported("an HMAC with MD5".to_owned())),
            _ => return Err(invalid.into()),
        }
        let mac = pairs(mac.as_bytes()).ok_or(invalid)?;
        let path = request.url.map(|url| Url::parse(url).map(|url| url.path).filter(|path| path.len() <= MAX_URL));
        let signed = if fields::has_acl(text) {
            text.to_owned()
        } else {
            // Without the path nobody can tell what was signed.
            let path = path.flatten().ok_or(invalid)?;
            let path = if self.escape_early { escape::escape(path) } else { path.to_owned() };
            format!("{text}~url={path}")
        };
        let signer = self.signer(&signed, &mac).ok_or(invalid)?;
        // Not read before its MAC holds.
        let fields = Fields::parse(text, self.escape_early)?;
        if fields.st.is_some_and(|start| request.now < start) {
            return Err(invalid.into());
        }
        let account = self.account(&fields, &signed)?;
        let net = fields.ip.map(|ip| bind(ip, request.client.address)).transpose()?;
        if let (false, Some(path)) = (fields.acls.is_empty(), path) {
            let matches = |path: &str| fields.acls.iter().any(|acl| glob::matches(acl.as_bytes(), path.as_bytes()));
            path.is_some_and(matches).then_some(()).ok_or(Deny::TitleMismatch)?;
        }
        if request.now >= fields.exp {
            return Err(TokenError::Expired.into());
        }
        // What it covers has been seen: the session is for that title.
        Ok(Grant { net, ..Grant::plain(account, fields.exp, signer) })
    }
}

/// The one address, which the client must have and its session is bound to.
fn bind(ip: IpAddr, client: Option<IpAddr>) -> Result<Net, Deny> {
    let client = client.map(|address| address.to_canonical());
    if client == Some(ip.to_canonical()) { Ok(Net::host(ip)) } else { Err(Deny::AddressMismatch) }
}

/// Pairs of hex digits in lower case.
fn pairs(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if rest.is_empty() { pairs.iter().map(hex::byte).collect() } else { None }
}

#[cfg(test)]
mod tests;

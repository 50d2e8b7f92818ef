//! The secrets by which the edge works, from the platform's secret store.

use sluice_gate::{Roots, constant_time_eq};
use sluice_packager::keys::wrap::KeyEncryptionKey;
use zeroize::Zeroizing;

use crate::{Error, Host};

/// The two valid roots of leases, handles and ETags: `lease_root`, and `lease_root_previous` while rotating. With `account_secret`, which never rotates, an
/// account's id in the store cannot be guessed from its name.
pub(crate) async fn roots<H: Host>(host: &H) -> Result<Roots, Error> {
    let current = required(host, "lease_root").await?;
    let current = hex(&current).ok_or_else(|| malformed("lease_root", "hex digits"))?;
    let previous = match host.secret("lease_root_previous").await? {
        Some(text) if !text.is_empty() => {
            Some(hex(&text).ok_or_else(|| malformed("lease_root_previous", "hex digits"))?)
        }
        _ => None,
    };
    let roots = Roots::new(&current, previous.as_ref().map(|bytes| bytes.as_slice()))
        .map_err(|error| Error::Internal(format!("secret lease_root: {error}")))?;
    match host.secret("account_secret").await?.filter(|text| !text.is_empty()) {
        Some(secret) => roots
            .with_account_secret(secret.as_bytes())
            .map_err(|error| Error::Internal(format!("secret account_secret: {error}"))),
        None => Ok(roots),
    }
}

/// The key-encryption keys: `kek`, and `kek_previous` while rotating.
pub(crate) async fn key_encryption_keys<H: Host>(host: &H) -> Result<Vec<KeyEncryptionKey>, Error> {
    let mut keks = vec![key_encryption_key("kek", &required(host, "kek").await?)?];
    if let Some(text) = host.secret("kek_previous").await?.filter(|text| !text.is_empty()) {
        keks.push(key_encryption_key("kek_previous", &text)?);
    }
    Ok(keks)
}

/// A secret that must be there.
pub(crate) async fn required<H: Host>(host: &H, name: &str) -> Result<Zeroizing<String>, Error> {
    let secret = host.secret(name).await?.filter(|text| !text.is_empty());
    secret.ok_or_else(|| Error::Internal(format!("secret {name} is not deployed")))
}

/// A shown secret is compared with none that is shorter, bytes.
const MIN_SHOWN: usize = 32;

/// Whether what a caller shows is one of these secrets. Each is compared, in constant time, whichever it is; one that is not deployed is none, and one that is
/// too short to be kept from being guessed is as good as none.
pub(crate) async fn is_one_of<H: Host>(host: &H, names: &[String], shown: &str) -> Result<bool, Error> {
    let mut equal = false;
    let mut deployed = false;
    for name in names {
        if let Some(secret) = host.secret(name).await?.filter(|text| text.len() >= MIN_SHOWN) {
            equal |= constant_time_eq(shown.as_bytes(), secret.as_bytes());
            deployed = true;
        }
    }
    if deployed {
        Ok(equal)
    } else {
        Err(Error::Internal(format!("entitlements: no secret of {MIN_SHOWN} bytes or more is deployed")))
    }
}

/// Secrets by the names that the configuration gives them.
pub(crate) struct Named(Vec<(String, Zeroizing<String>)>);

/// Those secrets, which must all be there.
pub(crate) async fn named<H: Host>(host: &H, names: impl Iterator<Item = &str>) -> Result<Named, Error> {
    let mut named = Vec::new();
    for name in names {
        named.push((name.to_owned(), required(host, name).await?));
    }
    Ok(Named(named))
}

impl Named {
    pub(crate) fn find(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, secret)| secret.as_bytes())
    }
}

/// `N:` and 64 hex digits.
fn key_encryption_key(name: &str, text: &str) -> Result<KeyEncryptionKey, Error> {
    let parse = || {
        let (id, key) = text.trim().split_once(':')?;
        let key = hex(key)?;
        Some(KeyEncryptionKey::new(id.parse().ok()?, key.as_slice().try_into().ok()?))
    };
    parse().ok_or_else(|| malformed(name, "N:64 hex digits, N from 0 to 255"))
}

fn malformed(name: &str, form: &str) -> Error {
    Error::Internal(format!("secret {name} is not of the form {form}"))
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.trim().as_bytes();
    let nibble = |digit: u8| (digit as char).to_digit(16).map(|value| value as u8);
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
        .collect::<Option<Vec<u8>>>()
        .map(Zeroizing::new)
}

use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use zeroize::Zeroizing;

use super::sigv4::SigV4;
use crate::config::{Auth, Secret, SecretError};

/// How a client shows who it is, with its secrets by reference.
pub(crate) enum Credentials {
    None,
    Basic { user: String, password: Secret },
    Bearer(Secret),
    Header { name: String, value: Secret },
    SigV4(SigV4),
}

/// Why there are no headers to show.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The secret cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The secret cannot stand in a header.
    #[error("the key provider's credentials contain characters that no HTTP header may have")]
    Form,
    /// The request cannot be signed.
    #[error("the request to the key provider cannot be signed (AWS Signature Version 4)")]
    Signature,
}

impl Credentials {
    pub(crate) fn new(auth: &Auth) -> Self {
        let secret = |reference: &crate::config::SecretRef| Secret::new(reference.clone());
        match auth {
            Auth::None => Self::None,
            Auth::Basic { user, password } => Self::Basic { user: user.clone(), password: secret(password) },
            Auth::Bearer(token) => Self::Bearer(secret(token)),
            Auth::Header { name, value } => Self::Header { name: name.clone(), value: secret(value) },
            Auth::SigV4(config) => Self::SigV4(SigV4::new(config)),
        }
    }

    /// The present value of `Authorization`, for a server that compares; `None` where there is to be no header.
    ///
    /// # Errors
    /// [`SecretError`] where the secret cannot be had, or where it is shown by other means than `Authorization: Basic` or `Bearer`.
    pub(crate) fn header(&self) -> Result<Option<Zeroizing<String>>, SecretError> {
        Ok(match self {
            Self::None => None,
            Self::Basic { user, password } => {
                let pair = Zeroizing::new(format!("{user}:{}", password.read()?.as_str()));
                let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
                Some(Zeroizing::new(format!("Basic {}", encoded.as_str())))
            }
            Self::Bearer(token) => Some(Zeroizing::new(format!("Bearer {}", token.read()?.as_str()))),
            Self::Header { value, .. } => return Err(value.malformed("a server compares basic and bearer only")),
            Self::SigV4(signer) => return Err(signer.unserved()),
        })
    }

    /// The headers that a POST of `body` shows; each is marked as sensitive.
    ///
    /// # Errors
    /// [`CredentialsError`]
    pub(crate) fn headers(
        &self,
        url: &Url,
        headers: &[(&str, &str)],
        body: &[u8],
        now: SystemTime,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, CredentialsError> {
        let sensitive = |name: HeaderName, text: &str| {
            let mut value = HeaderValue::from_str(text).map_err(|_| CredentialsError::Form)?;
            value.set_sensitive(true);
            Ok((name, value))
        };
        match self {
            Self::SigV4(signer) => {
                let signed = signer.sign(url, headers, body, now)?;
                let named = signed.into_iter().map(|(name, value)| {
                    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| CredentialsError::Form)?;
                    sensitive(name, &value)
                });
                named.collect()
            }
            Self::Header { name, value } => {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| CredentialsError::Form)?;
                Ok(vec![sensitive(name, &value.read()?)?])
            }
            Self::None | Self::Basic { .. } | Self::Bearer(_) => {
                self.header()?.map(|text| sensitive(AUTHORIZATION, &text)).into_iter().collect()
            }
        }
    }
}

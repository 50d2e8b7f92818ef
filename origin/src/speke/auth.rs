use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::config::{Auth, Secret, SecretError};

/// What goes into `Authorization`, with its secret by reference.
pub(crate) enum Credentials {
    None,
    Basic { user: String, password: Secret },
    Bearer(Secret),
}

impl Credentials {
    pub(crate) fn new(auth: &Auth) -> Self {
        match auth {
            Auth::None => Self::None,
            Auth::Basic { user, password } => {
                Self::Basic { user: user.clone(), password: Secret::new(password.clone()) }
            }
            Auth::Bearer(token) => Self::Bearer(Secret::new(token.clone())),
        }
    }

    /// The header's present value; `None` where there is to be no header.
    ///
    /// # Errors
    /// [`SecretError`] where the secret cannot be had.
    pub(crate) fn header(&self) -> Result<Option<Zeroizing<String>>, SecretError> {
        Ok(match self {
            Self::None => None,
            Self::Basic { user, password } => {
                let pair = Zeroizing::new(format!("{user}:{}", password.read()?.as_str()));
                let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
                Some(Zeroizing::new(format!("Basic {}", encoded.as_str())))
            }
            Self::Bearer(token) => Some(Zeroizing::new(format!("Bearer {}", token.read()?.as_str()))),
        })
    }
}

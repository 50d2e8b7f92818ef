use sluice_document::{members, words};

/// How Akamai's EdgeAuth tokens are recognised: the `edgeauth` object of the edge's configuration.
///
/// ```json
/// {"name":"hdnts","keys":["akamai_key","akamai_key_previous"],"account":"id"}
/// ```
#[derive(Clone, Debug)]
pub struct EdgeAuthConfig {
    /// The query parameter, cookie or header that carries the token; looked for in this order.
    pub name: String,
    /// Names of the secrets that are the keys, hex digits: one, or two while one replaces the other.
    pub keys: Vec<String>,
    /// Name of the secret that is the salt, where there is one.
    pub salt: Option<String>,
    /// The field that names the account; without it, whoever holds a token is an account.
    pub account: Option<AccountField>,
    /// Whether fields were escaped before the token was signed: the property's "Escape token input", the libraries' `escapeEarly`.
    pub escape_early: bool,
}

members!(deny EdgeAuthConfig {
    name = "__token__".to_owned(),
    keys,
    salt = None,
    account = None,
    escape_early = false,
});

/// A field of the token that the operator's own meaning is given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountField {
    /// `id`, the session id.
    Id,
    /// `data`, the payload.
    Data,
}

words!(AccountField { Id => "id", Data => "data" });

/// Why a configuration gives no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EdgeAuthError {
    /// No key: nobody could watch.
    #[error("keys is empty: name the secret that holds the property's token key")]
    None,
    /// Too many keys.
    #[error("keys lists {0} keys where at most 2 are valid at a time; remove the oldest")]
    TooMany(usize),
    /// A name that no parameter, cookie or header can have.
    #[error("name {0:?} must be 1 to 64 letters, digits, - and _ (hdnts, __token__)")]
    Name(String),
    /// The platform has no such secret.
    #[error("the secret {0:?} is not deployed")]
    NoSecret(String),
    /// Not what Akamai's keys are.
    #[error("the secret {0:?} is not an even number of hex digits, as the property has its key")]
    NotHex(String),
    /// A secret that can be guessed.
    #[error(
        "the secret {secret:?} has {length} bytes where at least 16 are needed; make a longer key and put it into the property as well"
    )]
    Short {
        /// The secret's name.
        secret: String,
        /// Its length, bytes.
        length: usize,
    },
    /// A salt that cannot be signed.
    #[error("the secret {0:?} is a salt and must be text without line ends")]
    Salt(String),
}

impl EdgeAuthConfig {
    /// The names of the secrets that [`super::EdgeAuthKeys::new`] asks for.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().chain(&self.salt).map(String::as_str)
    }
}

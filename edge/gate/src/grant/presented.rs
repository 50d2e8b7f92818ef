use super::Grant;
use crate::{ClientFacts, Deny, TokenError, Unix};

/// What a request shows of itself to a kind of grant.
///
/// Values are as they were sent. A name that comes twice shows nothing: [`Lookup::one`] refuses it, for two
/// readers might take different ones of the two.
pub struct Presented<'a> {
    /// The absolute URL that the grant must cover, query included: the title's folder `…/v1/{title}/`, or the
    /// manifest that it was issued for. `None` where only its holder is asked for (a list of sessions, an end).
    pub url: Option<&'a str>,
    /// The request's method, as sent.
    pub method: &'a str,
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<&'a str>,
    /// Headers by name, in any case.
    pub headers: &'a dyn Lookup,
    /// Cookies by name.
    pub cookies: &'a dyn Lookup,
    /// What the platform tells of the client.
    pub client: &'a ClientFacts,
    /// The time.
    pub now: Unix,
}

/// Named values of a request.
pub trait Lookup {
    /// Hands over every value of that name, in order.
    fn each(&self, name: &str, take: &mut dyn FnMut(&str));

    /// The value of that name, if there is one.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] where there are several.
    fn one(&self, name: &str) -> Result<Option<String>, TokenError> {
        let (mut first, mut count) = (None, 0);
        self.each(name, &mut |value| {
            count += 1;
            if count == 1 {
                first = Some(value.to_owned());
            }
        });
        if count > 1 { Err(TokenError::Invalid) } else { Ok(first) }
    }
}

/// A kind of grant: one file each, switched on by configuration.
pub trait Kind {
    /// Whether the request carries something of this kind, sound or not. The first kind that says so decides:
    /// nothing falls through to another because it was refused.
    fn is_presented(&self, request: &Presented<'_>) -> bool;

    /// Verifies it, and that it covers the request's URL.
    ///
    /// # Errors
    /// [`GrantError`].
    fn verify(&self, request: &Presented<'_>) -> Result<Grant, GrantError>;
}

/// Why a grant is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It is missing, not sound, or over.
    #[error("grant: {0}")]
    Token(#[from] TokenError),
    /// It is sound, but not for this client or URL.
    #[error("grant: {0}")]
    Denied(#[from] Deny),
    /// It is restricted by something that is not understood or not supported here; which, for the log. To the client it is an invalid token.
    #[error("grant: it asks for {0}, which is not supported")]
    Unsupported(String),
}

use reqwest::StatusCode;

use super::CredentialsError;
use crate::{
    config::SecretError,
    cpix::{AnswerError, CertificateError, LARGEST},
};

/// Why no keys came from the provider. Carries nothing of the answer's body.
#[derive(Debug, thiserror::Error)]
pub enum SpekeError {
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
    /// A secret that the client is set up with cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The certificate that keys are to be encrypted for does not serve, or no longer.
    #[error("encrypted_keys: {0}")]
    Certificate(#[from] CertificateError),
    /// The credentials cannot be shown.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// No connection, or none that lasted.
    #[error("the key provider cannot be reached: {0}")]
    Connect(String),
    /// Nothing within the time that the configuration gives.
    #[error("the key provider did not answer in time")]
    Timeout,
    /// A status other than 200.
    #[error("the key provider answered {0}")]
    Status(StatusCode),
    /// No `X-Speke-Version` of the request's version in the answer: whatever it is, it is not what was spoken.
    #[error("the key provider's answer does not echo X-Speke-Version: {0}")]
    Version(&'static str),
    /// Not XML by its own account.
    #[error("the key provider's answer is not application/xml")]
    ContentType,
    /// Longer than any CPIX document.
    #[error("the key provider's answer is longer than {LARGEST} bytes")]
    TooLarge,
    /// Incomplete or contradictory.
    #[error("{0}")]
    Answer(#[from] AnswerError),
}

impl SpekeError {
    /// Whether another try may do better.
    pub(super) fn passes(&self) -> bool {
        match self {
            Self::Connect(_) => true,
            Self::Status(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            _ => false,
        }
    }
}

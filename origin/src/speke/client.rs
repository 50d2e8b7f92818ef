use std::time::Duration;

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use sluice_packager::keys::{ContentKey, Kid};
use zeroize::Zeroizing;

use super::{Credentials, VERSION, VERSION_HEADER};
use crate::{
    config::{KeysConfig, SecretError},
    cpix::{AnswerError, KeyRequest, LARGEST, read_answer, write_request},
    outgoing::cause,
};

/// Wait before the second try; doubles for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Why no keys came from the provider. Carries nothing of the answer's body.
#[derive(Debug, thiserror::Error)]
pub enum SpekeError {
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
    /// The secret of the authentication cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The secret of the authentication cannot stand in a header.
    #[error("the key provider's credentials contain characters that no HTTP header may have")]
    Credentials,
    /// No connection, or none that lasted.
    #[error("the key provider cannot be reached: {0}")]
    Connect(String),
    /// Nothing within the time that the configuration gives.
    #[error("the key provider did not answer in time")]
    Timeout,
    /// A status other than 200.
    #[error("the key provider answered {0}")]
    Status(StatusCode),
    /// No `X-Speke-Version: 2.0` in the answer: whatever it is, it is not SPEKE v2.0.
    #[error("the key provider's answer does not echo X-Speke-Version: 2.0")]
    Version,
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
    fn passes(&self) -> bool {
        match self {
            Self::Connect(_) => true,
            Self::Status(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            _ => false,
        }
    }
}

/// A SPEKE v2.0 client for one provider.
pub struct SpekeClient {
    http: Client,
    url: Url,
    credentials: Credentials,
    timeout: Duration,
    attempts: u32,
}

impl SpekeClient {
    /// Sets the client up; connects to nothing yet.
    ///
    /// # Errors
    /// [`SpekeError::Setup`]
    pub fn new(config: &KeysConfig) -> Result<Self, SpekeError> {
        // A provider that is installed already, by an embedding program, is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let timeout = Duration::from_secs(config.timeout_seconds);
        let http = Client::builder()
            // Keys go to the configured URL and nowhere else: no redirects, no proxy from the environment.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(timeout.min(Duration::from_secs(3)))
            .build()
            .map_err(|error| SpekeError::Setup(cause(&error)))?;
        let url = Url::parse(&config.url).map_err(|error| SpekeError::Setup(error.to_string()))?;
        Ok(Self { http, url, credentials: Credentials::new(&config.auth), timeout, attempts: config.attempts })
    }

    /// Asks for the keys of one title in one scheme; they come back in the order asked for.
    ///
    /// # Errors
    /// [`SpekeError`], after as many tries as the configuration gives where another try may do better.
    pub async fn fetch(&self, request: &KeyRequest) -> Result<Vec<(Kid, ContentKey)>, SpekeError> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            match tokio::time::timeout(self.timeout, self.exchange(request)).await.unwrap_or(Err(SpekeError::Timeout)) {
                Err(error) if error.passes() && attempt < self.attempts => {
                    tracing::warn!(%error, attempt, content_id = request.content_id, "key provider, trying again");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2);
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn exchange(&self, request: &KeyRequest) -> Result<Vec<(Kid, ContentKey)>, SpekeError> {
        let mut post = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/xml")
            .header(VERSION_HEADER, VERSION)
            .body(write_request(request).to_string());
        if let Some(text) = self.credentials.header()? {
            let mut value = HeaderValue::from_str(&text).map_err(|_| SpekeError::Credentials)?;
            value.set_sensitive(true);
            post = post.header(AUTHORIZATION, value);
        }
        let response = post.send().await.map_err(|error| SpekeError::Connect(cause(&error)))?;
        if response.status() != StatusCode::OK {
            return Err(SpekeError::Status(response.status()));
        }
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if header(VERSION_HEADER) != Some(VERSION) {
            return Err(SpekeError::Version);
        }
        let content_type = header(CONTENT_TYPE.as_str()).unwrap_or("").split(';').next().unwrap_or("").trim();
        if !["application/xml", "text/xml"].iter().any(|xml| content_type.eq_ignore_ascii_case(xml)) {
            return Err(SpekeError::ContentType);
        }
        Ok(read_answer(&body(response).await?, request)?)
    }
}

/// The body, as far as [`LARGEST`].
async fn body(mut response: Response) -> Result<Zeroizing<Vec<u8>>, SpekeError> {
    let mut out = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|error| SpekeError::Connect(cause(&error)))? {
        let length = out.len() + chunk.len();
        if length > LARGEST {
            return Err(SpekeError::TooLarge);
        }
        if out.capacity() < length {
            // A copy by hand, so that what the old buffer held is zeroized with it.
            let mut grown = Zeroizing::new(Vec::with_capacity(length * 2));
            grown.extend_from_slice(&out);
            out = grown;
        }
        out.extend_from_slice(&chunk);
    }
    Ok(out)
}

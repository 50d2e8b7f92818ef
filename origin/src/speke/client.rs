use std::time::{Duration, SystemTime};

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{CONTENT_TYPE, HeaderValue},
};
use tokio::time::{Instant, sleep, timeout};
use zeroize::Zeroizing;

use super::{
    Credentials, SpekeError, VERSION_HEADER,
    retry::{pause, retry_after},
    tls,
};
use crate::{
    config::{KeysConfig, Secret},
    cpix::{Answer, KeyRequest, LARGEST, Profile, Recipient, SpekeVersion},
    outgoing::cause,
};

/// A SPEKE v2 client for one provider.
pub struct SpekeClient {
    http: Client,
    url: Url,
    version: SpekeVersion,
    credentials: Credentials,
    recipient: Option<Recipient>,
    timeout: Duration,
    deadline: Duration,
    attempts: u32,
}

/// A try that gave nothing, and when the provider wants to be asked again.
struct Failure {
    error: SpekeError,
    retry_after: Option<Duration>,
}

impl<E: Into<SpekeError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), retry_after: None }
    }
}

impl SpekeClient {
    /// Sets the client up; connects to nothing yet.
    ///
    /// # Errors
    /// [`SpekeError::Setup`]; [`SpekeError::Secret`] and [`SpekeError::Certificate`] for certificates and their keys, which are read here.
    pub fn new(config: &KeysConfig) -> Result<Self, SpekeError> {
        let timeout = Duration::from_secs(config.timeout_seconds);
        let recipient = config.encrypted_keys.as_ref().map(|pair| {
            let certificate = Secret::new(pair.certificate.clone()).read()?;
            let private_key = Secret::new(pair.private_key.clone()).read()?;
            Ok::<_, SpekeError>(Recipient::new(&certificate, &private_key, SystemTime::now())?)
        });
        Ok(Self {
            http: tls::client(&config.tls, timeout.min(Duration::from_secs(3)))?,
            url: Url::parse(&config.url).map_err(|error| SpekeError::Setup(error.to_string()))?,
            version: config.version,
            credentials: Credentials::new(&config.auth),
            recipient: recipient.transpose()?,
            timeout,
            deadline: Duration::from_secs(config.deadline_seconds),
            attempts: config.attempts,
        })
    }

    /// Asks for the keys of one title in one scheme, and for what its systems are told of them.
    ///
    /// # Errors
    /// [`SpekeError`], after as many tries as the configuration gives, and has time for, where another try may do better.
    pub async fn fetch(&self, request: &KeyRequest) -> Result<Answer, SpekeError> {
        let end = Instant::now() + self.deadline;
        let mut attempt = 1;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let outcome = timeout(self.timeout.min(left), self.exchange(request)).await;
            let Failure { error, retry_after } = match outcome.unwrap_or(Err(SpekeError::Timeout.into())) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let pause = pause(attempt, retry_after, getrandom::u32().unwrap_or_default());
            if !error.passes() || attempt >= self.attempts || Instant::now() + pause >= end {
                return Err(error);
            }
            tracing::warn!(%error, attempt, content_id = request.content_id, "key provider, trying again");
            sleep(pause).await;
            attempt += 1;
        }
    }

    async fn exchange(&self, request: &KeyRequest) -> Result<Answer, Failure> {
        let now = SystemTime::now();
        if let Some(recipient) = &self.recipient {
            recipient.valid_at(now)?;
        }
        let profile = Profile { version: self.version, recipient: self.recipient.as_ref() };
        let document = profile.write_request(request).to_string();
        let headers = [(CONTENT_TYPE.as_str(), "application/xml"), (VERSION_HEADER, self.version.speke())];
        let mut post = self.http.post(self.url.clone());
        for (name, value) in headers {
            post = post.header(name, value);
        }
        for (name, value) in self.credentials.headers(&self.url, &headers, document.as_bytes(), now)? {
            post = post.header(name, value);
        }
        let response = post.body(document).send().await.map_err(|error| SpekeError::Connect(cause(&error)))?;
        if response.status() != StatusCode::OK {
            let retry_after = retry_after(response.headers());
            return Err(Failure { error: SpekeError::Status(response.status()), retry_after });
        }
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if header(VERSION_HEADER) != Some(self.version.speke()) {
            return Err(SpekeError::Version(self.version.speke()).into());
        }
        let content_type = header(CONTENT_TYPE.as_str()).unwrap_or("").split(';').next().unwrap_or("").trim();
        if !["application/xml", "text/xml"].iter().any(|xml| content_type.eq_ignore_ascii_case(xml)) {
            return Err(SpekeError::ContentType.into());
        }
        let answer = profile.read_answer(&body(response).await?, request).map_err(SpekeError::from)?;
        Ok(answer)
    }
}

/// The body, as far as [`LARGEST`]; one that says that it is longer is not read at all.
async fn body(mut response: Response) -> Result<Zeroizing<Vec<u8>>, SpekeError> {
    if response.content_length().is_some_and(|length| length > LARGEST as u64) {
        return Err(SpekeError::TooLarge);
    }
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

//! Key sets of issuers (RFC 7517, 5), fetched for the edges: one exchange at a time per issuer, whoever asks and however often.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use reqwest::{Client, Response, StatusCode, Url, header::CACHE_CONTROL};
use sluice_gate::grant::jwks::{KeySet, KeySetError, MAX_SET};

use crate::{
    config::JwksConfig,
    outgoing::{self, cause},
};

/// The least time between two exchanges with an issuer: what edges ask for beyond that gets what is held.
const PAUSE: Duration = Duration::from_secs(10);
/// Bounds of what an issuer's `Cache-Control` may say.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(3600);

/// Why there is no key set to give.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JwksError {
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
    /// No connection, or none that lasted.
    #[error("the issuer cannot be reached: {0}")]
    Connect(String),
    /// Nothing within the time that the configuration gives.
    #[error("the issuer did not answer in time")]
    Timeout,
    /// A status other than 200.
    #[error("the issuer answered {0}")]
    Status(StatusCode),
    /// Something else than a key set.
    #[error(transparent)]
    Set(#[from] KeySetError),
    /// It failed a moment ago and is left alone.
    #[error("the issuer failed less than ten seconds ago")]
    Pausing,
}

/// The issuers' key sets, by the names that the configuration gives them.
pub struct JwksService {
    http: Client,
    issuers: HashMap<String, Issuer>,
}

struct Issuer {
    url: Url,
    default_life: Duration,
    hold: Duration,
    timeout: Duration,
    held: Mutex<Held>,
    /// Held through an exchange.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Held {
    set: Option<Fetched>,
    /// When the issuer was last asked, whatever came of it.
    asked: Option<Instant>,
}

#[derive(Clone)]
struct Fetched {
    bytes: Bytes,
    at: Instant,
    life: Duration,
}

impl JwksService {
    /// Sets the service up; asks no issuer yet.
    ///
    /// # Errors
    /// [`JwksError::Setup`]
    pub fn new<'a>(issuers: impl IntoIterator<Item = (&'a String, &'a JwksConfig)>) -> Result<Self, JwksError> {
        let http = outgoing::client()
            .connect_timeout(Duration::from_secs(3))
            .build()
            .map_err(|error| JwksError::Setup(cause(&error)))?;
        let issuer = |(name, config): (&String, &JwksConfig)| {
            let issuer = Issuer {
                url: Url::parse(&config.url).map_err(|error| JwksError::Setup(error.to_string()))?,
                default_life: Duration::from_secs(config.refresh_seconds).clamp(SHORTEST, LONGEST),
                hold: Duration::from_secs(config.hold_seconds),
                timeout: Duration::from_secs(config.timeout_seconds),
                held: Mutex::default(),
                turn: tokio::sync::Mutex::default(),
            };
            Ok::<_, JwksError>((name.clone(), issuer))
        };
        Ok(Self { http, issuers: issuers.into_iter().map(issuer).collect::<Result<_, _>>()? })
    }

    /// A key set as the issuer sent it; `None` where the configuration has none of that name. `refresh`: newer than what is held,
    /// unless the issuer was asked less than ten seconds ago.
    ///
    /// # Errors
    /// [`JwksError`], where none is held that still serves.
    pub async fn set(&self, name: &str, refresh: bool) -> Option<Result<Bytes, JwksError>> {
        Some(self.of(name, self.issuers.get(name)?, refresh).await)
    }

    async fn of(&self, name: &str, issuer: &Issuer, refresh: bool) -> Result<Bytes, JwksError> {
        let came = Instant::now();
        if let Some(answer) = issuer.ready(came, came, refresh) {
            return answer;
        }
        let _turn = issuer.turn.lock().await;
        // Who had the turn before may have fetched what this one came for.
        if let Some(answer) = issuer.ready(came, Instant::now(), refresh) {
            return answer;
        }
        let outcome = tokio::time::timeout(issuer.timeout, issuer.fetch(&self.http)).await;
        let outcome = outcome.unwrap_or(Err(JwksError::Timeout));
        let now = Instant::now();
        let mut held = issuer.held();
        held.asked = Some(now);
        match outcome {
            Ok((bytes, life)) => {
                held.set = Some(Fetched { bytes: bytes.clone(), at: now, life });
                Ok(bytes)
            }
            Err(error) => {
                tracing::error!(issuer = name, %error, "no key set from the issuer");
                held.serving(now, issuer.hold).ok_or(error)
            }
        }
    }
}

impl Issuer {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        // Nothing panics while it is locked.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be said without asking the issuer, to somebody who came at `came`.
    fn ready(&self, came: Instant, now: Instant, refresh: bool) -> Option<Result<Bytes, JwksError>> {
        let held = self.held();
        if let Some(set) = &held.set {
            // What was fetched while this one waited is new enough for anybody.
            if set.at > came || !refresh && now.duration_since(set.at) < set.life {
                return Some(Ok(set.bytes.clone()));
            }
        }
        let asked = held.asked.filter(|asked| now.duration_since(*asked) < PAUSE);
        asked.map(|_| held.serving(now, self.hold).ok_or(JwksError::Pausing))
    }

    async fn fetch(&self, http: &Client) -> Result<(Bytes, Duration), JwksError> {
        let response = http.get(self.url.clone()).header("accept", "application/json").send().await;
        let response = response.map_err(|error| JwksError::Connect(cause(&error)))?;
        if response.status() != StatusCode::OK {
            return Err(JwksError::Status(response.status()));
        }
        let cache = response.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
        let life = life(cache.unwrap_or_default(), self.default_life);
        let bytes = body(response).await?;
        KeySet::parse(&bytes)?;
        Ok((bytes, life))
    }
}

impl Held {
    /// The last good set, if it is not too old.
    fn serving(&self, now: Instant, hold: Duration) -> Option<Bytes> {
        let set = self.set.as_ref().filter(|set| now.duration_since(set.at) < set.life.saturating_add(hold));
        set.map(|set| set.bytes.clone())
    }
}

/// For how long an answer may be kept by its `Cache-Control` (RFC 9111, 5.2), within bounds.
fn life(cache_control: &str, default: Duration) -> Duration {
    let directive = |text: &str| {
        let (name, value) = text.trim().split_once('=').unwrap_or((text.trim(), ""));
        match name.to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => Some(0),
            "max-age" => value.trim_matches('"').parse().ok(),
            _ => None,
        }
    };
    match cache_control.split(',').filter_map(directive).min() {
        Some(seconds) => Duration::from_secs(seconds).clamp(SHORTEST, LONGEST),
        None => default,
    }
}

/// The body, as far as a key set may go.
async fn body(mut response: Response) -> Result<Bytes, JwksError> {
    let mut out = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| JwksError::Connect(cause(&error)))? {
        out.extend_from_slice(&chunk);
        if out.len() > MAX_SET {
            return Err(KeySetError::TooLong(out.len()).into());
        }
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_issuer_says_of_caching_has_bounds() {
        let seconds = |text| life(text, Duration::from_secs(300)).as_secs();
        assert_eq!(seconds(""), 300);
        assert_eq!(seconds("public, must-revalidate"), 300);
        assert_eq!(seconds("public, max-age=900"), 900);
        assert_eq!(seconds("MAX-AGE=\"900\""), 900);
        assert_eq!(seconds("max-age=86400"), 3600);
        assert_eq!(seconds("max-age=1"), 60);
        assert_eq!(seconds("no-store, max-age=900"), 60);
        assert_eq!(seconds("private, no-cache"), 60);
        assert_eq!(seconds("max-age=x"), 300);
    }

    /// The clock is moved by asking about later instants.
    #[test]
    fn what_is_held_serves_by_its_age() {
        let issuer = Issuer {
            url: Url::parse("https://issuer.example/").expect("a URL"),
            default_life: SHORTEST,
            hold: Duration::from_secs(100),
            timeout: SHORTEST,
            held: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        };
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let set = Bytes::from_static(b"set");
        let ready = |seconds, refresh| match issuer.ready(after(seconds), after(seconds), refresh) {
            None => "ask",
            Some(Ok(_)) => "held",
            Some(Err(_)) => "none",
        };
        assert_eq!(ready(0, false), "ask");
        issuer.held().asked = Some(start);
        assert_eq!((ready(9, false), ready(9, true), ready(10, false)), ("none", "none", "ask"));
        issuer.held().set = Some(Fetched { bytes: set, at: start, life: Duration::from_secs(60) });
        assert_eq!((ready(9, false), ready(9, true)), ("held", "held"));
        assert_eq!((ready(59, false), ready(59, true)), ("held", "ask"));
        assert_eq!((ready(60, false), ready(60, true)), ("ask", "ask"));
        // The issuer was asked again, and failed.
        issuer.held().asked = Some(after(60));
        assert_eq!((ready(61, false), ready(61, true)), ("held", "held"));
        issuer.held().asked = Some(after(155));
        assert_eq!((ready(159, false), ready(160, false)), ("held", "none"));
        // One who waited for another's exchange takes what that brought.
        let waited = issuer.ready(start.checked_sub(SHORTEST).unwrap_or(start), after(160), true);
        assert!(waited.is_some());
    }
}

//! A vendor's licence server, as far as it can be known from outside: it takes a challenge and a License Service Message, believes it by the vendor's rules, and answers
//! with what it would put into a licence.

use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use futures::{StreamExt, stream};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use sluice_tests::runtime::Clock;
use tokio::{net::TcpListener, task::JoinHandle};

pub(super) const KEY_ID: &str = "cc36e85d-2fdf-462c-b395-030907447afc";
pub(super) const CERTIFICATE: &[u8] = b"\x30\x82\x01\x0a an application certificate";

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Status(u16),
    /// No answer at all.
    Silent,
    /// The head and some bytes, then nothing.
    Stalls,
    /// The head and some bytes, then the connection breaks.
    Breaks,
    /// So many bytes.
    Long(usize),
}

/// A request that came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// What it was told of the viewer, where it could believe it.
    pub(super) told: Option<Value>,
}

struct Shared {
    key: Vec<u8>,
    clock: Clock,
    mood: Mutex<Mood>,
    asked: Mutex<Vec<Asked>>,
}

/// The server. Stops when dropped.
pub(super) struct Vendor {
    url: String,
    key: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Vendor {
    /// On a free loopback port, by that clock.
    pub(super) async fn start(clock: Clock) -> Result<Self> {
        let key: Vec<u8> = (0..32).map(|at: u8| at.wrapping_mul(37)).collect();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let text = STANDARD.encode(&key);
        let shared = Arc::new(Shared { key, clock, mood: Mutex::new(Mood::Well), asked: Mutex::default() });
        let app = Router::new().fallback(answer).with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { url, key: text, shared, server })
    }

    /// The secret that its communication key is, as the edge has it.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The `licenses` member of an edge that has its licences from here.
    pub(super) fn licenses(&self) -> Value {
        json!([{
            "name": "drm",
            "token": { "vendor": "axinom", "key_id": KEY_ID, "key": "axinom_key" },
            "connect_ms": 500, "first_byte_ms": 500, "between_bytes_ms": 500,
            "widevine": { "url": format!("{}/wv/AcquireLicense?tenant=t", self.url) },
            "playready": { "url": format!("{}/pr/AcquireLicense", self.url) },
            "fairplay": {
                "url": format!("{}/fp/AcquireLicense", self.url),
                "certificate": { "url": format!("{}/fp/certificate", self.url) },
            },
        }])
    }

    pub(super) fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// The requests since this was last called.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stops: from here on nobody is there.
    pub(super) async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let message = headers.get("x-axdrm-message").and_then(|value| value.to_str().ok());
    let told = message.map(|message| believed(message, &shared.key, shared.clock.unix()));
    let mood = *shared.mood.lock().unwrap_or_else(PoisonError::into_inner);
    let refused = match &told {
        Some(Err(error)) => Some(format!("{error:#}")),
        None if method == Method::POST => Some("no message".to_owned()),
        _ => None,
    };
    let told = told.and_then(Result::ok);
    let license = told.as_ref().map(|told| licensed(told, &body));
    let is_certificate = uri.path().ends_with("certificate");
    let playready = uri.path().starts_with("/pr/");
    let asked = Asked { method, uri, headers, body, told };
    shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    if let Some(why) = refused {
        return (StatusCode::FORBIDDEN, [("x-axdrm-errormessage", why)]).into_response();
    }
    let some = || stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"a lic"))]);
    match mood {
        Mood::Well if is_certificate => CERTIFICATE.into_response(),
        Mood::Well => {
            let content_type = if playready { "text/xml" } else { "application/octet-stream" };
            let own = [("content-type", content_type), ("set-cookie", "vendor=1"), ("x-axdrm-server", "7")];
            (own, license.unwrap_or_default()).into_response()
        }
        Mood::Status(status) => StatusCode::from_u16(status).unwrap_or_default().into_response(),
        Mood::Silent => pending().await,
        Mood::Stalls => Body::from_stream(some().chain(stream::pending())).into_response(),
        Mood::Breaks => {
            let broken = stream::iter([Err(std::io::Error::other("as told"))]);
            Body::from_stream(some().chain(broken)).into_response()
        }
        Mood::Long(length) => vec![b'l'; length].into_response(),
    }
}

/// What a licence of this server says: for which keys, on what terms, in answer to what.
fn licensed(told: &Value, challenge: &[u8]) -> Vec<u8> {
    let license = json!({
        "license": told["license"], "keys": told["content_keys_source"], "policies": told["content_key_usage_policies"],
        "challenge": STANDARD.encode(challenge),
    });
    license.to_string().into_bytes()
}

/// The message inside, by the rules that docs.axinom.com has for a License Service Message and an Entitlement Message, version 2.
fn believed(token: &str, key: &[u8], now: u64) -> Result<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { bail!("a JWT has three parts") };
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| anyhow!("{error}"))?;
    mac.update(format!("{header}.{claims}").as_bytes());
    let signed = mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature)?);
    ensure!(signed.is_ok(), "the signature is not the communication key's");
    let json = |part: &str| -> Result<Value> { Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?) };
    let (header, claims) = (json(header)?, json(claims)?);
    ensure!(header["alg"] == "HS256", "alg");
    ensure!(claims["version"] == 1 && claims["com_key_id"] == KEY_ID, "version and com_key_id");
    ensure!(seconds(&claims["expiration_date"])? > now, "the message is over");
    let message = claims["message"].clone();
    ensure!(message["type"] == "entitlement_message" && message["version"] == 2, "type and version");
    ensure!(seconds(&message["license"]["expiration_datetime"])? > now, "the licence is over");
    let keys = message["content_keys_source"]["inline"].as_array().context("keys")?;
    let named = |name: &Value| {
        let policies = message["content_key_usage_policies"].as_array();
        policies.is_some_and(|policies| policies.iter().any(|policy| policy["name"] == *name))
    };
    ensure!(!keys.is_empty() && keys.iter().all(|key| named(&key["usage_policy"])), "every key has a policy");
    Ok(message)
}

/// Unix seconds of `YYYY-MM-DDTHH:MM:SS`, in UTC.
pub(super) fn seconds(text: &Value) -> Result<u64> {
    let text = text.as_str().context("a time is a text")?;
    let field = |from: usize, to: usize| -> Result<i64> { Ok(text.get(from..to).context("a time")?.parse()?) };
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    // Days since 1970-01-01 of the Gregorian calendar, years counted from March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Ok(u64::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second)?)
}

#[test]
fn times_are_read_as_calendars_have_them() {
    for (text, expected) in [
        ("1970-01-01T00:00:00+00:00", 0),
        ("2000-02-29T23:59:59+00:00", 951_868_799),
        ("2030-03-17T17:46:40+00:00", 1_900_000_000),
        ("2100-03-01T00:00:00+00:00", 4_107_542_400),
    ] {
        assert_eq!(seconds(&text.into()).ok(), Some(expected), "{text}");
    }
}

//! A stack with proxies before the edge, which tell it where the viewer is.

use std::path::PathBuf;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::json;
use sluice_tests::{
    faulty::{Fault, FaultyProxy},
    fixture::{Session, Stack, StackOptions, altered, transcoded},
    runtime::EdgeHost,
};

use tempfile::TempDir;

use crate::refusals;

const SECRET_HEADER: HeaderName = HeaderName::from_static("x-proxy-secret");
const COUNTRY_HEADER: HeaderName = HeaderName::from_static("x-country");
/// What the proxies prove themselves by; each stack is alone with it.
const SECRET: &str = "the proxies of one test run and no others";

/// The country in which sessions begin, and another one.
pub(crate) const HOME: [u8; 2] = *b"DE";
const ABROAD: [u8; 2] = *b"FR";

/// A title that is there to be played in more ways.
pub(crate) struct Other {
    /// What it is, for people.
    pub(crate) what: &'static str,
    pub(crate) stack: Stack,
    // The title's source goes when it is dropped.
    _source: TempDir,
}

/// A stack, and the ways to it.
pub(crate) struct Stage {
    pub(crate) stack: Stack,
    /// The viewer's country.
    pub(crate) home: FaultyProxy,
    /// Sessions begin in the viewer's country; see [`Stage::leave_the_country`].
    pub(crate) travelling: FaultyProxy,
    /// Gives every key another value than the edge did.
    pub(crate) other_keys: FaultyProxy,
    /// Other titles, each on an edge of its own.
    pub(crate) others: Vec<Other>,
}

impl Stage {
    /// Starts everything; pages of that origin may call.
    pub(crate) async fn start(host: EdgeHost, origin: &str) -> Result<Self> {
        let module = tokio::task::spawn_blocking(move || host.build()).await??;
        let mut others = Vec::new();
        for (what, source, title) in titles()? {
            let mut options = StackOptions { title, ..StackOptions::new(host, module.clone()) };
            options.config = json!({ "cors": { "origins": [origin] } });
            let stack = Stack::start(options).await.with_context(|| format!("the title for {what}"))?;
            others.push(Other { what, stack, _source: source });
        }
        let mut options = StackOptions::new(host, module);
        options.config = json!({
            "cors": { "origins": [origin] },
            "proxy": {
                "secret": "proxy_secret",
                "secret_header": SECRET_HEADER.as_str(),
                "country_header": COUNTRY_HEADER.as_str(),
            },
        });
        options.secrets.insert("proxy_secret".to_owned(), SECRET.to_owned());
        let stack = Stack::start(options).await?;
        let (home, travelling, other_keys) = (proxy(&stack).await?, proxy(&stack).await?, proxy(&stack).await?);
        other_keys.spoil("/license/clearkey", Fault::Substitute(refusals::other_license(&stack)?));
        other_keys.spoil("/key/", Fault::Substitute(Bytes::from_static(&refusals::OTHER_KEY)));
        Ok(Self { stack, home, travelling, other_keys, others })
    }

    /// From now on the travelling proxy's viewers are abroad.
    pub(crate) fn leave_the_country(&self) -> Result<()> {
        tell_country(&self.travelling, ABROAD)
    }

    /// A viewer's token.
    pub(crate) fn token(&self, account: &str) -> Result<String> {
        self.stack.token(&self.stack.claims(account))
    }

    /// A new session by way of a proxy, which is in all of the session's URLs.
    pub(crate) async fn session(&self, by: &FaultyProxy, account: &str) -> Result<Session> {
        let authorization = format!("Bearer {}", self.token(account)?);
        let headers = [("authorization", authorization.as_str())];
        let wanted = json!({ "title": self.stack.title() });
        let answer = self.stack.send(Method::POST, &sessions(by), &headers, Some(&wanted)).await?;
        answer.session().with_context(|| format!("a session of {account}"))
    }

    /// Ends the account's session.
    pub(crate) async fn end(&self, session: &Session, account: &str) -> Result<()> {
        let authorization = format!("Bearer {}", self.token(account)?);
        let url = format!("{}/{}", sessions(&self.home), session.session);
        let answer = self.stack.send(Method::DELETE, &url, &[("authorization", &authorization)], None).await?;
        answer.expect(StatusCode::NO_CONTENT).with_context(|| format!("ending a session of {account}"))?;
        Ok(())
    }
}

/// Other codecs, and other protection of the sample title.
fn titles() -> Result<Vec<(&'static str, TempDir, PathBuf)>> {
    let mut titles = Vec::new();
    for (what, codec) in [("AV1", "av1"), ("VP9", "vp9")] {
        let (folder, title) = transcoded(codec)?;
        titles.push((what, folder, title));
    }
    let changing = toml::toml! { keys = "track" clear_lead = 5 key_period = 8 pssh = ["init", "moof"] };
    // DASH-IF's Enhanced Clear Key Content Protection.
    let eccp = toml::toml! { systems = ["clearkey", "identity"] schemes = ["cenc", "cbcs"] };
    let in_urls = toml::toml! { url_tokens_only = true };
    for (what, changes) in [
        ("clear lead, changing keys", vec![("key_policy", changing)]),
        ("ECCP", vec![("key_policy", eccp), ("rights", in_urls)]),
    ] {
        let folder = altered(changes)?;
        let title = folder.path().to_owned();
        titles.push((what, folder, title));
    }
    Ok(titles)
}

/// Where sessions are created by way of a proxy.
pub(crate) fn sessions(by: &FaultyProxy) -> String {
    format!("http://{}/v1/sessions", by.addr())
}

async fn proxy(stack: &Stack) -> Result<FaultyProxy> {
    let proxy = FaultyProxy::start(stack.edge.addr()).await?;
    proxy.set_header(SECRET_HEADER, HeaderValue::from_static(SECRET));
    tell_country(&proxy, HOME)?;
    Ok(proxy)
}

fn tell_country(proxy: &FaultyProxy, country: [u8; 2]) -> Result<()> {
    proxy.set_header(COUNTRY_HEADER, HeaderValue::from_bytes(&country)?);
    Ok(())
}

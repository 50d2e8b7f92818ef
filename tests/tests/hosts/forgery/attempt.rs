//! One request that must not succeed, and what counts as a refusal.

use anyhow::{Result, ensure};
use http::Method;
use serde_json::Value;
use sluice_tests::fixture::{Answer, Stack};

/// A request that somebody tries.
pub(super) struct Attempt {
    /// What is wrong with it, for people.
    pub(super) what: String,
    pub(super) method: Method,
    /// A path of the edge, or a whole URL.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    /// By which code it must be refused, where it is said.
    pub(super) code: Option<&'static str>,
}

impl Attempt {
    pub(super) fn get(what: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            method: Method::GET,
            target: target.into(),
            headers: Vec::new(),
            body: None,
            code: None,
        }
    }

    /// A session for the stack's title.
    pub(super) fn session(what: impl Into<String>, stack: &Stack) -> Self {
        let body = serde_json::json!({ "title": stack.title(), "device": "forger" });
        Self { method: Method::POST, body: Some(body), ..Self::get(what, "/v1/sessions") }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    pub(super) fn cookie(self, name: &str, token: &str) -> Self {
        self.with("cookie", format!("{name}={token}"))
    }

    /// Refused by that code and no other.
    pub(super) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(super) async fn send(&self, stack: &Stack) -> Result<Answer> {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        stack.send(self.method.clone(), &self.target, &headers, self.body.as_ref()).await
    }
}

/// Sends every attempt and fails with all that were not refused.
pub(super) async fn refused(stack: &Stack, attempts: &[Attempt]) -> Result<()> {
    ensure!(!attempts.is_empty(), "a table without attempts");
    let mut passed = Vec::new();
    for attempt in attempts {
        let answer = attempt.send(stack).await?;
        let (status, code) = answer.problem();
        let named = matches!(status, 400 | 401 | 403 | 404 | 409 | 410 | 413 | 414 | 431 | 503)
            && attempt.code.map_or(!code.is_empty(), |expected| expected == code);
        // The least: nothing of a right comes along, and nothing that tells a forger why.
        let silent = answer.header("set-cookie").is_empty()
            && !answer.headers.contains_key("location")
            && answer.body.len() < 200;
        if !(named && silent) {
            passed.push(format!(
                "{}: {status} {code} {}",
                attempt.what,
                answer.text().chars().take(200).collect::<String>()
            ));
        }
    }
    ensure!(
        passed.is_empty(),
        "{} of {} attempts were not refused:\n{}",
        passed.len(),
        attempts.len(),
        passed.join("\n")
    );
    Ok(())
}

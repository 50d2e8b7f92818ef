//! The decision log: a JSON line for each session minted, renewed or ended, for each licence, and for every refusal.

use serde::Serialize;
use sluice_gate::SessionId;

use crate::{Error, Host, Request};

/// One line. It names no account, no address and no token.
#[derive(Serialize)]
struct Line<'a> {
    t: u64,
    decision: &'a str,
    method: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Something granted: `mint`, `renew`, `license`, `key`, `end`.
pub(crate) fn granted<H: Host>(host: &H, request: &Request, decision: &'static str, session: &SessionId) {
    write(host, request, decision, Some(session.to_string()), None, None);
}

/// Something refused.
pub(crate) fn refused<H: Host>(host: &H, request: &Request, error: &Error) {
    let (status, code) = error.status_and_code();
    write(host, request, code, None, Some(status.as_u16()), Some(error.to_string()));
}

fn write<H: Host>(
    host: &H,
    request: &Request,
    decision: &str,
    session: Option<String>,
    status: Option<u16>,
    detail: Option<String>,
) {
    // A handle is a bearer token: it stays out of the log.
    let path = match request.path().strip_prefix("/~") {
        Some(rest) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => request.path(),
    };
    let path: String = path.chars().take(200).collect();
    let line = Line { t: host.now(), decision, method: request.method.as_str(), path: &path, session, status, detail };
    if let Ok(line) = serde_json::to_string(&line) {
        host.log(&line);
    }
}

use std::fmt;

use anyhow::{anyhow, bail};
use serde_json::Value;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Edge,
    Descriptor,
    Origin,
    Keyserver,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Edge => "edge configuration, format 1",
            Self::Descriptor => "descriptor, format 1",
            Self::Origin => "origin configuration",
            Self::Keyserver => "key server configuration",
        })
    }
}

/// A document, taken for what its members say that it is.
pub(super) struct Document {
    pub(super) kind: Kind,
    /// `null` of TOML.
    pub(super) json: Value,
}

impl Document {
    pub(super) fn parse(text: &str, place: &dyn fmt::Display) -> anyhow::Result<Self> {
        if text.trim_start().starts_with(['{', '[']) && !looks_like_toml(text) {
            let json: Value = serde_json::from_str(text)
                .map_err(|error| anyhow!("{}", located(&error.to_string(), &format!("{place}, no JSON"))))?;
            let kind = of_json(&json);
            let kind = kind.ok_or_else(|| {
                anyhow!("neither an edge configuration (origin, viewer) nor a descriptor (tracks, rights) ({place})")
            })?;
            return Ok(Self { kind, json });
        }
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
            anyhow!("{} ({place}, no TOML, line {line}, column {column})", error.message().replace('\n', ", "))
        })?;
        let has = |name: &str| table.contains_key(name);
        let kind = if has("store") || has("secrets") || has("keys") {
            Kind::Origin
        } else if has("rights") || has("key_policy") || has("tracks") || has("unprotected") {
            bail!(
                "this is a title's title.toml: `sluice index DIR --title ID --check` checks it beside its media ({place})"
            )
        } else if has("listen") || has("master_secret") || has("auth") {
            Kind::Keyserver
        } else {
            bail!(
                "neither an origin's configuration (listen, store, secrets) nor a key server's (listen, master_secret) ({place})"
            )
        };
        Ok(Self { kind, json: Value::Null })
    }
}

/// A table's header is TOML's, and no JSON array begins so.
fn looks_like_toml(text: &str) -> bool {
    text.trim_start()
        .strip_prefix('[')
        .is_some_and(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_alphabetic() || c == '['))
}

fn of_json(json: &Value) -> Option<Kind> {
    let has = |name: &str| json.get(name).is_some();
    if has("tracks") || has("rights") {
        Some(Kind::Descriptor)
    } else if has("origin") || has("viewer") || has("lease_seconds") || has("public_url") {
        Some(Kind::Edge)
    } else {
        None
    }
}

/// A message of the JSON reader with its place as the program's other messages have it: behind, in brackets.
pub(super) fn located(message: &str, place: &str) -> String {
    let found = message.rsplit_once(" at line ").and_then(|(what, at)| Some((what, at.split_once(" column ")?)));
    match found {
        Some((what, (line, column))) => format!("{what} ({place}, line {line}, column {column})"),
        None => format!("{message} ({place})"),
    }
}

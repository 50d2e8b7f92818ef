use serde::Deserialize;

use super::{ConfigError, SecretRef, origin::check_url};
use crate::webhook::NoticeKind;

/// A server that is told of events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where to, over HTTPS.
    pub url: String,
    /// What signs the events, 16 bytes or more.
    pub secret: SecretRef,
    /// Which events.
    pub events: Vec<NoticeKind>,
    /// Lets them travel over unencrypted HTTP to another machine.
    #[serde(default)]
    pub allow_cleartext_http: bool,
}

/// What is wrong with `http://` to a hook.
const CLEARTEXT: &str = "titles and key ids would travel in the clear; use https://, or set allow_cleartext_http where the network itself is protected";
/// Most hooks.
const MOST: usize = 16;

/// Checks what types alone do not.
pub(super) fn validate(hooks: &[WebhookConfig]) -> Result<(), ConfigError> {
    if hooks.len() > MOST {
        return Err(ConfigError::invalid("webhooks", "more than 16 of them; let one hand events on"));
    }
    for (at, hook) in hooks.iter().enumerate() {
        let key = format!("webhooks.{at}");
        check_url(&format!("{key}.url"), &hook.url, hook.allow_cleartext_http, "give an https:// URL", CLEARTEXT)?;
        if hook.events.is_empty() {
            return Err(ConfigError::invalid(
                format!("{key}.events"),
                "it is empty; list key_exchange_failed, key_changed or licence_refusals",
            ));
        }
    }
    Ok(())
}

//! How often sessions and licences may be asked for: per network (/24 or /48) and per account, where the platform can count.
//!
//! A platform that cannot count admits all, and `/healthz` says so. Buckets name no address and no account: they go by keyed digests.

use serde::de;
use sluice_document::members;
use sluice_gate::{AccountId, network_digests};

use crate::{Error, Host, authenticate::Facts, config::Config, host::Admission};

/// The `rates` object of the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) sessions_per_minute: PerMinute,
    /// Licences of every system, and raw keys.
    pub(crate) licenses_per_minute: PerMinute,
}

members!(deny Rates { sessions_per_minute = PerMinute::default(), licenses_per_minute = PerMinute::default() });

/// The most in a minute; `None` for no limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PerMinute {
    /// From one IPv4 /24 or IPv6 /48. Households behind one carrier's address translation share it.
    pub(crate) network: Option<u32>,
    pub(crate) account: Option<u32>,
}

members!(deny PerMinute then at_least_one { network = None, account = None });

impl Rates {
    /// Whether there is anything to count.
    pub(crate) fn are_set(&self) -> bool {
        let PerMinute { network, account } = self.sessions_per_minute;
        let licenses = self.licenses_per_minute;
        [network, account, licenses.network, licenses.account].iter().any(Option::is_some)
    }
}

/// Counts an attempt at a session by the network that it comes from, whatever its token is worth.
pub(crate) async fn network_session<H: Host>(host: &H, config: &Config, facts: Facts<'_>) -> Result<(), Error> {
    network(host, "sessions", config.rates.sessions_per_minute, facts).await
}

/// Counts an attempt at a session by its account.
pub(crate) async fn account_session<H: Host>(host: &H, config: &Config, whose: &AccountId) -> Result<(), Error> {
    account(host, "sessions", config.rates.sessions_per_minute, whose).await
}

/// Counts a request for a licence or a key.
pub(crate) async fn license<H: Host>(
    host: &H,
    config: &Config,
    facts: Facts<'_>,
    whose: &AccountId,
) -> Result<(), Error> {
    let rates = config.rates.licenses_per_minute;
    network(host, "license", rates, facts).await?;
    account(host, "license", rates, whose).await
}

async fn network<H: Host>(host: &H, what: &str, rates: PerMinute, facts: Facts<'_>) -> Result<(), Error> {
    let Some((most, address)) = rates.network.zip(facts.client.address) else { return Ok(()) };
    let digest = network_digests(facts.roots, b"rates", address).next().unwrap_or_default();
    admit(host, &format!("{what}/net/{digest}"), most).await
}

async fn account<H: Host>(host: &H, what: &str, rates: PerMinute, whose: &AccountId) -> Result<(), Error> {
    let Some(most) = rates.account else { return Ok(()) };
    admit(host, &format!("{what}/account/{whose}"), most).await
}

async fn admit<H: Host>(host: &H, bucket: &str, per_minute: u32) -> Result<(), Error> {
    match host.admit(bucket, per_minute).await {
        Admission::Limited => Err(Error::RateLimited),
        Admission::Admitted | Admission::Unsupported => Ok(()),
    }
}

fn at_least_one<E: de::Error>(rates: &PerMinute) -> Result<(), E> {
    if [rates.network, rates.account].contains(&Some(0)) {
        return Err(E::custom("a rate is at least 1 in a minute; leave it out for no limit"));
    }
    Ok(())
}

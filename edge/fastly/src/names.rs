//! What the service's resources are called. `infra/fastly` creates them under these names.

/// The config store, with the item [`CONFIG_ITEM`].
pub(crate) const CONFIG_STORE: &str = "sluice_config";
/// The configuration document, JSON (`edge/app/config.schema.json`): at most 8 000 characters on this platform.
pub(crate) const CONFIG_ITEM: &str = "sluice_config";
/// The secret store, with `lease_root`, `origin_secret`, `kek` and whatever the document names.
pub(crate) const SECRET_STORE: &str = "sluice_secrets";
/// The KV store of sessions and slots.
pub(crate) const KV_STORE: &str = "sluice_sessions";
/// The log endpoint of the decision log.
pub(crate) const LOG_ENDPOINT: &str = "sluice_decisions";
/// The rate counter of sessions and licences.
pub(crate) const RATE_COUNTER: &str = "sluice_sessions";

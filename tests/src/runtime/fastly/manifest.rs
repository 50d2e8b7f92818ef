//! The service that Viceroy runs: the manifest that users run and publish, with the values of one test or demonstration.

use anyhow::{Context, Result};
use serde::Deserialize;
use toml::{Table, Value};
use viceroy_lib::config::FastlyConfig;

use super::FastlyOptions;
use crate::toolchain::workspace;

/// What of the edge's configuration the service itself has to know.
#[derive(Deserialize)]
struct Document {
    origin: Origin,
    #[serde(default)]
    licenses: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Origin {
    url: String,
}

pub(super) fn service(options: &FastlyOptions, with_store: bool) -> Result<FastlyConfig> {
    let path = workspace().join("infra/fastly/fastly.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut manifest: Table = text.parse().with_context(|| path.display().to_string())?;
    fill(&mut manifest, options, with_store).with_context(|| path.display().to_string())?;
    manifest.to_string().parse().context("the manifest with this service's values")
}

/// Puts the values in where the manifest has the names; a name that it lacks is the manifest's fault, and not made up for.
fn fill(manifest: &mut Table, options: &FastlyOptions, with_store: bool) -> Result<()> {
    let document: Document = serde_json::from_str(&options.config).context("the edge's configuration")?;
    *at(manifest, &["local_server", "backends", "origin", "url"])? = document.origin.url.into();
    // All of a vendor's servers are one here.
    let server = |licenses: &serde_json::Value| Some(licenses["widevine"]["url"].as_str()?.to_owned());
    if let Some(url) = document.licenses.first().and_then(server) {
        let path = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
        *at(manifest, &["local_server", "backends", "license", "url"])? = url[..path].into();
    }
    *at(manifest, &["local_server", "config_stores", "sluice_config", "contents", "sluice_config"])? =
        options.config.clone().into();
    let secrets = options.secrets.iter().map(|(name, secret)| table([("key", name), ("data", secret)]));
    *at(manifest, &["local_server", "secret_stores", "sluice_secrets"])? = secrets.collect::<Vec<_>>().into();
    at(manifest, &["local_server", "kv_stores", "sluice_sessions"])?;
    if !with_store && let Some(stores) = at(manifest, &["local_server", "kv_stores"])?.as_table_mut() {
        stores.clear();
    }

    let addresses = options.countries.iter().map(|(address, country)| (address.to_string(), place(country)));
    let mut geography = Table::new();
    geography.insert("format".to_owned(), "inline-toml".into());
    geography.insert("use_default_loopback".to_owned(), false.into());
    geography.insert("addresses".to_owned(), Value::Table(addresses.collect()));
    let local = at(manifest, &["local_server"])?.as_table_mut().context("local_server is no table")?;
    local.insert("geolocation".to_owned(), geography.into());
    Ok(())
}

fn at<'a>(manifest: &'a mut Table, path: &[&str]) -> Result<&'a mut Value> {
    let (first, rest) = path.split_first().context("an empty path")?;
    let mut value = manifest.get_mut(*first).with_context(|| format!("{first} is missing"))?;
    for name in rest {
        value = value.get_mut(*name).with_context(|| format!("{} is missing", path.join(".")))?;
    }
    Ok(value)
}

fn table<'a>(entries: impl IntoIterator<Item = (&'a str, &'a String)>) -> Value {
    Value::Table(entries.into_iter().map(|(name, text)| (name.to_owned(), text.clone().into())).collect())
}

/// `DE`, `US-CA`, or with the platform's two words for a proxy, `US-CA anonymous vpn`. The SDK reads a place only where every field is there.
fn place(text: &str) -> Value {
    let mut words = text.split(' ');
    let (country, region) = words.next().and_then(|place| place.split_once('-')).unwrap_or((text, "NO REGION"));
    let (proxy_type, proxy_description) = (words.next().unwrap_or("?"), words.next().unwrap_or("?"));
    let country = country.split(' ').next().unwrap_or_default();
    let mut place = Table::new();
    for (name, text) in [
        ("as_name", "Example"),
        ("city", "Example"),
        ("conn_speed", "broadband"),
        ("conn_type", "wired"),
        ("continent", "EU"),
        ("country_code", country),
        ("country_code3", "XXX"),
        ("country_name", "Example"),
        ("postal_code", "0"),
        ("proxy_description", proxy_description),
        ("proxy_type", proxy_type),
        ("region", region),
    ] {
        place.insert(name.to_owned(), text.into());
    }
    for name in ["area_code", "metro_code", "utc_offset"] {
        place.insert(name.to_owned(), 0.into());
    }
    place.insert("as_number".to_owned(), 64_496.into());
    for name in ["latitude", "longitude"] {
        place.insert(name.to_owned(), 0.0.into());
    }
    place.into()
}

//! Where a viewer is, within a country and in which network, and what leases and handles make of it.

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use serde_json::json;
use sluice_tests::{fixture::Stack, runtime::EdgeHost};
use toml::toml;

use super::{
    object,
    rights::{PROXY_SECRET, behind_a_proxy, mint},
};

pub(super) async fn regions_and_anonymisers_are_told_by_the_proxy(host: EdgeHost) -> Result<Stack> {
    let rights = toml! { regions = { allow = ["US-CA"] } anonymizers = "refuse" };
    let stack = behind_a_proxy(host, rights, json!({})).await?;
    let blocked = (403, "geo_blocked".to_owned());
    let from = |country, region, anonymizer| {
        [("x-proxy-secret", PROXY_SECRET), ("x-country", country), ("x-region", region), ("x-anonymizer", anonymizer)]
    };
    for (country, region, anonymizer) in
        [("US", "UT", "0"), ("US", "", "0"), ("DE", "CA", "0"), ("", "US-CA", "0"), ("US", "CA", "1"), ("US", "CA", "")]
    {
        let problem = mint(&stack, "", "device", &from(country, region, anonymizer)).await?.problem();
        ensure!(problem == blocked, "from {country} {region} {anonymizer}: {problem:?}");
    }
    let home = from("US", "CA", "0");
    let session = mint(&stack, "", "device", &home).await?.session()?;
    let segment = object(&stack, &session, "cbcs", "v360/1.m4s")?;
    let manifest = session.hls("cbcs").context("HLS")?;
    for url in [segment.as_str(), manifest] {
        stack.get(url, &home).await?.expect(StatusCode::OK)?;
        let problem = stack.get(url, &from("US", "UT", "0")).await?.problem();
        ensure!(problem == blocked, "{url} from another region: {problem:?}");
    }
    let problem = stack.get(manifest, &from("US", "CA", "1")).await?.problem();
    ensure!(problem == blocked, "through a network that hides: {problem:?}");
    Ok(stack)
}

pub(super) async fn a_lease_stays_in_the_network_it_is_bound_to(host: EdgeHost) -> Result<Stack> {
    let stack = behind_a_proxy(host, toml! { state = "published" }, json!({ "lease_binding": "prefix" })).await?;
    let from = |address| [("x-proxy-secret", PROXY_SECRET), ("x-address", address)];
    let session = mint(&stack, "", "device", &from("192.0.2.1")).await?.session()?;
    let path = format!("/v1/{}/cbcs/main.m3u8", stack.title());
    let lease = format!("Bearer {}", session.lease);
    let ask = async |address| {
        let headers = [&[("authorization", lease.as_str())][..], &from(address)].concat();
        stack.get(&path, &headers).await
    };
    ask("192.0.2.9").await?.expect(StatusCode::OK)?;
    for elsewhere in ["192.0.3.1", "2001:db8::1"] {
        let problem = ask(elsewhere).await?.problem();
        ensure!(problem == (403, "address_mismatch".to_owned()), "from {elsewhere}: {problem:?}");
    }
    Ok(stack)
}

pub(super) async fn a_handle_that_is_passed_on_ends_its_session(host: EdgeHost) -> Result<Stack> {
    let stack = behind_a_proxy(host, toml! { state = "published" }, json!({})).await?;
    let from = |address| [("x-proxy-secret", PROXY_SECRET), ("x-address", address)];
    let session = mint(&stack, "", "device", &from("192.0.2.1")).await?.session()?;
    let url = object(&stack, &session, "cbcs", "v360/1.m4s")?;
    // A household: one network over IPv4 and IPv6, and a phone's. A second device in one of them is none more.
    for address in ["192.0.2.1", "2001:db8::1", "198.51.100.1", "192.0.2.77"] {
        stack.get(&url, &from(address)).await?.expect(StatusCode::OK)?;
    }
    let ended = (410, "session_ended".to_owned());
    for address in ["203.0.113.1", "203.0.113.1"] {
        let problem = stack.get(&url, &from(address)).await?.problem();
        ensure!(problem == ended, "from a fourth network: {problem:?}");
    }
    let problem =
        stack.send(http::Method::POST, &session.license["clearkey"], &from("192.0.2.1"), None).await?.problem();
    ensure!(problem == ended, "a licence in the first network: {problem:?}");
    Ok(stack)
}

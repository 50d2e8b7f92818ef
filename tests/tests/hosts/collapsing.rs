//! Many viewers at once, on a platform whose edge cache lets one of many misses ask the origin.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, FuturesUnordered},
};
use http::StatusCode;
use serde_json::json;
use sluice_tests::{faulty::Fault, fixture::Stack, runtime::EdgeHost};

use super::{clear, object, spoil::fragment_ends, stack};

const PLAYERS: usize = 50;

pub(super) async fn fifty_players_make_one_request_per_object(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let mut sessions = Vec::new();
    for player in 0..PLAYERS {
        sessions.push(stack.session(&format!("viewer-{player}")).await?);
    }
    // So that every player asks before the first has its answer.
    stack.spoil(".m4s", Fault::Delay(Duration::from_millis(100)));
    let names: Vec<String> = (1..=6).flat_map(|n| [format!("v360/{n}.m4s"), format!("a-en/{n}.m4s")]).collect();
    for scheme in ["cbcs", "cenc"] {
        for name in &names {
            let urls: Vec<String> =
                sessions.iter().map(|session| object(&stack, session, scheme, name)).collect::<Result<_>>()?;
            let bodies: Vec<_> = stream::iter(urls)
                .map(|url| async { stack.get(&{ url }, &[]).await?.expect(StatusCode::OK) })
                .buffer_unordered(PLAYERS)
                .try_collect()
                .await?;
            ensure!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{scheme} {name}: other bytes for some player");
        }
    }
    let mut counts = BTreeMap::new();
    for seen in stack.faults.seen() {
        *counts.entry((seen.path, seen.range)).or_insert(0_u32) += 1;
    }
    for ((path, range), count) in &counts {
        // The descriptor is kept for seconds only, so that a take-down shows.
        ensure!(*count == 1 || path.ends_with("descriptor.json"), "{path} {range:?}: asked for {count} times");
    }
    let fragments = counts.keys().filter(|(path, _)| path.contains(".m4s")).count();
    ensure!(fragments == names.len(), "{fragments} of {} objects were asked for", names.len());
    println!(
        "{PLAYERS} players x {} objects x 2 schemes = {} requests for media, {fragments} to the origin: 1 per clear object",
        names.len(),
        PLAYERS * names.len() * 2
    );
    Ok(stack)
}

pub(super) async fn who_reads_along_gets_what_is_there_while_it_comes(host: EdgeHost) -> Result<Stack> {
    let stack = stack(host, json!({})).await?;
    let session = stack.session("viewer").await?;
    let name = "v360/4.m4s";
    let url = object(&stack, &session, "cbcs", name)?;
    let ends = fragment_ends(&clear(&stack, name)?);
    stack.spoil(name, Fault::StallAfter(ends[1] + 100));
    let mut readers = Vec::new();
    for _ in 0..4 {
        readers.push(stack.client().get(&url).send().await?);
    }
    let mut received = vec![Vec::new(); readers.len()];
    for (reader, received) in readers.iter_mut().zip(&mut received) {
        // Two fragments are there, and grow by what protection adds.
        while received.len() < ends[1] {
            let chunk = tokio::time::timeout(Duration::from_secs(5), reader.chunk()).await??;
            received.extend_from_slice(&chunk.ok_or_else(|| anyhow::anyhow!("the body ended"))?);
        }
    }
    // The first to come leaves; what it fetched for the others still arrives.
    drop(readers.remove(0));
    stack.faults.release();
    for (mut reader, mut received) in readers.into_iter().zip(received.into_iter().skip(1)) {
        while let Some(chunk) = reader.chunk().await? {
            received.extend_from_slice(&chunk);
        }
        let planned = received.len();
        let whole = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
        ensure!(received == whole, "{planned} bytes, not those of the whole");
    }
    let asked = stack.faults.seen().iter().filter(|seen| seen.path.contains(name)).count();
    ensure!(asked == 1, "{asked} requests to the origin");
    Ok(stack)
}

pub(super) async fn nobody_waits_for_anothers_turn_with_a_silent_origin(host: EdgeHost) -> Result<Stack> {
    const READERS: u32 = 12;
    let limit = Duration::from_millis(600);
    let stack = stack(host, json!({ "origin": { "connect_ms": 300, "first_byte_ms": 300 } })).await?;
    let session = stack.session("viewer").await?;
    let url = object(&stack, &session, "cbcs", "v360/5.m4s")?;
    stack.spoil("v360/5.m4s", Fault::Silence);
    let started = Instant::now();
    let answers: Vec<_> =
        (0..READERS).map(|_| stack.get(&url, &[])).collect::<FuturesUnordered<_>>().try_collect().await?;
    let waited = started.elapsed();
    for answer in answers {
        ensure!(answer.problem() == (504, "origin_timeout".to_owned()), "{:?}", answer.problem());
    }
    // One after the other they would wait for as many limits as they are.
    ensure!(waited < limit * READERS / 2, "{READERS} readers waited for {waited:?}, where the limit is {limit:?}");
    Ok(stack)
}

pub(super) async fn the_platform_tells_where_an_address_is(host: EdgeHost) -> Result<Stack> {
    use std::net::{IpAddr, Ipv4Addr};

    let (home, abroad) = (Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2));
    let [unknown, next_door, of_harmless, hidden, hosted] = [3, 4, 5, 6, 7].map(|host| Ipv4Addr::new(127, 0, 0, host));
    let places = [
        (home, "DE-BE"),
        (abroad, "US-CA"),
        (next_door, "DE-BY"),
        (of_harmless, "DE-BE corporate cloud-security"),
        (hidden, "DE-BE anonymous vpn"),
        (hosted, "DE-BE hosting ?"),
    ];
    let countries = places.map(|(address, place)| (IpAddr::V4(address), place.to_owned()));
    let rights = toml::toml! { countries = { allow = ["DE"] } regions = { deny = ["DE-BY"] } anonymizers = "refuse" };
    let title = sluice_tests::fixture::altered([("rights", rights)])?;
    let stack = Stack::start(sluice_tests::fixture::StackOptions {
        title: title.path().to_owned(),
        countries: countries.into(),
        ..super::options(host).await?
    })
    .await?;
    let session = stack.session("viewer").await?;
    let url = object(&stack, &session, "cenc", "v360/1.m4s")?;
    stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
    let manifest = session.hls("cenc").context("HLS")?;
    // The handle is bound to country and region; who hides is refused with what is asked of the title as it is now.
    for (address, segment, playlist) in [
        (home, 200, 200),
        (abroad, 403, 403),
        (unknown, 403, 403),
        (next_door, 403, 403),
        (of_harmless, 200, 200),
        (hidden, 200, 403),
        (hosted, 200, 403),
    ] {
        let client = reqwest::Client::builder().local_address(IpAddr::V4(address)).no_proxy().build()?;
        for (url, expected) in [(url.as_str(), segment), (manifest, playlist)] {
            let answer = client.get(url).send().await?;
            ensure!(answer.status() == expected, "{url} from {address}: {}", answer.status());
        }
    }
    Ok(stack)
}

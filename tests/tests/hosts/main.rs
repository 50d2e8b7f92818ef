//! Conformance: what every host must do, written once. A new host is a module in `on_every_host!`.

mod caching;
#[cfg(feature = "fastly")]
mod collapsing;
mod contract;
mod documents;
mod faults;
mod forgery;
mod iframes;
mod key_sets;
mod keys;
mod license;
mod load;
mod manifests;
mod media;
mod memory;
mod operations;
mod paths;
mod places;
mod policy;
mod ranges;
mod received;
mod revocation;
mod rights;
mod secrecy;
mod sessions;
mod signalling;
mod spoil;
mod spoiled;
mod titles;
mod tokens;
mod vendor;

use anyhow::{Context, Result};
use sluice_tests::{
    fixture::{Session, Stack, StackOptions},
    runtime::{Clock, EdgeHost},
};

macro_rules! on_every_host {
    ($($topic:ident::$body:ident),* $(,)?) => {
        on_host!(spin, Spin, $($topic::$body),*);
        #[cfg(feature = "fastly")]
        on_host!(fastly, Fastly, $($topic::$body),*);
    };
}

macro_rules! on_host {
    ($module:ident, $host:ident, $($topic:ident::$body:ident),* $(,)?) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $body() {
                super::run(super::EdgeHost::$host, super::$topic::$body).await;
            })*
        }
    };
}

on_every_host!(
    media::every_sample_of_the_title_is_the_clear_one,
    media::the_same_url_gives_the_same_bytes_of_the_planned_size,
    memory::a_long_segment_needs_no_more_memory_than_a_short_one,
    iframes::iframes_alone_are_the_segments_own_samples,
    faults::fragments_before_a_stall_arrive_whole,
    faults::a_failing_origin_is_told_and_nothing_of_it_is_kept,
    spoiled::a_spoiled_init_is_refused,
    spoiled::a_segment_spoiled_from_the_start_is_refused,
    spoiled::a_segment_spoiled_further_on_is_refused_or_broken_off,
    documents::a_record_that_is_not_the_medias_is_refused,
    documents::a_plan_that_is_not_the_medias_is_refused,
    documents::a_descriptor_that_is_not_the_titles_is_refused,
    keys::without_a_key_server_there_is_no_media,
    keys::what_the_origin_says_of_keys_is_not_believed,
    sessions::a_session_outlives_its_leases_and_stops_when_it_is_ended,
    sessions::without_a_store_nobody_begins_and_a_lease_goes_on,
    tokens::a_wrong_viewer_token_mints_nothing,
    tokens::a_wrong_lease_or_handle_plays_nothing,
    tokens::a_lease_plays_by_either_carriage_until_it_ends,
    forgery::no_forged_viewer_token_opens_a_session,
    forgery::no_forged_lease_or_handle_plays,
    forgery::no_forged_token_of_a_cdn_opens_a_session,
    forgery::no_forged_token_of_cloudfront_opens_a_session,
    key_sets::keys_that_an_issuer_publishes_open_and_change,
    paths::tricks_with_paths_lead_nowhere,
    paths::a_url_may_have_8192_bytes_and_no_more,
    caching::head_says_what_get_says,
    caching::a_range_is_that_slice_of_the_whole,
    caching::what_the_client_holds_is_not_sent_again,
    caching::listed_pages_may_call_and_no_others,
    policy::a_title_gives_its_keys_by_the_listed_systems_only,
    policy::keys_by_class_open_their_class_alone,
    policy::keys_change_after_a_clear_lead,
    secrecy::a_content_key_lies_open_nowhere,
    ranges::byte_ranges_are_of_the_same_bytes,
    ranges::byte_ranges_hold_with_a_providers_boxes,
    signalling::what_a_provider_says_stands_in_manifests_and_init_segments,
    signalling::a_key_servers_signalling_reaches_players,
    signalling::a_token_outside_of_the_url_opens_nothing_where_the_title_says_so,
    manifests::players_of_others_read_every_manifest,
    manifests::an_iframe_playlist_names_whole_pictures,
    contract::every_route_takes_its_methods_and_no_others,
    contract::health_tells_build_and_configuration,
    contract::a_problem_says_its_code_and_no_more,
    contract::a_deployment_that_lacks_a_secret_gives_nothing,
    revocation::what_is_revoked_stops_and_the_log_of_it_is_whole,
    rights::a_title_plays_where_it_may,
    rights::a_handle_stays_in_the_network_it_is_bound_to,
    places::regions_and_anonymisers_are_told_by_the_proxy,
    places::a_lease_stays_in_the_network_it_is_bound_to,
    places::a_handle_that_is_passed_on_ends_its_session,
    rights::a_title_plays_when_it_may,
    rights::a_tier_caps_the_picture,
    rights::as_many_streams_as_an_account_may_have,
    rights::nobody_ends_or_renews_anothers_session,
    license::a_vendor_makes_licences_of_what_the_viewer_may_have,
    license::a_vendor_that_fails_is_told_by_what_may_be_tried,
    license::a_vendor_is_not_asked_for_who_may_not,
    license::a_licence_server_that_asks_is_answered,
);

// Where sessions and slots are kept is all that this component does otherwise.
on_host!(
    spin_cas,
    SpinCas,
    sessions::a_session_outlives_its_leases_and_stops_when_it_is_ended,
    sessions::without_a_store_nobody_begins_and_a_lease_goes_on,
    tokens::a_lease_plays_by_either_carriage_until_it_ends,
    rights::as_many_streams_as_an_account_may_have,
    rights::nobody_ends_or_renews_anothers_session,
    operations::a_segment_asks_for_no_more_than_its_session,
    operations::a_ticket_that_was_kept_is_overcome,
);

on_host!(spin_alone, Spin, operations::a_segment_asks_for_no_more_than_its_session);

// What only a platform with an edge cache of its own and a geography does.
#[cfg(feature = "fastly")]
on_host!(
    fastly_alone,
    Fastly,
    collapsing::fifty_players_make_one_request_per_object,
    collapsing::who_reads_along_gets_what_is_there_while_it_comes,
    collapsing::nobody_waits_for_anothers_turn_with_a_silent_origin,
    collapsing::the_platform_tells_where_an_address_is,
    operations::a_handle_asks_once_in_half_a_lease,
);

#[tokio::test(flavor = "multi_thread")]
async fn every_host_gives_the_same_media() {
    let mut hosts = Vec::new();
    for host in EdgeHost::ALL {
        run(*host, async |host| {
            let stack = stack(host, serde_json::json!({})).await?;
            hosts.push((host, sluice_tests::demo::walk_title(&stack, host).await?.digests));
            Ok(stack)
        })
        .await;
    }
    for pair in hosts.windows(2) {
        assert!(!pair[0].1.is_empty());
        assert_eq!(pair[0].1, pair[1].1, "{:?} and {:?}", pair[0].0, pair[1].0);
    }
}

/// Runs a body, which fails also where the guest trapped.
async fn run(host: EdgeHost, body: impl AsyncFnOnce(EdgeHost) -> Result<Stack>) {
    let stack = body(host).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(stack.edge.traps(), Vec::<String>::new());
    stack.shutdown().await;
}

async fn stack(host: EdgeHost, config: serde_json::Value) -> Result<Stack> {
    Stack::start(StackOptions { config, ..options(host).await? }).await
}

async fn options(host: EdgeHost) -> Result<StackOptions> {
    let module = tokio::task::spawn_blocking(move || host.build()).await??;
    let mut options = StackOptions::new(host, module);
    if host.has_virtual_clock() {
        options.clock = Clock::standing();
    }
    Ok(options)
}

/// The URL of a media object in a scheme, with its title version.
fn object(stack: &Stack, session: &Session, scheme: &str, name: &str) -> Result<String> {
    let manifest = session.dash(scheme).with_context(|| format!("{scheme} is not offered"))?;
    let folder = manifest.rsplit_once('/').context("a URL")?.0;
    Ok(format!("{folder}/{name}?v={}", stack.indexed.descriptor.version))
}

/// The same in `cbcs`.
fn segment(stack: &Stack, session: &Session, name: &str) -> Result<String> {
    object(stack, session, "cbcs", name)
}

/// An object of the clear media.
fn clear(stack: &Stack, name: &str) -> Result<Vec<u8>> {
    std::fs::read(stack.clear_media().join(name)).with_context(|| name.to_owned())
}

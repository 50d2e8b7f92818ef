//! What `cargo perf` measures in WASM runs, and gives a row each. How long it takes is nobody's business here.

use sluice_tests::{fixture::demo_title, perf::rehearse};

#[test]
fn every_body_runs_and_every_row_comes_out() {
    let rows = rehearse(&demo_title()).expect("the bodies run");
    for row in [
        "ctr_vs_crate",
        "ctr_vs_crate_64k",
        "chains_vs_crate",
        "chains_vs_gathered",
        "pattern_vs_crate",
        "single_vs_crate",
        "segment_cbcs_vs_memcpy",
        "segment_cbcs_hot_vs_memcpy",
        "segment_cbcs_chunks_vs_memcpy",
        "segment_cbcs_vs_spans",
        "segment_cbcs_360p_vs_crates",
        "segment_cenc_vs_kernel",
        "segment_cenc_vs_spans",
        "segment_cenc_360p_vs_memcpy",
        "gate_us",
        "gate_request_us",
        "session_hs256_us",
        "session_rs256_us",
        "session_es256_us",
        "session_eddsa_us",
        "manifest_descriptor_us",
        "manifest_hls_multivariant_us",
        "manifest_hls_media_us",
        "manifest_mpd_us",
    ] {
        assert!(rows.contains(&row), "{row} is missing from {rows:?}");
    }
}

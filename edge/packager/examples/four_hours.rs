//! What the manifests of a long title take: four hours in segments of two seconds, four tracks of video and six of audio, protected.
//!
//! `cargo run --release -p sluice-packager --example four_hours` prints sizes and times; built for `wasm32-wasip1` or `wasm32-wasip2` it prints what
//! they are in WASM.

#[path = "../tests/support/long_title.rs"]
mod long_title;

use std::{error::Error, hint::black_box, time::Instant};

use long_title::{SEGMENTS, long_title, options};
use sluice_packager::{
    dash, hls,
    title::{Descriptor, TrackId},
};

fn main() -> Result<(), Box<dyn Error>> {
    let descriptor: Descriptor = serde_json::from_value(long_title(SEGMENTS))?;
    let bytes = serde_json::to_vec(&descriptor)?;
    timed("descriptor, read", bytes.len(), || serde_json::from_slice::<Descriptor>(&bytes).map(|_| ()))?;
    let mpd = dash::mpd(&descriptor, &options(false))?;
    timed("DASH manifest", mpd.len(), || dash::mpd(&descriptor, &options(false)).map(|text| drop(black_box(text))))?;
    let main = hls::multivariant(&descriptor, &options(false))?;
    timed("HLS multivariant", main.len(), || {
        hls::multivariant(&descriptor, &options(false)).map(|text| drop(black_box(text)))
    })?;
    for (id, define) in [("v1080", false), ("a-en", false), ("v1080", true), ("a-en", true)] {
        let id = TrackId::parse(id)?;
        let text = hls::media(&descriptor, &id, &options(define))?;
        let constant = text.find("#EXTINF").unwrap_or_default() + "#EXT-X-ENDLIST\n".len();
        let each = (text.len() - constant) as f64 / SEGMENTS as f64;
        let name = format!("HLS {id}{}: {constant} + {each:.1} a segment", if define { "?define=1" } else { "" });
        timed(&name, text.len(), || hls::media(&descriptor, &id, &options(define)).map(|text| drop(black_box(text))))?;
    }
    Ok(())
}

/// Prints the best of some runs: what a machine that does other things beside disturbs least.
fn timed<E>(name: &str, bytes: usize, mut run: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name:44} {bytes:8} bytes {:7.3} ms", best * 1000.0);
    Ok(())
}

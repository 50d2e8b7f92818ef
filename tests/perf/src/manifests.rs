//! The manifests of a long title, and its descriptor, which every one of them is made from.

use std::hint::black_box;

use anyhow::Result;
use sluice_packager::{
    dash, hls,
    title::{Descriptor, TrackId},
};

use crate::measure::{Caches, Candidate, interleaved};

#[path = "../../../edge/packager/tests/support/long_title.rs"]
mod long_title;

use long_title::{SEGMENTS, long_title, options};

/// Two hours of the four, in segments of two seconds; ten tracks.
pub(crate) fn measure(runs: usize) -> Result<()> {
    let text = long_title(SEGMENTS / 2).to_string();
    let descriptor: Descriptor = serde_json::from_str(&text)?;
    let options = options(false);
    let track = TrackId::parse("v1080")?;
    let multivariant = || hls::multivariant(&descriptor, &options);
    let media = || hls::media(&descriptor, &track, &options);
    let mpd = || dash::mpd(&descriptor, &options);
    let (multivariant_bytes, media_bytes, mpd_bytes) = (multivariant()?.len(), media()?.len(), mpd()?.len());
    interleaved(
        runs,
        Caches::Warm,
        vec![
            Candidate::repeated("descriptor", text.len(), 4, || {
                black_box(serde_json::from_str::<Descriptor>(&text)?);
                Ok(())
            }),
            Candidate::repeated("hls_multivariant", multivariant_bytes, 4, || {
                black_box(multivariant()?);
                Ok(())
            }),
            Candidate::repeated("hls_media", media_bytes, 4, || {
                black_box(media()?);
                Ok(())
            }),
            Candidate::repeated("mpd", mpd_bytes, 4, || {
                black_box(mpd()?);
                Ok(())
            }),
        ],
    )
}

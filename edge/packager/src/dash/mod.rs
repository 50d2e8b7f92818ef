//! The DASH manifest (ISO/IEC 23009-1, Media Presentation Description) from a title's descriptor: static, one period,
//! `isoff-live` and CMAF profiles, segments by number from a timeline.
//!
//! All URLs of media are relative to the manifest's directory. Text is WebVTT in one file per segment, `mimeType="text/vtt"`, with
//! cue times on the media timeline: shaka-player and dash.js fetch and place it like any other segment; it is never in MP4,
//! so no browser needs to know `wvtt`.

mod images;
mod mpd;
#[cfg(test)]
mod oracle;
mod protection;
mod set;
mod template;
mod trick;
mod xml;

pub use mpd::mpd;

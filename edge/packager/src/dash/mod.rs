//! The DASH manifest (ISO/IEC 23009-1, Media Presentation Description) from a title's descriptor: static, one period,
//! `isoff-live` and CMAF profiles, segments by number from a timeline, or from one duration where a timeline would be long.
//!
//! All URLs of media are relative to the manifest's directory. Plain WebVTT is one file per segment, `mimeType="text/vtt"`, with
//! cue times on the media timeline: shaka-player and dash.js fetch and place it like any other segment. Text in CMAF is listed as it is.

mod images;
mod mpd;
mod nominal;
#[cfg(test)]
mod oracle;
mod protection;
mod set;
mod template;
mod trick;
mod xml;

pub use mpd::mpd;

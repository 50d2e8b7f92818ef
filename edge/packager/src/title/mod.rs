//! What the origin stores beside the media of one title version, and what the edge reads back.
//!
//! `TITLE/descriptor.json` ([`Descriptor`]): read for every manifest; its size grows with the number of distinct durations.
//! `TITLE/VERSION/TRACK/record.json` ([`TrackRecord`]): what a segment request needs.
//! `TITLE/VERSION/TRACK/plan.bin` ([`plan`]): sizes before and after protection, per fragment.
//! `TITLE/VERSION/TRACK/init.mp4`, `{n}.m4s`, `{n}.vtt`, `{n}.jpg` (or `png`, `webp`): the clear media, `n` counting from 1.

mod bandwidth;
mod class;
mod delivery;
mod descriptor;
mod folded;
mod hdcp;
mod ident;
mod image;
mod keys;
pub mod plan;
mod range;
mod record;
mod role;
mod schedule;
mod single;
mod timeline;

pub use bandwidth::DeliveredBandwidth;
pub use class::ResolutionClass;
pub use delivery::{Delivery, KeySystem, Scheme};
pub use descriptor::{Audio, Descriptor, IFrameSegments, IFrames, Text, Track, TrackKind, Video};
pub use hdcp::HdcpLevel;
pub use ident::{IdentError, TitleId, TrackId, Version};
pub use image::{ImageFormat, Thumbnails};
pub use keys::{KeyPolicy, KeyScope, SchemeKeys, SignalledBy, TitleKey};
pub use range::VideoRange;
pub use record::{ClearReason, DeliveryKid, PsshPlaces, RecordError, TrackRecord, Treatment};
pub use role::Role;
pub use schedule::{Protected, Schedule};
pub use single::{InitSize, MAX_SEGMENTS, SingleFile, SingleFileError, index_range};
pub use timeline::{Run, Segment, Timeline};

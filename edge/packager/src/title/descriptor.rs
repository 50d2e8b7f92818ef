use serde::Serialize;
use sluice_document::{members, words};

use super::{
    DeliveredBandwidth, Delivery, HdcpLevel, InitSize, KeyPolicy, Role, Schedule, Thumbnails, Timeline, TitleId,
    TrackId, Version, VideoRange,
};

/// The media half of `descriptor.json` (`"v":1`): what manifests are made from.
///
/// The same JSON object carries `rights`, which the gate reads.
#[derive(Clone, Debug, Serialize)]
pub struct Descriptor {
    /// Format of the document: 1.
    pub v: u32,
    /// The title.
    pub title: TitleId,
    /// The version of the clear bytes that this document describes.
    pub version: Version,
    /// In the order in which manifests list them.
    pub tracks: Vec<Track>,
    /// How the title is protected; absent for an unprotected title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_policy: Option<KeyPolicy>,
}

members!(Descriptor { v, title, version, tracks, key_policy = None });

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrackKind {
    /// Video in CMAF.
    Video,
    /// Audio in CMAF.
    Audio,
    /// WebVTT, a file per segment, perhaps made of timed text in CMAF ([`Text`]); always in the clear.
    Text,
    /// Images of thumbnails, a file per segment, always in the clear.
    Thumbnail,
}

words!(TrackKind { Video => "video", Audio => "audio", Text => "text", Thumbnail => "thumbnail" });

impl TrackKind {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Text => "text",
            Self::Thumbnail => "thumbnail",
        }
    }
}

impl TrackKind {
    /// Whether a track of this kind and height (in pixels) is within a limit on height, which is one on video alone. Video that does not tell its
    /// height is above every limit.
    pub fn within(self, height: Option<u32>, limit: Option<u32>) -> bool {
        match (self, limit) {
            (Self::Video, Some(limit)) => height.is_some_and(|height| height <= limit),
            _ => true,
        }
    }
}

/// One track (one rendition) of a title.
#[derive(Clone, Debug, Serialize)]
pub struct Track {
    /// The track's id, which is its folder and its word in URLs.
    pub id: TrackId,
    /// What it carries.
    pub kind: TrackKind,
    /// RFC 6381 codec string (`avc1.640028`, `mp4a.40.2`, `wvtt`); of images, their format.
    pub codec: String,
    /// Ticks per second of the timeline.
    pub timescale: u32,
    /// Highest bits per second over any one segment, of the clear media.
    pub peak_bandwidth: u32,
    /// Bits per second over the whole track, of the clear media.
    pub average_bandwidth: u32,
    /// The same in the deliveries that the title is offered in; empty for text, in the clear, and in documents that were written before it was measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<DeliveredBandwidth>,
    /// BCP 47 language, `und` where unknown. Absent for video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The name shown to viewers (HLS `NAME`, DASH `Label`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it is for among its kind; absent where the operator does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether players choose it without being asked, among its kind.
    pub default: bool,
    /// The copy protection that the picture asks of a display's link; absent where the operator does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdcp: Option<HdcpLevel>,
    /// Video only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<Video>,
    /// Audio only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<Audio>,
    /// Text only; absent for plain WebVTT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Bytes of its init segment, which byte ranges begin with; text has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_size: Option<InitSize>,
    /// Thumbnail tracks only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnails: Option<Thumbnails>,
    /// The segments.
    pub timeline: Timeline,
    /// Where among them its protection changes.
    #[serde(skip_serializing_if = "Schedule::is_plain")]
    pub schedule: Schedule,
}

members!(Track {
    id,
    kind,
    codec,
    timescale,
    peak_bandwidth,
    average_bandwidth,
    delivered = Vec::new(),
    language = None,
    label = None,
    role = None,
    default = false,
    hdcp = None,
    video = None,
    audio = None,
    text = None,
    init_size = None,
    thumbnails = None,
    timeline,
    schedule = Schedule::default(),
});

/// What manifests say of a video track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Video {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames per second, as a fraction: numerator, denominator.
    pub frame_rate: (u32, u32),
    /// Absent where the media does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<VideoRange>,
    /// The pictures at which decoding can begin, taken alone; absent where the plan finds none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iframes: Option<IFrames>,
}

members!(Video { width, height, frame_rate, range = None, iframes = None });

/// What manifests say of a video track's I-frames: each with its fragment's head, for as long as until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IFrames {
    /// Highest bits per second over any one of them, protected.
    pub peak_bandwidth: u32,
    /// Bits per second over all, protected.
    pub average_bandwidth: u32,
    /// As segments of their own; absent where they are not to be had so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<IFrameSegments>,
}

members!(IFrames { peak_bandwidth, average_bandwidth, segments = None });

/// What manifests say of segments that hold a track's I-frames alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IFrameSegments {
    /// Highest bits per second over any one of them, protected.
    pub bandwidth: u32,
    /// How many frames of the track go by, at least, while one of them is shown: played so much faster, they take a decoder no more pictures per
    /// second than the track does.
    pub max_playout_rate: u32,
}

members!(IFrameSegments { bandwidth, max_playout_rate });

/// What manifests say of an audio track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Audio {
    /// Channels.
    pub channels: u32,
    /// Hz.
    pub sample_rate: u32,
}

members!(Audio { channels, sample_rate });

/// What manifests say of a text track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Text {
    /// Whether it is there as CMAF too (`init.mp4`, `{n}.m4s`: `stpp` or `wvtt`), which DASH lists. HLS lists the WebVTT files, which every text
    /// track has.
    pub fragmented: bool,
}

members!(Text { fragmented = false });

impl Track {
    /// Whether DASH lists it as CMAF: all but plain WebVTT.
    pub fn is_fragmented(&self) -> bool {
        self.kind != TrackKind::Text || self.text.is_some_and(|text| text.fragmented)
    }

    /// Whether the track is within a limit on the height of video, in pixels.
    pub fn within(&self, limit: Option<u32>) -> bool {
        self.kind.within(self.video.map(|video| video.height), limit)
    }
}

impl Descriptor {
    /// The track of that id.
    pub fn track(&self, id: &TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == *id)
    }

    /// Whether the title is offered in this delivery: `clear` for unprotected titles only, the others as the key policy lists them.
    pub fn offers(&self, delivery: Delivery) -> bool {
        match &self.key_policy {
            None => delivery == Delivery::Clear,
            Some(policy) => delivery != Delivery::Clear && policy.keys(delivery).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_on_video_and_fails_closed() {
        for (height, limit, within) in
            [(Some(720), Some(720), true), (Some(721), Some(720), false), (None, Some(720), false), (None, None, true)]
        {
            assert_eq!(TrackKind::Video.within(height, limit), within, "{height:?} {limit:?}");
            assert!(TrackKind::Audio.within(height, limit) && TrackKind::Text.within(height, limit));
        }
    }
}

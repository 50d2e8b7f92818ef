use crate::{
    drm::Provided,
    title::{Delivery, KeySystem},
};

/// Most segments of a track that a playlist lists: a day of one-second segments, and some.
pub(crate) const MAX_SEGMENTS: u32 = 100_000;

/// What a manifest request asks for, already checked against the title's policy.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The `{scheme}` of the URL.
    pub delivery: Delivery,
    /// The key systems to list, from [`crate::title::KeyPolicy::systems_for`]; empty for [`Delivery::Clear`].
    /// The writers never list one that the title's policy or the scheme does not allow, whatever stands here.
    pub systems: &'a [KeySystem],
    /// No video above this height, in pixels: the lower of the tier's cap and `?max_height=`.
    pub max_height: Option<u32>,
    /// `?codecs=`: prefixes of RFC 6381 codec strings, such as `avc1`. Prefixes of video codecs trim video tracks, others audio tracks;
    /// a kind that no prefix speaks of is not trimmed, nor is text.
    pub codecs: Option<&'a [&'a str]>,
    /// Absolute URL of the title's directory without a trailing slash, such as `https://host/~handle/v1/final`:
    /// licences come from `{base}/license/clearkey`, raw keys from `{base}/key/{kid}`.
    pub base: &'a str,
    /// The validated query, without `?`, that media playlists are to be asked for with; may be empty.
    pub query: &'a str,
    /// How manifests name media.
    pub addressing: Addressing,
    /// What the title's key provider says of its keys in this delivery; looked at only where the key policy leaves signalling to the provider.
    pub provided: Option<&'a Provided>,
    /// `?define=1`: media playlists name what their URIs share once, by `EXT-X-DEFINE`, which not all players can read.
    pub define: bool,
}

/// How manifests name the media of audio and video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addressing {
    /// A URL for each segment.
    #[default]
    Segments,
    /// Byte ranges of a file for each track: DASH's on-demand profile, `EXT-X-BYTERANGE` in HLS.
    Ranges,
}

/// Why there is no such manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The key policy lists no keys for the delivery, the title is protected and was asked for in the clear, or the
    /// delivery has no manifest in this protocol.
    #[error("the title is not offered in this delivery: take one that its key policy lists")]
    NotOffered,
    /// None of the key systems asked for is allowed by the title's policy, exists under the scheme, and has a form in the protocol.
    #[error("no key system is left to list: ask for one of the title's key policy that the scheme and protocol know")]
    NoKeySystem,
    /// The key policy leaves signalling to the provider, which says nothing to this system of one of the keys.
    #[error("the key provider signals nothing to {} for a key of the title", .0.as_str())]
    Unsignalled(KeySystem),
    /// No such track, or trimmed away.
    #[error("the title has no such track within the request's limits")]
    UnknownTrack,
    /// Trimming by height or codec left no video, or no audio, of a title that has some.
    #[error("no track is left within the request's limits: raise the height or name more codecs")]
    NothingLeft,
    /// A track has more segments than a playlist lists.
    #[error("the track has more than {MAX_SEGMENTS} segments: check the descriptor's timeline")]
    TooManySegments,
    /// A plan whose entries are not those of the track's timeline.
    #[error("the plan is not of the track's timeline")]
    Plan,
    /// Byte ranges were asked for of a delivery or a title that has none.
    #[error(
        "there are no byte ranges: segments are encrypted whole in this delivery, or the title was indexed before they were known"
    )]
    NoRanges,
    /// `base` or `query` has a character that no URL has.
    #[error("the base URL or the query has a character that no URL has")]
    Url,
}

impl Options<'_> {
    /// RFC 3986, 2: what a URL is made of. Nothing of it ends a quoted string or a line.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let of_url = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
        if self.base.bytes().chain(self.query.bytes()).all(of_url) { Ok(()) } else { Err(Error::Url) }
    }
}

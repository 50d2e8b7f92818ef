//! HLS playlists (rfc8216bis) from a title's descriptor.
//!
//! All URIs of media and playlists are relative to the multivariant playlist's directory; key URIs are absolute or data URIs.
//!
//! Of ClearKey's two forms a playlist lists one, because players that know one refuse the other, or ignore it:
//! `KEYFORMAT="identity"` with the raw key's URL (shaka-player) where `identity` is among the systems, else
//! `KEYFORMAT="org.w3.clearkey"` with the key id in a data URI (hls.js, which then posts a licence request) where `clearkey` is.
//! So `?ks=clearkey` gives the latter whatever the title's policy lists, `?ks=identity` the former, neither word the former
//! where the policy allows it.

mod extinf;
mod group;
mod iframes;
mod images;
mod key;
mod media;
mod multivariant;
mod playlist;
mod rendition;
mod text;

pub use iframes::iframes;
pub use media::{media, media_playlist, ranges_playlist};
pub use multivariant::multivariant;
pub use playlist::Playlist;

/// The version that `EXT-X-MAP` without `EXT-X-I-FRAMES-ONLY` needs (rfc8216bis, 8); `KEYFORMAT` needs 5.
const VERSION: &str = "#EXTM3U\n#EXT-X-VERSION:6\n";
/// The version that variable substitution needs.
const VERSION_DEFINE: &str = "#EXTM3U\n#EXT-X-VERSION:8\n";

use serde::Serialize;
use sluice_document::{members, words};

/// How a thumbnail track's images are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    /// JPEG (ISO/IEC 10918-1).
    Jpeg,
    /// PNG (ISO/IEC 15948).
    Png,
    /// WebP (RFC 9649).
    Webp,
}

words!(ImageFormat { Jpeg => "jpeg", Png => "png", Webp => "webp" });

impl ImageFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    /// What files of the format end in, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// The format of files that end so.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension() == extension)
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The word of HLS `CODECS`, and of descriptors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

/// What manifests say of a thumbnail track: each of its segments is one image, with thumbnails in rows from left to right, which share the segment's
/// duration alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Thumbnails {
    /// How the images are coded.
    pub format: ImageFormat,
    /// Thumbnails in a row.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
    /// Of one thumbnail, in pixels.
    pub width: u32,
    /// Of one thumbnail, in pixels.
    pub height: u32,
}

members!(Thumbnails { format, columns, rows, width, height });

impl Thumbnails {
    /// Thumbnails in an image: at least one.
    pub fn tiles(&self) -> u64 {
        (u64::from(self.columns) * u64::from(self.rows)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_words_of_their_own() {
        for format in ImageFormat::ALL {
            assert_eq!(ImageFormat::of_extension(format.extension()), Some(format));
            assert_eq!(serde_json::to_value(format).expect("writes"), format.as_str());
            assert!(format.media_type().ends_with(format.as_str()));
        }
        assert_eq!(ImageFormat::of_extension("gif"), None);
    }
}

use super::{
    template::{Origin, put_template},
    xml::put,
};
use crate::{
    manifest::{Options, peak},
    title::{Descriptor, Thumbnails, Track},
};

/// The image `AdaptationSet` of a thumbnail track (DASH-IF IOP, 6.2.6): always in the clear. `width` and `height` are those of a whole image.
pub(super) fn put_images(
    out: &mut String,
    id: usize,
    track: &Track,
    descriptor: &Descriptor,
    options: &Options<'_>,
    origin: Origin,
) {
    let Some(Thumbnails { format, columns, rows, width, height }) = track.thumbnails else { return };
    put!(
        out,
        "<AdaptationSet id=\"{id}\" contentType=\"image\" mimeType=\"{}\" segmentAlignment=\"true\">",
        format.media_type()
    );
    put_template(out, track, &descriptor.version, origin);
    let (width, height) = (u64::from(columns) * u64::from(width), u64::from(rows) * u64::from(height));
    put!(
        out,
        "<Representation id=\"{}\" bandwidth=\"{}\" width=\"{width}\" height=\"{height}\">",
        track.id,
        peak(track, options.delivery)
    );
    // Of the representation: players look for it there alone.
    put!(
        out,
        "<EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/thumbnail_tile\" value=\"{columns}x{rows}\"/></Representation></AdaptationSet>\n"
    );
}

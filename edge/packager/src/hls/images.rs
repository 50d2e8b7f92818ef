//! Thumbnails, as Roku's HLS image media playlist specification has them, which shaka-player reads too. Players that do not know the tags pass over
//! them (rfc8216bis, 6.3.1).

use super::{VERSION, group::put_uri, text::put};
use crate::{
    manifest::{Error, Options, Seconds, peak, segments},
    title::{Descriptor, Thumbnails, Track},
};

/// `EXT-X-IMAGE-STREAM-INF` in the multivariant playlist.
pub(super) fn put_image_stream(out: &mut String, track: &Track, options: &Options<'_>) {
    let Some(Thumbnails { format, width, height, .. }) = track.thumbnails else { return };
    put!(
        out,
        "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH={},RESOLUTION={width}x{height},CODECS=\"{}\",URI=\"",
        peak(track, options.delivery),
        format.as_str()
    );
    put_uri(out, track, "", options);
    out.push_str("\"\n");
}

/// The media playlist of a thumbnail track: `RESOLUTION` and `DURATION` are those of one thumbnail.
///
/// # Errors
/// [`Error::UnknownTrack`] where the descriptor tells nothing of its images; [`Error::TooManySegments`]
pub(super) fn images(descriptor: &Descriptor, track: &Track) -> Result<String, Error> {
    let thumbnails = track.thumbnails.ok_or(Error::UnknownTrack)?;
    let Thumbnails { format, columns, rows, width, height } = thumbnails;
    let (id, version, extension) = (&track.id, &descriptor.version, format.extension());
    let count = segments(track)?;
    let mut out = String::with_capacity(256 + 160 * count as usize);
    out.push_str(VERSION);
    let target = Seconds::nearest(track.timeline.longest(), track.timescale).rounded().max(1);
    put!(
        out,
        "#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-IMAGES-ONLY\n"
    );
    let mut number = 0u32;
    for run in &track.timeline.runs {
        let of = |ticks| Seconds::nearest(ticks, track.timescale);
        let (whole, one) = (of(run.d), of(run.d / thumbnails.tiles()));
        for _ in 0..run.n {
            number += 1;
            put!(
                out,
                "#EXTINF:{whole},\n#EXT-X-TILES:RESOLUTION={width}x{height},LAYOUT={columns}x{rows},DURATION={one}\n\
                 {id}/{number}.{extension}?v={version}\n"
            );
        }
    }
    out.push_str("#EXT-X-ENDLIST\n");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use m3u8_rs::{parse_master_playlist_res, parse_media_playlist_res};

    use crate::{
        hls::{media, multivariant},
        manifest::fixture,
        title::{Delivery, TrackId},
    };

    #[test]
    fn a_playlist_of_tiles_that_others_pass_over() {
        let mut title = fixture::protected();
        title.tracks.push(fixture::thumbnails("thumbs"));
        let options = fixture::options(Delivery::Cbcs);
        let text = multivariant(&title, &options).expect("playlist");
        let line = "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=20000,RESOLUTION=160x90,CODECS=\"jpeg\",URI=\"thumbs.m3u8\"";
        assert!(text.lines().any(|found| found == line), "{text}");
        let playlist = parse_master_playlist_res(text.as_bytes()).expect("m3u8-rs");
        assert_eq!(playlist.variants.iter().filter(|variant| !variant.is_i_frame).count(), 2);
        let id = TrackId::parse("thumbs").expect("id");
        let text = media(&title, &id, &options).expect("playlist");
        assert_eq!(
            text,
            "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:40\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-IMAGES-ONLY\n\
             #EXTINF:40,\n#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=5x4,DURATION=2\nthumbs/1.jpg?v=r1\n\
             #EXTINF:40,\n#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=5x4,DURATION=2\nthumbs/2.jpg?v=r1\n\
             #EXT-X-ENDLIST\n"
        );
        assert_eq!(parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs").segments.len(), 2);
        // The film's own playlists keep their own target.
        assert!(media(&title, &title.tracks[0].id, &options).expect("playlist").contains("#EXT-X-TARGETDURATION:4\n"));
    }
}

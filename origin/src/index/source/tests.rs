//! The sample title in other shapes, made here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use super::{Piece, Source, TrackFiles, whole};

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/title/demo").join(name);
    fs::read(path).expect("the sample title")
}

fn segments(track: &str) -> Vec<Vec<u8>> {
    (1..=6).map(|number| sample(&format!("{track}/{number}.m4s"))).collect()
}

/// A `sidx` of version 0: the references' sizes, and whether each is to another `sidx`.
fn sidx(references: &[(usize, bool)]) -> Vec<u8> {
    let mut out = (32 + 12 * references.len() as u32).to_be_bytes().to_vec();
    out.extend(b"sidx");
    out.extend([0; 4]);
    for word in [1u32, 12_800, 0, 0, references.len() as u32] {
        out.extend(word.to_be_bytes());
    }
    for (size, to_index) in references {
        out.extend((*size as u32 | u32::from(*to_index) << 31).to_be_bytes());
        out.extend([0, 0, 200, 0, 0x90, 0, 0, 0]);
    }
    out
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("creates");
        fs::write(&path, content).expect("writes");
        path
    }

    fn open(&self, name: &str) -> anyhow::Result<Source> {
        Source::open(&self.path(name))
    }

    fn refused(&self, name: &str, says: &str) {
        let said = format!("{:#}", self.open(name).map(|source| source.tracks.len()).expect_err(says));
        assert!(said.contains(says), "{said:?} should say {says:?}");
    }
}

fn bytes(pieces: &[Piece]) -> Vec<Vec<u8>> {
    pieces.iter().map(|piece| piece.read().expect("reads")).collect()
}

fn assert_is(track: &TrackFiles, id: &str, of: &str) {
    assert_eq!(track.id.as_str(), id);
    assert_eq!(track.init.as_ref().expect("an init segment").read().expect("reads"), sample(&format!("{of}/init.mp4")));
    assert_eq!(bytes(&track.segments), segments(of), "{id}");
    let names: Vec<&str> = track.segments.iter().map(Piece::name).collect();
    assert_eq!(names, ["1.m4s", "2.m4s", "3.m4s", "4.m4s", "5.m4s", "6.m4s"]);
}

#[test]
fn a_file_is_cut_by_its_index_or_its_segment_types() {
    let folder = Folder::new();
    let (init, media) = (sample("v360/init.mp4"), segments("v360"));
    let sizes: Vec<(usize, bool)> = media.iter().map(|segment| (segment.len(), false)).collect();
    let flat = [init.clone(), sidx(&sizes), media.concat()].concat();
    // Two indexes of three segments, each before what it is of, and one of both.
    let halves: Vec<Vec<u8>> =
        media.chunks(3).zip(sizes.chunks(3)).map(|(media, sizes)| [sidx(sizes), media.concat()].concat()).collect();
    let top = sidx(&halves.iter().map(|half| (half.len(), true)).collect::<Vec<_>>());
    let nested = [init.clone(), top, halves.concat()].concat();
    let mfra = b"\0\0\0\x10mfra\0\0\0\x08free".to_vec();
    for (name, file, indexed) in
        [("flat", flat, true), ("nested", nested, true), ("none", [init.clone(), media.concat(), mfra].concat(), false)]
    {
        let split = whole::split(&folder.write("v.mp4", file)).expect(name);
        assert_eq!(split.index.is_some(), indexed, "{name}");
        assert_eq!(bytes(&split.segments), media, "{name}");
        assert_eq!(split.init.read().expect("reads"), init);
    }
}

#[test]
fn files_whose_index_or_end_is_wrong_are_refused_by_byte() {
    let folder = Folder::new();
    let (init, media) = (sample("v360/init.mp4"), segments("v360").concat());
    let at = init.len();
    let refused = |file: Vec<u8>, says: &str| {
        folder.write("v.mp4", file);
        folder.refused("v.mp4", says);
    };
    let lies = sidx(&[(media.len() - 5, false)]);
    refused(
        [init.clone(), lies, media.clone()].concat(),
        &format!("v.mp4: sidx at byte {at}: reference 0 is of bytes {}", at + 44),
    );
    let to_media = sidx(&[(media.len(), true)]);
    refused([init.clone(), to_media, media.clone()].concat(), "where there is none");
    refused([init.clone(), media[..media.len() - 1].to_vec()].concat(), "leads past the end of the file");
    refused([media.clone(), init.clone()].concat(), "not fragmented");
    refused(media, "a media segment");
    refused(init, "track has 1 to");
    refused(b"nonsense".to_vec(), "the box at byte 0 leads past the end");
}

/// The demo's video as one file, described by byte ranges.
fn ranged(folder: &Folder) -> (usize, Vec<Vec<u8>>) {
    let (init, media) = (sample("v360/init.mp4"), segments("v360"));
    folder.write("media/v.mp4", [init.clone(), media.concat()].concat());
    (init.len(), media)
}

#[test]
fn hls_byte_ranges_go_on_from_one_another() {
    let folder = Folder::new();
    let (init, media) = ranged(&folder);
    let mut playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"v.mp4\",BYTERANGE=\"{init}@0\"\n");
    for (index, segment) in media.iter().enumerate() {
        let offset = if index == 0 { format!("@{init}") } else { String::new() };
        playlist += &format!("#EXTINF:4.0,\n#EXT-X-BYTERANGE:{}{offset}\nv.mp4?token=x\n", segment.len());
    }
    let listed = playlist.clone() + "#EXT-X-ENDLIST\n";
    folder.write("media/v360.m3u8", &listed);
    let one = folder.open("media").expect("opens");
    assert_is(&one.tracks[0], "v360", "v360");
    folder.write(
        "main.m3u8",
        "#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"Untertitel\",LANGUAGE=\"deu\",URI=\"t/index.m3u8\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360,SUBTITLES=\"s\"\nmedia/v360.m3u8\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"i.m3u8\"\n",
    );
    folder.write("t/a.vtt", "WEBVTT\n");
    folder.write("t/index.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:24\n#EXTINF:24,\na.vtt\n#EXT-X-ENDLIST\n");
    let both = folder.open("").expect("opens");
    assert_is(&both.tracks[0], "media-v360", "v360");
    let text = &both.tracks[1];
    assert_eq!((text.id.as_str(), text.said.language.as_deref(), text.segments[0].name()), ("t", Some("de"), "1.vtt"));
    assert!(text.init.is_none() && text.said.label.as_deref() == Some("Untertitel"));

    for (from, to, says) in [
        ("#EXT-X-ENDLIST", "", "no EXT-X-ENDLIST"),
        ("#EXT-X-MAP", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP", "segment 1: is encrypted already"),
        ("v.mp4?token=x\n#EXTINF", "v.mp4\n#EXT-X-DISCONTINUITY\n#EXTINF", "segment 2: a discontinuity"),
        ("v.mp4?token=x\n#EXTINF", "v.mp4\n#EXT-X-GAP\n#EXTINF", "segment 2: a gap"),
        ("v.mp4?token=x\n#EXTINF", "v.mp4\n#EXT-X-MAP:URI=\"v.mp4\"\n#EXTINF", "segment 2: another EXT-X-MAP"),
        ("v.mp4?token=x", "w.mp4", "segment 1: names \"w.mp4\", but there is no file"),
        ("v.mp4?token=x", "../../v.mp4", "leads out"),
        (&format!("@{init}\n"), "\n", "segment 1: a byte range without an offset"),
        ("#EXTM3U", "nothing", "not an HLS playlist"),
    ] {
        folder.write("media/v360.m3u8", listed.replacen(from, to, 1));
        folder.refused("media/v360.m3u8", says);
    }
    folder.write(
        "media/v360.m3u8",
        listed.replace(&format!("#EXT-X-BYTERANGE:{}\n", media[5].len()), "#EXT-X-BYTERANGE:99999999\n"),
    );
    let past = folder.open("media/v360.m3u8").expect("opens");
    let said = past.tracks[0].segments[5].read().expect_err("past the end").to_string();
    assert!(said.contains("are named, but the file has"), "{said}");
}

const VIDEO: &str = "<AdaptationSet contentType=\"video\" mimeType=\"video/mp4\">";

fn mpd(folder: &Folder, sets: &str) -> PathBuf {
    folder.write(
        "film.mpd",
        format!("<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" mediaPresentationDuration=\"PT24S\"><BaseURL>https://cdn.example/film/</BaseURL><BaseURL>./media/</BaseURL><Period>{sets}</Period></MPD>"),
    )
}

#[test]
fn an_mpd_lists_segments_in_any_of_its_ways() {
    let folder = Folder::new();
    let (init, media) = ranged(&folder);
    for (number, segment) in (1..).zip(&media) {
        folder.write(&format!("media/v1/{:05}.m4s", number + 9), segment);
        folder.write(&format!("media/v1/t{}.m4s", (number - 1) * 51_200), segment);
    }
    folder.write("media/v1/init.mp4", sample("v360/init.mp4"));
    let mut at = init;
    let ranges = media.iter().map(|segment| {
        at += segment.len();
        format!("<SegmentURL mediaRange=\"{}-{}\"/>", at - segment.len(), at - 1)
    });
    let list = format!(
        "<SegmentList duration=\"4\"><Initialization range=\"0-{}\"/>{}</SegmentList>",
        init - 1,
        ranges.collect::<String>()
    );
    let timeline = "<SegmentTimeline><S t=\"0\" d=\"51200\" r=\"-1\"/></SegmentTimeline>";
    for addressing in [
        "<BaseURL>v.mp4</BaseURL>",
        &format!("<BaseURL>v.mp4</BaseURL>{list}"),
        "<SegmentTemplate initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/$Number%05d$.m4s\" startNumber=\"10\" duration=\"4\"/>",
        &format!(
            "<BaseURL>v1/</BaseURL><SegmentTemplate timescale=\"12800\" initialization=\"init.mp4\" media=\"t$Time$.m4s\">{timeline}</SegmentTemplate>"
        ),
    ] {
        mpd(&folder, &format!("{VIDEO}<Representation id=\"v1\">{addressing}</Representation></AdaptationSet>"));
        let source = folder.open("film.mpd").expect(addressing);
        assert_is(&source.tracks[0], "v1", "v360");
    }
    for (inside, says) in [
        (
            "<ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cenc\"/>",
            "is protected already",
        ),
        ("<SegmentTemplate media=\"$Number$.m4s\" duration=\"4\"/>", "names no initialization"),
        (
            "<SegmentTemplate initialization=\"v1/init.mp4\" media=\"$Number$.m4s\"/>",
            "neither a SegmentTimeline nor a duration",
        ),
        (
            "<SegmentTemplate initialization=\"v1/init.mp4\" media=\"v1/$Number%05d$.m4s\" startNumber=\"10\" endNumber=\"16\" duration=\"4\"/>",
            "v1/00016.m4s\", but there is no file",
        ),
        ("<BaseURL>v.mp4</BaseURL><SegmentBase indexRange=\"5-9\"/>", "the manifest has its index at byte 5"),
        ("<BaseURL>w.mp4</BaseURL>", "there is no file"),
        ("<BaseURL>https://cdn.example/v.mp4</BaseURL>", "on another host"),
    ] {
        mpd(&folder, &format!("{VIDEO}<Representation id=\"v1\">{inside}</Representation></AdaptationSet>"));
        folder.refused("film.mpd", says);
    }
    let trick = "<AdaptationSet><EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/trickmode\" value=\"1\"/><Representation id=\"t\"/></AdaptationSet>";
    let pictures = "<AdaptationSet mimeType=\"image/jpeg\"><Representation id=\"p\"/></AdaptationSet>";
    mpd(
        &folder,
        &format!(
            "{trick}{pictures}{VIDEO}<Representation id=\"7\"><BaseURL>v.mp4</BaseURL></Representation></AdaptationSet>"
        ),
    );
    let mut source = folder.open("").expect("opens");
    assert_eq!(source.left_out.len(), 2, "{:?}", source.left_out);
    assert_is(&source.tracks[0], "video-7", "v360");
    assert!(source.rename("video-8", "v").expect_err("no such track").to_string().contains("there are video-7"));
    source.rename("video-7", "v360").expect("renames");
    assert_is(&source.tracks[0], "v360", "v360");
    folder.write("film.mpd", "<MPD><Period/><Period/></MPD>");
    folder.refused("film.mpd", "2 periods");
    folder.write("film.mpd", "<MPD><Period>");
    folder.refused("film.mpd", "not an MPD");
    folder.write("other.mpd", "");
    folder.refused("", "2 MPDs: name the one to follow");
}

#[test]
fn what_does_not_belong_together_is_named() {
    let folder = Folder::new();
    folder.write("a/audio_init.mp4", sample("a-en/init.mp4"));
    folder.write("a/video_init.mp4", sample("v360/init.mp4"));
    folder.write("a/audio_1.m4s", sample("a-en/1.m4s"));
    folder.refused("a", "video_init.mp4: an init segment with 0 segments");
    folder.write("a/video_1.m4s", sample("v360/1.m4s"));
    folder.write("a/en_1.vtt", "WEBVTT\n");
    folder.write("a/notes.vtt", "WEBVTT\n");
    let source = folder.open("a").expect("opens");
    let ids: Vec<&str> = source.tracks.iter().map(|track| track.id.as_str()).collect();
    assert_eq!((ids, source.left_out.len()), (vec!["audio", "en", "video"], 1));
    folder.write("a/last.m4s", sample("v360/2.m4s"));
    folder.refused("a", "last.m4s: a media segment whose name ends in no number");
    folder.write("b/1.m4s", sample("v360/1.m4s"));
    folder.refused("b", "b/1.m4s: a media segment without an init segment");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_makes_it_panic(damage in proptest::collection::vec((0usize..3000, any::<u8>()), 1..6), cut in 0usize..6000) {
        let folder = Folder::new();
        let media = segments("v360");
        let index = sidx(&[(media[0].len(), false), (media[1].len(), false)]);
        let mut file = [sample("v360/init.mp4"), index, media[0].clone(), media[1].clone()].concat();
        for (at, byte) in damage {
            if let Some(found) = file.get_mut(at) {
                *found = byte;
            }
        }
        file.truncate(file.len() - cut);
        if let Ok(split) = whole::split(&folder.write("v.mp4", &file)) {
            for piece in split.segments {
                prop_assert!(piece.read().is_ok());
            }
        }
    }
}

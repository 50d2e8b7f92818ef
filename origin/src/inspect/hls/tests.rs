use m3u8_rs::Playlist;
use proptest::prelude::*;

use super::{explain, *};
use crate::inspect::{report::Warning, tests::manifests};

fn codes(report: &Report) -> Vec<(&'static str, &str)> {
    report.warnings.iter().map(|Warning { code, at, .. }| (*code, at.as_str())).collect()
}

fn media(report: &Report) -> &MediaPlaylist {
    match &report.content {
        Content::HlsMedia(playlist) => playlist,
        other => panic!("{other:?}"),
    }
}

fn multivariant(report: &Report) -> &MultivariantPlaylist {
    match &report.content {
        Content::HlsMultivariant(playlist) => playlist,
        other => panic!("{other:?}"),
    }
}

/// What the packager writes is explained without a warning, and as m3u8-rs reads it.
#[test]
fn our_own_playlists_are_read_as_m3u8_rs_reads_them() {
    let mut keys = 0;
    for (name, text) in manifests().iter().filter(|(_, text)| text.starts_with("#EXTM3U")) {
        let report = explain(text.as_bytes(), true).expect(name);
        assert_eq!((codes(&report), report.errors.as_slice()), (vec![], &[][..]), "{name}:\n{text}");
        match m3u8_rs::parse_playlist_res(text.as_bytes()).expect("m3u8-rs") {
            Playlist::MasterPlaylist(theirs) => {
                let ours = multivariant(&report);
                let all = ours.variants.iter().chain(&ours.iframe_variants).map(|v| (v.bandwidth, v.codecs.clone()));
                assert!(all.eq(theirs.variants.iter().map(|v| (Some(v.bandwidth), v.codecs.clone()))), "{name}");
                assert_eq!(ours.renditions.len(), theirs.alternatives.len(), "{name}");
                assert_eq!(ours.session_keys.len(), theirs.session_key.len(), "{name}");
            }
            Playlist::MediaPlaylist(theirs) => {
                let ours = media(&report);
                assert_eq!(ours.table.len(), theirs.segments.len(), "{name}");
                for (row, segment) in ours.table.iter().zip(&theirs.segments) {
                    assert!((row.duration - f64::from(segment.duration)).abs() < 1e-3, "{name}");
                    assert_eq!(row.byte_range.map(|range| range.length), segment.byte_range.as_ref().map(|r| r.length));
                }
                assert_eq!((ours.live, ours.iframes_only), (!theirs.end_list, theirs.i_frames_only), "{name}");
                let signalling = ours.keys.iter().flat_map(|set| &set.keys).filter_map(|key| key.signalling.as_ref());
                keys += signalling.filter(|said| !said.key_ids.is_empty() && said.error.is_none()).count();
            }
        }
    }
    assert!(keys > 5, "{keys} keys decoded");
}

const RAW: &str = "ABEiM0RVZneImaq7zN3u/w==";

#[test]
fn what_breaks_players_is_warned_of_and_no_key_is_shown() {
    let text = format!(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"init.mp4\"\n\
         #EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:text/plain;base64,{RAW}\",KEYFORMAT=\"identity\"\n\
         #EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"skd://k\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n\
         #EXTINF:4.4,\n1.m4s\n#EXTINF:4.6,\n2.m4s\n#EXT-X-BYTERANGE:10\n#EXTINF:1,\n3.m4s\n4.m4s\n\
         #EXT-X-KEY:METHOD=AES-128,URI=\"https://k.example/k?token=SECRETTOKEN\",IV=0x1\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\n5.m4s\n"
    );
    let report = explain(text.as_bytes(), true).expect("a playlist");
    let expected = [
        ("key_in_playlist", "line 6"),
        ("key_after_map", "line 6"),
        ("fairplay_ctr", "line 7"),
        ("extinf_over_target", "line 11"),
        ("byterange_offset", "line 14"),
        ("segment_without_extinf", "line 15"),
        ("vod_without_endlist", "playlist"),
    ];
    assert_eq!(codes(&report), expected);
    let playlist = media(&report);
    assert_eq!((playlist.live, playlist.segments, playlist.discontinuities), (true, 4, 1));
    let sets: Vec<_> = playlist.keys.iter().map(|set| (set.first_segment, set.segments, set.keys.len())).collect();
    assert_eq!(sets, [(0, 3, 2), (3, 1, 1)]);
    let said = format!("{report}{}", serde_json::to_string(&report).expect("JSON"));
    for secret in [RAW, "SECRETTOKEN", "00112233445566778899aabbccddeeff"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    assert!(said.contains("https://k.example/k?token=…"), "{said}");
}

#[test]
fn multivariant_playlists_are_checked() {
    let text = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"x\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"b\"\nv.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2,CODECS=\"avc1.640028,mp4a.40.2\",AUDIO=\"a\"\n";
    let report = explain(text.as_bytes(), false).expect("a playlist");
    assert_eq!(codes(&report), [("variant_uri", "line 5"), ("codecs_missing", "line 3"), ("group_missing", "line 3")]);
    let malformed = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1\nv.m3u8\n";
    let report = explain(malformed.as_bytes(), false).expect("a playlist");
    assert_eq!(report.errors, ["line 2: EXT-X-STREAM-INF has a malformed attribute list"]);
    for neither in ["#EXTM3U\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n#EXTINF:1,\ns\n"] {
        assert!(explain(neither.as_bytes(), false).is_err());
    }
}

proptest! {
    #[test]
    fn any_playlist_has_a_report(
        lines in proptest::collection::vec(
            prop_oneof![
                "#EXT-X-KEY:METHOD=[A-Z-]{0,10},URI=\"\\PC{0,20}\"",
                "#EXT-X-(MAP|STREAM-INF|MEDIA|BYTERANGE|VERSION|TARGETDURATION):\\PC{0,20}",
                "#EXTINF:[-0-9.e]{0,6},",
                "\\PC{0,12}",
            ],
            0..12,
        ),
    ) {
        let text = format!("#EXTM3U\n{}\n", lines.join("\n"));
        if let Ok(report) = explain(text.as_bytes(), true) {
            prop_assert!(!report.to_string().is_empty());
            prop_assert!(serde_json::to_string(&report).is_ok());
        }
    }
}

use std::{
    fs,
    path::{Path, PathBuf},
};

use sluice_packager::title::{
    Delivery, Descriptor, HdcpLevel, Role, SignalledBy, TrackId, TrackKind, TrackRecord, Treatment, plan,
};

use super::index;
use crate::text::synthetic;

/// The sample title, as other tools made it.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/title/demo")
}

/// A copy of the sample title with these tracks only.
fn copy(to: &Path, tracks: &[&str]) -> PathBuf {
    let dir = to.join("source");
    for track in tracks {
        fs::create_dir_all(dir.join(track)).expect("creates");
        for entry in fs::read_dir(sample().join(track)).expect("lists") {
            let from = entry.expect("lists").path();
            fs::copy(&from, dir.join(track).join(from.file_name().expect("a name"))).expect("copies");
        }
    }
    dir
}

#[test]
fn hevc_tracks_are_named_by_their_configuration() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edge/packager/src/cenc/vectors");
    for (vector, codec) in
        [("hevc-slices", "hvc1.1.6.L30.90"), ("hevc-main10", "hev1.2.4.L30.90"), ("hevc-444", "hvc1.4.10.L30.98.8")]
    {
        let work = tempfile::tempdir().expect("a folder");
        let track = work.path().join("source/v96");
        fs::create_dir_all(&track).expect("creates");
        for (from, to) in [("clear.init.mp4", "init.mp4"), ("clear.1.m4s", "1.m4s")] {
            fs::copy(vectors.join(vector).join(from), track.join(to)).expect("copies");
        }
        let indexed = index(&work.path().join("source"), "hevc", &work.path().join("out")).expect(vector);
        let track = &indexed.descriptor.tracks[0];
        assert_eq!((track.kind, track.codec.as_str()), (TrackKind::Video, codec));
    }
}

fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).expect("lists") {
        let path = entry.expect("lists").path();
        if path.is_dir() { out.extend(files(&path)) } else { out.push((path.clone(), fs::read(&path).expect("reads"))) }
    }
    out.sort();
    out
}

#[test]
fn the_sample_title_is_indexed_the_same_twice() {
    let out = tempfile::tempdir().expect("a folder");
    let first = index(&sample(), "demo", out.path()).expect("indexes");
    let before = files(out.path());
    let second = index(&sample(), "demo", out.path()).expect("indexes again");
    assert_eq!(first.descriptor.version, second.descriptor.version);
    assert_eq!(files(out.path()), before);

    let root = out.path().join("demo");
    let text = fs::read(root.join("descriptor.json")).expect("a descriptor");
    let descriptor: Descriptor = serde_json::from_slice(&text).expect("parses");
    let listed: Vec<&str> = descriptor.tracks.iter().map(|track| track.id.as_str()).collect();
    assert_eq!(listed, ["v1080", "v720", "v360", "a-en", "a-fr", "t-en"]);
    assert!(serde_json::from_slice::<serde_json::Value>(&text).expect("parses").get("rights").is_some());
    let mut numbers = Vec::new();
    for track in &descriptor.tracks {
        let folder = root.join(descriptor.version.as_str()).join(track.id.as_str());
        let record: TrackRecord =
            serde_json::from_slice(&fs::read(folder.join("record.json")).expect("a record")).expect("parses");
        assert_eq!(record.timeline, track.timeline);
        assert_eq!(track.timeline.count(), 6);
        numbers.push(record.number);
        if track.kind == TrackKind::Text {
            assert!(matches!(record.treatment(Delivery::Cenc), Ok(Treatment::Clear(_))));
            continue;
        }
        assert!(matches!(record.treatment(Delivery::Cenc), Ok(Treatment::Protect { .. })));
        let entries = plan::read(&fs::read(folder.join("plan.bin")).expect("a plan")).expect("parses");
        for number in 1..=6 {
            let segment = track.timeline.segment(number).expect("in the timeline");
            let (first, count) = (segment.first_entry as usize, segment.entries as usize);
            let planned: u64 = entries[first..first + count].iter().map(|entry| u64::from(entry.clear)).sum();
            let size = fs::metadata(folder.join(format!("{number}.m4s"))).expect("a segment").len();
            assert_eq!(planned, size, "{} {number}", track.id);
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    let video = descriptor.tracks[0].video.expect("video");
    assert_eq!((video.width, video.height, video.frame_rate), (1920, 1080, (25, 1)));
    assert_eq!(descriptor.tracks[3].codec, "mp4a.40.2");
    assert!(descriptor.tracks[0].codec.starts_with("avc1.64"), "{}", descriptor.tracks[0].codec);
}

#[test]
fn bandwidths_are_those_of_the_segments_as_delivered() {
    let out = tempfile::tempdir().expect("a folder");
    let descriptor = index(&sample(), "demo", out.path()).expect("indexes").descriptor;
    let track = descriptor.track(&TrackId::parse("v360").expect("id")).expect("track");
    let folder = out.path().join("demo").join(descriptor.version.as_str()).join("v360");
    let entries = plan::read(&fs::read(folder.join("plan.bin")).expect("a plan")).expect("parses");
    for (delivery, size) in
        [(Delivery::Cenc, (|entry| entry.cenc) as fn(&plan::Entry) -> u32), (Delivery::Cbcs, |entry| entry.cbcs)]
    {
        let (mut peak, mut total) = (0.0f64, 0.0);
        for number in 1..=track.timeline.count() {
            let segment = track.timeline.segment(number).expect("in the timeline");
            let first = segment.first_entry as usize;
            let bytes: u32 = entries[first..first + segment.entries as usize].iter().map(size).sum();
            let seconds = segment.duration as f64 / f64::from(track.timescale);
            peak = peak.max(f64::from(bytes) * 8.0 / seconds);
            total += f64::from(bytes) * 8.0;
        }
        let seconds = track.timeline.duration() as f64 / f64::from(track.timescale);
        let told = track.delivered(delivery).expect("measured");
        assert_eq!((told.peak, told.average), (peak.ceil() as u32, (total / seconds).ceil() as u32), "{delivery:?}");
        assert!(told.peak > track.peak_bandwidth && told.average > track.average_bandwidth);
    }
    let padded = track.delivered(Delivery::Aes128).expect("measured");
    // One to sixteen bytes a segment.
    assert!(padded.average > track.average_bandwidth && padded.average - track.average_bandwidth <= 16 * 8);
    assert!(
        descriptor.tracks.iter().filter(|track| track.kind == TrackKind::Text).all(|track| track.delivered.is_empty())
    );
}

#[test]
fn roles_are_of_their_kinds_and_decide_with_what_players_begin() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = copy(dir.path(), &["v360", "a-en", "a-fr", "t-en"]);
    let out = dir.path().join("out");
    let settings = "tracks.a-en.role = \"description\"\ntracks.t-en.role = \"caption\"\n";
    fs::write(source.join("title.toml"), settings).expect("writes");
    let descriptor = index(&source, "demo", &out).expect("indexes").descriptor;
    let told = descriptor.tracks.iter().map(|track| (track.id.as_str(), track.role.map(Role::as_str), track.default));
    let expected = [
        ("v360", None, false),
        ("a-fr", None, true),
        ("a-en", Some("description"), false),
        ("t-en", Some("caption"), false),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    fs::write(source.join("title.toml"), "tracks.v360.role = \"dub\"").expect("writes");
    let said = index(&source, "demo", &out).expect_err("is none").to_string();
    assert!(said.contains("v360") && said.contains("dub"), "{said}");
}

/// A PNG's signature and header: what indexing reads of one.
fn png(width: u32, height: u32) -> Vec<u8> {
    let sizes = [width.to_be_bytes(), height.to_be_bytes()].concat();
    [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &sizes, &[8, 2, 0, 0, 0, 0, 0, 0, 0]].concat()
}

#[test]
fn thumbnails_have_a_timeline_beside_the_medias() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = copy(dir.path(), &["v360", "t-en"]);
    let out = dir.path().join("out");
    fs::create_dir(source.join("thumbs")).expect("creates");
    for number in 1..=3 {
        fs::write(source.join(format!("thumbs/{number}.png")), png(800, 180)).expect("writes");
    }
    let settings = |text: &str| fs::write(source.join("title.toml"), text).expect("writes");
    settings("[tracks.thumbs]\ntiles = \"5x2\"\ninterval = 1");
    let indexed = index(&source, "demo", &out).expect("indexes");
    let id = TrackId::parse("thumbs").expect("id");
    let (thumbs, video) = (indexed.descriptor.track(&id).expect("listed"), &indexed.descriptor.tracks[0]);
    let found = thumbs.thumbnails.expect("thumbnails");
    assert_eq!((found.columns, found.rows, found.width, found.height), (5, 2, 160, 90));
    assert_eq!((thumbs.kind, thumbs.timescale), (TrackKind::Thumbnail, video.timescale));
    let timeline = &thumbs.timeline;
    assert_eq!(
        (timeline.start, timeline.count(), timeline.longest()),
        (video.timeline.start, 3, 10 * u64::from(thumbs.timescale))
    );
    assert!(timeline.duration() >= video.timeline.duration());
    let folder = indexed.path.join("thumbs");
    let record: TrackRecord =
        serde_json::from_slice(&fs::read(folder.join("record.json")).expect("a record")).expect("parses");
    assert!(matches!(record.treatment(Delivery::Cbcs), Ok(Treatment::Clear(reason)) if reason.as_str() == "thumbnail"));
    assert!(record.kids.is_empty() && folder.join("3.png").is_file() && !folder.join("plan.bin").exists());

    let said = || format!("{:#}", index(&source, "demo", &out).expect_err("is wrong"));
    for (text, says) in [
        ("", "tiles"),
        ("[tracks.thumbs]\ntiles = \"5x2\"", "interval"),
        ("[tracks.thumbs]\ntiles = \"5x2\"\ninterval = -1", "interval"),
        ("[tracks.thumbs]\ntiles = \"5 by 2\"\ninterval = 1", "5 by 2"),
        ("[tracks.thumbs]\ntiles = \"3x2\"\ninterval = 1", "800x180"),
        ("[tracks.thumbs]\ntiles = \"5x2\"\ninterval = 2", "the media takes 2"),
        ("[tracks.thumbs]\ntiles = \"5x2\"\ninterval = 1\n[tracks.v360]\ninterval = 1", "v360"),
    ] {
        settings(text);
        assert!(said().contains(says), "{text:?}: {}", said());
    }
    settings("[tracks.thumbs]\ntiles = \"5x2\"\ninterval = 1");
    fs::write(source.join("thumbs/2.png"), png(400, 180)).expect("writes");
    assert!(said().contains("2.png") && said().contains("400x180"), "{}", said());
    fs::write(source.join("thumbs/2.png"), b"GIF89a").expect("writes");
    assert!(said().contains("2.png"), "{}", said());
}

#[test]
fn the_protection_of_outputs_is_by_class_and_track() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = copy(dir.path(), &["v1080", "v720", "v360"]);
    let out = dir.path().join("out");
    let settings = "[hdcp]\nsd = \"NONE\"\nhd = \"TYPE-0\"\n[tracks.v1080]\nhdcp = \"TYPE-1\"";
    fs::write(source.join("title.toml"), settings).expect("writes");
    let descriptor = index(&source, "demo", &out).expect("indexes").descriptor;
    let levels = descriptor.tracks.iter().map(|track| track.hdcp.map(HdcpLevel::as_str));
    assert_eq!(levels.collect::<Vec<_>>(), [Some("TYPE-1"), Some("TYPE-0"), Some("NONE")]);
    fs::write(source.join("title.toml"), format!("unprotected = true\n{settings}")).expect("writes");
    let said = index(&source, "demo", &out).expect_err("contradicts itself").to_string();
    assert!(said.contains("hdcp") && said.contains("unprotected"), "{said}");
}

#[test]
fn tracks_share_keys_as_the_preset_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = copy(dir.path(), &["v1080", "v360", "a-en"]);
    let keys = |sharing: &str| {
        let policy = format!("[key_policy]\nsystems = [\"widevine\"]\nschemes = [\"cbcs\"]\nkeys = \"{sharing}\"");
        fs::write(source.join("title.toml"), policy).expect("writes");
        let descriptor = index(&source, "demo", &dir.path().join(sharing)).expect("indexes").descriptor;
        let policy = descriptor.key_policy.expect("a policy");
        let keys = policy.keys(Delivery::Cbcs).expect("keys").keys.clone();
        let mut kids: Vec<_> = keys.iter().map(|key| key.kid).collect();
        kids.sort_unstable();
        kids.dedup();
        (keys.len(), kids.len())
    };
    // Entries, and keys.
    assert_eq!(["title", "kind", "class", "track"].map(keys), [(2, 1), (2, 2), (3, 3), (3, 3)]);
}

#[test]
fn every_byte_and_name_counts_for_the_version() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = copy(dir.path(), &["v360", "t-en"]);
    let at = |source: &Path| index(source, "demo", &dir.path().join("out")).expect("indexes").descriptor;
    let before = at(&source);
    let cues = source.join("t-en/6.vtt");
    let mut text = fs::read_to_string(&cues).expect("reads");
    text.push('\n');
    fs::write(&cues, text).expect("writes");
    let after = at(&source);
    assert_ne!(before.version, after.version);
    // Changed media has keys of its own.
    let kid = |descriptor: &Descriptor| {
        descriptor.key_policy.as_ref().and_then(|policy| policy.keys(Delivery::Cenc)).map(|keys| keys.keys[0].kid)
    };
    assert_ne!(kid(&before), kid(&after));
    assert_ne!(
        kid(&before),
        before.key_policy.as_ref().and_then(|policy| policy.keys(Delivery::Cbcs)).map(|keys| keys.keys[0].kid)
    );
}

/// Six segments of timed text beside the sample's media: a cue of twenty seconds from the first on.
fn add_timed_text(source: &Path) {
    for (track, init) in [("s-en", synthetic::stpp_init()), ("w-en", synthetic::wvtt_init())] {
        let folder = source.join(track);
        fs::create_dir_all(&folder).expect("creates");
        fs::write(folder.join("init.mp4"), init).expect("writes");
        for number in 0..6u32 {
            let sample = match track {
                "s-en" => synthetic::document("<p begin='1s' end='21s'>Hello</p>"),
                _ if number == 5 => synthetic::vtte(),
                _ => synthetic::vttc("1", "Hello"),
            };
            let segment = synthetic::segment(number * 4000, &[(4000, sample)]);
            fs::write(folder.join(format!("{}.m4s", number + 1)), segment).expect("writes");
        }
    }
}

#[test]
fn timed_text_keeps_its_bytes_and_timeline_and_gets_webvtt() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = copy(dir.path(), &["v360", "t-en"]);
    add_timed_text(&source);
    let indexed = index(&source, "demo", &dir.path().join("out")).expect("indexes");
    let told: Vec<_> = indexed
        .descriptor
        .tracks
        .iter()
        .map(|track| {
            (track.id.as_str(), track.codec.as_str(), track.is_fragmented(), track.timescale, track.timeline.count())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("v360", "avc1.4d401e", true, 12_800, 6),
            ("s-en", "stpp.ttml.im1t", true, 1000, 6),
            ("t-en", "wvtt", false, 12_800, 6),
            ("w-en", "wvtt", true, 1000, 6),
        ]
    );
    for track in ["s-en", "w-en"] {
        let folder = indexed.path.join(track);
        for entry in fs::read_dir(source.join(track)).expect("lists") {
            let from = entry.expect("lists").path();
            let to = folder.join(from.file_name().expect("a name"));
            assert_eq!(fs::read(&from).expect("reads"), fs::read(to).expect("reads"), "{}", from.display());
        }
        let (cue, last) = match track {
            "s-en" => ("\n00:00:01.000 --> 00:00:21.000\nHello\n", true),
            _ => ("\n1\n00:00:00.000 --> 00:00:20.000\nHello\n", false),
        };
        for number in 1..=6 {
            let text = fs::read_to_string(folder.join(format!("{number}.vtt"))).expect("reads");
            assert_eq!(text.contains(cue), number < 6 || last, "{track} {number}: {text}");
        }
        let record: TrackRecord =
            serde_json::from_slice(&fs::read(folder.join("record.json")).expect("a record")).expect("parses");
        assert!(!record.sample_entry.is_empty() && record.kids.is_empty());
        assert!(matches!(record.treatment(Delivery::Cbcs), Ok(Treatment::Clear(_))));
        assert!(!folder.join("plan.bin").exists());
    }
}

#[test]
fn a_providers_boxes_have_room_in_init_segments() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = copy(dir.path(), &["v360", "t-en"]);
    let indexed = |more: &str| {
        let policy =
            "[key_policy]\nsystems = [\"widevine\", \"playready\", \"clearkey\"]\nschemes = [\"cenc\", \"cbcs\"]\n";
        fs::write(source.join("title.toml"), format!("{policy}{more}")).expect("writes");
        let indexed = index(&source, "demo", &dir.path().join("out")).expect("indexes");
        let record: TrackRecord =
            serde_json::from_slice(&fs::read(indexed.path.join("v360/record.json")).expect("a record"))
                .expect("parses");
        (indexed.descriptor, record.pssh)
    };
    let (own, _) = indexed("");
    let (provided, pssh) = indexed("signalling = \"provider\"");
    let signalling = |descriptor: &Descriptor| descriptor.key_policy.as_ref().map(|policy| policy.signalling);
    assert_eq!(signalling(&own), Some(SignalledBy::Own));
    assert_eq!((signalling(&provided), pssh), (Some(SignalledBy::Provider), None));
    assert_eq!(own.version, provided.version, "in manifests alone it changes no media");
    let size = |descriptor: &Descriptor| descriptor.tracks[0].init_size.expect("an init segment");
    assert_eq!(size(&own), size(&provided));

    let (own_boxes, places) = indexed("pssh = [\"init\"]");
    assert_eq!(places.expect("boxes").room, None);
    let (boxes, places) = indexed("signalling = \"provider\"\npssh = [\"init\"]");
    let places = places.expect("boxes");
    assert_eq!((places.init, places.moof, places.room), (true, false, Some(2048)));
    assert_ne!(own_boxes.version, boxes.version, "other bytes of init segments");
    let common = 12 + 16 + 4 + 16 + 4;
    for (with, without) in [(size(&boxes).cenc, size(&own).cenc), (size(&boxes).cbcs, size(&own).cbcs)] {
        assert_eq!(with - without, 2 * 2048 + common, "of a key for two systems, and the edge's own for ClearKey");
    }
    assert_eq!(size(&boxes).clear, size(&own).clear);
}

#[test]
fn a_title_without_settings_gives_least_away() {
    let dir = tempfile::tempdir().expect("a folder");
    let source = copy(dir.path(), &["v360"]);
    // The store is the same folder as the source: what is written there is no track.
    index(&source, "source", dir.path()).expect("indexes");
    index(&source, "source", dir.path()).expect("indexes beside its own output");
    let text = fs::read_to_string(source.join("descriptor.json")).expect("a descriptor");
    let value: serde_json::Value = serde_json::from_str(&text).expect("parses");
    assert_eq!(value["rights"]["state"], "unpublished");
    assert_eq!(value["key_policy"]["systems"], serde_json::json!(["widevine", "playready", "fairplay"]));
}

#[test]
fn broken_titles_are_named_by_file_and_leave_no_descriptor() {
    let broken = |tracks: &[&str], damage: &dyn Fn(&Path), says: &[&str]| {
        let dir = tempfile::tempdir().expect("a folder");
        let source = copy(dir.path(), tracks);
        damage(&source);
        let out = dir.path().join("out");
        let said = format!("{:#}", index(&source, "demo", &out).expect_err("is broken"));
        for part in says {
            assert!(said.contains(part), "{said:?} should say {part:?}");
        }
        assert!(!said.contains('\n'), "{said:?} is one line");
        assert!(!out.join("demo/descriptor.json").exists());
    };
    let rename = |from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        move |dir: &Path| fs::rename(dir.join(&from), dir.join(&to)).expect("renames")
    };
    let write = |path: &str, bytes: &[u8]| {
        let (path, bytes) = (path.to_owned(), bytes.to_owned());
        move |dir: &Path| fs::write(dir.join(&path), &bytes).expect("writes")
    };
    broken(&["v360"], &rename("v360/3.m4s", "v360/9.m4s"), &["3.m4s is missing"]);
    broken(&["v360"], &rename("v360/3.m4s", "v360/x.m4s"), &["x.m4s"]);
    broken(&["v360"], &write("v360/2.m4s", b"\0\0\0\x10styp"), &["v360/2.m4s", "byte 0"]);
    broken(&["v360"], &write("v360/init.mp4", b"nonsense"), &["v360/init.mp4"]);
    broken(&["v360", "t-en"], &write("t-en/1.vtt", b"1\n"), &["t-en/1.vtt", "WEBVTT"]);
    broken(
        &["v360", "t-en"],
        &|dir| fs::remove_file(dir.join("t-en/6.vtt")).expect("removes"),
        &["t-en", "5 segments"],
    );
    broken(
        &["v360"],
        &|dir| {
            fs::copy(dir.join("v360/1.m4s"), dir.join("v360/2.m4s")).expect("copies");
        },
        &["v360/2.m4s", "before the end"],
    );
    broken(
        &["v360", "v720"],
        &|dir| fs::remove_file(dir.join("v720/6.m4s")).expect("removes"),
        &["cut at the same times"],
    );
    broken(
        &["v360"],
        &|dir| {
            add_timed_text(dir);
            fs::write(dir.join("s-en/3.m4s"), synthetic::segment(8000, &[(4000, b"<tt>".to_vec())])).expect("writes");
        },
        &["s-en/3.m4s", "TTML at byte"],
    );
    broken(
        &["v360"],
        &|dir| {
            add_timed_text(dir);
            fs::copy(dir.join("w-en/1.m4s"), dir.join("w-en/2.m4s")).expect("copies");
        },
        &["w-en/2.m4s", "before the end"],
    );
    broken(
        &["v360"],
        &|dir| {
            add_timed_text(dir);
            for number in 1..=5 {
                fs::rename(dir.join(format!("w-en/{}.m4s", number + 1)), dir.join(format!("w-en/{number}.m4s")))
                    .expect("renames");
            }
        },
        &["track w-en", "begins at 4.000 s"],
    );
    broken(&["v360"], &write("title.toml", b"title = \"other\""), &["title.toml", "other"]);
    broken(&["v360"], &write("title.toml", b"\nnonsense = 1"), &["title.toml", "line"]);
    broken(&["v360"], &write("title.toml", b"[tracks.v9]"), &["v9"]);
    broken(
        &["v360"],
        &write("title.toml", b"unprotected = true\n[key_policy]\nsystems = []\nschemes = [\"cenc\"]"),
        &["both"],
    );
    let policy = |lines: &str| format!("[key_policy]\nschemes = [\"cenc\"]\nsignalling = {lines}").into_bytes();
    for (lines, says) in [
        ("\"edge\"\nsystems = [\"widevine\"]", "line 3"),
        ("\"provider\"\nsystems = [\"clearkey\", \"identity\"]", "key_policy.signalling"),
        ("\"provider\"\nsystems = [\"widevine\"]\npssh = [\"init\", \"moof\"]", "leave \"moof\" out"),
    ] {
        broken(&["v360"], &write("title.toml", &policy(lines)), &["title.toml", says]);
    }
    broken(&[], &|dir| fs::create_dir_all(dir).expect("creates"), &["no track"]);
}

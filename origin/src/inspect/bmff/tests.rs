use std::{fs, io::Cursor, path::Path};

use proptest::prelude::*;
use sluice_packager::cenc::read::Reader;

use super::*;

/// A box of the type around these parts.
fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, &payload].concat()
}

/// A full box: version and flags, then the parts.
fn full(kind: &[u8; 4], version: u8, flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    let word = u32::from(version) << 24 | flags;
    boxed(kind, &[&word.to_be_bytes()[..], &parts.concat()])
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn vector(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edge/packager/src/cenc/vectors");
    fs::read(folder.join(name)).expect("a vector")
}

fn read(file: &[u8], init: Option<&[u8]>, list: bool) -> Found {
    let init = init.map(|init| tracks(&mut Cursor::new(init)).expect("an init segment"));
    explain(&mut Cursor::new(file), init, list).expect("a cursor")
}

fn codes(found: &Found) -> Vec<&'static str> {
    found.warnings.iter().map(|warning| warning.code).collect()
}

fn text(found: &Found) -> String {
    let mut out = String::new();
    found.media.write(&mut out).expect("a string");
    out
}

/// The first box of the type, wherever it is.
fn find<'a>(nodes: &'a [BoxNode], kind: &str) -> &'a BoxNode {
    fn look<'a>(nodes: &'a [BoxNode], kind: &str) -> Option<&'a BoxNode> {
        nodes.iter().find_map(|node| if node.kind == kind { Some(node) } else { look(&node.children, kind) })
    }
    look(nodes, kind).unwrap_or_else(|| panic!("no {kind}"))
}

/// shaka-packager's segments: the packager's reader, which knows nothing of this one, sees the same samples, and every map covers its sample.
#[test]
fn samples_are_those_that_the_packager_reads() {
    for name in ["aac", "cabac", "cavlc", "hevc-slices", "vp9", "av1_tiles"] {
        for scheme in ["clear", "cenc", "cbcs"] {
            let (init, segment) =
                (vector(&format!("{name}/{scheme}.init.mp4")), vector(&format!("{name}/{scheme}.1.m4s")));
            let found = read(&segment, Some(&init), true);
            assert_eq!((codes(&found), found.errors.as_slice()), (vec![], &[][..]), "{name} {scheme}");
            let rows: Vec<_> = found.media.fragments.iter().flat_map(|fragment| &fragment.table).collect();
            let samples = Reader::new(&init).and_then(|reader| reader.samples(&segment)).expect("samples");
            let ours = rows.iter().map(|row| (row.offset, row.size, row.decode_time, row.duration, row.sync));
            let theirs = samples.iter().map(|s| (s.offset, s.size, s.decode_time, s.duration, s.sync));
            assert!(ours.eq(theirs), "{name} {scheme}");
            let protected = scheme != "clear";
            assert!(rows.iter().all(|row| row.protected.unwrap_or(false) == protected), "{name} {scheme}");
            let mapped = protected && name != "aac";
            assert!(rows.iter().all(|row| row.map_covers == mapped.then_some(true)), "{name} {scheme}");
            assert_eq!(rows.iter().any(|row| row.iv.is_some()), scheme == "cenc", "{name} {scheme}");
        }
    }
}

#[test]
fn without_the_init_segment_the_iv_size_is_found_by_trying() {
    let segment = vector("cabac/cenc.1.m4s");
    let (alone, told) = (read(&segment, None, true), read(&segment, Some(&vector("cabac/cenc.init.mp4")), true));
    let (alone, told) = (&alone.media.fragments[0], &told.media.fragments[0]);
    assert!(alone.iv_size_guessed && !told.iv_size_guessed);
    let ivs = |fragment: &Fragment| fragment.table.iter().map(|row| row.iv.clone()).collect::<Vec<_>>();
    assert_eq!(ivs(alone), ivs(told));
}

/// The clear entry of one init segment behind the protected one of another, as shaka-packager has it for a clear lead.
fn clear_lead() -> Vec<u8> {
    let (mut protected, clear) = (vector("cabac/cbcs.init.mp4"), vector("cabac/clear.init.mp4"));
    let stsd = |init: &[u8]| {
        let found = read(init, None, false);
        let stsd = find(&found.media.boxes, "stsd");
        (stsd.offset as usize, stsd.size as usize)
    };
    let (from, size) = stsd(&clear);
    let entry = clear[from + 16..from + size].to_vec();
    let (at, size) = stsd(&protected);
    protected.splice(at + size..at + size, entry.iter().copied());
    protected[at + 15] = 2;
    for kind in [b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov"] {
        let at = protected.windows(4).position(|window| window == kind).expect("a container") - 4;
        let size = u32::from_be_bytes(protected[at..at + 4].try_into().expect("four bytes")) + entry.len() as u32;
        protected[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
    protected
}

#[test]
fn a_clear_lead_is_told_by_its_sample_entry() {
    let init = clear_lead();
    let found = read(&init, None, false);
    assert_eq!(found.errors, Vec::<String>::new());
    let kinds: Vec<_> = found.media.tracks[0].entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["encv", "avc1"]);
    assert!(text(&found).contains("(a clear lead)"));
    let traf = |entry: u32| {
        let tfhd = full(b"tfhd", 0, 0x02_003a, &[&words(&[1, entry, 512, 4, 0])]);
        boxed(b"traf", &[&tfhd, &full(b"tfdt", 0, 0, &[&words(&[0])]), &full(b"trun", 0, 1, &[&words(&[1, 0])])])
    };
    let moof = |entry| boxed(b"moof", &[&full(b"mfhd", 0, 0, &[&words(&[1])]), &traf(entry)]);
    for (entry, kind, protection) in [(1, "encv", "constant_iv"), (2, "avc1", "clear")] {
        let found = read(&[moof(entry), boxed(b"mdat", &[b"abcd"])].concat(), Some(&init), false);
        let fragment = &found.media.fragments[0];
        assert_eq!((fragment.entry_type.as_deref(), fragment.protection), (Some(kind), protection));
    }
}

/// Five samples: two under a key of the fragment's own group, one clear by group, two under the track's key.
fn rotation(senc_samples: u32, map: &[u8]) -> Vec<u8> {
    let description = |protected: u8, iv_size: u8, kid: u8| [&[0, 0, protected, iv_size][..], &[kid; 16]].concat();
    let sgpd = full(b"sgpd", 1, 0, &[b"seig", &words(&[20, 2]), &description(1, 16, 0xaa), &description(0, 0, 0)]);
    let sbgp = full(b"sbgp", 0, 0, &[b"seig", &words(&[2, 2, 0x10001, 1, 0x10002])]);
    let iv16 = [&[7; 16][..], map].concat();
    let iv8 = [&[8; 8][..], map].concat();
    let senc = full(b"senc", 0, 2, &[&words(&[senc_samples]), &iv16, &iv16, &[0, 0], &iv8, &iv8]);
    let tfhd = full(b"tfhd", 0, 0x02_0038, &[&words(&[1, 512, 10, 0])]);
    let trun = full(b"trun", 1, 0x805, &[&words(&[5, 400, 0, 0, u32::MAX, 1, 2, 3])]);
    let traf = boxed(b"traf", &[&tfhd, &full(b"tfdt", 1, 0, &[&words(&[0, 512])]), &trun, &sbgp, &sgpd, &senc]);
    let moof = boxed(b"moof", &[&full(b"mfhd", 0, 0, &[&words(&[1])]), &traf]);
    [moof, boxed(b"mdat", &[&[0; 600]])].concat()
}

#[test]
fn seig_groups_say_which_samples_have_which_key() {
    // One subsample: 4 bytes clear, 6 protected.
    let segment = rotation(5, &[0, 1, 0, 4, 0, 0, 0, 6]);
    let found = read(&segment, Some(&vector("cabac/cenc.init.mp4")), true);
    assert_eq!((codes(&found), found.errors.as_slice()), (vec![], &[][..]));
    let fragment = &found.media.fragments[0];
    let runs: Vec<_> = fragment.keys.iter().map(|run| (run.key_id.as_deref(), run.first, run.samples)).collect();
    let own = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
    let track = "00112233-4455-6677-8899-aabbccddeeff";
    assert_eq!(runs, [(Some(own), 0, 2), (None, 2, 1), (Some(track), 3, 2)]);
    let rows: Vec<_> = fragment.table.iter().map(|row| (row.protected, row.iv.as_deref().map(str::len))).collect();
    assert_eq!(
        rows,
        [
            (Some(true), Some(32)),
            (Some(true), Some(32)),
            (Some(false), None),
            (Some(true), Some(16)),
            (Some(true), Some(16))
        ]
    );
    let offsets: Vec<_> = fragment.table.iter().map(|row| row.composition_offset).collect();
    assert_eq!(offsets, [0, -1, 1, 2, 3]);
    let said = text(&found);
    assert!(
        said.contains(&format!("samples 0 to 1: key id {own}")) && said.contains("samples 2 to 2: clear"),
        "{said}"
    );
}

#[test]
fn maps_and_counts_that_do_not_fit_are_warned_of() {
    let init = vector("cabac/cenc.init.mp4");
    let found = read(&rotation(5, &[0, 1, 0, 4, 0, 0, 0, 7]), Some(&init), true);
    assert_eq!(codes(&found), ["map_size"]);
    assert_eq!(found.media.fragments[0].table[0].map_covers, Some(false));
    assert!(text(&found).contains("DIFFERS"));
    let found = read(&rotation(4, &[0, 1, 0, 4, 0, 0, 0, 6]), Some(&init), true);
    assert_eq!(codes(&found), ["senc_count"]);
    // A group that is not described.
    let mut segment = rotation(5, &[0, 1, 0, 4, 0, 0, 0, 6]);
    let at = segment.windows(4).position(|window| window == [0, 1, 0, 2]).expect("the run's index");
    segment[at + 3] = 3;
    let found = read(&segment, Some(&init), false);
    assert!(found.errors[0].contains("names a group that no sgpd describes"), "{:?}", found.errors);
}

#[test]
fn boxes_that_no_tool_at_hand_writes_are_read() {
    let emsg = full(b"emsg", 1, 0, &[&words(&[90000, 0, 180000, 90, 7]), b"urn:x:y\0value\0", b"payload"]);
    let sdtp = full(b"sdtp", 0, 0, &[&[0x20, 0x18, 0x18]]);
    let subs = full(b"subs", 0, 0, &[&words(&[1, 2]), &[0, 1, 0, 9, 0, 0, 0, 0, 0, 0]]);
    let prft = full(b"prft", 1, 24, &[&words(&[1, 0xe000_0000, 0, 0, 512])]);
    let large = [&[0, 0, 0, 1][..], b"free", &24u64.to_be_bytes(), &[0; 8]].concat();
    let unknown = boxed(b"zzzz", &[&[0xff; 20]]);
    let file = [emsg, prft, large, unknown, boxed(b"traf", &[&sdtp, &subs])].concat();
    let found = read(&file, None, false);
    assert_eq!(found.errors, Vec::<String>::new());
    let of = |kind: &str, name: &str| find(&found.media.boxes, kind).fields.get(name).map(ToString::to_string);
    assert_eq!(of("emsg", "presentation_time").as_deref(), Some("180000"));
    assert_eq!(of("emsg", "scheme_id_uri").as_deref(), Some("urn:x:y"));
    assert_eq!(of("emsg", "message_data_size").as_deref(), Some("7"));
    assert_eq!((of("sdtp", "independent").as_deref(), of("sdtp", "disposable").as_deref()), (Some("1"), Some("2")));
    assert_eq!(of("subs", "entries").as_deref(), Some("(sample_delta 2, subsample_size 9)"));
    assert_eq!(of("prft", "media_time").as_deref(), Some("512"));
    assert_eq!((find(&found.media.boxes, "free").size, find(&found.media.boxes, "zzzz").size), (24, 28));
}

#[test]
fn an_index_that_misses_is_warned_of() {
    let sidx = |size: u32| full(b"sidx", 0, 0, &[&words(&[1, 1000, 0, 0, 1, size, 1000, 0x9000_0000])]);
    let file = |size| [sidx(size), boxed(b"mdat", &[&[0; 92]])].concat();
    for (size, code) in [(100, vec![]), (99, vec!["sidx_misses"]), (101, vec!["sidx_past_end"])] {
        assert_eq!(codes(&read(&file(size), None, false)), code, "{size}");
    }
}

#[test]
fn a_cut_file_is_shown_up_to_the_cut_and_the_error_names_it() {
    let segment = vector("cabac/cenc.1.m4s");
    let init = vector("cabac/cenc.init.mp4");
    let whole = read(&segment, Some(&init), false).media.boxes;
    let boundaries: Vec<usize> = whole.iter().map(|node| node.offset as usize).collect();
    for cut in (1..900).chain([segment.len() - 1]) {
        let found = read(&segment[..cut], Some(&init), true);
        assert_eq!(found.errors.is_empty(), boundaries.contains(&cut), "{cut}: {:?}", found.errors);
        assert!(found.errors.iter().all(|error| error.contains("at byte")), "{cut}: {:?}", found.errors);
    }
    // Inside of trun: what stands before it is there.
    let found = read(&segment[..200], None, false);
    assert_eq!(find(&found.media.boxes, "tfdt").fields.number("baseMediaDecodeTime"), Some(0));
    assert!(find(&found.media.boxes, "trun").error.is_some());
}

#[test]
fn counts_that_lie_cost_nothing() {
    // 2^32 samples, all by default, in 20 bytes.
    let tfhd = full(b"tfhd", 0, 0x02_0038, &[&words(&[1, 512, 10, 0])]);
    let trun = full(b"trun", 0, 1, &[&words(&[u32::MAX, 0])]);
    let traf = boxed(b"traf", &[&tfhd, &full(b"tfdt", 0, 0, &[&words(&[0])]), &trun]);
    let moof = boxed(b"moof", &[&full(b"mfhd", 0, 0, &[&words(&[1])]), &traf]);
    let found = read(&moof, None, true);
    assert!(found.errors[0].contains("claims 4294967295 entries"), "{:?}", found.errors);
    // Runs of groups of 2^32 samples each.
    let sbgp = full(b"sbgp", 0, 0, &[b"seig", &words(&[2, u32::MAX, 0, u32::MAX, 0])]);
    let traf = boxed(b"traf", &[&tfhd, &full(b"trun", 0, 1, &[&words(&[1, 0])]), &sbgp]);
    let found = read(&boxed(b"moof", &[&full(b"mfhd", 0, 0, &[&words(&[1])]), &traf]), None, true);
    assert_eq!(found.media.fragments[0].samples, 1);
    // Many fragments of many samples each: they are read up to a limit, which is an error, and listed up to a lower one.
    let trun = full(b"trun", 0, 1, &[&words(&[1 << 16, 0])]);
    let traf = boxed(b"traf", &[&tfhd, &full(b"tfdt", 0, 0, &[&words(&[0])]), &trun]);
    let moof = boxed(b"moof", &[&full(b"mfhd", 0, 0, &[&words(&[1])]), &traf]);
    let found = read(&moof.repeat(300), None, false);
    assert_eq!((found.media.fragments.len(), found.errors.len()), (256, 1));
    // Nested without end.
    let deep = (0..200).fold(Vec::new(), |inner, _| boxed(b"moov", &[&inner]));
    assert!(read(&deep, None, false).errors[0].contains("nested deeper"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn damage_anywhere_is_survived(
        which in 0..6usize,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        list: bool,
    ) {
        let file = ["cabac/cenc.1.m4s", "cabac/cbcs.init.mp4", "aac/cenc.1.m4s", "hevc-main10/cbcs.init.mp4", "", "lead"][which];
        let mut bytes = match file {
            "" => rotation(5, &[0, 1, 0, 4, 0, 0, 0, 6]),
            "lead" => clear_lead(),
            name => vector(name),
        };
        // The heads, where the boxes are.
        let head = bytes.len().min(2000);
        for (at, byte) in damage {
            bytes[at.index(head)] = byte;
        }
        let found = read(&bytes, Some(&vector("cabac/cenc.init.mp4")), list);
        prop_assert!(!text(&found).is_empty() || !found.errors.is_empty());
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kind in [b"moof", b"traf", b"stsd", b"sgpd", b"senc", b"pssh", b"emsg", b"uuid", b"tfra", b"elst"] {
            let _ = read(&boxed(kind, &[&bytes]), None, true);
        }
        let _ = read(&bytes, None, true);
    }
}

//! Titles whose key provider says how key systems are told of the keys: what it says stands in manifests and init segments, or there are none.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::{Value, json};
use sluice_packager::{
    bmff::{Boxes, moov::Init},
    cenc::{TrackConfig, plan_segment, read::Reader, record_bytes},
    drm::{playready, pssh::Pssh, widevine},
    keys::{ContentKey, Kid},
    title::{Delivery, plan},
};

use super::support::{Answer, KEY, KID, MemoryHost, Object, descriptor};

const INIT: &[u8] = include_bytes!("../../../packager/src/cenc/vectors/cabac/clear.init.mp4");
const SEGMENT: &[u8] = include_bytes!("../../../packager/src/cenc/vectors/cabac/clear.1.m4s");
const SIGNALLING: &str = "/titles/film/1/signalling/cenc";
const ROOM: u64 = 2048;

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A Widevine box with words of the provider's own.
fn widevine_box(words: &str) -> Vec<u8> {
    Pssh { system: widevine::SYSTEM, kids: None, data: words.as_bytes() }.to_bytes()
}

/// A PlayReady Object that is none of the edge's.
fn object(words: &str) -> Vec<u8> {
    let length = words.len() as u32 + 6;
    [&length.to_le_bytes()[..], &[1, 0], words.as_bytes()].concat()
}

/// What a provider says of a key.
fn signalling(kid: Kid, words: &str) -> Vec<Value> {
    vec![
        json!({"kid": kid, "system": "widevine", "pssh": base64(&widevine_box(words))}),
        json!({"kid": kid, "system": "playready", "pro": base64(&object(words))}),
        json!({"kid": kid, "system": "fairplay", "key_uri": format!("skd://acme/{words}")}),
    ]
}

fn say(host: &MemoryHost, path: &str, entries: &[Value]) {
    host.put(path, json!({"provider": "acme", "signalling": entries}).to_string().into_bytes());
}

/// `film` with signalling by its provider, and a video track `v1` whose init segment has room for it.
fn title(systems: &[&str]) -> MemoryHost {
    let host = MemoryHost::new();
    let mut described = descriptor(systems, json!({"state": "published"}));
    described["key_policy"]["signalling"] = json!("provider");
    host.describe(&described);
    say(&host, SIGNALLING, &signalling(KID, "first"));
    say(&host, "/titles/film/1/signalling/cbcs", &signalling(Kid([0x34; 16]), "cbcs"));
    let config = TrackConfig::from_init(INIT).expect("a clear init segment");
    let planned = plan_segment(&config, SEGMENT).expect("plans");
    let record = json!({
        "v": 1, "track": "v1", "version": "1", "kind": "video", "number": 3, "timescale": 12800, "height": 64, "iframes": true,
        "kids": [{"scheme": "cenc", "kid": KID}], "sample_entry": base64(&record_bytes(INIT).expect("a clear init segment")),
        "timeline": {"start": planned.decode_time, "runs": [{"d": planned.duration, "n": 1, "f": planned.entries.len()}]},
        "pssh": {"init": true, "systems": ["widevine", "playready"], "room": ROOM}
    });
    host.put("/titles/film/1/v1/record.json", record.to_string().into_bytes());
    host.put("/titles/film/1/v1/plan.bin", plan::write(&planned.entries));
    host.put("/titles/film/1/v1/init.mp4", INIT.to_vec());
    host.put("/titles/film/1/v1/1.m4s", SEGMENT.to_vec());
    host
}

fn folder(host: &MemoryHost) -> String {
    MemoryHost::handle_path(&host.create("a", "tv"))
}

fn text(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    core::str::from_utf8(&answer.body).expect("text")
}

fn asked(host: &MemoryHost, path: &str) -> usize {
    host.asked.borrow().iter().filter(|asked| *asked == path).count()
}

#[test]
fn every_manifest_says_what_the_provider_says() {
    let host = title(&["widevine", "playready", "fairplay", "clearkey"]);
    let folder = folder(&host);
    let pssh = base64(&widevine_box("first"));
    let boxed = Pssh { system: playready::SYSTEM, kids: None, data: &object("first") }.to_bytes();
    let object = base64(&object("first"));
    let multivariant = host.get(&format!("{folder}/cenc/main.m3u8"), &[]);
    let media = host.get(&format!("{folder}/cenc/a-en.m3u8"), &[]);
    for (tag, answer) in [("#EXT-X-SESSION-KEY:", multivariant), ("#EXT-X-KEY:", media)] {
        let keys: Vec<_> = text(&answer).lines().filter_map(|line| line.strip_prefix(tag)).collect();
        assert_eq!(keys.len(), 3);
        assert!(keys[0].contains(&format!("URI=\"data:text/plain;base64,{pssh}\"")), "{}", keys[0]);
        assert!(keys[1].contains(&format!("URI=\"data:text/plain;charset=UTF-16;base64,{object}\"")), "{}", keys[1]);
        assert!(keys[2].contains("org.w3.clearkey"), "the edge's own: {}", keys[2]);
    }
    assert_eq!(asked(&host, SIGNALLING), 2, "once for each");
    let mpd = host.get(&format!("{folder}/cenc/manifest.mpd"), &[]);
    assert!(text(&mpd).contains(&format!("<cenc:pssh>{pssh}</cenc:pssh>")));
    assert!(text(&mpd).contains(&format!("<cenc:pssh>{}</cenc:pssh><mspr:pro>{object}</mspr:pro>", base64(&boxed))));
    let cbcs = host.get(&format!("{folder}/cbcs/a-en.m3u8?ks=fairplay"), &[]);
    assert!(
        text(&cbcs).contains("METHOD=SAMPLE-AES,URI=\"skd://acme/cbcs\",KEYFORMAT=\"com.apple.streamingkeydelivery\"")
    );

    // Of systems that are not asked for, and of the edge's own, nothing is asked.
    let before = asked(&host, SIGNALLING);
    for path in ["cenc/main.m3u8?ks=clearkey", "cenc/manifest.mpd?ks=clearkey"] {
        let answer = host.get(&format!("{folder}/{path}"), &[]);
        assert!(!text(&answer).contains("edef8ba9"), "{path}");
    }
    assert_eq!(asked(&host, SIGNALLING), before);
    let widevine = host.get(&format!("{folder}/cenc/manifest.mpd?ks=widevine"), &[]);
    assert!(text(&widevine).contains(&pssh) && !text(&widevine).contains("9a04f079"));
    // Another refusal needs no provider.
    assert_eq!(host.get(&format!("{folder}/cenc/manifest.mpd?define=2"), &[]).problem().0, 400);
    assert_eq!(asked(&host, SIGNALLING), before + 1);
}

#[test]
fn a_title_without_it_is_signalled_as_before() {
    let host = MemoryHost::new();
    let folder = folder(&host);
    let own = host.get(&format!("{folder}/cenc/manifest.mpd"), &[]);
    assert!(text(&own).contains("edef8ba9"));
    assert!(host.asked.borrow().iter().all(|path| !path.contains("/signalling/")));
}

#[test]
fn a_system_that_the_provider_leaves_out_is_never_left_out_in_silence() {
    let systems = ["widevine", "playready", "fairplay", "clearkey"];
    let unavailable = (503, "key_unavailable".to_owned());
    let of = |entries: &[Value], path: &str| {
        let host = title(&systems);
        say(&host, SIGNALLING, entries);
        say(&host, "/titles/film/1/signalling/cbcs", entries);
        let answer = host.get(&format!("{}/{path}", folder(&host)), &[]);
        let refusal = host.decisions().pop().expect("a line");
        (answer, refusal.detail.unwrap_or_default())
    };
    let without = |system: &str, kid: Kid| {
        let mut entries = signalling(kid, "first");
        entries.retain(|entry| entry["system"] != system);
        entries
    };
    for path in ["cenc/main.m3u8", "cenc/a-en.m3u8", "cenc/manifest.mpd"] {
        for (system, name) in [("widevine", "Widevine"), ("playready", "PlayReady")] {
            let (answer, detail) = of(&without(system, KID), path);
            assert_eq!(answer.problem(), unavailable, "{path} {system}");
            assert_eq!(answer.header("retry-after"), Some("2"));
            assert!(detail.contains(name) && !String::from_utf8_lossy(&answer.body).contains(name), "{detail}");
        }
        assert_eq!(of(&signalling(Kid([9; 16]), "first"), path).0.problem(), unavailable, "of another key alone");
        assert_eq!(of(&[], path).0.problem(), unavailable);
    }
    let (answer, detail) = of(&without("fairplay", Kid([0x34; 16])), "cbcs/manifest.mpd");
    assert_eq!(answer.problem(), unavailable);
    assert!(detail.contains("FairPlay"), "{detail}");
    // Who asks for another system alone gets it.
    assert_eq!(of(&without("widevine", KID), "cenc/manifest.mpd?ks=playready").0.status, 200);
    assert_eq!(of(&without("widevine", KID), "cenc/v1/init.mp4?v=1").0.problem(), unavailable);
}

#[test]
fn what_the_origin_cannot_say_or_says_wrong_makes_no_manifest() {
    let refused = |object: Object| {
        let host = title(&["widevine", "clearkey"]);
        host.set(SIGNALLING, object);
        let folder = folder(&host);
        let paths =
            ["cenc/main.m3u8", "cenc/a-en.m3u8", "cenc/manifest.mpd", "cenc/v1/init.mp4?v=1", "cenc/v1.mp4?v=1"];
        let answers = paths.map(|path| host.get(&format!("{folder}/{path}"), &[("range", "bytes=0-1")]).problem());
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        // ClearKey is the edge's own.
        assert_eq!(host.get(&format!("{folder}/cenc/main.m3u8?ks=clearkey"), &[]).status, 200);
        answers[0].clone()
    };
    let unavailable = (503, "key_unavailable".to_owned());
    assert_eq!(refused(Object::Status(503)), unavailable);
    assert_eq!(refused(Object::Status(404)), unavailable);
    let wrong = |entry: Value| refused(Object::Bytes(json!({"signalling": [entry]}).to_string().into_bytes()));
    let unusable = (502, "origin_unreachable".to_owned());
    let other_system = base64(&Pssh { system: playready::SYSTEM, kids: None, data: b"x" }.to_bytes());
    assert_eq!(wrong(json!({"kid": KID, "system": "widevine", "pssh": other_system})), unusable);
    assert_eq!(wrong(json!({"kid": KID, "system": "widevine", "pssh": "!"})), unusable);
    assert_eq!(
        wrong(json!({"kid": KID, "system": "fairplay", "key_uri": "skd://a\"\n#EXT-X-KEY:METHOD=NONE"})),
        unusable
    );
    assert_eq!(refused(Object::Bytes(b"<html>".to_vec())), unusable);
    let huge = json!({"signalling": [], "padding": "x".repeat(300 << 10)});
    assert_eq!(refused(Object::Bytes(huge.to_string().into_bytes())), unusable);
    assert_eq!(refused(Object::Fails(sluice_app::host::FetchError::Timeout)).0, 504);
}

/// The boxes at the end of an init segment's `moov`.
fn boxes(init: &[u8]) -> Vec<(String, Vec<u8>)> {
    let moov = Boxes::of(init).find_kind(b"moov").expect("parses").expect("moov");
    let all = moov.children().map(|child| child.expect("parses"));
    let read = all.map(|child| (String::from_utf8_lossy(&child.header.kind.0).into_owned(), child.bytes.to_vec()));
    read.filter(|(kind, _)| kind == "pssh" || kind == "free").collect()
}

#[test]
fn an_init_segment_is_of_one_length_and_has_an_etag_for_each_word_of_the_provider() {
    let host = title(&["widevine", "playready"]);
    let folder = folder(&host);
    let url = format!("{folder}/cenc/v1/init.mp4?v=1");
    let first = host.get(&url, &[]);
    assert_eq!(first.status, 200);
    let boxed = Pssh { system: playready::SYSTEM, kids: None, data: &object("first") }.to_bytes();
    let found = boxes(&first.body);
    assert_eq!(found[0], ("pssh".to_owned(), widevine_box("first")));
    assert_eq!(found[1], ("pssh".to_owned(), boxed));
    assert_eq!((found[2].0.as_str(), found.len()), ("free", 3));
    assert_eq!(found.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>(), 2 * ROOM);
    // A player reads what comes of it.
    assert_eq!(Init::parse(&first.body).expect("an init segment").entry.codec().0, *b"encv");
    let etag = |answer: &Answer| answer.header("etag").expect("an ETag").to_owned();
    let tag = etag(&first);
    assert_eq!(first.header("cache-control"), Some("private, no-cache"), "it may change under its URL");
    let unchanged = host.get(&url, &[("if-none-match", &tag)]);
    assert_eq!((unchanged.status, unchanged.header("cache-control")), (304, Some("private, no-cache")));
    assert_eq!(etag(&host.get(&url, &[])), tag);

    say(&host, SIGNALLING, &signalling(KID, "another-word,and-a-longer-one"));
    let second = host.get(&url, &[("if-none-match", &tag)]);
    assert_eq!(second.status, 200, "what the player holds is not what is there");
    assert_ne!(etag(&second), tag);
    assert_ne!(second.body, first.body);
    assert_eq!(second.body.len(), first.body.len());
    assert_eq!(boxes(&second.body)[0].1, widevine_box("another-word,and-a-longer-one"));

    say(&host, SIGNALLING, &signalling(KID, &"x".repeat(3000))[..2]);
    assert_eq!(host.get(&url, &[]).problem(), (503, "key_unavailable".to_owned()), "it does not fit");
    let detail = host.decisions().pop().and_then(|line| line.detail).unwrap_or_default();
    assert!(detail.contains("larger than their room"), "{detail}");
}

#[test]
fn byte_ranges_stay_where_they_are_when_the_provider_changes_its_mind() {
    let host = title(&["widevine", "playready"]);
    let folder = folder(&host);
    let url = format!("{folder}/cenc/v1.mp4?v=1");
    let range = |bytes: &str| host.get(&url, &[("range", bytes)]);
    let init = host.get(&format!("{folder}/cenc/v1/init.mp4?v=1"), &[]).body;
    let segment = host.get(&format!("{folder}/cenc/v1/1.m4s?v=1"), &[]);
    let whole = range("bytes=0-");
    assert_eq!((whole.status, whole.header("cache-control")), (206, Some("private, no-store")));
    let length = whole.body.len();
    assert!(whole.body.starts_with(&init) && whole.body.ends_with(&segment.body));
    let head = host.call(Method::HEAD, &url, &[], b"");
    assert_eq!(head.header("content-length"), Some(length.to_string().as_str()));
    assert_eq!(head.header("cache-control"), Some("private, no-cache"));

    say(&host, SIGNALLING, &signalling(KID, "second"));
    let changed = range("bytes=0-");
    assert_eq!(changed.body.len(), length);
    assert_ne!(changed.header("etag"), whole.header("etag"));
    assert_ne!(changed.body[..init.len()], init);
    assert_eq!(changed.body[init.len()..], whole.body[init.len()..], "index and segments are where they were");
    // A segment of its own, of which the provider says nothing, is as it was and needs no word of the provider.
    let asked_before = asked(&host, SIGNALLING);
    host.set(SIGNALLING, Object::Status(503));
    let again = host.get(&format!("{folder}/cenc/v1/1.m4s?v=1"), &[]);
    assert_eq!((again.status, again.header("etag"), again.body == segment.body), (200, segment.header("etag"), true));
    assert!(again.header("cache-control").is_some_and(|value| value.contains("immutable")));
    assert_eq!(asked(&host, SIGNALLING), asked_before);
    let opened = Reader::new(&init).expect("an init segment").clear_samples(&again.body, Some(&ContentKey::new(KEY)));
    let clear = Reader::new(INIT).expect("an init segment").clear_samples(SEGMENT, None);
    assert_eq!(opened.expect("opens"), clear.expect("samples"));
}

#[test]
fn segments_encrypted_whole_have_no_word_of_the_provider() {
    let host = title(&["widevine", "identity"]);
    let mut described = descriptor(&["widevine", "identity"], json!({"state": "published"}));
    described["key_policy"]["signalling"] = json!("provider");
    let keys =
        json!({"scheme": Delivery::Aes128, "keys": [{"kid": KID, "scope": "video"}, {"kid": KID, "scope": "audio"}]});
    described["key_policy"]["schemes"].as_array_mut().expect("a list").push(keys);
    host.describe(&described);
    let folder = folder(&host);
    assert!(text(&host.get(&format!("{folder}/aes128/main.m3u8"), &[])).contains("METHOD=AES-128"));
    assert!(host.asked.borrow().iter().all(|path| !path.contains("/signalling/")));
}

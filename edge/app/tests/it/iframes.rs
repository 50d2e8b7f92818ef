//! A segment's I-frames alone, as an edge makes them of a clear segment's beginning.

use http::Method;
use serde_json::json;
use sluice_packager::{
    cenc::{InitProtection, TrackConfig, plan_segment, protect_init, read::Reader, record_bytes},
    keys::ContentKey,
    title::{Scheme, plan},
    trick::Pictures,
};

use super::support::{KEY, KID, MemoryHost, Object};

const INIT: &[u8] = include_bytes!("../../../packager/src/cenc/vectors/cabac/clear.init.mp4");
const SEGMENT: &[u8] = include_bytes!("../../../packager/src/cenc/vectors/cabac/clear.1.m4s");

/// The title with a video track `v1`; where its first segment's last I-frame ends.
pub(crate) fn title(iframes: bool) -> (MemoryHost, u64) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let host = MemoryHost::new();
    let config = TrackConfig::from_init(INIT).expect("a clear init segment");
    let planned = plan_segment(&config, SEGMENT).expect("plans");
    let entry = STANDARD.encode(record_bytes(INIT).expect("a clear init segment"));
    let record = json!({
        "v": 1, "track": "v1", "version": "1", "kind": "video", "number": 3, "timescale": 12800, "height": 64, "iframes": iframes,
        "kids": [{"scheme": "cenc", "kid": KID}, {"scheme": "aes128", "kid": KID}], "sample_entry": entry,
        "timeline": {"start": planned.decode_time, "runs": [{"d": planned.duration, "n": 1, "f": planned.entries.len()}]}
    });
    host.put("/titles/film/1/v1/record.json", record.to_string().into_bytes());
    host.put("/titles/film/1/v1/plan.bin", plan::write(&planned.entries));
    host.put("/titles/film/1/v1/init.mp4", INIT.to_vec());
    host.put("/titles/film/1/v1/1.m4s", SEGMENT.to_vec());
    (host, Pictures::of(&planned.entries).expect("pictures").end())
}

#[test]
fn they_are_the_tracks_own_samples_protected_as_in_the_segment() {
    let (host, end) = title(true);
    let folder = MemoryHost::handle_path(&host.create("a", "tv"));
    let alone = host.get(&format!("{folder}/cenc/v1-iframes/1.m4s?v=1"), &[]);
    assert_eq!((alone.status, alone.header("content-type")), (200, Some("video/mp4")));
    assert_eq!(host.range.get(), Some((0, end - 1)), "no more than is needed");
    assert!(end < SEGMENT.len() as u64 / 2);
    let whole = host.get(&format!("{folder}/cenc/v1/1.m4s?v=1"), &[]);
    let init = host.get(&format!("{folder}/cenc/v1-iframes/init.mp4?v=1"), &[]);
    let expected = protect_init(INIT, &InitProtection::derived(Scheme::Cenc, KID)).expect("protects");
    assert_eq!(init.body, expected);
    let reader = Reader::new(&init.body).expect("an init segment");
    let (pictures, all) =
        (reader.samples(&alone.body).expect("samples"), reader.samples(&whole.body).expect("samples"));
    let lasts: u64 = pictures.iter().map(|picture| u64::from(picture.duration)).sum();
    assert_eq!(lasts, all.iter().map(|sample| u64::from(sample.duration)).sum::<u64>());
    let opened = reader.clear_samples(&alone.body, Some(&ContentKey::new(KEY))).expect("opens");
    let clear = Reader::new(INIT).expect("an init segment").clear_samples(SEGMENT, None).expect("samples");
    for (picture, opened) in pictures.iter().zip(&opened) {
        let at = all.iter().position(|sample| sample.decode_time == picture.decode_time).expect("one of the segment's");
        assert_eq!(opened, &clear[at]);
        let bytes = |body: &[u8], offset: u64, size: u32| body[offset as usize..][..size as usize].to_vec();
        let same = bytes(&whole.body, all[at].offset, all[at].size);
        assert_eq!(bytes(&alone.body, picture.offset, picture.size), same, "one keystream, one plaintext");
    }

    let etag = alone.header("etag").expect("an ETag").to_owned();
    assert_ne!(Some(etag.as_str()), whole.header("etag"));
    let url = format!("{folder}/cenc/v1-iframes/1.m4s?v=1");
    assert_eq!(host.get(&url, &[("if-none-match", &etag)]).status, 304);
    let head = host.call(Method::HEAD, &url, &[], b"");
    assert_eq!((head.header("content-length"), head.body.len()), (Some(alone.body.len().to_string().as_str()), 0));
    let part = host.get(&url, &[("range", "bytes=8-15")]);
    assert_eq!((part.status, part.body.as_slice()), (206, &alone.body[8..16]));
}

#[test]
fn they_are_logged_as_a_track_of_their_own() {
    let (host, _) = title(true);
    let created = host.create("a", "tv");
    let url = format!("{}/cenc/v1-iframes/1.m4s?v=1", MemoryHost::handle_path(&created));
    let share = |share: f64| host.config.borrow_mut()["log"] = json!({"segments": share});
    // A refusal has no media.
    let logged = || host.decisions().into_iter().filter_map(|line| line.media).collect::<Vec<_>>();
    share(0.0);
    let whole = host.get(&url, &[]);
    assert_eq!((whole.status, logged().len()), (200, 0));
    share(1.0);
    assert_eq!(host.get(&url, &[]).status, 200);
    assert_eq!(host.call(Method::HEAD, &url, &[], b"").status, 200);
    assert_eq!(host.get(&url, &[("if-none-match", whole.header("etag").expect("an ETag"))]).status, 304);
    assert_eq!(host.get(&url, &[("range", "bytes=99999999-")]).status, 416);
    let lines = logged();
    let said = lines.iter().map(|media| (media.track.as_str(), media.kind.as_str(), media.segment)).collect::<Vec<_>>();
    assert_eq!(said, [("v1-iframes", "iframes", 1)], "neither a head nor what was there already");
    let half = whole.body.len() / 2;
    for range in [format!("bytes=0-{}", half - 1), format!("bytes={half}-")] {
        assert_eq!(host.get(&url, &[("range", &range)]).status, 206);
    }
    let halves: u64 = logged()[1..].iter().map(|media| media.duration).sum();
    assert!(halves.abs_diff(lines[0].duration) <= 1 && halves > 0, "{halves}");
}

#[test]
fn what_is_not_offered_alone_is_not_had_alone() {
    let (host, _) = title(false);
    let folder = MemoryHost::handle_path(&host.create("a", "tv"));
    let unknown = |host: &MemoryHost, path: &str| {
        assert_eq!(host.get(&format!("{folder}/{path}?v=1"), &[]).problem().0, 404, "{path}");
    };
    unknown(&host, "cenc/v1-iframes/1.m4s");
    let (host, end) = title(true);
    let folder = MemoryHost::handle_path(&host.create("a", "tv"));
    let unknown = |path: &str| assert_eq!(host.get(&format!("{folder}/{path}?v=1"), &[]).problem().0, 404, "{path}");
    unknown("cenc/v1-iframes/2.m4s");
    unknown("cenc/t-en-iframes/1.m4s");
    let broken = |object: Object, status: u16| {
        host.set("/titles/film/1/v1/1.m4s", object);
        let answer = host.get(&format!("{folder}/cenc/v1-iframes/1.m4s?v=1"), &[]);
        assert_eq!(answer.problem().0, status);
    };
    broken(Object::Status(404), 502);
    broken(Object::Bytes(SEGMENT[..end as usize - 1].to_vec()), 502);
    broken(Object::Bytes([&SEGMENT[..8], SEGMENT].concat()), 502);
    broken(Object::Fails(sluice_app::host::FetchError::Timeout), 504);
    host.set("/titles/film/1/v1/1.m4s", Object::Bytes(SEGMENT.to_vec()));
    host.set("/titles/film/1/keys/cenc", Object::Status(503));
    let answer = host.get(&format!("{folder}/cenc/v1-iframes/1.m4s?v=1"), &[]);
    assert_eq!(answer.problem(), (503, "key_unavailable".to_owned()));
}

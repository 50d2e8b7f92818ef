//! An edge that keeps nothing: a segment's documents come in one answer, and are believed no more than one by one.

use sluice_app::host::FetchError;
use sluice_packager::title::plan;

use super::{
    iframes,
    support::{MemoryHost, Object},
};

const DOCUMENTS: &str = "/titles/film/1/v1/segments/1/cenc";

fn document(host: &MemoryHost, path: &str) -> Vec<u8> {
    match host.objects.borrow().get(path) {
        Some(Object::Bytes(bytes)) => bytes.clone(),
        _ => panic!("no {path}"),
    }
}

/// Record, the plan's entries, and keys.
fn documents(host: &MemoryHost) -> [Vec<u8>; 3] {
    let plan = document(host, "/titles/film/1/v1/plan.bin");
    let record = document(host, "/titles/film/1/v1/record.json");
    [record, plan[plan::HEADER..].to_vec(), document(host, "/titles/film/1/keys/cenc")]
}

fn answer(documents: &[Vec<u8>]) -> Vec<u8> {
    documents.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes()[..], part].concat()).collect()
}

fn edge() -> (MemoryHost, String) {
    let (host, _) = iframes::title(true);
    let folder = MemoryHost::handle_path(&host.create("a", "tv"));
    (host, folder)
}

#[test]
fn the_media_are_the_same_and_two_requests_bring_them() {
    let (host, folder) = edge();
    let urls = [format!("{folder}/cenc/v1/1.m4s?v=1"), format!("{folder}/cenc/v1-iframes/1.m4s?v=1")];
    let one_by_one = urls.each_ref().map(|url| host.get(url, &[]));
    host.put(DOCUMENTS, answer(&documents(&host)));
    host.keeps.set(false);
    for (url, expected) in urls.iter().zip(one_by_one) {
        host.asked.borrow_mut().clear();
        let got = host.get(url, &[]);
        assert_eq!((got.status, got.aborted), (200, false));
        assert!(got.body == expected.body && got.header("etag") == expected.header("etag"), "{url}");
        assert_eq!(*host.asked.borrow(), [DOCUMENTS, "/titles/film/1/v1/1.m4s"]);
    }
}

#[test]
fn documents_that_do_not_fit_are_refused() {
    let (host, folder) = edge();
    host.keeps.set(false);
    let good = documents(&host);
    let with = |part: usize, bytes: &[u8]| {
        let mut documents = good.clone();
        documents[part] = bytes.to_vec();
        answer(&documents)
    };
    let whole = answer(&good);
    let record = String::from_utf8(good[0].clone()).expect("text");
    let (origin, key) = ((502, "origin_unreachable"), (503, "key_unavailable"));
    let cases = [
        ("cut", whole[..whole.len() - 1].to_vec(), origin),
        ("more than three", [&whole[..], &[0; 4]].concat(), origin),
        ("nothing", Vec::new(), origin),
        ("a length past the end", [&[0xff; 4], &whole[4..]].concat(), origin),
        ("no record", with(0, b""), origin),
        ("another version's record", with(0, record.replace("\"1\"", "\"2\"").as_bytes()), origin),
        ("no plan", with(1, b""), origin),
        ("less plan", with(1, &good[1][plan::STRIDE..]), origin),
        ("another plan", with(1, &vec![1; good[1].len()]), origin),
        ("no keys", with(2, b""), key),
        ("keys of nothing", with(2, br#"{"keys":[]}"#), key),
        ("no document of keys", with(2, b"{"), origin),
    ];
    for path in ["cenc/v1/1.m4s", "cenc/v1-iframes/1.m4s"] {
        let url = format!("{folder}/{path}?v=1");
        for (what, bytes, (status, code)) in &cases {
            host.put(DOCUMENTS, bytes.clone());
            assert_eq!(host.get(&url, &[]).problem(), (*status, (*code).to_owned()), "{path}, {what}");
        }
        for (object, status) in [
            (Object::Status(404), 404),
            (Object::Status(500), 502),
            (Object::Status(504), 504),
            (Object::Fails(FetchError::Timeout), 504),
            (Object::Breaks(whole[..20].to_vec(), FetchError::Cut), 502),
            (Object::Short(whole[..20].to_vec()), 502),
        ] {
            host.set(DOCUMENTS, object);
            assert_eq!(host.get(&url, &[]).problem().0, status, "{path}");
        }
        host.put(DOCUMENTS, whole.clone());
        assert_eq!(host.get(&url, &[]).status, 200, "{path}");
    }
}

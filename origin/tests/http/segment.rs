//! The documents of a segment in one answer.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sluice_packager::title::plan::{self, Entry};

use crate::fixture::{Fixture, KIDS, get};

fn entry(clear: u32) -> Entry {
    Entry { clear, cenc: clear + 10, cbcs: clear + 5, duration: 1, first_picture_cenc: 0, first_picture_cbcs: 0 }
}

/// The fixture with a record and a plan of its track: segments of two fragments, the first of them in the clear.
async fn fixture(with_keys: bool) -> Fixture {
    let fixture = Fixture::with(|origin| {
        if !with_keys {
            origin.keys = None;
        }
    })
    .await;
    let record = json!({
        "v": 1, "track": "video", "version": "v1", "kind": "video", "number": 0, "timescale": 1,
        "kids": [{"scheme": "cbcs", "kid": KIDS[0].1}], "timeline": {"start": 0, "runs": [{"d": 2, "n": 3, "f": 2}]},
        "schedule": {"clear_lead": 1}
    });
    let track = fixture.titles.path().join("film/v1/video");
    std::fs::write(track.join("record.json"), record.to_string()).expect("writable");
    std::fs::write(track.join("plan.bin"), plan::write(&(0..6).map(entry).collect::<Vec<_>>())).expect("writable");
    fixture
}

/// `Cache-Control` and the three documents.
async fn documents(fixture: &Fixture, path: &str) -> (String, [Vec<u8>; 3]) {
    let response = get(fixture, path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let cache = response.headers()["cache-control"].to_str().expect("text").to_owned();
    assert_eq!(response.headers()["vary"], "X-Origin-Secret");
    let bytes = response.bytes().await.expect("a body").to_vec();
    let mut rest = &bytes[..];
    let parts = [(); 3].map(|()| {
        let (length, behind) = rest.split_first_chunk::<4>().expect("a length");
        let (part, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
        rest = behind;
        part.to_vec()
    });
    assert!(rest.is_empty());
    (cache, parts)
}

#[tokio::test]
async fn they_are_the_single_documents() {
    let fixture = fixture(true).await;
    let alone = get(&fixture, "/titles/film/v1/video/record.json").await.bytes().await.expect("a body");
    let (cache, [record, plan, keys]) = documents(&fixture, "/titles/film/v1/video/segments/2/cbcs").await;
    assert_eq!((cache.as_str(), &record[..]), ("no-store", &alone[..]), "nobody keeps keys");
    assert_eq!(plan::read_entries(&plan), Ok(vec![entry(2), entry(3)]));
    let keys: Value = serde_json::from_slice(&keys).expect("JSON");
    assert_eq!(keys["keys"][0]["kid"], json!(KIDS[0].1));
    assert_eq!(keys["keys"].as_array().expect("keys").len(), 2);

    // Segments of the clear lead need no key, and what is no segment has nothing.
    let (cache, [record, plan, keys]) = documents(&fixture, "/titles/film/v1/video/segments/1/cbcs").await;
    assert_eq!(cache, "max-age=300");
    assert_eq!((&record[..], plan.len(), keys.len()), (&alone[..], 2 * plan::STRIDE, 0));
    for path in ["4/cbcs", "4/clear"] {
        let (_, [record, plan, keys]) = documents(&fixture, &format!("/titles/film/v1/video/segments/{path}")).await;
        assert_eq!((&record[..], plan.len(), keys.len()), (&alone[..], 0, 0), "{path}");
    }
    let (_, [.., keys]) = documents(&fixture, "/titles/film/v1/video/segments/2/cenc").await;
    assert!(keys.is_empty(), "the record offers no such delivery");
}

#[tokio::test]
async fn without_keys_the_rest_is_told_and_not_kept() {
    let fixture = fixture(false).await;
    let (cache, [record, plan, keys]) = documents(&fixture, "/titles/film/v1/video/segments/2/cbcs").await;
    assert!(!record.is_empty() && plan.len() == 2 * plan::STRIDE);
    assert_eq!((cache.as_str(), keys.len()), ("no-store", 0));
    // Another track, and media that are missing.
    assert_eq!(get(&fixture, "/titles/film/v1/audio/segments/1/cbcs").await.status(), StatusCode::NOT_FOUND);
    std::fs::remove_file(fixture.titles.path().join("film/v1/video/plan.bin")).expect("was there");
    let (_, [_, plan, _]) = documents(&fixture, "/titles/film/v1/video/segments/2/cbcs").await;
    assert!(plan.is_empty());
    let unshown =
        fixture.http.get(fixture.url("/titles/film/v1/video/segments/2/cbcs")).send().await.expect("an answer");
    assert_eq!(unshown.status(), StatusCode::FORBIDDEN);
}

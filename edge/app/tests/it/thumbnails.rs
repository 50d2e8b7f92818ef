//! Images of thumbnails: in the clear, behind the gate like everything else.

use serde_json::json;

use super::support::MemoryHost;

const IMAGE: &[u8] = b"\xff\xd8 an image as the origin has it";

#[test]
fn they_pass_as_they_are_to_who_may_watch() {
    let host = MemoryHost::new();
    let record = json!({
        "v": 1, "track": "thumbs", "version": "1", "kind": "thumbnail", "number": 1, "timescale": 1000, "image": "jpeg",
        "timeline": {"start": 0, "runs": [{"d": 40000, "n": 2}]}
    });
    host.put("/titles/film/1/thumbs/record.json", record.to_string().into_bytes());
    host.put("/titles/film/1/thumbs/1.jpg", IMAGE.to_vec());
    let folder = MemoryHost::handle_path(&host.create("a", "tv"));
    for scheme in ["cenc", "cbcs"] {
        let answer = host.get(&format!("{folder}/{scheme}/thumbs/1.jpg?v=1"), &[]);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")));
        assert_eq!(answer.body, IMAGE);
        let etag = answer.header("etag").expect("an ETag").to_owned();
        let again = host.get(&format!("{folder}/{scheme}/thumbs/1.jpg?v=1"), &[("if-none-match", &etag)]);
        assert_eq!(again.status, 304);
    }
    assert_eq!(host.get("/v1/film/cenc/thumbs/1.jpg?v=1", &[]).problem().0, 401);
    for path in [
        "thumbs/1.png?v=1",
        "thumbs/3.jpg?v=1",
        "thumbs/1.vtt?v=1",
        "thumbs/1.m4s?v=1",
        "t-en/1.jpg?v=1",
        "thumbs/1.jpg?v=2",
    ] {
        assert_eq!(host.get(&format!("{folder}/cenc/{path}"), &[]).problem().0, 404, "{path}");
    }
    assert_eq!(host.get(&format!("{folder}/clear/thumbs/1.jpg?v=1"), &[]).problem().0, 403);
}

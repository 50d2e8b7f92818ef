use std::{io::Read, net::TcpListener, sync::OnceLock, thread};

use sluice_packager::{
    dash, hls,
    manifest::{Addressing, Options},
    title::{Delivery, Descriptor, KeySystem, TrackKind, plan},
};

use super::*;

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media/title/demo")
}

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    fs::read(path).expect("reads")
}

fn said(bytes: &[u8], init: Option<&[u8]>, list: bool) -> anyhow::Result<Report> {
    explain(Input::of(bytes.to_vec()), init.map(|init| Input::of(init.to_vec())), list)
}

/// The sample title's manifests in every protocol and scheme, as the packager writes them: name and text.
pub(super) fn manifests() -> &'static [(String, String)] {
    static MANIFESTS: OnceLock<Vec<(String, String)>> = OnceLock::new();
    MANIFESTS.get_or_init(|| {
        let out = tempfile::tempdir().expect("a folder");
        let indexed = crate::index::index(&demo(), "demo", out.path()).expect("indexes");
        let descriptor: Descriptor =
            serde_json::from_slice(&read(out.path().join("demo/descriptor.json"))).expect("a descriptor");
        let mut all = Vec::new();
        for delivery in [Delivery::Cenc, Delivery::Cbcs, Delivery::Aes128] {
            let systems = [KeySystem::Widevine, KeySystem::Playready, KeySystem::Fairplay, KeySystem::Clearkey];
            let base = "https://edge.example/~handle/v1/demo";
            let options = Options {
                delivery,
                systems: &systems,
                max_height: None,
                codecs: None,
                base,
                query: "",
                addressing: Addressing::default(),
                define: false,
                provided: None,
            };
            let name = |of: &str| format!("{of} {}", delivery.as_str());
            all.push((name("multivariant"), hls::multivariant(&descriptor, &options).expect("a playlist")));
            for track in &descriptor.tracks {
                let of = track.id.as_str();
                all.push((name(of), hls::media(&descriptor, &track.id, &options).expect("a playlist")));
                if track.kind == TrackKind::Video && delivery != Delivery::Aes128 {
                    let entries = plan::read(&read(indexed.path.join(of).join("plan.bin"))).expect("a plan");
                    let iframes = hls::iframes(&descriptor, &track.id, &entries, &options).expect("a playlist");
                    all.push((name(&format!("{of} I-frames")), iframes));
                }
            }
            if delivery != Delivery::Aes128 {
                all.push((name("mpd"), dash::mpd(&descriptor, &options).expect("an MPD")));
            }
        }
        all
    })
}

#[test]
fn media_and_documents_are_explained_and_nonsense_is_refused() {
    let init = read(demo().join("v360/init.mp4"));
    let text = said(&init, None, false).expect("an init segment").to_string();
    for part in ["moov at ", "    mdia at ", "codec: avc1.4d", "protection: none"] {
        assert!(text.contains(part), "{text} should say {part}");
    }
    let hevc = demo().join("../../../../edge/packager/src/cenc/vectors/hevc-main10/cbcs.init.mp4");
    let text = said(&read(hevc), None, false).expect("an init segment").to_string();
    for part in ["codec: hev1.2.4.L30.90, 1 VPS, 1 SPS, 1 PPS, NAL", "protection: cbcs of hev1"] {
        assert!(text.contains(part), "{text} should say {part}");
    }
    let segment = read(demo().join("v360/1.m4s"));
    let text = said(&segment, Some(&init), true).expect("a segment").to_string();
    assert_eq!(text.matches("fragment at").count(), 4);
    assert!(text.contains("  sample  offset") && text.contains(" sync"), "{text}");

    let out = tempfile::tempdir().expect("a folder");
    let indexed = crate::index::index(&demo(), "demo", out.path()).expect("indexes");
    let descriptor = said(&read(out.path().join("demo/descriptor.json")), None, false).expect("a descriptor");
    assert!(descriptor.to_string().contains("v1080: video avc1.64"), "{descriptor}");
    assert!(descriptor.to_string().contains("  audio key id: "), "{descriptor}");
    for (name, part) in [("record.json", "record of track v360"), ("plan.bin", "plan of 24 entries")] {
        let text = said(&read(indexed.path.join("v360").join(name)), None, false).expect(name).to_string();
        assert!(text.contains(part), "{text} should say {part}");
    }
    for bad in [&b""[..], b"nonsense", b"{}", b"SLPLAN", b"<x/>", b"#EXTM3U\n"] {
        assert!(said(bad, None, false).is_err(), "{bad:?}");
    }
    let error = said(b"nonsense, for sure", None, false).expect_err("nonsense").to_string();
    for looked_for in ["bytes: not known", "ISO BMFF", "#EXTM3U", "MPD", "descriptor", "SLPLAN"] {
        assert!(error.contains(looked_for), "{error}");
    }
}

#[test]
fn a_title_without_audio_has_no_key_id_of_audio() {
    let work = tempfile::tempdir().expect("a folder");
    let source = work.path().join("source");
    fs::create_dir_all(source.join("v360")).expect("creates");
    for entry in fs::read_dir(demo().join("v360")).expect("lists") {
        let from = entry.expect("lists").path();
        fs::copy(&from, source.join("v360").join(from.file_name().expect("a name"))).expect("copies");
    }
    let title = "title = \"demo\"\n[rights]\nstate = \"published\"\n[key_policy]\nsystems = [\"widevine\"]\nschemes = [\"cenc\"]\n";
    let described = |more: &str| {
        fs::write(source.join("title.toml"), format!("{title}{more}")).expect("writes");
        let indexed = crate::index::index(&source, "demo", &work.path().join("out")).expect("indexes");
        [work.path().join("out/demo/descriptor.json"), indexed.path.join("v360/record.json")]
            .map(|path| said(&read(path), None, false).expect("reads").to_string())
    };
    let [text, record] = described("");
    assert!(text.contains("video key id:") && !text.contains("audio key id"), "{text}");
    assert!(text.contains("key systems: widevine\n") && !record.contains("pssh"), "{text}{record}");
    let [text, record] = described("signalling = \"provider\"\npssh = [\"init\"]");
    assert!(text.contains("key systems: widevine, as the key provider signals them\n"), "{text}");
    assert!(
        record.contains("pssh boxes in init segment: widevine, the key provider's, room for 2048 bytes"),
        "{record}"
    );
}

/// Every number and key id of the text is in the JSON document: both are made from the same structs.
#[test]
fn json_has_what_the_text_has() {
    let init = read(demo().join("v360/init.mp4"));
    let media = said(&read(demo().join("v360/1.m4s")), Some(&init), true).expect("a segment");
    let json: serde_json::Value = serde_json::to_value(&media).expect("JSON");
    assert_eq!((json["v"].as_u64(), json["kind"].as_str()), (Some(1), Some("isobmff")));
    let sizes: u64 =
        json["fragments"][0]["table"].as_array().into_iter().flatten().filter_map(|row| row["size"].as_u64()).sum();
    assert_eq!(Some(sizes), json["fragments"][0]["bytes"].as_u64());
    for (name, text) in manifests() {
        let report = said(text.as_bytes(), None, true).expect(name);
        let json = serde_json::to_string(&report).expect("JSON");
        let written = report.to_string();
        let words = written.split(|c: char| c.is_whitespace() || c == ',');
        let ids = words.filter(|word| word.len() == 36 && word.matches('-').count() == 4);
        assert!(ids.clone().all(|id| json.contains(id)), "{name}");
        assert!(name.starts_with("t-en") || name.contains("aes128") || ids.count() > 0, "{name}: {written}");
    }
}

#[test]
fn a_url_is_fetched_and_its_token_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (_, playlist) = &manifests()[0];
    let served = thread::spawn(move || {
        for status in ["200 OK", "403 Forbidden"] {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = [0; 4096];
            let read = stream.read(&mut request).expect("a request");
            assert!(request[..read].starts_with(b"GET /main.m3u8?token=SECRET"));
            let length = playlist.len();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{playlist}")
                .expect("answers");
        }
    });
    let target = format!("http://{address}/main.m3u8?token=SECRET");
    let args = InspectArgs { target, init: None, root: None, samples: false, json: false };
    let report = inspect(&args).expect("a playlist");
    assert_eq!(report.target, Some(format!("http://{address}/main.m3u8?token=…")));
    assert!(matches!(report.content, Content::HlsMultivariant(_)));
    let error = format!("{:#}", inspect(&args).expect_err("forbidden"));
    assert!(error.contains("403") && !error.contains("SECRET"), "{error}");
    served.join().expect("both were asked for");
}

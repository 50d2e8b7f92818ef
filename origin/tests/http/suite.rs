//! What awslabs/speke-reference-server's v2 suites (live, VOD, 2.1) ask of a key server, and what they check: the requests of
//! their six cases for each combination of DRM systems, and their negative cases.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client, StatusCode};
use sluice_origin::{
    Running,
    config::KeyserverConfig,
    cpix::{Element, parse},
    keyserver,
};

const WIDEVINE: &str = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";
const PLAYREADY: &str = "9a04f079-9840-4286-ab92-e65be0885f95";
const FAIRPLAY: &str = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2";
const SYSTEMS: [&[&str]; 7] = [
    &[WIDEVINE],
    &[PLAYREADY],
    &[FAIRPLAY],
    &[WIDEVINE, PLAYREADY],
    &[WIDEVINE, FAIRPLAY],
    &[PLAYREADY, FAIRPLAY],
    &[WIDEVINE, PLAYREADY, FAIRPLAY],
];
/// Video preset and audio preset.
const CASES: [&[&str]; 6] = [
    // 1 and 1.
    &["VIDEO", "AUDIO"],
    // 3 and 2.
    &["SD", "HD", "UHD", "STEREO_AUDIO", "MULTICHANNEL_AUDIO"],
    // 5 and 3.
    &["SD", "HD1", "HD2", "UHD1", "UHD2", "STEREO_AUDIO", "MULTICHANNEL_AUDIO_3_6", "MULTICHANNEL_AUDIO_7"],
    // 8 and 2.
    &["SD+HD1", "HD2", "UHD1", "UHD2", "STEREO_AUDIO", "MULTICHANNEL_AUDIO"],
    // 2, and audio in the clear.
    &["SD", "HD"],
    // Video in the clear, and 2.
    &["STEREO_AUDIO", "MULTICHANNEL_AUDIO"],
];
/// The other presets of MediaPackage and MediaConvert.
const PRESETS: [&[&str]; 4] = [
    // 4 and 1.
    &["SD", "HD", "UHD1", "UHD2", "AUDIO"],
    // 6 and 1.
    &["SD", "HD1", "HD2", "UHD", "AUDIO"],
    // 7 and 1.
    &["SD+HD1", "HD2", "UHD", "AUDIO"],
    // Shared.
    &["ALL"],
];
const LIVE: &str =
    "<cpix:ContentKeyPeriodList><cpix:ContentKeyPeriod id=\"keyPeriod_1\" index=\"0\"/></cpix:ContentKeyPeriodList>";

fn filter(tracks: &str) -> String {
    let limits = match tracks {
        "STEREO_AUDIO" => "maxChannels=\"2\"",
        "MULTICHANNEL_AUDIO" => "minChannels=\"3\"",
        "MULTICHANNEL_AUDIO_3_6" => "minChannels=\"3\" maxChannels=\"6\"",
        "MULTICHANNEL_AUDIO_7" => "minChannels=\"7\"",
        "SD" => "maxPixels=\"589824\"",
        "HD" => "minPixels=\"589825\"",
        "HD1" => "minPixels=\"589825\" maxPixels=\"921600\"",
        "HD2" => "minPixels=\"921601\" maxPixels=\"2073600\"",
        "SD+HD1" => "maxPixels=\"921600\"",
        "UHD" => "minPixels=\"2073601\"",
        "UHD1" => "minPixels=\"2073601\" maxPixels=\"8847360\"",
        "UHD2" => "minPixels=\"8847361\"",
        "ALL" => return "<cpix:VideoFilter/><cpix:AudioFilter/>".to_owned(),
        _ => "",
    };
    let name = if tracks.contains("AUDIO") { "AudioFilter" } else { "VideoFilter" };
    format!("<cpix:{name} {limits}/>")
}

fn kid(n: usize) -> String {
    format!("cff143cc-f7ba-4f45-b7dc-{n:012x}")
}

/// A request as the suite generates it. `periods` is the list of key periods, if there is one; rules name one in any case.
fn request(tracks: &[&str], systems: &[&str], periods: &str) -> String {
    let scheme = if systems.contains(&FAIRPLAY) { "cbcs" } else { "cenc" };
    let keys: String = (0..tracks.len())
        .map(|n| format!("<cpix:ContentKey kid=\"{}\" commonEncryptionScheme=\"{scheme}\"/>", kid(n)))
        .collect();
    let system = |id: &str, n: usize| {
        let data = if id == FAIRPLAY { "" } else { "<cpix:ContentProtectionData/>" };
        format!(
            "<cpix:DRMSystem kid=\"{}\" systemId=\"{id}\"><cpix:PSSH/>{data}<cpix:HLSSignalingData playlist=\"media\">\n\
             </cpix:HLSSignalingData><cpix:HLSSignalingData playlist=\"master\"/></cpix:DRMSystem>",
            kid(n)
        )
    };
    let systems: String = systems.iter().flat_map(|id| (0..tracks.len()).map(move |n| system(id, n))).collect();
    let rules: String = tracks
        .iter()
        .enumerate()
        .map(|(n, tracks)| {
            format!(
                "<cpix:ContentKeyUsageRule kid=\"{}\" intendedTrackType=\"{tracks}\">\
                 <cpix:KeyPeriodFilter periodId=\"keyPeriod_1\"/>{}</cpix:ContentKeyUsageRule>",
                kid(n),
                filter(tracks)
            )
        })
        .collect();
    format!(
        "<?xml version='1.0' encoding='utf-8'?>\n<cpix:CPIX xmlns:cpix=\"urn:dashif:org:cpix\" contentId=\"test_case\" \
         version=\"2.3\" xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\">\
         <cpix:ContentKeyList>{keys}</cpix:ContentKeyList><cpix:DRMSystemList>{systems}</cpix:DRMSystemList>{periods}\
         <cpix:ContentKeyUsageRuleList>{rules}</cpix:ContentKeyUsageRuleList></cpix:CPIX>"
    )
}

struct Server {
    running: Running,
    http: Client,
}

impl Server {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = KeyserverConfig::new("127.0.0.1:0".parse().expect("an address"));
        let running = keyserver::start(config).await.expect("a key server");
        Self { running, http: Client::builder().no_proxy().build().expect("a client") }
    }

    async fn ask(&self, version: &str, request: String) -> (StatusCode, String) {
        let post = self.http.post(format!("http://{}{}", self.running.addr, keyserver::PATH)).body(request);
        let post = post.header("x-speke-version", version).header("Content-type", "application/xml");
        let response = post.send().await.expect("an answer");
        let headers = response.headers();
        assert!(!headers["x-speke-user-agent"].is_empty());
        if response.status() == StatusCode::OK {
            assert_eq!(headers["x-speke-version"], version);
            assert_eq!(headers["content-type"], "application/xml");
        }
        (response.status(), response.text().await.expect("text"))
    }

    async fn good(&self, request: String) -> Element {
        let (status, text) = self.ask("2.0", request).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        assert!(text.contains("xmlns:cpix=\"urn:dashif:org:cpix\""));
        assert!(text.contains("xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\""));
        parse(text.as_bytes()).expect("XML")
    }

    async fn refuses(&self, request: String) {
        let (status, text) = self.ask("2.0", request).await;
        assert!(status.is_client_error(), "{status} {text}");
    }
}

fn list<'a>(root: &'a Element, name: &'static str) -> &'a Element {
    assert_eq!(root.all(name).count(), 1, "{name}");
    root.child(name).expect("counted")
}

fn check(root: &Element, tracks: &[&str], systems: &[&str]) {
    assert!(root.is("CPIX"));
    assert_eq!((root.attribute("contentId"), root.attribute("version")), (Some("test_case"), Some("2.3")));
    let scheme = if systems.contains(&FAIRPLAY) { "cbcs" } else { "cenc" };
    let (mut kids, mut values) = (BTreeSet::new(), BTreeSet::new());
    for key in list(root, "ContentKeyList").all("ContentKey") {
        assert_eq!(key.attribute("commonEncryptionScheme"), Some(scheme));
        kids.insert(key.attribute("kid"));
        assert_eq!(key.all("Data").count(), 1);
        let secret = key.child("Data").and_then(|data| data.pskc_child("Secret")).expect("a secret");
        values.insert(secret.pskc_child("PlainValue").expect("a value").text.to_string());
    }
    assert_eq!((kids.len(), values.len()), (tracks.len(), tracks.len()));
    let drm = list(root, "DRMSystemList");
    assert_eq!(drm.all("DRMSystem").count(), tracks.len() * systems.len());
    for id in systems {
        let own: Vec<_> = drm.all("DRMSystem").filter(|system| system.attribute("systemId") == Some(id)).collect();
        assert_eq!(own.iter().map(|system| system.attribute("kid")).collect::<BTreeSet<_>>(), kids);
        own.iter().for_each(|system| check_system(system, id));
    }
    let rules = list(root, "ContentKeyUsageRuleList");
    let said: Vec<_> =
        rules.all("ContentKeyUsageRule").filter_map(|rule| rule.attribute("intendedTrackType")).collect();
    assert_eq!(said, tracks);
    assert_eq!(rules.all("ContentKeyUsageRule").map(|rule| rule.attribute("kid")).collect::<BTreeSet<_>>(), kids);
}

fn check_system(system: &Element, id: &str) {
    let decoded = |text: &str| String::from_utf8(STANDARD.decode(text).expect("base64")).expect("text");
    let dash = usize::from(id != FAIRPLAY);
    assert_eq!((system.all("PSSH").count(), system.all("ContentProtectionData").count()), (dash, dash));
    if let (Some(pssh), Some(data)) = (system.child("PSSH"), system.child("ContentProtectionData")) {
        let inner = decoded(&data.text);
        let inner = inner.split_once("\">").expect("an element").1.split_once("</cenc:pssh>").expect("its end").0;
        assert_eq!(inner, pssh.text.as_str());
    }
    let playlists: Vec<_> = system.all("HLSSignalingData").filter_map(|data| data.attribute("playlist")).collect();
    assert_eq!(playlists, ["media", "master"]);
    let lines: Vec<_> = system.all("HLSSignalingData").map(|data| decoded(&data.text)).collect();
    let media = lines[0].strip_prefix("#EXT-X-KEY:").expect("a key");
    assert_eq!(Some(media), lines[1].strip_prefix("#EXT-X-SESSION-KEY:"));
    // As the guide for MediaPackage has it.
    assert!(media.starts_with("METHOD=SAMPLE-AES") && !media.contains("SCHEME="), "{media}");
    let format = match id {
        FAIRPLAY => "com.apple.streamingkeydelivery",
        PLAYREADY => "com.microsoft.playready",
        _ => "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
    };
    assert!(media.contains(&format!("KEYFORMAT=\"{format}\",KEYFORMATVERSIONS=\"1\"")), "{media}");
}

#[tokio::test]
async fn every_case_for_every_combination_of_systems() {
    let server = Server::start().await;
    for tracks in CASES.iter().chain(&PRESETS) {
        for systems in SYSTEMS {
            for periods in [LIVE, ""] {
                check(&server.good(request(tracks, systems, periods)).await, tracks, systems);
            }
        }
    }
}

#[tokio::test]
async fn the_same_request_gives_the_same_keys() {
    let server = Server::start().await;
    let ask = || server.ask("2.0", request(CASES[0], SYSTEMS[0], LIVE));
    assert_eq!(ask().await, ask().await);
}

#[tokio::test]
async fn a_systems_signalling_comes_as_far_as_it_was_asked_for() {
    let server = Server::start().await;
    let whole = request(CASES[0], &[PLAYREADY], LIVE);
    let hls = "<cpix:HLSSignalingData playlist=\"media\">\n</cpix:HLSSignalingData><cpix:HLSSignalingData playlist=\"master\"/>";
    for (without, left) in [
        (hls, &["PSSH", "ContentProtectionData"][..]),
        ("<cpix:ContentProtectionData/>", &["PSSH", "HLSSignalingData", "HLSSignalingData"]),
    ] {
        let answer = server.good(whole.replace(without, "")).await;
        for system in list(&answer, "DRMSystemList").all("DRMSystem") {
            assert_eq!(system.children.iter().map(|child| child.name.as_str()).collect::<Vec<_>>(), left);
            assert!(system.children.iter().all(|child| !child.text.trim().is_empty()));
        }
    }
}

#[tokio::test]
async fn negative_cases_are_client_errors() {
    let server = Server::start().await;
    let generic = request(CASES[0], &[WIDEVINE], LIVE);
    server.refuses(String::new()).await;
    server.refuses(generic.replace("version=\"2.3\"", "version=\"5.0\"")).await;
    server.refuses(generic.replace(" contentId=\"test_case\"", " id=\"test_case\"")).await;
    let lists = ["ContentKeyList", "DRMSystemList", "ContentKeyUsageRuleList"];
    for list in lists {
        // Without the list, and with an empty one.
        server.refuses(without(&generic, list, true)).await;
        server.refuses(without(&generic, list, false)).await;
    }
    for attribute in [
        "ContentKey kid",
        "commonEncryptionScheme",
        "DRMSystem kid",
        "systemId",
        "ContentKeyUsageRule kid",
        "intendedTrackType",
    ] {
        let changed = generic.replace(&format!("{attribute}="), &format!("{attribute}entifier="));
        assert_ne!(changed, generic);
        server.refuses(changed).await;
    }
    server.refuses(generic.replace("<cpix:VideoFilter />", "").replace("<cpix:AudioFilter />", "")).await;
    server.refuses(request(CASES[0], &[FAIRPLAY], LIVE).replace("cbcs", "cenc")).await;
    // A shared preset beside one of the other kind.
    let mixed = request(&["SD", "HD", "STEREO_AUDIO", "MULTICHANNEL_AUDIO"], &[WIDEVINE], "");
    server.refuses(mixed.replace("\"SD\"", "\"ALL\"").replace("\"HD\"", "\"ALL\"")).await;
    server.refuses(mixed.replace("\"HD\"", "\"ALL\"")).await;
    server.refuses(mixed.replace("\"STEREO_AUDIO\"", "\"ALL\"")).await;
}

/// Without a list, or with nothing in it.
fn without(request: &str, list: &str, wholly: bool) -> String {
    let (open, close) = (format!("<cpix:{list}>"), format!("</cpix:{list}>"));
    let (before, rest) = request.split_once(&open).expect("a list");
    let after = rest.split_once(&close).expect("its end").1;
    if wholly { format!("{before}{after}") } else { format!("{before}{open}{close}{after}") }
}

#[tokio::test]
async fn speke_2_1_comes_with_cpix_2_4_and_its_periods_come_back() {
    let server = Server::start().await;
    let times = "index=\"1\" start=\"2026-01-01T00:00:00Z\" end=\"2026-01-01T00:05:00Z\"";
    let asked = request(CASES[0], &[WIDEVINE], &LIVE.replace("index=\"0\"", times));
    let newer = asked.replace("version=\"2.3\"", "version=\"2.4\"");
    let (status, text) = server.ask("2.1", newer.clone()).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let answer = parse(text.as_bytes()).expect("XML");
    assert_eq!((answer.attribute("version"), answer.attribute("id")), (Some("2.4"), None));
    let period = list(&answer, "ContentKeyPeriodList").child("ContentKeyPeriod").expect("a period");
    assert_eq!(period.attribute("start"), Some("2026-01-01T00:00:00Z"));
    assert_eq!(period.attribute("end"), Some("2026-01-01T00:05:00Z"));
    for (version, request) in [("2.1", asked), ("2.0", newer)] {
        let refused = server.ask(version, request).await;
        assert_eq!(refused, (StatusCode::UNPROCESSABLE_ENTITY, "Unsupported CPIX@version\n".to_owned()));
    }
    let refused = server.ask("3.0", request(CASES[0], &[WIDEVINE], LIVE)).await;
    assert_eq!(refused, (StatusCode::UNPROCESSABLE_ENTITY, "Unsupported SPEKE version\n".to_owned()));
}

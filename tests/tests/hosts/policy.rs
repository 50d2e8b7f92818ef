//! A title's key policy: what it does not list does not exist.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use serde_json::json;
use sluice_packager::{
    cenc::read::Reader,
    drm::pssh_boxes,
    title::{KeyScope, KeySystem, ResolutionClass, TrackKind},
};
use sluice_tests::{
    fixture::{Stack, StackOptions, altered},
    runtime::EdgeHost,
};

use super::options;

const WIDEVINE: &str = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";

pub(super) async fn a_title_gives_its_keys_by_the_listed_systems_only(host: EdgeHost) -> Result<Stack> {
    let policy = toml::toml! {
        systems = ["widevine"]
        schemes = ["cenc", "cbcs"]
    };
    let source = altered([("key_policy", policy)])?;
    let stack = Stack::start(StackOptions { title: source.path().to_owned(), ..options(host).await? }).await?;
    let session = stack.session("viewer").await?;
    ensure!(!session.license.contains_key("clearkey"), "the session names a ClearKey licence");
    ensure!(session.key.is_none(), "the session names a raw key");
    ensure!(session.hls("aes128").is_none() && session.dash("aes128").is_none(), "the session names aes128");

    let policy = stack.indexed.descriptor.key_policy.as_ref().context("a protected title")?;
    let kids: Vec<_> = policy.schemes.iter().flat_map(|keys| &keys.keys).map(|key| key.kid).collect();
    ensure!(kids.len() >= 4, "a key id per scheme and kind");
    let manifest = session.hls("cbcs").context("cbcs is offered")?;
    let base = manifest.strip_suffix("/cbcs/main.m3u8").context("the title's folder")?;
    let refused = (403, "not_entitled".to_owned());
    for kid in kids {
        let request = json!({ "kids": [URL_SAFE_NO_PAD.encode(kid.0)], "type": "temporary" });
        let licence = stack.send(Method::POST, &format!("{base}/license/clearkey"), &[], Some(&request)).await?;
        ensure!(licence.problem() == refused, "a ClearKey licence: {:?}", licence.problem());
        let key = stack.get(&format!("{base}/key/{kid}"), &[]).await?;
        ensure!(key.problem() == refused, "a raw key: {:?}", key.problem());
    }
    let version = &stack.indexed.descriptor.version;
    for path in ["main.m3u8", "v360.m3u8", &format!("v360/init.mp4?v={version}"), &format!("v360/1.m4s?v={version}")] {
        for scheme in ["aes128", "clear"] {
            let answer = stack.get(&format!("{base}/{scheme}/{path}"), &[]).await?;
            ensure!(matches!(answer.status.as_u16(), 403 | 404), "{scheme}/{path}: {}", answer.status);
        }
    }
    for scheme in ["cenc", "cbcs"] {
        for wanted in ["", "?ks=widevine,playready,fairplay,clearkey,identity"] {
            for file in ["main.m3u8", "v360.m3u8", "a-en.m3u8", "manifest.mpd"] {
                let url = format!("{base}/{scheme}/{file}{wanted}");
                let body = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
                let text = String::from_utf8(body.to_vec())?.to_ascii_lowercase();
                // Playlists hand the query on.
                let text = text.replace("ks=widevine,playready,fairplay,clearkey,identity", "");
                // The root declares namespaces, used or not.
                let text = text.split_once("<period").map_or(text.as_str(), |(_, content)| content);
                ensure!(text.contains(WIDEVINE) || file == "main.m3u8", "{url} does not list Widevine");
                for other in ["identity", "clearkey", "playready", "skd://", "com.apple.streamingkeydelivery", "/key/"]
                {
                    ensure!(!text.contains(other), "{url} lists {other}");
                }
                let systems = text.match_indices("urn:uuid:").filter_map(|(at, _)| text.get(at + 9..at + 45));
                for system in systems {
                    ensure!(system == WIDEVINE, "{url} lists the system {system}");
                }
            }
        }
        // Asked for another system only, there is nothing to list.
        let problem = stack.get(&format!("{base}/{scheme}/manifest.mpd?ks=clearkey"), &[]).await?.problem();
        ensure!(problem == (400, "bad_request".to_owned()), "?ks=clearkey: {problem:?}");
    }
    Ok(stack)
}

pub(super) async fn keys_by_class_open_their_class_alone(host: EdgeHost) -> Result<Stack> {
    let sections = [
        ("rights", toml::toml! { tiers = [{ name = "basic", max_height = 576 }, { name = "premium" }] }),
        ("key_policy", toml::toml! { keys = "class" }),
    ];
    let source = altered(sections)?;
    let stack = Stack::start(StackOptions { title: source.path().to_owned(), ..options(host).await? }).await?;
    let mut claims = serde_json::to_value(stack.claims("viewer"))?;
    let policy = stack.indexed.descriptor.key_policy.clone().context("a protected title")?;
    for (tier, expected) in [("premium", 3), ("basic", 2)] {
        claims["tier"] = tier.into();
        let authorization = format!("Bearer {}", stack.token(&claims)?);
        let wanted = json!({ "title": stack.title(), "device": tier });
        let headers = [("authorization", authorization.as_str())];
        let session = stack.send(Method::POST, "/v1/sessions", &headers, Some(&wanted)).await?.session()?;
        for keys in policy.schemes.iter().filter(|keys| keys.scheme.scheme().is_some()) {
            let of_class = |class| keys.keys.iter().find(|key| key.scope == KeyScope::Class(class));
            ensure!(keys.keys.len() == 3 && of_class(ResolutionClass::Sd).is_some(), "SD, HD, audio: {:?}", keys.keys);
            let kids: Vec<_> = keys.keys.iter().map(|key| URL_SAFE_NO_PAD.encode(key.kid.0)).collect();
            let request = json!({ "kids": kids, "type": "temporary" });
            let url = &session.license["clearkey"];
            let licence = stack.send(Method::POST, url, &[], Some(&request)).await?.expect(StatusCode::OK)?;
            let licence: serde_json::Value = serde_json::from_slice(&licence)?;
            let given = licence["keys"].as_array().map_or(0, Vec::len);
            ensure!(given == expected, "{tier}: {given} keys of {}", kids.len());
            let hd = of_class(ResolutionClass::Hd).context("HD")?.kid;
            let raw = stack.get(&format!("{}/{hd}", session.key.as_deref().context("raw keys")?), &[]).await?;
            ensure!((raw.status == 200) == (tier == "premium"), "{tier}: the raw key of HD: {}", raw.status);
            let scheme = keys.scheme.as_str();
            let manifest = stack.get(session.dash(scheme).context("DASH")?, &[]).await?.expect(StatusCode::OK)?;
            let mpd = dash_mpd_core::parse(std::str::from_utf8(&manifest)?).map_err(|error| anyhow!("{error}"))?;
            let sets: Vec<_> = mpd.periods.iter().flat_map(|period| &period.adaptations).collect();
            let video = || sets.iter().filter(|set| set.contentType.as_deref() == Some("video"));
            // Each with its trick mode.
            let main = video().filter(|set| set.essential_property.is_empty()).count();
            let all = video().count();
            ensure!((main, all) == (expected - 1, 2 * main), "{tier}: {main} sets of video, {all} with trick modes");
            let pictures = stack.get(&crate::object(&stack, &session, scheme, "v1080-iframes/1.m4s")?, &[]).await?;
            ensure!((pictures.status == 200) == (tier == "premium"), "{tier}: I-frames of HD: {}", pictures.status);
            let complaints = dash_mpd_core::check_conformity(&mpd);
            ensure!(complaints.is_empty(), "{complaints:?}");
        }
    }
    // Every sample, by the keys of its class.
    let premium = altered([("key_policy", toml::toml! { keys = "class" })])?;
    walk(premium.path(), host).await?;
    Ok(stack)
}

/// A key for each track, changing every eight seconds, five seconds in the clear before them, and `pssh` boxes in the media: every sample comes back,
/// by the keys that the manifests and the media name.
pub(super) async fn keys_change_after_a_clear_lead(host: EdgeHost) -> Result<Stack> {
    let policy = toml::toml! { keys = "track" clear_lead = 5 key_period = 8 pssh = ["init", "moof"] };
    let source = altered([("key_policy", policy)])?;
    let stack = walk(source.path(), host).await?;
    let descriptor = &stack.indexed.descriptor;
    for track in descriptor.tracks.iter().filter(|track| track.kind != TrackKind::Text) {
        let schedule = &track.schedule;
        ensure!(schedule.clear_lead >= 2 && schedule.periods.len() == 2, "{}: {schedule:?}", track.id);
    }
    let session = stack.session("viewer").await?;
    let id = &descriptor.tracks[0].id;
    for keys in descriptor.key_policy.iter().flat_map(|policy| &policy.schemes) {
        let Some(scheme) = keys.scheme.scheme() else { continue };
        let kids = keys.kids(&descriptor.tracks[0]);
        let master = session.hls(keys.scheme.as_str()).context("HLS")?;
        let media = |object: &str| {
            let folder = master.rsplit_once('/').map_or(master, |(folder, _)| folder);
            format!("{folder}/{id}/{object}?v={}", descriptor.version)
        };
        let object = async |object: &str| object_of(&stack, &media(object)).await;
        let reader = Reader::new(&object("init.mp4").await?)?;
        ensure!(
            reader.protection().is_some_and(|sinf| sinf.tenc.kid == kids[0]),
            "{scheme:?}: the init names the first key"
        );
        let later = Reader::new(&object_of(&stack, &format!("{}&period=2", media("init.mp4"))).await?)?;
        ensure!(
            later.protection().is_some_and(|sinf| sinf.tenc.kid == kids[2]),
            "{scheme:?}: a later init names its key"
        );
        let none = stack.get(&format!("{}&period=3", media("init.mp4")), &[]).await?.problem();
        ensure!(none == (404, "unknown_segment".to_owned()), "{none:?}");
        for (number, named) in [(2, None), (3, Some(kids[1])), (6, Some(kids[2]))] {
            let segment = object(&format!("{number}.m4s")).await?;
            let found = reader.kids(&segment)?;
            ensure!(
                found.first() == named.as_ref() && found.len() <= 1,
                "{scheme:?}: segment {number} names {found:?}"
            );
            let boxes = pssh_boxes(&[KeySystem::Clearkey], &[kids[1]], scheme);
            let has = segment.windows(boxes.len()).any(|window| window == boxes);
            ensure!(has == (number == 3), "{scheme:?}: the pssh of segment {number}");
        }
    }
    Ok(stack)
}

async fn object_of(stack: &Stack, url: &str) -> Result<bytes::Bytes> {
    stack.get(url, &[]).await?.expect(StatusCode::OK)
}

async fn walk(title: &Path, host: EdgeHost) -> Result<Stack> {
    let all = Stack::start(StackOptions { title: title.to_owned(), ..options(host).await? }).await?;
    let report = sluice_tests::demo::walk_title(&all, host).await?;
    ensure!(report.good(), "{:?}\n{}", report.problems, report.table);
    Ok(all)
}

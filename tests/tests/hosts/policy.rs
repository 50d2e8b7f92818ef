//! A title's key policy: what it does not list does not exist.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use serde_json::json;
use sluice_tests::{
    fixture::{Stack, StackOptions},
    runtime::EdgeHost,
};

use super::{options, titles::altered};

const WIDEVINE: &str = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";

pub(super) async fn a_title_gives_its_keys_by_the_listed_systems_only(host: EdgeHost) -> Result<Stack> {
    let source = altered(
        "key_policy",
        toml::toml! {
            systems = ["widevine"]
            schemes = ["cenc", "cbcs"]
        },
    )?;
    let stack = Stack::start(StackOptions { title: source.path().to_owned(), ..options(host).await? }).await?;
    let session = stack.session("viewer").await?;
    ensure!(!session.license.contains_key("clearkey"), "the session names a ClearKey licence");
    ensure!(session.key.is_none(), "the session names a raw key");
    ensure!(session.hls("aes128").is_none() && session.dash("aes128").is_none(), "the session names aes128");

    let policy = stack.indexed.descriptor.key_policy.as_ref().context("a protected title")?;
    let kids: Vec<_> = policy.schemes.iter().flat_map(|keys| [keys.video, keys.audio]).collect();
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

//! Titles whose key provider says how key systems are told of the keys, and titles that want the viewer's token in URLs alone.

use anyhow::{Context, Result, anyhow, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use reqwest::Url;
use serde_json::{Value, json};
use sluice_packager::{
    bmff::Boxes,
    drm::{pssh::Pssh, widevine},
    keys::Kid,
    title::{Delivery, TrackKind},
};
use sluice_tests::{
    demo::walk_title,
    faulty::Fault,
    fixture::{Answer, Stack, StackOptions, altered},
    runtime::EdgeHost,
};

use super::{object, options};

const SCHEMES: [Delivery; 2] = [Delivery::Cenc, Delivery::Cbcs];

/// The sample title, signalled by its provider, also in init segments. What the provider says is put where the origin would say it.
pub(super) async fn by_provider(host: EdgeHost) -> Result<Stack> {
    let policy = toml::toml! { signalling = "provider" pssh = ["init"] };
    let source = altered([("key_policy", policy)])?;
    let stack = Stack::start(StackOptions { title: source.path().to_owned(), ..options(host).await? }).await?;
    for delivery in SCHEMES {
        let entries: Vec<Value> = kids(&stack, delivery)?.into_iter().flat_map(said).collect();
        say(&stack, delivery, &entries);
    }
    Ok(stack)
}

/// Has the provider say this from now on, whatever the edge keeps.
fn say(stack: &Stack, delivery: Delivery, entries: &[Value]) {
    let document = json!({"provider": "acme", "signalling": entries}).to_string();
    stack.spoil(&format!("/signalling/{}", delivery.as_str()), Fault::Replace(document.into()));
}

fn kids(stack: &Stack, delivery: Delivery) -> Result<Vec<Kid>> {
    let policy = stack.indexed.descriptor.key_policy.as_ref().context("a protected title")?;
    Ok(policy.keys(delivery).context("an offered scheme")?.keys.iter().map(|key| key.kid).collect())
}

/// A Widevine box and a PlayReady Object that are none of the edge's, another for each key.
fn boxed(kid: Kid) -> Vec<u8> {
    Pssh { system: widevine::SYSTEM, kids: None, data: format!("acme {kid}").as_bytes() }.to_bytes()
}

fn playready_object(kid: Kid) -> Vec<u8> {
    let words = format!("acme's own of {kid}");
    let length = words.len() as u32 + 6;
    [&length.to_le_bytes()[..], &[1, 0], words.as_bytes()].concat()
}

fn said(kid: Kid) -> [Value; 3] {
    [
        json!({"kid": kid, "system": "widevine", "pssh": STANDARD.encode(boxed(kid))}),
        json!({"kid": kid, "system": "playready", "pro": STANDARD.encode(playready_object(kid))}),
        json!({"kid": kid, "system": "fairplay", "key_uri": format!("skd://acme/{kid}")}),
    ]
}

pub(super) async fn what_a_provider_says_stands_in_manifests_and_init_segments(host: EdgeHost) -> Result<Stack> {
    let stack = by_provider(host).await?;
    let session = stack.session("viewer").await?;
    for delivery in SCHEMES {
        let (scheme, kids) = (delivery.as_str(), kids(&stack, delivery)?);
        let url = session.hls(scheme).context("HLS")?;
        let body = stack.get(url, &[]).await?.expect(StatusCode::OK)?;
        let master = m3u8_rs::parse_master_playlist_res(&body).map_err(|error| anyhow!("{url}: {error}"))?;
        let uris: Vec<_> = master.session_key.iter().filter_map(|key| key.0.uri.clone()).collect();
        let text = String::from_utf8(stack.get(session.dash(scheme).context("DASH")?, &[]).await?.body.to_vec())?;
        let parsed = dash_mpd_core::parse(&text).map_err(|error| anyhow!("{error}"))?;
        let complaints = dash_mpd_core::check_conformity(&parsed);
        ensure!(complaints.is_empty(), "{complaints:?}");
        for kid in &kids {
            let (pssh, object) = (STANDARD.encode(boxed(*kid)), STANDARD.encode(playready_object(*kid)));
            let mut wanted = vec![
                format!("data:text/plain;base64,{pssh}"),
                format!("data:text/plain;charset=UTF-16;base64,{object}"),
            ];
            wanted.extend((delivery == Delivery::Cbcs).then(|| format!("skd://acme/{kid}")));
            for uri in wanted {
                ensure!(uris.contains(&uri), "{scheme}: {uri} is not among {uris:?}");
            }
            ensure!(text.contains(&format!("<cenc:pssh>{pssh}</cenc:pssh>")), "{scheme}: {text}");
            ensure!(text.contains(&format!("<mspr:pro>{object}</mspr:pro>")), "{scheme}: {text}");
        }
        let media = stack.indexed.descriptor.tracks.iter().filter(|track| track.kind != TrackKind::Text);
        for track in media {
            let url = object(&stack, &session, scheme, &format!("{}/init.mp4", track.id))?;
            let answer = stack.get(&url, &[]).await?;
            ensure!(answer.header("cache-control") == "private, no-cache", "{}", answer.header("cache-control"));
            let planned = track.init_size.context("a size")?.delivered(delivery.scheme());
            ensure!(answer.body.len() == planned as usize, "{url}: {} bytes of {planned}", answer.body.len());
            let moov = Boxes::of(&answer.body).find_kind(b"moov")?.context("moov")?;
            let children: Vec<_> = moov.children().map(|child| Ok(child?.bytes.to_vec())).collect::<Result<_>>()?;
            ensure!(kids.iter().any(|kid| children.contains(&boxed(*kid))), "{url}: no box of the provider's");
            let again = stack.get(&url, &[("if-none-match", answer.header("etag"))]).await?;
            ensure!(again.status == StatusCode::NOT_MODIFIED, "{url}: {}", again.status);
        }
    }
    let report = walk_title(&stack, host).await?;
    ensure!(report.samples > 0 && report.good(), "{:?}", report.problems);

    // Without a word for Widevine there is no manifest, and no init segment; the edge's own is there as before.
    let entries: Vec<Value> =
        kids(&stack, Delivery::Cenc)?.into_iter().flat_map(|kid| said(kid).into_iter().skip(1)).collect();
    say(&stack, Delivery::Cenc, &entries);
    let unavailable = (503, "key_unavailable".to_owned());
    let (hls, dash) = (session.hls("cenc").context("HLS")?, session.dash("cenc").context("DASH")?);
    for url in [hls, dash, &object(&stack, &session, "cenc", "v360/init.mp4")?] {
        let problem = stack.get(url, &[]).await?.problem();
        ensure!(problem == unavailable, "{url}: {problem:?}");
    }
    for url in [format!("{hls}?ks=playready"), format!("{hls}?ks=identity"), format!("{dash}?ks=clearkey")] {
        stack.get(&url, &[]).await?.expect(StatusCode::OK).with_context(|| url)?;
    }
    Ok(stack)
}

/// The same with the key server as the provider, and nobody in between: what it signals, the origin passes on and players are told.
pub(super) async fn a_key_servers_signalling_reaches_players(host: EdgeHost) -> Result<Stack> {
    let policy = toml::toml! { signalling = "provider" pssh = ["init"] };
    let source = altered([("key_policy", policy)])?;
    let stack = Stack::start(StackOptions { title: source.path().to_owned(), ..options(host).await? }).await?;
    let session = stack.session("viewer").await?;
    for delivery in SCHEMES {
        let scheme = delivery.as_str();
        let answer = stack.of_origin(&format!("signalling/{scheme}")).await?;
        let said: Value = serde_json::from_slice(&answer.expect(StatusCode::OK).context("the origin")?)?;
        let text = async |url: &str| -> Result<String> {
            let answer = stack.get(url, &[]).await?;
            let body =
                answer.expect(StatusCode::OK).with_context(|| format!("{url}: {:?}", stack.edge.log().lines().last()));
            Ok(String::from_utf8(body?.to_vec())?)
        };
        let master = text(session.hls(scheme).context("HLS")?).await?;
        let mpd = text(session.dash(scheme).context("DASH")?).await?;
        let init = stack.get(&object(&stack, &session, scheme, "v360/init.mp4")?, &[]).await?.expect(StatusCode::OK);
        let init = init.with_context(|| format!("{:?}", stack.edge.log().lines().last()))?;
        let mut boxes = 0;
        for entry in said["signalling"].as_array().context("a list")? {
            let member = |name: &str| entry[name].as_str();
            match member("system").context("a system")? {
                "widevine" => {
                    let pssh = member("pssh").context("a box")?;
                    ensure!(master.contains(&format!("base64,{pssh}\"")), "{scheme}: {pssh} is not in {master}");
                    ensure!(
                        mpd.contains(&format!("<cenc:pssh>{pssh}</cenc:pssh>")),
                        "{scheme}: {pssh} is not in {mpd}"
                    );
                    let whole = STANDARD.decode(pssh)?;
                    boxes += usize::from(init.windows(whole.len()).any(|window| window == whole));
                }
                "playready" => {
                    let object = member("pro").context("an object")?;
                    ensure!(master.contains(&format!("UTF-16;base64,{object}\"")), "{scheme}: {object}, {master}");
                    ensure!(mpd.contains(&format!("<mspr:pro>{object}</mspr:pro>")), "{scheme}: {object}, {mpd}");
                }
                "fairplay" => {
                    let uri = member("key_uri").context("a URI")?;
                    ensure!(master.contains(&format!("\"{uri}\"")), "{scheme}: {uri} is not in {master}");
                }
                _ => {}
            }
        }
        ensure!(boxes == 1, "{scheme}: {boxes} of the provider's Widevine boxes in the video's init segment");
    }
    let report = walk_title(&stack, host).await?;
    ensure!(report.samples > 0 && report.good(), "{:?}", report.problems);
    Ok(stack)
}

/// DASH-IF's Enhanced Clear Key Content Protection: manifest, segment and licence by the handle in their paths, and by nothing else.
pub(super) async fn a_token_outside_of_the_url_opens_nothing_where_the_title_says_so(host: EdgeHost) -> Result<Stack> {
    let rights = toml::toml! { url_tokens_only = true };
    let policy = toml::toml! { systems = ["clearkey"] schemes = ["cenc", "cbcs"] };
    let source = altered([("rights", rights), ("key_policy", policy)])?;
    let stack = Stack::start(StackOptions { title: source.path().to_owned(), ..options(host).await? }).await?;
    let session = stack.session("viewer").await?;
    let report = walk_title(&stack, host).await?;
    ensure!(report.samples > 0 && report.good(), "by the handle: {:?}", report.problems);
    let manifest: Url = session.dash("cbcs").context("DASH")?.parse()?;
    let (_, below) = manifest.path().split_once("/v1/").context("a path")?;
    let title = below.split_once('/').context("a title")?.0;
    let wanted = json!({"kids": ["AAAAAAAAAAAAAAAAAAAAAA"]});
    let version = &stack.indexed.descriptor.version;
    let three = async |headers: &[(&str, &str)]| -> Result<Vec<Answer>> {
        let path = |rest: &str| format!("/v1/{title}/{rest}");
        Ok(vec![
            stack.get(&path("cbcs/manifest.mpd"), headers).await?,
            stack.get(&path(&format!("cbcs/v360/1.m4s?v={version}")), headers).await?,
            stack.send(Method::POST, &path("license/clearkey"), headers, Some(&wanted)).await?,
        ])
    };
    for answer in three(&[]).await? {
        ensure!(answer.problem() == (401, "token_missing".to_owned()), "{:?}", answer.problem());
    }
    let (cookie, bearer) = (format!("sluice-lease={}", session.lease), format!("Bearer {}", session.lease));
    for header in [("cookie", cookie.as_str()), ("authorization", bearer.as_str())] {
        for answer in three(&[header]).await? {
            ensure!(answer.problem() == (403, "not_entitled".to_owned()), "{}: {:?}", header.0, answer.problem());
        }
    }
    Ok(stack)
}

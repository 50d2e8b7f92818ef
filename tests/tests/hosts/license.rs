//! Licences of Widevine, PlayReady and FairPlay: a vendor's server over HTTP, told by its own token what the viewer may have.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice_gate::{
    grant::jwt::mint_hs256,
    log::{
        Line, START,
        audit::{Allowed, Audit},
        open,
    },
};
use sluice_packager::title::{Delivery, KeyScope, ResolutionClass};
use sluice_tests::{
    fixture::{Answer, Session, Stack, altered},
    runtime::EdgeHost,
};
use toml::{Table, toml};

use super::{
    options,
    rights::{PROXY_SECRET, mint},
    vendor::{CERTIFICATE, Mood, Vendor, seconds},
};

const ADMIN: &str = "an administrator's secret for tests";
const ASKER: &str = "what a licence server shows when it asks";
const ASKER_BEFORE: &str = "what a licence server showed before that";
const SYSTEMS: [&str; 3] = ["widevine", "playready", "fairplay"];

/// An edge whose licences come from the vendor, behind a proxy that the tests play, with an administrator.
async fn licensed(host: EdgeHost, rights: Table, systems: &[&str]) -> Result<(Stack, Vendor)> {
    let mut options = options(host).await?;
    let vendor = Vendor::start(options.clock.clone()).await?;
    let mut policy = toml! { keys = "class" schemes = ["cenc", "cbcs"] };
    policy.insert("systems".to_owned(), systems.to_vec().into());
    let title = altered([("key_policy", policy), ("rights", rights)])?;
    options.title = title.path().to_owned();
    let keys = json!([{ "kid": "ops", "alg": "HS256", "secret": "admin_secret" }]);
    options.config = json!({
        "licenses": vendor.licenses(),
        "entitlements": ["entitlement_secret", "entitlement_secret_previous"],
        "admin": { "tokens": { "audience": "sluice-admin", "keys": keys } },
        "proxy": { "secret": "proxy_secret", "secret_header": "x-proxy-secret", "country_header": "x-country" },
    });
    let secrets = [
        ("axinom_key", vendor.key()),
        ("entitlement_secret", ASKER),
        ("entitlement_secret_previous", ASKER_BEFORE),
        ("admin_secret", ADMIN),
        ("proxy_secret", PROXY_SECRET),
    ];
    options.secrets = secrets.map(|(name, secret)| (name.to_owned(), secret.to_owned())).into();
    Ok((Stack::start(options).await?, vendor))
}

async fn ask(stack: &Stack, url: &str, headers: &[(&str, &str)], challenge: &'static [u8]) -> Result<Answer> {
    let mut request = stack.client().post(url).body(Bytes::from_static(challenge));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Answer { status, headers, body: response.bytes().await? })
}

/// The title's folder, through the session's handle.
fn folder(session: &Session) -> Result<&str> {
    session.hls("cbcs").and_then(|url| url.strip_suffix("/cbcs/main.m3u8")).context("the title's folder")
}

/// Key ids of a title with keys by class, in those deliveries and scopes.
fn kids(stack: &Stack, deliveries: &[Delivery], hd: bool) -> BTreeSet<String> {
    let policy = stack.indexed.descriptor.key_policy.iter().flat_map(|policy| &policy.schemes);
    let keys = policy.filter(|keys| deliveries.contains(&keys.scheme)).flat_map(|keys| &keys.keys);
    keys.filter(|key| hd || key.scope != KeyScope::Class(ResolutionClass::Hd)).map(|key| key.kid.to_string()).collect()
}

fn named(keys: &Value) -> BTreeSet<String> {
    let keys = keys["inline"].as_array().into_iter().flatten();
    keys.filter_map(|key| Some(key["id"].as_str()?.replace('-', ""))).collect()
}

/// The lines of the decision log, which is whole.
fn lines(stack: &Stack) -> Result<Vec<Line>> {
    let roots = stack.secrets().roots()?;
    let (mut audit, mut lines) = (Audit::new(Allowed::default()), Vec::new());
    for (number, line) in (1..).zip(stack.edge.log().lines()) {
        let Some(at) = line.find(START) else { continue };
        let line = open(&roots, &line[at..])?;
        audit.take(number, &line);
        lines.push(line);
    }
    let report = audit.finish();
    ensure!(report.first_break().is_none(), "{report:?}");
    Ok(lines)
}

pub(super) async fn a_vendor_makes_licences_of_what_the_viewer_may_have(host: EdgeHost) -> Result<Stack> {
    let rights = toml! {
        tiers = [{ name = "basic", max_height = 576 }, { name = "premium" }]
        license = { seconds = 1800, restrictions = [{ above_height = 576, hdcp = "2.2" }] }
    };
    let (stack, vendor) = licensed(host, rights, &SYSTEMS).await?;
    let cookie = "sluice-lease=x; other=y";
    let action = "\"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense\"";
    for (tier, hd) in [("premium", true), ("basic", false)] {
        let session = mint(&stack, tier, tier, &[]).await?.session()?;
        ensure!(session.license.keys().collect::<Vec<_>>() == ["fairplay", "playready", "widevine"], "{session:?}");
        for system in SYSTEMS {
            let headers = [("cookie", cookie), ("soapaction", action), ("content-type", "image/png"), ("x-mine", "1")];
            let answer = ask(&stack, &session.license[system], &headers, b"\x00a challenge\xff").await?;
            let [asked] = <[_; 1]>::try_from(vendor.asked()).map_err(|asked| anyhow::anyhow!("{asked:?}"))?;
            let told = asked.told.context("what the vendor believes")?;
            ensure!(answer.status == StatusCode::OK, "{system}: {}", answer.status);
            // What came back is the vendor's body, and nothing else of it.
            let license: Value = serde_json::from_slice(&answer.body)?;
            ensure!(license["challenge"] == "AGEgY2hhbGxlbmdl/w==", "{license}");
            let content_type =
                if system == "playready" { "text/xml; charset=utf-8" } else { "application/octet-stream" };
            ensure!(answer.header("content-type") == content_type, "{:?}", answer.headers);
            ensure!(answer.header("cache-control") == "private, no-store", "{:?}", answer.headers);
            ensure!(!answer.headers.contains_key("x-axdrm-server"), "{:?}", answer.headers);
            ensure!(!answer.header("set-cookie").contains("vendor"), "{:?}", answer.headers);
            // What reached the vendor is the challenge, and nothing of the viewer.
            ensure!(asked.method == Method::POST && asked.body == b"\x00a challenge\xff"[..], "{:?}", asked.body);
            ensure!(asked.headers["content-type"] == content_type, "{:?}", asked.headers);
            ensure!(asked.headers.contains_key("soapaction") == (system == "playready"), "{:?}", asked.headers);
            ensure!(asked.headers["content-length"] == "13", "{:?}", asked.headers);
            for secret in ["cookie", "authorization", "x-mine", "x-origin-secret", "user-agent", "x-forwarded-for"] {
                ensure!(!asked.headers.contains_key(secret), "{secret} reached the vendor: {:?}", asked.headers);
            }
            ensure!(system != "widevine" || asked.uri.query() == Some("tenant=t"), "{}", asked.uri);
            let deliveries: &[Delivery] =
                if system == "fairplay" { &[Delivery::Cbcs] } else { &[Delivery::Cbcs, Delivery::Cenc] };
            ensure!(named(&told["content_keys_source"]) == kids(&stack, deliveries, hd), "{tier} {system}: {told}");
            let ends = seconds(&told["license"]["expiration_datetime"])?;
            ensure!(ends.abs_diff(stack.now() + 1800) <= 60 && ends <= session.ends, "{told}");
            ensure!(told.to_string().contains("2.2") == (hd && system == "widevine"), "{tier} {system}: {told}");
        }
        for _ in 0..2 {
            let url = format!("{}/license/fairplay/certificate", folder(&session)?);
            let body = stack.get(&url, &[]).await?.expect(StatusCode::OK)?;
            ensure!(body == CERTIFICATE, "{body:?}");
        }
        let fetched = vendor.asked();
        ensure!(fetched.iter().all(|asked| asked.method == Method::GET && asked.told.is_none()), "{fetched:?}");
        ensure!(
            fetched.len() == if host.collapses_misses() { usize::from(hd) } else { 2 },
            "{} fetched",
            fetched.len()
        );
        let large = ask(&stack, &session.license["widevine"], &[], &[7; 65_536]).await?;
        ensure!(large.status == StatusCode::OK && vendor.asked()[0].body.len() == 65_536, "{}", large.status);
        let larger = ask(&stack, &session.license["widevine"], &[], &[7; 65_537]).await?;
        ensure!(larger.problem() == (400, "bad_request".to_owned()), "{:?}", larger.problem());
    }
    let lines = lines(&stack)?;
    let licences: Vec<_> = lines.iter().filter(|line| line.decision == "license").collect();
    ensure!(licences.len() == 8 && licences.iter().all(|line| line.n.is_some()), "{licences:?}");
    for line in licences {
        let license = line.license.as_ref().context("of what")?;
        ensure!(
            license.vendor.as_deref() == Some("drm") && license.ms.is_some() && !license.kids.is_empty(),
            "{license:?}"
        );
    }
    let log = stack.edge.log().lines().join("\n");
    ensure!(!log.contains(vendor.key()) && !log.contains("eyJ"), "the log has a secret or a token: {log}");
    Ok(stack)
}

pub(super) async fn a_vendor_that_fails_is_told_by_what_may_be_tried(host: EdgeHost) -> Result<Stack> {
    let (stack, mut vendor) = licensed(host, Table::new(), &SYSTEMS).await?;
    let session = stack.session("viewer").await?;
    let url = &session.license["widevine"];
    let (busy, refused) = ((503, "key_unavailable".to_owned()), (502, "origin_unreachable".to_owned()));
    for (mood, expected, why) in [
        (Mood::Status(429), &busy, "status 429"),
        (Mood::Status(503), &busy, "status 503"),
        (Mood::Silent, &busy, "no answer in time"),
        // Spin's runtime need not tell a body that stalls from one that breaks.
        (Mood::Stalls, &busy, "license server drm: "),
        (Mood::Status(500), &refused, "status 500"),
        (Mood::Status(403), &refused, "status 403"),
        (Mood::Status(302), &refused, "status 302"),
        (Mood::Breaks, &busy, "cut off"),
        (Mood::Long(0), &refused, "empty"),
        (Mood::Long((256 << 10) + 1), &refused, "larger than"),
    ] {
        vendor.set(mood);
        let answer = ask(&stack, url, &[], b"challenge").await?;
        ensure!(answer.problem() == *expected, "{mood:?}: {:?}", answer.problem());
        ensure!(answer.headers.contains_key("retry-after") == (expected.0 == 503), "{mood:?}: {:?}", answer.headers);
        let line = lines(&stack)?.pop().context("a line")?;
        let detail = line.detail.unwrap_or_default();
        ensure!(detail.starts_with("license server drm: ") && detail.contains(why), "{mood:?}: {detail}");
        // What failed is forgotten.
        vendor.set(Mood::Well);
        ask(&stack, url, &[], b"challenge").await?.expect(StatusCode::OK)?;
    }
    vendor.stop().await;
    let gone = ask(&stack, url, &[], b"challenge").await?.problem();
    ensure!(gone == refused, "nobody is there: {gone:?}");
    Ok(stack)
}

pub(super) async fn a_vendor_is_not_asked_for_who_may_not(host: EdgeHost) -> Result<Stack> {
    let (stack, vendor) = licensed(host, toml! { countries = { allow = ["DE"] } }, &["widevine", "fairplay"]).await?;
    let from = |country| [("x-proxy-secret", PROXY_SECRET), ("x-country", country)];
    let session = mint(&stack, "", "tv", &from("DE")).await?.session()?;
    ensure!(!session.license.contains_key("playready"), "the session names a licence of PlayReady");
    let folder = folder(&session)?;
    let outcome = async |path: &str, country| -> Result<(u16, String)> {
        let url = format!("{folder}/license/{path}");
        let answer = if path.ends_with("certificate") {
            stack.get(&url, &from(country)).await?
        } else {
            ask(&stack, &url, &from(country), b"challenge").await?
        };
        Ok(if answer.status == StatusCode::OK { (200, String::new()) } else { answer.problem() })
    };
    let all = ["widevine", "fairplay", "fairplay/certificate"];
    for path in all {
        let abroad = outcome(path, "FR").await?;
        ensure!(abroad == (403, "geo_blocked".to_owned()), "{path} from abroad: {abroad:?}");
    }
    let unlisted = outcome("playready", "DE").await?;
    ensure!(unlisted == (403, "not_entitled".to_owned()), "a system that is not listed: {unlisted:?}");
    let url = format!("/v1/{}/license/widevine", stack.title());
    let nobody = ask(&stack, &(stack.url() + &url), &from("DE"), b"challenge").await?.problem();
    ensure!(nobody == (401, "token_missing".to_owned()), "without a lease: {nobody:?}");
    ensure!(vendor.asked().is_empty(), "the vendor was asked");
    for path in all {
        let at_home = outcome(path, "DE").await?;
        ensure!(at_home.0 == 200, "{path}: {at_home:?}");
    }
    ensure!(vendor.asked().len() == 3, "the vendor was not asked");
    revoke(&stack, "viewer").await?;
    for path in all {
        let revoked = outcome(path, "DE").await?;
        ensure!(revoked == (410, "session_ended".to_owned()), "{path}, revoked: {revoked:?}");
    }
    ensure!(vendor.asked().is_empty(), "the vendor was asked for whom was revoked");
    lines(&stack)?;
    Ok(stack)
}

async fn revoke(stack: &Stack, account: &str) -> Result<()> {
    let claims = json!({ "aud": "sluice-admin", "roles": ["sluice-revoke"], "exp": stack.now() + 60 });
    let bearer = format!("Bearer {}", mint_hs256("ops", ADMIN.as_bytes(), &claims)?);
    let headers = [("authorization", bearer.as_str())];
    let wanted = json!({ "account": account });
    stack.send(Method::POST, "/v1/revocations", &headers, Some(&wanted)).await?.expect(StatusCode::OK)?;
    Ok(())
}

pub(super) async fn a_licence_server_that_asks_is_answered(host: EdgeHost) -> Result<Stack> {
    let rights = toml! {
        tiers = [{ name = "basic", max_height = 576 }, { name = "premium" }]
        license = { seconds = 1800, restrictions = [{ above_height = 576, hdcp = "2.2", security_level = "hardware_decode" }] }
    };
    let (stack, vendor) = licensed(host, rights, &["widevine"]).await?;
    let ask = async |secret: &str, question: &Value| {
        let bearer = format!("Bearer {secret}");
        stack.send(Method::POST, "/v1/entitlements", &[("authorization", &bearer)], Some(question)).await
    };
    let all = kids(&stack, &[Delivery::Cenc], true);
    let question = |session: &Session| json!({ "session": session.session, "title": stack.title(), "system": "widevine", "kids": all });
    for (tier, hd) in [("premium", true), ("basic", false)] {
        let session = mint(&stack, tier, tier, &[]).await?.session()?;
        for secret in [ASKER, ASKER_BEFORE] {
            let told: Value = serde_json::from_slice(&ask(secret, &question(&session)).await?.expect(StatusCode::OK)?)?;
            let kids: BTreeSet<String> = serde_json::from_value(told["kids"].clone())?;
            let expected = self::kids(&stack, &[Delivery::Cenc], hd);
            ensure!(told["allow"] == true && kids == expected, "{tier}: {told}");
            let restrictions = &told["restrictions"];
            let (hdcp, level) = if hd { (json!("2.2"), json!("hardware_decode")) } else { (Value::Null, Value::Null) };
            ensure!(restrictions["hdcp"] == hdcp && restrictions["security_level"] == level, "{tier}: {told}");
            ensure!(restrictions["seconds"] == 1800 && restrictions["persistent"] == false, "{told}");
            ensure!(restrictions["max_height"] == if hd { Value::Null } else { json!(576) }, "{told}");
        }
        let wrong = ask(&session.lease, &question(&session)).await?.problem();
        ensure!(wrong == (401, "token_invalid".to_owned()), "a viewer asks: {wrong:?}");
        let malformed = ask(ASKER, &json!({ "session": session.session })).await?.problem();
        ensure!(malformed == (400, "bad_request".to_owned()), "{malformed:?}");
        let by_lease = json!({ "lease": session.lease, "title": stack.title(), "system": "playready" });
        let denied: Value = serde_json::from_slice(&ask(ASKER, &by_lease).await?.expect(StatusCode::OK)?)?;
        ensure!(denied == json!({ "allow": false, "code": "not_entitled" }), "{denied}");
    }
    let session = mint(&stack, "premium", "phone", &[]).await?.session()?;
    revoke(&stack, "viewer").await?;
    let denied: Value = serde_json::from_slice(&ask(ASKER, &question(&session)).await?.expect(StatusCode::OK)?)?;
    ensure!(denied == json!({ "allow": false, "code": "session_ended" }), "{denied}");
    ensure!(vendor.asked().is_empty(), "the vendor's own server asked; nobody asks it");
    let lines = lines(&stack)?;
    let count = |decision: &str| lines.iter().filter(|line| line.decision == decision).count();
    ensure!((count("entitlement"), count("not_entitled"), count("session_ended")) == (4, 2, 1), "{lines:?}");
    Ok(stack)
}

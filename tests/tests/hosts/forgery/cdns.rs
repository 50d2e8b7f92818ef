//! Tokens of other CDNs and Common Access Tokens: signed with keys of our own, then altered.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use http::StatusCode;
use serde_json::json;
use sha2::Sha256;
use sluice_gate::grant::cat::{
    self,
    cose::{self, Structure},
};
use sluice_tests::{
    fixture::{Stack, StackOptions},
    runtime::EdgeHost,
};

use super::attempt::{Attempt, refused};
use crate::options;

/// The key of EdgeAuth tokens, hex digits as they are deployed.
const AKAMAI_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const CAT_KEY: &str = "the key of Common Access Tokens, thirty-two bytes";

pub(super) async fn run(host: EdgeHost) -> Result<Stack> {
    let config = json!({
        "viewer": { "leeway_seconds": 0 },
        "edgeauth": { "name": "hdnts", "keys": ["akamai_key"], "account": "id" },
        "cat": { "keys": [{ "kid": "k", "alg": "HS256", "secret": "cat_key" }], "leeway_seconds": 0 },
    });
    let secrets = [("akamai_key".to_owned(), AKAMAI_KEY.to_owned()), ("cat_key".to_owned(), CAT_KEY.to_owned())].into();
    let stack = Stack::start(StackOptions { config, secrets, ..options(host).await? }).await?;
    let mut attempts = Vec::new();
    edge_auth(&stack, &mut attempts).await?;
    common_access(&stack, &mut attempts).await?;
    refused(&stack, &attempts).await?;
    Ok(stack)
}

/// Fields and their MAC by the key.
fn akamai(fields: &str) -> String {
    let key: Vec<u8> = (0..32).collect();
    let mac = Hmac::<Sha256>::new_from_slice(&key).map(|mac| mac.chain_update(fields).finalize().into_bytes());
    let mac: String = mac.unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{fields}~hmac={mac}")
}

async fn edge_auth(stack: &Stack, attempts: &mut Vec<Attempt>) -> Result<()> {
    let (title, now) = (stack.title(), stack.now());
    let shown = |what: &str, token: &str| {
        let mut attempt = Attempt::session(format!("EdgeAuth: {what}"), stack);
        attempt.target += &format!("?hdnts={token}");
        attempt
    };
    let good = akamai(&format!("st={now}~exp={}~acl=/v1/{title}/*~id=anna", now + 600));
    shown("sound", &good).send(stack).await?.expect(StatusCode::CREATED)?;
    let end = now + 600;
    for (what, fields) in [
        ("over", format!("exp={}~acl=/*~id=a", now - 1)),
        ("not begun", format!("st={}~exp={end}~acl=/*~id=a", now + 300)),
        ("without an end", "acl=/*~id=a".to_owned()),
        ("without ACL and URL", format!("exp={end}~id=a")),
        ("of another title", format!("exp={end}~acl=/v1/another/*~id=a")),
        ("of a longer title", format!("exp={end}~acl=/v1/{title}2/*~id=a")),
        ("of the title alone, not what is in it", format!("exp={end}~acl=/v1/{title}~id=a")),
        ("of a title in capitals", format!("exp={end}~acl=/V1/{}/*~id=a", title.to_uppercase())),
        ("of dots", format!("exp={end}~acl=/v1/x/../{title}/*~id=a")),
        ("of escaped dots", format!("exp={end}~acl=/v1/%2e%2e/v1/{title}/*~id=a")),
        ("of another address", format!("ip=198.51.100.7~exp={end}~acl=/*~id=a")),
        ("without an account", format!("exp={end}~acl=/*~id=")),
        ("with fields in another order", format!("acl=/*~exp={end}~id=a")),
        ("with a field twice", format!("exp={end}~exp={}~acl=/*~id=a", end + 1)),
        ("with a foreign field", format!("exp={end}~acl=/*~id=a~admin=1")),
        ("ended by a word", "exp=never~acl=/*~id=a".to_owned()),
        ("of too many ACLs", format!("exp={end}~acl={}~id=a", "/*!".repeat(500))),
    ] {
        attempts.push(shown(what, &akamai(&fields)));
    }
    let (fields, mac) = good.rsplit_once("~hmac=").context("a token")?;
    for (what, token) in [
        ("no MAC", fields.to_owned()),
        ("an empty MAC", format!("{fields}~hmac=")),
        ("half a MAC", format!("{fields}~hmac={}", &mac[..32])),
        ("a MAC of SHA-1's length", format!("{fields}~hmac={}", &mac[..40])),
        ("capitals", format!("{fields}~hmac={}", mac.to_uppercase())),
        ("two MACs", format!("{fields}~hmac={mac}~hmac={mac}")),
        ("more behind", format!("{good}~acl=/*")),
    ] {
        attempts.push(shown(what, &token));
    }
    let mut twice = shown("twice", &good);
    twice.target += &format!("&hdnts={good}");
    attempts.push(twice);
    for at in 0..good.len() {
        let mut bytes = good.as_bytes().to_vec();
        bytes[at] ^= 1;
        let plain = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"~=/*-._!".contains(byte));
        if let (true, Ok(token)) = (plain, String::from_utf8(bytes)) {
            attempts.push(shown(&format!("character {at} changed"), &token));
        }
    }
    Ok(())
}

async fn common_access(stack: &Stack, attempts: &mut Vec<Attempt>) -> Result<()> {
    let now = stack.now();
    let shown = |what: String, token: &str| {
        Attempt::session(format!("CAT: {what}"), stack).with("cta-common-access-token", token)
    };
    // {2: "anna", 4: exp}: CWT's sub and exp.
    let claims = |more: &[u8], entries: u8| {
        let exp = u32::try_from(now + 600).unwrap_or(u32::MAX).to_be_bytes();
        [&[0xa0 + 2 + entries, 0x02, 0x64][..], b"anna", &[0x04, 0x1a], &exp, more].concat()
    };
    let protected = cose::protected(5, b"k");
    let seal = |claims: &[u8]| {
        let tag = cat::hs256(CAT_KEY.as_bytes(), &cose::to_be_authenticated(Structure::Mac0, &protected, claims));
        cose::wrap(Structure::Mac0, &protected, Vec::new(), claims, &tag)
    };
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let good = seal(&claims(&[], 0));
    shown("sound".to_owned(), &text(&good)).send(stack).await?.expect(StatusCode::CREATED)?;
    for (what, more, entries) in [
        ("an unknown claim", &[0x19, 0x03, 0xe7, 0x01][..], 1),
        ("catdpop", &[0x19, 0x01, 0x41, 0xa0], 1),
        ("a claim twice", &[0x02, 0x63, b'b', b'o', b'b'], 1),
        ("an issuer that none is configured for", &[0x03, 0x61, b'x'], 1),
        ("nbf ahead", &[0x05, 0x1a, 0xff, 0xff, 0xff, 0xff], 1),
        ("catv 2", &[0x19, 0x01, 0x36, 0x02], 1),
        ("fewer entries than said", &[], 1),
        ("something behind", &[0x00], 0),
    ] {
        attempts.push(shown(what.to_owned(), &text(&seal(&claims(more, entries)))));
    }
    // Bombs: what claims to be long, deep or endless.
    for (what, bomb) in [
        ("a map of 2^64 entries", [0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff].to_vec()),
        ("a text of 2^63 bytes", [0xa1, 0x02, 0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff].to_vec()),
        ("five thousand lists deep", vec![0x81; 5000]),
        ("an endless map", vec![0xbf]),
        ("an endless text", vec![0xa1, 0x02, 0x7f, 0x61, b'a']),
        ("a thousand tags", vec![0xc6; 1000]),
        ("nothing", Vec::new()),
    ] {
        attempts.push(shown(format!("claims: {what}"), &text(&seal(&bomb))));
        attempts.push(shown(format!("bare: {what}"), &text(&bomb)));
    }
    let encoded = text(&good);
    for (what, token) in [
        ("padding", format!("{encoded}=")),
        ("cut", encoded[..encoded.len() - 2].to_owned()),
        ("twice", format!("{encoded}{encoded}")),
        ("of 9000 bytes", encoded.repeat(9000 / encoded.len() + 1)),
    ] {
        attempts.push(shown(what.to_owned(), &token));
    }
    attempts.push(shown("two headers".to_owned(), &encoded).with("cta-common-access-token", encoded.clone()));
    for bit in 0..good.len() * 8 {
        let mut altered = good.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        attempts.push(shown(format!("bit {bit} changed"), &text(&altered)));
    }
    Ok(())
}

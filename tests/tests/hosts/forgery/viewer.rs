//! Viewers' JWTs.

use anyhow::{Context, Result};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, Mac};
use http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};
use sluice_tests::{
    fixture::{Secrets, Stack},
    runtime::EdgeHost,
};

use super::attempt::{Attempt, refused};
use crate::stack;

/// RFC 7515, A.2.1: a key that the deployment accepts RS256 tokens of. Its private half is in the RFC, and not used here.
const RSA_PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj
NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz
P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo
9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB
EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX
FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp
oQIDAQAB
-----END PUBLIC KEY-----
";

type Sign = fn(&[u8], &[u8]) -> Vec<u8>;

/// A JWT of these texts, which need not be JSON, signed with the secret.
fn token(header: &str, claims: &str, secret: &[u8], sign: Sign) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = sign(secret, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(secret)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn hs384(secret: &[u8], message: &[u8]) -> Vec<u8> {
    Hmac::<Sha384>::new_from_slice(secret)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn hs512(secret: &[u8], message: &[u8]) -> Vec<u8> {
    Hmac::<Sha512>::new_from_slice(secret)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn unsigned(_: &[u8], _: &[u8]) -> Vec<u8> {
    Vec::new()
}

fn digest(_: &[u8], message: &[u8]) -> Vec<u8> {
    Sha256::digest(message).to_vec()
}

pub(super) async fn run(host: EdgeHost) -> Result<Stack> {
    let stack = stack(
        host,
        json!({ "viewer": { "leeway_seconds": 5, "keys": [
        { "kid": Secrets::VIEWER_KID, "alg": "HS256", "secret": Secrets::VIEWER_SECRET_NAME },
        { "kid": "rsa", "alg": "RS256", "public_key": RSA_PUBLIC_KEY },
    ] } }),
    )
    .await?;
    let secret = stack.secrets().viewer.as_bytes();
    let header = json!({ "alg": "HS256", "kid": Secrets::VIEWER_KID }).to_string();
    let claims = serde_json::to_value(stack.claims("viewer"))?;
    let good = token(&header, &claims.to_string(), secret, hs256);
    Attempt::session("sound", &stack).bearer(&good).send(&stack).await?.expect(StatusCode::CREATED)?;

    let mut tokens: Vec<(String, String)> = Vec::new();
    algorithms(&claims, secret, &mut tokens);
    kids(&claims, secret, &mut tokens);
    members(&header, &claims, secret, &mut tokens)?;
    forms(&good, &header, &claims, secret, &mut tokens)?;
    times(&header, &claims, secret, stack.now(), &mut tokens);
    let mut attempts: Vec<Attempt> =
        tokens.iter().map(|(what, token)| Attempt::session(what.as_str(), &stack).bearer(token)).collect();
    // Carried in ways that are none.
    attempts.extend([
        Attempt::session("two Authorization headers", &stack).bearer(&good).bearer(&good),
        Attempt::session("two Authorization headers, one wrong", &stack).bearer(&good).bearer("x.y.z"),
        Attempt::session("as Basic", &stack).with("authorization", format!("Basic {good}")),
        Attempt::session("without a scheme", &stack).with("authorization", good.clone()),
        Attempt::session("as the lease's cookie", &stack).cookie("sluice-lease", &good),
    ]);
    let mut in_the_query = Attempt::session("in the query", &stack);
    in_the_query.target += &format!("?access_token={good}&token={good}");
    attempts.push(in_the_query);
    refused(&stack, &attempts).await?;
    Ok(stack)
}

/// Signed by another algorithm than the key's, said or not.
fn algorithms(claims: &Value, secret: &[u8], tokens: &mut Vec<(String, String)>) {
    let mut add = |alg: Value, kid: &str, secret: &[u8], sign: Sign| {
        let header = json!({ "alg": alg, "kid": kid });
        tokens.push((format!("{header}"), token(&header.to_string(), &claims.to_string(), secret, sign)));
    };
    for none in ["none", "None", "NONE", "nOnE", "", "null"] {
        for kid in [Secrets::VIEWER_KID, "rsa"] {
            add(json!(none), kid, secret, unsigned);
            add(json!(none), kid, secret, hs256);
        }
    }
    for (alg, sign) in
        [("HS384", hs384 as Sign), ("HS512", hs512), ("hs256", hs256), ("HS256 ", hs256), ("SHA256", digest)]
    {
        add(json!(alg), Secrets::VIEWER_KID, secret, sign);
    }
    for alg in ["RS256", "PS256", "ES256", "EdDSA", "ES256K", "RSA-OAEP", "dir"] {
        add(json!(alg), Secrets::VIEWER_KID, secret, hs256);
    }
    for alg in [json!(null), json!(["HS256"]), json!({ "alg": "HS256" }), json!(256)] {
        add(alg, Secrets::VIEWER_KID, secret, hs256);
    }
    // The public key taken for a shared secret, in every spelling that a careless library could use.
    let der: Vec<u8> = STANDARD
        .decode(RSA_PUBLIC_KEY.lines().filter(|line| !line.starts_with('-')).collect::<String>())
        .unwrap_or_default();
    for public in [RSA_PUBLIC_KEY.as_bytes(), RSA_PUBLIC_KEY.trim().as_bytes(), &der] {
        for alg in ["HS256", "RS256", "PS256"] {
            add(json!(alg), "rsa", public, hs256);
        }
    }
    add(json!("RS256"), "rsa", secret, hs256);
    add(json!("HS256"), "rsa", secret, hs256);
    add(json!("RS256"), "rsa", &[], |_, _| vec![0; 256]);
    add(json!("RS256"), "rsa", &[], |_, _| vec![0xff; 256]);
    add(json!("RS256"), "rsa", &[], |_, _| [vec![0; 255], vec![1]].concat());
}

/// Key ids that are none, or that a lookup might take for a path or a statement.
fn kids(claims: &Value, secret: &[u8], tokens: &mut Vec<(String, String)>) {
    for kid in [
        json!(""),
        json!(0),
        json!(null),
        json!(true),
        json!([Secrets::VIEWER_KID]),
        json!({ "kid": Secrets::VIEWER_KID }),
        json!("Fixture"),
        json!(" fixture"),
        json!("fixture "),
        json!("fixture\u{0}"),
        json!("\u{fb01}xture"),
        json!("fixt\u{fc}re"),
        json!("../../../../dev/null"),
        json!("/dev/null"),
        json!("file:///dev/null"),
        json!("viewer_secret"),
        json!("' OR '1'='1"),
        json!("fixture' UNION SELECT 'x"),
        json!("fixture;id"),
        json!("$(id)"),
        json!("%66ixture"),
        json!("fixture".repeat(200)),
    ] {
        for secret in [secret, b"".as_slice(), &[0; 32]] {
            let header = json!({ "alg": "HS256", "kid": kid });
            let sound = format!("kid {}", header["kid"].to_string().chars().take(40).collect::<String>());
            tokens.push((sound, token(&header.to_string(), &claims.to_string(), secret, hs256)));
        }
    }
    tokens.push(("no kid".to_owned(), token(r#"{"alg":"HS256"}"#, &claims.to_string(), secret, hs256)));
}

/// Members that are there twice, that bring a key along, or that must be understood.
fn members(header: &str, claims: &Value, secret: &[u8], tokens: &mut Vec<(String, String)>) -> Result<()> {
    let text = claims.to_string();
    let key = URL_SAFE_NO_PAD.encode([1; 32]);
    let inner = header.strip_suffix('}').context("an object")?;
    for more in [
        r#""alg":"none""#.to_owned(),
        r#""alg":"HS256""#.to_owned(),
        format!(r#""kid":"{}""#, Secrets::VIEWER_KID),
        r#""\u006bid":"rsa""#.to_owned(),
        r#""crit":["exp"]"#.to_owned(),
        r#""crit":[]"#.to_owned(),
        r#""b64":false,"crit":["b64"]"#.to_owned(),
    ] {
        tokens.push((format!("header with {more}"), token(&format!("{inner},{more}}}"), &text, secret, hs256)));
    }
    // A key in the header, and the token signed with it.
    for (name, value) in [
        ("jwk", format!(r#"{{"kty":"oct","k":"{key}"}}"#)),
        ("jku", r#""https://forger.example/jwks.json""#.to_owned()),
        ("x5u", r#""https://forger.example/x5c.pem""#.to_owned()),
        ("x5c", r#"["MIIB"]"#.to_owned()),
    ] {
        let header = format!("{inner},\"{name}\":{value}}}");
        tokens.push((format!("header with {name}"), token(&header, &text, &[1; 32], hs256)));
    }
    let inner = text.strip_suffix('}').context("an object")?;
    for more in [
        r#""sub":"another""#,
        r#""\u0073ub":"another""#,
        r#""exp":9999999999"#,
        r#""iss":"https://another.example""#,
        r#""titles":["demo"],"titles":["another"]"#,
        r#""x":{"a":1,"a":2}"#,
        r#""aud":"somebody else""#,
    ] {
        tokens.push((format!("claims with {more}"), token(header, &format!("{inner},{more}}}"), secret, hs256)));
    }
    let mut with = |name: &str, value: Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        tokens.push((format!("{name} {}", changed[name]), token(header, &changed.to_string(), secret, hs256)));
    };
    for wrong in [json!(null), json!(""), json!(7), json!(["viewer"]), json!("viewer\u{0}"), json!("v".repeat(300))] {
        with("sub", wrong);
    }
    for wrong in [json!("one"), json!("-1"), json!(-1), json!([]), json!(1.5), json!(u64::MAX)] {
        with("stream_limit", wrong);
    }
    for wrong in [json!("demo"), json!([7]), json!([[]]), json!({}), json!([])] {
        with("titles", wrong);
    }
    Ok(())
}

/// Texts that are no compact JWT, or not the one spelling of it.
fn forms(good: &str, header: &str, claims: &Value, secret: &[u8], tokens: &mut Vec<(String, String)>) -> Result<()> {
    let (message, signature) = good.rsplit_once('.').context("a JWT")?;
    let (first, second) = message.split_once('.').context("a JWT")?;
    // 32 bytes are 43 characters, of whose last two bits nothing is made.
    let spare = {
        let last = signature.chars().last().context("a signature")?;
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = alphabet.find(last).context("base64url")?;
        format!("{}{}", &signature[..signature.len() - 1], &alphabet[at ^ 1..=at ^ 1])
    };
    let raw = URL_SAFE_NO_PAD.decode(signature)?;
    let mut longer = claims.clone();
    longer["x"] = "x".repeat(6200).into();
    let long = token(header, &longer.to_string(), secret, hs256);
    anyhow::ensure!(long.len() > 8192, "{} bytes", long.len());
    let nested = format!(r#"{{"sub":"viewer","x":{}1{}}}"#, "[".repeat(2500), "]".repeat(2500));
    for (what, text) in [
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("two parts", message.to_owned()),
        ("no signature", format!("{message}.")),
        ("four parts", format!("{good}.{signature}")),
        ("five parts", format!("{first}.{second}.{second}.{second}.{signature}")),
        ("a dot before", format!(".{good}")),
        ("a dot behind", format!("{good}.")),
        ("padding", format!("{good}=")),
        ("spare bits", format!("{message}.{spare}")),
        ("half a signature", format!("{message}.{}", &signature[..20])),
        ("the signature twice", format!("{message}.{signature}{signature}")),
        ("the signature in base64 with padding", format!("{message}.{}", URL_SAFE.encode(&raw))),
        ("parts changed over", format!("{second}.{first}.{signature}")),
        ("a space inside", format!("{first}. {second}.{signature}")),
        ("more than 8 KiB", long),
        ("a header that is no JSON", token("{", &claims.to_string(), secret, hs256)),
        ("a header that is a list", token("[]", &claims.to_string(), secret, hs256)),
        ("claims that are no JSON", token(header, "sub=viewer", secret, hs256)),
        ("claims that are a list", token(header, &format!("[{claims}]"), secret, hs256)),
        ("claims and something behind", token(header, &format!("{claims}{{}}"), secret, hs256)),
        ("claims 2500 lists deep", token(header, &nested, secret, hs256)),
    ] {
        tokens.push((what.to_owned(), text));
    }
    // Every place of the token, one bit of its character changed.
    for at in 0..good.len() {
        let mut bytes = good.as_bytes().to_vec();
        bytes[at] ^= 1;
        if let Ok(text) = String::from_utf8(bytes)
            && text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            tokens.push((format!("character {at} changed"), text));
        }
    }
    Ok(())
}

/// Out of its time, by more than clocks may differ.
fn times(header: &str, claims: &Value, secret: &[u8], now: u64, tokens: &mut Vec<(String, String)>) {
    for (name, value) in [
        ("exp", json!(now - 1)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(null)),
        ("exp", json!("9999999999")),
        ("exp", json!([9_999_999_999_u64])),
        ("exp", json!(1e300)),
        ("nbf", json!(now + 60)),
        ("nbf", json!("0")),
        ("nbf", json!(1e300)),
        ("iat", json!(now + 60)),
        ("iat", json!(-5)),
    ] {
        let mut changed = claims.clone();
        changed[name] = value;
        tokens.push((format!("{name} {}", changed[name]), token(header, &changed.to_string(), secret, hs256)));
    }
    let mut endless = claims.clone();
    endless.as_object_mut().map(|claims| claims.remove("exp"));
    tokens.push(("no exp".to_owned(), token(header, &endless.to_string(), secret, hs256)));
}

//! What attackers are known to try, and the RFCs' own examples of what is not supported.

use super::{
    sets::{jwk, published},
    *,
};
use crate::grant::jwks::KeySet;

/// RFC 7515, A.4: ES512.
const A4: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
/// RFC 7515, A.5, and RFC 7519, 6.1, the same: an unsecured JWT.
const A5: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
/// RFC 7519, 3.1, and RFC 7515, A.1, the same: HS256, without a `kid`.
const A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7520, 4: the payload of all examples, no JSON.
const BILBO: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
/// RFC 7520, 4.1: the key (3.3) and the signature.
const BILBO_N: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";
const BILBO_RS256: (&str, &str) = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
);
/// RFC 7520, 4.2: PS384.
const BILBO_PS384: (&str, &str) = (
    "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
);
/// RFC 7520, 4.3: ES512.
const BILBO_ES512: (&str, &str) = (
    "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
);
/// RFC 7520, 4.4: the key (3.5) and the signature.
const HMAC_KEY: &str = "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg";
const BILBO_HS256: (&str, &str) = (
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
    "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
);

fn unsupported(alg: &str) -> Result<Grant, GrantError> {
    Err(GrantError::Unsupported(format!("alg {alg}")))
}

#[test]
fn the_rfcs_examples_of_other_algorithms_are_refused_by_name() {
    let keys = keys(Algorithm::Hs256);
    assert_eq!(verify(&keys, A4, NOW), unsupported("ES512"));
    assert_eq!(verify(&keys, A5, NOW), unsupported("none"));
    assert_eq!(verify(&keys, A1, NOW), Err(INVALID), "no kid");
    for ((header, signature), alg) in [(BILBO_PS384, "PS384"), (BILBO_ES512, "ES512")] {
        assert_eq!(verify(&keys, &format!("{header}.{BILBO}.{signature}"), NOW), unsupported(alg));
    }
    // RFC 7797, 4.2: a payload that is not encoded, and detached.
    let b64 = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";
    assert_eq!(verify(&keys, b64, NOW), Err(INVALID));
}

/// RFC 7520, 4.1 and 4.4: the signatures hold, by a published and by a configured key. What they sign is no token.
#[test]
fn the_rfcs_examples_of_our_algorithms_hold() {
    let config = json!({
        "issuer": "bilbo", "jwks": {"name": "bag-end"},
        "keys": [{"kid": "018c0ae5-4d9b-471b-bfd6-eef314bc7037", "alg": "HS256", "secret": "s"}]
    });
    let secret = unbase64(HMAC_KEY);
    let config: ViewerConfig = serde_json::from_value(config).expect("configuration");
    let mut keys = ViewerKeys::new(&config, |_| Some(secret.as_slice())).expect("keys");
    let kid = "bilbo.baggins@hobbiton.example";
    let set = json!({"keys": [{"kty": "RSA", "kid": kid, "use": "sig", "n": BILBO_N, "e": "AQAB"}]});
    keys.add_set(KeySet::parse(set.to_string().as_bytes()).expect("a key set"));
    for (header, signature) in [BILBO_RS256, BILBO_HS256] {
        let token = format!("{header}.{BILBO}.{signature}");
        let compact = Compact::read(&token).expect("a token");
        let holds = |message: &str| {
            provider::install();
            let verified = keys.with_key(compact.kid().expect("kid"), |key| {
                crypto::verify(signature, message.as_bytes(), &key.key, key.algorithm.into()).expect("a verifier")
            });
            verified.expect("a key")
        };
        assert!(holds(compact.message));
        assert!(!holds(&compact.message[1..]));
        assert_eq!(verify(&keys, &token, NOW), Err(INVALID), "its payload is no JSON");
    }
}

#[test]
fn only_what_looks_like_a_name_is_named() {
    let judged = |alg: Value| {
        let header = json!({"alg": alg, "kid": "k"}).to_string();
        verify(&keys(Algorithm::Hs256), &signed(Algorithm::Hs256, &header, &claims().to_string()), NOW)
    };
    for alg in ["HS384", "RS512", "ES256K", "Ed25519", "Ed448", "EdDsa", "hs256", "A128KW", "ECDH-ES"] {
        assert_eq!(judged(json!(alg)), unsupported(alg));
    }
    for alg in [
        json!(""),
        json!("a b"),
        json!("HS256\n"),
        json!("\u{0}"),
        json!("HS256;drop"),
        json!("a".repeat(17)),
        json!(null),
        json!(256),
        json!(["HS256"]),
    ] {
        assert_eq!(judged(alg.clone()), Err(INVALID), "{alg}");
    }
}

/// The public half, in any form that a confused verifier might hold it in, is no HMAC secret.
#[test]
fn a_published_key_is_no_hmac_secret() {
    for pinned in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = jwk(pinned);
        let keys = published(core::slice::from_ref(&key), None);
        let pem = public_pem(pinned);
        let raw = unbase64(key["n"].as_str().or(key["x"].as_str()).expect("text"));
        let secrets = [pem.as_bytes().to_vec(), pem.trim_end().as_bytes().to_vec(), raw, key.to_string().into_bytes()];
        for secret in secrets {
            let forged = mint_hs256("k", &secret, &claims()).expect("token");
            assert_eq!(verify(&keys, &forged, NOW), Err(INVALID), "{pinned:?}");
        }
    }
}

#[test]
fn a_kid_is_compared_and_nothing_else() {
    let judged = |kid: Value| {
        let header = json!({"alg": "HS256", "kid": kid}).to_string();
        verify(&keys(Algorithm::Hs256), &signed(Algorithm::Hs256, &header, &claims().to_string()), NOW)
    };
    assert!(judged(json!("k")).is_ok());
    for kid in [
        json!(""),
        json!(" k"),
        json!("k "),
        json!("K"),
        json!("k\u{0}"),
        json!("./k"),
        json!("../../../../dev/null"),
        json!("/dev/null"),
        json!("k' OR '1'='1"),
        json!("k' UNION SELECT 'key"),
        json!("k;sleep 9"),
        json!("$(id)"),
        json!("https://evil.example/k"),
        // Cyrillic, full width, long s over, with a joiner, with a mark, right to left.
        json!("\u{43a}"),
        json!("\u{ff4b}"),
        json!("\u{212a}"),
        json!("k\u{200d}"),
        json!("k\u{301}"),
        json!("\u{202e}k"),
        json!(["k"]),
        json!({"k": "k"}),
        json!(0),
        json!(true),
        json!(null),
        json!("k".repeat(4096)),
    ] {
        assert_eq!(judged(kid.clone()), Err(INVALID), "{kid}");
        // By a set as well, and it is nothing to ask an issuer for where it is no text.
        let header = json!({"alg": "EdDSA", "kid": kid}).to_string();
        let token = signed(Algorithm::EdDsa, &header, &claims().to_string());
        let published = published(&[jwk(Algorithm::EdDsa)], None);
        assert_eq!(verify(&published, &token, NOW), Err(INVALID), "{kid}");
        assert!(kid.is_string() || published.wanted(&token).is_none());
    }
}

/// Keys and places of keys in the header are the attacker's own.
#[test]
fn keys_in_the_header_are_not_used() {
    for (name, value) in [
        ("jwk", jwk(Algorithm::EdDsa)),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/chain.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
    ] {
        let header = |kid: &str| json!({"alg": "EdDSA", "kid": kid, name: value}).to_string();
        let token = |kid: &str| signed(Algorithm::EdDsa, &header(kid), &claims().to_string());
        // Beside a known kid they are no matter; in place of one they open nothing.
        assert!(verify(&published(&[jwk(Algorithm::EdDsa)], None), &token("k"), NOW).is_ok(), "{name}");
        assert_eq!(verify(&published(&[], None), &token("k"), NOW), Err(INVALID), "{name}");
        assert_eq!(verify(&published(&[jwk(Algorithm::EdDsa)], None), &token("l"), NOW), Err(INVALID), "{name}");
    }
}

#[test]
fn numbers_and_nesting_have_bounds() {
    let judged = |payload: &str| {
        verify(&keys(Algorithm::Hs256), &signed(Algorithm::Hs256, r#"{"alg":"HS256","kid":"k"}"#, payload), NOW)
    };
    let payload = |exp: &str, more: &str| {
        format!(r#"{{"iss":"https://accounts.example","aud":"sluice","sub":"anna","exp":{exp}{more}}}"#)
    };
    assert!(judged(&payload("1000001", "")).is_ok());
    for exp in [
        "1e400",
        "-1e400",
        "1e18",
        "18446744073709551616",
        "99999999999999999999999999999999999999",
        "0x7fffffff",
        "Infinity",
        "NaN",
        "1000001.",
        "01000001",
        "+1000001",
        "1_000_001",
    ] {
        assert_eq!(judged(&payload(exp, "")), Err(INVALID), "{exp}");
    }
    let depth = |levels: usize| payload("1000001", &format!(r#","x":{}{}"#, "[".repeat(levels), "]".repeat(levels)));
    assert!(judged(&depth(100)).is_ok());
    for levels in [128, 1000, 2900] {
        assert_eq!(judged(&depth(levels)), Err(INVALID), "{levels}");
    }
}

#[test]
fn a_token_has_8192_bytes_at_most() {
    let header = |padding: usize| json!({"alg": "HS256", "kid": "k", "x": "x".repeat(padding)}).to_string();
    let exact = |length: usize| {
        let sizes = (0..40).flat_map(|a| (5800..6000).map(move |b| (a, b)));
        let lengths = |(a, b): (usize, usize)| {
            let payload = with(json!({"x": "x".repeat(b)})).to_string().len();
            let of = |bytes: usize| (bytes * 4).div_ceil(3);
            of(header(a).len()) + of(payload) + 43 + 2
        };
        let (a, b) = sizes.into_iter().find(|sizes| lengths(*sizes) == length).expect("a size");
        signed(Algorithm::Hs256, &header(a), &with(json!({"x": "x".repeat(b)})).to_string())
    };
    for (length, accepted) in [(MAX_TOKEN, true), (MAX_TOKEN + 1, false)] {
        let token = exact(length);
        assert_eq!(token.len(), length);
        assert_eq!(verify(&keys(Algorithm::Hs256), &token, NOW).is_ok(), accepted, "{length}");
    }
}

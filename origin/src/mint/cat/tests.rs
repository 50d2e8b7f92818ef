use clap::Parser;
use sluice_gate::{
    ClientFacts, Net, Unix,
    grant::{
        Account, Grant, GrantError, Kind, Lookup, Presented,
        cat::{CatConfig, CatKeys, HEADER},
    },
};

use super::*;

const NOW: Unix = 1_800_000_000;
const SECRET: &str = "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const RSA: (&str, &str) = (include_str!("../testdata/rsa.pem"), include_str!("../testdata/rsa.pub.pem"));

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: CatArgs,
}

/// A key in a file, and how an edge has it.
fn key(algorithm: CatAlgorithm) -> (tempfile::NamedTempFile, serde_json::Value) {
    let (private, mut config) = match algorithm {
        CatAlgorithm::Hs256 => (SECRET.to_owned(), serde_json::json!({"secret": "s"})),
        CatAlgorithm::Ps256 => (RSA.0.to_owned(), serde_json::json!({"public_key": RSA.1})),
        CatAlgorithm::Es256 => {
            let document: serde_json::Value =
                serde_json::from_str(include_str!("../../../../edge/gate/src/grant/cat/testdata/python-cwt.json"))
                    .expect("JSON");
            let private = document["p256_private"].as_str().expect("PEM").to_owned();
            (private, serde_json::json!({"public_key": document["public"]["p256"]}))
        }
    };
    config["kid"] = "k".into();
    config["alg"] = algorithm.as_str().into();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), private).expect("writable");
    (file, config)
}

fn minted(algorithm: CatAlgorithm, file: &tempfile::NamedTempFile, line: &str) -> anyhow::Result<String> {
    let file = file.path().to_str().expect("a path");
    let line = format!("mint --kid k --alg {} --key-file {file} {line}", algorithm.as_str());
    cat(&Line::try_parse_from(line.split_whitespace())?.args, NOW)
}

struct One<'a>(&'a str);

impl Lookup for One<'_> {
    fn each(&self, name: &str, take: &mut dyn FnMut(&str)) {
        match name {
            HEADER => take(self.0),
            "X-Player" => take("ours"),
            _ => {}
        }
    }
}

fn judged(config: &serde_json::Value, token: &str, now: Unix) -> Result<Grant, GrantError> {
    let config: CatConfig = serde_json::from_value(serde_json::json!({
        "keys": [config], "issuer": "issuer", "audience": "edge",
    }))
    .expect("a configuration");
    let keys = CatKeys::new(&config, |_| Some(SECRET.as_bytes())).expect("keys");
    struct Nothing;
    impl Lookup for Nothing {
        fn each(&self, _: &str, _: &mut dyn FnMut(&str)) {}
    }
    keys.verify(&Presented {
        url: Some("https://tv.example/v1/film/"),
        method: "POST",
        bearer: None,
        headers: &One(token),
        cookies: &Nothing,
        client: &ClientFacts { country: Some(*b"DE"), address: Some([192, 0, 2, 7].into()), ..ClientFacts::default() },
        now,
    })
}

#[test]
fn an_edge_takes_what_is_minted() {
    let line = "--account anna --title film --issuer issuer --audience edge --ttl 60 --method GET --country DE \
                --network 192.0.2.0/24 --network 2001:db8::/32 --header X-Player:exact:ours --id hex:0b71 \
                --replay prohibited --renew header --renew-for 600 --renew-within 60";
    for algorithm in [CatAlgorithm::Hs256, CatAlgorithm::Es256, CatAlgorithm::Ps256] {
        let (file, config) = key(algorithm);
        let token = minted(algorithm, &file, line).expect("a token");
        let grant = judged(&config, &token, NOW).expect("a grant");
        assert_eq!((&grant.account, grant.ends), (&Account::Named("anna".to_owned()), NOW + 60));
        assert_eq!((grant.net, grant.issued), (Some(Net::V4([192, 0, 2])), Some(NOW)));
        assert!(grant.replay.is_some_and(|replay| replay.refuse));
        // Who verifies a signature cannot make one.
        assert_eq!(grant.renewal.is_some(), algorithm == CatAlgorithm::Hs256);
        assert!(judged(&config, &token, NOW + 60).is_err());
        let other = minted(algorithm, &file, &line.replace("--title film", "--title other")).expect("a token");
        assert!(judged(&config, &other, NOW).is_err());
    }
    let (file, config) = key(CatAlgorithm::Hs256);
    let line = "--issuer issuer --audience edge --url path:sha512-256:/v1/film/ --url path:suffix:/ --url host:exact:tv.example";
    let token = minted(CatAlgorithm::Hs256, &file, line).expect("a token");
    assert!(matches!(judged(&config, &token, NOW).expect("a grant").account, Account::Token(_)));
}

#[test]
fn what_no_edge_would_take_is_not_minted() {
    let (file, _) = key(CatAlgorithm::Hs256);
    let refused = |line: &str| minted(CatAlgorithm::Hs256, &file, line).expect_err("refused").to_string();
    for (line, says) in [
        ("--network 192.0.2.7/24", "behind the prefix"),
        ("--network 192.0.2.0/33", "prefix"),
        ("--network 64500", "AS64500"),
        ("--url path", "PART:MATCH:VALUE"),
        ("--url dir:exact:/", "parent-path"),
        ("--url path:like:/", "sha512-256"),
        ("--url path:regex:.*", "regular expression"),
        ("--renew redirect --renew-for 1", "automatic"),
        ("--renew header", "--renew-for"),
        ("--title a --url path:exact:/", "cannot be used with"),
        ("--id hex:0", "hex digits"),
        ("--ttl 18446744073709551615", "too long"),
    ] {
        let said = refused(line);
        assert!(said.contains(says), "{line}: {said}");
    }
    std::fs::write(file.path(), "short").expect("writable");
    assert!(refused("").contains("32"));
    assert!(minted(CatAlgorithm::Ps256, &file, "").is_err());
}

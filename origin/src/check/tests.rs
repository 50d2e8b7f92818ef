use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("writable");
        path
    }

    /// The error of a file of that text, as the program prints it but for the folder.
    fn error(&self, name: &str, text: &str) -> String {
        let error = check(&self.write(name, text)).map(|_| ()).expect_err("an error");
        crate::cli::one_line(&error).replace(&format!("{}/", self.0.path().display()), "")
    }

    fn warnings(&self, name: &str, text: &str) -> Vec<String> {
        check(&self.write(name, text)).expect("good").warnings
    }
}

fn edge() -> Value {
    json!({
        "v": 1, "origin": {"url": "https://origin.example"}, "public_url": "https://tv.example",
        "viewer": {"keys": [{"kid": "k", "alg": "HS256", "secret": "viewer_secret"}]}
    })
}

fn descriptor(rights: Value) -> Value {
    json!({"v": 1, "title": "film", "version": "1", "tracks": [], "rights": rights})
}

#[test]
fn good_documents_are_named() {
    let files = Files::new();
    let origin = include_str!("../../examples/origin.toml");
    let keyserver = include_str!("../../examples/keyserver.toml");
    for (name, text, kind) in [
        ("edge.json", edge().to_string().as_str(), Kind::Edge),
        ("descriptor.json", &descriptor(json!({"state": "published"})).to_string(), Kind::Descriptor),
        ("origin.toml", origin, Kind::Origin),
        ("keyserver.toml", keyserver, Kind::Keyserver),
    ] {
        assert_eq!(check(&files.write(name, text)).expect(name).kind, kind, "{name}");
    }
    assert_eq!(files.warnings("edge.json", &edge().to_string()), Vec::<String>::new());
}

#[test]
fn an_error_says_what_and_where() {
    let files = Files::new();
    let edge_with = |name: &str, value: Value| {
        let mut document = edge();
        document[name] = value;
        serde_json::to_string_pretty(&document).expect("json")
    };
    for (name, text, says) in [
        ("e.json", edge_with("lease", json!(3)), "unknown field `lease`, expected one of"),
        ("e.json", edge_with("lease", json!(3)), "(e.json, edge configuration, format 1, line 2, column 9)"),
        ("e.json", edge_with("lease_seconds", json!(1)), "lease_seconds must be at least 2 and at most 3600 (e.json, "),
        ("e.json", edge_with("viewer", json!({"keys": []})), "viewer: "),
        ("e.json", edge_with("v", json!(2)), "format 2 where this build reads format 1"),
        ("e.json", r#"{"v":1,"origin":{"url":"http://o"}}"#.to_owned(), "no kind of grant is configured"),
        ("e.json", "{\"v\":1,\n\"origin\":}".to_owned(), "(e.json, no JSON, line 2, column 10)"),
        ("d.json", descriptor(json!({"countries": {"allow": ["UK"]}})).to_string(), "\"UK\" is no country"),
        ("d.json", descriptor(json!({"windows": [{"from": 5, "until": 5}]})).to_string(), "lies not after its from"),
        (
            "d.json",
            r#"{"v":1,"rights":{}}"#.to_owned(),
            "missing field `title` (d.json, descriptor, format 1, line 1, column 19)",
        ),
        ("x.json", "{}".to_owned(), "neither an edge configuration (origin, viewer) nor a descriptor"),
        ("o.toml", "listen = 3\n[store]\n".to_owned(), "(o.toml, line 1)"),
        ("k.toml", "listen = \"0.0.0.0:1\"".to_owned(), "master_secret: the built-in development secret is public"),
        ("k.toml", "listen = \"127.0.0.1:1\"\nmaster = 1\n".to_owned(), "unknown field `master`"),
        ("t.toml", "[rights]\nstate = \"published\"\n".to_owned(), "title.toml: `sluice index DIR"),
        ("n.toml", "listen = \n".to_owned(), "(n.toml, no TOML, line 1, column 10)"),
        ("n.toml", String::new(), "neither an origin's configuration"),
    ] {
        let error = files.error(name, &text);
        assert!(error.contains(says), "{name}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn certificates_that_are_here_have_to_serve() {
    let files = Files::new();
    let vectors: Value = serde_json::from_str(include_str!("../../tests/cpix/answers.json")).expect("JSON");
    let secret = |name: &str| {
        let path = files.write(&format!("{name}.pem"), vectors[name].as_str().expect("text"));
        format!("{{ file = {:?} }}", path.display().to_string())
    };
    let origin = |certificate: &str, key: &str| {
        let pair = format!("[keys]\nencrypted_keys = {{ certificate = {certificate}, private_key = {key} }}\n");
        include_str!("../../examples/origin.toml").replacen("[keys]\n", &pair, 1)
    };
    let key = secret("private_key");
    assert!(check(&files.write("o.toml", &origin(&secret("certificate"), &key))).is_ok());
    for (certificate, says) in [("expired", "expired"), ("other_certificate", "not that of the certificate")] {
        let error = files.error("o.toml", &origin(&secret(certificate), &key));
        assert!(error.contains("encrypted_keys") && error.contains(says), "{error}");
    }
    let absent = origin("{ file = \"/nowhere/certificate.pem\" }", &key);
    let warnings = files.warnings("o.toml", &absent);
    assert!(warnings.iter().any(|warning| warning.starts_with("keys.encrypted_keys.certificate")), "{warnings:?}");
}

#[test]
fn a_secret_is_named_and_never_repeated() {
    let files = Files::new();
    let with = |secret: &str| {
        let mut document = edge();
        document["viewer"]["keys"][0]["secret"] = secret.into();
        document.to_string()
    };
    let mut document = edge();
    licensed(&mut document)[0]["token"]["key"] = "hunter2 hunter2!".into();
    let error = files.error("e.json", &document.to_string());
    assert!(error.contains("/licenses/0/token/key is no name of a secret") && !error.contains("hunter2"), "{error}");
    let error = files.error("e.json", &with("hunter2 hunter2!"));
    assert!(error.contains("/viewer/keys/0/secret is no name of a secret") && !error.contains("hunter2"), "{error}");
    assert!(files.error("e.json", &with(&"a".repeat(256))).contains("no name"));
    for (name, fits_spin) in
        [("viewer_secret", true), ("k1", true), ("Viewer", false), ("a__b", false), ("a-b", false), ("1a", false)]
    {
        let warnings = files.warnings("e.json", &with(name));
        assert_eq!(warnings.is_empty(), fits_spin, "{name}: {warnings:?}");
    }
}

/// The licence servers of a document that is given a sound one.
fn licensed(document: &mut Value) -> &mut Value {
    document["licenses"] = json!([{
        "token": {"vendor": "axinom", "key_id": "cc36e85d-2fdf-462c-b395-030907447afc", "key": "communication_key"},
        "widevine": {"url": "https://wv.example/l"}
    }]);
    &mut document["licenses"]
}

#[test]
fn what_a_deployment_trips_over_is_said() {
    let files = Files::new();
    let with = |change: fn(&mut Value)| {
        let mut document = edge();
        change(&mut document);
        files.warnings("e.json", &document.to_string())
    };
    for (change, says) in [
        (
            (|document| document["public_url"] = "http://tv.example".into()) as fn(&mut Value),
            "/public_url: without https",
        ),
        (|document| document["proxy"] = json!({"secret": "p", "secret_header": "x"}), "/proxy: none of its headers"),
        (|document| document["lease_binding"] = "asn".into(), "/lease_binding: on Spin"),
        (
            |document| {
                document["anonymizers_unknown"] = "allow".into();
                document["proxy"] = json!({"secret": "p", "secret_header": "x", "anonymizer_header": "y"});
            },
            "/anonymizers_unknown: ",
        ),
        (
            |document| document["proxy"] = json!({"secret": "p", "secret_header": "x", "region_header": "y"}),
            "/proxy/region_header: ",
        ),
        (
            |document| licensed(document)[0]["widevine"]["url"] = "http://wv.example/l".into(),
            "/licenses/0/widevine/url: without https",
        ),
        (
            |document| licensed(document)[0]["fairplay"] = json!({"url": "https://fp.example/l"}),
            "/licenses/0/fairplay: without certificate",
        ),
        (
            |document| licensed(document)[0]["token"] = json!({"vendor": "ezdrm", "callback": true}),
            "/licenses/0/token/callback: ",
        ),
        (
            |document| licensed(document)[0]["token"]["key"] = "Communication-Key".into(),
            "/licenses/0/token/key: no Spin variable",
        ),
        (
            |document| document["entitlements"] = json!(["license_server", "License"]),
            "/entitlements/1: no Spin variable",
        ),
    ] {
        let warnings = with(change);
        assert!(warnings.len() == 1 && warnings[0].starts_with(says), "{says}: {warnings:?}");
    }
    assert!(with(|document| document["public_url"] = "http://localhost:3000".into()).is_empty());
    let said = files.warnings("d.json", &descriptor(json!({"regions": {"deny": ["GB-SCT"]}})).to_string());
    assert!(said[0].starts_with("/rights/state: ") && said[1].starts_with("/rights/regions: GB-SCT"), "{said:?}");
}

#[test]
fn a_title_is_held_against_what_its_edge_is_told() {
    let files = Files::new();
    let rights = json!({
        "state": "published", "countries": {"allow": ["US"]}, "regions": {"deny": ["US-UT"]}, "anonymizers": "refuse"
    });
    let title = files.write("d.json", &descriptor(rights).to_string());
    let open = files.write("open.json", &descriptor(json!({"state": "published"})).to_string());
    let said = |document: Value| {
        let edge = files.write("e.json", &document.to_string());
        let paths = [&edge, &title, &open];
        let all: Vec<_> = paths.map(|path| (path.as_path(), check(path).expect("good"))).into();
        let warnings = cross::warnings(&all);
        assert!(warnings.iter().all(|(path, _)| *path == title));
        warnings.into_iter().map(|(_, said)| said.split(':').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(said(edge()), ["/rights/countries", "/rights/regions", "/rights/anonymizers"]);
    let mut told = edge();
    told["proxy"] = json!({"secret": "p", "secret_header": "x", "country_header": "c", "region_header": "r"});
    assert_eq!(said(told.clone()), ["/rights/anonymizers"]);
    told["anonymizers_unknown"] = "allow".into();
    assert_eq!(said(told), Vec::<String>::new());
}

#[test]
fn a_title_lists_systems_whose_licences_can_be_had() {
    let files = Files::new();
    let mut document = descriptor(json!({"state": "published", "license": {"seconds": 60}}));
    let said_alone = |document: &Value| files.warnings("d.json", &document.to_string());
    assert!(said_alone(&document)[0].starts_with("/rights/license: no system"));
    document["key_policy"] = json!({"systems": ["widevine", "fairplay", "clearkey"], "schemes": []});
    assert_eq!(said_alone(&document), Vec::<String>::new());
    let title = files.write("d.json", &document.to_string());
    let said = |document: &Value| {
        let edge = files.write("e.json", &document.to_string());
        let all: Vec<_> = [&edge, &title].map(|path| (path.as_path(), check(path).expect("good"))).into();
        cross::warnings(&all).into_iter().map(|(_, said)| said).collect::<Vec<_>>()
    };
    let mut document = edge();
    assert_eq!(said(&document).len(), 2);
    licensed(&mut document);
    let warnings = said(&document);
    assert!(warnings.len() == 1 && warnings[0].contains("no licence server of fairplay"), "{warnings:?}");
    document["entitlements"] = json!(["license_server"]);
    assert!(said(&document)[0].ends_with("a server of their own, which asks the edge"));
}

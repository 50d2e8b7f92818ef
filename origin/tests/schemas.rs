//! The JSON Schemas of the repository and the readers of the edge: of every document they say the same, by another's validator (boon, draft 2020-12).

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

const CONFIG: &str = include_str!("../../edge/app/config.schema.json");
const DESCRIPTOR: &str = include_str!("../../edge/app/descriptor.schema.json");

struct Judge {
    schemas: Schemas,
    index: SchemaIndex,
    reader: fn(&Value) -> Result<(), String>,
}

impl Judge {
    fn new(schema: &str, reader: fn(&Value) -> Result<(), String>) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
        compiler.add_resource("schema.json", schema).expect("a schema");
        let index = compiler.compile("schema.json", &mut schemas).expect("draft 2020-12");
        Self { schemas, index, reader }
    }

    fn config() -> Self {
        Self::new(CONFIG, |document| sluice_app::check_config(&document.to_string()))
    }

    fn descriptor() -> Self {
        Self::new(DESCRIPTOR, |document| sluice_app::check_descriptor(document.to_string().as_bytes()))
    }

    fn schema_admits(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }

    fn both_admit(&self, document: &Value) {
        let errors = self.schemas.validate(document, self.index).map_err(|error| error.to_string());
        assert_eq!(errors, Ok(()), "by the schema: {document}");
        assert_eq!((self.reader)(document), Ok(()), "by the reader: {document}");
    }

    fn both_refuse(&self, document: &Value) {
        assert!((self.reader)(document).is_err(), "the reader takes {document}");
        assert!(!self.schema_admits(document), "the schema takes {document}");
    }

    /// What is between members, or in a text, a schema does not see.
    fn only_the_reader_refuses(&self, document: &Value) {
        assert!((self.reader)(document).is_err(), "the reader takes {document}");
        assert!(self.schema_admits(document), "the schema refuses {document}: it belongs to what both refuse");
    }
}

/// The document with the value at a pointer, which need not be there yet, replaced.
fn with(document: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = document.clone();
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let parent = changed.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} has no parent"));
    match parent {
        Value::Object(members) => {
            members.insert(member.to_owned(), value);
        }
        Value::Array(items) => items[member.parse::<usize>().expect("an index")] = value,
        _ => panic!("{pointer} is inside no object"),
    }
    changed
}

fn without(document: &Value, pointer: &str) -> Value {
    let mut changed = document.clone();
    let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
    let members = changed.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    members.remove(member).unwrap_or_else(|| panic!("{pointer} is not there"));
    changed
}

fn config() -> Value {
    json!({
        "v": 1, "name": "production",
        "origin": {"url": "https://origin.example:8443", "backend": "origin", "connect_ms": 1, "first_byte_ms": 2, "between_bytes_ms": 3},
        "viewer": {
            "issuer": "i", "audience": "a", "leeway_seconds": 0, "claims": {"tier": "t", "titles": "f"},
            "keys": [{"kid": "k", "alg": "HS256", "secret": "viewer_secret"}]
        },
        "public_url": "https://tv.example", "lease_seconds": 2, "session_seconds": 60,
        "handle_binding": "prefix", "lease_binding": "asn", "handle_networks": 0, "anonymizers_unknown": "allow",
        "rates": {"sessions_per_minute": {"network": 1, "account": 4294967295_u32}, "licenses_per_minute": {}},
        "cors": {"origins": ["https://tv.example"]},
        "proxy": {
            "secret": "p", "secret_header": "x", "country_header": "c", "region_header": "r", "anonymizer_header": "h",
            "address_header": "a", "asn_header": "n"
        },
        "licenses": [{
            "name": "drm", "seconds": 1, "connect_ms": 1, "first_byte_ms": 1, "between_bytes_ms": 1,
            "token": {
                "vendor": "axinom", "key": "k", "key_id": "cc36e85d-2fdf-462c-b395-030907447afc", "content": "{title}", "user": "{account}", "template": {},
                "policy": {}, "ensures": {"hdcp": "2.2", "security_level": "hardware_decode"}, "callback": false
            },
            "widevine": {"url": "https://wv.example/l?t=1", "backend": "wv"}, "playready": {"url": "http://pr.example:8080"}
        }, {
            "token": {"vendor": "ezdrm", "callback": true, "parameter": "p1"},
            "fairplay": {"url": "https://fp.example/l", "backend": "fp", "certificate": {"url": "https://fp.example/c", "backend": "fp"}}
        }],
        "entitlements": ["e", "f"]
    })
}

#[test]
fn edge_configurations() {
    let judge = Judge::config();
    let full = config();
    judge.both_admit(&full);
    judge.both_admit(&json!({
        "v": 1, "origin": {"url": "http://o"}, "viewer": {"keys": [{"kid": "k", "alg": "HS256", "secret": "s"}]}
    }));
    for pointer in [
        "/v",
        "/origin",
        "/origin/url",
        "/viewer/keys",
        "/viewer/keys/0/kid",
        "/viewer/keys/0/alg",
        "/proxy/secret",
        "/proxy/secret_header",
        "/licenses/0/token",
        "/licenses/0/token/vendor",
        "/licenses/0/widevine/url",
        "/licenses/1/fairplay",
        "/licenses/1/fairplay/certificate/url",
    ] {
        judge.both_refuse(&without(&full, pointer));
    }
    for object in [
        "",
        "/origin",
        "/viewer",
        "/viewer/keys/0",
        "/rates",
        "/rates/sessions_per_minute",
        "/cors",
        "/proxy",
        "/licenses/0",
        "/licenses/0/token",
        "/licenses/0/token/ensures",
        "/licenses/0/widevine",
        "/licenses/1/fairplay/certificate",
    ] {
        judge.both_refuse(&with(&full, &format!("{object}/other"), json!(1)));
    }
    for (pointer, values) in [
        ("/v", vec![json!(2), json!("1"), json!(0)]),
        ("/name", vec![json!(1)]),
        (
            "/origin/url",
            vec![json!("origin.example"), json!("https://o/"), json!("ftp://o"), json!("https://"), json!(1)],
        ),
        ("/origin/connect_ms", vec![json!(0), json!(-1), json!("1"), json!(1.5)]),
        ("/origin/first_byte_ms", vec![json!(0)]),
        ("/origin/between_bytes_ms", vec![json!(0)]),
        ("/viewer/leeway_seconds", vec![json!(-1), json!("1")]),
        ("/viewer/keys", vec![json!([]), json!({})]),
        ("/viewer/keys/0/alg", vec![json!("none"), json!("HS384"), json!("hs256")]),
        ("/public_url", vec![json!("https://tv.example/"), json!("tv.example"), json!("https://*.example")]),
        ("/lease_seconds", vec![json!(1), json!(3601), json!("2")]),
        ("/session_seconds", vec![json!(59), json!(-1)]),
        ("/handle_binding", vec![json!("host"), json!(1)]),
        ("/lease_binding", vec![json!("country")]),
        ("/handle_networks", vec![json!(17), json!(-1), json!("3")]),
        ("/anonymizers_unknown", vec![json!("maybe"), json!(true)]),
        ("/rates/sessions_per_minute/network", vec![json!(0), json!(-1), json!(4294967296_u64), json!("1")]),
        ("/rates/licenses_per_minute", vec![json!({"account": 0}), json!({"address": 1}), json!(5)]),
        ("/cors/origins", vec![json!(["*"]), json!(["https://tv.example/"]), json!("https://tv.example")]),
        ("/proxy/region_header", vec![json!(1)]),
        ("/sessions_per_minute", vec![json!(5)]),
        ("/licenses/0/token/vendor", vec![json!("acme"), json!("keyos"), json!(1)]),
        ("/licenses/0/token/ensures", vec![json!({"hdcp": "1.4"}), json!({"security_level": "L1"})]),
        (
            "/licenses/0/widevine/url",
            vec![
                json!("wv.example"),
                json!("ftp://wv.example"),
                json!("https://"),
                json!("https:///l"),
                json!("https://wv.example/#l"),
                json!("https://wv.example/a b"),
            ],
        ),
        ("/licenses/0/playready/certificate", vec![json!({"url": "https://pr.example/c"})]),
        ("/licenses/1/fairplay/certificate/url", vec![json!("c")]),
        ("/licenses/0/seconds", vec![json!(0), json!("1")]),
        ("/licenses/0/first_byte_ms", vec![json!(0)]),
        ("/licenses", vec![json!({})]),
        ("/entitlements", vec![json!("e"), json!([1]), json!(["a", "b", "c"])]),
    ] {
        for value in values {
            judge.both_refuse(&with(&full, pointer, value));
        }
    }
    // Keys themselves, and which of their members belong to which algorithm.
    let key = |key: Value| with(&full, "/viewer/keys/0", key);
    judge.only_the_reader_refuses(&key(json!({"kid": "k", "alg": "HS256"})));
    judge.only_the_reader_refuses(&key(json!({"kid": "k", "alg": "ES256", "public_key": "no PEM"})));
    // One system in two entries, and what a vendor needs.
    judge.only_the_reader_refuses(&with(&full, "/licenses/1/widevine", json!({"url": "https://wv.example/l"})));
    judge.only_the_reader_refuses(&without(&full, "/licenses/0/token/key"));
}

fn descriptor() -> Value {
    let kid = "00112233445566778899aabbccddeeff";
    let timeline = json!({"start": 0, "runs": [{"d": 4, "n": 2, "f": 1}, {"times": 3, "of": [{"d": 4, "n": 1}, {"d": 5, "n": 1}]}]});
    json!({
        "v": 1, "title": "film", "version": "r1",
        "tracks": [{
            "id": "v1080", "kind": "video", "codec": "avc1.640028", "timescale": 1000, "peak_bandwidth": 1, "average_bandwidth": 1,
            "delivered": [{"scheme": "cbcs", "peak": 1, "average": 1}], "role": "main", "hdcp": "TYPE-0",
            "video": {
                "width": 1920, "height": 1080, "frame_rate": [25, 1], "range": "SDR",
                "iframes": {"peak_bandwidth": 1, "average_bandwidth": 1, "segments": {"bandwidth": 1, "max_playout_rate": 1}}
            },
            "init_size": {"clear": 1, "cenc": 2, "cbcs": 3}, "timeline": timeline, "schedule": {"clear_lead": 1, "periods": [3]}
        }, {
            "id": "en", "kind": "audio", "codec": "mp4a.40.2", "timescale": 1000, "peak_bandwidth": 1, "average_bandwidth": 1, "default": true,
            "language": "en", "label": "English", "audio": {"channels": 2, "sample_rate": 48000}, "timeline": timeline
        }, {
            "id": "subs", "kind": "text", "codec": "wvtt", "timescale": 1000, "peak_bandwidth": 1, "average_bandwidth": 1,
            "text": {"fragmented": true}, "timeline": timeline
        }, {
            "id": "tiles", "kind": "thumbnail", "codec": "jpeg", "timescale": 1000, "peak_bandwidth": 1, "average_bandwidth": 1,
            "thumbnails": {"format": "jpeg", "columns": 5, "rows": 5, "width": 160, "height": 90}, "timeline": timeline
        }],
        "key_policy": {
            "systems": ["widevine", "clearkey"],
            "schemes": [{"scheme": "cbcs", "keys": [
                {"kid": kid, "scope": "video"}, {"kid": "00112233-4455-6677-8899-aabbccddeeff", "scope": {"class": "hd"}, "period": 1},
                {"kid": kid, "scope": {"track": "en"}}
            ]}]
        },
        "rights": {
            "state": "published", "embargo": 0, "windows": [{"from": 1, "until": 2}, {"until": 9}, {}],
            "countries": {"allow": ["DE", "US"]}, "regions": {"allow": ["US-CA", "US-2"]}, "anonymizers": "refuse", "devices": {"allow": ["tv"]},
            "tiers": [{"name": "basic", "max_height": 720}, {"name": "premium"}], "stream_limit": 2, "url_tokens_only": true, "store_down": "admit", "approval": {"by": "anna"},
            "license": {"seconds": 1, "persistent": true, "restrictions": [{"above_height": 0, "hdcp": "2.2", "security_level": "hardware_all"}]}
        }
    })
}

#[test]
fn descriptors() {
    let judge = Judge::descriptor();
    let full = descriptor();
    judge.both_admit(&full);
    for by in ["own", "provider"] {
        judge.both_admit(&with(&full, "/key_policy/signalling", json!(by)));
    }
    judge.both_admit(&json!({"v": 1, "title": "film", "version": "1", "tracks": [], "rights": {}}));
    // What manifests are made of may grow; what says who may watch may not without being understood.
    judge.both_admit(&with(&full, "/later", json!([])));
    judge.both_admit(&with(&full, "/tracks/0/later", json!([])));
    for object in
        ["/rights", "/rights/windows/0", "/rights/countries", "/rights/regions", "/rights/devices", "/rights/tiers/0"]
    {
        judge.both_refuse(&with(&full, &format!("{object}/later"), json!([])));
    }
    for pointer in [
        "/v",
        "/title",
        "/version",
        "/tracks",
        "/rights",
        "/tracks/0/id",
        "/tracks/0/kind",
        "/tracks/0/codec",
        "/tracks/0/timescale",
        "/tracks/0/peak_bandwidth",
        "/tracks/0/average_bandwidth",
        "/tracks/0/timeline",
        "/tracks/0/timeline/start",
        "/tracks/0/timeline/runs",
        "/tracks/0/timeline/runs/0/d",
        "/tracks/0/timeline/runs/0/n",
        "/tracks/0/timeline/runs/1/of",
        "/tracks/0/video/width",
        "/tracks/0/video/frame_rate",
        "/tracks/0/video/iframes/peak_bandwidth",
        "/tracks/0/video/iframes/segments/bandwidth",
        "/tracks/0/init_size/cenc",
        "/tracks/0/delivered/0/peak",
        "/tracks/1/audio/channels",
        "/tracks/3/thumbnails/rows",
        "/key_policy/systems",
        "/key_policy/schemes",
        "/key_policy/schemes/0/keys",
        "/key_policy/schemes/0/keys/0/kid",
        "/key_policy/schemes/0/keys/0/scope",
        "/rights/countries/allow",
        "/rights/devices/allow",
        "/rights/tiers/0/name",
    ] {
        judge.both_refuse(&without(&full, pointer));
    }
    for (pointer, values) in [
        ("/v", vec![json!(2), json!("1")]),
        ("/title", vec![json!("Film"), json!(""), json!("sessions"), json!("a".repeat(65)), json!("a/b")]),
        ("/version", vec![json!("-1"), json!(1)]),
        ("/tracks/0/id", vec![json!("main"), json!("v-iframes"), json!("V")]),
        ("/tracks/0/kind", vec![json!("picture")]),
        ("/tracks/0/timescale", vec![json!(-1), json!(4294967296_u64), json!("1")]),
        ("/tracks/0/role", vec![json!("villain")]),
        ("/tracks/0/hdcp", vec![json!("TYPE-2")]),
        ("/tracks/0/video/frame_rate", vec![json!([25]), json!([25, 1, 1]), json!(25)]),
        ("/tracks/0/video/range", vec![json!("HDR")]),
        ("/tracks/0/timeline/runs/0", vec![json!({"d": 1}), json!({"times": 2}), json!(4)]),
        ("/tracks/3/thumbnails/format", vec![json!("gif")]),
        ("/key_policy/systems", vec![json!(["acme"])]),
        ("/key_policy/signalling", vec![json!("edge"), json!("Provider"), json!(true)]),
        ("/key_policy/schemes/0/scheme", vec![json!("cens")]),
        (
            "/key_policy/schemes/0/keys/0/kid",
            vec![json!("00"), json!("zz112233445566778899aabbccddeeff"), json!("0011223344556677-8899aabbccddeeff")],
        ),
        (
            "/key_policy/schemes/0/keys/0/scope",
            vec![json!("text"), json!({"class": "8k"}), json!({"track": "main"}), json!({})],
        ),
        ("/rights/state", vec![json!("public"), json!(1)]),
        ("/rights/embargo", vec![json!(-1), json!("tomorrow"), json!(1.5)]),
        ("/rights/windows", vec![json!({}), json!([{"from": -1}]), json!([{"to": 1}])]),
        (
            "/rights/countries",
            vec![
                json!({}),
                json!({"allow": []}),
                json!({"allow": ["DE"], "deny": ["FR"]}),
                json!({"allow": ["UK"]}),
                json!({"deny": ["de"]}),
                json!(["DE"]),
            ],
        ),
        (
            "/rights/regions",
            vec![
                json!({}),
                json!({"deny": []}),
                json!({"deny": ["US"]}),
                json!({"deny": ["us-ca"]}),
                json!({"deny": ["US-CALI"]}),
            ],
        ),
        ("/rights/anonymizers", vec![json!("deny"), json!(false)]),
        ("/rights/devices", vec![json!({"allow": []}), json!({"allow": [""]}), json!({"deny": ["tv"]}), json!(["tv"])]),
        ("/rights/tiers", vec![json!([{"name": ""}]), json!([{"name": "a", "max_height": 0}]), json!(["a"])]),
        ("/rights/store_down", vec![json!("allow"), json!(true)]),
        ("/rights/url_tokens_only", vec![json!(1), json!("true")]),
        ("/rights/stream_limit", vec![json!(0), json!(-1), json!("2")]),
        ("/rights/approval", vec![json!("yes")]),
        ("/rights/license", vec![json!({"life": 1}), json!({"seconds": 0}), json!({"persistent": "no"}), json!([])]),
        (
            "/rights/license/restrictions",
            vec![
                json!([{}]),
                json!([{"above_height": 1}]),
                json!([{"hdcp": "1.4"}]),
                json!([{"security_level": "L1"}]),
                json!([{"hdcp": "2.2", "below": 1}]),
            ],
        ),
    ] {
        for value in values {
            judge.both_refuse(&with(&full, pointer, value));
        }
    }
    for (pointer, value) in [
        ("/rights/windows", json!([{"from": 5, "until": 5}])),
        ("/rights/tiers", json!([{"name": "a"}, {"name": "a"}])),
        ("/rights/regions", json!({"allow": ["GB-SCT"]})),
        ("/rights/regions", json!({"deny": ["UK-SCT"]})),
    ] {
        judge.only_the_reader_refuses(&with(&full, pointer, value));
    }
}

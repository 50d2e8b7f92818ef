//! The edge's configuration: one JSON document (`"v":1`), schema in `edge/app/config.schema.json`.

use sluice_document::{members, words};
use sluice_gate::{
    Denylist,
    grant::{
        AdminConfig, IssuersConfig,
        cat::{CatConfig, CatKeys},
        cloudfront::{CloudFrontConfig, CloudFrontKeys},
        edgeauth::{EdgeAuthConfig, EdgeAuthKeys},
        jwt::Issuers,
    },
    log::Sampling,
    rights::Anonymizers,
    session::{Ordering, WhenFull},
};

use crate::{
    Error, Host,
    licenses::{self, LicenseServers},
    rates::Rates,
};

/// The document. Secrets are in it by name only.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Format of the document: 1.
    pub(crate) v: u32,
    /// What `/healthz` tells, so that an operator sees which document is live.
    pub(crate) name: String,
    pub(crate) origin: OriginConfig,
    /// Whose JWTs are accepted as grants: one issuer, or several.
    pub(crate) viewer: Option<IssuersConfig>,
    /// CloudFront's signed URLs and cookies, where they are accepted as grants.
    pub(crate) cloudfront: Option<CloudFrontConfig>,
    /// Akamai's EdgeAuth tokens, where they are accepted as grants.
    pub(crate) edgeauth: Option<EdgeAuthConfig>,
    /// Common Access Tokens, where they are accepted as grants.
    pub(crate) cat: Option<CatConfig>,
    /// Whether a grant on a manifest's URL is answered with a redirect to a handle.
    pub(crate) manifest_grants: bool,
    /// Scheme, host and port of this edge as players see it, without a trailing slash. Without it, the request's own.
    pub(crate) public_url: Option<String>,
    /// A lease's life.
    pub(crate) lease_seconds: u64,
    /// The longest life of a session, and so of its handle.
    pub(crate) session_seconds: u64,
    /// What a handle is bound to beside the country, and the region where it decides.
    pub(crate) handle_binding: Binding,
    /// What a lease is bound to.
    pub(crate) lease_binding: Binding,
    /// From how many networks a handle may be confirmed within a lease's life: one more ends its session. 0: they are not counted.
    pub(crate) handle_networks: u8,
    /// Whether a title that refuses anonymisers admits viewers of whom neither platform nor proxy could ever tell.
    pub(crate) anonymizers_unknown: Anonymizers,
    /// How often sessions and licences may be asked for.
    pub(crate) rates: Rates,
    /// Sessions that an account may have at a time where its grant says nothing.
    pub(crate) stream_limit: Option<u32>,
    /// What becomes of a new session over a limit.
    pub(crate) stream_policy: WhenFull,
    /// For how long a player that asks for nothing keeps its slot past the end of its lease.
    pub(crate) pause_seconds: u64,
    pub(crate) consistency: Consistency,
    pub(crate) cors: Cors,
    /// A proxy in front whose headers tell the client, where the platform itself does not.
    pub(crate) proxy: Option<Proxy>,
    /// Who may revoke; without it, nobody.
    pub(crate) admin: Option<AdminConfig>,
    /// Where licences of Widevine, PlayReady and FairPlay come from.
    pub(crate) licenses: Vec<LicenseServers>,
    /// Names of the secrets, one of which a licence server shows that asks whether a session may have a licence: two while one takes the place of the
    /// other. Without any, none may ask.
    pub(crate) entitlements: Vec<String>,
    /// Whom to turn away at once, in an emergency.
    pub(crate) denylist: Denylist,
    pub(crate) log: Log,
}

members!(deny Config {
    v,
    name = String::new(),
    origin,
    viewer = None,
    cloudfront = None,
    edgeauth = None,
    cat = None,
    manifest_grants = false,
    public_url = None,
    lease_seconds = 300,
    session_seconds = 24 * 3600,
    handle_binding = Binding::None,
    lease_binding = Binding::None,
    handle_networks = 3,
    anonymizers_unknown = Anonymizers::Refuse,
    rates = Rates::default(),
    stream_limit = None,
    stream_policy = WhenFull::RefuseNewest,
    pause_seconds = 0,
    consistency = Consistency::default(),
    cors = Cors::default(),
    proxy = None,
    admin = None,
    licenses = Vec::new(),
    entitlements = Vec::new(),
    denylist = Denylist::default(),
    log = Log::default(),
});

/// What the decision log has beside what it always has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Log {
    /// The share of segments that are logged, from 0 to 1.
    pub(crate) segments: Sampling,
}

members!(deny Log { segments = Sampling::default() });

/// Where the clear media comes from.
#[derive(Clone, Debug)]
pub(crate) struct OriginConfig {
    /// Scheme, host and port, without a trailing slash.
    pub(crate) url: String,
    /// The platform's name of the backend, where it has such names.
    pub(crate) backend: String,
    pub(crate) connect_ms: u64,
    pub(crate) first_byte_ms: u64,
    pub(crate) between_bytes_ms: u64,
}

members!(deny OriginConfig {
    url,
    backend = "origin".to_owned(),
    connect_ms = 2_000,
    first_byte_ms = 10_000,
    between_bytes_ms = 10_000,
});

/// What the store and the clocks are trusted with. See `sluice_gate::session` for what follows.
#[derive(Clone, Debug)]
pub(crate) struct Consistency {
    /// What the store promises, where that is less than what its interface offers.
    pub(crate) ordering: Option<Ordering>,
    /// Within how long a write is seen everywhere; of a store without comparing writes.
    pub(crate) staleness_seconds: u64,
    /// The first right of a session that has a limit; of such a store.
    pub(crate) provisional_seconds: u64,
    /// By how much the clocks of two points of presence may differ.
    pub(crate) skew_seconds: u64,
}

members!(deny Consistency { ordering = None, staleness_seconds = 1, provisional_seconds = 20, skew_seconds = 2 });

impl Default for Consistency {
    fn default() -> Self {
        Self { ordering: None, staleness_seconds: 1, provisional_seconds: 20, skew_seconds: 2 }
    }
}

impl Consistency {
    fn is_possible(&self) -> bool {
        let Self { staleness_seconds, provisional_seconds, skew_seconds, .. } = *self;
        // A claim has to settle, and its player to come by, before the first right is over.
        staleness_seconds <= 600
            && skew_seconds <= 600
            && (3 * staleness_seconds + skew_seconds + 4..=3600).contains(&provisional_seconds)
    }
}

/// Which pages may call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cors {
    /// Origins as browsers send them (`https://tv.example`). There is no wildcard: requests carry credentials.
    pub(crate) origins: Vec<String>,
}

members!(deny Cors { origins = Vec::new() });

/// What a lease or a handle is bound to. Networks change under a moving viewer: `prefix` and `asn` break
/// players that roam, and `prefix` those that change between IPv4 and IPv6. What a grant is bound to goes before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Binding {
    #[default]
    None,
    Asn,
    Prefix,
}

words!(Binding { None => "none", Asn => "asn", Prefix => "prefix" });

/// A trusted proxy: its headers count only beside its secret.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    /// Name of the secret.
    pub(crate) secret: String,
    /// The header that carries it.
    pub(crate) secret_header: String,
    pub(crate) country_header: Option<String>,
    /// What follows the country in ISO 3166-2, or the whole code.
    pub(crate) region_header: Option<String>,
    /// `1` or `true` of a network that hides its users, `0` or `false` of another.
    pub(crate) anonymizer_header: Option<String>,
    pub(crate) address_header: Option<String>,
    pub(crate) asn_header: Option<String>,
}

members!(deny Proxy {
    secret,
    secret_header,
    country_header = None,
    region_header = None,
    anonymizer_header = None,
    address_header = None,
    asn_header = None,
});

/// Judges a configuration document as the edge does, keys and all, without its secrets: the first error, and where it stands.
///
/// # Errors
/// What is wrong, and where; as the edge would log it with every request.
pub fn check_config(text: &str) -> Result<(), String> {
    let config = Config::parse(text)?;
    // Any secret that is long enough, and hex digits: which it is, is not in the document.
    let secret = |_: &str| Some(&[b'0'; 64][..]);
    if let Some(viewer) = &config.viewer {
        Issuers::new(viewer, secret).map_err(|error| format!("viewer: {error}"))?;
    }
    if let Some(cloudfront) = &config.cloudfront {
        CloudFrontKeys::new(cloudfront).map_err(|error| format!("cloudfront: {error}"))?;
    }
    if let Some(edgeauth) = &config.edgeauth {
        EdgeAuthKeys::new(edgeauth, secret).map_err(|error| format!("edgeauth: {error}"))?;
    }
    if let Some(cat) = &config.cat {
        CatKeys::new(cat, secret).map_err(|error| format!("cat: {error}"))?;
    }
    Ok(())
}

impl Config {
    pub(crate) async fn load<H: Host>(host: &H) -> Result<Self, Error> {
        let text = host.config().await?.ok_or_else(|| Error::Internal("no configuration is deployed".to_owned()))?;
        Self::parse(&text).map_err(|error| Error::Internal(format!("configuration: {error}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        // As bytes, as all other documents: a second kind of reader would come with a second copy of the parser.
        let config: Self = serde_json::from_slice(text.as_bytes()).map_err(|error| error.to_string())?;
        if config.v != 1 {
            return Err(format!("format {} where this build reads format 1", config.v));
        }
        let urls = [("origin.url", Some(&config.origin.url)), ("public_url", config.public_url.as_ref())];
        let pages = config.cors.origins.iter().map(|page| ("cors.origins", Some(page)));
        for (name, url) in urls.into_iter().chain(pages) {
            if url.is_some_and(|url| !is_origin(url)) {
                return Err(format!("{name} must be http(s)://host[:port] without a trailing slash"));
            }
        }
        let kinds =
            [config.viewer.is_some(), config.cloudfront.is_some(), config.edgeauth.is_some(), config.cat.is_some()];
        if !kinds.contains(&true) {
            let kinds = "add viewer, cloudfront, edgeauth or cat";
            return Err(format!("no kind of grant is accepted, so nobody could watch: {kinds}"));
        }
        let OriginConfig { connect_ms, first_byte_ms, between_bytes_ms, .. } = config.origin;
        for (name, value, first, last) in [
            ("lease_seconds", config.lease_seconds, 2, 3600),
            ("session_seconds", config.session_seconds, 60, u64::MAX),
            ("handle_networks", config.handle_networks.into(), 0, 16),
            ("origin.connect_ms", connect_ms, 1, u64::MAX),
            ("origin.first_byte_ms", first_byte_ms, 1, u64::MAX),
            ("origin.between_bytes_ms", between_bytes_ms, 1, u64::MAX),
        ] {
            if !(first..=last).contains(&value) {
                let most = if last == u64::MAX { String::new() } else { format!(" and at most {last}") };
                return Err(format!("{name} must be at least {first}{most}"));
            }
        }
        if let Some(admin) = &config.admin
            && !admin.is_apart_from(config.viewer.as_ref().map_or(&[], |issuers| &issuers.0))
        {
            return Err(
                "admin.tokens must have an audience, and another than viewer: a viewer's token is no administrator's"
                    .to_owned(),
            );
        }
        if let Some(system) = licenses::ambiguous(&config.licenses) {
            let system = licenses::listed_as(system).as_str();
            return Err(format!("licenses: {system} is there twice, and only one server can be asked"));
        }
        if config.entitlements.len() > 2 {
            return Err("entitlements names more than two secrets".to_owned());
        }
        if config.denylist.entries() > Denylist::MAX {
            return Err("denylist has more than 256 entries; what is to last is revoked".to_owned());
        }
        if config.pause_seconds > 24 * 3600 {
            return Err("pause_seconds must be 86400 or less".to_owned());
        }
        if !config.consistency.is_possible() {
            return Err(
                "consistency.provisional_seconds must lie between 3 * staleness_seconds + skew_seconds + 4 and 3600"
                    .to_owned(),
            );
        }
        Ok(config)
    }
}

/// Scheme, host and port, and nothing after them. No wildcard.
fn is_origin(url: &str) -> bool {
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    authority.is_some_and(|authority| !authority.is_empty() && !authority.contains(['/', '*']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_document_says_what_is_wrong() {
        let with = |rest: &str| format!(r#"{{"v":1,"origin":{{"url":"http://o"}},"viewer":{{"keys":[]}}{rest}}}"#);
        let says = |text: &str| Config::parse(text).err().unwrap_or_default();
        assert!(says("{}").contains("missing field"));
        assert!(says(&with(r#","lease":3"#)).contains("unknown field `lease`"));
        assert!(says(&with(r#","lease_seconds":1"#)).contains("lease_seconds"));
        for url in ["ftp://x", "https://x/", "https://", "https://*.x", "x"] {
            assert!(says(&with(&format!(r#","public_url":"{url}""#))).contains("public_url"), "{url}");
            assert!(says(&with(&format!(r#","cors":{{"origins":["{url}"]}}"#))).contains("cors.origins"), "{url}");
        }
        assert!(says(&with(r#","session_seconds":59"#)).contains("session_seconds must be at least 60"));
        assert!(says(&with(r#","handle_networks":17"#)).contains("handle_networks must be at least 0 and at most 16"));
        assert!(says(&with(r#","handle_binding":"host""#)).contains("unknown variant `host`"));
        assert!(says(&with(r#","rates":{"sessions_per_minute":{"network":0}}"#)).contains("at least 1"));
        assert!(says(&with(r#","sessions_per_minute":5"#)).contains("unknown field `sessions_per_minute`"));
        assert!(says(&with(r#","pause_seconds":90000"#)).contains("pause_seconds"));
        assert!(says(&with(r#","stream_policy":"refuse""#)).contains("unknown variant"));
        assert!(says(&with(r#","consistency":{"staleness_seconds":4}"#)).is_empty());
        for wrong in [r#"{"staleness_seconds":6}"#, r#"{"skew_seconds":601}"#, r#"{"provisional_seconds":8}"#] {
            assert!(says(&with(&format!(r#","consistency":{wrong}"#))).contains("provisional_seconds"), "{wrong}");
        }
        assert!(says(&with("").replace(r#""v":1"#, r#""v":2"#)).contains("format 2"));
        assert!(says(&with(r#","admin":{"tokens":{"keys":[]}}"#)).contains("audience"));
        assert!(says(&with(r#","admin":{"keys":[]}"#)).contains("unknown field `keys`"));
        let kids = vec!["\"k\""; 257].join(",");
        assert!(says(&with(&format!(r#","denylist":{{"kids":[{kids}]}}"#))).contains("256"));
        assert!(says(&with(r#","denylist":{"addresses":["192.0.2.0/40"]}"#)).contains("192.0.2.0/24"));
        assert!(says(&with(r#","log":{"segments":-1}"#)).contains("from 0 to 1"));
        assert_eq!(says(&with(r#","admin":{"tokens":{"keys":[],"audience":"a"}},"denylist":{},"log":{}"#)), "");
        assert!(says(r#"{"v":1,"origin":{"url":"http://o"}}"#).contains("add viewer"));
        let cdns =
            r#"{"v":1,"origin":{"url":"http://o"},"cloudfront":{"keys":[]},"edgeauth":{"keys":[],"name":"hdnts"}}"#;
        assert!(Config::parse(cdns).is_ok());
    }

    #[test]
    fn a_check_looks_at_the_keys_too() {
        let with = |keys: &str| format!(r#"{{"v":1,"origin":{{"url":"http://o"}},"viewer":{{"keys":[{keys}]}}}}"#);
        assert_eq!(check_config(&with(r#"{"kid":"k","alg":"HS256","secret":"viewer"}"#)), Ok(()));
        for bad in ["", r#"{"kid":"k","alg":"HS256"}"#, r#"{"kid":"k","alg":"ES256","public_key":"none"}"#] {
            let error = check_config(&with(bad)).expect_err("refused");
            assert!(error.starts_with("viewer: "), "{error}");
        }
        let with = |kind: &str| format!(r#"{{"v":1,"origin":{{"url":"http://o"}},{kind}}}"#);
        assert_eq!(check_config(&with(r#""edgeauth":{"keys":["akamai_key"],"salt":"akamai_salt"}"#)), Ok(()));
        for kind in ["edgeauth", "cloudfront"] {
            let error = check_config(&with(&format!(r#""{kind}":{{"keys":[]}}"#))).expect_err("refused");
            assert!(error.starts_with(&format!("{kind}: keys is empty")), "{error}");
        }
    }
}

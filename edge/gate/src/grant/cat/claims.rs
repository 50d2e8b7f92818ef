//! What a token claims (RFC 8392, 3.1; CTA-5007).

use super::{
    Carrier, CatConfig, cbor::Value, cose::Message, geo, header, keys::Pinned, method, network, renewal, replay, uri,
};
use crate::{
    Deny, TokenError, Unix,
    grant::{Account, Grant, GrantError, Presented},
};

/// Labels of claims that are enforced.
pub(super) mod label {
    pub(crate) const ISS: i64 = 1;
    pub(crate) const SUB: i64 = 2;
    pub(crate) const AUD: i64 = 3;
    pub(crate) const EXP: i64 = 4;
    pub(crate) const NBF: i64 = 5;
    pub(crate) const IAT: i64 = 6;
    pub(crate) const CTI: i64 = 7;
    pub(crate) const CATREPLAY: i64 = 308;
    pub(crate) const CATV: i64 = 310;
    pub(crate) const CATNIP: i64 = 311;
    pub(crate) const CATU: i64 = 312;
    pub(crate) const CATM: i64 = 313;
    pub(crate) const CATH: i64 = 315;
    pub(crate) const CATGEOISO3166: i64 = 316;
    pub(crate) const CATR: i64 = 323;
}

/// The claims that are enforced, by label.
const ENFORCED: [(i64, &str); 15] = [
    (label::ISS, "iss"),
    (label::SUB, "sub"),
    (label::AUD, "aud"),
    (label::EXP, "exp"),
    (label::NBF, "nbf"),
    (label::IAT, "iat"),
    (label::CTI, "cti"),
    (label::CATREPLAY, "catreplay"),
    (label::CATV, "catv"),
    (label::CATNIP, "catnip"),
    (label::CATU, "catu"),
    (label::CATM, "catm"),
    (label::CATH, "cath"),
    (label::CATGEOISO3166, "catgeoiso3166"),
    (label::CATR, "catr"),
];

/// The claims that are known and not enforced: a token that has one is refused. No platform tells a client's coordinates, or
/// of TLS what these ask for; nothing here proves possession of a key.
const REFUSED: [(i64, &str); 11] = [
    (8, "cnf"),
    (282, "geohash"),
    (309, "catpor"),
    (314, "catalpn"),
    (317, "catgeocoord"),
    (318, "catgeoalt"),
    (319, "cattpk"),
    (320, "catifdata"),
    (321, "catdpop"),
    (322, "catif"),
    (324, "cattprint"),
];

/// The longest account in a token, bytes, as in other kinds of token.
const MAX_NAME: usize = 256;

/// The name of a claim, where it is known.
pub fn name(label: i64) -> Option<&'static str> {
    ENFORCED.iter().chain(&REFUSED).find(|(known, _)| *known == label).map(|(_, name)| *name)
}

/// The label of a claim that is enforced, by its name.
pub fn label_of(name: &str) -> Option<i64> {
    ENFORCED.iter().find(|(_, known)| *known == name).map(|(label, _)| *label)
}

/// What a verified token grants to that request.
pub(super) fn grant(
    config: &CatConfig,
    message: &Message<'_>,
    key: &Pinned,
    carrier: Carrier,
    request: &Presented<'_>,
) -> Result<Grant, GrantError> {
    let claims = super::cbor::parse(message.payload).ok_or(TokenError::Invalid)?;
    all_enforced(&claims)?;
    if claims.find(label::CATV).is_some_and(|version| *version != Value::Int(1)) {
        return Err(GrantError::Unsupported("another catv than 1".to_owned()));
    }
    // Forms first: nothing is refused for this client that nobody could use.
    let holder = Holder::of(&claims, config, request.now)?;
    let id = replay::identity(claims.find(label::CTI), message.payload)?;
    let replay =
        claims.find(label::CATREPLAY).map(|claim| replay::replay(claim, id, holder.ends)).transpose()?.flatten();
    let terms = claims.find(label::CATR).map(|claim| renewal::terms(claim, carrier, &config.cookie)).transpose()?;
    let places = claims.find(label::CATGEOISO3166).map(geo::places).transpose()?;
    if request.now >= holder.ends {
        return Err(TokenError::Expired.into());
    }
    if let (Some(claim), Some(url)) = (claims.find(label::CATU), request.url) {
        uri::check(claim, url, &config.parameter)?;
    }
    claims.find(label::CATM).map(|claim| method::check(claim, request.method)).transpose()?;
    claims.find(label::CATH).map(|claim| header::check(claim, request.headers)).transpose()?;
    let net = claims.find(label::CATNIP).map(|claim| network::bind(claim, request.client)).transpose()?;
    let renewal = terms.and_then(|terms| renewal::renew(terms, message, &claims, key, holder.ends, request.now));
    let account = holder.account.map_or(Account::Token(id), Account::Named);
    let grant = Grant {
        tier: config.tier.clone(),
        issued: holder.issued,
        net,
        places,
        replay,
        renewal,
        ..Grant::plain(account, holder.ends, &key.name)
    };
    if grant.admits(request.client) { Ok(grant) } else { Err(Deny::GeoBlocked.into()) }
}

/// Refuses a token with a claim that is not enforced, by its name: what is not known may restrict.
fn all_enforced(claims: &Value<'_>) -> Result<(), GrantError> {
    for (key, _) in claims.entries().ok_or(TokenError::Invalid)? {
        let label = key.int();
        if !ENFORCED.iter().any(|(known, _)| label == Some(*known)) {
            return Err(GrantError::Unsupported(match (label.and_then(name), label, key.text()) {
                (Some(name), ..) => name.to_owned(),
                (None, Some(label), _) => format!("claim {label}"),
                (None, None, Some(text)) => format!("claim {:?}", text.chars().take(32).collect::<String>()),
                (None, None, None) => "a claim named by bytes".to_owned(),
            }));
        }
    }
    Ok(())
}

/// Whose a token is, and when: the registered claims.
struct Holder {
    account: Option<String>,
    ends: Unix,
    issued: Option<Unix>,
}

impl Holder {
    /// All but the end, which is only read: a token that is otherwise sound is told to have expired.
    fn of(claims: &Value<'_>, config: &CatConfig, now: Unix) -> Result<Self, TokenError> {
        let invalid = TokenError::Invalid;
        if let Some(issuer) = &config.issuer
            && claims.find(label::ISS).and_then(Value::text) != Some(issuer)
        {
            return Err(invalid);
        }
        if !addressed(config.audience.as_deref(), claims.find(label::AUD)) {
            return Err(invalid);
        }
        let latest_start = now.saturating_add(config.leeway_seconds);
        let start = |label| match claims.find(label).map(|value| time(value, f64::ceil).ok_or(invalid)) {
            Some(Ok(start)) if start > latest_start => Err(invalid),
            start => start.transpose(),
        };
        start(label::NBF)?;
        let issued = start(label::IAT)?;
        let ends = claims.find(label::EXP).and_then(|value| time(value, f64::floor)).ok_or(invalid)?;
        let account = claims.find(label::SUB).map(|value| {
            let named = |name: &&str| (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
            value.text().filter(named).map(str::to_owned).ok_or(invalid)
        });
        Ok(Self { account: account.transpose()?, ends, issued })
    }
}

/// A text or an array of texts, among which the edge must find itself if there is one.
fn addressed(audience: Option<&str>, claim: Option<&Value<'_>>) -> bool {
    match (audience, claim) {
        (None, None) => true,
        (Some(audience), Some(Value::Text(one))) => *one == audience,
        (Some(audience), Some(Value::Array(many))) => many.iter().any(|one| one.text() == Some(audience)),
        _ => false,
    }
}

/// A NumericDate (RFC 8392, 2): seconds, untagged, possibly with a fraction, which is rounded to the edge's disadvantage.
fn time(value: &Value<'_>, round: fn(f64) -> f64) -> Option<Unix> {
    match value {
        Value::Int(seconds) => (*seconds).try_into().ok(),
        // Up to here every whole number is a double of its own; 2^53 seconds are 285 million years.
        Value::Float(seconds) => Some(round(*seconds))
            .filter(|seconds| (0.0..9_007_199_254_740_992.0).contains(seconds))
            .map(|seconds| seconds as Unix),
        _ => None,
    }
}

use std::sync::Arc;

use anyhow::{Context, anyhow};
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sluice_gate::{
    ClientFacts, Roots, Unix,
    handle::{self, Handle},
    lease::{self, Lease},
};

use super::{Shared, network::COUNTRIES};

/// How long ago an expired lease ended, seconds.
const PAST: u64 = 60;
/// How long the browser keeps the expired lease's cookie, seconds: so that the edge refuses it, not the browser.
const COOKIE_SECONDS: u64 = 3600;

/// The API beside the page.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/stage", get(stage))
        .route("/viewer", get(viewer))
        .route("/country", post(country))
        .route("/expire", post(expire))
}

/// What a control route answers where it cannot do as asked.
pub(super) struct Failure(StatusCode, anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(StatusCode::BAD_REQUEST, error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, format!("{:#}", self.1)).into_response()
    }
}

/// What there is to see.
async fn stage(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({
        "title": shared.stack.title(),
        "edge": shared.network.url(),
        "host": shared.host.as_str(),
        "countries": COUNTRIES,
        "country": shared.network.country().code,
        "missing": shared.missing,
    }))
}

/// What an operator's own service gives a viewer who is signed in.
async fn viewer(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Failure> {
    let token = shared.stack.token(&shared.stack.claims("demo-viewer"))?;
    Ok(Json(json!({ "token": token, "title": shared.stack.title() })))
}

#[derive(Deserialize)]
struct Travel {
    country: String,
}

/// Takes the viewer to another country.
async fn country(State(shared): State<Arc<Shared>>, Json(travel): Json<Travel>) -> Result<Json<Value>, Failure> {
    let known = COUNTRIES.into_iter().find(|country| country.code == travel.country);
    let country = known.with_context(|| format!("there is no {} on this stage", travel.country))?;
    shared.network.move_to(country);
    Ok(Json(json!({ "country": country.code })))
}

#[derive(Deserialize)]
struct Held {
    lease: String,
    handle: String,
}

/// What a viewer holds, signed as before, with its end in the past.
#[derive(Debug, Serialize)]
struct Expired {
    lease: String,
    handle: String,
    expires: Unix,
}

/// Gives the viewer's lease and handle back expired, the lease as a cookie too. Time cannot be turned on by hand on every host.
async fn expire(State(shared): State<Arc<Shared>>, Json(held): Json<Held>) -> Result<Response, Failure> {
    let expired = expired(&shared.stack.secrets().roots()?, &held, shared.stack.now().saturating_sub(PAST))?;
    // The edge's own cookie: cookies go by host, and the page's is the edge's.
    let cookie = format!(
        "sluice-lease={}; Path=/v1/{}; Max-Age={COOKIE_SECONDS}; Secure; HttpOnly; SameSite=None; Partitioned",
        expired.lease,
        shared.stack.title()
    );
    Ok(([(header::SET_COOKIE, cookie)], Json(expired)).into_response())
}

fn expired(roots: &Roots, held: &Held, end: Unix) -> anyhow::Result<Expired> {
    // At time zero nothing is over yet: whether it is by now does not matter here.
    let lease = lease::verify(roots, &held.lease, 0).map_err(|error| anyhow!("the lease: {error}"))?;
    let lease = Lease { issued: lease.issued.min(end), expires: end, ..lease };
    // A handle is verified against the country that it is bound to, which need not be where the viewer is now.
    let verified = COUNTRIES.into_iter().find_map(|country| {
        let country = country.code.as_bytes().try_into().ok();
        handle::verify(roots, &held.handle, 0, &ClientFacts { country, ..ClientFacts::default() }).ok()
    });
    let handle = Handle { ends: end, ..verified.context("the handle is none of this stage's")? };
    Ok(Expired { lease: lease::mint(roots, &lease), handle: handle::mint(roots, &handle), expires: end })
}

#[cfg(test)]
mod tests {
    use sluice_gate::{AccountId, Net, SessionId, TitleTag, TokenError};

    use super::*;

    #[test]
    fn what_is_expired_is_the_same_but_for_its_end() {
        let roots = Roots::new(&[1; 32], None).expect("roots");
        let (account, session, title) = (AccountId([2; 16]), SessionId([3; 16]), TitleTag::of("demo"));
        let lease = Lease {
            account,
            session,
            slot: 0,
            title,
            max_height: Some(720),
            deliveries: 3,
            flags: 0,
            net: Net::None,
            issued: 1000,
            expires: 1020,
            ends: 5000,
        };
        let country = Some(*b"BR");
        let handle = Handle {
            account,
            session,
            slot: 0,
            title,
            max_height: None,
            deliveries: 3,
            country,
            region: None,
            net: Net::None,
            ends: 5000,
        };
        let held = Held { lease: lease::mint(&roots, &lease), handle: handle::mint(&roots, &handle) };

        let expired = expired(&roots, &held, 950).expect("ours");
        assert_eq!(lease::verify(&roots, &expired.lease, 1010), Err(TokenError::Expired));
        let verified = lease::verify(&roots, &expired.lease, 0).expect("signed");
        assert_eq!(verified, Lease { issued: 950, expires: 950, ..lease });
        let facts = ClientFacts { country, ..ClientFacts::default() };
        assert_eq!(handle::verify(&roots, &expired.handle, 1010, &facts), Err(TokenError::Expired.into()));
        assert_eq!(handle::verify(&roots, &expired.handle, 0, &facts), Ok(Handle { ends: 950, ..handle }));
    }

    #[test]
    fn what_is_not_ours_is_not_signed() {
        let roots = Roots::new(&[1; 32], None).expect("roots");
        let held = Held { lease: "x".to_owned(), handle: "x".to_owned() };
        assert!(expired(&roots, &held, 950).is_err());
    }
}

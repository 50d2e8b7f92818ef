//! What the SPEKE client makes of a provider that misbehaves.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode},
    middleware::{self, Next},
    response::Response,
};
use sluice_origin::{
    Running,
    config::{KeysConfig, KeyserverConfig, SecretRef},
    cpix::{AnswerError, KeyRequest, LARGEST, RequestedKey, TrackType},
    keyserver,
    speke::{SpekeClient, SpekeError},
};
use sluice_packager::{
    keys::Kid,
    title::{KeySystem, Scheme},
};

/// What comes of an exchange with a key server whose n-th answer is changed, and how often it was asked.
async fn outcome(change: fn(usize, Response) -> Response) -> (Result<usize, SpekeError>, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let config = KeyserverConfig::new("127.0.0.1:0".parse().expect("an address"));
    let router = keyserver::router(&config).expect("a key server").layer(middleware::from_fn({
        let asked = Arc::clone(&asked);
        move |request: Request, next: Next| {
            let n = asked.fetch_add(1, Ordering::Relaxed);
            async move { change(n, next.run(request).await) }
        }
    }));
    let server = Running::start(config.listen, router).await.expect("a key server");
    let config = KeysConfig {
        attempts: 2,
        ..KeysConfig::new(format!("http://{}{}", server.addr, keyserver::PATH), SecretRef::value("unused here"))
    };
    let request = KeyRequest {
        content_id: "film".to_owned(),
        scheme: Scheme::Cbcs,
        keys: vec![RequestedKey { kid: Kid([1; 16]), tracks: TrackType::All, period: 0 }],
        systems: vec![KeySystem::Playready],
    };
    let keys = SpekeClient::new(&config).expect("a client").fetch(&request).await;
    (keys.map(|answer| answer.keys.len()), asked.load(Ordering::Relaxed))
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[tokio::test]
async fn only_what_may_pass_is_tried_again() {
    let passing = outcome(|n, response| if n == 0 { status(StatusCode::SERVICE_UNAVAILABLE) } else { response }).await;
    assert!(matches!(passing, (Ok(1), 2)));
    let busy = outcome(|_, _| status(StatusCode::TOO_MANY_REQUESTS)).await;
    assert!(matches!(busy, (Err(SpekeError::Status(StatusCode::TOO_MANY_REQUESTS)), 2)));
    let refused = outcome(|_, _| status(StatusCode::UNPROCESSABLE_ENTITY)).await;
    assert!(matches!(refused, (Err(SpekeError::Status(StatusCode::UNPROCESSABLE_ENTITY)), 1)));
}

#[tokio::test]
async fn what_is_not_speke_2_is_not_believed() {
    let unversioned = outcome(|_, mut response| {
        response.headers_mut().remove("x-speke-version");
        response
    })
    .await;
    assert!(matches!(unversioned, (Err(SpekeError::Version("2.0")), 1)));
    let first = outcome(|_, mut response| {
        response.headers_mut().insert("x-speke-version", HeaderValue::from_static("1.0"));
        response
    })
    .await;
    assert!(matches!(first, (Err(SpekeError::Version("2.0")), 1)));
    let page = outcome(|_, mut response| {
        response.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
        response
    })
    .await;
    assert!(matches!(page, (Err(SpekeError::ContentType), 1)));
    let elsewhere = outcome(|_, _| {
        let mut response = status(StatusCode::TEMPORARY_REDIRECT);
        response.headers_mut().insert("location", HeaderValue::from_static(keyserver::PATH));
        response
    })
    .await;
    assert!(
        matches!(elsewhere, (Err(SpekeError::Status(StatusCode::TEMPORARY_REDIRECT)), 1)),
        "keys are not redirected"
    );
}

#[tokio::test]
async fn a_body_is_bounded_and_must_be_cpix() {
    let endless = outcome(|_, mut response| {
        response.headers_mut().remove("content-length");
        *response.body_mut() =
            Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; LARGEST / 4])));
        response
    })
    .await;
    assert!(matches!(endless, (Err(SpekeError::TooLarge), 1)));
    let doctype = outcome(|_, mut response| {
        response.headers_mut().remove("content-length");
        *response.body_mut() = Body::from("<!DOCTYPE a><a/>");
        response
    })
    .await;
    assert!(matches!(doctype, (Err(SpekeError::Answer(AnswerError::Xml(_))), 1)));
}

//! Issuers' key sets through the origin.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, http::StatusCode, response::IntoResponse, routing::get as route};
use sluice_origin::{Running, config::JwksConfig};

use crate::fixture::{Fixture, get};

const SET: &str =
    r#"{"keys":[{"kid":"a","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// An issuer with that answer, slow enough for many to ask at once; and an origin before it.
async fn origin(status: StatusCode, body: String) -> (Fixture, Running, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let issuer = Router::new().route(
        "/jwks.json",
        route(move || async move {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            (status, [("location", "/other"), ("cache-control", "max-age=600")], body).into_response()
        }),
    );
    let issuer = Running::start("127.0.0.1:0".parse().expect("an address"), issuer).await.expect("an issuer");
    let url = format!("http://{}/jwks.json", issuer.addr);
    let fixture = Fixture::with(|origin| {
        origin.jwks.insert("main".to_owned(), JwksConfig::new(url));
    })
    .await;
    (fixture, issuer, asked)
}

#[tokio::test]
async fn a_set_is_fetched_once_however_many_ask() {
    let (fixture, _issuer, asked) = origin(StatusCode::OK, SET.to_owned()).await;
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let answers = futures::future::join_all((0..32).map(|_| get(&fixture, "/jwks/main"))).await;
    for answer in answers {
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "application/jwk-set+json");
        assert_eq!(answer.headers()["cache-control"], "max-age=60");
        assert_eq!(answer.text().await.expect("a body"), SET, "as the issuer sent it");
    }
    // Nor is it fetched again for those who miss a key, that soon.
    for _ in 0..32 {
        let answer = get(&fixture, "/jwks/main?refresh").await;
        assert_eq!(
            (answer.status(), &answer.headers()["cache-control"]),
            (StatusCode::OK, &"max-age=5".parse().expect("a value"))
        );
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    // Nobody else is asked.
    assert_eq!(get(&fixture, "/jwks/other").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&fixture, "/jwks/").await.status(), StatusCode::NOT_FOUND);
    let stranger = fixture.http.get(fixture.url("/jwks/main")).send().await.expect("an answer");
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_no_set_is_not_passed_on_and_not_asked_for_again_at_once() {
    for (status, body) in [
        (StatusCode::OK, "<html>".to_owned()),
        (StatusCode::OK, "{}".to_owned()),
        (StatusCode::OK, r#"{"keys":[],"keys":[]}"#.to_owned()),
        (StatusCode::OK, " ".repeat(64 * 1024 + 1)),
        (StatusCode::NOT_FOUND, SET.to_owned()),
        (StatusCode::INTERNAL_SERVER_ERROR, SET.to_owned()),
        // It could lead anywhere.
        (StatusCode::FOUND, SET.to_owned()),
    ] {
        let (fixture, _issuer, asked) = origin(status, body).await;
        for _ in 0..8 {
            let answer = get(&fixture, "/jwks/main").await;
            assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
            assert!(answer.text().await.expect("a body").contains("issuer_unreachable"));
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

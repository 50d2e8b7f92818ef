use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Shared, control};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal $content_type:ident),* $(,)?) => {
        [$(($name, $content_type, include_str!(concat!("../../../demo-page/page/", $name)))),*]
    };
}

/// The page's own files: name, type, text.
const FILES: [(&str, &str, &str); 12] = files![
    "index.html" HTML,
    "base.css" CSS,
    "parts.css" CSS,
    "icon.svg" SVG,
    "main.js" SCRIPT,
    "facts.js" SCRIPT,
    "gate.js" SCRIPT,
    "log.js" SCRIPT,
    "players.js" SCRIPT,
    "session.js" SCRIPT,
    "traffic.js" SCRIPT,
    "words.js" SCRIPT,
];

/// Players by the name under which the page loads them, in `tests/node_modules`.
const PLAYERS: [(&str, &str); 2] = [
    ("shaka.js", "shaka-player/dist/shaka-player.compiled-es2021.js"),
    ("dashjs.js", "dashjs/dist/modern/umd/dash.all.min.js"),
];

/// The page, its players and the API beside it.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(|| async { own("index.html") }))
        .route("/{name}", get(|Path(name): Path<String>| async move { own(&name) }))
        .route("/players/{name}", get(|Path(name): Path<String>| async move { player(&name).await }))
        .nest("/demo", control::router())
        .layer(middleware::from_fn_with_state(shared.clone(), guarded))
        .with_state(shared)
}

fn own(name: &str) -> Response {
    match FILES.iter().find(|(file, ..)| *file == name) {
        Some((_, content_type, text)) => ([(header::CONTENT_TYPE, *content_type)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn player(name: &str) -> Response {
    let Some((_, file)) = PLAYERS.iter().find(|(player, _)| *player == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let path = crate::toolchain::workspace().join("tests/node_modules").join(file);
    match tokio::fs::read(&path).await {
        Ok(text) => ([(header::CONTENT_TYPE, SCRIPT)], text).into_response(),
        Err(error) => (StatusCode::NOT_FOUND, format!("{file}: {error}; `npm ci` in tests/")).into_response(),
    }
}

/// Serves the page to itself alone, and says what it may load.
async fn guarded(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if let Some(response) = turned_away(&shared.url, &request) {
        return response;
    }
    let mut response = next.run(request).await;
    let edge = shared.network.url();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; \
         worker-src 'self' blob:; connect-src 'self' {edge} data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The API hands out tokens, so that it answers this page and no other: not one that a name of its own leads here, and not one
/// that makes a browser post here.
fn turned_away(page: &str, request: &Request) -> Option<Response> {
    let told = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    if told(header::HOST) != Some(page.trim_start_matches("http://")) {
        // By a number, most likely. Cookies of `localhost` would not go there.
        return Some(Redirect::temporary(page).into_response());
    }
    let foreign = request.method() == Method::POST && told(header::ORIGIN) != Some(page);
    foreign.then(|| StatusCode::FORBIDDEN.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_listed_is_served() {
        for (name, content_type, _) in FILES {
            let response = own(name);
            assert_eq!(response.headers()[header::CONTENT_TYPE], content_type, "{name}");
        }
        for name in ["../Cargo.toml", "check.mjs", "", "Index.html"] {
            assert_eq!(own(name).status(), StatusCode::NOT_FOUND, "{name}");
            assert_eq!(player(name).await.status(), StatusCode::NOT_FOUND, "{name}");
        }
    }

    #[test]
    fn other_pages_are_turned_away() {
        let page = "http://localhost:3000";
        let status = |method: Method, host: &str, origin: Option<&str>| {
            let mut request = Request::builder().method(method).uri("/demo/viewer").header(header::HOST, host);
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            let request = request.body(axum::body::Body::empty()).expect("a request");
            turned_away(page, &request).map(|response| response.status().as_u16())
        };
        assert_eq!(status(Method::GET, "localhost:3000", None), None);
        assert_eq!(status(Method::GET, "rebound.example:3000", None), Some(307));
        assert_eq!(status(Method::POST, "localhost:3000", Some(page)), None);
        assert_eq!(status(Method::POST, "localhost:3000", Some("https://other.example")), Some(403));
        assert_eq!(status(Method::POST, "localhost:3000", None), Some(403));
    }

    /// A file that the page names and that is not listed would be missing only in the browser.
    #[test]
    fn every_file_of_the_page_is_listed() {
        let folder = crate::toolchain::workspace().join("tests/demo-page/page");
        let there = folder.read_dir().expect("the page").flatten();
        for name in there.map(|file| file.file_name().to_string_lossy().into_owned()) {
            assert!(FILES.iter().any(|(file, ..)| *file == name), "{name}");
        }
    }
}

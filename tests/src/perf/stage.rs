//! What stands around the edges that are measured: one segment as a protected and as an unprotected title, key server, origin.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::json;
use sluice_gate::grant::jwt::{ViewerClaims, mint_hs256};
use sluice_origin::index::{Indexed, index};
use tempfile::TempDir;

use super::{
    load::Object,
    serve::{EdgeProcess, Spec},
};
use crate::{
    fixture::{Backend, Secrets, Session},
    runtime::{Clock, EdgeHost},
};

/// The object that is fetched.
pub(super) const SEGMENT: &str = "v1080/1.m4s";

const PROTECTED: &str = "title = \"film\"\n[rights]\nstate = \"published\"\n\
                         [key_policy]\nsystems = [\"widevine\"]\nschemes = [\"cenc\", \"cbcs\"]\n";
const UNPROTECTED: &str = "title = \"open\"\nunprotected = true\n[rights]\nstate = \"published\"\n";

/// The stage. All of it ends when it is dropped.
pub(super) struct Stage {
    secrets: Secrets,
    film: Indexed,
    open: Indexed,
    backend: Backend,
    _store: TempDir,
}

impl Stage {
    /// Indexes and starts everything but the edges.
    pub(super) async fn start(media: &Path) -> Result<Self> {
        let store = tempfile::tempdir().context("a folder for the store")?;
        let (from, to) = (media.join("v1080"), store.path().to_owned());
        let (film, open) = tokio::task::spawn_blocking(move || -> Result<_> {
            Ok((add(&from, "film", PROTECTED, &to)?, add(&from, "open", UNPROTECTED, &to)?))
        })
        .await??;

        let secrets = Secrets::random();
        let backend = Backend::start(store.path(), &secrets, &BTreeMap::new()).await?;
        Ok(Self { secrets, film, open, backend, _store: store })
    }

    /// An edge in a process of its own.
    pub(super) fn edge(&self, host: EdgeHost) -> Result<EdgeProcess> {
        let config = json!({
            "v": 1,
            "name": "perf",
            "origin": { "url": format!("http://{}", self.backend.origin.addr) },
            "viewer": {
                "keys": [{ "kid": Secrets::VIEWER_KID, "alg": "HS256", "secret": Secrets::VIEWER_SECRET_NAME }],
            },
            // No renewal in between: what is measured is a segment with a good lease.
            "lease_seconds": 3600,
        });
        let spec = Spec { module: host.build()?, config: config.to_string(), secrets: self.secrets.for_edge() };
        EdgeProcess::start(host, &spec)
    }

    /// The segment at an edge, in a delivery, with a lease for it.
    pub(super) async fn object(&self, edge: &EdgeProcess, delivery: &str) -> Result<Object> {
        let indexed = if delivery == "clear" { &self.open } else { &self.film };
        let title = indexed.descriptor.title.as_str();
        let claims =
            ViewerClaims { sub: delivery.to_owned(), exp: Clock::default().unix() + 3600, ..ViewerClaims::default() };
        let token = mint_hs256(Secrets::VIEWER_KID, self.secrets.viewer.as_bytes(), &claims)?;
        let request = crate::client::http_client()
            .post(format!("http://{}/v1/sessions", edge.addr))
            .header("authorization", format!("Bearer {token}"))
            .body(json!({ "title": title, "device": "perf" }).to_string());
        let answer = request.send().await?.error_for_status().context("a session to measure with")?;
        let session: Session = serde_json::from_slice(&answer.bytes().await?).context("a session object")?;
        Ok(Object {
            address: edge.addr,
            target: format!("/v1/{title}/{delivery}/{SEGMENT}?v={}", indexed.descriptor.version),
            cookie: Some(format!("sluice-lease={}", session.lease)),
        })
    }

    /// The folder with the clear segment.
    pub(super) fn clear(&self) -> PathBuf {
        self.open.path.clone()
    }
}

/// Indexes the one track as a title.
fn add(track: &Path, title: &str, settings: &str, store: &Path) -> Result<Indexed> {
    let source = tempfile::tempdir().context("a folder for a title")?;
    let folder = source.path().join("v1080");
    fs::create_dir(&folder)?;
    for file in ["init.mp4", "1.m4s"] {
        fs::copy(track.join(file), folder.join(file)).with_context(|| track.join(file).display().to_string())?;
    }
    fs::write(source.path().join("title.toml"), settings)?;
    index(source.path(), title, store)
}

//! The stage: a page on which a person sees the gate work, and what it needs around the edge. The page is a viewer; the control
//! API beside it plays everybody else, the operator who gives tokens, another device, the network.

mod check;
mod control;
mod network;
mod page;

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    fixture::{Session, Stack, StackOptions, merge},
    runtime::EdgeHost,
};

pub use check::check_page;
use network::Network;

/// A lease's life on the stage, seconds: short enough to watch one being renewed.
pub const LEASE_SECONDS: u64 = 20;

/// The page's server, the network before the edge, and the whole stack behind. Everything ends when it is dropped.
pub struct Stage {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// What the page's routes work with.
struct Shared {
    host: EdgeHost,
    stack: Stack,
    network: Network,
    /// Scheme, host and port of the page.
    url: String,
    /// What keeps players from being there, and what to do.
    missing: Option<String>,
}

impl Stage {
    /// Starts the stack by these options with the page on `listen`, and installs the players where npm can.
    ///
    /// `localhost` is the name of everything that a browser sees: cookies do not mind ports, and browsers hold it for secure.
    ///
    /// # Errors
    /// Where the page's address is taken, or a part of the stack does not start. Players that are missing are no error: the
    /// page says what to do.
    pub async fn start(mut options: StackOptions, listen: SocketAddr) -> Result<Self> {
        let missing = tokio::task::spawn_blocking(crate::toolchain::npm_packages).await?.err();
        let missing =
            missing.map(|error| format!("There are no players here yet: {error:#}. Then start the demo again."));

        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("the page cannot be at {listen}; --port N takes another port"))?;
        let url = format!("http://localhost:{}", listener.local_addr()?.port());
        merge(&mut options.config, &json!({ "cors": { "origins": [url] }, "proxy": network::trusted_by_edge() }));
        let host = options.host;
        let stack = Stack::start(options).await?;
        let network = Network::start(stack.edge.addr(), &stack.secrets().proxy).await?;

        let shared = Arc::new(Shared { host, stack, network, url, missing });
        let router = page::router(shared.clone());
        // An error of this server's is one of accepting; it goes on by itself.
        let server = tokio::spawn(async { axum::serve(listener, router).await.unwrap_or_default() });
        Ok(Self { shared, server })
    }

    /// Where the page is.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Where players reach the edge: through the network that tells it their country.
    pub fn edge_url(&self) -> String {
        self.shared.network.url()
    }

    /// The stack behind.
    pub fn stack(&self) -> &Stack {
        &self.shared.stack
    }

    /// What keeps the players from being there, if anything.
    pub fn missing(&self) -> Option<&str> {
        self.shared.missing.as_deref()
    }

    /// A session to look at for an afternoon, in other players.
    ///
    /// # Errors
    /// Where the edge gives none.
    pub async fn session(&self) -> Result<Session> {
        let mut claims = self.shared.stack.claims("demo-viewer");
        claims.exp += 12 * 3600;
        self.shared.stack.session_through(&self.edge_url(), &claims).await
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.server.abort();
    }
}

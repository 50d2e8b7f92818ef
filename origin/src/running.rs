use std::{future::Future, io, net::SocketAddr, time::Duration};

use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::config::{ConfigError, SecretError};

/// How long requests in flight may take to end after a shutdown began.
const GRACE: Duration = Duration::from_secs(10);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The store cannot be opened.
    #[error("store.directory: {0}")]
    Store(String),
    /// The key provider's client cannot be set up.
    #[error("keys: {0}")]
    Keys(#[from] crate::speke::SpekeError),
    /// The issuers' client cannot be set up.
    #[error("jwks: {0}")]
    Jwks(#[from] crate::jwks::JwksError),
}

impl StartError {
    pub(crate) fn secret(key: &'static str) -> impl Fn(SecretError) -> Self {
        move |source| Self::Config(ConfigError::Secret { key, source })
    }
}

/// A server that is running in this process. Dropping it begins a shutdown without waiting for its end.
pub struct Running {
    /// Where it listens: the port that was taken, where the configuration said 0.
    pub addr: SocketAddr,
    /// Where it serves `/metrics`, if it does.
    pub metrics: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<io::Result<()>>,
}

impl Running {
    /// Serves `router` at `address`.
    ///
    /// # Errors
    /// [`StartError::Listen`]
    pub async fn start(address: SocketAddr, router: Router) -> Result<Self, StartError> {
        let (stop, _) = watch::channel(false);
        let mut running = Self { addr: address, metrics: None, stop, tasks: JoinSet::new() };
        running.addr = running.serve(address, router).await?;
        Ok(running)
    }

    /// Serves `router` at `address` too, as the metrics of this server.
    ///
    /// # Errors
    /// [`StartError::Listen`]
    pub(crate) async fn with_metrics(mut self, address: SocketAddr, router: Router) -> Result<Self, StartError> {
        self.metrics = Some(self.serve(address, router).await?);
        Ok(self)
    }

    async fn serve(&mut self, address: SocketAddr, router: Router) -> Result<SocketAddr, StartError> {
        let failed = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        // A response is written in several small pieces, which must not wait for one another's acknowledgement.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let mut stop = self.stop.subscribe();
        self.tasks.spawn(async move {
            // Closed without a word is a stop too: the handle has been dropped.
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            // Who asks is known to handlers that want to know it.
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).with_graceful_shutdown(stopped).await
        });
        Ok(bound)
    }

    /// Stops accepting, lets requests in flight end (10 seconds at most), and ends.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let tasks = &mut self.tasks;
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("requests were still running at the end of the shutdown");
        }
    }

    /// Serves until `stop` is ready, then shuts down.
    ///
    /// # Errors
    /// The error of a server that ended by itself.
    pub async fn until(mut self, stop: impl Future<Output = ()>) -> io::Result<()> {
        tokio::select! {
            () = stop => { self.shutdown().await; Ok(()) }
            Some(ended) = self.tasks.join_next() => ended.map_err(io::Error::other)?,
        }
    }
}

use std::{
    collections::HashMap,
    io::ErrorKind,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};
use wasmtime_wasi_http::{Error, WasiBody};

/// An HTTP/1.1 connection.
pub(super) type Connection = SendRequest<WasiBody>;

/// Idle connections kept per address.
const KEPT: usize = 32;

/// How long a connection whose response just ended may take to become idle.
const SETTLE: Duration = Duration::from_millis(50);

/// Idle connections by `host:port`.
#[derive(Clone, Default)]
pub(super) struct Pool {
    idle: Arc<Mutex<HashMap<String, Vec<Connection>>>>,
}

impl Pool {
    /// An idle connection, where there is one that is still open.
    pub(super) async fn take(&self, address: &str) -> Option<Connection> {
        loop {
            let mut connection = self.with(|idle| idle.get_mut(address).and_then(Vec::pop))?;
            if let Ok(Ok(())) = timeout(SETTLE, connection.ready()).await {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection whose response was read to its end.
    pub(super) fn give_back(&self, address: String, connection: Connection) {
        if !connection.is_closed() {
            self.with(|idle| {
                let kept = idle.entry(address).or_default();
                if kept.len() < KEPT {
                    kept.push(connection);
                }
            });
        }
    }

    /// A new connection.
    pub(super) async fn connect(&self, address: &str, limit: Duration) -> Result<Connection, Error> {
        let stream = timeout(limit, TcpStream::connect(address)).await.map_err(|_| Error::ConnectionTimeout)?;
        let stream = stream.map_err(|error| match error.kind() {
            ErrorKind::ConnectionRefused => Error::ConnectionRefused,
            _ => Error::Connect(error),
        })?;
        stream.set_nodelay(true).map_err(Error::Connect)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        // Ends by itself when the connection is dropped or closed; its error is the request's or the body's.
        tokio::spawn(driver);
        Ok(connection)
    }

    fn with<T>(&self, operation: impl FnOnce(&mut HashMap<String, Vec<Connection>>) -> T) -> T {
        operation(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

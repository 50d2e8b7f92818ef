//! A listening socket and the task behind it: what every local server here does alike.

use std::{future::Future, net::SocketAddr};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Accepts connections until it is shut down or dropped, which ends them too.
pub(crate) struct Server(JoinHandle<()>);

impl Server {
    /// Hands every connection to `serve`.
    pub(crate) fn start<F>(listener: TcpListener, serve: impl Fn(TcpStream, SocketAddr) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        // Too many open files, or a client that left the queue: the next may do better.
                        let Ok((stream, peer)) = accepted else {
                            tokio::task::yield_now().await;
                            continue;
                        };
                        // Without it a connection still works, only slower.
                        let _ = stream.set_nodelay(true);
                        connections.spawn(serve(stream, peer));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        }))
    }

    /// Stops listening and waits until open connections have ended.
    pub(crate) async fn shutdown(mut self) {
        self.0.abort();
        // An error here only says that it was aborted.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Connections at a time.
const CONNECTIONS: usize = 4;

/// Something to fetch over and over.
pub(super) struct Object {
    pub(super) address: SocketAddr,
    /// Path and query.
    pub(super) target: String,
    pub(super) cookie: Option<String>,
}

type Connection = SendRequest<Empty<Bytes>>;

impl Object {
    /// The body, fetched once.
    pub(super) async fn body(&self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        self.fetch(&mut self.connect().await?, |bytes| body.extend_from_slice(bytes)).await?;
        Ok(body)
    }

    /// Fetches it so many times over kept connections, and gives the number of bytes that came.
    pub(super) async fn load(&self, requests: usize) -> Result<u64> {
        let connections = (0..CONNECTIONS).map(async |_| {
            let mut connection = self.connect().await?;
            let mut total = 0;
            for _ in 0..requests / CONNECTIONS {
                self.fetch(&mut connection, |bytes| total += bytes.len() as u64).await?;
            }
            anyhow::Ok(total)
        });
        Ok(try_join_all(connections).await?.into_iter().sum())
    }

    /// How many requests [`Object::load`] really makes of so many.
    pub(super) fn requests(wanted: usize) -> usize {
        wanted / CONNECTIONS * CONNECTIONS
    }

    async fn connect(&self) -> Result<Connection> {
        let stream =
            TcpStream::connect(self.address).await.with_context(|| format!("connecting to {}", self.address))?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        // Ends with the connection; what breaks it, breaks a request.
        tokio::spawn(driver);
        Ok(connection)
    }

    async fn fetch(&self, connection: &mut Connection, mut take: impl FnMut(&[u8])) -> Result<()> {
        let Self { address, target, cookie } = self;
        let mut request = Request::get(target).header(header::HOST, address.to_string());
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        connection.ready().await?;
        let response = connection.send_request(request.body(Empty::new())?).await?;
        ensure!(response.status() == 200, "{address}{target}: {}", response.status());
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            if let Some(bytes) = frame.with_context(|| format!("{address}{target}: broke off"))?.data_ref() {
                take(bytes);
            }
        }
        Ok(())
    }
}

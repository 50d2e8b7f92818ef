use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, uri::Scheme};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep, timeout};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::pool::{Connection, Pool};

/// Where the guest sets no time-out. As in Spin and wasmtime.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

type SendResult = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

/// Outbound HTTP of every guest of a component: HTTP/1.1 over kept connections.
#[derive(Clone, Default)]
pub(super) struct Outgoing {
    pool: Pool,
}

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = SendResult> + Send> {
        let pool = self.pool.clone();
        Box::new(async move {
            let response = send(pool, request, options.unwrap_or_default()).await?;
            Ok((response, Box::new(async { Ok(()) }) as Box<_>))
        })
    }
}

async fn send(pool: Pool, request: Request<WasiBody>, options: RequestOptions) -> Result<Response<WasiBody>, Error> {
    if request.uri().scheme() != Some(&Scheme::HTTP) {
        return Err(Error::TlsProtocolError);
    }
    let authority = request.uri().authority().ok_or(Error::HttpRequestUriInvalid)?;
    let address = match authority.port_u16() {
        Some(_) => authority.to_string(),
        None => format!("{authority}:80"),
    };
    let (mut parts, body) = request.into_parts();
    // The request line carries the path alone; scheme and authority there are for proxies.
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().map_err(|_| Error::HttpRequestUriInvalid)?;
    let mut request = Request::from_parts(parts, body);

    let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
    if let Some(mut connection) = pool.take(&address).await {
        match timeout(first_byte, connection.try_send_request(request)).await {
            Err(_) => return Err(Error::ConnectionReadTimeout),
            Ok(Ok(response)) => return Ok(answer(response, connection, address, pool, &options)),
            // The server closed the kept connection before it saw the request: a new one is as good.
            Ok(Err(mut error)) => match error.take_message() {
                Some(unsent) => request = unsent,
                None => return Err(classify(error.into_error())),
            },
        }
    }
    let connect = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
    let mut connection = pool.connect(&address, connect).await?;
    let response = timeout(first_byte, connection.send_request(request)).await;
    let response = response.map_err(|_| Error::ConnectionReadTimeout)?.map_err(classify)?;
    Ok(answer(response, connection, address, pool, &options))
}

fn answer(
    response: Response<Incoming>,
    connection: Connection,
    address: String,
    pool: Pool,
    options: &RequestOptions,
) -> Response<WasiBody> {
    let limit = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
    response.map(|incoming| {
        let home = Some((connection, address, pool));
        let mut body = TimedBody { incoming, limit, quiet: Box::pin(sleep(limit)), home };
        body.release_at_end();
        body.boxed_unsync()
    })
}

fn classify(error: hyper::Error) -> Error {
    if error.is_incomplete_message() { Error::HttpResponseIncomplete } else { Error::Hyper(error) }
}

/// A response body that fails when nothing comes for too long, and gives its connection back when it ended well.
struct TimedBody {
    incoming: Incoming,
    limit: Duration,
    quiet: Pin<Box<Sleep>>,
    home: Option<(Connection, String, Pool)>,
}

impl TimedBody {
    fn release_at_end(&mut self) {
        if self.incoming.is_end_stream()
            && let Some((connection, address, pool)) = self.home.take()
        {
            pool.give_back(address, connection);
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let deadline = Instant::now() + self.limit;
                self.quiet.as_mut().reset(deadline);
                self.release_at_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(classify(error)))),
            Poll::Ready(None) => {
                self.release_at_end();
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(self.quiet.as_mut().poll(cx));
                Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{Empty, Full};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A server that answers every request on a connection with the next of `answers`, then is silent.
    async fn server(answers: &'static [&'static str]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("address").to_string();
        tokio::spawn(async move {
            let mut count = 0;
            loop {
                let (mut stream, _) = listener.accept().await.expect("accepts");
                count += 1;
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    for answer in answers {
                        if stream.read(&mut buffer).await.expect("reads") == 0 {
                            return;
                        }
                        let answer = answer.replace("CONNECTION", &count.to_string());
                        stream.write_all(answer.as_bytes()).await.expect("writes");
                    }
                    if !answers.last().expect("answers").contains("close") {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        address
    }

    fn get(address: &str) -> Request<WasiBody> {
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        Request::get(format!("http://{address}/x?y")).header("host", address).body(body).expect("request")
    }

    fn limits(first_byte: u64, between_bytes: u64) -> RequestOptions {
        RequestOptions {
            connect_timeout: None,
            first_byte_timeout: Some(Duration::from_millis(first_byte)),
            between_bytes_timeout: Some(Duration::from_millis(between_bytes)),
        }
    }

    const LONG: u64 = 60_000;

    async fn body_of(pool: &Pool, address: &str) -> Result<Bytes, Error> {
        Ok(send(pool.clone(), get(address), limits(LONG, LONG)).await?.into_body().collect().await?.to_bytes())
    }

    #[tokio::test]
    async fn a_connection_is_used_again_and_replaced_when_the_server_closed_it() {
        let address = server(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nCONNECTION",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nCONNECTION",
        ])
        .await;
        let pool = Pool::default();
        for expected in ["1", "1", "2", "2", "3"] {
            assert_eq!(body_of(&pool, &address).await.expect("answers"), expected);
        }
    }

    #[tokio::test]
    async fn silence_before_the_first_byte_and_between_bytes_times_out() {
        let silent = server(&[""]).await;
        let error = send(Pool::default(), get(&silent), limits(20, LONG)).await.expect_err("no answer");
        assert!(matches!(error, Error::ConnectionReadTimeout), "{error}");

        let stalled = server(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart"]).await;
        let response = send(Pool::default(), get(&stalled), limits(LONG, 20)).await.expect("a head");
        let mut body = response.into_body();
        let first = body.frame().await.expect("a frame").expect("data");
        assert_eq!(first.into_data().expect("data"), "part");
        let error = body.frame().await.expect("an end").expect_err("stalls");
        assert!(matches!(error, Error::ConnectionReadTimeout), "{error}");
    }

    #[tokio::test]
    async fn a_body_cut_off_is_incomplete_and_a_closed_port_refuses() {
        let cut = server(&["HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\npart"]).await;
        let error = body_of(&Pool::default(), &cut).await.expect_err("cut off");
        assert!(matches!(&error, Error::Hyper(_) | Error::HttpResponseIncomplete), "{error:?}");

        let port = TcpListener::bind("127.0.0.1:0").await.expect("listens").local_addr().expect("address");
        let error = body_of(&Pool::default(), &port.to_string()).await.expect_err("nobody there");
        assert!(matches!(error, Error::ConnectionRefused), "{error:?}");
    }

    #[tokio::test]
    async fn https_is_refused() {
        let body = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
        let request = Request::get("https://localhost/").body(body).expect("request");
        let error = send(Pool::default(), request, RequestOptions::default()).await.expect_err("refused");
        assert!(matches!(error, Error::TlsProtocolError), "{error:?}");
    }
}

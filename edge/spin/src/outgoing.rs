use sluice_app::{Response, host::ByteStream};
use spin_sdk::{
    http::{Fields, OutgoingResponse, ResponseOutparam},
    wit::wasi::http0_2_0::types::{OutgoingBody, ResponseOutparam as WasiOutparam},
};
use wasi::io::streams::{OutputStream, StreamError};

use crate::poll;

/// Writes a response, its body as it comes.
///
/// Where the body breaks off, the outgoing body is dropped unfinished: the client sees a broken response, not a short one. (The
/// sink of the SDK finishes in its destructor, which is why it is not used.)
pub(crate) async fn write<B: ByteStream>(out: ResponseOutparam, mut response: Response<B>) {
    let headers = Fields::new();
    let own = response.headers.iter().map(|(name, value)| (name.as_str(), value));
    for (name, value) in own.chain(response.chosen()) {
        // Both are valid; a header that the host forbids is left out.
        let _ = headers.append(name, value.as_bytes());
    }
    let outgoing = OutgoingResponse::new(headers);
    let _ = outgoing.set_status_code(response.status.as_u16());
    let Ok(body) = outgoing.body() else { return };
    WasiOutparam::set(out.into_inner(), Ok(outgoing));
    let Ok(stream) = body.write() else { return };
    loop {
        match response.body.next().await {
            Ok(Some(chunk)) => {
                if write_all(&stream, &chunk).await.is_err() {
                    return;
                }
            }
            Ok(None) => break,
            Err(error) => {
                println!("{{\"aborted\":{:?}}}", error.to_string());
                return;
            }
        }
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

pub(crate) async fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        match stream.check_write()? {
            0 => poll::ready(stream.subscribe()).await,
            permitted => {
                let count = usize::try_from(permitted).unwrap_or(usize::MAX).min(bytes.len());
                let (now, later) = bytes.split_at(count);
                stream.write(now)?;
                bytes = later;
            }
        }
    }
    // So that a fragment leaves when it is complete.
    stream.flush()
}

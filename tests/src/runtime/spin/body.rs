use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;
use wasmtime_wasi_http::{Error, WasiBody};

/// Whether a guest left its response unfinished: set before the guest's end of the body goes away.
#[derive(Clone, Default)]
pub(super) struct Broken(Arc<AtomicBool>);

impl Broken {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The guest at work for one request. Dropping it stops the guest, unless it was let go.
pub(super) struct GuestTask(Option<JoinHandle<()>>);

impl GuestTask {
    pub(super) fn new(task: JoinHandle<()>) -> Self {
        Self(Some(task))
    }

    /// Lets the guest finish by itself: the client has everything.
    pub(super) fn let_go(&mut self) {
        self.0 = None;
    }

    /// Waits for the guest's end.
    pub(super) async fn ended(mut self) {
        if let Some(task) = self.0.take() {
            // Its outcome is in the log of traps.
            let _ = task.await;
        }
    }
}

impl Drop for GuestTask {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// A response body on its way to the client.
///
/// It ends well only where the guest finished it: wasmtime's own body ends well also where the guest trapped, which a client
/// would take for the end of a chunked response. When the client goes away, hyper drops the body, and the guest stops.
pub(super) struct ResponseBody {
    guest: WasiBody,
    task: GuestTask,
    broken: Broken,
    /// Bytes still to come, where the guest announced how many.
    remaining: Option<u64>,
    failure: Option<Error>,
}

impl ResponseBody {
    /// `announced` is the response's `Content-Length`, or 0 where the request's method or the status allow no body.
    pub(super) fn new(guest: WasiBody, task: GuestTask, broken: Broken, announced: Option<u64>) -> Self {
        let mut body = Self { guest, task, broken, remaining: announced, failure: None };
        if announced == Some(0) || body.guest.is_end_stream() {
            body.task.let_go();
        }
        body
    }

    fn count(&mut self, length: usize) {
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.saturating_sub(length as u64);
            // hyper drops a body of announced length at its last byte, without asking for its end.
            if *remaining == 0 {
                self.task.let_go();
            }
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(error) = self.failure.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let frame = Pin::new(&mut self.guest).poll_frame(cx);
        let failure = match frame {
            Poll::Ready(Some(Ok(ref data))) => {
                self.count(data.data_ref().map_or(0, Bytes::len));
                return frame;
            }
            Poll::Ready(None) if self.broken.is_set() => Error::HttpResponseIncomplete,
            Poll::Ready(None) => {
                self.task.let_go();
                return frame;
            }
            Poll::Ready(Some(Err(error))) => error,
            Poll::Pending => return Poll::Pending,
        };
        // hyper throws away what it has not written yet when a body fails, and writes it when a body has nothing more to give
        // at the moment: so the failure waits for a turn, and what the guest sent before it still arrives.
        self.failure = Some(failure);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.guest.is_end_stream() && self.failure.is_none() && !self.broken.is_set()
    }

    fn size_hint(&self) -> SizeHint {
        self.guest.size_hint()
    }
}

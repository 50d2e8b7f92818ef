use std::{
    pin::Pin,
    task::{Context, Poll},
};

use hyper_0_14::{
    HeaderMap,
    body::{Bytes, HttpBody, SizeHint},
};
use viceroy_lib::body::Body;

type Error = <Body as HttpBody>::Error;

/// A response body whose failure waits for a turn: hyper throws away what it has not written yet when a body fails, and writes it when a
/// body has nothing more to give at the moment. So what the guest sent before arrives, as it does from the platform.
pub(super) struct ResponseBody {
    guest: Body,
    failure: Option<Error>,
}

impl ResponseBody {
    pub(super) fn new(guest: Body) -> Self {
        Self { guest, failure: None }
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if let Some(error) = self.failure.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match Pin::new(&mut self.guest).poll_data(cx) {
            Poll::Ready(Some(Err(error))) => {
                self.failure = Some(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            other => other,
        }
    }

    fn poll_trailers(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Option<HeaderMap>, Error>> {
        Pin::new(&mut self.guest).poll_trailers(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.failure.is_none() && self.guest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.guest.size_hint()
    }
}

use core::{future::poll_fn, task::Poll};

use wasi::io::poll::Pollable;

/// Waits until `pollable` may be ready. The caller asks again and, if it was not, waits again.
pub(crate) async fn ready(pollable: Pollable) {
    let mut waiting = Some(pollable);
    poll_fn(|context| match waiting.take() {
        Some(pollable) if !pollable.ready() => {
            spin_executor::push_waker(pollable, context.waker().clone());
            Poll::Pending
        }
        _ => Poll::Ready(()),
    })
    .await;
}

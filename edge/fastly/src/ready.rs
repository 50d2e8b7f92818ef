use core::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// The value of a future that never waits.
///
/// # Panics
/// Where it waits. Nothing here does: every call of the platform returns when it is done.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a call of the platform returned before it was done"),
    }
}

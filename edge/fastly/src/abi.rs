#![expect(
    unsafe_code,
    reason = "two host calls that the SDK keeps to itself: the URL as it was received, and waiting with a limit"
)]

use core::time::Duration;

use fastly::handle::{BodyHandle, PendingRequestHandle, RequestHandle};
use fastly_shared::FastlyStatus;

/// The request's URL as received. The SDK's own accessors parse it, and so resolve `..` before anybody can refuse it.
///
/// `None`: longer than `limit` bytes, or not UTF-8.
pub(crate) fn url(request: &RequestHandle, limit: usize) -> Option<String> {
    let mut bytes = vec![0; limit];
    let mut written = 0;
    // SAFETY: the buffer is `limit` bytes long and outlives the call, which writes no more than that and says how many.
    let status =
        unsafe { fastly_sys::fastly_http_req::uri_get(request.as_u32(), bytes.as_mut_ptr(), limit, &mut written) };
    if status != FastlyStatus::OK {
        return None;
    }
    bytes.truncate(written);
    String::from_utf8(bytes).ok()
}

/// Waits until a response's head is there, or has failed; `false` if it did not in time.
pub(crate) fn answered(pending: &PendingRequestHandle, limit: Duration) -> bool {
    select(pending.as_u32(), limit)
}

/// Waits until a body has bytes, has ended or has failed; `false` if it did not in time.
pub(crate) fn readable(body: &BodyHandle, limit: Duration) -> bool {
    // SAFETY: the handle stays the body's; it is only named to the host, which neither reads nor closes it.
    select(unsafe { body.as_u32() }, limit)
}

fn select(item: fastly_sys::AsyncItemHandle, limit: Duration) -> bool {
    // 0 would wait for ever.
    let milliseconds = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1);
    let mut done = 0;
    // SAFETY: one handle at the address given, and a word to answer in; both outlive the call.
    let status = unsafe { fastly_sys::fastly_async_io::select(&item, 1, milliseconds, &mut done) };
    // What the host cannot wait for is for the read that follows to find out.
    status != FastlyStatus::OK || done != u32::MAX
}

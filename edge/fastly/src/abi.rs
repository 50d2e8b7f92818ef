#![expect(
    unsafe_code,
    reason = "host calls that the SDK keeps to itself, or makes only together with what this adapter does without: URLs as they are, the next request, \
              waiting with a limit, and what is known of an address"
)]
//! Over the SDK's handles. Its `Request` parses and writes URLs, with the Unicode tables of IDNA, and its `Geo` reads twenty fields for two: a fifth of
//! the module, for nothing that is needed here.

use core::{net::IpAddr, time::Duration};

use fastly::handle::{BodyHandle, PendingRequestHandle, RequestHandle};
use fastly_shared::{FastlyStatus, INVALID_BODY_HANDLE, INVALID_REQUEST_HANDLE, INVALID_REQUEST_PROMISE_HANDLE};
use fastly_sys::{
    fastly_http_downstream::{NextRequestOptions, NextRequestOptionsMask, next_request_wait},
    fastly_http_req,
};

/// The most that the platform tells of an address, bytes: it is some hundreds.
const MAX_GEO: usize = 16 * 1024;

/// The request's URL as received. The SDK's own accessors parse it, and so resolve `..` before anybody can refuse it.
///
/// `None`: longer than `limit` bytes, or not UTF-8.
pub(crate) fn url(request: &RequestHandle, limit: usize) -> Option<String> {
    let mut bytes = vec![0; limit];
    let mut written = 0;
    // SAFETY: the buffer is `limit` bytes long and outlives the call, which writes no more than that and says how many.
    let status = unsafe { fastly_http_req::uri_get(request.as_u32(), bytes.as_mut_ptr(), limit, &mut written) };
    if status != FastlyStatus::OK {
        return None;
    }
    bytes.truncate(written);
    String::from_utf8(bytes).ok()
}

/// Gives a request its URL, as it is; `false` where the host takes it for none.
pub(crate) fn set_url(request: &RequestHandle, url: &str) -> bool {
    // SAFETY: the text outlives the call, which reads its length and no more.
    unsafe { fastly_http_req::uri_set(request.as_u32(), url.as_ptr(), url.len()) == FastlyStatus::OK }
}

/// Another request for this sandbox, if one comes in time. The response to the one before must have been sent.
pub(crate) fn next_request(limit: Duration) -> Option<(RequestHandle, BodyHandle)> {
    let options = NextRequestOptions { timeout_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) };
    let mut promise = INVALID_REQUEST_PROMISE_HANDLE;
    let (mut request, mut body) = (INVALID_REQUEST_HANDLE, INVALID_BODY_HANDLE);
    // SAFETY: the options and the words to answer in outlive the calls, and the handles that the host gives are nobody else's.
    unsafe {
        let asked =
            fastly_sys::fastly_http_downstream::next_request(NextRequestOptionsMask::TIMEOUT, &options, &mut promise);
        if asked != FastlyStatus::OK || next_request_wait(promise, &mut request, &mut body) != FastlyStatus::OK {
            return None;
        }
        Some((RequestHandle::from_u32(request), BodyHandle::from_u32(body)))
    }
}

/// What the platform knows of an address, JSON; `None` where that is nothing.
pub(crate) fn geo(address: IpAddr) -> Option<Vec<u8>> {
    let (v4, v6);
    let octets = match address {
        IpAddr::V4(address) => {
            v4 = address.octets();
            v4.as_slice()
        }
        IpAddr::V6(address) => {
            v6 = address.octets();
            v6.as_slice()
        }
    };
    let mut bytes = vec![0; MAX_GEO];
    let mut written = 0;
    // SAFETY: address and buffer are as long as is said and outlive the call, which says how much it wrote.
    let status = unsafe {
        fastly_sys::fastly_geo::lookup(octets.as_ptr(), octets.len(), bytes.as_mut_ptr(), MAX_GEO, &mut written)
    };
    bytes.truncate(written);
    (status == FastlyStatus::OK).then_some(bytes)
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

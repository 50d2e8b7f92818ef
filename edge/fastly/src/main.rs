//! Sluice on Fastly Compute: a wasm32-wasip1 program over `sluice-app`.
//!
//! The platform's calls are synchronous, so the app's futures are ready whenever they are polled. What the service needs (names are
//! in [`names`], examples in `infra/fastly`): a backend, a config store with the item `sluice_config`, a secret store, a KV store, and, where they are
//! wanted, a log endpoint and a rate counter.

mod abi;
mod body;
mod cache;
mod fetch;
mod geo;
mod host;
mod names;
mod outgoing;
mod ready;
mod request;
mod store;

use core::time::Duration;

use fastly::{compute_runtime::heap_memory_snapshot_mib, handle::client_request_and_body};

/// One sandbox serves so many requests, one at a time, then gives its memory back.
const REQUESTS: usize = 256;
/// How long a sandbox waits for another request. While it waits it costs memory, and no CPU time.
const IDLE: Duration = Duration::from_secs(2);
/// A sandbox that has grown beyond this many mebibytes of the platform's 128 takes no other request.
const MEMORY: u32 = 64;

fn main() {
    let mut incoming = client_request_and_body();
    // Safe to reuse: nothing of a request outlives it. `Host` promises the app no state, and this adapter keeps none.
    for served in 1.. {
        let request = request::read(incoming);
        let host = host::FastlyHost::new(request.client);
        outgoing::write(ready::ready(sluice_app::handle(&host, &request.request)));
        if served >= REQUESTS || heap_memory_snapshot_mib().is_ok_and(|mebibytes| mebibytes > MEMORY) {
            return;
        }
        let Some(next) = abi::next_request(IDLE) else { return };
        incoming = next;
    }
}

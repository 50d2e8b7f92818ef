#![expect(
    unsafe_code,
    reason = "the macro exports the component's entry point, whose ABI is unsafe; nothing else here is"
)]

use spin_sdk::{
    http::{IncomingRequest, ResponseOutparam},
    http_component,
};

use crate::{host::SpinHost, outgoing, request};

/// Answers one request.
#[http_component]
async fn handle(incoming: IncomingRequest, out: ResponseOutparam) {
    let client = request::client(&incoming);
    let request = request::read(incoming).await;
    let host = SpinHost::new(client);
    let response = sluice_app::handle(&host, &request).await;
    outgoing::write(out, response).await;
}

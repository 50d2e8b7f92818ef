use std::time::Duration;

use reqwest::{Certificate, Client, Identity, redirect};
use zeroize::Zeroizing;

use super::SpekeError;
use crate::{
    config::{Secret, TlsConfig},
    outgoing::cause,
};

/// The HTTP client for one provider.
///
/// # Errors
/// [`SpekeError::Setup`], [`SpekeError::Secret`]
pub(super) fn client(tls: &TlsConfig, connect: Duration) -> Result<Client, SpekeError> {
    // A provider that is installed already, by an embedding program, is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let setup =
        |what: &'static str| move |error: reqwest::Error| SpekeError::Setup(format!("{what}: {}", cause(&error)));
    // Keys go to the configured URL and nowhere else: no redirects, no proxy from the environment.
    let mut builder = Client::builder().redirect(redirect::Policy::none()).no_proxy().connect_timeout(connect);
    if let Some(ca) = &tls.ca {
        let pem = Secret::new(ca.clone()).read()?;
        let authorities = Certificate::from_pem_bundle(pem.as_bytes()).map_err(setup("tls.ca"))?;
        if authorities.is_empty() {
            return Err(SpekeError::Setup("tls.ca: there is no certificate in it".to_owned()));
        }
        builder = builder.tls_certs_only(authorities);
    }
    if let Some(client) = &tls.client {
        let certificate = Secret::new(client.certificate.clone()).read()?;
        let key = Secret::new(client.private_key.clone()).read()?;
        let both = Zeroizing::new(format!("{}\n{}\n", certificate.as_str(), key.as_str()));
        builder = builder.identity(Identity::from_pem(both.as_bytes()).map_err(setup("tls.client"))?);
    }
    builder.build().map_err(setup("tls"))
}

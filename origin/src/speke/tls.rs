use std::time::Duration;

use reqwest::{Certificate, Client, Identity};
use zeroize::Zeroizing;

use super::SpekeError;
use crate::{
    config::{Secret, TlsConfig},
    outgoing::{self, cause},
};

/// The HTTP client for one provider.
///
/// # Errors
/// [`SpekeError::Setup`], [`SpekeError::Secret`]
pub(super) fn client(tls: &TlsConfig, connect: Duration) -> Result<Client, SpekeError> {
    let setup =
        |what: &'static str| move |error: reqwest::Error| SpekeError::Setup(format!("{what}: {}", cause(&error)));
    let mut builder = outgoing::client().connect_timeout(connect);
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

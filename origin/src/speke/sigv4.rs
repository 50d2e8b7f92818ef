use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use reqwest::Url;
use zeroize::Zeroizing;

use super::auth::CredentialsError;
use crate::config::{Secret, SecretError, SigV4Config};

/// AWS Signature Version 4, as a key provider behind API Gateway wants it.
pub(crate) struct SigV4 {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Option<Secret>,
    region: String,
    service: String,
}

impl SigV4 {
    pub(super) fn new(config: &SigV4Config) -> Self {
        Self {
            access_key_id: config.access_key_id.clone(),
            secret_access_key: Secret::new(config.secret_access_key.clone()),
            session_token: config.session_token.clone().map(Secret::new),
            region: config.region.clone(),
            service: config.service.clone(),
        }
    }

    pub(super) fn unserved(&self) -> SecretError {
        self.secret_access_key.malformed("a server compares basic and bearer only")
    }

    /// The headers to add to a POST, of which `headers` are signed too.
    pub(super) fn sign(
        &self,
        url: &Url,
        headers: &[(&str, &str)],
        body: &[u8],
        now: SystemTime,
    ) -> Result<Vec<(String, Zeroizing<String>)>, CredentialsError> {
        let token = self.session_token.as_ref().map(Secret::read).transpose()?;
        let credentials = Credentials::new(
            self.access_key_id.as_str(),
            self.secret_access_key.read()?.as_str(),
            token.map(|token| token.to_string()),
            None,
            "sluice",
        );
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| CredentialsError::Signature)?;
        let request = SignableRequest::new("POST", url.as_str(), headers.iter().copied(), SignableBody::Bytes(body))
            .map_err(|_| CredentialsError::Signature)?;
        let (instructions, _) = sign(request, &params.into()).map_err(|_| CredentialsError::Signature)?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), Zeroizing::new(value.to_owned()))).collect())
    }
}

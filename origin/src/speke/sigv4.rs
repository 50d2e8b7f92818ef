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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::SecretRef;

    /// 2015-08-30T12:36:00Z, of AWS's test suite.
    const SECONDS: u64 = 1_440_938_160;

    fn signed(config: &SigV4Config, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<(String, String)> {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(SECONDS);
        let url = Url::parse(url).expect("a URL");
        let signed = SigV4::new(config).sign(&url, headers, body, at).expect("signed");
        signed.into_iter().map(|(name, value)| (name, value.to_string())).collect()
    }

    fn config(region: &str, service: &str) -> SigV4Config {
        SigV4Config {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: SecretRef::value("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
            region: region.to_owned(),
            service: service.to_owned(),
        }
    }

    fn authorization(signed: &[(String, String)]) -> &str {
        signed.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization")).map_or("", |(_, value)| value)
    }

    #[test]
    fn aws_published_signatures() {
        // aws-sig-v4-test-suite: post-vanilla, post-x-www-form-urlencoded.
        let suite = config("us-east-1", "service");
        let vanilla = signed(&suite, "https://example.amazonaws.com/", &[], b"");
        assert_eq!(
            authorization(&vanilla),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let form = signed(&suite, "https://example.amazonaws.com/", &form, b"Param1=value1");
        assert!(
            authorization(&form)
                .ends_with("Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
            "{}",
            authorization(&form)
        );
    }

    #[test]
    fn a_request_is_signed_as_botocore_signs_it() {
        // PyPI botocore 1.44.8, SigV4Auth.
        let mut config = config("eu-west-1", "execute-api");
        let url = "https://abc.execute-api.eu-west-1.amazonaws.com/prod/speke/v2?tenant=a%20b&x=1";
        let headers = [("content-type", "application/xml"), ("x-speke-version", "2.0")];
        assert_eq!(
            authorization(&signed(&config, url, &headers, b"<a/>")),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/execute-api/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-speke-version, \
             Signature=fca164372dcb8f4de077ce08f73def5e2c63075433fbc66507f2c276ae326218"
        );
        config.session_token = Some(SecretRef::value("a token"));
        let signed = signed(&config, url, &headers, b"<a/>");
        assert!(signed.contains(&("x-amz-security-token".to_owned(), "a token".to_owned())), "{signed:?}");
        assert!(
            authorization(&signed)
                .ends_with("Signature=e362b6a8cda0dc6c626e3d73bdca2fbc74f97ab7f7249f0b68e9aa3bcacc8a3f"),
            "{}",
            authorization(&signed)
        );
    }
}

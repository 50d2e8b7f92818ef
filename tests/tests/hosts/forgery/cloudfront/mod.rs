//! CloudFront's signed URLs and signed cookies: signed with the keys that the deployment trusts, then altered, or signed over what covers nothing.

mod altered;
mod carried;
mod policies;

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use p256::ecdsa::Signature;
use serde_json::{Value, json};
use sluice_gate::grant::Algorithm;
use sluice_origin::mint::SigningKey;
use sluice_tests::{
    fixture::{Stack, StackOptions},
    runtime::EdgeHost,
};

use super::attempt::{Attempt, refused};
use crate::options;

/// A file beside the gate's own vectors.
macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("../../../../../edge/gate/src/grant/cloudfront/vectors/", $name))
    };
}
use pem;

const RSA: &str = "KRSA";
const P256: &str = "KP256";

const INVALID: &str = "token_invalid";
const ELSEWHERE: &str = "title_mismatch";

pub(super) async fn run(host: EdgeHost) -> Result<Stack> {
    let config = json!({
        "viewer": { "leeway_seconds": 0 },
        "manifest_grants": true,
        "cloudfront": { "sha1": false, "keys": [
            { "id": RSA, "public_key": pem!("rsa.pub.pem") },
            { "id": P256, "public_key": pem!("p256.pub.pem") },
        ] },
    });
    let stack = Stack::start(StackOptions { config, ..options(host).await? }).await?;
    let forger = Forger::new(&stack)?;
    forger.sound().await?;
    let mut attempts = Vec::new();
    forger.policies(&mut attempts)?;
    forger.resources(&mut attempts)?;
    for key in [RSA, P256] {
        forger.parts(key, &mut attempts)?;
        forger.canned_times(key, &mut attempts)?;
        forger.bits(key, &mut attempts)?;
    }
    forger.signatures(&mut attempts)?;
    forger.carriage(&mut attempts)?;
    refused(&stack, &attempts).await?;
    forger.manifests().await?;
    drop(forger);
    Ok(stack)
}

/// A token's parts by their names in a URL, as they are sent.
#[derive(Clone)]
struct Token(Vec<(&'static str, String)>);

impl Token {
    fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value)
    }

    fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut changed = self.clone();
        let value = value.into();
        changed.0.iter_mut().filter(|(own, _)| *own == name).for_each(|(_, old)| old.clone_from(&value));
        changed
    }

    fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(own, _)| *own != name).cloned().collect())
    }

    fn and(&self, name: &'static str, value: impl Into<String>) -> Self {
        Self(self.0.iter().cloned().chain([(name, value.into())]).collect())
    }

    fn query(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    fn cookies(&self) -> String {
        self.0.iter().map(|(name, value)| format!("CloudFront-{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

/// CloudFront's base64.
fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

fn decode(text: &str) -> Result<Vec<u8>> {
    Ok(STANDARD.decode(text.replace('-', "+").replace('_', "=").replace('~', "/"))?)
}

/// Who has the private keys.
struct Forger<'a> {
    stack: &'a Stack,
    /// The URL of the title's folder.
    folder: String,
    now: u64,
    rsa: SigningKey,
    p256: SigningKey,
}

impl<'a> Forger<'a> {
    fn new(stack: &'a Stack) -> Result<Self> {
        Ok(Self {
            stack,
            folder: format!("{}/v1/{}/", stack.url(), stack.title()),
            now: stack.now(),
            rsa: SigningKey::from_pem(Algorithm::Rs256, pem!("rsa.pem").as_bytes())?,
            p256: SigningKey::from_pem(Algorithm::Es256, pem!("p256.pem").as_bytes())?,
        })
    }

    fn ends(&self) -> u64 {
        self.now + 600
    }

    /// Signed over any text, as CloudFront has it, with SHA-256.
    fn signature(&self, key: &str, text: &str) -> Result<Vec<u8>> {
        if key == RSA {
            return Ok(self.rsa.sign(text.as_bytes())?);
        }
        let signature = Signature::from_slice(&self.p256.sign(text.as_bytes())?)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    /// A custom policy of any text.
    fn custom(&self, key: &str, policy: &str) -> Result<Token> {
        Ok(Token(vec![
            ("Policy", encode(policy.as_bytes())),
            ("Signature", encode(&self.signature(key, policy)?)),
            ("Key-Pair-Id", key.to_owned()),
            ("Hash-Algorithm", "SHA256".to_owned()),
        ]))
    }

    /// A canned policy for a URL until a time, which is written as given.
    fn canned(&self, key: &str, url: &str, expires: &str) -> Result<Token> {
        let condition = format!(r#"{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}"#);
        let policy = format!(r#"{{"Statement":[{{"Resource":"{url}","Condition":{condition}}}]}}"#);
        Ok(Token(vec![
            ("Expires", expires.to_owned()),
            ("Signature", encode(&self.signature(key, &policy)?)),
            ("Key-Pair-Id", key.to_owned()),
            ("Hash-Algorithm", "SHA256".to_owned()),
        ]))
    }

    fn policy(&self, resource: &str) -> Value {
        json!({ "Statement": [{
            "Resource": resource,
            "Condition": { "DateLessThan": { "AWS:EpochTime": self.ends() } },
        }] })
    }

    /// A policy that covers the title.
    fn covering(&self) -> Value {
        self.policy(&format!("{}*", self.folder))
    }

    fn in_url(&self, what: impl AsRef<str>, token: &Token) -> Attempt {
        let mut attempt = Attempt::session(format!("in a URL: {}", what.as_ref()), self.stack);
        attempt.target += &format!("?{}", token.query());
        attempt
    }

    fn in_cookies(&self, what: impl AsRef<str>, token: &Token) -> Attempt {
        let attempt = Attempt::session(format!("in cookies: {}", what.as_ref()), self.stack);
        attempt.with("cookie", token.cookies())
    }

    fn both(&self, what: &str, token: &Token, code: &'static str, attempts: &mut Vec<Attempt>) {
        attempts.extend([self.in_url(what, token).code(code), self.in_cookies(what, token).code(code)]);
    }

    /// What refuses the others is what is wrong with them.
    async fn sound(&self) -> Result<()> {
        for key in [RSA, P256] {
            let custom = self.custom(key, &self.covering().to_string())?;
            let canned = self.canned(key, &self.folder, &self.ends().to_string())?;
            let anywhere = self.custom(key, &self.policy("*").to_string())?;
            for token in [custom, canned, anywhere] {
                for attempt in [self.in_url("sound", &token), self.in_cookies("sound", &token)] {
                    let answer = attempt.send(self.stack).await?;
                    answer.expect(StatusCode::CREATED).with_context(|| format!("{key} {}", attempt.what))?;
                }
            }
        }
        Ok(())
    }
}

use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs8::DecodePrivateKey};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde_json::json;
use sha1::{Digest, Sha1};
use sluice_gate::grant::Algorithm;

use super::SigningKey;
use crate::config::{Secret, SecretRef};

/// `sluice mint cloudfront`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("covers").required(true).multiple(true).args(["url", "resource"])))]
pub struct CloudFrontArgs {
    /// The URL to sign, which is printed with its signature; without it, cookies are printed
    #[arg(long)]
    pub url: Option<String>,
    /// What is covered, wildcards included (`https://tv.example/v1/film/*`); the URL itself where it is left out
    #[arg(long)]
    pub resource: Option<String>,
    /// Seconds until it ends
    #[arg(long, default_value_t = 3600)]
    pub ttl: u64,
    /// After when it is valid, Unix seconds
    #[arg(long, value_name = "TIME")]
    pub from: Option<u64>,
    /// The IPv4 network that it may be used from (`192.0.2.0/24`)
    #[arg(long, value_name = "CIDR")]
    pub address: Option<String>,
    /// The id that CloudFront gave the public key
    #[arg(long)]
    pub key_id: String,
    /// The private key, PEM: RSA of 2048 bits, or P-256
    #[arg(long)]
    pub key_file: PathBuf,
    /// Signs with SHA-1, which is what CloudFront takes where no hash is named; RSA only
    #[arg(long)]
    pub sha1: bool,
}

/// The signed URL, or a `Set-Cookie` value's name and value per line; made at `now` in Unix seconds.
///
/// # Errors
/// A key that cannot be read or does not serve.
pub fn cloudfront(args: &CloudFrontArgs, now: u64) -> anyhow::Result<String> {
    let key = Secret::new(SecretRef::File(args.key_file.clone())).read()?;
    let resource =
        args.resource.as_ref().or(args.url.as_ref()).context("nothing is covered; give --url or --resource")?;
    let ends = now.saturating_add(args.ttl);
    let mut condition = json!({"DateLessThan": {"AWS:EpochTime": ends}});
    if let Some(address) = &args.address {
        condition["IpAddress"] = json!({"AWS:SourceIp": address});
    }
    if let Some(from) = args.from {
        condition["DateGreaterThan"] = json!({"AWS:EpochTime": from});
    }
    // A canned policy is this to the byte; written by hand, for its order counts.
    let policy = format!(r#"{{"Statement":[{{"Resource":{},"Condition":{condition}}}]}}"#, json!(resource));
    let other = args.url.as_ref().is_some_and(|url| url != resource);
    let custom = other || args.address.is_some() || args.from.is_some() || resource.contains('*');
    let signature = encode(&sign(key.as_bytes(), args.sha1, policy.as_bytes())?);
    let mut parts = match custom {
        true => vec![("Policy", encode(policy.as_bytes()))],
        false => vec![("Expires", ends.to_string())],
    };
    parts.extend([("Signature", signature), ("Key-Pair-Id", args.key_id.clone())]);
    if !args.sha1 {
        parts.push(("Hash-Algorithm", "SHA256".to_owned()));
    }
    let pairs = parts.iter().map(|(name, value)| format!("{name}={value}"));
    Ok(match &args.url {
        Some(url) => {
            let mark = if url.contains('?') { '&' } else { '?' };
            format!("{url}{mark}{}", pairs.collect::<Vec<_>>().join("&"))
        }
        None => pairs.map(|pair| format!("CloudFront-{pair}")).collect::<Vec<_>>().join("\n"),
    })
}

/// CloudFront's base64.
fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

fn sign(pem: &[u8], sha1: bool, policy: &[u8]) -> anyhow::Result<Vec<u8>> {
    if sha1 {
        // `ring` makes no new signatures with SHA-1. The timing that RUSTSEC-2023-0071 is about cannot be watched by anybody here.
        let der = PrivateKeyDer::from_pem_slice(pem).context("the key file has no private key in PEM")?;
        let PrivateKeyDer::Pkcs8(der) = der else {
            bail!("the key is not PKCS #8; convert it: openssl pkcs8 -topk8 -nocrypt -in FILE")
        };
        let key =
            RsaPrivateKey::from_pkcs8_der(der.secret_pkcs8_der()).map_err(|_| anyhow!("--sha1 takes an RSA key"))?;
        return key.sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(policy)).map_err(|_| anyhow!("signing failed"));
    }
    if let Ok(key) = SigningKey::from_pem(Algorithm::Rs256, pem) {
        return Ok(key.sign(policy)?);
    }
    let key = SigningKey::from_pem(Algorithm::Es256, pem)
        .context("the key is neither RSA of 2048 bits and more nor P-256")?;
    let signature = p256::ecdsa::Signature::from_slice(&key.sign(policy)?).map_err(|_| anyhow!("signing failed"))?;
    Ok(signature.to_der().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sluice_gate::{
        ClientFacts,
        grant::{Kind, Lookup, Presented, cloudfront::CloudFrontKeys},
    };

    use super::*;

    macro_rules! vectors {
        ($name:literal) => {
            concat!(env!("CARGO_MANIFEST_DIR"), "/../edge/gate/src/grant/cloudfront/vectors/", $name)
        };
    }

    fn args(key: &str, url: Option<&str>, resource: Option<&str>) -> CloudFrontArgs {
        CloudFrontArgs {
            url: url.map(str::to_owned),
            resource: resource.map(str::to_owned),
            ttl: 1000,
            from: None,
            address: None,
            key_id: if key.contains("rsa") { "KRSA" } else { "KP256" }.to_owned(),
            key_file: key.into(),
            sha1: false,
        }
    }

    /// What botocore made of the same, to the byte: RSA signatures of this kind are always the same.
    #[test]
    fn signed_urls_are_those_of_botocore() {
        let text = std::fs::read_to_string(vectors!("botocore.json")).expect("vectors");
        let vectors: Value = serde_json::from_str(&text).expect("vectors");
        let url = "https://tv.example/v1/film/cbcs/main.m3u8?ks=widevine";
        let canned = CloudFrontArgs { sha1: true, ..args(vectors!("rsa.pem"), Some(url), None) };
        let ends = vectors[0]["ends"].as_u64().expect("a time");
        assert_eq!(cloudfront(&canned, ends - 1000).expect("a URL"), vectors[0]["url"].as_str().expect("a URL"));
        let refused = CloudFrontArgs { sha1: true, ..args(vectors!("p256.pem"), Some(url), None) };
        assert!(format!("{:#}", cloudfront(&refused, 1).expect_err("refused")).contains("RSA"));
    }

    struct Table(Vec<(String, String)>);

    impl Lookup for Table {
        fn each(&self, name: &str, take: &mut dyn FnMut(&str)) {
            self.0.iter().filter(|(known, _)| known == name).for_each(|(_, value)| take(value));
        }
    }

    #[test]
    fn an_edge_takes_what_is_minted() {
        let keys = [("KRSA", vectors!("rsa.pub.pem")), ("KP256", vectors!("p256.pub.pem"))];
        let keys =
            keys.map(|(id, path)| json!({"id": id, "public_key": std::fs::read_to_string(path).expect("a key")}));
        let config = serde_json::from_value(json!({"keys": keys})).expect("a configuration");
        let keys = CloudFrontKeys::new(&config).expect("keys");
        let folder = "https://tv.example/v1/film/";
        for key in [vectors!("rsa.pem"), vectors!("p256.pem")] {
            let restricted = |args: CloudFrontArgs| CloudFrontArgs {
                from: Some(99),
                address: Some("192.0.2.0/24".to_owned()),
                ..args
            };
            for args in [
                args(key, Some(folder), None),
                args(key, Some(folder), Some("https://tv.example/*")),
                args(key, None, Some(folder)),
                restricted(args(key, Some(folder), None)),
                restricted(args(key, None, Some("https://tv.example/v1/film/*"))),
            ] {
                let token = cloudfront(&args, 100).expect("a token");
                let url = if args.url.is_some() { token.as_str() } else { folder };
                let pairs = token.lines().filter_map(|line| line.split_once('='));
                let cookies = Table(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
                let client = ClientFacts { address: Some([192, 0, 2, 7].into()), ..ClientFacts::default() };
                let judged = |now| {
                    let request = Presented {
                        url: Some(url),
                        method: "POST",
                        bearer: None,
                        headers: &Table(Vec::new()),
                        cookies: &cookies,
                        client: &client,
                        now,
                    };
                    keys.verify(&request)
                };
                assert_eq!(judged(1099).unwrap_or_else(|error| panic!("{args:?}: {error}")).ends, 1100);
                assert!(judged(1100).is_err());
                assert_eq!(judged(99).is_err(), args.from.is_some());
            }
        }
    }
}

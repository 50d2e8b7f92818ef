use std::{path::PathBuf, time::SystemTime};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sluice_gate::grant::{
    Algorithm,
    jwt::{ViewerClaims, mint_hs256},
};

use super::SigningKey;
use crate::config::{Secret, SecretRef};

/// `sluice mint viewer`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("key").required(true).args(["key_file", "secret_env"])))]
pub struct ViewerArgs {
    /// The account, `sub`
    #[arg(long)]
    pub account: String,
    /// A title that it covers; give it several times, or not at all for every title
    #[arg(long = "title")]
    pub titles: Vec<String>,
    /// The tier of subscription
    #[arg(long)]
    pub tier: Option<String>,
    /// Seconds until it ends
    #[arg(long, default_value_t = 3600)]
    pub ttl: u64,
    /// The key's id, as the edge's configuration has it
    #[arg(long)]
    pub kid: String,
    /// The algorithm that the edge's configuration pins to that key
    #[arg(long, value_parser = algorithm)]
    pub alg: Algorithm,
    /// The private key (PEM) or, for HS256, the shared secret, in a file
    #[arg(long)]
    pub key_file: Option<PathBuf>,
    /// The same in an environment variable
    #[arg(long, value_name = "NAME")]
    pub secret_env: Option<String>,
    /// `iss`
    #[arg(long)]
    pub issuer: Option<String>,
    /// `aud`
    #[arg(long)]
    pub audience: Option<String>,
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    Algorithm::parse(text).ok_or_else(|| "one of HS256, RS256, PS256, ES256, EdDSA".to_owned())
}

/// Mints the token and prints it.
///
/// # Errors
/// A key that cannot be read or does not serve, a token that no edge would take.
pub fn run(args: &ViewerArgs) -> anyhow::Result<()> {
    let now =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("this machine's clock is before 1970")?;
    println!("{}", viewer(args, now.as_secs())?);
    Ok(())
}

/// The token, made at `now` in Unix seconds.
///
/// # Errors
/// As [`run`].
pub fn viewer(args: &ViewerArgs, now: u64) -> anyhow::Result<String> {
    let reference = match (&args.key_file, &args.secret_env) {
        (Some(path), _) => SecretRef::File(path.clone()),
        (None, Some(name)) => SecretRef::Env(name.clone()),
        (None, None) => anyhow::bail!("no key; give --key-file or --secret-env"),
    };
    let key = Secret::new(reference).read()?;
    let claims = ViewerClaims {
        iss: args.issuer.clone(),
        aud: args.audience.clone(),
        sub: args.account.clone(),
        exp: now.saturating_add(args.ttl),
        iat: Some(now),
        tier: args.tier.clone(),
        titles: (!args.titles.is_empty()).then(|| args.titles.clone()),
        ..ViewerClaims::default()
    };
    if args.alg == Algorithm::Hs256 {
        return Ok(mint_hs256(&args.kid, key.as_bytes(), &claims)?);
    }
    let signer = SigningKey::from_pem(args.alg, key.as_bytes())?;
    let header = serde_json::json!({"typ": "JWT", "alg": args.alg.as_str(), "kid": args.kid});
    let encoded = |json: String| URL_SAFE_NO_PAD.encode(json);
    let message = format!("{}.{}", encoded(header.to_string()), encoded(serde_json::to_string(&claims)?));
    let signature = URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes())?);
    Ok(format!("{message}.{signature}"))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
    };
    use sluice_gate::grant::{
        Account, ViewerConfig,
        jwt::{ViewerKeys, verify},
    };

    use super::*;

    const NOW: u64 = 1_800_000_000;
    /// Made for this test: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048
    const RSA: (&str, &str) = (include_str!("testdata/rsa.pem"), include_str!("testdata/rsa.pub.pem"));

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    /// A private key and its SubjectPublicKeyInfo, both PEM.
    fn key(algorithm: Algorithm) -> (String, String) {
        let random = SystemRandom::new();
        let spki = |prefix: &[u8], key: &[u8]| pem("PUBLIC KEY", &[prefix, key].concat());
        match algorithm {
            Algorithm::EdDsa => {
                let der = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
                let key = Ed25519KeyPair::from_pkcs8(der.as_ref()).expect("a key");
                let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
                (pem("PRIVATE KEY", der.as_ref()), spki(&prefix, key.public_key().as_ref()))
            }
            Algorithm::Es256 => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
                let key = EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).expect("a key");
                let prefix = [
                    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce,
                    0x3d, 3, 1, 7, 3, 0x42, 0,
                ];
                (pem("PRIVATE KEY", der.as_ref()), spki(&prefix, key.public_key().as_ref()))
            }
            Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Hs256 => (RSA.0.to_owned(), RSA.1.to_owned()),
        }
    }

    fn args(alg: Algorithm, key_file: PathBuf) -> ViewerArgs {
        ViewerArgs {
            account: "somebody".to_owned(),
            titles: vec!["film".to_owned()],
            tier: Some("premium".to_owned()),
            ttl: 60,
            kid: "k".to_owned(),
            alg,
            key_file: Some(key_file),
            secret_env: None,
            issuer: Some("issuer".to_owned()),
            audience: Some("edge".to_owned()),
        }
    }

    #[test]
    fn an_edge_takes_what_is_minted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let secret = "a shared secret of 32 bytes, yes";
        for algorithm in Algorithm::ALL {
            let (private, public) = key(algorithm);
            let (private, field) = match algorithm {
                Algorithm::Hs256 => (format!("{secret}\n"), serde_json::json!({"secret": "s"})),
                _ => (private, serde_json::json!({"public_key": public})),
            };
            std::fs::write(&path, private).expect("writable");
            let token = viewer(&args(algorithm, path.clone()), NOW).expect("a token");
            let mut pinned = field;
            pinned["kid"] = "k".into();
            pinned["alg"] = algorithm.as_str().into();
            let config = serde_json::json!({"keys": [pinned], "issuer": "issuer", "audience": "edge"});
            let config: ViewerConfig = serde_json::from_value(config).expect("a configuration");
            let keys = ViewerKeys::new(&config, |_| Some(secret.as_bytes())).expect("keys");
            let grant = verify(&keys, &token, NOW + 59).expect("valid");
            assert_eq!(grant.account, Account::Named("somebody".to_owned()));
            assert_eq!((grant.tier.as_str(), grant.ends), ("premium", NOW + 60));
            assert_eq!(grant.titles, Some(vec!["film".to_owned()]));
            assert!(verify(&keys, &token, NOW + 60).is_err());
        }
    }

    #[test]
    fn a_key_that_does_not_serve_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let refused = |algorithm, text: &str| {
            std::fs::write(&path, text).expect("writable");
            viewer(&args(algorithm, path.clone()), NOW).expect_err("refused").to_string()
        };
        assert!(refused(Algorithm::Hs256, "short").contains("32"));
        assert!(refused(Algorithm::Es256, "no PEM").contains("PEM"));
        assert!(refused(Algorithm::Es256, RSA.0).contains("ES256"));
        assert!(refused(Algorithm::EdDsa, RSA.0).contains("EdDSA"));
        assert!(refused(Algorithm::Rs256, &key(Algorithm::EdDsa).0).contains("RS256"));
        assert!(refused(Algorithm::Es256, &pem("EC PRIVATE KEY", &[1])).contains("openssl pkcs8"));
    }
}

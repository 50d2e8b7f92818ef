use std::{net::IpAddr, path::PathBuf};

use anyhow::{Context, anyhow, bail};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sluice_gate::grant::edgeauth::{MAX_TOKEN, escape};

use crate::config::{Secret, SecretRef};

/// `sluice mint akamai`
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("key").required(true).args(["key_file", "key_env"])))]
#[command(group(clap::ArgGroup::new("covers").required(true).args(["acls", "path"])))]
pub struct AkamaiArgs {
    /// A pattern of paths that it covers (`/v1/film/*`); give it several times for several
    #[arg(long = "acl")]
    pub acls: Vec<String>,
    /// The one path that it covers, which is then not in the token
    #[arg(long)]
    pub path: Option<String>,
    /// Seconds until it ends
    #[arg(long, default_value_t = 3600)]
    pub ttl: u64,
    /// When it begins, Unix seconds
    #[arg(long, value_name = "TIME")]
    pub from: Option<u64>,
    /// The only address that it may be used from
    #[arg(long)]
    pub address: Option<IpAddr>,
    /// The session id, `id`
    #[arg(long)]
    pub id: Option<String>,
    /// The payload, `data`
    #[arg(long)]
    pub data: Option<String>,
    /// The property's "Escape token input" is on
    #[arg(long)]
    pub escape_early: bool,
    /// The key, hex digits in a file
    #[arg(long)]
    pub key_file: Option<PathBuf>,
    /// The same in an environment variable
    #[arg(long, value_name = "NAME")]
    pub key_env: Option<String>,
    /// The salt, in an environment variable
    #[arg(long, value_name = "NAME")]
    pub salt_env: Option<String>,
}

/// The token, made at `now` in Unix seconds.
///
/// # Errors
/// A key that cannot be read or is not hex digits, a token that no edge would take.
pub fn akamai(args: &AkamaiArgs, now: u64) -> anyhow::Result<String> {
    let key = match (&args.key_file, &args.key_env) {
        (Some(path), _) => Secret::new(SecretRef::File(path.clone())),
        (None, Some(name)) => Secret::new(SecretRef::Env(name.clone())),
        (None, None) => bail!("no key; give --key-file or --key-env"),
    };
    let key = hex(key.read()?.trim()).context("the key is not an even number of hex digits")?;
    let plain = |text: &str| if args.escape_early { escape(text) } else { text.to_owned() };
    let mut fields = Vec::new();
    let mut add = |name: &str, value: Option<String>| fields.extend(value.map(|value| format!("{name}={value}")));
    add("ip", args.address.map(|address| plain(&address.to_string())));
    add("st", args.from.map(|from| from.to_string()));
    add("exp", Some(now.saturating_add(args.ttl).to_string()));
    // As Akamai's libraries have it: patterns are never escaped.
    add("acl", (!args.acls.is_empty()).then(|| args.acls.join("!")));
    add("id", args.id.as_deref().map(plain));
    add("data", args.data.as_deref().map(plain));
    if let Some(field) = fields.iter().find(|field| field.contains('~') || field.ends_with('=')) {
        bail!("{field:?} is empty or has a ~, which ends a field; --escape-early escapes it");
    }
    let text = fields.join("~");
    let mut signed = text.clone();
    if let Some(path) = &args.path {
        signed.push_str(&format!("~url={}", plain(path)));
    }
    if let Some(name) = &args.salt_env {
        signed.push_str(&format!("~salt={}", Secret::new(SecretRef::Env(name.clone())).read()?.as_str()));
    }
    let mut hmac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| anyhow!("the key does not serve"))?;
    hmac.update(signed.as_bytes());
    let token = format!("{text}~hmac={}", crate::hex::encode(&hmac.finalize().into_bytes()));
    if token.len() > MAX_TOKEN {
        bail!("the token has {} bytes where the edge takes at most {MAX_TOKEN}", token.len());
    }
    Ok(token)
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let whole =
        !digits.is_empty() && digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    if whole { (0..digits.len()).step_by(2).map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What Akamai's library made of the same, to the byte.
    #[test]
    fn tokens_are_those_of_akamais_library() {
        let file: Value =
            serde_json::from_str(include_str!("../../../edge/gate/src/grant/edgeauth/vectors/akamai-edgeauth.json"))
                .expect("vectors");
        let folder = tempfile::tempdir().expect("a folder");
        let key_file = folder.path().join("key");
        std::fs::write(&key_file, format!("{}\n", file["key"].as_str().expect("a key"))).expect("writable");
        let mut made = 0;
        for vector in file["vectors"].as_array().expect("vectors") {
            let token = vector["token"].as_str().expect("a token");
            // A salt comes from the environment, which tests share.
            if token.ends_with("hmac=")
                || token.rsplit('=').next().map(str::len) != Some(64)
                || !vector["salt"].is_null()
            {
                continue;
            }
            let text = |name: &str| vector[name].as_str().map(str::to_owned);
            let acls = token.split('~').find_map(|field| field.strip_prefix("acl="));
            let args = AkamaiArgs {
                acls: acls.map(|acls| acls.split('!').map(str::to_owned).collect()).unwrap_or_default(),
                path: if acls.is_none() { text("path") } else { None },
                ttl: 1000,
                from: vector["st"].as_u64(),
                address: text("ip").map(|ip| ip.parse().expect("an address")),
                id: text("id"),
                data: text("data"),
                escape_early: vector["escaped"] == true,
                key_file: Some(key_file.clone()),
                key_env: None,
                salt_env: None,
            };
            let exp = vector["exp"].as_u64().expect("a time");
            assert_eq!(akamai(&args, exp - 1000).expect("a token"), token, "{vector}");
            let broken = AkamaiArgs { data: Some("a~b".to_owned()), escape_early: false, ..args };
            assert!(akamai(&broken, 1).expect_err("refused").to_string().contains("--escape-early"));
            made += 1;
        }
        assert_eq!(made, 7);
        std::fs::write(&key_file, "xyz").expect("writable");
        let args = AkamaiArgs {
            acls: vec!["/*".to_owned()],
            path: None,
            ttl: 1,
            from: None,
            address: None,
            id: None,
            data: None,
            escape_early: false,
            key_file: Some(key_file),
            key_env: None,
            salt_env: None,
        };
        assert!(akamai(&args, 1).expect_err("refused").to_string().contains("hex digits"));
    }
}

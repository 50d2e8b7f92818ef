use serde::Serialize;

use super::KeyArgs;

/// `sluice mint admin`
#[derive(Debug, clap::Args)]
pub struct AdminArgs {
    /// A role; give it several times for several
    #[arg(long = "role", default_value = "sluice-revoke")]
    pub roles: Vec<String>,
    /// The claim that names roles, as the edge's configuration has it
    #[arg(long, default_value = "roles")]
    pub roles_claim: String,
    /// `aud`, as the edge's configuration has it for administrators
    #[arg(long)]
    pub audience: String,
    /// `iss`
    #[arg(long)]
    pub issuer: Option<String>,
    /// Seconds until it ends
    #[arg(long, default_value_t = 300)]
    pub ttl: u64,
    /// The key
    #[command(flatten)]
    pub key: KeyArgs,
}

#[derive(Serialize)]
struct AdminClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    aud: &'a str,
    exp: u64,
    iat: u64,
    #[serde(flatten)]
    roles: serde_json::Map<String, serde_json::Value>,
}

/// The token, made at `now` in Unix seconds.
///
/// # Errors
/// A key that cannot be read or does not serve, a token that no edge would take; a claim for roles that is another's name.
pub fn admin(args: &AdminArgs, now: u64) -> anyhow::Result<String> {
    if ["iss", "aud", "exp", "iat", "nbf", "sub"].contains(&args.roles_claim.as_str()) {
        return Err(crate::UsageError(format!("--roles-claim: {} is another claim", args.roles_claim)).into());
    }
    let roles = [(args.roles_claim.clone(), args.roles.clone().into())].into_iter().collect();
    args.key.sign(&AdminClaims {
        iss: args.issuer.as_deref(),
        aud: &args.audience,
        exp: now.saturating_add(args.ttl),
        iat: now,
        roles,
    })
}

#[cfg(test)]
mod tests {
    use sluice_gate::grant::{
        AdminConfig, Algorithm,
        jwt::{ViewerKeys, claims, verify},
    };

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const SECRET: &str = "a shared secret of 32 bytes, yes";

    fn args(roles: &[&str], key_file: std::path::PathBuf) -> AdminArgs {
        let key = KeyArgs { kid: "ops".to_owned(), alg: Algorithm::Hs256, key_file: Some(key_file), secret_env: None };
        AdminArgs {
            roles: roles.iter().map(ToString::to_string).collect(),
            roles_claim: "roles".to_owned(),
            audience: "sluice-admin".to_owned(),
            issuer: None,
            ttl: 60,
            key,
        }
    }

    #[test]
    fn an_edge_takes_what_is_minted_for_an_administrators_and_no_viewers() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        std::fs::write(&path, SECRET).expect("writable");
        let config = r#"{"tokens":{"audience":"sluice-admin","keys":[{"kid":"ops","alg":"HS256","secret":"s"}]}}"#;
        let config: AdminConfig = serde_json::from_str(config).expect("a configuration");
        let keys = ViewerKeys::new(&config.tokens, |_| Some(SECRET.as_bytes())).expect("keys");
        for (roles, may) in [(&["sluice-revoke"][..], true), (&["other"], false), (&["other", "sluice-revoke"], true)] {
            let token = admin(&args(roles, path.clone()), NOW).expect("a token");
            let said = claims(&keys, &token, NOW + 59).expect("valid");
            assert_eq!(config.may_revoke(&said), may, "{roles:?}");
            assert!(claims(&keys, &token, NOW + 60).is_err());
            assert!(verify(&keys, &token, NOW).is_err(), "it names no account");
        }
        let reserved = AdminArgs { roles_claim: "exp".to_owned(), ..args(&[], path) };
        assert!(admin(&reserved, NOW).is_err_and(|error| error.is::<crate::UsageError>()));
    }
}

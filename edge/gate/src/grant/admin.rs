use serde_json::{Map, Value};
use sluice_document::members;

use super::ViewerConfig;

/// How administrators' tokens are recognised, and what they may: the `admin` object of the edge's configuration.
///
/// ```json
/// {"tokens":{"audience":"sluice-admin","keys":[{"kid":"ops-1","alg":"HS256","secret":"admin_secret"}]},
///  "roles_claim":"roles","revoke_roles":["sluice-revoke"]}
/// ```
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// Keys, issuer and audience, in the form of the `viewer` object.
    pub tokens: ViewerConfig,
    /// The claim that names roles: a string, which is one role, or an array of strings.
    pub roles_claim: String,
    /// Roles, any of which may revoke.
    pub revoke_roles: Vec<String>,
}

members!(deny AdminConfig {
    tokens,
    roles_claim = "roles".to_owned(),
    revoke_roles = vec!["sluice-revoke".to_owned()],
});

impl AdminConfig {
    /// Whether no token can be a viewer's and an administrator's at once by its form: administrators' have an audience, and viewers' have another or none.
    ///
    /// Keys are not compared: two sets of them may share one, behind a URL or under another name. A viewer's token is refused if it has an audience and none
    /// is configured.
    pub fn is_apart_from(&self, viewers: &[ViewerConfig]) -> bool {
        self.tokens.audience.is_some() && viewers.iter().all(|viewer| self.tokens.audience != viewer.audience)
    }

    /// Whether verified claims name a role that may revoke. A claim of another form names none.
    pub fn may_revoke(&self, claims: &Map<String, Value>) -> bool {
        let is_one = |role: &Value| role.as_str().is_some_and(|role| self.revoke_roles.iter().any(|may| may == role));
        match claims.get(&self.roles_claim) {
            Some(Value::Array(roles)) => roles.iter().all(Value::is_string) && roles.iter().any(is_one),
            Some(role) => is_one(role),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(more: &str) -> AdminConfig {
        let text = format!(r#"{{"tokens":{{"keys":[],"audience":"admin"}}{more}}}"#);
        serde_json::from_str(&text).expect("a configuration")
    }

    #[test]
    fn a_role_is_named_as_a_string_or_in_an_array() {
        let admin = config("");
        let may = |admin: &AdminConfig, claims: Value| admin.may_revoke(claims.as_object().expect("claims"));
        for good in [json!("sluice-revoke"), json!(["other", "sluice-revoke"])] {
            assert!(may(&admin, json!({"roles": good})), "{good}");
        }
        for bad in [
            json!(null),
            json!(true),
            json!(""),
            json!("other"),
            json!("sluice-revoke other"),
            json!([]),
            json!(["other"]),
            json!([["sluice-revoke"]]),
            json!(["sluice-revoke", 1]),
            json!({"sluice-revoke": true}),
        ] {
            assert!(!may(&admin, json!({"roles": bad})), "{bad}");
        }
        assert!(!may(&admin, json!({})));
        let named = config(r#","roles_claim":"groups","revoke_roles":["a","b"]"#);
        assert!(may(&named, json!({"groups": "b"})) && !may(&named, json!({"groups": "sluice-revoke", "roles": "a"})));
        assert!(!may(&config(r#","revoke_roles":[]"#), json!({"roles": "sluice-revoke"})));
    }

    #[test]
    fn audiences_part_administrators_from_viewers() {
        let viewer = |text: &str| serde_json::from_str::<ViewerConfig>(text).expect("a configuration");
        let admin = config("");
        assert!(admin.is_apart_from(&[viewer(r#"{"keys":[]}"#)]));
        assert!(admin.is_apart_from(&[viewer(r#"{"keys":[],"audience":"viewers"}"#)]));
        assert!(!admin.is_apart_from(&[viewer(r#"{"keys":[],"audience":"admin"}"#)]));
        let anybody: AdminConfig = serde_json::from_str(r#"{"tokens":{"keys":[]}}"#).expect("a configuration");
        assert!(!anybody.is_apart_from(&[viewer(r#"{"keys":[],"audience":"viewers"}"#)]));
    }
}

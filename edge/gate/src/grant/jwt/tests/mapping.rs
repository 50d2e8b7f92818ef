//! Claims by other names, and claims that must be there.

use super::{with, *};
use crate::Deny;

fn mapped(claims: Value, require: Value) -> ViewerKeys {
    let mut config = config(json!([key(Algorithm::Hs256)]));
    config.claims = serde_json::from_value(claims).expect("claims");
    config.require = serde_json::from_value(require).expect("require");
    keys_of(&config).expect("keys")
}

fn judged(mapping: Value, changes: Value) -> Result<Grant, GrantError> {
    verify(&mapped(mapping, json!({})), &token(Algorithm::Hs256, &with(changes)), NOW)
}

fn met(require: Value, changes: Value) -> bool {
    match verify(&mapped(json!({}), require), &token(Algorithm::Hs256, &with(changes)), NOW) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error, INVALID);
            false
        }
    }
}

#[test]
fn a_name_is_taken_as_it_is_and_a_path_step_by_step() {
    let tier = |mapping: Value, changes: Value| judged(json!({"tier": mapping}), changes).map(|grant| grant.tier);
    let gold = || Ok("gold".to_owned());
    assert_eq!(tier(json!("https://tv.example/tier"), json!({"https://tv.example/tier": "gold"})), gold());
    assert_eq!(
        tier(json!("app_metadata.plan"), json!({"app_metadata.plan": "gold", "app_metadata": {"plan": "x"}})),
        gold()
    );
    assert_eq!(
        tier(json!(["app_metadata", "plan"]), json!({"app_metadata.plan": "x", "app_metadata": {"plan": "gold"}})),
        gold()
    );
    assert_eq!(tier(json!(["a", "b.c", "d"]), json!({"a": {"b.c": {"d": "gold"}}})), gold());
    // Not there at all: no tier.
    for changes in [json!({}), json!({"a": {}}), json!({"a": {"b": {}}})] {
        assert_eq!(tier(json!(["a", "b", "c"]), changes.clone()), Ok(String::new()), "{changes}");
    }
    // Something else in its place.
    for changes in [
        json!({"a": "b"}),
        json!({"a": ["b"]}),
        json!({"a": {"b": 1}}),
        json!({"a": {"b": {"c": null}}}),
        json!({"a": {"b": {"c": ["gold"]}}}),
    ] {
        assert_eq!(tier(json!(["a", "b", "c"]), changes.clone()), Err(INVALID), "{changes}");
    }
}

#[test]
fn the_first_pair_of_a_map_that_applies_counts() {
    let mapping =
        json!({"tier": {"claim": "roles", "map": [["gold", "premium"], ["silver", "basic"], ["bronze", "basic"]]}});
    let tier =
        |roles: Value| judged(mapping.clone(), json!({"roles": roles, "tier": "premium"})).map(|grant| grant.tier);
    assert_eq!(tier(json!(["silver", "gold"])).as_deref(), Ok("premium"));
    assert_eq!(tier(json!(["x", "bronze"])).as_deref(), Ok("basic"));
    assert_eq!(tier(json!("silver")).as_deref(), Ok("basic"));
    for none in [json!([]), json!(["x"]), json!("Gold"), json!(["gold "]), json!("gold silver")] {
        assert_eq!(tier(none.clone()).as_deref(), Ok(""), "{none}");
    }
    for bad in [json!(null), json!(1), json!([1]), json!(["gold", 1]), json!({"gold": true})] {
        // A null in the changes takes the claim out, so one is put in by hand.
        let mut claims = with(json!({}));
        claims["roles"] = bad.clone();
        assert_eq!(
            verify(&mapped(mapping.clone(), json!({})), &token(Algorithm::Hs256, &claims), NOW),
            Err(INVALID),
            "{bad}"
        );
    }
    // Scopes are words.
    let scope = json!({"tier": {"claim": "scope", "map": [["tv:premium", "premium"]]}});
    assert_eq!(
        judged(scope.clone(), json!({"scope": "openid tv:premium"})).map(|grant| grant.tier).as_deref(),
        Ok("premium")
    );
    assert_eq!(judged(scope, json!({"scope": "openid tv:premium2"})).map(|grant| grant.tier).as_deref(), Ok(""));
}

#[test]
fn titles_by_map_are_those_that_it_names() {
    let titles = |mapping: Value, changes: Value| judged(json!({"titles": mapping}), changes).map(|grant| grant.titles);
    let map = json!({"claim": "permissions", "map": [["watch:final", "final"], ["watch:cup", "cup"]]});
    let some = |titles: &[&str]| Ok(Some(titles.iter().map(|&title| title.to_owned()).collect::<Vec<_>>()));
    assert_eq!(titles(map.clone(), json!({"permissions": ["a", "watch:cup", "watch:final"]})), some(&["final", "cup"]));
    // Permissions for nothing of ours are none, not all.
    assert_eq!(titles(map.clone(), json!({"permissions": ["a"]})), some(&[]));
    assert_eq!(titles(map.clone(), json!({"permissions": []})), some(&[]));
    assert_eq!(titles(map, json!({})), Ok(None));
    assert_eq!(titles(json!("scope"), json!({"scope": "final cup"})), some(&["final", "cup"]));
    assert_eq!(titles(json!("films"), json!({"films": "final"})), Err(INVALID));
    // Not looked at.
    assert_eq!(titles(json!(null), json!({"titles": 7})), Ok(None));
}

#[test]
fn regions_are_places() {
    let places =
        |region: Value| judged(json!({"region": "country"}), json!({"country": region})).map(|grant| grant.places);
    let some = |places: &[&str]| Ok(Some(places.iter().map(|&place| place.to_owned()).collect::<Vec<_>>()));
    assert_eq!(places(json!("DE")), some(&["DE"]));
    assert_eq!(places(json!(["DE", "US-CA", "FR-75C"])), some(&["DE", "US-CA", "FR-75C"]));
    assert_eq!(places(json!([])), some(&[]));
    for bad in [
        json!("de"),
        json!("Germany"),
        json!("UK"),
        json!("US-"),
        json!("US-CALI"),
        json!("US-ca"),
        json!("DE,AT"),
        json!(""),
        json!(7),
        json!([["DE"]]),
        json!({"DE": 1}),
    ] {
        assert_eq!(places(bad.clone()), Err(INVALID), "{bad}");
    }
    let map = json!({"region": {"claim": "country", "map": [["Germany", "DE"]]}});
    assert_eq!(judged(map.clone(), json!({"country": "Germany"})).map(|grant| grant.places), some(&["DE"]));
    assert_eq!(judged(map, json!({"country": "France"})).map(|grant| grant.places), some(&[]), "nowhere");
}

#[test]
fn windows_narrow_what_a_token_grants() {
    let window = json!({"not_before": "from", "not_after": ["subscription", "until"]});
    let ends = |from: Value, until: Value| {
        judged(window.clone(), json!({"from": from, "subscription": {"until": until}})).map(|grant| grant.ends)
    };
    assert_eq!(ends(json!(NOW), json!(NOW + 50)), Ok(NOW + 50));
    assert_eq!(ends(json!("999999"), json!((NOW + 50).to_string())), Ok(NOW + 50));
    assert_eq!(ends(json!(0), json!(NOW + 500)), Ok(NOW + 100), "no longer than the token");
    assert_eq!(ends(json!(NOW as f64 - 0.5), json!(NOW as f64 + 1.5)), Ok(NOW + 1));
    let outside = || Err(Deny::RightsWindow.into());
    assert_eq!(ends(json!(NOW + 1), json!(NOW + 50)), outside());
    assert_eq!(ends(json!(NOW as f64 + 0.5), json!(NOW + 50)), outside());
    assert_eq!(ends(json!(0), json!(NOW)), outside());
    assert_eq!(ends(json!(0), json!(NOW as f64 + 0.5)), outside());
    for bad in [
        json!("tomorrow"),
        json!(""),
        json!("-1"),
        json!("1e9"),
        json!("99999999999999999999"),
        json!(1e300),
        json!(-1),
        json!([NOW + 9]),
        json!(true),
    ] {
        assert_eq!(ends(json!(0), bad.clone()), Err(INVALID), "{bad}");
        assert_eq!(ends(bad.clone(), json!(NOW + 9)), Err(INVALID), "{bad}");
    }
    assert_eq!(judged(window, json!({})).map(|grant| grant.ends), Ok(NOW + 100));
}

#[test]
fn devices_limits_and_accounts_by_other_names() {
    let mapping = json!({
        "account": ["user", "id"], "device": "hw", "stream_limit": "custom:streams",
        "device_class": {"claim": "kind", "map": [["phone", "mobile"], ["tablet", "mobile"]]}
    });
    let changes =
        json!({"user": {"id": "7"}, "hw": "abc", "custom:streams": "3", "kind": "tablet", "sub": null, "device": 7});
    let grant = judged(mapping.clone(), changes.clone()).expect("grant");
    assert_eq!(grant.account, Account::Named("7".to_owned()));
    assert_eq!((grant.device.as_deref(), grant.stream_limit), (Some("abc"), Some(3)));
    assert_eq!(grant.device_class.as_deref(), Some("mobile"));
    for (name, bad) in [
        ("kind", json!("fridge")),
        ("kind", json!([])),
        ("hw", json!([])),
        ("custom:streams", json!("4294967296")),
        ("user", json!({"id": 7})),
        ("user", json!({})),
    ] {
        let mut changed = changes.clone();
        changed[name] = bad.clone();
        assert_eq!(judged(mapping.clone(), changed), Err(INVALID), "{name} {bad}");
    }
}

#[test]
fn what_is_required_must_be_there() {
    assert!(met(json!({"token_use": "access"}), json!({"token_use": "access"})));
    assert!(!met(json!({"token_use": "access"}), json!({"token_use": "id"})));
    assert!(!met(json!({"token_use": "access"}), json!({})));
    assert!(met(json!({"scope": "watch"}), json!({"scope": "openid watch"})));
    assert!(met(json!({"scp": "watch"}), json!({"scp": ["openid", "watch"]})));
    assert!(!met(json!({"scope": "watch"}), json!({"scope": "openid watching"})));
    assert!(!met(json!({"scope": ""}), json!({"scope": "openid"})));
    // Only scopes are words.
    assert!(!met(json!({"role": "watch"}), json!({"role": "openid watch"})));
    assert!(met(json!({"ver": 2, "ok": true}), json!({"ver": 2, "ok": true})));
    assert!(!met(json!({"ver": 2}), json!({"ver": "2"})));
    assert!(!met(json!({"ver": 2}), json!({"ver": 2.0})));
    let realm = json!({"realm_access": {"roles": "viewer"}, "azp": "app"});
    assert!(met(realm.clone(), json!({"realm_access": {"roles": ["x", "viewer"]}, "azp": "app"})));
    assert!(!met(realm.clone(), json!({"realm_access": {"roles": ["x"]}, "azp": "app"})));
    assert!(!met(realm.clone(), json!({"realm_access": "viewer", "azp": "app"})));
    assert!(!met(realm, json!({"realm_access": {"roles": ["viewer"]}})));
    assert!(met(json!({"email_verified": false}), json!({"email_verified": false})));
    assert!(!met(json!({"email_verified": false}), json!({})));
}

#[test]
fn wrong_mappings_do_not_parse() {
    let refused = |claims: Value| {
        serde_json::from_value::<crate::grant::ClaimsConfig>(claims).err().map(|error| error.to_string())
    };
    for bad in [
        json!({"tier": 7}),
        json!({"tier": []}),
        json!({"tier": ["a", 7]}),
        json!({"tier": {}}),
        json!({"tier": {"claim": "a"}}),
        json!({"tier": {"claim": "a", "map": {}}}),
        json!({"tier": {"claim": "a", "map": [["b"]]}}),
        json!({"tier": {"claim": "a", "map": [["b", 1]]}}),
        json!({"tier": {"claim": "a", "map": [], "else": 1}}),
        json!({"tier": {"claim": {"claim": "a", "map": []}, "map": []}}),
    ] {
        assert!(refused(bad.clone()).is_some_and(|says| says.contains("a claim is")), "{bad}");
    }
    assert!(refused(json!({"teir": "a"})).is_some_and(|says| says.contains("teir")));
    assert!(refused(json!({"account": null})).is_some());
    assert!(serde_json::from_str::<crate::grant::Required>(r#"{"a":1,"a":2}"#).is_err());
    assert!(serde_json::from_value::<crate::grant::Required>(json!(["a"])).is_err());
}

#[test]
fn licences_are_stored_where_the_configured_claim_says_so_alone() {
    let persistent = |mapping: Value, changes: Value| judged(mapping, changes).map(|grant| grant.persistent);
    assert_eq!(persistent(json!({}), json!({"persistent": true})), Ok(false), "no claim is configured");
    let offline = json!({"persistent": ["rights", "offline"]});
    for (said, expected) in [(json!(true), true), (json!("true"), true), (json!(false), false), (json!("false"), false)]
    {
        assert_eq!(persistent(offline.clone(), json!({"rights": {"offline": said}})), Ok(expected), "{said}");
    }
    assert_eq!(persistent(offline.clone(), json!({})), Ok(false));
    for bad in [json!(1), json!("yes"), json!([true]), json!({"until": 1})] {
        assert_eq!(persistent(offline.clone(), json!({"rights": {"offline": bad}})), Err(INVALID), "{bad}");
    }
}

use super::*;

fn rights(json: &str) -> Rights {
    serde_json::from_str(json).expect("rights")
}

fn complaint(json: &str) -> String {
    serde_json::from_str::<Rights>(json).expect_err("refused").to_string()
}

const FACTS: Facts<'static> = Facts { now: 100, country: Some("DE"), tier: "basic" };

#[test]
fn nothing_said_is_unpublished() {
    for json in ["{}", r#"{"state":"unpublished"}"#, r#"{"state":"tombstoned"}"#] {
        assert_eq!(rights(json).authorize(&FACTS), Err(Deny::UnknownTitle), "{json}");
    }
    assert_eq!(Rights::default().authorize(&FACTS), Err(Deny::UnknownTitle));
}

#[test]
fn published_alone_is_open_to_all() {
    let open = rights(r#"{"state":"published"}"#);
    let permit = Permit { ends: None, max_height: None };
    assert_eq!(open.authorize(&FACTS), Ok(permit));
    assert_eq!(open.authorize(&Facts { country: None, tier: "", ..FACTS }), Ok(permit));
}

#[test]
fn countries_admit_and_the_unknown_is_refused() {
    let allow = rights(r#"{"state":"published","countries":{"allow":["DE","AT"]}}"#);
    let deny = rights(r#"{"state":"published","countries":{"deny":["DE","AT"]}}"#);
    let ask = |rights: &Rights, country| rights.authorize(&Facts { country, ..FACTS }).map(|_| ());
    assert_eq!(ask(&allow, Some("AT")), Ok(()));
    assert_eq!(ask(&allow, Some("FR")), Err(Deny::GeoBlocked));
    assert_eq!(ask(&deny, Some("AT")), Err(Deny::GeoBlocked));
    assert_eq!(ask(&deny, Some("FR")), Ok(()));
    for unknown in [None, Some(""), Some("XX"), Some("T1"), Some("fr"), Some("FRA")] {
        assert_eq!(ask(&allow, unknown), Err(Deny::GeoBlocked), "{unknown:?}");
        assert_eq!(ask(&deny, unknown), Err(Deny::GeoBlocked), "{unknown:?}");
    }
}

#[test]
fn the_window_bounds_the_permit() {
    let windowed = rights(r#"{"state":"published","windows":[{"from":50,"until":150},{"from":300}]}"#);
    let at = |now| windowed.authorize(&Facts { now, ..FACTS }).map(|permit| permit.ends);
    assert_eq!(at(49), Err(Deny::RightsWindow));
    assert_eq!(at(50), Ok(Some(150)));
    assert_eq!(at(150), Err(Deny::RightsWindow));
    assert_eq!(at(300), Ok(None));
}

#[test]
fn a_tier_is_listed_or_refused() {
    let tiered = rights(r#"{"state":"published","tiers":[{"name":"basic","max_height":720},{"name":"premium"}]}"#);
    let of = |tier| tiered.authorize(&Facts { tier, ..FACTS }).map(|permit| permit.max_height);
    assert_eq!(of("basic"), Ok(Some(720)));
    assert_eq!(of("premium"), Ok(None));
    for other in ["", "Basic", "free"] {
        assert_eq!(of(other), Err(Deny::NotEntitled));
    }
}

#[test]
fn a_wrong_policy_says_what_is_wrong() {
    for (json, says) in [
        (r#"{"state":"public"}"#, "unknown variant `public`"),
        (r#"{"window":[]}"#, "unknown field `window`"),
        (r#"{"windows":[{"from":5,"until":5}]}"#, "until (5) lies not after its from (5)"),
        (r#"{"windows":[{"from":5,"to":9}]}"#, "unknown field `to`"),
        (r#"{"windows":[{"from":-1}]}"#, "invalid value"),
        (r#"{"countries":{"allow":["UK"]}}"#, "\"UK\" is no country"),
        (r#"{"countries":{"deny":["de"]}}"#, "\"de\" is no country"),
        (r#"{"countries":{"allow":[]}}"#, "countries is empty"),
        (r#"{"countries":{"only":["DE"]}}"#, "unknown variant `only`"),
        (r#"{"countries":{"allow":["DE"],"deny":["FR"]}}"#, "expected value"),
        (r#"{"tiers":[{"name":"a"},{"name":"a"}]}"#, "\"a\" is listed twice"),
        (r#"{"tiers":[{"name":""}]}"#, "no name"),
        (r#"{"tiers":[{"name":"a","max_height":0}]}"#, "max_height 0"),
        (r#"{"stream_limit":0}"#, "at least 1"),
        (r#"{"store_down":"maybe"}"#, "unknown variant"),
        (r#"{"stream_limit":-1}"#, "invalid value"),
        (r#"{"approval":"yes"}"#, "invalid type"),
        (r#"{"state":"unpublished","state":"published"}"#, "duplicate field"),
    ] {
        let complaint = complaint(json);
        assert!(complaint.contains(says), "{json}: {complaint}");
    }
}

#[test]
fn rights_survive_json() {
    let json = r#"{"state":"published","windows":[{"from":1,"until":2},{"until":9}],"countries":{"deny":["DE"]},"tiers":[{"name":"a","max_height":1}],"stream_limit":2,"store_down":"admit","approval":{"by":"anna"}}"#;
    assert_eq!(serde_json::to_string(&rights(json)).expect("json"), json);
}

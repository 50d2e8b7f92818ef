use super::*;

fn rights(json: &str) -> Rights {
    serde_json::from_str(json).expect("rights")
}

fn complaint(json: &str) -> String {
    serde_json::from_str::<Rights>(json).expect_err("refused").to_string()
}

const GERMAN: ClientFacts =
    ClientFacts { country: Some(*b"DE"), region: None, address: None, asn: None, anonymizer: None };
const FACTS: Facts<'static> = Facts { now: 100, client: &GERMAN, tier: "basic", device_class: None };

/// A client in a country, or in a region of it.
fn at(place: &str) -> ClientFacts {
    let (country, region) = place.split_once('-').unwrap_or((place, ""));
    let country = country.as_bytes().try_into().ok();
    ClientFacts { country, region: country.and_then(|country| Region::told(country, region)), ..ClientFacts::default() }
}

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
    assert_eq!(open.authorize(&Facts { client: &ClientFacts::default(), tier: "", ..FACTS }), Ok(permit));
}

#[test]
fn countries_admit_and_the_unknown_is_refused() {
    let allow = rights(r#"{"state":"published","countries":{"allow":["DE","AT"]}}"#);
    let deny = rights(r#"{"state":"published","countries":{"deny":["DE","AT"]}}"#);
    let ask = |rights: &Rights, country| rights.authorize(&Facts { client: &at(country), ..FACTS }).map(|_| ());
    assert_eq!(ask(&allow, "AT"), Ok(()));
    assert_eq!(ask(&allow, "FR"), Err(Deny::GeoBlocked));
    assert_eq!(ask(&deny, "AT"), Err(Deny::GeoBlocked));
    assert_eq!(ask(&deny, "FR"), Ok(()));
    for unknown in ["", "XX", "T1", "fr", "FRA"] {
        assert_eq!(ask(&allow, unknown), Err(Deny::GeoBlocked), "{unknown:?}");
        assert_eq!(ask(&deny, unknown), Err(Deny::GeoBlocked), "{unknown:?}");
    }
}

#[test]
fn regions_decide_in_the_countries_of_which_some_are_named() {
    let everywhere = ["US-CA", "US-UT", "US", "GB-SCT", "GB", "DE-BE", "DE", "FR", "", "XX-A"];
    for (places, admitted) in [
        (r#""regions":{"allow":["US-CA","GB-SCT"]}"#, &["US-CA", "GB-SCT"][..]),
        (r#""countries":{"allow":["US","DE"]},"regions":{"allow":["US-CA"]}"#, &["US-CA", "DE-BE", "DE"]),
        (r#""countries":{"deny":["FR"]},"regions":{"allow":["US-CA"]}"#, &["US-CA"]),
        (r#""regions":{"deny":["US-UT"]}"#, &["US-CA", "GB-SCT", "GB", "DE-BE", "DE", "FR"]),
        (r#""countries":{"allow":["US"]},"regions":{"deny":["US-UT","GB-SCT"]}"#, &["US-CA"]),
        (r#""countries":{"deny":["FR"]},"regions":{"deny":["US-UT"]}"#, &["US-CA", "GB-SCT", "GB", "DE-BE", "DE"]),
    ] {
        let rights = rights(&format!(r#"{{"state":"published",{places}}}"#));
        let open: Vec<_> = everywhere.into_iter().filter(|place| rights.available(100, &at(place)).is_ok()).collect();
        assert_eq!(open, admitted, "{places}");
        let refused = everywhere.into_iter().filter_map(|place| rights.available(100, &at(place)).err());
        assert!(refused.into_iter().all(|deny| deny == Deny::GeoBlocked), "{places}");
    }
    // A region that a platform tells of another country than the client's is unknown.
    let astray = ClientFacts { region: Region::told(*b"US", "CA"), ..at("DE") };
    let rights = rights(r#"{"state":"published","regions":{"allow":["US-CA","DE-BE"]}}"#);
    assert_eq!(rights.available(100, &astray), Err(Deny::GeoBlocked));
}

#[test]
fn a_handle_is_bound_to_a_region_that_decides() {
    let rights = rights(r#"{"state":"published","regions":{"deny":["US-UT"]}}"#);
    assert_eq!(rights.deciding_region(&at("US-CA")).map(|region| region.to_string()).as_deref(), Some("US-CA"));
    assert_eq!(rights.deciding_region(&at("DE-BE")), None);
    assert_eq!(Rights::default().deciding_region(&at("US-CA")), None);
}

#[test]
fn who_may_hide_is_refused_where_the_title_says_so() {
    let refuse = rights(r#"{"state":"published","anonymizers":"refuse"}"#);
    let open = rights(r#"{"state":"published","anonymizers":"allow"}"#);
    for (anonymizer, outcome) in
        [(Some(false), Ok(None)), (Some(true), Err(Deny::Anonymizer)), (None, Err(Deny::Anonymizer))]
    {
        let client = ClientFacts { anonymizer, ..GERMAN };
        assert_eq!(refuse.available(100, &client), outcome, "{anonymizer:?}");
        assert_eq!(open.available(100, &client), Ok(None), "{anonymizer:?}");
    }
}

#[test]
fn a_class_of_device_is_listed_or_refused() {
    let living_room = rights(r#"{"state":"published","devices":{"allow":["tv","console"]}}"#);
    let on = |device_class| living_room.authorize(&Facts { device_class, ..FACTS }).map(|_| ());
    assert_eq!((on(Some("tv")), on(Some("console"))), (Ok(()), Ok(())));
    for other in [None, Some(""), Some("TV"), Some("mobile")] {
        assert_eq!(on(other), Err(Deny::DeviceClass), "{other:?}");
    }
}

#[test]
fn before_its_embargo_a_title_is_not_there() {
    let later = rights(r#"{"state":"published","embargo":100,"windows":[{"from":200}],"countries":{"allow":["FR"]}}"#);
    // Whoever asks, and from wherever: nothing else is looked at.
    for place in ["FR", "DE", ""] {
        assert_eq!(later.available(99, &at(place)), Err(Deny::UnknownTitle), "{place}");
        assert_eq!(rights("{}").available(99, &at(place)), Err(Deny::UnknownTitle), "{place}");
    }
    assert_eq!(later.available(100, &at("FR")), Err(Deny::RightsWindow));
    assert_eq!(later.available(200, &at("FR")), Ok(None));
}

/// The order that the module's documentation gives: with one more wrong each time, the earlier reason is told.
#[test]
fn of_several_reasons_the_first_is_told() {
    let all = rights(
        r#"{"state":"published","embargo":50,"windows":[{"from":60}],"regions":{"allow":["US-CA"]},"anonymizers":"refuse",
            "devices":{"allow":["tv"]},"tiers":[{"name":"basic"}]}"#,
    );
    let home = ClientFacts { anonymizer: Some(false), ..at("US-CA") };
    let hidden = ClientFacts { anonymizer: None, ..home };
    let astray = at("US");
    let ask = |now, client, device_class, tier| all.authorize(&Facts { now, client, tier, device_class }).err();
    assert_eq!(ask(60, &home, Some("tv"), "basic"), None);
    assert_eq!(ask(60, &home, Some("tv"), "none"), Some(Deny::NotEntitled));
    assert_eq!(ask(60, &home, None, "none"), Some(Deny::DeviceClass));
    assert_eq!(ask(59, &home, None, "none"), Some(Deny::RightsWindow));
    assert_eq!(ask(59, &hidden, None, "none"), Some(Deny::Anonymizer));
    assert_eq!(ask(59, &astray, None, "none"), Some(Deny::GeoBlocked));
    assert_eq!(ask(49, &astray, None, "none"), Some(Deny::UnknownTitle));
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
        (r#"{"countries":{"allow":[]}}"#, "an empty list restricts"),
        (r#"{"countries":{"only":["DE"]}}"#, "unknown field `only`"),
        (r#"{"countries":{"allow":["DE"],"deny":["FR"]}}"#, "either allow or deny"),
        (r#"{"countries":{}}"#, "either allow or deny"),
        (r#"{"regions":{"allow":["CA"]}}"#, "\"CA\" is no region"),
        (r#"{"regions":{"deny":["GB-sct"]}}"#, "\"GB-sct\" is no region"),
        (r#"{"regions":{"allow":["US-CA"]},"countries":{"allow":["DE"]}}"#, "countries does not admit US"),
        (r#"{"regions":{"allow":["US-CA"]},"countries":{"deny":["US"]}}"#, "countries does not admit US"),
        (r#"{"anonymizers":"deny"}"#, "unknown variant `deny`"),
        (r#"{"devices":{"allow":[]}}"#, "names no class of device"),
        (r#"{"devices":{"deny":["tv"]}}"#, "unknown field `deny`"),
        (r#"{"embargo":-1}"#, "invalid value"),
        (r#"{"tiers":[{"name":"a"},{"name":"a"}]}"#, "\"a\" is listed twice"),
        (r#"{"tiers":[{"name":""}]}"#, "no name"),
        (r#"{"tiers":[{"name":"a","max_height":0}]}"#, "max_height 0"),
        (r#"{"stream_limit":0}"#, "at least 1"),
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
    let json = concat!(
        r#"{"state":"published","embargo":7,"windows":[{"from":1,"until":2},{"until":9}],"countries":{"deny":["DE"]},"#,
        r#""regions":{"allow":["US-CA","GB-SCT"]},"anonymizers":"refuse","devices":{"allow":["tv"]},"#,
        r#""tiers":[{"name":"a","max_height":1}],"stream_limit":2,"approval":{"by":"anna"}}"#
    );
    assert_eq!(serde_json::to_string(&rights(json)).expect("json"), json);
}

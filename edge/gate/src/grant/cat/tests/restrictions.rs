//! What restricts a token.

use super::*;

#[test]
fn every_match_of_every_part_must_hold() {
    let at = |url: Option<&'static str>, claim: Value<'_>| {
        Shown { url, ..Shown::default() }.judge(&keys(), &token(vec![(312, claim)])).map(|_| ())
    };
    let here = |claim| at(Shown::default().url, claim);
    let path = |kind, text| map(vec![(3, map(vec![(kind, Value::Text(text))]))]);
    for (kind, good, bad) in [
        (0, "/v1/film/cbcs/main.m3u8", "/v1/film/cbcs/main.m3u"),
        (1, "/v1/film/", "v1/film/"),
        (2, "/main.m3u8", "main.m3u"),
        (3, "film", "Film"),
    ] {
        assert_eq!(here(path(kind, good)), Ok(()), "{kind}");
        assert_eq!(here(path(kind, bad)), Err(Deny::TitleMismatch.into()), "{kind}");
    }
    let two = |other| map(vec![(3, map(vec![(1, Value::Text("/v1/")), (2, Value::Text(other))]))]);
    assert_eq!((here(two(".m3u8")), here(two(".mpd"))), (Ok(()), Err(Deny::TitleMismatch.into())));
    let host = |host| map(vec![(1, map(vec![(0, Value::Text(host))])), (3, map(vec![(1, Value::Text("/v1/film/"))]))]);
    assert_eq!((here(host("tv.example")), here(host("tv"))), (Ok(()), Err(Deny::TitleMismatch.into())));
    // The holder alone is asked for.
    assert_eq!(at(None, path(0, "/elsewhere")), Ok(()));
    // Somebody else's idea of the path.
    assert_eq!(at(Some("https://tv.example/v1/film/../other/"), path(1, "/v1/film/")), Err(Deny::TitleMismatch.into()));
    let part = |label, matches| map(vec![(label, matches)]);
    let matched = |kind, value| part(3, map(vec![(kind, value)]));
    let regex = Err(GrantError::Unsupported("a match by regular expression".to_owned()));
    assert_eq!(here(matched(4, Value::Array(vec![Value::Text(".*")]))), regex);
    // Not passed over because something else does not hold.
    assert_eq!(here(map(vec![(3, map(vec![(0, Value::Text("x"))])), (0, map(vec![(4, Value::Null)]))])), regex);
    assert_eq!(here(matched(5, Value::Text("x"))), Err(GrantError::Unsupported("match type 5".to_owned())));
    assert_eq!(here(part(9, map(vec![(0, Value::Text(""))]))), Err(GrantError::Unsupported("URL part 9".to_owned())));
    for claim in [
        Value::Null,
        map(vec![]),
        part(3, Value::Null),
        part(3, map(vec![])),
        matched(0, Value::Bytes(b"/v1/film/cbcs/main.m3u8")),
        matched(-1, Value::Text("00")),
        Value::Map(vec![(Value::Text("path"), map(vec![(0, Value::Text("x"))]))]),
    ] {
        assert_eq!(here(claim.clone()), Err(TokenError::Invalid.into()), "{claim:?}");
    }
    assert_eq!(here(matched(-1, Value::Bytes(&[0; 32]))), Err(Deny::TitleMismatch.into()));
    assert_eq!(here(matched(-2, Value::Bytes(&[]))), Err(Deny::TitleMismatch.into()));
}

#[test]
fn methods_are_of_playback() {
    let of = |method, methods: &[&str]| {
        Shown { method, ..Shown::default() }.judge(&keys(), &token(vec![(313, texts(methods))])).map(|_| ())
    };
    for (method, methods) in
        [("GET", &["GET"][..]), ("POST", &["GET"]), ("POST", &["HEAD", "GET"]), ("HEAD", &["GET", "HEAD"])]
    {
        assert_eq!(of(method, methods), Ok(()), "{method} {methods:?}");
    }
    for (method, methods) in
        [("GET", &[][..]), ("GET", &["HEAD"]), ("POST", &["POST"]), ("HEAD", &["GET"]), ("GET", &["get"])]
    {
        assert_eq!(of(method, methods), Err(Deny::NotEntitled.into()), "{method} {methods:?}");
    }
    for claim in [Value::Text("GET"), Value::Array(vec![Value::Text("GET"), Value::Int(1)])] {
        assert_eq!(judged(vec![(313, claim)]), INVALID);
    }
}

#[test]
fn headers_must_be_there_once() {
    let of = |headers: &[(&'static str, &'static str)], claim: Value<'_>| {
        let shown = Shown { headers: headers.to_vec(), ..Shown::default() };
        shown.judge(&keys(), &token(vec![(315, claim)])).map(|_| ())
    };
    let header = |name, kind, text| Value::Map(vec![(Value::Text(name), map(vec![(kind, Value::Text(text))]))]);
    let refused = Err(Deny::NotEntitled.into());
    assert_eq!(of(&[("x-player", "ours 1")], header("X-Player", 1, "ours")), Ok(()));
    assert_eq!(of(&[("x-player", "theirs")], header("X-Player", 1, "ours")), refused);
    assert_eq!(of(&[], header("X-Player", 1, "ours")), refused);
    assert_eq!(of(&[], header("X-Player", 1, "")), refused);
    let twice = [("x-player", "ours"), ("x-player", "ours")];
    assert_eq!(of(&twice, header("X-Player", 1, "ours")), Err(TokenError::Invalid.into()));
    for claim in [Value::Null, map(vec![]), map(vec![(0, map(vec![(0, Value::Text("x"))]))])] {
        assert_eq!(of(&[], claim), Err(TokenError::Invalid.into()));
    }
}

#[test]
fn places_are_where_the_client_is() {
    let of = |country, places: &[&str]| {
        Shown { country, ..Shown::default() }
            .judge(&keys(), &token(vec![(316, texts(places))]))
            .map(|grant| grant.places)
    };
    let given = Ok(Some(vec!["AT".to_owned(), "DE".to_owned()]));
    assert_eq!(of(Some(*b"DE"), &["AT", "DE"]), given);
    let blocked = Err(Deny::GeoBlocked.into());
    assert_eq!(of(Some(*b"FR"), &["AT", "DE"]), blocked);
    assert_eq!(of(None, &["AT", "DE"]), blocked);
    assert_eq!(of(Some(*b"DE"), &[]), blocked);
    // A part of the country is not the country.
    assert_eq!(of(Some(*b"US"), &["US-CA"]), blocked);
    for (region, admitted) in [("US-CA", true), ("US-NV", false)] {
        let region = Region::parse(region).ok();
        let shown = Shown { country: Some(*b"US"), region, ..Shown::default() };
        assert_eq!(shown.judge(&keys(), &token(vec![(316, texts(&["US-CA"]))])).is_ok(), admitted);
    }
    for bad in ["de", "DEU", "D", "US-", "US-ABCD", "US-ca", "-CA", ""] {
        assert_eq!(of(Some(*b"DE"), &["DE", bad]), Err(TokenError::Invalid.into()), "{bad}");
    }
    assert_eq!(judged(vec![(316, Value::Text("DE"))]), INVALID);
}

#[test]
fn what_is_not_enforced_is_refused_by_its_name() {
    let names = [
        (8, "cnf"),
        (282, "geohash"),
        (309, "catpor"),
        (314, "catalpn"),
        (317, "catgeocoord"),
        (318, "catgeoalt"),
        (319, "cattpk"),
        (320, "catifdata"),
        (321, "catdpop"),
        (322, "catif"),
        (324, "cattprint"),
        (0, "claim 0"),
        (9, "claim 9"),
        (-1, "claim -1"),
        (307, "claim 307"),
        (325, "claim 325"),
    ];
    for (label, name) in names {
        // Whatever it holds.
        for value in [Value::Null, map(vec![]), Value::Text("x")] {
            assert_eq!(judged(vec![(label, value)]), unsupported(name));
        }
    }
    let private = |key: Value<'static>| {
        let claims = Value::Map(vec![(Value::Int(4), Value::Int(END)), (key, Value::Null)]);
        Shown::default().judge(&keys(), &token_of(&claims))
    };
    assert_eq!(private(Value::Text("plan\n")), unsupported("claim \"plan\\n\""));
    assert_eq!(private(Value::Bytes(b"x")), unsupported("a claim named by bytes"));
    assert_eq!(judged(vec![(310, Value::Int(2))]), unsupported("another catv than 1"));
    assert_eq!(judged(vec![(310, Value::Text("1"))]), unsupported("another catv than 1"));
    assert!(judged(vec![(310, Value::Int(1))]).is_ok());
    assert_eq!(Shown::default().judge(&keys(), &token_of(&map(vec![(2, Value::Text("anna"))]))), INVALID);
}

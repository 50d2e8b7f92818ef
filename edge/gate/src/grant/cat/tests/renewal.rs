//! A token's name, and the tokens that follow it.

use super::*;

#[test]
fn a_token_is_named_by_what_is_authenticated() {
    let replay = |claims: Vec<(i64, Value<'_>)>| judged(claims).expect("a grant").replay;
    let cti = || (7, Value::Bytes(b"one"));
    let once = || (308, Value::Int(1));
    let first = replay(vec![cti(), once()]).expect("a replay");
    assert_eq!((first.until, first.refuse), (END as u64, true));
    // By its cti alone.
    assert_eq!(replay(vec![cti(), once(), (2, Value::Text("bert"))]).map(|replay| replay.id), Some(first.id));
    assert_ne!(replay(vec![(7, Value::Bytes(b"two")), once()]).map(|replay| replay.id), Some(first.id));
    // Without one, by its claims.
    let unnamed = replay(vec![once()]).expect("a replay").id;
    assert_eq!(replay(vec![once()]).map(|replay| replay.id), Some(unnamed));
    assert_ne!(replay(vec![once(), (2, Value::Text("bert"))]).map(|replay| replay.id), Some(unnamed));
    assert_eq!(replay(vec![(308, Value::Int(0))]), None);
    assert_eq!(judged(vec![(308, Value::Int(3))]), unsupported("catreplay 3"));
    assert_eq!(judged(vec![(308, Value::Bool(true))]), INVALID);
    for cti in [Value::Text("one"), Value::Bytes(b""), Value::Int(1)] {
        assert_eq!(judged(vec![(7, cti)]), INVALID);
    }
    // Nobody's token stands for itself, however it is spelled.
    let claims = map(vec![(4, Value::Int(END))]);
    let spelled = [token_of(&claims), {
        let bytes = URL_SAFE_NO_PAD.decode(token_of(&claims)).expect("base64url");
        let message = cose::parse(&bytes).expect("a message");
        let unprotected = vec![(Value::Int(3), Value::Int(61))];
        URL_SAFE_NO_PAD.encode(cose::wrap(
            message.structure,
            message.protected,
            unprotected,
            message.payload,
            message.tag,
        ))
    }];
    let [one, other] = spelled.map(|token| Shown::default().judge(&keys(), &token).expect("a grant").account);
    assert!(matches!(one, Account::Token(_)) && one == other);
}

#[test]
fn a_renewal_claims_the_same_for_longer() {
    let renewed = |catr: Vec<(i64, Value<'static>)>, now| {
        let shown = Shown { now, ..Shown::default() };
        let claims = vec![(323, map(catr)), (7, Value::Bytes(b"one")), (6, Value::Int(5)), (308, Value::Int(1))];
        shown.judge(&keys(), &token(claims)).expect("a grant")
    };
    let end = END as u64;
    let header = || vec![(0, Value::Int(2)), (1, Value::Int(7200)), (2, Value::Int(600))];
    assert_eq!(renewed(header(), end - 601).renewal, None);
    let earlier = renewed(header(), end - 600);
    let renewal = earlier.renewal.clone().expect("a renewal");
    assert_eq!((renewal.name.as_str(), &renewal.cookie), (HEADER, &None));
    let now = end - 600;
    let later = Shown { now, ..Shown::default() }.judge(&keys(), &renewal.token).expect("a grant");
    assert_eq!((later.ends, later.issued), (now + 7200, Some(5)));
    assert_eq!((&later.account, &later.tier), (&earlier.account, &earlier.tier));
    // It is another token, which has not been shown yet, and not due itself; made twice it is the same.
    assert_ne!(later.replay.expect("a replay").id, earlier.replay.clone().expect("a replay").id);
    assert_eq!(later.renewal, None);
    assert_eq!(renewed(header(), end - 600), earlier);
    // In the last minute, where it does not say when.
    let undated = || vec![(0, Value::Int(0)), (1, Value::Int(7200))];
    assert!(renewed(undated(), end - 61).renewal.is_none() && renewed(undated(), end - 60).renewal.is_some());
    // Not for less than it has.
    let short = vec![(0, Value::Int(2)), (1, Value::Int(600)), (2, Value::Int(600))];
    assert_eq!(renewed(short.clone(), end - 600).renewal, None);
    assert!(renewed(short, end - 599).renewal.is_some());
    let huge = vec![(0, Value::Int(2)), (1, Value::Int(i64::MAX)), (2, Value::Int(i64::MAX))];
    assert_eq!(renewed(huge, NOW).renewal, None);
}

#[test]
fn a_renewal_goes_by_cookie_or_header() {
    let due = |catr: Vec<(i64, Value<'static>)>| {
        let mut entries = vec![(1, Value::Int(9000)), (2, Value::Int(9000))];
        entries.extend(catr);
        token(vec![(323, map(entries))])
    };
    let (keys, shown) = (keys(), Shown::default());
    let way = |token: &str, cookie| {
        let (headers, cookies) = if cookie { (vec![], vec![(HEADER, token)]) } else { (vec![(HEADER, token)], vec![]) };
        shown.with(&keys, shown.url, &headers, &cookies).map(|grant| {
            let renewal = grant.renewal.expect("a renewal");
            (renewal.name, renewal.cookie)
        })
    };
    let default = Some("Path=/; Secure; HttpOnly; SameSite=None".to_owned());
    let automatic = due(vec![(0, Value::Int(0))]);
    assert_eq!(way(&automatic, false), Ok((HEADER.to_owned(), None)));
    assert_eq!(way(&automatic, true), Ok((HEADER.to_owned(), default.clone())));
    let cookie = vec![(0, Value::Int(1)), (3, Value::Text("c")), (5, texts(&["Path=/v1", "Secure"]))];
    assert_eq!(way(&due(cookie), false), Ok(("c".to_owned(), Some("Path=/v1; Secure".to_owned()))));
    assert_eq!(way(&due(vec![(0, Value::Int(2)), (4, Value::Text("X-T"))]), true), Ok(("X-T".to_owned(), None)));
    let refused = |catr: Vec<(i64, Value<'static>)>| way(&due(catr), false).expect_err("refused");
    assert_eq!(refused(vec![(0, Value::Int(3))]), GrantError::Unsupported("catr by redirect".to_owned()));
    assert_eq!(refused(vec![(0, Value::Int(4))]), GrantError::Unsupported("catr type 4".to_owned()));
    let unknown = GrantError::Unsupported("a member of catr that is not known".to_owned());
    assert_eq!(refused(vec![(0, Value::Int(2)), (8, Value::Null)]), unknown);
    let form = [
        vec![],
        vec![(0, Value::Text("header"))],
        vec![(0, Value::Int(2)), (4, Value::Text("X T"))],
        vec![(0, Value::Int(2)), (4, Value::Text("X\r\nSet-Cookie"))],
        vec![(0, Value::Int(1)), (3, Value::Text(""))],
        vec![(0, Value::Int(1)), (5, texts(&["Path=/\r\nX: y"]))],
        vec![(0, Value::Int(1)), (5, Value::Text("Path=/"))],
        vec![(0, Value::Int(2)), (6, texts(&["\u{e4}"]))],
    ];
    for catr in form {
        assert_eq!(refused(catr.clone()), TokenError::Invalid.into(), "{catr:?}");
    }
    for numbers in [vec![], vec![(1, Value::Int(-1))], vec![(1, Value::Int(1)), (2, Value::Text("1"))]] {
        let entries = [vec![(0, Value::Int(2))], numbers].concat();
        assert_eq!(judged(vec![(323, map(entries))]), INVALID);
    }
}

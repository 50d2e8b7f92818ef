use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::lease;

fn roots(current: u8, previous: Option<u8>) -> Roots {
    Roots::new(&[current; 32], previous.map(|byte| [byte; 32]).as_ref().map(|root| root.as_slice())).expect("roots")
}

fn handle() -> Handle {
    Handle {
        account: AccountId([1; 16]),
        session: SessionId([2; 16]),
        slot: 3,
        title: TitleTag::of("final"),
        max_height: None,
        deliveries: 3,
        country: Some(*b"DE"),
        net: Net::None,
        ends: 5000,
    }
}

fn client(country: Option<&[u8; 2]>, address: Option<&str>, asn: Option<u32>) -> ClientFacts {
    ClientFacts { country: country.copied(), address: address.map(|text| text.parse().expect("address")), asn }
}

fn shown(handle: &Handle, client: &ClientFacts) -> Result<(), HandleError> {
    verify(&roots(1, None), &mint(&roots(1, None), handle), 1000, client).map(|_| ())
}

fn any_net() -> impl Strategy<Value = Net> {
    prop_oneof![
        Just(Net::None),
        any::<u32>().prop_map(Net::Asn),
        any::<[u8; 3]>().prop_map(Net::V4),
        any::<[u8; 6]>().prop_map(Net::V6),
        any::<[u8; 4]>().prop_map(Net::V4Host),
        any::<[u8; 8]>().prop_map(Net::V6Host),
    ]
}

/// Facts that satisfy a network binding. An IPv6 prefix of IPv4-mapped form cannot come from [`Net::prefix`].
fn facts(handle: &Handle) -> ClientFacts {
    let address: Option<IpAddr> = match handle.net {
        Net::V4([a, b, c]) => Some([a, b, c, 9].into()),
        Net::V6([a, b, c, d, e, f]) => Some([a, b, c, d, e, f, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9].into()),
        Net::V4Host(address) => Some(address.into()),
        Net::V6Host([a, b, c, d, e, f, g, h]) => Some([a, b, c, d, e, f, g, h, 9, 9, 9, 9, 9, 9, 9, 9].into()),
        Net::None | Net::Asn(_) => None,
    };
    let asn = if let Net::Asn(asn) = handle.net { Some(asn) } else { None };
    ClientFacts { country: handle.country, address, asn }
}

prop_compose! {
    fn any_handle()(
        account: [u8; 16], session: [u8; 16], slot: u8, title: [u8; 16], max_height in prop::option::of(0..u32::MAX),
        deliveries: u8, country in prop::option::of(prop::array::uniform2(b'A'..=b'Z')), net in any_net(), ends: u64,
    ) -> Handle {
        let (account, session, title) = (AccountId(account), SessionId(session), TitleTag(title));
        Handle { account, session, slot, title, max_height, deliveries, country, net, ends }
    }
}

proptest! {
    #[test]
    fn a_handle_survives_its_text(handle in any_handle()) {
        let text = mint(&roots(1, None), &handle);
        prop_assert_eq!(text.len(), TEXT_LENGTH);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        if let Some(before) = handle.ends.checked_sub(1) {
            prop_assert_eq!(verify(&roots(1, None), &text, before, &facts(&handle)), Ok(handle));
        }
        let over = verify(&roots(1, None), &text, handle.ends, &facts(&handle));
        prop_assert_eq!(over, Err(TokenError::Expired.into()));
    }

    #[test]
    fn any_text_is_judged(text in "\\PC{0,140}|[A-Za-z0-9_-]{128}") {
        let outcome = verify(&roots(1, None), &text, 0, &ClientFacts::default());
        prop_assert_eq!(outcome, Err(TokenError::Invalid.into()));
    }

    /// What the MAC covers is still parsed with care: other builds share the roots.
    #[test]
    fn a_signed_body_of_another_form_is_refused(kind in 6u8.., spare in 1u8.., at in 74usize..80) {
        let body = |change: &dyn Fn(&mut [u8; wire::BODY])| {
            let sealed = URL_SAFE_NO_PAD.decode(mint(&roots(1, None), &handle())).expect("base64url");
            let mut body: [u8; wire::BODY] = sealed[..wire::BODY].try_into().expect("body");
            change(&mut body);
            wire::seal(&roots(1, None), Label::Handle, &body)
        };
        let judged = |text: String| verify(&roots(1, None), &text, 0, &client(Some(b"DE"), None, None));
        prop_assert_eq!(judged(body(&|_| {})), Ok(handle()));
        prop_assert_eq!(judged(body(&|body| body[0] = spare.wrapping_add(1))), Err(TokenError::Invalid.into()));
        prop_assert_eq!(judged(body(&|body| body[57] = kind)), Err(TokenError::Invalid.into()));
        prop_assert_eq!(judged(body(&|body| body[60] = spare)), Err(TokenError::Invalid.into()));
        prop_assert_eq!(judged(body(&|body| body[at] = spare)), Err(TokenError::Invalid.into()));
    }
}

#[test]
fn every_altered_bit_is_refused() {
    let text = mint(&roots(1, None), &handle());
    let facts = client(Some(b"DE"), None, None);
    let sealed = URL_SAFE_NO_PAD.decode(&text).expect("base64url");
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let altered = URL_SAFE_NO_PAD.encode(altered);
        assert_eq!(verify(&roots(1, None), &altered, 1000, &facts), Err(TokenError::Invalid.into()), "bit {bit}");
    }
}

#[test]
fn two_roots_verify() {
    let old = mint(&roots(1, None), &handle());
    let facts = client(Some(b"DE"), None, None);
    assert!(verify(&roots(2, Some(1)), &old, 1000, &facts).is_ok());
    assert_eq!(verify(&roots(2, None), &old, 1000, &facts), Err(TokenError::Invalid.into()));
}

#[test]
fn a_handle_is_no_lease() {
    let text = mint(&roots(1, None), &Handle { country: None, ..handle() });
    assert_eq!(lease::verify(&roots(1, None), &text, 0), Err(TokenError::Invalid));
}

#[test]
fn the_country_binds_and_the_unknown_is_refused() {
    let blocked = Err(HandleError::Denied(Deny::GeoBlocked));
    assert_eq!(shown(&handle(), &client(Some(b"DE"), None, None)), Ok(()));
    assert_eq!(shown(&handle(), &client(Some(b"FR"), None, None)), blocked);
    assert_eq!(shown(&handle(), &client(None, None, None)), blocked);
    assert_eq!(shown(&Handle { country: None, ..handle() }, &client(Some(b"FR"), None, None)), Ok(()));
}

#[test]
fn the_network_binds_and_the_unknown_is_refused() {
    let elsewhere = Err(HandleError::Denied(Deny::AddressMismatch));
    let bound = |net| Handle { country: None, net, ..handle() };
    let asn = bound(Net::Asn(3320));
    assert_eq!(shown(&asn, &client(None, None, Some(3320))), Ok(()));
    assert_eq!(shown(&asn, &client(None, None, Some(3321))), elsewhere);
    assert_eq!(shown(&asn, &client(None, Some("192.0.2.1"), None)), elsewhere);

    let v4 = bound(Net::prefix("192.0.2.200".parse().expect("address")));
    assert_eq!(v4.net, Net::V4([192, 0, 2]));
    for (address, outcome) in
        [("192.0.2.1", Ok(())), ("::ffff:192.0.2.9", Ok(())), ("192.0.3.200", elsewhere), ("2001:db8::1", elsewhere)]
    {
        assert_eq!(shown(&v4, &client(None, Some(address), None)), outcome, "{address}");
    }
    assert_eq!(shown(&v4, &client(None, None, Some(3320))), elsewhere);

    let v6 = bound(Net::prefix("2001:db8:7:1::1".parse().expect("address")));
    for (address, outcome) in [("2001:db8:7:ffff::2", Ok(())), ("2001:db8:8:1::1", elsewhere), ("192.0.2.1", elsewhere)]
    {
        assert_eq!(shown(&v6, &client(None, Some(address), None)), outcome, "{address}");
    }
}

#[test]
fn it_is_for_one_title() {
    assert_eq!(handle().for_title("final"), Ok(()));
    assert_eq!(handle().for_title("other"), Err(Deny::TitleMismatch));
}

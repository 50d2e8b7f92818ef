use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::{
    client::tests::{any_net, within},
    lease,
    rights::Region,
};

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
        region: None,
        net: Net::None,
        ends: 5000,
    }
}

fn from(country: Option<&[u8; 2]>) -> ClientFacts {
    ClientFacts { country: country.copied(), ..ClientFacts::default() }
}

fn shown(handle: &Handle, client: &ClientFacts) -> Result<(), HandleError> {
    verify(&roots(1, None), &mint(&roots(1, None), handle), 1000, client).map(|_| ())
}

/// Facts that satisfy all bindings of a handle.
fn facts(handle: &Handle) -> ClientFacts {
    let text = handle.region.map(|region| String::from_utf8(region.to_vec()).expect("ASCII"));
    let region = text.and_then(|text| Region::told(handle.country?, &text));
    ClientFacts { country: handle.country, region, ..within(handle.net) }
}

prop_compose! {
    fn any_handle()(
        account: [u8; 16], session: [u8; 16], slot: u8, title: [u8; 16], max_height in prop::option::of(0..u32::MAX),
        deliveries: u8, place in prop_oneof![Just((None, None)), Just((Some(*b"DE"), None)), prop::array::uniform3(b'A'..=b'Z').prop_map(|code| (Some(*b"US"), Some(code)))],
        net in any_net(), ends in 0..=wire::LAST_TIME,
    ) -> Handle {
        let (account, session, title) = (AccountId(account), SessionId(session), TitleTag(title));
        let (country, region) = place;
        Handle { account, session, slot, title, max_height, deliveries, country, region, net, ends }
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
        let judged = |text: String| verify(&roots(1, None), &text, 0, &from(Some(b"DE")));
        prop_assert_eq!(judged(body(&|_| {})), Ok(handle()));
        prop_assert_eq!(judged(body(&|body| body[0] = if spare == FORMAT { 1 } else { spare })), Err(TokenError::Invalid.into()));
        prop_assert_eq!(judged(body(&|body| body[60] = kind)), Err(TokenError::Invalid.into()));
        prop_assert_eq!(judged(body(&|body| body[65] = spare)), Err(TokenError::Invalid.into()));
        prop_assert_eq!(judged(body(&|body| body[at] = spare)), Err(TokenError::Invalid.into()));
    }
}

#[test]
fn every_altered_bit_is_refused() {
    let text = mint(&roots(1, None), &handle());
    let facts = from(Some(b"DE"));
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
    let facts = from(Some(b"DE"));
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
    assert_eq!(shown(&handle(), &from(Some(b"DE"))), Ok(()));
    assert_eq!(shown(&handle(), &from(Some(b"FR"))), blocked);
    assert_eq!(shown(&handle(), &from(None)), blocked);
    assert_eq!(shown(&Handle { country: None, ..handle() }, &from(Some(b"FR"))), Ok(()));
}

#[test]
fn the_region_binds_and_the_unknown_is_refused() {
    let blocked = Err(HandleError::Denied(Deny::GeoBlocked));
    let bound = Handle { country: Some(*b"US"), region: Some(*b"CA\0"), ..handle() };
    let told = |country: &[u8; 2], code| ClientFacts { region: Region::told(*country, code), ..from(Some(country)) };
    assert_eq!(shown(&bound, &told(b"US", "CA")), Ok(()));
    for elsewhere in [told(b"US", "UT"), told(b"US", "?"), told(b"IT", "CA"), from(Some(b"US"))] {
        assert_eq!(shown(&bound, &elsewhere), blocked, "{elsewhere:?}");
    }
    assert_eq!(shown(&Handle { region: None, ..bound }, &told(b"US", "UT")), Ok(()));
}

#[test]
fn the_network_binds_and_the_unknown_is_refused() {
    let elsewhere = Err(HandleError::Denied(Deny::AddressMismatch));
    for net in [
        Net::Asn(3320),
        Net::V4([192, 0, 2]),
        Net::V4Host([192, 0, 2, 7]),
        Net::V6Host([0x20, 1, 13, 0xb8, 0, 0, 0, 7]),
    ] {
        let bound = Handle { country: None, net, ..handle() };
        assert_eq!(shown(&bound, &within(net)), Ok(()));
        for client in [ClientFacts::default(), within(Net::V4Host([192, 0, 3, 7])), within(Net::Asn(1))] {
            assert_eq!(shown(&bound, &client), elsewhere, "{net:?} {client:?}");
        }
    }
}

#[test]
fn it_is_for_one_title() {
    assert_eq!(handle().for_title("final"), Ok(()));
    assert_eq!(handle().for_title("other"), Err(Deny::TitleMismatch));
}

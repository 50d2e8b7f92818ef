use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::{
    client::tests::{any_net, within},
    handle,
};

fn roots(current: u8, previous: Option<u8>) -> Roots {
    Roots::new(&[current; 32], previous.map(|byte| [byte; 32]).as_ref().map(|root| root.as_slice())).expect("roots")
}

fn lease() -> Lease {
    Lease {
        account: AccountId([1; 16]),
        session: SessionId([2; 16]),
        slot: 3,
        title: TitleTag::of("final"),
        max_height: Some(720),
        deliveries: 3,
        flags: 0x80,
        net: Net::None,
        issued: 1000,
        expires: 1300,
        ends: 5000,
    }
}

prop_compose! {
    fn any_lease()(
        account: [u8; 16], session: [u8; 16], slot: u8, title: [u8; 16], max_height in prop::option::of(0..u32::MAX),
        deliveries: u8, flags: u8, net in any_net(), issued in 0..=wire::LAST_TIME, expires in 0..=wire::LAST_TIME,
        ends in 0..=wire::LAST_TIME,
    ) -> Lease {
        let (account, session, title) = (AccountId(account), SessionId(session), TitleTag(title));
        Lease { account, session, slot, title, max_height, deliveries, flags, net, issued, expires, ends }
    }
}

proptest! {
    #[test]
    fn a_lease_survives_its_text(lease in any_lease()) {
        let text = mint(&roots(1, None), &lease);
        prop_assert_eq!(text.len(), TEXT_LENGTH);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        let last = lease.expires.min(lease.ends);
        if let Some(before) = last.checked_sub(1) {
            prop_assert_eq!(verify(&roots(1, None), &text, before), Ok(lease));
        }
        prop_assert_eq!(verify(&roots(1, None), &text, last), Err(TokenError::Expired));
    }

    #[test]
    fn any_text_is_judged(text in "\\PC{0,140}|[A-Za-z0-9_-]{128}") {
        prop_assert_eq!(verify(&roots(1, None), &text, 0), Err(TokenError::Invalid));
    }

    /// What the MAC covers is still parsed with care: other builds share the roots.
    #[test]
    fn any_signed_body_is_judged(head: u8, rest: [u8; 32], at in 1usize..48) {
        let mut body = [0; wire::BODY];
        body[0] = head;
        body[at..at + 32].copy_from_slice(&rest);
        let outcome = verify(&roots(1, None), &wire::seal(&roots(1, None), Label::Lease, &body), 0);
        prop_assert!(head == FORMAT || outcome == Err(TokenError::Invalid));
    }

    #[test]
    fn no_renewal_shortens_or_outlives(lease in any_lease(), now: u64, life: u64) {
        let renewed = lease.renewed(now, life);
        prop_assert!(renewed.expires >= lease.expires);
        prop_assert!(renewed.expires <= lease.ends.max(lease.expires));
        prop_assert_eq!(Lease { issued: lease.issued, expires: lease.expires, ..renewed }, lease);
        prop_assert_eq!(renewed.renewed(now, life), renewed);
    }

    /// A lease that is due comes back with a later end, and is not due at once again.
    #[test]
    fn a_renewal_gains(now in 1000u64..1300, life in 2u64..4000) {
        let lease = Lease { expires: 1000 + life, ends: 1_000_000, ..lease() };
        if lease.due_for_renewal(now) && now < lease.expires {
            let renewed = lease.renewed(now, life);
            prop_assert!(renewed.expires > lease.expires && now < renewed.expires);
            prop_assert!(!renewed.due_for_renewal(now));
        }
    }
}

#[test]
fn every_altered_bit_is_refused() {
    let text = mint(&roots(1, None), &lease());
    let sealed = URL_SAFE_NO_PAD.decode(&text).expect("base64url");
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let altered = URL_SAFE_NO_PAD.encode(altered);
        assert_eq!(verify(&roots(1, None), &altered, 1000), Err(TokenError::Invalid), "bit {bit}");
    }
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut altered = text.clone().into_bytes();
            altered[at] ^= 1 << bit;
            let altered = String::from_utf8(altered).expect("ASCII");
            assert_eq!(verify(&roots(1, None), &altered, 1000), Err(TokenError::Invalid), "character {at}, bit {bit}");
        }
    }
}

#[test]
fn a_lease_has_one_length() {
    let text = mint(&roots(1, None), &lease());
    for other in ["", &text[1..], &text[..127], &format!("{text}A"), &format!("{text}="), &format!(" {text}")] {
        assert_eq!(verify(&roots(1, None), other, 1000), Err(TokenError::Invalid), "{other}");
    }
}

#[test]
fn two_roots_verify_and_the_current_one_mints() {
    let old = mint(&roots(1, None), &lease());
    assert!(verify(&roots(2, Some(1)), &old, 1000).is_ok());
    assert_eq!(verify(&roots(2, None), &old, 1000), Err(TokenError::Invalid));
    let new = mint(&roots(2, Some(1)), &lease());
    assert!(verify(&roots(2, None), &new, 1000).is_ok());
    assert_eq!(verify(&roots(1, None), &new, 1000), Err(TokenError::Invalid));
}

#[test]
fn a_lease_is_no_handle() {
    let text = mint(&roots(1, None), &lease());
    let refused = handle::verify(&roots(1, None), &text, 1000, &ClientFacts::default());
    assert_eq!(refused, Err(TokenError::Invalid.into()));
}

#[test]
fn it_is_for_one_title() {
    assert_eq!(lease().for_title("final"), Ok(()));
    assert_eq!(lease().for_title("other"), Err(Deny::TitleMismatch));
}

#[test]
fn renewals_of_one_window_are_one_lease() {
    let lease = lease();
    assert!(!lease.due_for_renewal(1100));
    assert!(lease.due_for_renewal(1101));
    // 300 / 6 = 50 seconds a window, of which one begins at 1150.
    let renewed: Vec<_> = [1150, 1151, 1199].map(|now| mint(&roots(1, None), &lease.renewed(now, 300))).into();
    assert!(renewed.iter().all(|text| *text == renewed[0]));
    assert_eq!(lease.renewed(1199, 300), Lease { issued: 1150, expires: 1450, ..lease });
    assert_eq!(lease.renewed(1200, 300).issued, 1200);
    let last = lease.renewed(4900, 300);
    assert_eq!(last.expires, 5000);
    assert!(!last.due_for_renewal(4999));
}

#[test]
fn the_text_is_laid_out_as_documented() {
    let text = mint(&roots(1, None), &lease());
    let body = URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let title = TitleTag::of("final").0;
    let times = [1000u64, 1300, 5000].map(|time| time.to_be_bytes()[3..].to_vec()).concat();
    let (cap, net) = (720u32.to_be_bytes(), [0; 9]);
    let expected = [&[2][..], &[1; 16], &[2; 16], &[3], &title, &cap, &[3, 0x80], &net, &times].concat();
    assert_eq!(body[..80], expected);
}

/// Format 1 had times of eight bytes and no network.
#[test]
fn another_format_is_refused() {
    let sealed = URL_SAFE_NO_PAD.decode(mint(&roots(1, None), &lease())).expect("base64url");
    let mut body: [u8; wire::BODY] = sealed[..wire::BODY].try_into().expect("body");
    for format in (0..=255).filter(|format| *format != FORMAT) {
        body[0] = format;
        let text = wire::seal(&roots(1, None), Label::Lease, &body);
        assert_eq!(verify(&roots(1, None), &text, 1000), Err(TokenError::Invalid), "{format}");
    }
}

#[test]
fn times_past_the_last_are_the_last() {
    let never = Lease { ends: u64::MAX, ..lease() };
    let read = verify(&roots(1, None), &mint(&roots(1, None), &never), 1000);
    assert_eq!(read, Ok(Lease { ends: wire::LAST_TIME, ..lease() }));
}

#[test]
fn it_is_for_its_network_and_a_renewal_does_not_free_it() {
    let bound = Lease { net: Net::host("192.0.2.7".parse().expect("address")), ..lease() };
    assert_eq!(bound.for_client(&within(bound.net)), Ok(()));
    for elsewhere in [ClientFacts::default(), within(Net::V4Host([192, 0, 2, 8]))] {
        assert_eq!(bound.for_client(&elsewhere), Err(Deny::AddressMismatch));
        assert_eq!(bound.renewed(1200, 300).for_client(&elsewhere), Err(Deny::AddressMismatch));
        assert_eq!(lease().for_client(&elsewhere), Ok(()));
    }
}

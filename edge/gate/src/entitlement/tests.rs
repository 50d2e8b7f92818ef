use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

pub(super) fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// An entitlement that owns what it names.
pub(super) struct Given {
    who: [String; 3],
    system: System,
    pub(super) keys: Vec<Key>,
    pub(super) others: Vec<Key>,
    pub(super) now: Unix,
    pub(super) restrictions: Restrictions,
}

impl Given {
    pub(super) fn plain(system: System) -> Self {
        let restrictions =
            Restrictions { max_height: None, hdcp: None, security_level: None, seconds: 3600, persistent: false };
        Self {
            who: ["film".to_owned(), "0a".repeat(16), "3f".repeat(16)],
            system,
            keys: vec![key(1, Some(1080))],
            others: Vec::new(),
            now: 1_700_000_000,
            restrictions,
        }
    }

    pub(super) fn read(value: &Value) -> Self {
        fn word<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
            serde_json::from_value(value.clone()).expect("a word or none")
        }
        let height = |value: &Value| value["max_height"].as_u64().map(|height| height as u32);
        let keys = |value: &Value| {
            let key = |value: &Value| Key {
                kid: u128::from_str_radix(text(&value["kid"]), 16).expect("hex").to_be_bytes(),
                max_height: height(value),
                class: Some(Class::of_height(height(value))),
                hdcp: word(&value["hdcp"]),
                security_level: word(&value["security_level"]),
            };
            value.as_array().expect("keys").iter().map(key).collect()
        };
        let rules = &value["restrictions"];
        Self {
            who: ["title", "session", "account"].map(|name| text(&value[name]).to_owned()),
            system: word(&value["system"]).expect("a system"),
            keys: keys(&value["keys"]),
            others: keys(&value["others"]),
            now: 0,
            restrictions: Restrictions {
                max_height: height(rules),
                hdcp: word(&rules["hdcp"]),
                security_level: word(&rules["security_level"]),
                seconds: rules["seconds"].as_u64().expect("seconds"),
                persistent: rules["persistent"].as_bool().expect("persistent"),
            },
        }
    }

    pub(super) fn entitlement(&self) -> Entitlement<'_> {
        Entitlement {
            title: &self.who[0],
            session: &self.who[1],
            account: &self.who[2],
            system: self.system,
            keys: &self.keys,
            others: &self.others,
            now: self.now,
            restrictions: &self.restrictions,
        }
    }

    fn with(system: System, change: impl FnOnce(&mut Self)) -> Self {
        let mut given = Self::plain(system);
        change(&mut given);
        given
    }
}

fn key(kid: u8, max_height: Option<u32>) -> Key {
    Key { kid: [kid; 16], max_height, class: Some(Class::of_height(max_height)), hdcp: None, security_level: None }
}

fn config(value: Value) -> VendorConfig {
    serde_json::from_value(value).expect("configuration")
}

fn axinom() -> VendorConfig {
    config(json!({"vendor": "axinom", "key": "com", "key_id": "k"}))
}

fn drmtoday() -> VendorConfig {
    config(json!({"vendor": "drmtoday", "key": "dt", "key_id": "k", "tenant": "t"}))
}

fn pallycon() -> VendorConfig {
    config(json!({"vendor": "pallycon", "key": "site", "access_key": "access", "tenant": "t"}))
}

fn secret(name: &str) -> Option<&'static [u8]> {
    match name {
        "com" => Some(b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        "dt" => Some(b"000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n"),
        "site" => Some(b"abcdefghijklmnopqrstuvwxyz012345"),
        "access" => Some(b"access"),
        _ => None,
    }
}

fn made(config: &VendorConfig, given: &Given) -> Result<Vec<Carried>, EntitlementError> {
    config.token(secret, &given.entitlement(), [9; 16])
}

fn refused(config: &VendorConfig, given: &Given, why: &str) {
    let error = made(config, given).expect_err(why);
    assert!(matches!(error, EntitlementError::CannotExpress { .. }), "{error}");
    assert!(error.to_string().contains(why), "{error}");
}

#[test]
fn what_a_vendor_cannot_say_is_refused() {
    let level = |level| move |given: &mut Given| given.restrictions.security_level = Some(level);
    let hdcp = |hdcp| move |given: &mut Given| given.restrictions.hdcp = Some(hdcp);
    let (widevine, playready, fairplay) = (System::Widevine, System::Playready, System::Fairplay);
    for vendor in [axinom(), pallycon()] {
        refused(&vendor, &Given::with(fairplay, level(SecurityLevel::SoftwareDecode)), "security level");
        refused(&vendor, &Given::with(fairplay, hdcp(Hdcp::V2_3)), "HDCP 2.3");
        refused(&vendor, &Given::with(playready, hdcp(Hdcp::V2_3)), "HDCP 2.3");
        // All devices have the least level, so it needs no words.
        assert!(made(&vendor, &Given::with(fairplay, level(SecurityLevel::SoftwareCrypto))).is_ok());
    }
    refused(&axinom(), &Given::with(widevine, hdcp(Hdcp::V2_3)), "HDCP 2.3");
    assert!(made(&pallycon(), &Given::with(widevine, hdcp(Hdcp::V2_3))).is_ok());
    refused(&drmtoday(), &Given::with(widevine, level(SecurityLevel::HardwareAll)), "security level");
    refused(&drmtoday(), &Given::with(widevine, hdcp(Hdcp::V2_0)), "HDCP");
    for system in [playready, fairplay] {
        refused(&drmtoday(), &Given::with(system, hdcp(Hdcp::V1)), "HDCP");
    }
    refused(&drmtoday(), &Given::with(playready, level(SecurityLevel::SoftwareCrypto)), "security level");
    for vendor in [axinom(), drmtoday(), pallycon()] {
        let taller = Given::with(widevine, |given| given.restrictions.max_height = Some(720));
        refused(&vendor, &taller, "cap");
        let within = Given::with(widevine, |given| given.restrictions.max_height = Some(1080));
        assert!(made(&vendor, &within).is_ok());
    }
    // A key's own needs count as the licence's do.
    let keys = Given::with(fairplay, |given| given.keys[0].hdcp = Some(Hdcp::V2_3));
    refused(&axinom(), &keys, "HDCP 2.3");
    refused(&pallycon(), &keys, "HDCP 2.3");
}

#[test]
fn keys_that_cannot_be_left_out_are_refused() {
    let some = |system, keys: &[Option<u32>], others: &[Option<u32>]| {
        Given::with(system, |given| {
            given.keys = keys.iter().map(|height| key(1, *height)).collect();
            given.others = others.iter().map(|height| key(2, *height)).collect();
        })
    };
    let (widevine, fairplay) = (System::Widevine, System::Fairplay);
    let same_class = some(widevine, &[Some(720)], &[Some(1080)]);
    let sound = some(widevine, &[Some(720)], &[None]);
    let only_sound = some(widevine, &[None], &[Some(720)]);
    let lower = some(widevine, &[Some(1080)], &[Some(480)]);
    let uhd = some(widevine, &[None, Some(2160)], &[Some(4320)]);
    for given in [&same_class, &sound, &only_sound, &lower] {
        refused(&pallycon(), given, "some of a title's keys");
        // It takes the keys by their ids.
        assert!(made(&axinom(), given).is_ok());
    }
    assert!(made(&pallycon(), &uhd).is_ok());
    refused(&drmtoday(), &uhd, "some of a title's keys");
    refused(&drmtoday(), &same_class, "some of a title's keys");
    // Asked for by something else than a class, so that no class refuses it.
    let mut by_track = some(widevine, &[Some(360)], &[Some(1080)]);
    by_track.others[0].class = None;
    refused(&drmtoday(), &by_track, "some of a title's keys");
    refused(&pallycon(), &by_track, "some of a title's keys");
    refused(&drmtoday(), &some(fairplay, &[Some(720)], &[Some(2160)]), "some of a title's keys");
    assert!(made(&drmtoday(), &only_sound).is_ok());
}

#[test]
fn what_holds_anyway_needs_no_words() {
    let strict = Given::with(System::Fairplay, |given| {
        given.restrictions.security_level = Some(SecurityLevel::HardwareDecode);
        given.restrictions.hdcp = Some(Hdcp::V2_2);
    });
    let ensured = |level: &str, hdcp: &str| {
        config(json!({"vendor": "drmtoday", "key": "dt", "key_id": "k", "tenant": "t", "template": {"ref": [":uhd"]},
            "ensures": {"security_level": level, "hdcp": hdcp}}))
    };
    refused(&drmtoday(), &strict, "security level");
    assert!(made(&ensured("hardware_decode", "2.2"), &strict).is_ok());
    assert!(made(&ensured("hardware_all", "2.3"), &strict).is_ok());
    refused(&ensured("hardware_crypto", "2.2"), &strict, "security level");
    refused(&ensured("hardware_decode", "2.1"), &strict, "HDCP");
}

#[test]
fn nothing_is_asked_for_without_a_key_a_life_or_a_secret() {
    for vendor in [axinom(), drmtoday(), pallycon(), config(json!({"vendor": "ezdrm", "callback": true}))] {
        let no_key = Given::with(System::Widevine, |given| given.keys.clear());
        assert_eq!(made(&vendor, &no_key), Err(EntitlementError::Nothing));
        let no_life = Given::with(System::Widevine, |given| given.restrictions.seconds = 0);
        assert_eq!(made(&vendor, &no_life), Err(EntitlementError::Nothing));
        let given = Given::plain(System::Widevine);
        for name in vendor.secret_names() {
            let others = |asked: &str| secret(asked).filter(|_| asked != name);
            let error = vendor.token(others, &given.entitlement(), [0; 16]).expect_err("no secret");
            assert_eq!(error.to_string(), format!("secret {name} is not deployed"));
        }
    }
    for vendor in [axinom(), drmtoday(), pallycon()] {
        let error = vendor.token(|_| Some(b"0123"), &Given::plain(System::Widevine).entitlement(), [0; 16]);
        assert!(matches!(error, Err(EntitlementError::Secret { .. })), "{error:?}");
    }
}

#[test]
fn what_carries_a_token_does_not_print_it() {
    let made = made(&axinom(), &Given::plain(System::Widevine)).expect("token");
    assert_eq!(format!("{made:?}"), "[Header X-AxDRM-Message]");
}

proptest! {
    /// Whatever a title is called, and whatever its texts hold: the claims are JSON, and say it to the letter.
    #[test]
    fn texts_go_through_as_they_are(title in "\\PC{0,40}", account in "\\PC{0,40}", seconds in 1u64..=u64::MAX, now: u64) {
        let mut given = Given::plain(System::Widevine);
        given.who = [title.clone(), "s".to_owned(), account.clone()];
        given.restrictions.seconds = seconds;
        given.now = now;
        for vendor in [axinom(), drmtoday(), pallycon()] {
            match made(&vendor, &given) {
                Ok(_) => {}
                Err(error) => prop_assert!(title.len() > 200, "{error}"),
            }
        }
        let vendor = config(json!({"vendor": "ezdrm", "callback": true, "template": {"who": "{account}/{title}{x}"}}));
        let made = made(&vendor, &given).expect("custom data");
        let [Carried::Query { value, .. }] = made.as_slice() else { panic!("a query") };
        use base64::Engine;
        let said: Value = serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(value).expect("base64")).expect("JSON");
        prop_assert_eq!(text(&said["title"]), &title);
        prop_assert_eq!(text(&said["who"]), format!("{account}/{title}{{x}}"));
    }
}

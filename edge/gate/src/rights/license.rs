use serde::{Serialize, de};
use sluice_document::members;

use crate::entitlement::{Hdcp, SecurityLevel};

/// What licences of a title are bound to, whoever makes them.
///
/// ```json
/// {"seconds":86400,
///  "restrictions":[{"security_level":"software_crypto"},
///                  {"above_height":576,"hdcp":"1.0"},
///                  {"above_height":1080,"hdcp":"2.2","security_level":"hardware_decode"}]}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LicenseTerms {
    /// The longest life of a licence, seconds; `None` for the configuration's, and in any case no longer than session and window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Whether a device may store the licence, if the viewer's grant allows it too.
    pub persistent: bool,
    /// What its keys ask of outputs and devices. Of several that hold for a key the strictest counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restrictions: Vec<Restriction>,
}

members!(deny LicenseTerms then meaningful { seconds = None, persistent = false, restrictions = Vec::new() });

/// What some of a title's keys ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Restriction {
    /// It holds for keys that open taller pictures than that, in pixels; `None` for every key, those of sound too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_height: Option<u32>,
    /// The least HDCP of outputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdcp: Option<Hdcp>,
    /// The least security of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_level: Option<SecurityLevel>,
}

members!(deny Restriction { above_height = None, hdcp = None, security_level = None });

impl LicenseTerms {
    /// What is asked of a device for a key that opens pictures of up to `height` pixels; `None` for one that opens none.
    pub fn of(&self, height: Option<u32>) -> (Option<Hdcp>, Option<SecurityLevel>) {
        let holds = |restriction: &&Restriction| match (restriction.above_height, height) {
            (None, _) => true,
            (Some(above), Some(height)) => height > above,
            (Some(_), None) => false,
        };
        let held = || self.restrictions.iter().filter(holds);
        (held().filter_map(|held| held.hdcp).max(), held().filter_map(|held| held.security_level).max())
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn meaningful<E: de::Error>(terms: &LicenseTerms) -> Result<(), E> {
    if terms.seconds == Some(0) {
        return Err(E::custom(
            "license.seconds is at least 1; to give no licence, take the system out of the key policy",
        ));
    }
    if terms.restrictions.iter().any(|held| held.hdcp.is_none() && held.security_level.is_none()) {
        return Err(E::custom("a restriction of license restricts nothing: add hdcp or security_level"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<LicenseTerms, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_strictest_of_what_holds_counts() {
        let terms = read(
            r#"{"seconds":60,"persistent":true,"restrictions":[
                {"above_height":1080,"hdcp":"2.2","security_level":"hardware_decode"},
                {"above_height":576,"hdcp":"1.0"},
                {"security_level":"software_decode"}]}"#,
        )
        .expect("terms");
        let (least, middle) = (Some(SecurityLevel::SoftwareDecode), Some(Hdcp::V1));
        assert_eq!(terms.of(None), (None, least), "of sound");
        assert_eq!(terms.of(Some(576)), (None, least));
        assert_eq!(terms.of(Some(577)), (middle, least));
        assert_eq!(terms.of(Some(1080)), (middle, least));
        assert_eq!(terms.of(Some(1081)), (Some(Hdcp::V2_2), Some(SecurityLevel::HardwareDecode)));
        assert_eq!(
            serde_json::from_value::<LicenseTerms>(serde_json::to_value(&terms).expect("JSON")).ok(),
            Some(terms)
        );
    }

    #[test]
    fn what_restricts_nothing_or_is_not_known_is_refused() {
        assert_eq!(read("{}"), Ok(LicenseTerms::default()));
        for (text, why) in [
            (r#"{"seconds":0}"#, "at least 1"),
            (r#"{"restrictions":[{"above_height":1}]}"#, "restricts nothing"),
            (r#"{"restrictions":[{"hdcp":"2.4"}]}"#, "unknown variant"),
            (r#"{"restrictions":[{"security_level":"L1"}]}"#, "unknown variant"),
            (r#"{"restrictions":[{"hdcp":"2.2","below":1}]}"#, "unknown field"),
            (r#"{"life":1}"#, "unknown field"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_taller_picture_never_asks_for_less(above in proptest::collection::vec((0u32..10, 0usize..5), 0..6), height in 0u32..10) {
            let levels = [Hdcp::V1, Hdcp::V2_0, Hdcp::V2_1, Hdcp::V2_2, Hdcp::V2_3];
            let restriction = |(above, level): &(u32, usize)| Restriction {
                above_height: Some(*above),
                hdcp: Some(levels[*level]),
                security_level: None,
            };
            let terms = LicenseTerms { restrictions: above.iter().map(restriction).collect(), ..LicenseTerms::default() };
            prop_assert!(terms.of(Some(height)).0 <= terms.of(Some(height + 1)).0);
            prop_assert!(terms.of(None).0 <= terms.of(Some(height)).0);
        }
    }
}

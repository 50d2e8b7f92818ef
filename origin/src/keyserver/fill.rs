use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    MasterSecret, Refusal,
    check::{check, kid_of, system_of},
    signal::Signalling,
};
use crate::cpix::Element;

/// Turns a request into its answer: the same document with keys and signalling filled in. Nothing that was asked for is
/// removed, nothing that was not is added, usage rules and key periods come back as they were.
pub(super) fn fill(mut root: Element, master: &MasterSecret) -> Result<Element, Refusal> {
    let checked = check(&root)?;
    for list in &mut root.children {
        if list.is("ContentKeyList") {
            for key in list.children.iter_mut().filter(|child| child.is("ContentKey")) {
                fill_key(key, master)?;
            }
        } else if list.is("DRMSystemList") {
            for system in list.children.iter_mut().filter(|child| child.is("DRMSystem")) {
                let kid = kid_of(system, "DRMSystem@kid")?;
                let signalling = Signalling::new(system_of(system)?, &kid, checked.scheme);
                // FairPlay has neither; an empty element of it would be an answer without a value.
                system.children.retain(|child| {
                    !(child.is("PSSH") && signalling.pssh().is_none()
                        || child.is("ContentProtectionData") && signalling.content_protection().is_none()
                        || child.is("HLSSignalingData") && signalling.hls("media").is_none())
                });
                for child in &mut system.children {
                    let text = if child.is("PSSH") {
                        signalling.pssh()
                    } else if child.is("ContentProtectionData") {
                        signalling.content_protection()
                    } else if child.is("HLSSignalingData") {
                        child.attribute("playlist").and_then(|playlist| signalling.hls(playlist))
                    } else {
                        None
                    };
                    if let Some(text) = text {
                        child.text = text.into();
                    }
                }
            }
        }
    }
    Ok(root)
}

fn fill_key(key: &mut Element, master: &MasterSecret) -> Result<(), Refusal> {
    let kid = kid_of(key, "ContentKey@kid")?;
    if let Some(iv) = key.attribute("explicitIV")
        && STANDARD.decode(iv).map_or(0, |iv| iv.len()) != 16
    {
        return Err(Refusal::ExplicitIv(kid));
    }
    // One that is asked for without being given is the key id: constant, as SPEKE wants for one key.
    if let Some((_, iv)) =
        key.attributes.iter_mut().find(|(name, value)| name == "explicitIV" && value.trim().is_empty())
    {
        *iv = STANDARD.encode(kid.0);
    }
    let value = Element::pskc("PlainValue").saying(STANDARD.encode(master.content_key(&kid).expose()));
    key.children.retain(|child| !child.is("Data"));
    key.children.push(Element::cpix("Data").holding([Element::pskc("Secret").holding([value])]));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpix::parse;

    const VIDEO: &str = "873f3740-2508-4a2d-94bc-9b0f86649251";
    const AUDIO: &str = "0c54f2b0-b433-45a4-ae73-664438bb0b4e";
    const WIDEVINE: &str = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";
    const FAIRPLAY: &str = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2";

    /// Shaped after case 1 of awslabs/speke-reference-server's v2 suite: one video key, one audio key, a key period.
    fn request() -> String {
        let hls = "<c:HLSSignalingData playlist=\"media\"/><c:HLSSignalingData playlist=\"master\"/>";
        let dash = "<c:PSSH/><c:ContentProtectionData/>";
        let systems: String = [VIDEO, AUDIO]
            .iter()
            .flat_map(|kid| [(kid, WIDEVINE, dash), (kid, FAIRPLAY, "")])
            .map(|(kid, id, dash)| format!("<c:DRMSystem kid=\"{kid}\" systemId=\"{id}\">{dash}{hls}</c:DRMSystem>"))
            .collect();
        format!(
            "<c:CPIX xmlns:c=\"urn:dashif:org:cpix\" contentId=\"case\" version=\"2.3\">\
             <c:ContentKeyList>\
             <c:ContentKey kid=\"{VIDEO}\" commonEncryptionScheme=\"cbcs\"/>\
             <c:ContentKey kid=\"{AUDIO}\" commonEncryptionScheme=\"cbcs\"/>\
             </c:ContentKeyList>\
             <c:DRMSystemList>{systems}</c:DRMSystemList>\
             <c:ContentKeyPeriodList><c:ContentKeyPeriod id=\"p\" index=\"0\"/></c:ContentKeyPeriodList>\
             <c:ContentKeyUsageRuleList>\
             <c:ContentKeyUsageRule kid=\"{VIDEO}\" intendedTrackType=\"SD+HD1\"><c:KeyPeriodFilter periodId=\"p\"/><c:VideoFilter maxPixels=\"589824\"/></c:ContentKeyUsageRule>\
             <c:ContentKeyUsageRule kid=\"{AUDIO}\" intendedTrackType=\"AUDIO\"><c:KeyPeriodFilter periodId=\"p\"/><c:AudioFilter/></c:ContentKeyUsageRule>\
             </c:ContentKeyUsageRuleList></c:CPIX>"
        )
    }

    fn answer(text: &str) -> Result<Element, Refusal> {
        fill(parse(text.as_bytes()).expect("well-formed"), &MasterSecret::built_in())
    }

    #[test]
    fn the_answer_is_the_request_with_its_blanks_filled() {
        let answer = answer(&request()).expect("a good request");
        assert_eq!(answer.attribute("contentId"), Some("case"));
        let keys: Vec<_> = answer.child("ContentKeyList").expect("kept").all("ContentKey").collect();
        for key in &keys {
            let value =
                key.child("Data").and_then(|data| data.pskc_child("Secret")?.pskc_child("PlainValue")).expect("a key");
            assert_eq!(STANDARD.decode(value.text.as_str()).expect("base64").len(), 16);
        }
        assert_eq!(keys.len(), 2);
        for system in answer.child("DRMSystemList").expect("kept").all("DRMSystem") {
            let widevine = system.attribute("systemId") == Some(WIDEVINE);
            let texts: Vec<_> =
                system.children.iter().map(|child| (child.name.as_str(), child.text.is_empty())).collect();
            let hls = [("HLSSignalingData", false); 2];
            let dash = [("PSSH", false), ("ContentProtectionData", false)];
            assert_eq!(texts, if widevine { [&dash[..], &hls].concat() } else { hls.to_vec() });
            let line = |playlist: &str| {
                let data = system
                    .all("HLSSignalingData")
                    .find(|data| data.attribute("playlist") == Some(playlist))
                    .expect("kept");
                String::from_utf8(STANDARD.decode(data.text.as_str()).expect("base64")).expect("text")
            };
            assert_eq!(line("media").replace("-X-KEY:", "-X-SESSION-KEY:"), line("master"));
            assert!(line("master").starts_with("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,"), "{}", line("master"));
        }
        let rules = answer.child("ContentKeyUsageRuleList").expect("kept");
        let filter = rules.children[0].child("VideoFilter").expect("kept");
        assert_eq!(filter.attribute("maxPixels"), Some("589824"));
        let period =
            answer.child("ContentKeyPeriodList").and_then(|list| list.child("ContentKeyPeriod")).expect("kept");
        assert_eq!(period.attribute("index"), Some("0"));
    }

    #[test]
    fn what_speke_makes_mandatory_is_missed() {
        let kid = |text: &str| text.parse().expect("a key id");
        let cases = [
            ("contentId=\"case\" ", "", Refusal::Missing("CPIX@contentId")),
            ("version=\"2.3\"", "", Refusal::Missing("CPIX@version")),
            ("version=\"2.3\"", "version=\"2.0\"", Refusal::CpixVersion),
            ("urn:dashif:org:cpix", "urn:another", Refusal::NotCpix),
            ("c:ContentKeyList", "c:X", Refusal::Missing("ContentKeyList")),
            ("c:ContentKey ", "c:X ", Refusal::Missing("ContentKey")),
            ("c:DRMSystemList", "c:X", Refusal::Missing("DRMSystemList")),
            ("c:ContentKeyUsageRuleList", "c:X", Refusal::Missing("ContentKeyUsageRuleList")),
            ("ContentKey kid=", "ContentKey id=", Refusal::Missing("ContentKey@kid")),
            ("commonEncryptionScheme", "scheme", Refusal::NoScheme(kid(VIDEO))),
            ("systemId=", "system=", Refusal::Missing("DRMSystem@systemId")),
            ("DRMSystem kid=", "DRMSystem id=", Refusal::Missing("DRMSystem@kid")),
            ("Rule kid=", "Rule id=", Refusal::Missing("ContentKeyUsageRule@kid")),
            ("intendedTrackType=", "type=", Refusal::Missing("ContentKeyUsageRule@intendedTrackType")),
            ("<c:AudioFilter/>", "", Refusal::Filter(kid(AUDIO))),
            ("<c:AudioFilter/>", "<c:VideoFilter/>", Refusal::Filter(kid(AUDIO))),
            ("cbcs", "cenc", Refusal::Fairplay),
            ("cbcs", "cens", Refusal::Schemes),
            ("playlist=\"master\"", "playlist=\"media\"", Refusal::HlsPair(kid(VIDEO))),
            (
                WIDEVINE,
                "00000000-0000-0000-0000-000000000000",
                Refusal::System("00000000-0000-0000-0000-000000000000".into()),
            ),
            (WIDEVINE, FAIRPLAY, Refusal::Twice { kid: kid(VIDEO), list: "DRMSystemList" }),
        ];
        for (from, to, refusal) in cases {
            let changed = match from {
                // The closing tags keep their names.
                "c:ContentKey " => request().replace(from, to),
                _ => request().replace(from, to),
            };
            assert_ne!(changed, request());
            assert_eq!(answer(&changed).err(), Some(refusal));
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let kid = |text: &str| text.parse().expect("a key id");
        let mixed = request().replacen("cbcs", "cenc", 1);
        assert_eq!(answer(&mixed).err(), Some(Refusal::Schemes));
        let twice = request().replacen(AUDIO, VIDEO, 1);
        assert_eq!(answer(&twice).err(), Some(Refusal::Twice { kid: kid(VIDEO), list: "ContentKeyList" }));
        let other = "11111111-2508-4a2d-94bc-9b0f86649251";
        let unknown = request().replacen(AUDIO, other, 1);
        assert_eq!(answer(&unknown).err(), Some(Refusal::UnknownKid { kid: kid(AUDIO), list: "DRMSystemList" }));
        let unused = request().replace(&format!("Rule kid=\"{AUDIO}\""), &format!("Rule kid=\"{VIDEO}\""));
        assert_eq!(answer(&unused).err(), Some(Refusal::Unused(kid(AUDIO))));
        let both = request().replace("<c:AudioFilter/>", "<c:AudioFilter/><c:VideoFilter/>");
        let all = both.replace("\"AUDIO\"", "\"ALL\"");
        assert_eq!(answer(&all).err(), Some(Refusal::AllAndOthers));
        let same = both.replace("\"AUDIO\"", "\"X\"").replace("\"SD+HD1\"", "\"X\"");
        assert_eq!(answer(&same).err(), Some(Refusal::Ambiguous("X".into())));
    }

    #[test]
    fn an_explicit_iv_is_kept_or_given() {
        let with = |iv: &str| {
            request().replace("commonEncryptionScheme", &format!("explicitIV=\"{iv}\" commonEncryptionScheme"))
        };
        let iv = |text: &str| {
            let answer = answer(&with(text))?;
            Ok::<_, Refusal>(
                answer
                    .child("ContentKeyList")
                    .and_then(|list| list.children[0].attribute("explicitIV").map(str::to_owned)),
            )
        };
        assert_eq!(iv("OFj2IjCsPJFfMAxmQxLGPw=="), Ok(Some("OFj2IjCsPJFfMAxmQxLGPw==".to_owned())));
        assert_eq!(iv(""), Ok(Some("hz83QCUISi2UvJsPhmSSUQ==".to_owned())));
        assert!(matches!(iv("AAAA"), Err(Refusal::ExplicitIv(_))));
    }
}

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{fill::fill, *};
use crate::cpix::{Element, KeyRequest, parse, write, write_request};

fn filled(document: Element) -> Result<Element, Refusal> {
    fill(document, SpekeVersion::V2_0, &MasterSecret::built_in(), SystemTime::now(), &mut OsRng)
}

/// The key server's answer to a request, with the built-in secret.
pub(crate) fn answered(request: &KeyRequest) -> Zeroizing<String> {
    let document = parse(write_request(request).as_bytes()).expect("well-formed");
    write(&filled(document).expect("a good request"))
}

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
    filled(parse(text.as_bytes()).expect("well-formed"))
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
        let texts: Vec<_> = system.children.iter().map(|child| (child.name.as_str(), child.text.is_empty())).collect();
        let hls = [("HLSSignalingData", false); 2];
        let dash = [("PSSH", false), ("ContentProtectionData", false)];
        assert_eq!(texts, if widevine { [&dash[..], &hls].concat() } else { hls.to_vec() });
        let line = |playlist: &str| {
            let data =
                system.all("HLSSignalingData").find(|data| data.attribute("playlist") == Some(playlist)).expect("kept");
            String::from_utf8(STANDARD.decode(data.text.as_str()).expect("base64")).expect("text")
        };
        assert_eq!(line("media").replace("-X-KEY:", "-X-SESSION-KEY:"), line("master"));
        assert!(line("master").starts_with("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,"), "{}", line("master"));
    }
    let rules = answer.child("ContentKeyUsageRuleList").expect("kept");
    let filter = rules.children[0].child("VideoFilter").expect("kept");
    assert_eq!(filter.attribute("maxPixels"), Some("589824"));
    let period = answer.child("ContentKeyPeriodList").and_then(|list| list.child("ContentKeyPeriod")).expect("kept");
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
        ("<c:AudioFilter/>", "", Refusal::Contract(Malformed::Filters(kid(AUDIO)))),
        ("<c:AudioFilter/>", "<c:VideoFilter/>", Refusal::Contract(Malformed::Filters(kid(AUDIO)))),
        ("cbcs", "cenc", Refusal::SchemeOfSystem(FAIRPLAY.into())),
        ("cbcs", "cens", Refusal::SchemeOfSystem(WIDEVINE.into())),
        ("cbcs", "SAMPLE-AES", Refusal::Scheme("SAMPLE-AES".into())),
        ("playlist=\"master\"", "playlist=\"media\"", Refusal::HlsPair(kid(VIDEO))),
        (
            WIDEVINE,
            "00000000-0000-0000-0000-000000000000",
            Refusal::System("00000000-0000-0000-0000-000000000000".into()),
        ),
        (WIDEVINE, FAIRPLAY, Refusal::Twice { kid: kid(VIDEO), list: "DRMSystemList" }),
    ];
    for (from, to, refusal) in cases {
        let changed = request().replace(from, to);
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
    let unused = request()
        .replace("intendedTrackType=\"AUDIO\"", "intendedTrackType=\"HD2\"")
        .replace("AudioFilter", "VideoFilter");
    let unused = unused.replace(&format!("Rule kid=\"{AUDIO}\""), &format!("Rule kid=\"{VIDEO}\""));
    assert_eq!(answer(&unused).err(), Some(Refusal::Contract(Malformed::Unused(kid(AUDIO)))));
    let both = request().replace("<c:AudioFilter/>", "<c:AudioFilter/><c:VideoFilter/>");
    let all = both.replace("\"AUDIO\"", "\"ALL\"");
    assert_eq!(answer(&all).err(), Some(Refusal::Contract(Malformed::AllAndOthers)));
    let same = request().replace("\"AUDIO\"", "\"X\"").replace("\"SD+HD1\"", "\"X\"");
    assert_eq!(answer(&same).err(), Some(Refusal::Contract(Malformed::Ambiguous("X".into()))));
}

#[test]
fn an_explicit_iv_is_kept_or_given() {
    let with =
        |iv: &str| request().replace("commonEncryptionScheme", &format!("explicitIV=\"{iv}\" commonEncryptionScheme"));
    let iv = |text: &str| {
        let answer = answer(&with(text))?;
        Ok::<_, Refusal>(
            answer.child("ContentKeyList").and_then(|list| list.children[0].attribute("explicitIV").map(str::to_owned)),
        )
    };
    assert_eq!(iv("OFj2IjCsPJFfMAxmQxLGPw=="), Ok(Some("OFj2IjCsPJFfMAxmQxLGPw==".to_owned())));
    assert_eq!(iv(""), Ok(Some("hz83QCUISi2UvJsPhmSSUQ==".to_owned())));
    assert!(matches!(iv("AAAA"), Err(Refusal::ExplicitIv(_))));
}

/// The request with its usage rules replaced: those of the video key and of the audio key.
fn ruled(video: &str, audio: &str) -> String {
    let request = request();
    let start = request.find("<c:ContentKeyUsageRuleList>").expect("a list");
    format!(
        "{}<c:ContentKeyUsageRuleList>\
         <c:ContentKeyUsageRule kid=\"{VIDEO}\" {video}</c:ContentKeyUsageRule>\
         <c:ContentKeyUsageRule kid=\"{AUDIO}\" {audio}</c:ContentKeyUsageRule>\
         </c:ContentKeyUsageRuleList></c:CPIX>",
        &request[..start]
    )
}

#[test]
fn a_contract_says_which_filters_it_has() {
    let kid = |text: &str| text.parse().expect("a key id");
    let audio = "intendedTrackType=\"AUDIO\"><c:AudioFilter/>";
    let video = |rule: &str| answer(&ruled(rule, audio)).err();
    for good in [
        "intendedTrackType=\"VIDEO\"><c:VideoFilter/>",
        "intendedTrackType=\"SD+HD1\"><c:VideoFilter maxPixels=\"921600\"/>",
        "intendedTrackType=\"SD+HD\"><c:VideoFilter maxPixels=\"1\"/><c:VideoFilter minPixels=\"2\"/>",
        "intendedTrackType=\"HDR+HFR+UHD\"><c:VideoFilter hdr=\"true\"/><c:VideoFilter minFps=\"31\"/><c:VideoFilter minPixels=\"2\"/>",
        "intendedTrackType=\"UHD2\"><c:VideoFilter minPixels=\"8847361\"/><c:BitrateFilter/>",
        "intendedTrackType=\"of my own\"><c:VideoFilter/>",
    ] {
        assert_eq!(video(good), None, "{good}");
    }
    let filters = || Some(Refusal::Contract(Malformed::Filters(kid(VIDEO))));
    let limits = || Some(Refusal::Contract(Malformed::Limits(kid(VIDEO))));
    for (bad, refusal) in [
        ("intendedTrackType=\"VIDEO\"><c:VideoFilter/><c:VideoFilter/>", filters()),
        ("intendedTrackType=\"VIDEO\"><c:VideoFilter/><c:AudioFilter/>", filters()),
        ("intendedTrackType=\"VIDEO+AUDIO\"><c:VideoFilter/>", filters()),
        ("intendedTrackType=\"of my own\"><c:VideoFilter/><c:AudioFilter/>", filters()),
        ("intendedTrackType=\"ALL\"><c:VideoFilter/>", filters()),
        ("intendedTrackType=\"ALL\"><c:VideoFilter maxPixels=\"1\"/><c:AudioFilter/>", filters()),
        ("intendedTrackType=\"SD\"><c:VideoFilter maxPixels=\"many\"/>", limits()),
        ("intendedTrackType=\"SD\"><c:VideoFilter minPixels=\"3\" maxPixels=\"2\"/>", limits()),
        ("intendedTrackType=\"SD\"><c:VideoFilter minFps=\"-1\"/>", limits()),
        (
            "intendedTrackType=\"SD\"><c:VideoFilter/><c:LabelFilter label=\"x\"/>",
            Some(Refusal::Contract(Malformed::Label(kid(VIDEO)))),
        ),
        (
            "intendedTrackType=\"STEREO_AUDIO+UHD1\"><c:AudioFilter/><c:VideoFilter/>",
            Some(Refusal::Unsupported("STEREO_AUDIO+UHD1".into())),
        ),
    ] {
        assert_eq!(video(bad), refusal, "{bad}");
    }
    let none = ruled("intendedTrackType=\"VIDEO\">", "intendedTrackType=\"AUDIO\">");
    assert_eq!(answer(&none).err(), Some(Refusal::NoContract));
}

#[test]
fn a_key_of_each_period_has_its_rule() {
    let kid = |text: &str| text.parse().expect("a key id");
    let rule = |period: &str| format!("intendedTrackType=\"VIDEO\">{period}<c:VideoFilter/>");
    let filter = |id: &str| format!("<c:KeyPeriodFilter periodId=\"{id}\"/>");
    let asked = |periods: &str, first: &str, second: &str| {
        let list = "<c:ContentKeyPeriod id=\"p\" index=\"0\"/>";
        answer(&ruled(&rule(first), &rule(second)).replace(list, periods)).err()
    };
    let two = "<c:ContentKeyPeriod id=\"p\" index=\"7\"/><c:ContentKeyPeriod id=\"q\" index=\"8\"/>";
    assert_eq!(asked(two, &filter("p"), &filter("q")), None);
    let timed = "<c:ContentKeyPeriod id=\"p\" start=\"2026-01-01T00:00:00Z\" end=\"2026-01-01T00:05:00Z\"/>\
                 <c:ContentKeyPeriod id=\"q\" startOffset=\"PT5M\" endOffset=\"PT10M\"/>";
    assert_eq!(asked(timed, &filter("p"), &filter("q")), None);
    let ambiguous = Some(Refusal::Contract(Malformed::Ambiguous("VIDEO".into())));
    assert_eq!(asked(two, &filter("p"), &filter("p")), ambiguous);
    assert_eq!(asked(two, &filter("p"), ""), ambiguous);
    assert_eq!(asked(two, &(filter("p") + &filter("q")), &filter("q")), ambiguous);
    let unknown = Some(Refusal::Contract(Malformed::UnknownPeriod(kid(AUDIO))));
    assert_eq!(asked(two, &filter("p"), &filter("r")), unknown);
    for (bad, id) in [
        (two.replace("index=\"8\"", "index=\"7\""), "q"),
        (two.replace("id=\"q\"", "id=\"p\""), "p"),
        (two.replace("index=\"7\"", "index=\"-7\""), "p"),
        (two.replace("index=\"7\"", ""), "p"),
        (two.replace("index=\"7\"", "start=\"2026-01-01T00:00:00Z\""), "p"),
        (timed.replace("PT10M", "PT5M"), "q"),
    ] {
        assert_eq!(asked(&bad, &filter("p"), &filter("q")), Some(Refusal::Period(id.into())), "{bad}");
    }
    // A title that is asked for without a list of periods.
    let none = ruled(&rule(&filter("p")), "intendedTrackType=\"AUDIO\"><c:AudioFilter/>");
    let none =
        none.replace("<c:ContentKeyPeriodList><c:ContentKeyPeriod id=\"p\" index=\"0\"/></c:ContentKeyPeriodList>", "");
    assert_eq!(answer(&none).err(), None);
}

#[test]
fn refusals_are_in_the_documentations_words() {
    // SPEKE API v2, customizations and constraints: the table of error messages.
    let said = |request: String| {
        answer(&request).err().map(|refusal| refusal.to_string().lines().next().unwrap_or("").to_owned())
    };
    let changed = |from: &str, to: &str| said(request().replace(from, to)).expect("refused");
    assert_eq!(changed("contentId=\"case\"", "contentId=\"\""), "Missing CPIX@contentId");
    assert_eq!(changed("version=\"2.3\"", "version=\"\""), "Missing CPIX@version");
    assert_eq!(changed("version=\"2.3\"", "version=\"2.2\""), "Unsupported CPIX@version");
    assert_eq!(
        changed("commonEncryptionScheme=\"cbcs\"", "commonEncryptionScheme=\"\""),
        format!("Missing ContentKey@commonEncryptionScheme for KID {VIDEO}")
    );
    let mixed = said(request().replacen("cbcs", "cenc", 1)).expect("refused");
    assert_eq!(mixed, "Non compliant ContentKey@commonEncryptionScheme combination");
    assert_eq!(
        changed("cbcs", "cenc"),
        format!("ContentKey@commonEncryptionScheme non compatible with DRMSystem {FAIRPLAY}")
    );
    assert_eq!(changed("<c:AudioFilter/>", "<c:AudioFilter/><c:AudioFilter/>"), "Malformed encryption contract");
    let shared = "intendedTrackType=\"AUDIO+UHD\"><c:AudioFilter/><c:VideoFilter/>";
    let shared = said(ruled(shared, "intendedTrackType=\"SD\"><c:VideoFilter/>")).expect("refused");
    assert_eq!(shared, "Requested CPIX encryption contract not supported");
    let none = request().replace("<c:AudioFilter/>", "").replace("<c:VideoFilter maxPixels=\"589824\"/>", "");
    assert_eq!(said(none).expect("refused"), "Missing CPIX encryption contract");
    assert_eq!(Refusal::SpekeVersion.to_string(), "Unsupported SPEKE version");
}

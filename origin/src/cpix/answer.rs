use base64::{Engine, engine::general_purpose::STANDARD};
use sluice_packager::keys::{ContentKey, Kid};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Element, KeyRequest, VERSION, XmlError, parse};

/// Why a provider's answer is not taken. Tells nothing of any key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// No XML.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Not CPIX 2.3 for the title that was asked about.
    #[error("the answer's {0} is not what was asked for")]
    Root(&'static str),
    /// A mandatory part is missing, empty or malformed.
    #[error("the answer has no usable {0}")]
    Missing(&'static str),
    /// A key id that was not asked for, or twice. A provider that overrides key ids cannot be used: the ids belong to the media.
    #[error("the answer speaks of key id {0}, which was not asked for, or of the same one twice")]
    UnexpectedKid(Kid),
    /// A key that was asked for and is not there.
    #[error("the answer has no key for key id {0}")]
    NoKey(Kid),
    /// Another `commonEncryptionScheme` than asked for.
    #[error("the answer gives key id {0} another encryption scheme, or none")]
    Scheme(Kid),
    /// The key is encrypted, which this client did not ask for and does not read.
    #[error("the answer encrypts the key of key id {0}; this client reads plain keys only")]
    Encrypted(Kid),
    /// Not 16 bytes of base64.
    #[error("the answer's key for key id {0} is not 16 bytes in base64")]
    KeyForm(Kid),
    /// Two key ids with one key.
    #[error("the answer gives key id {0} the key of another key id")]
    SameKey(Kid),
    /// Signalling that was asked for is missing, or a `PSSH` differs from that in `ContentProtectionData`.
    #[error("the answer's signalling for key id {kid} and system {system} is missing or contradicts itself")]
    Signalling {
        /// The key id.
        kid: Kid,
        /// `DRMSystem@systemId`.
        system: &'static str,
    },
    /// A usage rule that differs from the one that was sent.
    #[error("the answer changes the usage rule of key id {0}")]
    UsageRule(Kid),
}

/// Reads and checks an answer: all keys, in the order asked for.
///
/// # Errors
/// [`AnswerError`] for anything but a complete answer without contradictions: SPEKE v2.0 has the encryptor stop then.
pub fn read_answer(bytes: &[u8], request: &KeyRequest) -> Result<Vec<(Kid, ContentKey)>, AnswerError> {
    let root = parse(bytes)?;
    if !root.is("CPIX") {
        return Err(AnswerError::Root("root element"));
    }
    if root.attribute("version") != Some(VERSION) {
        return Err(AnswerError::Root("CPIX@version"));
    }
    if root.attribute("contentId") != Some(request.content_id.as_str()) {
        return Err(AnswerError::Root("CPIX@contentId"));
    }
    let keys = content_keys(only(&root, "ContentKeyList")?, request)?;
    signalling(only(&root, "DRMSystemList")?, request)?;
    usage_rules(only(&root, "ContentKeyUsageRuleList")?, request)?;
    Ok(keys)
}

fn only<'a>(root: &'a Element, name: &'static str) -> Result<&'a Element, AnswerError> {
    let mut all = root.all(name);
    let first = all.next().ok_or(AnswerError::Missing(name))?;
    if all.next().is_some() { Err(AnswerError::Missing(name)) } else { Ok(first) }
}

fn kid_of(element: &Element, what: &'static str) -> Result<Kid, AnswerError> {
    element.attribute("kid").and_then(|kid| kid.parse().ok()).ok_or(AnswerError::Missing(what))
}

fn content_keys(list: &Element, request: &KeyRequest) -> Result<Vec<(Kid, ContentKey)>, AnswerError> {
    let mut found: Vec<(Kid, ContentKey)> = Vec::new();
    for element in list.all("ContentKey") {
        let kid = kid_of(element, "ContentKey@kid")?;
        let asked = request.keys.iter().any(|key| key.kid == kid);
        if !asked || found.iter().any(|(known, _)| *known == kid) {
            return Err(AnswerError::UnexpectedKid(kid));
        }
        if element.attribute("commonEncryptionScheme") != Some(request.scheme.as_str()) {
            return Err(AnswerError::Scheme(kid));
        }
        let key = content_key(element, kid)?;
        if found.iter().any(|(_, known)| known.expose().ct_eq(key.expose()).into()) {
            return Err(AnswerError::SameKey(kid));
        }
        found.push((kid, key));
    }
    let mut ordered = Vec::with_capacity(found.len());
    for asked in &request.keys {
        let at = found.iter().position(|(kid, _)| *kid == asked.kid).ok_or(AnswerError::NoKey(asked.kid))?;
        ordered.push(found.swap_remove(at));
    }
    Ok(ordered)
}

fn content_key(element: &Element, kid: Kid) -> Result<ContentKey, AnswerError> {
    let secret = element.child("Data").and_then(|data| data.pskc_child("Secret")).ok_or(AnswerError::NoKey(kid))?;
    if secret.pskc_child("EncryptedValue").is_some() {
        return Err(AnswerError::Encrypted(kid));
    }
    let value = secret.pskc_child("PlainValue").ok_or(AnswerError::NoKey(kid))?;
    let bytes = STANDARD.decode(value.text.trim()).map(Zeroizing::new).map_err(|_| AnswerError::KeyForm(kid))?;
    let key: Zeroizing<[u8; 16]> = Zeroizing::new(bytes.as_slice().try_into().map_err(|_| AnswerError::KeyForm(kid))?);
    Ok(ContentKey::new(*key))
}

fn signalling(list: &Element, request: &KeyRequest) -> Result<(), AnswerError> {
    for key in &request.keys {
        for (_, system) in request.listed_systems() {
            let error = || AnswerError::Signalling { kid: key.kid, system };
            let element = list
                .all("DRMSystem")
                .find(|element| {
                    kid_of(element, "DRMSystem@kid") == Ok(key.kid)
                        && element.attribute("systemId").is_some_and(|id| id.eq_ignore_ascii_case(system))
                })
                .ok_or_else(error)?;
            if let Some(pssh) = element.child("PSSH") {
                let data =
                    element.child("ContentProtectionData").and_then(|data| STANDARD.decode(data.text.trim()).ok());
                let pssh = pssh.text.trim();
                let same = data.is_none_or(|data| String::from_utf8_lossy(&data).contains(pssh));
                if pssh.is_empty() || !same {
                    return Err(error());
                }
            }
        }
    }
    Ok(())
}

fn usage_rules(list: &Element, request: &KeyRequest) -> Result<(), AnswerError> {
    for rule in list.all("ContentKeyUsageRule") {
        let kid = kid_of(rule, "ContentKeyUsageRule@kid")?;
        let asked = request.keys.iter().find(|key| key.kid == kid).ok_or(AnswerError::UnexpectedKid(kid))?;
        if rule.attribute("intendedTrackType") != Some(asked.tracks.as_str()) {
            return Err(AnswerError::UsageRule(kid));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sluice_packager::title::Scheme;

    use super::*;
    use crate::{cpix::request::tests::request, keyserver::tests::answered};

    type Change = fn(String) -> String;

    #[test]
    fn an_answer_is_taken_whole_or_not_at_all() {
        let request = request(Scheme::Cbcs);
        let good = answered(&request);
        let keys = read_answer(good.as_bytes(), &request).expect("a good answer");
        assert_eq!(keys.iter().map(|(kid, _)| *kid).collect::<Vec<_>>(), [Kid([1; 16]), Kid([2; 16])]);

        let (one, two) = (Kid([1; 16]), Kid([2; 16]));
        let cases: &[(Change, AnswerError)] = &[
            (|text| text.replace("contentId=\"final\"", "contentId=\"other\""), AnswerError::Root("CPIX@contentId")),
            (|text| text.replace("version=\"2.3\"", "version=\"2.0\""), AnswerError::Root("CPIX@version")),
            (|text| text.replace("cpix:CPIX", "cpix:XIPC"), AnswerError::Root("root element")),
            (
                |text| text.replace("commonEncryptionScheme=\"cbcs\"", "commonEncryptionScheme=\"cenc\""),
                AnswerError::Scheme(one),
            ),
            (
                |text| text.replacen(&Kid([2; 16]).uuid(), &Kid([3; 16]).uuid(), 1),
                AnswerError::UnexpectedKid(Kid([3; 16])),
            ),
            (|text| text.replacen(&Kid([2; 16]).uuid(), &Kid([1; 16]).uuid(), 1), AnswerError::UnexpectedKid(one)),
            (|text| text.replacen("PlainValue>", "PlainValue>AAAA", 1), AnswerError::KeyForm(one)),
            (|text| text.replace("PlainValue", "EncryptedValue"), AnswerError::Encrypted(one)),
            (|text| text.replace("cpix:Data", "cpix:Date"), AnswerError::NoKey(one)),
            (|text| text.replace("ContentKeyList", "ContentKeys"), AnswerError::Missing("ContentKeyList")),
            (|text| text.replace("=\"AUDIO\"", "=\"VIDEO\""), AnswerError::UsageRule(two)),
            (
                |text| text.replace("9a04f079-9840", "9a04f079-0000"),
                AnswerError::Signalling { kid: one, system: "9a04f079-9840-4286-ab92-e65be0885f95" },
            ),
            (
                |text| text.replacen("<cpix:PSSH>", "<cpix:PSSH>A", 1),
                AnswerError::Signalling { kid: one, system: "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed" },
            ),
        ];
        for (change, error) in cases {
            let changed = change(good.to_string());
            assert_ne!(changed, good.as_str(), "{error}");
            assert_eq!(read_answer(changed.as_bytes(), &request).err().as_ref(), Some(error));
        }
    }

    #[test]
    fn one_key_for_two_ids_is_a_contradiction() {
        let request = request(Scheme::Cenc);
        let good = answered(&request);
        let key = |text: &str| {
            let rest = text.split_once("PlainValue>").expect("a key").1;
            rest.split_once('<').expect("an end").0.to_owned()
        };
        let first = key(&good);
        let second = key(good.rsplit_once("<pskc:Secret>").expect("two").1);
        assert_ne!(first, second);
        let changed = good.replace(&second, &first);
        assert_eq!(read_answer(changed.as_bytes(), &request).err(), Some(AnswerError::SameKey(Kid([2; 16]))));
    }

    proptest! {
        #[test]
        fn a_damaged_answer_gives_no_wrong_key(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
            let request = request(Scheme::Cbcs);
            let mut bytes = answered(&request).as_bytes().to_vec();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            if let Ok(keys) = read_answer(&bytes, &request) {
                prop_assert_eq!(keys.len(), 2);
            }
        }
    }
}

use base64::{Engine, engine::general_purpose::STANDARD};
use sluice_packager::keys::{ContentKey, Kid};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    DeliveryError, Element, KeyRequest, Profile, SignallingError, SystemSignalling, XmlError, contract,
    encrypted::DocumentKeys, parse, signalling,
};

/// Why a provider's answer is not taken. Tells nothing of any key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// No XML.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Not CPIX of the version, or not for the title, that was asked about.
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
    /// The key is encrypted, which was not asked for.
    #[error("the answer encrypts the key of key id {0}, which was not asked for")]
    Encrypted(Kid),
    /// The key is not encrypted, which was asked for.
    #[error(
        "the answer has the key of key id {0} in the clear, where encryption for this encryptor's certificate was asked for"
    )]
    Plain(Kid),
    /// What encrypted keys are under cannot be had.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// `ValueMAC` is missing or wrong.
    #[error("the answer's key for key id {0} has no MAC, or one that does not fit")]
    Mac(Kid),
    /// Not 16 bytes of base64.
    #[error("the answer's key for key id {0} is not 16 bytes in base64")]
    KeyForm(Kid),
    /// Two key ids with one key.
    #[error("the answer gives key id {0} the key of another key id")]
    SameKey(Kid),
    /// Signalling that was asked for is missing, or contradicts itself or what was asked for.
    #[error("the answer's signalling for key id {kid} and system {system}: {error}")]
    Signalling {
        /// The key id.
        kid: Kid,
        /// `DRMSystem@systemId`.
        system: &'static str,
        /// What is wrong.
        error: SignallingError,
    },
    /// A usage rule that is missing or differs from the one that was sent, filters included.
    #[error("the answer leaves out or changes the usage rule of key id {0}")]
    UsageRule(Kid),
}

/// What a provider gave: complete, and without contradictions.
#[derive(Clone)]
pub struct Answer {
    /// The keys, in the order asked for.
    pub keys: Vec<(Kid, ContentKey)>,
    /// For each of them, in that order, what each system that was asked about is told.
    pub signalling: Vec<SystemSignalling>,
}

/// Reads and checks an answer, of SPEKE v2.0 and with keys in the clear.
///
/// # Errors
/// As [`Profile::read_answer`].
pub fn read_answer(bytes: &[u8], request: &KeyRequest) -> Result<Answer, AnswerError> {
    Profile::default().read_answer(bytes, request)
}

impl Profile<'_> {
    /// Reads and checks an answer.
    ///
    /// # Errors
    /// [`AnswerError`] for anything but a complete answer without contradictions: SPEKE v2.0 has the encryptor stop then.
    pub fn read_answer(&self, bytes: &[u8], request: &KeyRequest) -> Result<Answer, AnswerError> {
        let root = parse(bytes)?;
        if !root.is("CPIX") {
            return Err(AnswerError::Root("root element"));
        }
        if root.attribute("version") != Some(self.version.cpix()) {
            return Err(AnswerError::Root("CPIX@version"));
        }
        if root.attribute("contentId") != Some(request.content_id.as_str()) {
            return Err(AnswerError::Root("CPIX@contentId"));
        }
        let document_keys = self.recipient.map(|recipient| recipient.document_keys(&root)).transpose()?;
        let keys = content_keys(only(&root, "ContentKeyList")?, request, document_keys.as_ref())?;
        let signalling = signalling::read(only(&root, "DRMSystemList")?, request)?;
        contract::check(&root, request)?;
        Ok(Answer { keys, signalling })
    }
}

pub(super) fn only<'a>(root: &'a Element, name: &'static str) -> Result<&'a Element, AnswerError> {
    let mut all = root.all(name);
    let first = all.next().ok_or(AnswerError::Missing(name))?;
    if all.next().is_some() { Err(AnswerError::Missing(name)) } else { Ok(first) }
}

pub(super) fn kid_of(element: &Element, what: &'static str) -> Result<Kid, AnswerError> {
    element.attribute("kid").and_then(|kid| kid.parse().ok()).ok_or(AnswerError::Missing(what))
}

fn content_keys(
    list: &Element,
    request: &KeyRequest,
    document_keys: Option<&DocumentKeys>,
) -> Result<Vec<(Kid, ContentKey)>, AnswerError> {
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
        let key = content_key(element, kid, document_keys)?;
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

fn content_key(element: &Element, kid: Kid, document_keys: Option<&DocumentKeys>) -> Result<ContentKey, AnswerError> {
    let secret = element.child("Data").and_then(|data| data.pskc_child("Secret")).ok_or(AnswerError::NoKey(kid))?;
    if let Some(keys) = document_keys {
        return keys.content_key(secret, kid);
    }
    if secret.pskc_child("EncryptedValue").is_some() {
        return Err(AnswerError::Encrypted(kid));
    }
    let value = secret.pskc_child("PlainValue").ok_or(AnswerError::NoKey(kid))?;
    let bytes = STANDARD.decode(value.text.trim()).map(Zeroizing::new).map_err(|_| AnswerError::KeyForm(kid))?;
    let key: Zeroizing<[u8; 16]> = Zeroizing::new(bytes.as_slice().try_into().map_err(|_| AnswerError::KeyForm(kid))?);
    Ok(ContentKey::new(*key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sluice_packager::title::Scheme;

    use super::*;
    use crate::{
        cpix::{RequestedKey, TrackType, request::tests::request},
        keyserver::tests::answered,
    };

    type Change = fn(String) -> String;

    #[test]
    fn an_answer_is_taken_whole_or_not_at_all() {
        let request = request(Scheme::Cbcs);
        let good = answered(&request);
        let answer = read_answer(good.as_bytes(), &request).expect("a good answer");
        assert_eq!(answer.keys.iter().map(|(kid, _)| *kid).collect::<Vec<_>>(), [Kid([1; 16]), Kid([2; 16])]);

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
            (|text| text.replace("<cpix:AudioFilter/>", ""), AnswerError::UsageRule(two)),
            (
                |text| text.replace("<cpix:AudioFilter/>", "<cpix:AudioFilter minChannels=\"3\"/>"),
                AnswerError::UsageRule(two),
            ),
            (|text| text.replace("<cpix:AudioFilter/>", "<cpix:VideoFilter/>"), AnswerError::UsageRule(two)),
            (
                |text| text.replace("<cpix:VideoFilter/>", "<cpix:VideoFilter/><cpix:AudioFilter/>"),
                AnswerError::UsageRule(one),
            ),
            (
                |text| text.replace("9a04f079-9840", "9a04f079-0000"),
                AnswerError::Signalling {
                    kid: one,
                    system: "9a04f079-9840-4286-ab92-e65be0885f95",
                    error: SignallingError::Missing("DRMSystem"),
                },
            ),
            (
                |text| text.replacen("<cpix:PSSH>", "<cpix:PSSH>A", 1),
                AnswerError::Signalling {
                    kid: one,
                    system: "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
                    error: SignallingError::Form("PSSH"),
                },
            ),
        ];
        for (change, error) in cases {
            let changed = change(good.to_string());
            assert_ne!(changed, good.as_str(), "{error}");
            assert_eq!(read_answer(changed.as_bytes(), &request).err().as_ref(), Some(error));
        }
    }

    #[test]
    fn key_periods_come_back() {
        let mut request = request(Scheme::Cenc);
        request.keys[1] = RequestedKey { tracks: TrackType::Video, period: 1, ..request.keys[1].clone() };
        request.keys.truncate(2);
        request
            .keys
            .iter_mut()
            .for_each(|key| key.tracks = TrackType::Track { id: format!("v{}", key.period), video: true });
        let good = answered(&request).to_string();
        assert!(read_answer(good.as_bytes(), &request).is_ok());
        let error = |changed: String| read_answer(changed.as_bytes(), &request).err();
        assert_eq!(
            error(good.replace("index=\"1\"", "index=\"2\"")),
            Some(AnswerError::Missing("ContentKeyPeriodList"))
        );
        assert_eq!(
            error(good.replace("ContentKeyPeriodList", "Periods")),
            Some(AnswerError::Missing("ContentKeyPeriodList"))
        );
        let moved = good.replace("periodId=\"period-1\"", "periodId=\"period-0\"");
        assert_eq!(error(moved), Some(AnswerError::UsageRule(Kid([2; 16]))));
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
            if let Ok(answer) = read_answer(&bytes, &request) {
                prop_assert_eq!(answer.keys.len(), 2);
            }
        }
    }
}

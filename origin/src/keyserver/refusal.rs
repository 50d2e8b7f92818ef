use sluice_packager::keys::Kid;

use crate::cpix::RecipientError;

/// Why a request is refused (422). Where SPEKE's documentation has a text for the case, the first line is that text, and
/// what is meant by it follows on a second one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `X-Speke-Version` is missing or neither 2.0 nor 2.1.
    #[error("Unsupported SPEKE version")]
    SpekeVersion,
    /// The root is not `CPIX`.
    #[error("The document is not CPIX")]
    NotCpix,
    /// A mandatory element or attribute is missing, empty or malformed.
    #[error("Missing {0}")]
    Missing(&'static str),
    /// `CPIX@version` does not go with `X-Speke-Version`: 2.3 with 2.0, 2.4 with 2.1.
    #[error("Unsupported CPIX@version")]
    CpixVersion,
    /// A list stands there twice.
    #[error("More than one {0}")]
    Repeated(&'static str),
    /// A `ContentKey` without a scheme.
    #[error("Missing ContentKey@commonEncryptionScheme for KID {}", .0.uuid())]
    NoScheme(Kid),
    /// Two schemes in one document.
    #[error("Non compliant ContentKey@commonEncryptionScheme combination")]
    Schemes,
    /// A scheme that is none of Common Encryption's.
    #[error("Unsupported ContentKey@commonEncryptionScheme {0}")]
    Scheme(String),
    /// A scheme that the system does not know, or not here: FairPlay knows `cbcs` only, `cbc1` and `cens` are not signalled.
    #[error("ContentKey@commonEncryptionScheme non compatible with DRMSystem {0}")]
    SchemeOfSystem(String),
    /// A key id twice in `ContentKeyList`, or in `DRMSystemList` for one system.
    #[error("KID {} stands twice in {list}", kid.uuid())]
    Twice {
        /// The key id.
        kid: Kid,
        /// The list.
        list: &'static str,
    },
    /// A key id that `ContentKeyList` does not have.
    #[error("KID {} is used in {list} and is not in ContentKeyList", kid.uuid())]
    UnknownKid {
        /// The key id.
        kid: Kid,
        /// The list.
        list: &'static str,
    },
    /// A system that is unknown here.
    #[error("Unsupported DRMSystem@systemId {0}")]
    System(String),
    /// `HLSSignalingData` that is not the pair of `media` and `master`.
    #[error("HLSSignalingData of KID {} is not the pair of playlist=\"media\" and playlist=\"master\"", .0.uuid())]
    HlsPair(Kid),
    /// An `explicitIV` that is not 16 bytes of base64.
    #[error("explicitIV of KID {} is not 16 bytes in base64", .0.uuid())]
    ExplicitIv(Kid),
    /// A key period that says neither its index nor both its ends, or that another one is already.
    #[error("ContentKeyPeriod {0} has no index of its own and no start and end")]
    Period(String),
    /// No filter in the whole document: nothing says what the keys are for.
    #[error("Missing CPIX encryption contract")]
    NoContract,
    /// The usage rules contradict themselves.
    #[error("Malformed encryption contract\n{0}")]
    Contract(Malformed),
    /// One key for audio and for video that needs a higher security level.
    #[error(
        "Requested CPIX encryption contract not supported\nintendedTrackType {0} has one key for audio and UHD video"
    )]
    Unsupported(String),
    /// More recipients than anybody has.
    #[error("More than {0} DeliveryData")]
    Recipients(usize),
    /// A certificate that nothing is encrypted for.
    #[error("DeliveryData {number}: {error}")]
    Certificate {
        /// Which, from 1.
        number: usize,
        /// Why not.
        error: RecipientError,
    },
}

/// What is wrong with the usage rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A rule with filters other than its track type has.
    #[error(
        "ContentKeyUsageRule of KID {} has VideoFilter and AudioFilter elements that do not go with its intendedTrackType",
        .0.uuid()
    )]
    Filters(Kid),
    /// A filter whose limits are no numbers or upside down.
    #[error("a filter of KID {} has limits that are no numbers, or a minimum above its maximum", .0.uuid())]
    Limits(Kid),
    /// `LabelFilter`, which SPEKE does not have.
    #[error("ContentKeyUsageRule of KID {} has a LabelFilter", .0.uuid())]
    Label(Kid),
    /// A rule for all tracks beside others.
    #[error("intendedTrackType ALL stands beside other ContentKeyUsageRules")]
    AllAndOthers,
    /// Two rules for one kind of track and period.
    #[error("intendedTrackType {0} stands in more than one ContentKeyUsageRule")]
    Ambiguous(String),
    /// A key that no usage rule uses.
    #[error("KID {} has no ContentKeyUsageRule", .0.uuid())]
    Unused(Kid),
    /// A period filter that names no period of the document.
    #[error("KeyPeriodFilter@periodId of KID {} is not in ContentKeyPeriodList", .0.uuid())]
    UnknownPeriod(Kid),
}

/// An attribute's value as a refusal repeats it: not more of it than shows which it is.
pub(super) fn said(value: &str) -> String {
    value.chars().take(64).collect()
}

/// Why a token is not accepted. It tells a client no more than these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The request carries none.
    #[error("no token was sent")]
    Missing,
    /// Not one of ours, altered, meant for somebody else, or not valid yet.
    #[error("the token is not valid")]
    Invalid,
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
}

/// Why somebody with a valid token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Deny {
    /// There is no such title, or it is not published, or no longer: the three cannot be told apart.
    #[error("the title is unknown")]
    UnknownTitle,
    /// The title is not offered in the viewer's country or region, or that is unknown.
    #[error("the title is not offered in this country or region")]
    GeoBlocked,
    /// The viewer's network hides where it is, or may, and the title refuses such networks. A client is told no more than that it is [`Deny::GeoBlocked`].
    #[error("the title is not offered through networks that hide where the viewer is")]
    Anonymizer,
    /// The viewer's subscription does not include the title.
    #[error("the viewer is not entitled to the title")]
    NotEntitled,
    /// The title is not offered on the viewer's class of device, or that is unknown. A client is told no more than that it is [`Deny::NotEntitled`].
    #[error("the title is not offered on this class of device")]
    DeviceClass,
    /// The title is published, but not now.
    #[error("the title is outside its rights window")]
    RightsWindow,
    /// The token is for another title.
    #[error("the token is for another title")]
    TitleMismatch,
    /// The token is bound to another network.
    #[error("the token is bound to another network")]
    AddressMismatch,
}

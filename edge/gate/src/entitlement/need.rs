use super::{Entitlement, EntitlementError, Hdcp, Key, SecurityLevel, System, VendorConfig};

/// What a key's policy has to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) hdcp: Option<Hdcp>,
    pub(super) security_level: Option<SecurityLevel>,
}

impl Need {
    /// The stricter of both, in each respect.
    pub(super) fn and(self, other: Self) -> Self {
        Self { hdcp: self.hdcp.max(other.hdcp), security_level: self.security_level.max(other.security_level) }
    }
}

/// PlayReady and FairPlay know two kinds of output (HDCP 2.2, "Type"): any HDCP, and HDCP 2.2 or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Any version.
    Type0,
    /// 2.2 or later: what stands for 2.0 and 2.1 too, being stricter.
    Type1,
}

impl Output {
    /// What asks for at least that version; nothing does for 2.3.
    pub(super) fn of(hdcp: Hdcp) -> Option<Self> {
        match hdcp {
            Hdcp::V1 => Some(Self::Type0),
            Hdcp::V2_0 | Hdcp::V2_1 | Hdcp::V2_2 => Some(Self::Type1),
            Hdcp::V2_3 => None,
        }
    }
}

impl VendorConfig {
    /// What the vendor must be told for that key: what the licence and the key ask for, but for what holds anyway.
    pub(super) fn need(&self, entitlement: &Entitlement<'_>, key: &Key) -> Need {
        let licence =
            Need { hdcp: entitlement.restrictions.hdcp, security_level: entitlement.restrictions.security_level };
        let need = licence.and(Need { hdcp: key.hdcp, security_level: key.security_level });
        // Neither has a device below that level.
        let least = match entitlement.system {
            System::Widevine | System::Fairplay => Some(SecurityLevel::SoftwareCrypto),
            System::Playready => None,
        };
        Need {
            hdcp: need.hdcp.filter(|_| need.hdcp > self.ensures.hdcp),
            security_level: need
                .security_level
                .filter(|_| need.security_level > self.ensures.security_level.max(least)),
        }
    }

    /// What satisfies all of the keys.
    pub(super) fn strictest<'k>(&self, entitlement: &Entitlement<'_>, keys: impl Iterator<Item = &'k Key>) -> Need {
        keys.map(|key| self.need(entitlement, key)).fold(Need::default(), Need::and)
    }

    /// Refuses keys that open taller pictures than the session may have: none of the vendors can cap what one key opens.
    pub(super) fn within_height(&self, entitlement: &Entitlement<'_>) -> Result<(), EntitlementError> {
        let taller = |cap: u32| entitlement.keys.iter().any(|key| key.max_height.is_some_and(|height| height > cap));
        match entitlement.restrictions.max_height {
            Some(cap) if taller(cap) => Err(self.cannot("a cap on the picture within what one key opens")),
            _ => Ok(()),
        }
    }

    pub(super) fn cannot(&self, what: &'static str) -> EntitlementError {
        EntitlementError::CannotExpress { vendor: self.vendor.as_str(), what }
    }
}

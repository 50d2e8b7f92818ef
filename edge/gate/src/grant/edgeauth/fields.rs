use core::net::IpAddr;

use super::escape;
use crate::{TokenError, Unix, grant::GrantError};

/// The fields of a token, in their order.
const NAMES: [&str; 6] = ["ip", "st", "exp", "acl", "id", "data"];
/// The most ACLs in a token.
const MAX_ACLS: usize = 16;
/// How much of a name a refusal tells the log, characters.
const TOLD: usize = 64;

/// What a token says. Its MAC has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// The only address that it may be used from.
    pub(super) ip: Option<IpAddr>,
    /// When it begins.
    pub(super) st: Option<Unix>,
    /// When it is over, not included.
    pub(super) exp: Unix,
    /// Patterns of paths, one of which must match; empty where the MAC covers the path itself.
    pub(super) acls: Vec<String>,
    /// The session id.
    pub(super) id: Option<String>,
    /// The payload.
    pub(super) data: Option<String>,
}

/// Whether a token names the paths that it covers, rather than having its MAC cover one.
pub(super) fn has_acl(text: &str) -> bool {
    text.split('~').any(|field| field.starts_with("acl="))
}

impl Fields {
    /// The fields of a token without its MAC; `escaped` where they were escaped before it was signed.
    pub(super) fn parse(text: &str, escaped: bool) -> Result<Self, GrantError> {
        let invalid = TokenError::Invalid;
        let mut values = [None; 6];
        let mut next = 0;
        for field in text.split('~') {
            let (name, value) = field.split_once('=').filter(|(_, value)| !value.is_empty()).ok_or(invalid)?;
            let place = NAMES.iter().position(|known| *known == name);
            let Some(place) = place else {
                let name: String = name.chars().take(TOLD).collect();
                return Err(GrantError::Unsupported(format!("token field {name:?}")));
            };
            // In order, so none comes twice.
            if place < next {
                return Err(invalid.into());
            }
            values[place] = Some(value);
            next = place + 1;
        }
        let plain = |value: Option<&str>| match value {
            Some(value) if escaped => escape::unescape(value).map(Some).ok_or(invalid),
            value => Ok(value.map(str::to_owned)),
        };
        let [ip, st, exp, acl, id, data] = values;
        let ip = plain(ip)?.map(|ip| ip.parse().map_err(|_| invalid)).transpose()?;
        let acls: Vec<String> = plain(acl)?.iter().flat_map(|acl| acl.split('!')).map(str::to_owned).collect();
        if acls.len() > MAX_ACLS || acls.iter().any(|acl| !acl.starts_with(['/', '*'])) {
            return Err(invalid.into());
        }
        Ok(Self {
            ip,
            st: st.map(time).transpose()?,
            exp: time(exp.ok_or(invalid)?)?,
            acls,
            id: plain(id)?,
            data: plain(data)?,
        })
    }
}

fn time(digits: &str) -> Result<Unix, TokenError> {
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).ok_or(TokenError::Invalid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_come_in_their_order_and_once() {
        let full = Fields::parse("ip=192.0.2.1~st=1~exp=2~acl=/a/*!/b~id=i~data=d=d", false);
        let expected = Fields {
            ip: Some([192, 0, 2, 1].into()),
            st: Some(1),
            exp: 2,
            acls: vec!["/a/*".to_owned(), "/b".to_owned()],
            id: Some("i".to_owned()),
            data: Some("d=d".to_owned()),
        };
        assert_eq!(full, Ok(expected));
        for bad in [
            "",
            "st=1",
            "exp=",
            "exp",
            "exp=x",
            "exp=-1",
            "exp=+1",
            "exp=18446744073709551616",
            "exp=2~st=1",
            "exp=2~exp=3",
            "exp=2~",
            "~exp=2",
            "exp=2~acl=",
            "exp=2~acl=a",
            "exp=2~acl=/a!",
            "exp=2~acl=!/a",
            "exp=2~id=i~acl=/a",
            "ip=192.0.2~exp=2",
            "exp=2~data=a~b",
        ] {
            assert_eq!(Fields::parse(bad, false), Err(TokenError::Invalid.into()), "{bad}");
        }
        for unknown in ["exp=2~url=/a", "exp=2~salt=s", "exp=2~hmac=0", "EXP=2", "exp=2~acl=/*~ acl=/*"] {
            assert!(matches!(Fields::parse(unknown, false), Err(GrantError::Unsupported(_))), "{unknown}");
        }
        assert!(Fields::parse(&format!("exp=2~acl=/{}", "!/".repeat(MAX_ACLS)), false).is_err());
    }

    #[test]
    fn what_was_escaped_is_read_as_it_was() {
        let fields = Fields::parse("ip=2001%3adb8%3a%3a1~exp=2~acl=%2fa%2f*%21%2fb~data=a%7eb", true).expect("fields");
        assert_eq!(fields.ip, Some("2001:db8::1".parse().expect("address")));
        assert_eq!((fields.acls, fields.data), (vec!["/a/*".to_owned(), "/b".to_owned()], Some("a~b".to_owned())));
        assert!(Fields::parse("exp=2~data=%2F", true).is_err());
        assert!(Fields::parse("exp=2~acl=%2fa", false).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in "\\PC{0,40}|((ip|st|exp|acl|id|data|url)=[0-9a-z/*!%.]{0,6}~){0,6}exp=[0-9]{1,3}", escaped: bool) {
            if let Ok(fields) = Fields::parse(&text, escaped) {
                prop_assert_eq!(has_acl(&text), !fields.acls.is_empty());
            }
        }
    }
}

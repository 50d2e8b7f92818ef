//! Viewers' tokens, one for each kind of grant, signed once with keys that were thrown away: their public halves are all that is here.

/// The secret of the HS256 token.
pub(crate) const SECRET: &str = "a secret of the viewers' token service, long enough";

/// A token and how it is verified.
pub(crate) struct Signed {
    /// The name in `alg`.
    pub(crate) algorithm: &'static str,
    /// PEM; `None` where [`SECRET`] is the key.
    pub(crate) public_key: Option<&'static str>,
    /// Of the key `perf`, for the account `viewer`, until 2096.
    pub(crate) token: &'static str,
}

/// All kinds of grant that the gate takes.
pub(crate) const SIGNED: [Signed; 4] = [
    Signed {
        algorithm: "HS256",
        public_key: None,
        token: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InBlcmYifQ.eyJpc3MiOiJodHRwczovL2FjY291bnRzL\
                mV4YW1wbGUiLCJzdWIiOiJ2aWV3ZXIiLCJleHAiOjQwMDAwMDAwMDAsImlhdCI6MTg5MDAwMDAwMCwidGllciI6I\
                nByZW1pdW0ifQ.vHZWGi88_jxRkhVhYP4ls_p6xk4jjy-SBpVssPKXLng",
    },
    Signed {
        algorithm: "RS256",
        public_key: Some(
            "-----BEGIN PUBLIC KEY-----\n\
             MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3FGjnVFcnqDPM/IE/aqZ\n\
             gf1Xjh3WCnVxWkOajGzkqL/ftJUbElI8EHdvuHnfEyvcvC4FTYzbvrb7Dmn/o+n2\n\
             5aT74sQoieSm/eW4Rk2A/HzvZpuJdSCfzyGs8CTEWgLypFPuKxxs460a7lsKfyJd\n\
             Z0c9lxwXOokSbyO6mgb1s4pgqNyf/kUUN3woWPl3d7b6g4q6kbcOoUp5p/2PRBZO\n\
             KCCxi0eyvXb5YhYz7hl6c7ZknNCWUHjrhOwhyIlTisKisW3Mx6Bw4GhSy7eN+37i\n\
             pCD1JkuvKCJkKk9PbTmrYu8WQCvoWnUuXpFqP3nqCNfb19K9tjQC80A3NqUsVEhx\n\
             MQIDAQAB\n\
             -----END PUBLIC KEY-----",
        ),
        token: "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InBlcmYifQ.eyJpc3MiOiJodHRwczovL2FjY291bnRzL\
                mV4YW1wbGUiLCJzdWIiOiJ2aWV3ZXIiLCJleHAiOjQwMDAwMDAwMDAsImlhdCI6MTg5MDAwMDAwMCwidGllciI6I\
                nByZW1pdW0ifQ.ee7M7tDtKD7GSUTYPuf12M6i-M6MXIVJYD_AUNVGQ29OoFq4AMVgHafU7qzYWXF5NhyvTUoyzn\
                rD1t5F0q10N8yzwZxqtlqMmn0FHguedtN-y2L0Wh8y0ocqr6alnsrEhwrH5DjPt7Snxf8N8GzlcmCzkJXFr_syxD\
                1xFUJZvkQZGOAciyCAUS_WGvRO-TSp6H4CO_RU3iSf_Vgm7EWKe0zJcxbDJc2Dmd6BIAGOfbgxbVIRftuclL7kPz\
                -KyB4Gsg3lp1isoknpY82-UOjiwUL4vJENhRhLVjZ6Tvsp7j3Levv85-1wmvPsLLlnpcarrCkuMVnhQd5DZiTPea\
                CI2w",
    },
    Signed {
        algorithm: "ES256",
        public_key: Some(
            "-----BEGIN PUBLIC KEY-----\n\
             MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEB3ZfK91ZHgGDTg6VKvtau9dPGx2r\n\
             p2jo1n2CO3PoitkVG19AO8l6fNzWrrVT8cMcimCwutuADN2Sv1EU7DuETw==\n\
             -----END PUBLIC KEY-----",
        ),
        token: "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InBlcmYifQ.eyJpc3MiOiJodHRwczovL2FjY291bnRzL\
                mV4YW1wbGUiLCJzdWIiOiJ2aWV3ZXIiLCJleHAiOjQwMDAwMDAwMDAsImlhdCI6MTg5MDAwMDAwMCwidGllciI6I\
                nByZW1pdW0ifQ.jM8EyvexqIs8TO-PaC2VlC5XaWCIjfGTGxAIX5qVzxSKFhUCpW5no9Aq7KNmrtaLvGWuvI4UC1\
                VePfluGW4fjg",
    },
    Signed {
        algorithm: "EdDSA",
        public_key: Some(
            "-----BEGIN PUBLIC KEY-----\n\
             MCowBQYDK2VwAyEA3btDUwaEgCwIQhBxaRhkXy77xluQ/ZyOSj7sx0Kshvg=\n\
             -----END PUBLIC KEY-----",
        ),
        token: "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6InBlcmYifQ.eyJpc3MiOiJodHRwczovL2FjY291bnRzL\
                mV4YW1wbGUiLCJzdWIiOiJ2aWV3ZXIiLCJleHAiOjQwMDAwMDAwMDAsImlhdCI6MTg5MDAwMDAwMCwidGllciI6I\
                nByZW1pdW0ifQ.8RrUlvumEdX1mM89E_NVcRq3AjWq-NvzRu9eru7HHtHFnI_QXMfKJU4gP0sQ7OoASYJBirKG9r\
                xm-CR4Qf7VAQ",
    },
];

//! What was sound before somebody altered it, and what is signed in another way than the key's.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sluice_gate::grant::Algorithm;
use sluice_origin::mint::SigningKey;

use super::{Forger, INVALID, P256, RSA, decode, encode, pem};
use crate::forgery::attempt::Attempt;

impl Forger<'_> {
    /// Parts that are missing, twice, of another key or hash, or spelled otherwise.
    pub(super) fn parts(&self, key: &str, attempts: &mut Vec<Attempt>) -> Result<()> {
        let custom = self.custom(key, &self.covering().to_string())?;
        let canned = self.canned(key, &self.folder, &self.ends().to_string())?;
        let other = if key == RSA { P256 } else { RSA };
        for (kind, token) in [("custom", &custom), ("canned", &canned)] {
            for (name, value) in &token.0 {
                self.both(&format!("{kind}, without {name}"), &token.without(name), INVALID, attempts);
                self.both(&format!("{kind}, {name} twice"), &token.and(name, value), INVALID, attempts);
                self.both(&format!("{kind}, {name} empty"), &token.with(name, ""), INVALID, attempts);
                self.both(&format!("{kind}, {name} empty beside"), &token.and(name, ""), INVALID, attempts);
                let spaced =
                    self.in_url(format!("{kind}, a space before {name}"), &token.with(name, format!("%20{value}")));
                attempts.push(spaced.code(INVALID));
            }
            for id in [other, "K", "kp256", "krsa", "KRSA%00", "%4bRSA", "%4bP256", "../KRSA", "*"] {
                self.both(&format!("{kind}, of key {id}"), &token.with("Key-Pair-Id", id), INVALID, attempts);
            }
            for hash in
                ["SHA1", "sha256", "Sha256", "SHA-256", "SHA512", "MD5", "none", "NONE", "SHA256,SHA1", "%53HA256"]
            {
                self.both(&format!("{kind}, by {hash}"), &token.with("Hash-Algorithm", hash), INVALID, attempts);
            }
            let signature = token.value("Signature");
            for (what, signature) in [
                ("cut", signature[..signature.len() - 4].to_owned()),
                ("twice as long", format!("{signature}{signature}")),
                ("with more padding", format!("{signature}____")),
                ("without its last digit", signature[..signature.len() - 1].to_owned()),
                ("of zeros", encode(&vec![0; decode(signature)?.len()])),
                ("of ones", encode(&vec![0xff; decode(signature)?.len()])),
                ("of three thousand digits", "A".repeat(3000)),
                (
                    "without padding",
                    STANDARD_NO_PAD.encode(decode(signature)?).replace('+', "-").replace('/', "~") + "A",
                ),
            ] {
                let token = token.with("Signature", signature);
                self.both(&format!("{kind}, a signature {what}"), &token, INVALID, attempts);
            }
        }
        let later = self.policy("*").to_string();
        let both = custom.and("Expires", self.ends().to_string());
        self.both("a policy and an end", &both, INVALID, attempts);
        self.both("a policy that was not signed", &custom.with("Policy", encode(later.as_bytes())), INVALID, attempts);
        let signed_for_another = self.custom(key, &later)?.with("Policy", custom.value("Policy"));
        self.both("a signature of another policy", &signed_for_another, INVALID, attempts);
        Ok(())
    }

    /// Canned policies whose time or URL is another than was signed, or written otherwise.
    pub(super) fn canned_times(&self, key: &str, attempts: &mut Vec<Attempt>) -> Result<()> {
        let ends = self.ends().to_string();
        let good = self.canned(key, &self.folder, &ends)?;
        for expires in [
            format!("{}", self.ends() + 1),
            format!("0{ends}"),
            format!("%2b{ends}"),
            format!("{ends}.0"),
            format!("{ends}e0"),
            format!("{:#x}", self.ends()),
            format!("-{ends}"),
            "99999999999999999999999".to_owned(),
        ] {
            self.both(
                &format!("until {expires}, signed until {ends}"),
                &good.with("Expires", expires),
                INVALID,
                attempts,
            );
        }
        // Signed as they are written, and still in no spelling that is a time.
        for expires in [format!("0{ends}"), format!("{ends}.0"), format!("{ends}}},\"x\":{{\"y\":1"), "1e99".to_owned()]
        {
            let token = self.canned(key, &self.folder, &expires)?;
            let what = format!("signed until {expires}");
            attempts.push(self.in_cookies(what, &token).code(INVALID));
        }
        let over = self.canned(key, &self.folder, &(self.now - 1).to_string())?;
        self.both("canned, over", &over, "token_expired", attempts);
        let title = self.stack.title();
        for url in [
            format!("{}/v1/another/", self.stack.url()),
            format!("{}*", self.folder),
            format!("{}?", self.folder),
            format!("{}/v1/{title}", self.stack.url()),
            format!("{}/v1/{}/", self.stack.url(), title.to_uppercase()),
            format!("{}/v1/x/../{title}/", self.stack.url()),
            format!("{}//v1/{title}/", self.stack.url()),
            "*".to_owned(),
        ] {
            self.both(&format!("canned for {url}"), &self.canned(key, &url, &ends)?, INVALID, attempts);
        }
        let mut longer = self.in_url("canned, with a query that was not signed", &good);
        longer.target += "&x=1";
        attempts.push(longer.code(INVALID));
        Ok(())
    }

    /// Signed in other ways than the key's.
    pub(super) fn signatures(&self, attempts: &mut Vec<Attempt>) -> Result<()> {
        let policy = self.covering().to_string();
        let pss = SigningKey::from_pem(Algorithm::Ps256, pem!("rsa.pem").as_bytes())?.sign(policy.as_bytes())?;
        let by_p256 = self.signature(P256, &policy)?;
        let by_rsa = self.signature(RSA, &policy)?;
        let fixed = self.p256.sign(policy.as_bytes())?;
        let longer = [&[0x30, 0x81], &by_p256[1..]].concat();
        let zeros = [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00];
        let mac = |pem: &str| {
            let mac = Hmac::<Sha256>::new_from_slice(pem.as_bytes());
            mac.map(|mac| mac.chain_update(&policy).finalize().into_bytes().to_vec()).unwrap_or_default()
        };
        for (what, key, signature) in [
            ("RSASSA-PSS", RSA, pss),
            ("ECDSA by the RSA key's id", RSA, by_p256.clone()),
            ("RSA by the P-256 key's id", P256, by_rsa),
            ("ECDSA as JOSE has it", P256, fixed),
            ("ECDSA with a longer length", P256, longer),
            ("ECDSA with something behind", P256, [&by_p256[..], &[0]].concat()),
            ("ECDSA of zeros", P256, zeros.to_vec()),
            ("HMAC by the public key, RSA", RSA, mac(pem!("rsa.pub.pem"))),
            ("HMAC by the public key, P-256", P256, mac(pem!("p256.pub.pem"))),
            ("the policy itself", RSA, policy.clone().into_bytes()),
        ] {
            let token = self.custom(key, &policy)?.with("Signature", encode(&signature));
            self.both(what, &token, INVALID, attempts);
        }
        // Some policy's signature has the digit `~`.
        let tilde = (0..64).map(|more| {
            let policy = format!("{policy}{}", " ".repeat(more));
            self.custom(RSA, &policy)
        });
        let tokens = tilde.collect::<Result<Vec<_>>>()?;
        let token =
            tokens.iter().find(|token| token.value("Signature").contains('~')).context("no signature with ~")?;
        let signature = token.value("Signature");
        for other in ["%7E", "%7e", "/", "%2F"] {
            let token = token.with("Signature", signature.replacen('~', other, 1));
            self.both(&format!("{other} for ~"), &token, INVALID, attempts);
        }
        Ok(())
    }

    /// Every bit of what was signed, of the signature and of the key's id.
    pub(super) fn bits(&self, key: &str, attempts: &mut Vec<Attempt>) -> Result<()> {
        let good = self.custom(key, &self.covering().to_string())?;
        for name in ["Policy", "Signature"] {
            let bytes = decode(good.value(name))?;
            // All of an ECDSA signature; of the others one in each byte, another one each time.
            let bits: Vec<usize> = match (name, key) {
                ("Signature", P256) => (0..bytes.len() * 8).collect(),
                _ => (0..bytes.len()).map(|at| at * 8 + at % 8).collect(),
            };
            for bit in bits {
                let mut altered = bytes.clone();
                altered[bit / 8] ^= 1 << (bit % 8);
                let token = good.with(name, encode(&altered));
                attempts.push(self.in_cookies(format!("{key}, bit {bit} of {name} changed"), &token).code(INVALID));
            }
        }
        Ok(())
    }
}

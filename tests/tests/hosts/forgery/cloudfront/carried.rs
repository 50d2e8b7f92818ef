//! Sound tokens, shown where or how they do not count.

use anyhow::{Result, ensure};

use super::{ELSEWHERE, Forger, INVALID, P256, RSA, Token};
use crate::{forgery::attempt::Attempt, paths};

impl Forger<'_> {
    /// Shown in ways that are none, or in two at once.
    pub(super) fn carriage(&self, attempts: &mut Vec<Attempt>) -> Result<()> {
        let good = self.custom(RSA, &self.covering().to_string())?;
        let bad = good.with("Signature", "AAAA");
        // The URL decides, if it has anything of a token.
        attempts.push(self.in_url("unsound, beside sound cookies", &bad).with("cookie", good.cookies()).code(INVALID));
        for part in
            ["Policy=e30_", "Expires=1", "Signature=AAAA", "Key-Pair-Id=KRSA", "Hash-Algorithm=SHA256", "Policy"]
        {
            let mut attempt = self.in_cookies(format!("sound, beside ?{part}"), &good);
            attempt.target += &format!("?{part}");
            attempts.push(attempt.code(INVALID));
        }
        let mut halves = Attempt::session("half of it in the URL, half in cookies", self.stack);
        halves.target += &format!("?Policy={}", good.value("Policy"));
        attempts.push(halves.with("cookie", good.without("Policy").cookies()).code(INVALID));
        for name in ["Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"] {
            let again = format!("CloudFront-{name}={}", good.value(name));
            let attempt = self.in_cookies(format!("{name} in a second header"), &good).with("cookie", again);
            attempts.push(attempt.code(INVALID));
        }
        let missing = "token_missing";
        let mut lower = Attempt::session("names in lower case", self.stack);
        lower.target += &format!("?{}", good.query().to_lowercase());
        attempts.push(lower.code(missing));
        let mut escaped = Attempt::session("names with an escape", self.stack);
        let names = [("Policy=", "%50olicy="), ("Signature=", "%53ignature="), ("Key-Pair-Id=", "%4bey-Pair-Id=")];
        let query = names.iter().fold(good.query(), |query, (plain, escaped)| query.replace(plain, escaped));
        escaped.target += &format!("?{}", query.replace("Hash-Algorithm=", "%48ash-Algorithm="));
        attempts.push(escaped.code(missing));
        let other = good.cookies().replace("CloudFront-", "cloudfront-");
        attempts.push(Attempt::session("as other cookies", self.stack).with("cookie", other).code(missing));
        attempts.push(Attempt::session("as Bearer", self.stack).bearer(good.value("Signature")).code(INVALID));
        Ok(())
    }

    /// A signed manifest leads to itself, and to nothing else.
    pub(super) async fn manifests(&self) -> Result<()> {
        let ends = self.ends().to_string();
        let title = self.stack.title();
        let manifest = format!("/v1/{title}/cbcs/main.m3u8");
        let get = async |path: &str, token: &Token| paths::get(self.stack, &format!("{path}?{}", token.query())).await;
        for key in [RSA, P256] {
            let everything = self.custom(key, &self.policy(&format!("{}/*", self.stack.url())).to_string())?;
            let canned = |path: &str| self.canned(key, &format!("{}{path}", self.stack.url()), &ends);
            for token in [&everything, &canned(&manifest)?] {
                let sound = get(&manifest, token).await?;
                ensure!(sound.0 == 307, "{sound:?}");
            }
            let another = get(&format!("/v1/{title}/cenc/main.m3u8"), &canned(&manifest)?).await?;
            ensure!(another == (401, INVALID.to_owned()), "another manifest: {another:?}");
            let narrow = self.custom(key, &self.policy(&format!("{}cbcs/main.*", self.folder)).to_string())?;
            let another = get(&format!("/v1/{title}/cbcs/manifest.mpd"), &narrow).await?;
            ensure!(another == (403, ELSEWHERE.to_owned()), "another manifest: {another:?}");
            let media = get(&format!("/v1/{title}/cbcs/v360/1.m4s"), &everything).await?;
            ensure!(media == (401, "token_missing".to_owned()), "media: {media:?}");
            for trick in [
                manifest.replace("/cbcs/", "/x/%2e%2e/cbcs/"),
                manifest.replace("/cbcs/", "/x/%2E%2e/cbcs/"),
                manifest.replace("/cbcs/", "/x/../cbcs/"),
                manifest.replace("/cbcs/", "/./cbcs/"),
                manifest.replace("/cbcs/", "//cbcs/"),
                manifest.replace("/cbcs/", "/CBCS/"),
                manifest.replace("/cbcs/", "/cbcs%2f"),
                manifest.replace("/cbcs/", "/cbcs\\"),
                manifest.replace("/cbcs/", "/%63bcs/"),
                manifest.replace("/v1/", "//v1/"),
                manifest.replace("/v1/", "/V1/"),
                manifest.replace("main.m3u8", "main.m3u8/"),
                manifest.replace("main.m3u8", "main.M3U8"),
                manifest.replace("main.m3u8", "main%2em3u8"),
                manifest.replace("main.m3u8", "main.m3u8%00"),
                manifest.replace("main.m3u8", "main.m3u8;x=1"),
            ] {
                // Even where just that spelling was signed.
                for token in [&everything, &canned(&trick)?] {
                    let problem = get(&trick, token).await?;
                    ensure!(problem == (404, "unknown_route".to_owned()), "{trick}: {problem:?}");
                }
            }
        }
        Ok(())
    }
}

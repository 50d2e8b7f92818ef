//! What is signed as it should be, and says something else than that this viewer may watch this title now.

use anyhow::Result;
use serde_json::{Value, json};

use super::{ELSEWHERE, Forger, INVALID, P256};
use crate::forgery::attempt::Attempt;

impl Forger<'_> {
    /// Signed policies that say something else than that this viewer may watch now.
    pub(super) fn policies(&self, attempts: &mut Vec<Attempt>) -> Result<()> {
        let (now, ends) = (self.now, self.ends());
        let condition = |condition: Value| {
            let mut policy = self.covering();
            policy["Statement"][0]["Condition"] = condition;
            policy
        };
        let less = |time: Value| condition(json!({ "DateLessThan": { "AWS:EpochTime": time } }));
        let until = json!({ "AWS:EpochTime": ends });
        let from =
            |time: Value| condition(json!({ "DateLessThan": until, "DateGreaterThan": { "AWS:EpochTime": time } }));
        let source = |source: Value| condition(json!({ "DateLessThan": until, "IpAddress": source }));
        let address = |address: Value| source(json!({ "AWS:SourceIp": address }));
        let member = |name: &str, value: Value| {
            let mut policy = self.covering();
            policy["Statement"][0][name] = value;
            policy
        };
        let statement = self.covering()["Statement"][0].clone();
        for (what, policy, code) in [
            ("over", less(json!(now - 1)), "token_expired"),
            ("over since 1970", less(json!(0)), "token_expired"),
            ("ended by a text", less(json!(ends.to_string())), INVALID),
            ("ended by a fraction", less(json!(ends as f64 + 0.5)), INVALID),
            ("ended before 1970", less(json!(-1)), INVALID),
            ("ended by a list", less(json!([ends])), INVALID),
            ("ended by nothing", less(json!(null)), INVALID),
            ("without an end", condition(json!({})), INVALID),
            ("with a beginning alone", condition(json!({ "DateGreaterThan": { "AWS:EpochTime": 0 } })), INVALID),
            ("without a condition", member("Condition", json!(null)), INVALID),
            ("with an end of another name", condition(json!({ "DateLessThanEquals": until })), INVALID),
            ("not begun", from(json!(now + 300)), INVALID),
            ("begun by a text", from(json!("0")), INVALID),
            ("of another network", address(json!("198.51.100.0/24")), "address_mismatch"),
            ("of another address", address(json!("198.51.100.7/32")), "address_mismatch"),
            ("of a network in IPv6", address(json!("::/0")), INVALID),
            ("of a network in IPv6 that IPv4 lies in", address(json!("::ffff:127.0.0.0/104")), INVALID),
            ("of an address with leading zeros", address(json!("127.000.000.001/32")), INVALID),
            ("of a network of more bits", address(json!("127.0.0.1/33")), INVALID),
            ("of a network of signed bits", address(json!("127.0.0.1/+8")), INVALID),
            ("of two networks", address(json!(["127.0.0.0/8"])), INVALID),
            ("of no network", address(json!("")), INVALID),
            ("of a source of another name", source(json!({ "aws:SourceIp": "127.0.0.0/8" })), INVALID),
            ("for what it does not name", member("NotResource", json!("*")), INVALID),
            ("with an effect", member("Effect", json!("Deny")), INVALID),
            ("for several resources", member("Resource", json!(["*"])), INVALID),
            ("for a number", member("Resource", json!(1)), INVALID),
            ("without statements", json!({ "Statement": [] }), INVALID),
            ("of two statements", json!({ "Statement": [statement, statement] }), INVALID),
            ("of a statement that is no list", json!({ "Statement": statement }), INVALID),
            ("of a statement in lower case", json!({ "statement": [statement] }), INVALID),
            ("with a version", json!({ "Version": "2012-10-17", "Statement": [statement] }), INVALID),
            ("that is a list", json!([self.covering()]), INVALID),
            ("that is a text", json!(self.covering().to_string()), INVALID),
            ("that is nothing", json!(null), INVALID),
        ] {
            self.both(what, &self.custom(P256, &policy.to_string())?, code, attempts);
        }
        let good = self.covering().to_string();
        for (what, policy) in [
            ("with its resource twice", good.replace(r#""Resource":"#, r#""Resource":"*","Resource":"#)),
            (
                "with its end twice",
                good.replace(r#""AWS:EpochTime":"#, r#""AWS:EpochTime":9999999999,"AWS:EpochTime":"#),
            ),
            ("with an escaped name twice", good.replace(r#""Resource":"#, r#""R\u0065source":"*","Resource":"#)),
            ("and something behind", format!("{good}{{}}")),
            ("behind a byte order mark", format!("\u{feff}{good}")),
            ("cut", good[..good.len() - 1].to_owned()),
            ("a thousand lists deep", "[".repeat(1000)),
            ("of no bytes", String::new()),
            ("of four thousand bytes", good.replace(r#""Condition""#, &format!("{}\"Condition\"", " ".repeat(4000)))),
        ] {
            // One of them is longer than all cookies may be.
            attempts.push(self.in_url(what, &self.custom(P256, &policy)?).code(INVALID));
        }
        Ok(())
    }

    /// Signed policies for something that looks like the title.
    pub(super) fn resources(&self, attempts: &mut Vec<Attempt>) -> Result<()> {
        let title = self.stack.title();
        let edge = self.stack.url();
        let host = edge.trim_start_matches("http://");
        let capitals = title.to_uppercase();
        for resource in [
            format!("{edge}/v1/another/*"),
            format!("{edge}/v1/{title}2/*"),
            format!("{edge}/v1/{title}"),
            format!("{edge}/v1/{capitals}/*"),
            format!("{edge}/V1/{title}/*"),
            format!("{edge}/v1/{title}/cbcs/*"),
            format!("{edge}/v1/{title}/?*"),
            format!("{edge}/v1/{title}/??"),
            format!("{edge}/v1/%{:02x}{}/*", title.as_bytes()[0], &title[1..]),
            format!("{edge}/v1/{title}/%2a"),
            format!("{edge}/v1/{title}/\\*"),
            format!("{edge}/v1/x/../{title}/*"),
            format!("{edge}/v1/%2e%2e/v1/{title}/*"),
            format!("{edge}/v1/./{title}/*"),
            format!("{edge}//v1/{title}/*"),
            format!("{edge}/v1//{title}/*"),
            format!("{edge}/*/v1/{title}/"),
            format!("{edge}/v1/*?/{title}/"),
            format!("{edge}/v1/another/*{title}/*"),
            format!("{edge}/v1/another/?x={edge}/v1/{title}/*"),
            format!("{edge}?/v1/{title}/*"),
            format!("{edge}#/v1/{title}/*"),
            edge.clone(),
            format!("{edge}.example/v1/{title}/*"),
            format!("{edge}*.example/v1/{title}/*"),
            format!("http://*.example/v1/{title}/*"),
            format!("http://another.example/{host}/v1/{title}/*"),
            format!("http://{host}@another.example/v1/{title}/*"),
            format!("http://viewer@{host}/v1/{title}/*"),
            format!("https://{host}/v1/{title}/*"),
            format!("HTTP://{host}/v1/{title}/*"),
            format!("h*://{host}/v1/{title}/*"),
            format!("ftp://{host}/v1/{title}/*"),
            format!("//{host}/v1/{title}/*"),
            format!("{host}/v1/{title}/*"),
            format!("/v1/{title}/*"),
            format!("{edge}/v1/{title}/\u{0}*"),
            format!("{edge}/v1/{title}/{}", "*".repeat(600)),
            format!("http://*{}", "?".repeat(9)),
            "**?".to_owned(),
            "?".to_owned(),
            String::new(),
        ] {
            let token = self.custom(P256, &self.policy(&resource).to_string())?;
            self.both(&format!("for {resource:?}"), &token, ELSEWHERE, attempts);
        }
        Ok(())
    }
}

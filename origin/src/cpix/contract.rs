use super::{AnswerError, Element, KeyRequest, answer::kid_of, answer::only};

/// Whether the answer keeps to the encryption contract: the usage rules and key periods that were sent, and no others.
pub(super) fn check(root: &Element, request: &KeyRequest) -> Result<(), AnswerError> {
    let list = only(root, "ContentKeyUsageRuleList")?;
    for rule in list.all("ContentKeyUsageRule") {
        let kid = kid_of(rule, "ContentKeyUsageRule@kid")?;
        if !request.keys.iter().any(|key| key.kid == kid) {
            return Err(AnswerError::UnexpectedKid(kid));
        }
    }
    for key in &request.keys {
        let of_key = |rule: &&Element| kid_of(rule, "ContentKeyUsageRule@kid") == Ok(key.kid);
        let mut rules = list.all("ContentKeyUsageRule").filter(of_key);
        let (Some(rule), None) = (rules.next(), rules.next()) else { return Err(AnswerError::UsageRule(key.kid)) };
        if !same_rule(&request.rule(key), rule) {
            return Err(AnswerError::UsageRule(key.kid));
        }
    }
    if let Some(sent) = request.periods() {
        let name = "ContentKeyPeriodList";
        let same = |sent: &Element, found: &Element| {
            ["id", "index"].iter().all(|name| found.attribute(name) == sent.attribute(name))
        };
        let found = only(root, name)?;
        let found: Vec<_> = found.all("ContentKeyPeriod").collect();
        let all = sent.children.iter().all(|sent| found.iter().any(|found| same(sent, found)));
        if !all || found.len() != sent.children.len() {
            return Err(AnswerError::Missing(name));
        }
    }
    Ok(())
}

fn same_rule(sent: &Element, found: &Element) -> bool {
    let name = "intendedTrackType";
    // BitrateFilter is one of the parts of CPIX that SPEKE passes over.
    let is_filter = |child: &&Element| {
        ["VideoFilter", "AudioFilter", "KeyPeriodFilter", "LabelFilter"].iter().any(|name| child.is(name))
    };
    let mut filters: Vec<_> = found.children.iter().filter(is_filter).map(filter).collect();
    let mut wanted: Vec<_> = sent.children.iter().map(filter).collect();
    filters.sort_unstable();
    wanted.sort_unstable();
    found.attribute(name) == sent.attribute(name) && filters == wanted
}

/// A filter's name and attributes, in an order of its own. `VideoFilter@wcg` is passed over too.
fn filter(element: &Element) -> (&str, Vec<(&str, &str)>) {
    let attributes = element.attributes.iter().filter(|(name, _)| name != "wcg");
    let mut attributes: Vec<_> = attributes.map(|(name, value)| (name.as_str(), value.trim())).collect();
    attributes.sort_unstable();
    (&element.name, attributes)
}

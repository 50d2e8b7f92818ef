use serde_json::{Map, Value};

use super::Entitlement;

/// Replaces `{title}`, `{session}` and `{account}`; what is put in is not looked at again.
pub(super) fn fill(text: &str, entitlement: &Entitlement<'_>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let names =
            [("{title}", entitlement.title), ("{session}", entitlement.session), ("{account}", entitlement.account)];
        let (length, value) = names
            .into_iter()
            .find(|(name, _)| rest.starts_with(name))
            .map_or((1, "{"), |(name, value)| (name.len(), value));
        filled.push_str(value);
        rest = &rest[length..];
    }
    filled + rest
}

/// The configured members, their texts filled, under those that are made here: where both say something, what is made counts. Arrays are not joined.
pub(super) fn under(template: &Map<String, Value>, made: Value, entitlement: &Entitlement<'_>) -> Value {
    let mut whole = filled(&Value::Object(template.clone()), entitlement);
    lay(&mut whole, made);
    whole
}

fn filled(value: &Value, entitlement: &Entitlement<'_>) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, entitlement)),
        Value::Array(items) => Value::Array(items.iter().map(|item| filled(item, entitlement)).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), filled(value, entitlement))).collect())
        }
        other => other.clone(),
    }
}

fn lay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                lay(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// The first of `names` that some object in the template has for a member, however deep.
pub(super) fn says<'n>(template: &Map<String, Value>, names: &[&'n str]) -> Option<&'n str> {
    template.iter().find_map(|(name, value)| {
        let here = names.iter().find(|known| **known == name.as_str()).copied();
        here.or_else(|| within(value, names))
    })
}

fn within<'n>(value: &Value, names: &[&'n str]) -> Option<&'n str> {
    match value {
        Value::Object(members) => says(members, names),
        Value::Array(items) => items.iter().find_map(|item| within(item, names)),
        _ => None,
    }
}

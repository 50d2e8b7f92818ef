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
    let mut whole = Value::Object(template.clone());
    fill_all(&mut whole, entitlement);
    lay(&mut whole, made);
    whole
}

fn fill_all(value: &mut Value, entitlement: &Entitlement<'_>) {
    match value {
        Value::String(text) => *text = fill(text, entitlement),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_all(item, entitlement)),
        Value::Object(members) => members.values_mut().for_each(|value| fill_all(value, entitlement)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn lay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                match base.get_mut(&name) {
                    Some(under) => lay(under, value),
                    None => {
                        base.insert(name, value);
                    }
                }
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

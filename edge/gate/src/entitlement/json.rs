use serde_json::{Map, Value};

/// An object of these members; those that are null are left out. One function for all that vendors are told: `json!` is a hundred bytes of module for each
/// member.
pub(super) fn object(members: Vec<(&'static str, Value)>) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    }
    Value::Object(object)
}

/// The text of a JSON value.
pub(super) fn text(value: &Value) -> String {
    serde_json::to_string(value).expect("a value is written as it was read")
}

use serde::{Serialize, de};
use sluice_document::members;

/// The classes of device on which a title is offered. There is no list of those on which it is not: a class that is misspelt would pass it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Devices {
    /// Their names, as the viewers' grants say them (`tv`, `mobile`, `desktop`, …), at least one.
    pub allow: Vec<String>,
}

members!(deny Devices then named { allow });

impl Devices {
    /// Whether the title is offered on that class of device; not on an unknown one.
    pub fn admit(&self, class: Option<&str>) -> bool {
        class.is_some_and(|class| self.allow.iter().any(|allowed| allowed == class))
    }
}

fn named<E: de::Error>(devices: &Devices) -> Result<(), E> {
    if devices.allow.is_empty() || devices.allow.iter().any(String::is_empty) {
        return Err(E::custom("devices.allow names no class of device; leave devices out for all"));
    }
    Ok(())
}

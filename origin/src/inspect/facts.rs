//! The fields of boxes, in the order and under the names of their standards.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap};

/// Fields of a box under the names that its standard gives them, in their order. In JSON an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Vec<(&'static str, Value)>);

/// A field's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// An unsigned number.
    Unsigned(u64),
    /// A signed number.
    Signed(i64),
    /// A fixed-point number.
    Real(f64),
    /// A flag.
    Flag(bool),
    /// Text, also bytes in hex digits and types of four characters.
    Text(String),
    /// Several values.
    List(Vec<Value>),
    /// A row of a table.
    Row(Facts),
}

impl Facts {
    /// Adds a field.
    pub(super) fn push(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push((name, value.into()));
    }

    /// With a field more.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.push(name, value);
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value of a field that is an unsigned number.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Value::Unsigned(number)) => Some(*number),
            _ => None,
        }
    }

    /// The value of a field that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Facts {
    /// How many values its lists have.
    pub(super) fn listed(&self) -> usize {
        self.0.iter().map(|(_, value)| if let Value::List(values) = value { values.len() } else { 0 }).sum()
    }

    /// Takes its lists out.
    pub(super) fn drop_lists(&mut self) {
        self.0.retain(|(_, value)| !matches!(value, Value::List(_)));
    }

    /// The tables among them: a name and the rows, each a list of fields.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&'static str, &[Value])> {
        self.0.iter().filter_map(|(name, value)| Some((*name, value.table()?)))
    }
}

impl Value {
    /// The rows, where it is a table of more than one.
    fn table(&self) -> Option<&[Self]> {
        match self {
            Self::List(rows) if rows.len() > 1 && matches!(rows.first(), Some(Self::Row(_))) => Some(rows),
            _ => None,
        }
    }
}

/// `name value, name value`, without the tables.
impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inline = self.0.iter().filter(|(_, value)| value.table().is_none());
        for (index, (name, value)) in inline.enumerate() {
            write!(f, "{}{name} {value}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value}"),
            Self::Flag(value) => f.write_str(if *value { "yes" } else { "no" }),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index == 0 { "" } else { " " })?;
                }
                Ok(())
            }
            Self::Row(row) => write!(f, "({row})"),
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident)+) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )+};
}

from! {
    u8 => Unsigned
    u16 => Unsigned
    u32 => Unsigned
    u64 => Unsigned
    i16 => Signed
    i32 => Signed
    i64 => Signed
    f64 => Real
    bool => Flag
    String => Text
    &str => Text
    Facts => Row
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

//! CBOR (RFC 8949) as tokens use it: one small tree for whatever came, bounded before anything is kept.
//!
//! What is read: integers of 64 bits with sign, strings, arrays, maps, tags, floats, booleans and null, in any
//! length of argument (deterministic encoding is asked of nobody; keys are compared by value). Arrays and maps may be of indefinite length,
//! strings may not. Refused: a map that has a key twice, or keys that are neither integers nor strings; more than [`MAX_DEPTH`] levels, [`MAX_ITEMS`]
//! items or [`MAX_ENTRIES`] entries of a map; bytes behind the item.

use minicbor::{Decoder, Encoder, data::Type};

/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 16;
/// The most items that are read.
pub const MAX_ITEMS: usize = 512;
/// The most entries of a map that are read.
pub const MAX_ENTRIES: usize = 64;

/// An item.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'b> {
    /// An integer.
    Int(i64),
    /// A byte string.
    Bytes(&'b [u8]),
    /// A text string.
    Text(&'b str),
    /// An array.
    Array(Vec<Value<'b>>),
    /// A map, its entries in order, no key twice.
    Map(Vec<(Value<'b>, Value<'b>)>),
    /// A tagged item.
    Tag(u64, Box<Value<'b>>),
    /// A float.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// Null, and what is undefined.
    Null,
}

/// Reads one item, which must be all that there is. `None` where it is not, or not within the bounds.
pub fn parse(bytes: &[u8]) -> Option<Value<'_>> {
    let mut reader = Reader { decoder: Decoder::new(bytes), left: MAX_ITEMS };
    let value = reader.item(0)?;
    (reader.decoder.position() == bytes.len()).then_some(value)
}

struct Reader<'b> {
    decoder: Decoder<'b>,
    /// How many items may still come.
    left: usize,
}

impl<'b> Reader<'b> {
    fn item(&mut self, depth: usize) -> Option<Value<'b>> {
        self.left = self.left.checked_sub(1)?;
        if depth > MAX_DEPTH {
            return None;
        }
        let decoder = &mut self.decoder;
        Some(match decoder.datatype().ok()? {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                Value::Int(decoder.i64().ok()?)
            }
            Type::Bytes => Value::Bytes(decoder.bytes().ok()?),
            Type::String => Value::Text(decoder.str().ok()?),
            Type::Array | Type::ArrayIndef => {
                let mut left = decoder.array().ok()?;
                let mut items = Vec::new();
                while self.more(&mut left)? {
                    items.push(self.item(depth + 1)?);
                }
                Value::Array(items)
            }
            Type::Map | Type::MapIndef => {
                let mut left = decoder.map().ok()?;
                let mut entries: Vec<(Value<'b>, Value<'b>)> = Vec::new();
                while self.more(&mut left)? {
                    let key = self.item(depth + 1)?;
                    let usable = matches!(key, Value::Int(_) | Value::Bytes(_) | Value::Text(_));
                    if !usable || entries.len() == MAX_ENTRIES || entries.iter().any(|(known, _)| *known == key) {
                        return None;
                    }
                    entries.push((key, self.item(depth + 1)?));
                }
                Value::Map(entries)
            }
            Type::Tag => {
                let tag = decoder.tag().ok()?.as_u64();
                Value::Tag(tag, Box::new(self.item(depth + 1)?))
            }
            Type::F16 => Value::Float(self.half()?),
            Type::F32 => Value::Float(decoder.f32().ok()?.into()),
            Type::F64 => Value::Float(decoder.f64().ok()?),
            Type::Bool => Value::Bool(decoder.bool().ok()?),
            Type::Null => {
                decoder.null().ok()?;
                Value::Null
            }
            Type::Undefined => {
                decoder.undefined().ok()?;
                Value::Null
            }
            _ => return None,
        })
    }

    /// Whether an array or a map has another element. `left` is what its head said; without it there is a break at its end.
    fn more(&mut self, left: &mut Option<u64>) -> Option<bool> {
        if let Some(left) = left {
            let more = *left > 0;
            *left = left.saturating_sub(1);
            return Some(more);
        }
        let more = self.decoder.datatype().ok()? != Type::Break;
        if !more {
            self.decoder.set_position(self.decoder.position() + 1);
        }
        Some(more)
    }

    /// A float of 16 bits (RFC 8949, appendix D).
    fn half(&mut self) -> Option<f64> {
        let at = self.decoder.position();
        let bits = u16::from_be_bytes(*self.decoder.input().get(at + 1..)?.first_chunk()?);
        self.decoder.set_position(at + 3);
        let (exponent, fraction) = (u64::from(bits >> 10 & 0x1f), u64::from(bits & 0x3ff));
        let size = match exponent {
            0 => fraction as f64 / 16_777_216.0,
            31 => f64::from_bits(0x7ff << 52 | fraction << 42),
            // The two exponents differ by their biases, 1023 and 15.
            _ => f64::from_bits((exponent + 1008) << 52 | fraction << 42),
        };
        Some(if bits >> 15 == 0 { size } else { -size })
    }
}

impl<'b> Value<'b> {
    /// What a map has under that integer.
    pub fn find(&self, label: i64) -> Option<&Value<'b>> {
        self.entries()?.iter().find(|(key, _)| *key == Value::Int(label)).map(|(_, value)| value)
    }

    /// The entries of a map.
    pub fn entries(&self) -> Option<&[(Value<'b>, Value<'b>)]> {
        if let Self::Map(entries) = self { Some(entries) } else { None }
    }

    /// The items of an array.
    pub fn items(&self) -> Option<&[Value<'b>]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// An integer.
    pub fn int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// A byte string.
    pub fn bytes(&self) -> Option<&'b [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// A text string.
    pub fn text(&self) -> Option<&'b str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The item in the preferred serialization of RFC 8949, 4.1, but for floats, which take eight bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        self.write(&mut encoder);
        encoder.into_writer()
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>) {
        // Writing to memory does not fail.
        let _ = match self {
            Self::Int(number) => encoder.i64(*number),
            Self::Bytes(bytes) => encoder.bytes(bytes),
            Self::Text(text) => encoder.str(text),
            Self::Array(items) => {
                let _ = encoder.array(items.len() as u64);
                items.iter().for_each(|item| item.write(encoder));
                return;
            }
            Self::Map(entries) => {
                let _ = encoder.map(entries.len() as u64);
                for (key, value) in entries {
                    key.write(encoder);
                    value.write(encoder);
                }
                return;
            }
            Self::Tag(tag, item) => {
                let _ = encoder.tag(minicbor::data::Tag::new(*tag));
                return item.write(encoder);
            }
            Self::Float(number) => encoder.f64(*number),
            Self::Bool(value) => encoder.bool(*value),
            Self::Null => encoder.null(),
        };
    }
}

#[cfg(test)]
mod tests;

//! Strict JSON in, canonical JSON out.
//!
//! Reading refuses what two parsers could read in two ways: duplicate members, text after the document, invalid UTF-8
//! (I-JSON, RFC 7493; image-spec `considerations.md`), and what only an attack needs: size and depth beyond any image.
//!
//! # Canonical bytes
//!
//! What we write, [`canonical`] writes, so that the same value is the same digest everywhere:
//!
//! * members of every object sorted by the bytes of their names; lists in the order given;
//! * no white space, no line feed at the end;
//! * integers in decimal; no other numbers occur in image documents. One with a fraction or beyond 64 bits, which an extension of
//!   someone else's could have, is read as a double that may be off in its last digit: fit to be looked at, not to be written;
//! * strings with the shortest escapes: `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u00xx` (lower case) for the other
//!   control characters; everything else as UTF-8, `/` and `<` not escaped.
//!
//! It is RFC 8785 restricted to integers and to member names without characters beyond the basic plane.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::Error;
use crate::base::{Digest, redact};

/// The most bytes of a manifest, index or config: what registries must accept at least (distribution-spec, "Pushing Manifests").
pub const MAX_SIZE: u64 = 4 << 20;

/// The most levels of nesting; real documents have five.
pub const MAX_DEPTH: usize = 32;

/// Reads one JSON document strictly.
///
/// # Errors
/// When `bytes` are more than [`MAX_SIZE`], no JSON, followed by anything, nested too deep, or name a member twice.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    if bytes.len() as u64 > MAX_SIZE {
        return Err(Error::TooLarge { size: bytes.len() as u64, limit: MAX_SIZE });
    }
    let state = State::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict(&state).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| {
        state.fault.take().unwrap_or_else(|| Error::Syntax {
            line: error.line(),
            column: error.column(),
            reason: redact::printable(error.to_string().split(" at line ").next().unwrap_or_default()),
        })
    })
}

/// The canonical bytes of `value`, as the module says.
#[must_use]
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (i, (name, member)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(&Value::String(name.clone()), out);
                out.push(b':');
                write(member, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        scalar => out.extend_from_slice(scalar.to_string().as_bytes()),
    }
}

/// Where the reader is, and what it refused.
#[derive(Default)]
struct State {
    path: RefCell<Vec<String>>,
    fault: RefCell<Option<Error>>,
}

impl State {
    fn pointer(&self) -> String {
        pointer(&self.path.borrow())
    }
}

fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |text, step| text + "/" + &redact::printable(step))
}

/// Builds a [`Value`], refusing duplicates and depth.
struct Strict<'s>(&'s State);

impl Strict<'_> {
    fn enter<E: serde::de::Error>(&self, step: String) -> Result<(), E> {
        self.0.path.borrow_mut().push(step);
        if self.0.path.borrow().len() > MAX_DEPTH {
            *self.0.fault.borrow_mut() = Some(Error::Depth { pointer: self.0.pointer(), limit: MAX_DEPTH });
            return Err(E::custom("too deep"));
        }
        Ok(())
    }

    fn leave(&self) {
        self.0.path.borrow_mut().pop();
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            self.enter(items.len().to_string())?;
            let Some(item) = seq.next_element_seed(Strict(self.0))? else { break };
            self.leave();
            items.push(item);
        }
        self.leave();
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            self.enter(name.clone())?;
            if members.contains_key(&name) {
                *self.0.fault.borrow_mut() = Some(Error::Duplicate { pointer: self.0.pointer() });
                return Err(A::Error::custom("duplicate member"));
            }
            let member = map.next_value_seed(Strict(self.0))?;
            self.leave();
            members.insert(name, member);
        }
        Ok(Value::Object(members))
    }
}

/// A place in a document that knows its JSON pointer, so that every error can name it.
#[derive(Clone)]
pub(super) struct Node<'v> {
    value: &'v Value,
    path: Vec<String>,
}

impl<'v> Node<'v> {
    pub(super) fn root(value: &'v Value) -> Self {
        Self { value, path: Vec::new() }
    }

    pub(super) fn pointer(&self) -> String {
        pointer(&self.path)
    }

    pub(super) fn wrong(&self, expected: &'static str) -> Error {
        let found = match self.value {
            Value::Object(_) => "an object".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            scalar => redact::printable(&scalar.to_string().chars().take(80).collect::<String>()),
        };
        Error::Field { pointer: self.pointer(), expected, found }
    }

    /// The member `name`; none when it is absent or `null` (Go writes `null` for an empty list).
    pub(super) fn get(&self, name: &str) -> Result<Option<Self>, Error> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        Ok(members.get(name).filter(|value| !value.is_null()).map(|value| self.step(name.to_owned(), value)))
    }

    pub(super) fn require(&self, name: &str, expected: &'static str) -> Result<Self, Error> {
        self.get(name)?.ok_or_else(|| {
            let path = self.path.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
            Error::Field { pointer: pointer(&path), expected, found: "nothing".into() }
        })
    }

    pub(super) fn items(&self, limit: usize) -> Result<Vec<Self>, Error> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        if items.len() > limit {
            return Err(Error::TooMany { pointer: self.pointer(), count: items.len(), limit });
        }
        Ok(items.iter().enumerate().map(|(i, value)| self.step(i.to_string(), value)).collect())
    }

    pub(super) fn members(&self) -> Result<Vec<(&'v str, Self)>, Error> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        Ok(members.iter().map(|(name, value)| (name.as_str(), self.step(name.clone(), value))).collect())
    }

    pub(super) fn text(&self) -> Result<&'v str, Error> {
        self.value.as_str().ok_or_else(|| self.wrong("a string"))
    }

    pub(super) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    pub(super) fn texts(&self, limit: usize) -> Result<Vec<String>, Error> {
        self.items(limit)?.iter().map(|item| item.text().map(str::to_owned)).collect()
    }

    /// A size: sizes are `int64` in the specification, and never negative.
    pub(super) fn size(&self) -> Result<u64, Error> {
        self.value
            .as_u64()
            .filter(|size| i64::try_from(*size).is_ok())
            .ok_or_else(|| self.wrong("a number of bytes from 0 to 9223372036854775807"))
    }

    pub(super) fn digest(&self) -> Result<Digest, Error> {
        self.text()?.parse().map_err(|_| self.wrong("`sha256:` and 64 lower-case hexadecimal digits"))
    }

    fn step(&self, name: String, value: &'v Value) -> Self {
        Self { value, path: self.path.iter().cloned().chain([name]).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ambiguous_and_hostile_json_is_refused() {
        let duplicate = parse(br#"{"a":{"b":1,"b":2}}"#).unwrap_err();
        assert_eq!(duplicate, Error::Duplicate { pointer: "/a/b".into() });
        for bad in [&b"{} x"[..], b"{\"a\":NaN}", b"\"\xff\"", b"", b"{\"a\":1,}", b"\xef\xbb\xbf{}", b"[1e999]"] {
            assert!(matches!(parse(bad), Err(Error::Syntax { .. })), "{bad:?}");
        }
        let deep = "[".repeat(10_000);
        assert!(matches!(parse(deep.as_bytes()), Err(Error::Depth { .. })));
        let large = vec![b' '; MAX_SIZE as usize + 1];
        assert!(matches!(parse(&large), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn canonical_bytes_are_sorted_and_tight() {
        let value = json!({"b": [1, null, "a/<\u{1}\n\u{e9}"], "a": {"z": true, "A": -1}});
        assert_eq!(
            String::from_utf8(canonical(&value)).unwrap(),
            "{\"a\":{\"A\":-1,\"z\":true},\"b\":[1,null,\"a/<\\u0001\\n\u{e9}\"]}"
        );
    }
    #[test]
    fn all_integers_of_64_bits_keep_their_digits() {
        let text = b"[-9223372036854775808,0,18446744073709551615]";
        assert_eq!(canonical(&parse(text).unwrap()), text);
    }
}

//! From the tree to typed sections: a serde deserializer that knows the place of every key and value, so that an error shows it.
//!
//! The keys that exist are those of the types in [`super::wire`]: serde names them when one is unknown, schemars writes them
//! into the schema. There is no second list.

use std::collections::btree_map;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};

use super::at::{AT, ONE_OR_MORE};
use super::error::Problem;
use super::node::{Node, Value};
use super::source::Span;

/// Reads `T` from a tree.
pub(in crate::domain) fn from_node<T: for<'de> Deserialize<'de>>(node: &Node) -> Result<T, Problem> {
    T::deserialize(NodeDe(node)).map_err(|error| {
        let place = error.path.iter().rev().map(String::as_str).collect::<Vec<_>>().join(".");
        let message = if place.is_empty() { error.message } else { format!("`{place}`: {}", error.message) };
        Problem::new(error.span.unwrap_or(node.span), message, error.hint)
    })
}

/// A serde error on its way out: the innermost place sticks, keys are added on the way.
#[derive(Debug)]
struct Error {
    span: Option<Span>,
    path: Vec<String>,
    message: String,
    hint: String,
}

impl Error {
    fn new(message: String, hint: String) -> Self {
        Self { span: None, path: Vec::new(), message, hint }
    }

    fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    fn below(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        match text.split_once("\nhint: ") {
            Some((message, hint)) => Self::new(message.to_owned(), hint.to_owned()),
            None => Self::new(text, "change the value".to_owned()),
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match unexpected {
            Unexpected::Str(_) => "a string",
            Unexpected::Signed(_) | Unexpected::Unsigned(_) => "a number",
            Unexpected::Bool(_) => "true or false",
            Unexpected::Seq => "a list",
            Unexpected::Map => "a table",
            Unexpected::Other(kind) => kind,
            _ => "another kind of value",
        };
        let expected = match expected.to_string() {
            text if text.starts_with("struct ") || text == "a map" => "a table".to_owned(),
            text if text.starts_with("a sequence") => "a list".to_owned(),
            text if text == "a boolean" => "true or false".to_owned(),
            text => text,
        };
        Self::new(format!("expected {expected}, found {found}"), format!("write {expected} here"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let nearest = nearest(field, expected);
        let hint = match nearest {
            Some(key) => format!("did you mean `{key}`?"),
            None => format!("the keys here are {}", list(expected)),
        };
        Self::new(format!("unknown key `{field}`"), hint)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let hint = nearest(variant, expected).map_or_else(
            || format!("the values here are {}", list(expected)),
            |word| format!("did you mean `{word}`?"),
        );
        Self::new(format!("unknown value `{variant}`"), hint)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the key `{field}` is missing"), format!("add `{field} = …`"))
    }
}

/// The word that is most like `word`, if one is like it at all.
fn nearest(word: &str, words: &[&'static str]) -> Option<&'static str> {
    let near = |candidate: &&'static str| (strsim::jaro_winkler(word, candidate), *candidate);
    let (score, best) = words.iter().map(near).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.75).then_some(best)
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

struct NodeDe<'a>(&'a Node);

impl<'de> Deserializer<'de> for NodeDe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.0.value {
            Value::String(text) => visitor.visit_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::List(items) => visitor.visit_seq(Items(items.iter())),
            Value::Table(entries) => visitor.visit_map(Entries { entries: entries.iter(), value: None }),
            Value::Other(kind) => Err(de::Error::invalid_type(Unexpected::Other(kind), &visitor)),
        };
        result.map_err(|error| error.at(self.0.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        let span = self.0.span;
        match (name, &self.0.value) {
            (AT, _) => visitor.visit_seq(Place::new(span, self)),
            (ONE_OR_MORE, Value::List(_)) => self.deserialize_any(visitor),
            (ONE_OR_MORE, _) => visitor.visit_seq(Items(std::slice::from_ref(self.0).iter())),
            _ => visitor.visit_newtype_struct(self),
        }
        .map_err(|error| error.at(span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let span = self.0.span;
        match &self.0.value {
            Value::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => return self.deserialize_any(visitor),
        }
        .map_err(|error: Error| error.at(span))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// A key: a string with a place.
struct KeyDe<'a>(&'a str, Span);

impl<'de> Deserializer<'de> for KeyDe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0).map_err(|error: Error| error.at(self.1))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        let span = self.1;
        if name == AT { visitor.visit_seq(Place::new(span, self)) } else { visitor.visit_newtype_struct(self) }
            .map_err(|error| error.at(span))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// What [`super::at::At`] reads: file, start, end, and then the value.
struct Place<D> {
    numbers: std::array::IntoIter<usize, 3>,
    value: Option<D>,
}

impl<D> Place<D> {
    fn new(span: Span, value: D) -> Self {
        Self { numbers: [span.file, span.start, span.end].into_iter(), value: Some(value) }
    }
}

impl<'de, D: Deserializer<'de, Error = Error>> SeqAccess<'de> for Place<D> {
    type Error = Error;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        match self.numbers.next() {
            Some(number) => seed.deserialize(number.into_deserializer()).map(Some),
            None => self.value.take().map(|value| seed.deserialize(value)).transpose(),
        }
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|item| seed.deserialize(NodeDe(item))).transpose()
    }
}

struct Entries<'a> {
    entries: btree_map::Iter<'a, String, (Span, Node)>,
    value: Option<(&'a str, &'a Node)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, (span, node))) = self.entries.next() else { return Ok(None) };
        self.value = Some((key, node));
        seed.deserialize(KeyDe(key, *span)).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Some((key, node)) => seed.deserialize(NodeDe(node)).map_err(|error| error.below(key)),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }
}

//! A recipe's TOML as a tree in which every key and value knows its place, and how the trees of an `extends` chain merge.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::error::Problem;
use super::source::{Source, Span};

/// How deep tables and lists may nest; recipes need four.
const MAX_DEPTH: usize = 16;

/// One value and its place.
#[derive(Clone, Debug)]
pub(in crate::domain) struct Node {
    pub(in crate::domain) span: Span,
    pub(in crate::domain) value: Value,
}

/// A value; tables are sorted by key, since their order has no meaning in TOML.
#[derive(Clone, Debug)]
pub(in crate::domain) enum Value {
    String(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, (Span, Node)>),
    /// A float or a date, which no key of a recipe takes.
    Other(&'static str),
}

/// Lists that are one value: the nearer one replaces the other, since a command line has no meaning when two are appended.
const WHOLE: [&str; 3] = ["platforms", "image.entrypoint", "image.cmd"];

impl Node {
    /// Parses the text of the chain's file number `file`.
    pub(in crate::domain) fn parse(source: &Source, file: usize) -> Result<Self, Vec<Problem>> {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        if !errors.is_empty() {
            let problem = |error: &toml::de::Error| {
                let range = error.span().unwrap_or_default();
                let span = Span { file, start: range.start, end: range.end };
                let message = error.message().lines().collect::<Vec<_>>().join(", ");
                Problem::new(span, format!("this is no TOML: {message}"), syntax_hint(&message))
            };
            return Err(errors.iter().take(10).map(problem).collect());
        }
        let whole = Span { file, start: table.span().start, end: table.span().start };
        Self::from_table(table.into_inner(), whole, 0).map_err(|problem| vec![problem])
    }

    fn from_table(table: DeTable<'_>, span: Span, depth: usize) -> Result<Self, Problem> {
        let mut entries = BTreeMap::new();
        for (key, value) in table {
            let range = key.span();
            let key_span = Span { file: span.file, start: range.start, end: range.end };
            let range = value.span();
            let value_span = Span { file: span.file, start: range.start, end: range.end };
            let node = Self::from_value(value.into_inner(), value_span, depth + 1)?;
            entries.insert(key.into_inner().into_owned(), (key_span, node));
        }
        Ok(Self { span, value: Value::Table(entries) })
    }

    fn from_value(value: DeValue<'_>, span: Span, depth: usize) -> Result<Self, Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem::new(
                span,
                format!("nested deeper than the limit of {MAX_DEPTH} levels"),
                "no key of a recipe nests so deep: look for a bracket that should not be there",
            ));
        }
        let value = match value {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => return Err(Problem::new(span, "the number is too large", "it must fit in 64 bits")),
            },
            DeValue::Boolean(value) => Value::Boolean(value),
            DeValue::Float(_) => Value::Other("a number with a fraction"),
            DeValue::Datetime(_) => Value::Other("a date"),
            DeValue::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    let range = item.span();
                    let item_span = Span { file: span.file, start: range.start, end: range.end };
                    list.push(Self::from_value(item.into_inner(), item_span, depth + 1)?);
                }
                Value::List(list)
            }
            DeValue::Table(table) => return Self::from_table(table, span, depth),
        };
        Ok(Self { span, value })
    }

    /// A string directly below this table.
    pub(in crate::domain) fn string(&self, key: &str) -> Option<(&str, Span)> {
        let Value::Table(entries) = &self.value else { return None };
        match entries.get(key) {
            Some((_, Self { span, value: Value::String(text) })) => Some((text, *span)),
            _ => None,
        }
    }

    /// Lays `nearer` over this tree: tables merge, lists append, any other value is replaced.
    pub(in crate::domain) fn merge(&mut self, nearer: Self) {
        self.merge_at(nearer, "");
    }

    fn merge_at(&mut self, nearer: Self, path: &str) {
        match (&mut self.value, nearer.value) {
            (Value::Table(mine), Value::Table(theirs)) => {
                for (key, (key_span, node)) in theirs {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    match mine.get_mut(&key) {
                        Some((span, old)) => {
                            *span = key_span;
                            old.merge_at(node, &path);
                        }
                        None => {
                            mine.insert(key, (key_span, node));
                        }
                    }
                }
            }
            (Value::List(mine), Value::List(theirs)) if !WHOLE.contains(&path) => mine.extend(theirs),
            (mine, theirs) => *mine = theirs,
        }
        self.span = nearer.span;
    }
}

fn syntax_hint(message: &str) -> &'static str {
    if message.contains("recursion") {
        "no key of a recipe nests so deep: look for a bracket that should not be there"
    } else if message.contains("duplicate") {
        "write each key and each table once"
    } else if message.contains("string") {
        "a string stands in \"double quotes\" on one line, or in three of them over several"
    } else {
        "a key, `=` and a value stand on one line; tables start with [name], lists of tables with [[name]]"
    }
}

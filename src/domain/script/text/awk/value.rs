//! Values of AWK: numbers, text, and text that looks like a number.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::format::Spec;
use super::super::printf::number_length;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Never assigned: 0 and the empty text.
    Nothing,
    Number(f64),
    Text(Rc<[u8]>),
    /// Input that looks like a number: compared as one.
    Numeric(Rc<[u8]>, f64),
}

/// An array: its elements, and the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Array {
    pub(super) elements: BTreeMap<Rc<[u8]>, (u64, Value)>,
    next: u64,
}

/// A variable.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// Not used yet: it may become an array that whoever passed it shares.
    Unused(Rc<RefCell<Array>>),
    Value(Value),
    Array(Rc<RefCell<Array>>),
}

impl Cell {
    pub(super) fn unused() -> Self {
        Self::Unused(Rc::default())
    }
}

impl Array {
    /// An element, made where it is not there.
    pub(super) fn get(&mut self, key: &[u8]) -> Value {
        if let Some((_, value)) = self.elements.get(key) {
            return value.clone();
        }
        self.set(Rc::from(key), Value::Nothing);
        Value::Nothing
    }

    pub(super) fn set(&mut self, key: Rc<[u8]>, value: Value) {
        match self.elements.get_mut(&key) {
            Some((_, old)) => *old = value,
            None => {
                self.elements.insert(key, (self.next, value));
                self.next += 1;
            }
        }
    }

    /// All keys, in the order in which they were made.
    pub(super) fn keys(&self) -> Vec<Rc<[u8]>> {
        let mut keys: Vec<(u64, &Rc<[u8]>)> = self.elements.iter().map(|(key, (n, _))| (*n, key)).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(_, key)| Rc::clone(key)).collect()
    }
}

impl Value {
    pub(super) fn text(text: impl Into<Rc<[u8]>>) -> Self {
        Self::Text(text.into())
    }

    /// A text of the input, which may look like a number.
    pub(super) fn input(text: &[u8]) -> Self {
        let trimmed = text.trim_ascii();
        if !trimmed.is_empty() && number_length(trimmed) == trimmed.len() {
            return Self::Numeric(text.into(), leading(trimmed));
        }
        Self::Text(text.into())
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::Number(number) | Self::Numeric(_, number) => *number,
            Self::Text(text) => leading(text),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Number(number) | Self::Numeric(_, number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// The text, numbers by a format as `CONVFMT` has it.
    pub(super) fn bytes(&self, format: &[u8]) -> Rc<[u8]> {
        match self {
            Self::Nothing => Rc::from([]),
            Self::Number(number) => render(*number, format).into(),
            Self::Text(text) | Self::Numeric(text, _) => Rc::clone(text),
        }
    }

    /// The order of two values: of numbers where both are, else of their texts; none where one is no number at all.
    pub(super) fn order(&self, other: &Self, format: &[u8]) -> Option<Ordering> {
        let numeric = |value: &Self| !matches!(value, Self::Text(_));
        if numeric(self) && numeric(other) {
            return self.number().partial_cmp(&other.number());
        }
        Some(self.bytes(format).cmp(&other.bytes(format)))
    }
}

/// The number at the start of a text (strtod(3)).
fn leading(text: &[u8]) -> f64 {
    let text = text.trim_ascii_start();
    let number = text.get(..number_length(text)).unwrap_or_default();
    std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

/// The largest whole number that `mawk` writes with all its digits.
const WHOLE: f64 = 2_147_483_647.0;

/// A number as text: whole ones with all their digits, others (and larger ones) by a format such as `%.6g`.
fn render(number: f64, format: &[u8]) -> Vec<u8> {
    if number.fract() == 0.0 && number.abs() <= WHOLE {
        return format!("{}", number as i64).into_bytes();
    }
    let mut spec = Spec::default();
    let mut at = 1;
    while format.get(at).is_some_and(|flag| spec.flag(*flag)) {
        at += 1;
    }
    let digits = |at: &mut usize| {
        let mut value = 0;
        while let Some(digit @ b'0'..=b'9') = format.get(*at) {
            value = (value * 10 + usize::from(digit - b'0')).min(1000);
            *at += 1;
        }
        value
    };
    spec.width = digits(&mut at);
    if format.get(at) == Some(&b'.') {
        at += 1;
        spec.precision = Some(digits(&mut at));
    }
    spec.float(format.get(at).copied().unwrap_or(b'g'), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_text_and_back() {
        assert_eq!(render(1e6, b"%.6g"), b"1000000");
        assert_eq!(render(0.1 + 0.2, b"%.6g"), b"0.3");
        assert_eq!(render(-0.0, b"%.6g"), b"0");
        assert_eq!(leading(b" 12abc"), 12.0);
        assert!(matches!(Value::input(b" 1e3 "), Value::Numeric(..)));
        assert!(matches!(Value::input(b"1x"), Value::Text(_)));
    }
}

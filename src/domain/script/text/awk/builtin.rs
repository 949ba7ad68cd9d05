//! The functions that AWK has.

use std::rc::Rc;

use super::super::super::stop::Stop;
use super::super::regex::Groups;
use super::eval::Resolved;
use super::print;
use super::record::{self, Separator};
use super::run::{Jump, Machine, special};
use super::syntax::{Expr, Place, Slot};
use super::value::Value;

impl<'m> Machine<'m, '_> {
    /// Calls a function. Its arguments are evaluated before the function that does the work is entered, so that calls inside
    /// each other take little of the stack.
    pub(super) fn builtin(&mut self, name: &'static str, arguments: &'m [Expr]) -> Result<Value, Jump> {
        match (name, arguments) {
            ("length", []) => Ok(Value::Number(self.record_text().len() as f64)),
            ("length", [Expr::Get(Place::Variable(slot))]) if self.is_array(*slot) => self.count_elements(*slot),
            ("match", [text, pattern]) => self.find(text, pattern),
            ("split", [text, array, by @ ..]) => self.split(text, array, by.first()),
            ("sub" | "gsub", [pattern, replacement, target @ ..]) => {
                self.substitute(name == "gsub", pattern, replacement, target.first())
            }
            _ => {
                let values = self.values(arguments)?;
                self.apply(name, &values)
            }
        }
    }

    /// The values of expressions.
    pub(super) fn values(&mut self, list: &'m [Expr]) -> Result<Vec<Value>, Jump> {
        let mut values = Vec::with_capacity(list.len());
        for expr in list {
            values.push(self.eval(expr)?);
        }
        Ok(values)
    }

    fn count_elements(&mut self, array: Slot) -> Result<Value, Jump> {
        let array = self.array(array)?;
        let count = array.borrow().elements.len();
        Ok(Value::Number(count as f64))
    }

    fn find(&mut self, text: &'m Expr, pattern: &'m Expr) -> Result<Value, Jump> {
        let text = self.text(text)?;
        let regex = self.regex(pattern)?;
        let found = regex.find(&mut self.system.budget, &text, 0)?;
        let (start, length) = found.map_or((0.0, -1.0), |(from, to)| ((from + 1) as f64, (to - from) as f64));
        self.put(special::RSTART, Value::Number(start));
        self.put(special::RLENGTH, Value::Number(length));
        Ok(Value::Number(start))
    }

    fn apply(&mut self, name: &'static str, values: &[Value]) -> Result<Value, Jump> {
        let conversion = self.text_of(special::CONVFMT);
        let text = |at: usize| values.get(at).map_or_else(|| Rc::from([]), |value| value.bytes(&conversion));
        let number = |at: usize| values.get(at).map_or(0.0, Value::number);
        Ok(match name {
            "length" => Value::Number(text(0).len() as f64),
            "index" => {
                let (text, part) = (text(0), text(1));
                let found =
                    if part.is_empty() { Some(0) } else { text.windows(part.len()).position(|there| there == &*part) };
                Value::Number(found.map_or(0.0, |at| (at + 1) as f64))
            }
            "substr" => Value::text(substring(&text(0), number(1), values.get(2).map(Value::number))),
            "tolower" => Value::text(text(0).to_ascii_lowercase()),
            "toupper" => Value::text(text(0).to_ascii_uppercase()),
            "sprintf" => {
                let rest = values.get(1..).unwrap_or_default();
                let made = print::format(&text(0), rest, &conversion)?.map_err(Jump::Fatal)?;
                self.system.budget.bytes(made.len())?;
                Value::text(made)
            }
            "int" => Value::Number(number(0).trunc()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "exp" => Value::Number(number(0).exp()),
            "log" => Value::Number(number(0).ln()),
            "sin" => Value::Number(number(0).sin()),
            "cos" => Value::Number(number(0).cos()),
            "atan2" => Value::Number(number(0).atan2(number(1))),
            "system" => Value::Number(self.streams.shell(self.system, self.process, &text(0), None, None)?.into()),
            "close" => Value::Number(self.streams.close(self.system, self.process, &text(0))?.into()),
            "fflush" => {
                self.streams.flush(self.system, self.process)?;
                Value::Number(0.0)
            }
            _ => return Err(Stop::unsupported(&self.process.name(), format!("function {name}")).into()),
        })
    }

    fn split(&mut self, text: &'m Expr, array: &'m Expr, by: Option<&'m Expr>) -> Result<Value, Jump> {
        let text = self.text(text)?;
        let Expr::Get(Place::Variable(slot)) = array else {
            return Err(Jump::Fatal("type error: split wants an array".into()));
        };
        let by = match by {
            None => {
                let separator = self.text_of(special::FS);
                self.separator(&separator)?
            }
            Some(Expr::Pattern(regex)) => Separator::Pattern(Rc::clone(regex)),
            Some(other) => {
                let separator = self.text(other)?;
                self.separator(&separator)?
            }
        };
        let parts = record::split(&mut self.system.budget, &text, &by, false)?;
        self.system.budget.bytes(text.len())?;
        let array = self.array(*slot)?;
        let mut array = array.borrow_mut();
        array.elements.clear();
        for (n, part) in parts.iter().enumerate() {
            array.set((n + 1).to_string().into_bytes().into(), Value::input(part));
        }
        Ok(Value::Number(parts.len() as f64))
    }

    fn substitute(
        &mut self,
        global: bool,
        pattern: &'m Expr,
        replacement: &'m Expr,
        target: Option<&'m Expr>,
    ) -> Result<Value, Jump> {
        let regex = self.regex(pattern)?;
        let replacement = self.text(replacement)?;
        let place = match target {
            None => Some(Resolved::Field(0)),
            Some(Expr::Get(place)) => Some(self.resolve(place)?),
            Some(_) => None,
        };
        let text = match (&place, target) {
            (Some(place), _) => self.load(place)?.bytes(&self.text_of(special::CONVFMT)),
            (None, Some(target)) => self.text(target)?,
            (None, None) => Rc::from([]),
        };
        let (mut out, mut at, mut copied, mut count, mut last_end) = (Vec::new(), 0, 0, 0, None);
        while at <= text.len() {
            let Some((from, to)) = regex.find(&mut self.system.budget, &text, at)? else { break };
            at = if to > from { to } else { to + 1 };
            // An empty match right behind another is none.
            if from == to && last_end == Some(from) {
                continue;
            }
            last_end = Some(to);
            out.extend(text.get(copied..from).unwrap_or_default());
            replace(&replacement, &text, &vec![Some((from, to))], &mut out);
            copied = to;
            count += 1;
            self.system.budget.bytes(replacement.len())?;
            if !global {
                break;
            }
        }
        if count > 0 {
            out.extend(text.get(copied..).unwrap_or_default());
            self.system.budget.bytes(out.len().saturating_sub(text.len()))?;
            if let Some(place) = place {
                self.store(&place, Value::text(out))?;
            }
        }
        Ok(Value::Number(f64::from(count)))
    }
}

/// Writes a replacement: `&` is the match, `\&` an ampersand, `\\` a backslash.
fn replace(replacement: &[u8], text: &[u8], groups: &Groups, out: &mut Vec<u8>) {
    let whole = groups.first().copied().flatten().and_then(|(from, to)| text.get(from..to)).unwrap_or_default();
    let mut at = 0;
    while let Some(byte) = replacement.get(at).copied() {
        match (byte, replacement.get(at + 1)) {
            (b'\\', Some(next @ (b'&' | b'\\'))) => {
                out.push(*next);
                at += 1;
            }
            (b'&', _) => out.extend(whole),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
}

/// `substr`: characters are numbered from 1, places round to the nearest.
fn substring(text: &[u8], start: f64, length: Option<f64>) -> Vec<u8> {
    let first = start.round_ties_even();
    let end = length.map_or(f64::INFINITY, |length| first + length.round_ties_even());
    let from = first.max(1.0);
    let to = end.min(text.len() as f64 + 1.0);
    if from.is_nan() || to.is_nan() || to <= from {
        return Vec::new();
    }
    text.get(from as usize - 1..to as usize - 1).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings() {
        assert_eq!(substring(b"hello", 2.0, Some(3.0)), b"ell");
        assert_eq!(substring(b"hello", 0.0, Some(2.0)), b"h");
        assert_eq!(substring(b"hello", -1.0, None), b"hello");
        assert_eq!(substring(b"hello", 6.0, None), b"");
        assert_eq!(substring(b"hello", 2.0, Some(1e300)), b"ello");
    }
}

//! `$((…))`: signed 64-bit integers with C's operators; an overflow wraps.

use super::Mode;
use super::word::{is_name, is_name_start};

/// Parentheses, signs and conditions inside each other.
const MAX_DEPTH: u32 = 60;

/// The variables of an expression.
pub(super) trait Names {
    /// A variable's value as text, empty when it has none.
    fn value(&mut self, name: &[u8]) -> Result<Vec<u8>, String>;
    /// Gives a variable a value.
    fn assign(&mut self, name: &[u8], value: i64) -> Result<(), String>;
}

/// The value of an expression; an error says why there is none.
pub(super) fn evaluate(text: &[u8], mode: Mode, names: &mut dyn Names) -> Result<i64, String> {
    let mut reader = Reader { text, position: 0, mode, names, skip: 0, depth: 0 };
    reader.blanks();
    if reader.position == text.len() {
        return Ok(0);
    }
    let value = reader.comma()?;
    reader.blanks();
    if reader.position < text.len() {
        return Err(reader.error("expecting EOF"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a [u8],
    position: usize,
    mode: Mode,
    names: &'a mut dyn Names,
    /// More than none: what is read has no effect.
    skip: u32,
    depth: u32,
}

/// Binary operators by how tightly they bind.
const LEVELS: [&[&str]; 8] =
    [&["|"], &["^"], &["&"], &["==", "!="], &["<=", ">=", "<", ">"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"]];

impl Reader<'_> {
    fn error(&self, what: &str) -> String {
        format!("arithmetic expression: {what}: \"{}\"", String::from_utf8_lossy(self.text))
    }

    fn blanks(&mut self) {
        while matches!(self.text.get(self.position), Some(b' ' | b'\t' | b'\n')) {
            self.position += 1;
        }
    }

    fn rest(&mut self) -> &[u8] {
        self.blanks();
        self.text.get(self.position..).unwrap_or_default()
    }

    fn takes(&mut self, operator: &str) -> bool {
        let all = self.rest().starts_with(operator.as_bytes());
        if all {
            self.position += operator.len();
        }
        all
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.assignment()?;
        while self.mode == Mode::Bash && self.takes(",") {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn name(&mut self) -> Option<Vec<u8>> {
        let rest = self.rest();
        if !rest.first().is_some_and(|byte| is_name_start(*byte)) {
            return None;
        }
        let length = rest.iter().position(|byte| !is_name(*byte)).unwrap_or(rest.len());
        let name = rest.get(..length)?.to_vec();
        self.position += length;
        Some(name)
    }

    fn assignment(&mut self) -> Result<i64, String> {
        let start = self.position;
        if let Some(name) = self.name() {
            let operators = ["<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=", "="];
            let equals = self.rest().starts_with(b"==");
            if !equals && let Some(operator) = operators.into_iter().find(|operator| self.takes(operator)) {
                let right = self.nested(Self::assignment)?;
                let value = match operator.strip_suffix('=') {
                    Some("") | None => right,
                    Some(operator) => {
                        let left = self.variable(&name)?;
                        self.binary(operator, left, right)?
                    }
                };
                if self.skip == 0 {
                    self.names.assign(&name, value)?;
                }
                return Ok(value);
            }
            self.position = start;
        }
        self.condition()
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<i64, String>) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn condition(&mut self) -> Result<i64, String> {
        let value = self.or()?;
        if !self.takes("?") {
            return Ok(value);
        }
        let yes = self.skipping(value == 0, Self::comma)?;
        if !self.takes(":") {
            return Err(self.error("expecting ':'"));
        }
        let no = self.skipping(value != 0, Self::condition)?;
        Ok(if value != 0 { yes } else { no })
    }

    fn skipping(&mut self, skip: bool, read: fn(&mut Self) -> Result<i64, String>) -> Result<i64, String> {
        self.skip += u32::from(skip);
        let value = self.nested(read);
        self.skip -= u32::from(skip);
        value
    }

    fn or(&mut self) -> Result<i64, String> {
        let mut value = self.and()?;
        while self.takes("||") {
            let right = self.skipping(value != 0, Self::and)?;
            value = i64::from(value != 0 || right != 0);
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<i64, String> {
        let mut value = self.level(0)?;
        while self.takes("&&") {
            let right = self.skipping(value == 0, |reader| reader.level(0))?;
            value = i64::from(value != 0 && right != 0);
        }
        Ok(value)
    }

    fn level(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut value = self.level(level + 1)?;
        loop {
            let rest = self.rest();
            let operator = operators.iter().copied().find(|operator| {
                rest.strip_prefix(operator.as_bytes()).is_some_and(|after| match (*operator, after.first()) {
                    // Not the start of a longer one.
                    (_, Some(b'=')) if !matches!(*operator, "==" | "!=" | "<=" | ">=") => false,
                    ("|", Some(b'|')) | ("&", Some(b'&')) | ("<", Some(b'<')) | (">", Some(b'>')) => false,
                    ("<<" | ">>", _) => true,
                    ("*", Some(b'*')) => false,
                    _ => true,
                })
            });
            let Some(operator) = operator else { return Ok(value) };
            self.position += operator.len();
            let right = self.level(level + 1)?;
            value = self.binary(operator, value, right)?;
        }
    }

    fn power(&mut self) -> Result<i64, String> {
        let base = self.unary()?;
        if self.mode == Mode::Bash && self.takes("**") {
            let exponent = self.nested(Self::power)?;
            let exponent = u32::try_from(exponent).map_err(|_| self.error("exponent less than 0"))?;
            return Ok(base.wrapping_pow(exponent));
        }
        Ok(base)
    }

    fn unary(&mut self) -> Result<i64, String> {
        let bash = self.mode == Mode::Bash;
        if bash && let Some(step) = ["++", "--"].into_iter().find(|step| self.rest().starts_with(step.as_bytes())) {
            let back = self.position;
            self.position += 2;
            if let Some(name) = self.name() {
                let value = self.variable(&name)?.wrapping_add(if step == "++" { 1 } else { -1 });
                if self.skip == 0 {
                    self.names.assign(&name, value)?;
                }
                return Ok(value);
            }
            self.position = back;
        }
        let rest = self.rest();
        match rest.first() {
            Some(b'!') if rest.get(1) != Some(&b'=') => {
                self.position += 1;
                Ok(i64::from(self.nested(Self::unary)? == 0))
            }
            Some(b'~') => {
                self.position += 1;
                Ok(!self.nested(Self::unary)?)
            }
            Some(b'-') => {
                self.position += 1;
                Ok(self.nested(Self::unary)?.wrapping_neg())
            }
            Some(b'+') => {
                self.position += 1;
                self.nested(Self::unary)
            }
            _ => self.primary(),
        }
    }

    fn primary(&mut self) -> Result<i64, String> {
        if self.takes("(") {
            let value = self.nested(Self::comma)?;
            if !self.takes(")") {
                return Err(self.error("expecting ')'"));
            }
            return Ok(value);
        }
        if let Some(name) = self.name() {
            let value = self.variable(&name)?;
            if self.mode == Mode::Bash && (self.takes("++") || self.takes("--")) {
                let up = self.text.get(self.position - 1) == Some(&b'+');
                if self.skip == 0 {
                    self.names.assign(&name, value.wrapping_add(if up { 1 } else { -1 }))?;
                }
            }
            return Ok(value);
        }
        let rest = self.rest();
        let length = rest.iter().position(|byte| !is_name(*byte) && *byte != b'#').unwrap_or(rest.len());
        let digits = rest.get(..length).unwrap_or_default().to_vec();
        if digits.is_empty() {
            return Err(self.error("expecting primary"));
        }
        self.position += length;
        number(&digits, self.mode).ok_or_else(|| self.error("expecting EOF"))
    }

    fn variable(&mut self, name: &[u8]) -> Result<i64, String> {
        if self.skip > 0 {
            return Ok(0);
        }
        let value = self.names.value(name)?;
        let trimmed = value.trim_ascii();
        if trimmed.is_empty() {
            return Ok(0);
        }
        let (sign, digits) = match trimmed.split_first() {
            Some((b'-', rest)) => (-1, rest),
            Some((b'+', rest)) => (1, rest),
            _ => (1, trimmed),
        };
        if let Some(number) = number(digits, self.mode) {
            return Ok(number.wrapping_mul(sign));
        }
        if self.mode == Mode::Bash {
            if self.depth > MAX_DEPTH {
                return Err(self.error("expression recursion level exceeded"));
            }
            let mut inner = Reader {
                text: trimmed,
                position: 0,
                mode: self.mode,
                names: &mut *self.names,
                skip: 0,
                depth: self.depth + 1,
            };
            let value = inner.comma()?;
            return if inner.rest().is_empty() { Ok(value) } else { Err(inner.error("syntax error in expression")) };
        }
        Err(format!("Illegal number: {}", String::from_utf8_lossy(&value)))
    }

    fn binary(&self, operator: &str, left: i64, right: i64) -> Result<i64, String> {
        let shift = u32::try_from(right & 63).unwrap_or(0);
        Ok(match operator {
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "<<" => left.wrapping_shl(shift),
            ">>" => left.wrapping_shr(shift),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            _ if right == 0 && self.skip > 0 => 0,
            _ if right == 0 => return Err(self.error("division by zero")),
            "/" => left.wrapping_div(right),
            _ => left.wrapping_rem(right),
        })
    }
}

/// A constant: decimal, octal, hexadecimal, in bash `BASE#digits`; too large a one is the largest.
pub(super) fn number(digits: &[u8], mode: Mode) -> Option<i64> {
    let text = std::str::from_utf8(digits).ok()?;
    let (base, text) = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        (16, hex)
    } else if let Some((base, digits)) = text.split_once('#').filter(|_| mode == Mode::Bash) {
        (base.parse().ok().filter(|base| (2..=36).contains(base))?, digits)
    } else if text.len() > 1 && text.starts_with('0') {
        (8, text)
    } else {
        (10, text)
    };
    if text.is_empty() || !text.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    Some(i64::from_str_radix(text, base).unwrap_or(i64::MAX))
}

//! Numbers and text in the form that a directive of printf(3) asks for.

/// A directive without its letter: `%-08.3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::domain::script) struct Spec {
    pub(in crate::domain::script) left: bool,
    pub(in crate::domain::script) plus: bool,
    pub(in crate::domain::script) space: bool,
    pub(in crate::domain::script) alternate: bool,
    pub(in crate::domain::script) zero: bool,
    pub(in crate::domain::script) width: usize,
    pub(in crate::domain::script) precision: Option<usize>,
}

/// The widest that a directive may be.
pub(in crate::domain::script) const WIDEST: usize = 1 << 20;

impl Spec {
    /// Takes a flag; false where it is none.
    pub(in crate::domain::script) const fn flag(&mut self, flag: u8) -> bool {
        match flag {
            b'-' => self.left = true,
            b'+' => self.plus = true,
            b' ' => self.space = true,
            b'#' => self.alternate = true,
            b'0' => self.zero = true,
            b'\'' => {}
            _ => return false,
        }
        true
    }

    /// `%s`: at most the precision's bytes.
    pub(in crate::domain::script) fn text(&self, text: &[u8]) -> Vec<u8> {
        let shown = self.precision.and_then(|most| text.get(..most)).unwrap_or(text);
        self.pad(shown.to_vec(), false)
    }

    /// `%d`, `%i`, `%u`, `%o`, `%x`, `%X`; letters but the first two take `value` as it is in 64 bits.
    pub(in crate::domain::script) fn integer(&self, letter: u8, value: i128) -> Vec<u8> {
        let bits = value.to_le_bytes().first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let signed = matches!(letter, b'd' | b'i');
        let mut digits = match letter {
            b'o' => format!("{bits:o}"),
            b'x' => format!("{bits:x}"),
            b'X' => format!("{bits:X}"),
            b'u' => bits.to_string(),
            _ => value.unsigned_abs().to_string(),
        };
        if self.precision == Some(0) && value == 0 {
            digits.clear();
        }
        let least = self.precision.unwrap_or(0);
        let mut number = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
        if self.alternate && letter == b'o' && !number.starts_with('0') {
            number.insert(0, '0');
        }
        let sign = match (letter, signed, value < 0) {
            (_, true, true) => "-",
            (_, true, false) if self.plus => "+",
            (_, true, false) if self.space => " ",
            (b'x', ..) if self.alternate && value != 0 => "0x",
            (b'X', ..) if self.alternate && value != 0 => "0X",
            _ => "",
        };
        self.number(sign, &number, self.precision.is_none())
    }

    /// `%e`, `%f`, `%g` and their capitals.
    pub(in crate::domain::script) fn float(&self, letter: u8, value: f64) -> Vec<u8> {
        let sign = match value.is_sign_negative() && !value.is_nan() {
            true => "-",
            false if self.plus => "+",
            false if self.space => " ",
            false => "",
        };
        let magnitude = value.abs();
        let precision = self.precision.unwrap_or(6);
        let mut number = if magnitude.is_nan() {
            "nan".to_owned()
        } else if magnitude.is_infinite() {
            "inf".to_owned()
        } else {
            match letter.to_ascii_lowercase() {
                b'e' => scientific(magnitude, precision, self.alternate),
                b'g' => general(magnitude, precision.max(1), self.alternate),
                _ => fixed(magnitude, precision, self.alternate),
            }
        };
        if letter.is_ascii_uppercase() {
            number.make_ascii_uppercase();
        }
        self.number(sign, &number, magnitude.is_finite())
    }

    /// A sign and digits, filled with zeros where `zeros` lets the flag have its way.
    fn number(&self, sign: &str, digits: &str, zeros: bool) -> Vec<u8> {
        let missing = self.width.saturating_sub(sign.len() + digits.len());
        if self.zero && !self.left && zeros {
            return format!("{sign}{}{digits}", "0".repeat(missing)).into_bytes();
        }
        self.pad(format!("{sign}{digits}").into_bytes(), false)
    }

    fn pad(&self, text: Vec<u8>, zeros: bool) -> Vec<u8> {
        let fill = vec![if zeros { b'0' } else { b' ' }; self.width.saturating_sub(text.len())];
        if self.left { [text, fill].concat() } else { [fill, text].concat() }
    }
}

/// Digits behind the point that a number may have: all that follow are zeros, and the standard library has a limit.
const MOST_DIGITS: usize = 1100;

fn fixed(value: f64, precision: usize, point: bool) -> String {
    let shown = precision.min(MOST_DIGITS);
    let text = format!("{value:.shown$}") + &"0".repeat(precision - shown);
    if point && precision == 0 { text + "." } else { text }
}

/// `d.ddde±dd`.
fn scientific(value: f64, precision: usize, point: bool) -> String {
    let shown = precision.min(MOST_DIGITS);
    let text = format!("{value:.shown$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let zeros = "0".repeat(precision - shown);
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    let dot = if point && precision == 0 { "." } else { "" };
    format!("{digits}{zeros}{dot}e{sign}{exponent:0>2}")
}

fn general(value: f64, precision: usize, keep: bool) -> String {
    let probe = format!("{value:.*e}", (precision - 1).min(MOST_DIGITS));
    let exponent: i64 = probe.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let most = i64::try_from(precision).unwrap_or(i64::MAX);
    let text = if (-4..most).contains(&exponent) {
        fixed(value, usize::try_from(most - 1 - exponent).unwrap_or(0), keep)
    } else {
        scientific(value, precision - 1, keep)
    };
    if keep || !text.contains('.') {
        return text;
    }
    let (digits, exponent) = match text.split_once('e') {
        Some((digits, exponent)) => (digits, format!("e{exponent}")),
        None => (text.as_str(), String::new()),
    };
    format!("{}{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_in_c() {
        let float = |letter, precision, value| {
            String::from_utf8(Spec { precision, ..Spec::default() }.float(letter, value)).unwrap()
        };
        assert_eq!(float(b'g', None, 100_000.0), "100000");
        assert_eq!(float(b'g', None, 1_000_000.0), "1e+06");
        assert_eq!(float(b'g', None, 0.0001), "0.0001");
        assert_eq!(float(b'g', Some(3), 2.71429), "2.71");
        assert_eq!(float(b'e', Some(2), 12345.678), "1.23e+04");
        assert_eq!(float(b'f', None, 2.5), "2.500000");
        assert_eq!(float(b'f', Some(0), 2.5), "2");
        assert_eq!(float(b'G', None, 1e-10), "1E-10");
        assert_eq!(float(b'f', None, f64::NEG_INFINITY), "-inf");
    }

    #[test]
    fn integers_as_in_c() {
        let spec = |zero, left, width, precision| Spec { zero, left, width, precision, ..Spec::default() };
        assert_eq!(spec(true, false, 5, None).integer(b'd', -42), b"-0042");
        assert_eq!(spec(true, true, 5, None).integer(b'd', 42), b"42   ");
        assert_eq!(spec(true, false, 6, Some(3)).integer(b'd', 7), b"   007");
        assert_eq!(spec(false, false, 0, None).integer(b'x', -1), b"ffffffffffffffff");
        assert_eq!(Spec { alternate: true, ..Spec::default() }.integer(b'o', 8), b"010");
    }
}

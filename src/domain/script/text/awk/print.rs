//! `sprintf` and `printf`: text by a format.

use super::super::super::stop::Stop;
use super::super::format::{Spec, WIDEST};
use super::value::Value;

/// Formats values; the words of an error where there are too few.
pub(super) fn format(text: &[u8], values: &[Value], conversion: &[u8]) -> Result<Result<Vec<u8>, String>, Stop> {
    let mut out = Vec::new();
    let mut values = values.iter();
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        if byte != b'%' {
            out.push(byte);
            at += 1;
            continue;
        }
        if text.get(at + 1) == Some(&b'%') {
            out.push(b'%');
            at += 2;
            continue;
        }
        let start = at;
        at += 1;
        let mut spec = Spec::default();
        while text.get(at).is_some_and(|flag| spec.flag(*flag)) {
            at += 1;
        }
        let mut measure = |at: &mut usize| {
            if text.get(*at) == Some(&b'*') {
                *at += 1;
                return values.next().map(|value| value.number() as i64);
            }
            let mut number: i64 = 0;
            while let Some(digit @ b'0'..=b'9') = text.get(*at) {
                number = number.saturating_mul(10).saturating_add((digit - b'0').into());
                *at += 1;
            }
            Some(number)
        };
        let few = || {
            Ok(Err("run time error: not enough arguments passed to printf(\"".to_owned()
                + &String::from_utf8_lossy(text)
                + "\")"))
        };
        let Some(width) = measure(&mut at) else { return few() };
        spec.left |= width < 0;
        spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        if text.get(at) == Some(&b'.') {
            at += 1;
            let Some(precision) = measure(&mut at) else { return few() };
            spec.precision = usize::try_from(precision).ok();
        }
        if spec.width > WIDEST || spec.precision.is_some_and(|precision| precision > WIDEST) {
            return Err(Stop::unsupported("awk", "a directive that is so wide"));
        }
        while matches!(text.get(at), Some(b'l' | b'h')) {
            at += 1;
        }
        let Some(letter) = text.get(at).copied() else {
            out.extend(text.get(start..).unwrap_or_default());
            break;
        };
        at += 1;
        if !b"csdiouxXeEfFgG".contains(&letter) {
            return Ok(Err(format!(
                "bad conversion: {}",
                String::from_utf8_lossy(text.get(start..at).unwrap_or_default())
            )));
        }
        let Some(value) = values.next() else { return few() };
        out.extend(match letter {
            b'c' => match value {
                Value::Number(number) | Value::Numeric(_, number) => spec.text(&[(*number as i64 & 0xff) as u8]),
                value => spec.text(value.bytes(conversion).get(..1).unwrap_or(b"\0")),
            },
            b's' => spec.text(&value.bytes(conversion)),
            // `mawk` has 32 bits for these.
            b'd' | b'i' => spec.integer(letter, value.number().clamp(-2_147_483_647.0, 2_147_483_647.0) as i128),
            b'o' | b'u' | b'x' | b'X' => spec.integer(letter, value.number() as i128),
            _ => spec.float(letter, value.number()),
        });
    }
    Ok(Ok(out))
}

//! The orders of `sort`: numbers, sizes, versions, text.

use std::cmp::Ordering;

use super::key::Rules;

/// Compares two parts by rules.
pub(super) fn by(rules: &Rules, a: &[u8], b: &[u8]) -> Ordering {
    let order = if rules.numeric {
        numeric(a, b)
    } else if rules.general {
        general(a, b)
    } else if rules.human {
        human(a, b)
    } else if rules.version {
        version(a, b)
    } else if rules.dictionary || rules.printing || rules.fold {
        let kept = |byte: &u8| {
            (!rules.dictionary || byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'\t'))
                && (!rules.printing || (b' '..=b'~').contains(byte))
        };
        let shown = |byte: u8| if rules.fold { byte.to_ascii_uppercase() } else { byte };
        a.iter().copied().filter(kept).map(shown).cmp(b.iter().copied().filter(kept).map(shown))
    } else {
        a.cmp(b)
    };
    if rules.reverse { order.reverse() } else { order }
}

/// A number's sign, the digits before the point without zeros in front, those behind without zeros at the end, and the rest.
fn number(text: &[u8]) -> (bool, &[u8], &[u8], &[u8]) {
    let text = text.trim_ascii_start();
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let zeros = text.iter().take_while(|byte| **byte == b'0').count();
    let text = text.get(zeros..).unwrap_or_default();
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, rest) = text.split_at(digits(text));
    let (mut fraction, mut after) = (&b""[..], rest);
    if let Some(behind) = rest.strip_prefix(b".") {
        (fraction, after) = behind.split_at(digits(behind));
    }
    while let Some(shorter) = fraction.strip_suffix(b"0") {
        fraction = shorter;
    }
    (negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction, after)
}

fn magnitude(a: (&[u8], &[u8]), b: (&[u8], &[u8])) -> Ordering {
    a.0.len().cmp(&b.0.len()).then_with(|| a.0.cmp(b.0)).then_with(|| a.1.cmp(b.1))
}

fn numeric(a: &[u8], b: &[u8]) -> Ordering {
    let ((a_negative, a_whole, a_part, _), (b_negative, b_whole, b_part, _)) = (number(a), number(b));
    match (a_negative, b_negative) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (true, true) => magnitude((b_whole, b_part), (a_whole, a_part)),
        (false, false) => magnitude((a_whole, a_part), (b_whole, b_part)),
    }
}

/// Numbers as strtold(3) reads them: what is none comes first, then what is not a number, then the rest by value.
fn general(a: &[u8], b: &[u8]) -> Ordering {
    let value = |text: &[u8]| {
        let text = text.trim_ascii_start();
        let text = text.get(..text.len().min(64)).unwrap_or_default();
        let text = std::str::from_utf8(text).unwrap_or_default();
        // The longest beginning that is a number.
        (1..=text.len()).rev().filter_map(|end| text.get(..end)).find_map(|text| text.parse::<f64>().ok())
    };
    match (value(a), value(b)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())),
    }
}

/// Numbers with a suffix: `2K` before `1M`.
fn human(a: &[u8], b: &[u8]) -> Ordering {
    let rank = |text: &[u8]| {
        let (negative, whole, part, after) = number(text);
        let rank = match after.first() {
            _ if whole.is_empty() && part.is_empty() => 0,
            Some(b'k' | b'K') => 1,
            Some(b'M') => 2,
            Some(b'G') => 3,
            Some(b'T') => 4,
            Some(b'P') => 5,
            Some(b'E') => 6,
            Some(b'Z') => 7,
            Some(b'Y') => 8,
            _ => 0,
        };
        if negative { -rank } else { rank }
    };
    let sign = |text: &[u8]| if number(text).0 { -1 } else { 1 };
    sign(a).cmp(&sign(b)).then_with(|| rank(a).cmp(&rank(b))).then_with(|| numeric(a, b))
}

/// Version numbers inside names: filevercmp of gnulib.
pub(super) fn version(a: &[u8], b: &[u8]) -> Ordering {
    if a.is_empty() || b.is_empty() {
        return a.len().min(1).cmp(&b.len().min(1));
    }
    let hidden = |name: &[u8]| match name {
        b"." => 0,
        b".." => 1,
        [b'.', ..] => 2,
        _ => 3,
    };
    let order = hidden(a).cmp(&hidden(b));
    if order != Ordering::Equal || hidden(a) < 2 {
        return order;
    }
    let (a_stem, b_stem) = (stem(a), stem(b));
    runs(a_stem, b_stem).then_with(|| if a_stem == a && b_stem == b { Ordering::Equal } else { runs(a, b) })
}

/// A name without its suffixes (`.tar.gz`).
fn stem(name: &[u8]) -> &[u8] {
    let letter = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'~');
    let more = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'~');
    let (mut at, mut end) = (0, 0);
    while at < name.len() {
        at += 1;
        end = at;
        while name.get(at) == Some(&b'.') && letter(name.get(at + 1)) {
            at += 2;
            while more(name.get(at)) {
                at += 1;
            }
        }
    }
    name.get(..end).unwrap_or(name)
}

fn runs(a: &[u8], b: &[u8]) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        None => -1,
        Some(b'~') => -2,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        while i < a.len() && !digit(a.get(i)) || j < b.len() && !digit(b.get(j)) {
            let order = weight(a.get(i)).cmp(&weight(b.get(j)));
            if order != Ordering::Equal {
                return order;
            }
            i += 1;
            j += 1;
        }
        let take = |text: &[u8], at: &mut usize| {
            while text.get(*at) == Some(&b'0') {
                *at += 1;
            }
            let start = *at;
            while digit(text.get(*at)) {
                *at += 1;
            }
            text.get(start..*at).unwrap_or_default().to_vec()
        };
        let (x, y) = (take(a, &mut i), take(b, &mut j));
        let order = x.len().cmp(&y.len()).then_with(|| x.cmp(&y));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_numbers() {
        assert_eq!(version(b"a-1.9.tar.gz", b"a-1.10.tar.gz"), Ordering::Less);
        assert_eq!(version(b"1.0~rc1", b"1.0"), Ordering::Less);
        assert_eq!(version(b".x", b"x"), Ordering::Less);
        assert_eq!(numeric(b"-2", b"-10"), Ordering::Greater);
        assert_eq!(numeric(b" 0.50", b".5"), Ordering::Equal);
        assert_eq!(human(b"2K", b"1M"), Ordering::Less);
    }
}

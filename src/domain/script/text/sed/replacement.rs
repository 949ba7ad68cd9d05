//! The right-hand side of `s`: its parts, and what they make of a match.

use super::super::regex::Groups;
use super::program::{Case, Part};

/// The parts of a replacement.
pub(super) fn parse(text: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        let part = match (byte, text.get(at + 1).copied()) {
            (b'&', _) => {
                at += 1;
                Some(Part::Group(0))
            }
            (b'\\', Some(next)) => {
                let part = match next {
                    b'0'..=b'9' => Some(Part::Group(usize::from(next - b'0'))),
                    b'L' => Some(Part::Case(Case::Lower)),
                    b'U' => Some(Part::Case(Case::Upper)),
                    b'E' => Some(Part::Case(Case::Same)),
                    b'l' => Some(Part::Case(Case::LowerOne)),
                    b'u' => Some(Part::Case(Case::UpperOne)),
                    _ => None,
                };
                if part.is_some() {
                    at += 2;
                } else if next == b'n' {
                    plain.push(b'\n');
                    at += 2;
                } else if let Some((byte, length)) = control(text.get(at..).unwrap_or_default()) {
                    plain.push(byte);
                    at += length;
                } else {
                    plain.push(next);
                    at += 2;
                }
                part
            }
            (byte, _) => {
                plain.push(byte);
                at += 1;
                None
            }
        };
        if let Some(part) = part {
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(part);
        }
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

/// The highest group that the parts name.
pub(super) fn most(parts: &[Part]) -> usize {
    parts.iter().map(|part| if let Part::Group(n) = part { *n } else { 0 }).max().unwrap_or(0)
}

/// The control character that an escape at the start of `text` stands for, but `\n`; and the escape's length.
pub(super) fn control(text: &[u8]) -> Option<(u8, usize)> {
    let simple = match text.get(1)? {
        b'a' => 7,
        b'f' => 12,
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'c' => return Some((text.get(2)?.to_ascii_uppercase() ^ 0x40, 3)),
        b'd' => return digits(text, 10, 3),
        b'o' => return digits(text, 8, 3),
        b'x' => return digits(text, 16, 2),
        _ => return None,
    };
    Some((simple, 2))
}

fn digits(text: &[u8], base: u32, most: usize) -> Option<(u8, usize)> {
    let digits: Vec<u32> = text.iter().skip(2).take(most).map_while(|byte| char::from(*byte).to_digit(base)).collect();
    let value = digits.iter().fold(0, |value, digit| value * base + digit);
    (!digits.is_empty()).then_some(((value & 0xff) as u8, 2 + digits.len()))
}

/// The characters of one side of `y`, its escapes undone.
pub(super) fn characters(text: &[u8], utf8: bool) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        let rest = text.get(at..).unwrap_or_default();
        match (byte, text.get(at + 1)) {
            (b'\\', Some(b'\\')) => {
                found.push(b"\\".to_vec());
                at += 2;
            }
            (b'\\', Some(b'n' | b'\n')) => {
                found.push(b"\n".to_vec());
                at += 2;
            }
            (b'\\', Some(_)) if control(rest).is_some() => {
                let (byte, length) = control(rest).unwrap_or_default();
                found.push(vec![byte]);
                at += length;
            }
            _ => {
                let length = width(rest, utf8);
                found.push(rest.get(..length).unwrap_or_default().to_vec());
                at += length;
            }
        }
    }
    found
}

/// The length of the character that `text` starts with; a broken one is a byte.
pub(super) fn width(text: &[u8], utf8: bool) -> usize {
    let wanted = match text.first() {
        Some(0xc2..=0xdf) if utf8 => 2,
        Some(0xe0..=0xef) if utf8 => 3,
        Some(0xf0..=0xf4) if utf8 => 4,
        _ => 1,
    };
    match text.get(..wanted) {
        Some(part) if wanted > 1 && std::str::from_utf8(part).is_ok() => wanted,
        _ => 1,
    }
}

/// Writes what the parts make of a match.
pub(super) fn expand(parts: &[Part], line: &[u8], groups: &Groups, utf8: bool, out: &mut Vec<u8>) {
    let (mut case, mut once) = (Case::Same, None);
    for part in parts {
        let text = match part {
            Part::Case(next @ (Case::UpperOne | Case::LowerOne)) => {
                once = Some(*next);
                continue;
            }
            Part::Case(next) => {
                case = *next;
                once = None;
                continue;
            }
            Part::Text(text) => text.as_slice(),
            Part::Group(n) => {
                let span = groups.get(*n).copied().flatten();
                span.and_then(|(start, end)| line.get(start..end)).unwrap_or_default()
            }
        };
        if text.is_empty() {
            continue;
        }
        if case == Case::Same && once.is_none() {
            out.extend(text);
            continue;
        }
        let first = once.take().map_or(0, |once| {
            let length = width(text, utf8);
            recase(text.get(..length).unwrap_or_default(), once, utf8, out);
            length
        });
        recase(text.get(first..).unwrap_or_default(), case, utf8, out);
    }
}

/// Text in another case; one character stays one.
fn recase(text: &[u8], case: Case, utf8: bool, out: &mut Vec<u8>) {
    let upper = matches!(case, Case::Upper | Case::UpperOne);
    match std::str::from_utf8(text) {
        _ if case == Case::Same => out.extend(text),
        Ok(text) if utf8 => {
            for c in text.chars() {
                let one = |mut all: Box<dyn Iterator<Item = char>>| match (all.next(), all.next()) {
                    (Some(only), None) => only,
                    _ => c,
                };
                let c = if upper { one(Box::new(c.to_uppercase())) } else { one(Box::new(c.to_lowercase())) };
                out.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        _ if upper => out.extend(text.to_ascii_uppercase()),
        _ => out.extend(text.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(replacement: &str) -> String {
        let mut out = Vec::new();
        let groups = vec![Some((0, 6)), Some((0, 3)), Some((3, 6))];
        expand(&parse(replacement.as_bytes()), b"foobar", &groups, true, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn parts_and_cases() {
        assert_eq!(made(r"[&] \& \2\1 \n\t\x41"), "[foobar] & barfoo \n\tA");
        assert_eq!(made(r"\U\1\E-\u\2-\l\U\1"), "FOO-Bar-FOO");
        assert_eq!(made(r"\L\uABC"), "Abc");
    }
}

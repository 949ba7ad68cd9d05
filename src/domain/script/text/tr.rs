//! tr(1): translates, squeezes and deletes bytes.

use super::super::core::pattern::in_class;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] =
    &[("complement", 'c'), ("delete", 'd'), ("squeeze-repeats", 's'), ("truncate-set1", 't')];

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "+cCdst", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let (mut complement, mut delete, mut squeeze, mut truncate) = (false, false, false, false);
    for (letter, _) in parsed.options {
        match letter {
            'c' | 'C' => complement = true,
            'd' => delete = true,
            's' => squeeze = true,
            't' => truncate = true,
            other => return Err(options::unsupported(process, other)),
        }
    }
    let operands = parsed.operands;
    let (least, most) = match (delete, squeeze) {
        (true, false) => (1, 1),
        (false, true) => (1, 2),
        _ => (2, 2),
    };
    if operands.len() < least {
        let why = match operands.last() {
            None => "missing operand".to_owned(),
            Some(last) => {
                let both = if delete {
                    "Two strings must be given when both deleting and squeezing repeats."
                } else {
                    "Two strings must be given when translating."
                };
                format!("missing operand after {}\n{both}", input::quoted(process, last))
            }
        };
        return options::refuse(system, process, &why, 1);
    }
    if let Some(extra) = operands.get(most) {
        let only = if most == 1 && operands.len() == 2 {
            "\nOnly one string may be given when deleting without squeezing repeats."
        } else {
            ""
        };
        let why = format!("extra operand {}{only}", input::quoted(process, extra));
        return options::refuse(system, process, &why, 1);
    }
    let wanted = Wanted { complement, delete, squeeze, truncate, translate: operands.len() == 2 && !delete };
    let first = operands.first().map(Vec::as_slice).unwrap_or_default();
    let table = match Table::new(process, &wanted, first, operands.get(1).map(Vec::as_slice)) {
        Ok(table) => table,
        Err(why) => {
            process.complain(system, &why)?;
            return Ok(1);
        }
    };
    for set in &operands {
        if set.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1 {
            process.complain(system, "warning: an unescaped backslash at end of string is not portable")?;
        }
    }
    let bytes = match process.read_all(system, 0) {
        Ok(bytes) => bytes,
        Err(error) => {
            process.complain(system, &format!("read error: {error}"))?;
            return Ok(1);
        }
    };
    let out = table.apply(&bytes);
    process.out(system, &out)?;
    Ok(0)
}

struct Wanted {
    complement: bool,
    delete: bool,
    squeeze: bool,
    truncate: bool,
    translate: bool,
}

/// What becomes of each byte.
struct Table {
    deleted: [bool; 256],
    squeezed: [bool; 256],
    to: [u8; 256],
}

/// A part of a set.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Byte(u8),
    /// Bytes in a row.
    Range(u8, u8),
    Class(Vec<u8>),
    /// `[c*n]`; 0 fills the set.
    Repeat(u8, usize),
}

impl Table {
    fn new(process: &Process, wanted: &Wanted, first: &[u8], second: Option<&[u8]>) -> Result<Self, String> {
        let one = parts(process, first)?;
        if one.iter().any(|part| matches!(part, Part::Repeat(..))) {
            return Err("the [c*] repeat construct may not appear in string1".into());
        }
        let mut table = Self { deleted: [false; 256], squeezed: [false; 256], to: std::array::from_fn(|n| n as u8) };
        let has_class = one.iter().any(|part| matches!(part, Part::Class(_)));
        let mut from = expand(&one, 0);
        if wanted.complement {
            from = (0..=255).filter(|byte| !from.contains(byte)).collect();
        }
        let two = second.map(|second| parts(process, second)).transpose()?;
        let to = two.as_ref().map(|two| expand(two, from.len())).unwrap_or_default();
        if wanted.translate {
            table.translate(wanted, &one, two.as_deref().unwrap_or_default(), &from, to.clone(), has_class)?;
        } else if wanted.delete {
            mark(&mut table.deleted, &from);
        }
        if wanted.squeeze {
            let squeezed = if second.is_some() { &to } else { &from };
            mark(&mut table.squeezed, squeezed);
        }
        Ok(table)
    }

    fn translate(
        &mut self,
        wanted: &Wanted,
        one: &[Part],
        two: &[Part],
        from: &[u8],
        mut to: Vec<u8>,
        has_class: bool,
    ) -> Result<(), String> {
        let is_case = |name: &Vec<u8>| name == b"lower" || name == b"upper";
        if two.iter().any(|part| matches!(part, Part::Class(name) if !is_case(name))) {
            let why =
                "when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'";
            return Err(why.into());
        }
        if to.is_empty() && !wanted.truncate {
            return Err("when not truncating set1, string2 must be non-empty".into());
        }
        if wanted.complement && has_class && to.windows(2).any(|pair| pair.first() != pair.last()) {
            return Err("when translating with complemented character classes,\nstring2 must map all characters in the domain to one".into());
        }
        // A class of a case stands for its letters only opposite to one; else they must be at the same place.
        let place = |parts: &[Part], at: usize| expand(parts.get(..at).unwrap_or_default(), 0).len();
        for (n, part) in two.iter().enumerate() {
            let opposite = |(m, other): (usize, &Part)| {
                matches!(other, Part::Class(name) if is_case(name)) && place(one, m) == place(two, n)
            };
            if matches!(part, Part::Class(_)) && !one.iter().enumerate().any(opposite) {
                return Err("misaligned [:upper:] and/or [:lower:] construct".into());
            }
        }
        if wanted.truncate {
            to.truncate(from.len());
        } else if let Some(last) = to.last().copied() {
            if matches!(two.last(), Some(Part::Class(_))) && to.len() < from.len() {
                return Err("when translating with string1 longer than string2,\nthe latter string must not end with a character class".into());
            }
            to.resize(from.len().max(to.len()), last);
        }
        for (byte, new) in from.iter().zip(to) {
            if let Some(place) = self.to.get_mut(usize::from(*byte)) {
                *place = new;
            }
        }
        Ok(())
    }

    fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let is = |table: &[bool; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or(false);
        let mut out = Vec::with_capacity(bytes.len());
        for byte in bytes.iter().copied().filter(|byte| !is(&self.deleted, *byte)) {
            let new = self.to.get(usize::from(byte)).copied().unwrap_or(byte);
            if is(&self.squeezed, new) && out.last() == Some(&new) {
                continue;
            }
            out.push(new);
        }
        out
    }
}

fn mark(table: &mut [bool; 256], bytes: &[u8]) {
    for byte in bytes {
        if let Some(place) = table.get_mut(usize::from(*byte)) {
            *place = true;
        }
    }
}

/// The bytes of parts in order; a repeat that fills makes them as many as `length`.
fn expand(parts: &[Part], length: usize) -> Vec<u8> {
    let fixed: usize =
        parts.iter().map(|part| if let Part::Repeat(_, n) = part { *n } else { members(part).len() }).sum();
    let mut out = Vec::new();
    for part in parts {
        match part {
            Part::Repeat(byte, 0) => out.extend(vec![*byte; length.saturating_sub(fixed)]),
            Part::Repeat(byte, n) => out.extend(vec![*byte; (*n).min(256)]),
            part => out.extend(members(part)),
        }
    }
    out
}

fn members(part: &Part) -> Vec<u8> {
    match part {
        Part::Byte(byte) => vec![*byte],
        Part::Range(low, high) => (*low..=*high).collect(),
        Part::Repeat(..) => Vec::new(),
        Part::Class(name) => (0..=255).filter(|byte| in_class(name, *byte)).collect(),
    }
}

const CLASSES: [&[u8]; 12] = [
    b"alnum", b"alpha", b"blank", b"cntrl", b"digit", b"graph", b"lower", b"print", b"punct", b"space", b"upper",
    b"xdigit",
];

/// The parts of a set's text.
fn parts(process: &Process, text: &[u8]) -> Result<Vec<Part>, String> {
    let bytes = unescaped(text);
    let plain = |at: usize, byte: u8| bytes.get(at) == Some(&(byte, false));
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((byte, _)) = bytes.get(at).copied() {
        if plain(at, b'[')
            && let Some((part, next)) = bracket(process, &bytes, at)?
        {
            found.push(part);
            at = next;
            continue;
        }
        match bytes.get(at + 2) {
            Some((high, _)) if plain(at + 1, b'-') => {
                if byte > *high {
                    let (low, high) = (char::from(byte), char::from(*high));
                    return Err(format!("range-endpoints of '{low}-{high}' are in reverse collating sequence order"));
                }
                found.push(Part::Range(byte, *high));
                at += 3;
            }
            _ => {
                found.push(Part::Byte(byte));
                at += 1;
            }
        }
    }
    Ok(found)
}

/// `[:class:]`, `[=c=]` or `[c*n]` at a `[`, and where it ends.
fn bracket(process: &Process, bytes: &[(u8, bool)], at: usize) -> Result<Option<(Part, usize)>, String> {
    let text: Vec<u8> = bytes.iter().skip(at + 1).map(|(byte, _)| *byte).collect();
    match text.as_slice() {
        [kind @ (b':' | b'='), rest @ ..] => {
            let Some(end) = rest.windows(2).position(|pair| pair == [*kind, b']']) else { return Ok(None) };
            let name = rest.get(..end).unwrap_or_default();
            let part = match (kind, name) {
                (b'=', [byte]) => Part::Byte(*byte),
                (b'=', _) if name.is_empty() => return Ok(None),
                (b'=', _) => {
                    let shown = input::shown(name);
                    return Err(format!("{shown}: equivalence class operand must be a single character"));
                }
                (_, name) if CLASSES.contains(&name) => Part::Class(name.to_vec()),
                (_, []) => return Err("missing character class name '[::]'".into()),
                (_, name) => return Err(format!("invalid character class {}", input::quoted(process, name))),
            };
            Ok(Some((part, at + 1 + 1 + end + 2)))
        }
        [byte, b'*', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if rest.get(digits) != Some(&b']') {
                return Ok(None);
            }
            let number = rest.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
            let base = if number.starts_with('0') { 8 } else { 10 };
            let count = if number.is_empty() { 0 } else { usize::from_str_radix(number, base).unwrap_or(0) };
            Ok(Some((Part::Repeat(*byte, count), at + 1 + 2 + digits + 1)))
        }
        _ => Ok(None),
    }
}

/// The bytes of a set's text, each with whether it was escaped.
fn unescaped(text: &[u8]) -> Vec<(u8, bool)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        let Some(next) = text.get(at + 1).copied().filter(|_| byte == b'\\') else {
            found.push((byte, false));
            at += 1;
            continue;
        };
        at += 2;
        let made = match next {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'v' => 11,
            b'0'..=b'7' => {
                let mut value = u32::from(next - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = text.get(at).copied() else { break };
                    if value * 8 + u32::from(digit - b'0') > 255 {
                        break;
                    }
                    value = value * 8 + u32::from(digit - b'0');
                    at += 1;
                }
                (value & 0xff) as u8
            }
            other => other,
        };
        found.push((made, true));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_ranges_and_repeats() {
        let process = Process::new(Vec::new(), std::collections::BTreeMap::new());
        let set =
            |text: &str, length| String::from_utf8(expand(&parts(&process, text.as_bytes()).unwrap(), length)).unwrap();
        assert_eq!(set(r"a-c\-\101[:digit:]", 0), "abc-A0123456789");
        assert_eq!(set("x[y*]z", 5), "xyyyz");
        assert_eq!(set("[y*2][=q=][a", 0), "yyq[a");
    }
}

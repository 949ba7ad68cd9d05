//! Patterns of `case`, `${x#…}` and pathnames: POSIX 2.14, on bytes.
//!
//! A pattern is an automaton that is run over the text once, so that no pattern takes more than their lengths' product.

use super::Mode;
use super::text::{Item, QUOTED};
use crate::domain::script::limits::Budget;
use crate::domain::script::stop::Stop;

/// How many states make a step of the [`Budget`].
const STEP: usize = 1024;

/// A pattern, parsed.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Atom>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Atom {
    Byte(u8),
    /// `?`.
    One,
    /// `*`.
    Any,
    /// `[…]`: which of the 256 bytes are in it.
    Set(Box<[bool; 256]>),
}

impl Pattern {
    /// From expanded text: what was quoted stands for itself.
    pub(super) fn new(text: &[Item], mode: Mode) -> Self {
        let mut atoms = Vec::new();
        let mut rest = text;
        // Sets that nothing closes are not looked for again and again.
        let closed = text.iter().rposition(|item| *item & (QUOTED | 0xff) == u16::from(b']')).unwrap_or(0);
        while let Some((item, tail)) = rest.split_first() {
            let at = text.len() - rest.len();
            rest = tail;
            let byte = item.to_le_bytes()[0];
            if item & QUOTED != 0 {
                atoms.push(Atom::Byte(byte));
                continue;
            }
            match byte {
                b'*' if atoms.last() == Some(&Atom::Any) => {}
                b'*' => atoms.push(Atom::Any),
                b'?' => atoms.push(Atom::One),
                b'[' => match (at < closed).then(|| set(rest, mode)).flatten() {
                    Some((set, after)) => {
                        atoms.push(Atom::Set(set));
                        rest = after;
                    }
                    None => atoms.push(Atom::Byte(b'[')),
                },
                b'\\' => match rest.split_first() {
                    Some((next, after)) => {
                        atoms.push(Atom::Byte(next.to_le_bytes()[0]));
                        rest = after;
                    }
                    None => atoms.push(Atom::Byte(b'\\')),
                },
                _ => atoms.push(Atom::Byte(byte)),
            }
        }
        Self(atoms)
    }

    /// The text it stands for when nothing in it is special.
    pub(super) fn literal(&self) -> Option<Vec<u8>> {
        self.0
            .iter()
            .map(|atom| match atom {
                Atom::Byte(byte) => Some(*byte),
                _ => None,
            })
            .collect()
    }

    /// Whether it begins with a dot that is written.
    pub(super) fn shows_hidden(&self) -> bool {
        self.0.first() == Some(&Atom::Byte(b'.'))
    }

    /// Whether all of `text` matches.
    pub(super) fn matches(&self, budget: &mut Budget, text: &[u8]) -> Result<bool, Stop> {
        let mut states = self.start();
        let mut work = 0;
        for byte in text {
            if !states.contains(&true) {
                return Ok(false);
            }
            states = self.step(&states, *byte);
            self.pay(budget, &mut work)?;
        }
        Ok(states.last() == Some(&true))
    }

    /// The length of the shortest or longest start of `text` that matches.
    pub(super) fn prefix(&self, budget: &mut Budget, text: &[u8], longest: bool) -> Result<Option<usize>, Stop> {
        self.first(budget, text.iter(), longest)
    }

    /// The length of the shortest or longest end of `text` that matches.
    pub(super) fn suffix(&self, budget: &mut Budget, text: &[u8], longest: bool) -> Result<Option<usize>, Stop> {
        let reversed = Self(self.0.iter().rev().cloned().collect());
        reversed.first(budget, text.iter().rev(), longest)
    }

    fn first<'t>(
        &self,
        budget: &mut Budget,
        text: impl Iterator<Item = &'t u8>,
        longest: bool,
    ) -> Result<Option<usize>, Stop> {
        let mut states = self.start();
        let mut work = 0;
        let mut found = states.last().copied().unwrap_or(false).then_some(0);
        for (length, byte) in text.enumerate() {
            if found.is_some() && !longest || !states.contains(&true) {
                break;
            }
            states = self.step(&states, *byte);
            self.pay(budget, &mut work)?;
            if states.last() == Some(&true) {
                found = Some(length + 1);
            }
        }
        Ok(found)
    }

    /// Takes a step where [`STEP`] states were looked at since the last one.
    fn pay(&self, budget: &mut Budget, work: &mut usize) -> Result<(), Stop> {
        *work += self.0.len() + 1;
        if *work >= STEP {
            budget.step((*work / STEP) as u64)?;
            *work %= STEP;
        }
        Ok(())
    }

    fn start(&self) -> Vec<bool> {
        let mut states = vec![false; self.0.len() + 1];
        if let Some(first) = states.first_mut() {
            *first = true;
        }
        self.pass(&mut states);
        states
    }

    /// Goes over each `*` that may stand for nothing.
    fn pass(&self, states: &mut [bool]) {
        for (at, atom) in self.0.iter().enumerate() {
            if *atom == Atom::Any
                && states.get(at) == Some(&true)
                && let Some(next) = states.get_mut(at + 1)
            {
                *next = true;
            }
        }
    }

    fn step(&self, states: &[bool], byte: u8) -> Vec<bool> {
        let mut next = vec![false; states.len()];
        for ((at, atom), _) in self.0.iter().enumerate().zip(states).filter(|(_, state)| **state) {
            let to = match atom {
                Atom::Any => at,
                Atom::One => at + 1,
                Atom::Byte(other) if *other == byte => at + 1,
                Atom::Set(set) if set.get(usize::from(byte)) == Some(&true) => at + 1,
                _ => continue,
            };
            if let Some(state) = next.get_mut(to) {
                *state = true;
            }
        }
        self.pass(&mut next);
        next
    }
}

/// Whether an unquoted character of it is special in pathnames.
pub(super) fn is_pattern(text: &[Item]) -> bool {
    text.iter().any(|item| item & QUOTED == 0 && matches!(item.to_le_bytes()[0], b'*' | b'?' | b'['))
}

/// Parses what follows a `[`; `None` when it is no set.
fn set(text: &[Item], mode: Mode) -> Option<(Box<[bool; 256]>, &[Item])> {
    let mut set = Box::new([false; 256]);
    let mut rest = text;
    let plain = |item: Option<&Item>, byte: u8| item.is_some_and(|item| *item & (QUOTED | 0xff) == u16::from(byte));
    let negated = plain(rest.first(), b'!') || mode == Mode::Bash && plain(rest.first(), b'^');
    if negated {
        rest = rest.get(1..)?;
    }
    let mut first = true;
    loop {
        if plain(rest.first(), b']') && !first {
            rest = rest.get(1..)?;
            break;
        }
        first = false;
        if plain(rest.first(), b'[')
            && plain(rest.get(1), b':')
            && let Some(end) =
                rest.windows(2).skip(2).position(|pair| plain(pair.first(), b':') && plain(pair.get(1), b']'))
        {
            let name: Vec<u8> = rest.get(2..end + 2)?.iter().map(|item| item.to_le_bytes()[0]).collect();
            let class = class(&name)?;
            for (byte, member) in (0u8..=255).zip(set.iter_mut()) {
                *member |= class(byte);
            }
            rest = rest.get(end + 4..)?;
            continue;
        }
        let low = element(&mut rest)?;
        let mut high = low;
        if plain(rest.first(), b'-') && rest.len() > 1 && !plain(rest.get(1), b']') {
            rest = rest.get(1..)?;
            high = element(&mut rest)?;
        }
        if let Some(members) = set.get_mut(usize::from(low)..usize::from(high) + 1) {
            members.fill(true);
        }
    }
    if negated {
        for member in set.iter_mut() {
            *member = !*member;
        }
    }
    Some((set, rest))
}

fn element(rest: &mut &[Item]) -> Option<u8> {
    let (item, tail) = rest.split_first()?;
    *rest = tail;
    if *item & QUOTED == 0 && item.to_le_bytes()[0] == b'\\' {
        let (item, tail) = rest.split_first()?;
        *rest = tail;
        return Some(item.to_le_bytes()[0]);
    }
    Some(item.to_le_bytes()[0])
}

fn class(name: &[u8]) -> Option<fn(u8) -> bool> {
    Some(match name {
        b"alpha" => |byte| byte.is_ascii_alphabetic(),
        b"digit" => |byte| byte.is_ascii_digit(),
        b"alnum" => |byte| byte.is_ascii_alphanumeric(),
        b"upper" => |byte| byte.is_ascii_uppercase(),
        b"lower" => |byte| byte.is_ascii_lowercase(),
        b"space" => |byte| matches!(byte, b' ' | 9..=13),
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"punct" => |byte| byte.is_ascii_punctuation(),
        b"print" => |byte| matches!(byte, 32..=126),
        b"graph" => |byte| byte.is_ascii_graphic(),
        b"cntrl" => |byte| byte.is_ascii_control(),
        b"xdigit" => |byte| byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::limits::Limits;

    #[test]
    fn patterns_match_as_fnmatch_does() {
        let mut budget = Budget::new(Limits::default());
        let pattern = |text: &str| Pattern::new(&text.bytes().map(u16::from).collect::<Vec<_>>(), Mode::Dash);
        for (text, whole, expected) in [
            ("*", "", true),
            ("a*b*c", "aXbbYc", true),
            ("a*b*c", "aXbbY", false),
            ("[a-c]?", "bz", true),
            ("[!a-c]?", "bz", false),
            ("[]x]", "]", true),
            ("[[:digit:]-]*", "-1", true),
            ("[a", "[a", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
        ] {
            assert_eq!(pattern(text).matches(&mut budget, whole.as_bytes()), Ok(expected), "{text} {whole}");
        }
        assert_eq!(pattern("*/").prefix(&mut budget, b"a/b/c", false), Ok(Some(2)));
        assert_eq!(pattern("*/").prefix(&mut budget, b"a/b/c", true), Ok(Some(4)));
        assert_eq!(pattern("/*").suffix(&mut budget, b"a/b/c", false), Ok(Some(2)));
        assert_eq!(pattern("/*").suffix(&mut budget, b"a/b/c", true), Ok(Some(4)));
        assert_eq!(pattern("x").suffix(&mut budget, b"a", true), Ok(None));
    }
}

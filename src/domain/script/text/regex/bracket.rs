//! Bracket expressions: `[a-z[:digit:]]`.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicodeRange};

use super::RegexError;
use super::parse::{Escapes, Node, Parser, control, first};

impl Parser<'_> {
    /// The rest of a bracket expression.
    pub(super) fn bracket(&mut self) -> Result<Node, RegexError> {
        let mut class = self.empty();
        let mut broken = ClassBytes::empty();
        let negated = self.peek(0) == Some(b'^');
        self.at += usize::from(negated);
        let start = self.at;
        loop {
            match self.peek(0) {
                None => return Err(RegexError::Bracket),
                Some(b']') if self.at > start => break,
                Some(b'[') if self.peek(1) == Some(b':') => {
                    let fold = self.syntax.fold;
                    let name = self.delimited(b':')?;
                    for (low, high) in ranges(name, fold).ok_or(RegexError::Class)? {
                        add(&mut class, u32::from(*low), u32::from(*high));
                    }
                }
                Some(_) => {
                    let low = self.member()?;
                    let mut high = low;
                    if self.peek(0) == Some(b'-') && !matches!(self.peek(1), Some(b']') | None) {
                        self.at += 1;
                        high = self.member()?;
                        if low.0 > high.0 {
                            return Err(RegexError::Range);
                        }
                    }
                    if self.syntax.utf8 && low.1 {
                        broken.push(ClassBytesRange::new((low.0 & 0xff) as u8, (high.0 & 0xff) as u8));
                    } else {
                        add(&mut class, low.0, high.0);
                    }
                }
            }
        }
        self.at += 1;
        let mut class = self.folded(class);
        if negated {
            class.negate();
            // GNU sed and grep let `[^a]` match a newline of the text.
        } else if !broken.ranges().is_empty() {
            return Ok(Node::Alternate(vec![Node::Set(class), Node::Set(Class::Bytes(broken))]));
        }
        Ok(Node::Set(class))
    }

    /// One end of a range, or a member: its code, and whether it is a byte that is no character.
    fn member(&mut self) -> Result<(u32, bool), RegexError> {
        match (self.peek(0), self.peek(1)) {
            (Some(b'['), Some(kind @ (b'.' | b'='))) => {
                let name = self.delimited(kind)?.to_vec();
                match first(&name, self.syntax.utf8) {
                    Some((c, length)) if length == name.len() => Ok((c.into(), false)),
                    _ => match name.as_slice() {
                        [byte] => Ok((u32::from(*byte), true)),
                        _ => Err(RegexError::Collation),
                    },
                }
            }
            (Some(b'\\'), Some(next)) if self.syntax.escapes != Escapes::Grep => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                if let Some((byte, length)) = control(rest, self.syntax.escapes) {
                    self.at += length;
                    return Ok((u32::from(byte), byte >= 0x80));
                }
                self.at += 1;
                if self.syntax.escapes == Escapes::Sed {
                    return Ok((u32::from(b'\\'), false));
                }
                self.at += 1;
                Ok((u32::from(next), next >= 0x80))
            }
            (Some(byte), _) => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let (code, length, broken) = match first(rest, self.syntax.utf8) {
                    Some((c, length)) => (c.into(), length, false),
                    None => (u32::from(byte), 1, true),
                };
                self.at += length;
                Ok((code, broken))
            }
            (None, _) => Err(RegexError::Bracket),
        }
    }

    /// What stands in `[:name:]`, `[.name.]` or `[=name=]`.
    fn delimited(&mut self, kind: u8) -> Result<&[u8], RegexError> {
        let rest = self.text.get(self.at + 2..).unwrap_or_default();
        let end = rest.windows(2).position(|pair| pair == [kind, b']']).ok_or(RegexError::Bracket)?;
        self.at += end + 4;
        Ok(rest.get(..end).unwrap_or_default())
    }
}

/// Adds a range of characters to a set.
pub(super) fn add(class: &mut Class, low: u32, high: u32) {
    match class {
        Class::Bytes(class) => {
            let byte = |code: u32| u8::try_from(code).unwrap_or(u8::MAX);
            class.push(ClassBytesRange::new(byte(low), byte(high)));
        }
        Class::Unicode(class) => {
            let edge = |code: u32, other: char| char::from_u32(code).unwrap_or(other);
            class.push(ClassUnicodeRange::new(edge(low, '\u{e000}'), edge(high, '\u{d7ff}')));
        }
    }
}

/// Characters of words.
pub(super) const WORD: &[(u8, u8)] = &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')];
/// White space.
pub(super) const SPACE: &[(u8, u8)] = &[(9, 13), (b' ', b' ')];

/// The members of a class by its name, in ASCII.
fn ranges(name: &[u8], fold: bool) -> Option<&'static [(u8, u8)]> {
    Some(match name {
        b"alpha" => &[(b'A', b'Z'), (b'a', b'z')],
        b"lower" | b"upper" if fold => &[(b'A', b'Z'), (b'a', b'z')],
        b"lower" => &[(b'a', b'z')],
        b"upper" => &[(b'A', b'Z')],
        b"digit" => &[(b'0', b'9')],
        b"xdigit" => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
        b"alnum" => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
        b"space" => SPACE,
        b"blank" => &[(b'\t', b'\t'), (b' ', b' ')],
        b"cntrl" => &[(0, 31), (127, 127)],
        b"punct" => &[(33, 47), (58, 64), (91, 96), (123, 126)],
        b"print" => &[(32, 126)],
        b"graph" => &[(33, 126)],
        _ => return None,
    })
}

//! A pattern's text, parsed as glibc's regcomp(3) would with the syntax bits of each program.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Look};

use super::bracket::{SPACE, WORD, add};
use super::{Edges, RegexError};

/// Which of the dialects a pattern is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::script) struct Syntax {
    /// Extended: `+ ? | ( ) {` are operators without a backslash.
    pub(in crate::domain::script) extended: bool,
    /// Case is ignored.
    pub(in crate::domain::script) fold: bool,
    /// `^` and `$` match at each line of the text.
    pub(in crate::domain::script) lines: bool,
    /// The text is UTF-8.
    pub(in crate::domain::script) utf8: bool,
    /// What a backslash makes of a letter.
    pub(in crate::domain::script) escapes: Escapes,
    /// An operator without an operand is an error.
    pub(in crate::domain::script) strict: bool,
}

/// What a backslash makes of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::script) enum Escapes {
    /// GNU's operators (`\w`, `\<`) and back-references.
    Grep,
    /// As `Grep`, and control characters (`\n`, `\t`, `\x41`), in brackets too.
    Sed,
    /// Control characters, in brackets too; no operators, no back-references.
    Awk,
    /// As `Awk`, with GNU's operators (`\y` for `\b`).
    Gawk,
}

impl Default for Syntax {
    /// Basic, over bytes, as `grep` has it.
    fn default() -> Self {
        Self { extended: false, fold: false, lines: false, utf8: false, escapes: Escapes::Grep, strict: false }
    }
}

/// A parsed pattern.
pub(super) struct Pattern {
    pub(super) node: Node,
    pub(super) groups: usize,
    /// Whether it has back-references.
    pub(super) references: bool,
}

/// A part of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    /// One character of a set.
    Set(Class),
    Look(Look),
    Group(usize, Box<Node>),
    Reference(usize),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat(Box<Node>, u32, Option<u32>),
}

/// The most that an interval may say (`RE_DUP_MAX`).
const MOST: u32 = 0x7fff;
/// How deep groups may stand in each other.
const DEPTH: usize = 100;

impl Node {
    /// The same, where it stands as `edges` want.
    pub(super) fn within(self, edges: Edges) -> Self {
        match edges {
            Edges::Free => self,
            Edges::Line => Self::Concat(vec![Self::Look(Look::Start), self, Self::Look(Look::End)]),
            Edges::Word => {
                Self::Concat(vec![Self::Look(Look::WordStartHalfAscii), self, Self::Look(Look::WordEndHalfAscii)])
            }
        }
    }
}

/// Plain text as a pattern.
pub(super) fn literal(text: &[u8], syntax: Syntax) -> Pattern {
    let mut parser =
        Parser { text, at: 0, syntax, groups: 0, offset: 0, open: 0, closed: Vec::new(), references: false };
    let mut nodes = Vec::new();
    while parser.at < text.len() {
        nodes.push(parser.character());
    }
    Pattern { node: Node::Concat(nodes), groups: 0, references: false }
}

/// Parses a pattern whose first group has the number `offset + 1`.
pub(super) fn parse(text: &[u8], syntax: Syntax, offset: usize) -> Result<Pattern, RegexError> {
    let mut parser = Parser { text, at: 0, syntax, groups: 0, offset, open: 0, closed: Vec::new(), references: false };
    let node = parser.alternation()?;
    if parser.at < text.len() {
        return Err(RegexError::Close);
    }
    Ok(Pattern { node, groups: parser.groups, references: parser.references })
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) syntax: Syntax,
    groups: usize,
    offset: usize,
    open: usize,
    /// Groups that have ended.
    closed: Vec<usize>,
    references: bool,
}

impl Parser<'_> {
    pub(super) fn peek(&self, n: usize) -> Option<u8> {
        self.text.get(self.at + n).copied()
    }

    /// Whether the operator `c` stands `n` bytes on: with a backslash in basic patterns, without in extended ones.
    fn operator(&self, n: usize, c: u8) -> bool {
        if self.syntax.extended {
            self.peek(n) == Some(c)
        } else {
            self.peek(n) == Some(b'\\') && self.peek(n + 1) == Some(c)
        }
    }

    const fn skip_operator(&mut self) {
        self.at += if self.syntax.extended { 1 } else { 2 };
    }

    fn alternation(&mut self) -> Result<Node, RegexError> {
        let mut branches = vec![self.branch()?];
        while self.operator(0, b'|') {
            self.skip_operator();
            branches.push(self.branch()?);
        }
        match branches.pop() {
            Some(only) if branches.is_empty() => Ok(only),
            last => Ok(Node::Alternate(branches.into_iter().chain(last).collect())),
        }
    }

    fn branch(&mut self) -> Result<Node, RegexError> {
        let mut nodes: Vec<Node> = Vec::new();
        let start = self.at;
        // Whether `*` would have an operand.
        let mut operand = false;
        while self.at < self.text.len() && !self.operator(0, b'|') {
            if self.operator(0, b')') {
                if self.open > 0 {
                    break;
                }
                if !self.syntax.extended || self.syntax.escapes != Escapes::Grep {
                    return Err(RegexError::Close);
                }
            }
            if let Some((min, max)) = self.repetition(operand, self.at == start)? {
                if let Some(last) = nodes.pop() {
                    nodes.push(Node::Repeat(Box::new(last), min, max));
                }
                continue;
            }
            let node = self.atom(start)?;
            operand = self.syntax.extended || !matches!(node, Node::Look(Look::Start | Look::StartLF));
            nodes.push(node);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            _ => Node::Concat(nodes),
        })
    }

    /// A `*`, `+`, `?` or interval here, where it is an operator.
    fn repetition(&mut self, operand: bool, first: bool) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        let found = if self.peek(0) == Some(b'*') {
            Some((1, 0, None))
        } else if self.operator(0, b'+') {
            Some((if self.syntax.extended { 1 } else { 2 }, 1, None))
        } else if self.operator(0, b'?') {
            Some((if self.syntax.extended { 1 } else { 2 }, 0, Some(1)))
        } else {
            None
        };
        if let Some((length, min, max)) = found {
            if operand {
                self.at += length;
                return Ok(Some((min, max)));
            }
            if !self.syntax.extended {
                return Ok(None);
            }
            if self.syntax.strict {
                return Err(RegexError::Operand);
            }
            self.at += length;
            return Ok(Some((1, Some(1))));
        }
        if !self.operator(0, b'{') {
            return Ok(None);
        }
        let before = self.at;
        self.skip_operator();
        match self.interval() {
            Ok(bounds) if operand => Ok(Some(bounds)),
            Ok(_) if self.syntax.strict || !self.syntax.extended && first => Err(RegexError::Operand),
            Err(error) if self.syntax.strict || !self.syntax.extended || error == RegexError::TooBig => Err(error),
            _ => {
                self.at = before;
                Ok(None)
            }
        }
    }

    /// The rest of `{m,n}`.
    fn interval(&mut self) -> Result<(u32, Option<u32>), RegexError> {
        let min = self.number()?;
        let bounds = if self.peek(0) == Some(b',') {
            self.at += 1;
            (min.unwrap_or(0), self.number()?)
        } else {
            let min = min.ok_or(if self.at < self.text.len() { RegexError::Interval } else { RegexError::Brace })?;
            (min, Some(min))
        };
        if !self.operator(0, b'}') {
            return Err(if self.at < self.text.len() { RegexError::Interval } else { RegexError::Brace });
        }
        self.skip_operator();
        match bounds {
            (min, Some(max)) if min > max => Err(RegexError::Interval),
            (min, max) if min > MOST || max.is_some_and(|max| max > MOST) => Err(RegexError::TooBig),
            bounds => Ok(bounds),
        }
    }

    fn number(&mut self) -> Result<Option<u32>, RegexError> {
        let mut value = None;
        while let Some(digit @ b'0'..=b'9') = self.peek(0) {
            let next: u32 = value.unwrap_or(0) * 10 + u32::from(digit - b'0');
            if next > 1_000_000 {
                return Err(RegexError::TooBig);
            }
            value = Some(next);
            self.at += 1;
        }
        Ok(value)
    }

    fn atom(&mut self, start: usize) -> Result<Node, RegexError> {
        let Some(c) = self.peek(0) else { return Ok(Node::Empty) };
        if self.operator(0, b'(') {
            return self.group();
        }
        match c {
            b'.' => {
                self.at += 1;
                let mut class = self.empty();
                class.negate();
                Ok(Node::Set(class))
            }
            b'[' => {
                self.at += 1;
                self.bracket()
            }
            b'^' if self.syntax.extended || self.at == start => {
                self.at += 1;
                Ok(Node::Look(if self.syntax.lines { Look::StartLF } else { Look::Start }))
            }
            b'$' if self.syntax.extended || self.ends(1) => {
                self.at += 1;
                Ok(Node::Look(if self.syntax.lines { Look::EndLF } else { Look::End }))
            }
            b'\\' => self.escape(),
            _ => Ok(self.character()),
        }
    }

    /// Whether a branch ends `n` bytes on.
    fn ends(&self, n: usize) -> bool {
        self.at + n >= self.text.len() || self.operator(n, b'|') || self.operator(n, b')')
    }

    fn group(&mut self) -> Result<Node, RegexError> {
        self.skip_operator();
        self.groups += 1;
        self.open += 1;
        if self.open > DEPTH {
            return Err(RegexError::TooBig);
        }
        let number = self.groups;
        let inner = self.alternation()?;
        if !self.operator(0, b')') {
            return Err(RegexError::Open);
        }
        self.skip_operator();
        self.open -= 1;
        self.closed.push(number);
        Ok(Node::Group(self.offset + number, Box::new(inner)))
    }

    /// A character as itself.
    fn character(&mut self) -> Node {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (class, length) = match first(rest, self.syntax.utf8) {
            Some((c, length)) => (Class::Unicode(ClassUnicode::new([ClassUnicodeRange::new(c, c)])), length),
            None => {
                let byte = rest.first().copied().unwrap_or_default();
                (Class::Bytes(ClassBytes::new([ClassBytesRange::new(byte, byte)])), 1)
            }
        };
        self.at += length.max(1);
        Node::Set(self.folded(class))
    }

    fn byte(&self, byte: u8) -> Node {
        Node::Set(self.folded(Class::Bytes(ClassBytes::new([ClassBytesRange::new(byte, byte)]))))
    }

    pub(super) fn folded(&self, mut class: Class) -> Class {
        if self.syntax.fold {
            // Without tables for other scripts only ASCII is folded.
            let _ = class.try_case_fold_simple();
        }
        class
    }

    /// The empty set of the text's alphabet.
    pub(super) fn empty(&self) -> Class {
        if self.syntax.utf8 { Class::Unicode(ClassUnicode::empty()) } else { Class::Bytes(ClassBytes::empty()) }
    }

    fn escape(&mut self) -> Result<Node, RegexError> {
        let Some(c) = self.peek(1) else { return Err(RegexError::Backslash) };
        let gnu = self.syntax.escapes != Escapes::Awk;
        let look = match c {
            b'b' if matches!(self.syntax.escapes, Escapes::Grep | Escapes::Sed) => Some(Look::WordAscii),
            b'y' if self.syntax.escapes == Escapes::Gawk => Some(Look::WordAscii),
            b'B' if gnu => Some(Look::WordAsciiNegate),
            b'<' if gnu => Some(Look::WordStartAscii),
            b'>' if gnu => Some(Look::WordEndAscii),
            b'`' if gnu => Some(Look::Start),
            b'\'' if gnu => Some(Look::End),
            _ => None,
        };
        if let Some(look) = look {
            self.at += 2;
            return Ok(Node::Look(look));
        }
        if gnu && matches!(c, b'w' | b'W' | b's' | b'S') {
            self.at += 2;
            let mut class = self.empty();
            for (low, high) in if matches!(c, b'w' | b'W') { WORD } else { SPACE } {
                add(&mut class, u32::from(*low), u32::from(*high));
            }
            if c.is_ascii_uppercase() {
                class.negate();
            }
            return Ok(Node::Set(class));
        }
        if matches!(self.syntax.escapes, Escapes::Grep | Escapes::Sed) && (b'1'..=b'9').contains(&c) {
            let number = usize::from(c - b'0');
            if !self.closed.contains(&number) {
                return Err(RegexError::Reference);
            }
            self.at += 2;
            self.references = true;
            return Ok(Node::Reference(self.offset + number));
        }
        if let Some((byte, length)) = control(self.text.get(self.at..).unwrap_or_default(), self.syntax.escapes) {
            self.at += length;
            return Ok(self.byte(byte));
        }
        self.at += 1;
        Ok(self.character())
    }
}

/// The character that `text` starts with; none in a text of bytes, but ASCII, and none where it is broken.
pub(super) fn first(text: &[u8], utf8: bool) -> Option<(char, usize)> {
    let byte = *text.first()?;
    if byte < 0x80 {
        return Some((char::from(byte), 1));
    }
    let length = match byte {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let part = utf8.then(|| text.get(..length)).flatten()?;
    Some((std::str::from_utf8(part).ok()?.chars().next()?, length))
}

/// The control character that an escape at the start of `text` stands for, and the escape's length.
pub(super) fn control(text: &[u8], escapes: Escapes) -> Option<(u8, usize)> {
    if escapes == Escapes::Grep {
        return None;
    }
    let simple = match text.get(1)? {
        b'n' => b'\n',
        b't' => b'\t',
        b'f' => 0x0c,
        b'v' => 0x0b,
        b'a' => 0x07,
        b'r' => b'\r',
        b'b' if escapes == Escapes::Awk => 8,
        b'/' | b'"' if matches!(escapes, Escapes::Awk | Escapes::Gawk) => *text.get(1)?,
        b'c' if escapes == Escapes::Sed => return Some((text.get(2)?.to_ascii_uppercase() ^ 0x40, 3)),
        b'd' if escapes == Escapes::Sed => return digits(text, 2, 10, 3),
        b'o' if escapes == Escapes::Sed => return digits(text, 2, 8, 3),
        b'x' if escapes != Escapes::Awk => return digits(text, 2, 16, 2),
        b'0'..=b'7' if escapes != Escapes::Sed => return digits(text, 1, 8, 3),
        _ => return None,
    };
    Some((simple, 2))
}

/// The byte that up to `most` digits of `text` from `at` on stand for, and where they end.
fn digits(text: &[u8], at: usize, base: u32, most: usize) -> Option<(u8, usize)> {
    let mut value = None;
    let mut end = at;
    while end < at + most {
        let Some(digit) = text.get(end).and_then(|byte| char::from(*byte).to_digit(base)) else { break };
        value = Some(value.unwrap_or(0) * base + digit);
        end += 1;
    }
    value.map(|value: u32| ((value & 0xff) as u8, end))
}

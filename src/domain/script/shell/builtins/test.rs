//! `test` and `[`: dash's way through arguments that may be operators or not, test(1).

use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::rootfs::{Kind, Node};
use crate::domain::script::system::System;

/// An operator by what it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Unary,
    Binary,
    And,
    Or,
    Not,
    Open,
    Close,
}

fn class(word: &[u8], mode: Mode) -> Option<Class> {
    Some(match word {
        b"=" | b"!=" | b"<" | b">" | b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge" | b"-nt" | b"-ot" | b"-ef" => {
            Class::Binary
        }
        b"==" if mode == Mode::Bash => Class::Binary,
        b"-v" if mode == Mode::Bash => Class::Unary,
        [b'-', letter] if b"rwxefdcbpugkstznhLOGS".contains(letter) => Class::Unary,
        b"-a" => Class::And,
        b"-o" => Class::Or,
        b"!" => Class::Not,
        b"(" => Class::Open,
        b")" => Class::Close,
        _ => return None,
    })
}

pub(super) fn bracket(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    match call.arguments.split_last() {
        Some((last, words)) if last == b"]" => decide(shell, system, words),
        _ if shell.mode == Mode::Bash => {
            shell.complain(system, b"missing `]'")?;
            Ok(2)
        }
        _ => shell.wrong(system, b"missing ]"),
    }
}

pub(super) fn test(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    decide(shell, system, call.arguments)
}

fn decide(shell: &mut Shell, system: &mut System<'_>, words: &[Vec<u8>]) -> Run {
    if words.is_empty() {
        return Ok(1);
    }
    let mut words = words;
    let mut negated = false;
    let mut plain = false;
    // POSIX's rules for three and four arguments.
    loop {
        if words.len() == 3 && words.get(1).and_then(|word| class(word, shell.mode)) == Some(Class::Binary) {
            plain = true;
            break;
        }
        match (words.len(), words.first().map(Vec::as_slice), words.last().map(Vec::as_slice)) {
            (3 | 4, Some(b"("), Some(b")")) => words = words.get(1..words.len() - 1).unwrap_or_default(),
            (3 | 4, Some(b"!"), _) => {
                // dash counts them once.
                negated = shell.mode == Mode::Dash || !negated;
                words = words.get(1..).unwrap_or_default();
            }
            _ => break,
        }
    }
    let mut reader = Reader { shell, words, at: 0, depth: 0 };
    let first = if plain { Token::Operand } else { reader.lex(0) };
    match reader.or(system, first) {
        Ok(answer) => {
            if reader.at + 1 < words.len() {
                let word = words.get(reader.at).cloned().unwrap_or_default();
                let colon: &[u8] = if word.is_empty() { b"" } else { b": " };
                return complaint(shell, system, &[word.as_slice(), colon, b"unexpected operator"].concat());
            }
            Ok(u8::from(answer == negated))
        }
        Err(Trouble(text)) => complaint(shell, system, &text),
    }
}

fn complaint(shell: &mut Shell, system: &mut System<'_>, text: &[u8]) -> Run {
    shell.complain(system, text)?;
    Ok(2)
}

struct Trouble(Vec<u8>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    End,
    Operand,
    Operator(Class),
}

struct Reader<'a> {
    shell: &'a mut Shell,
    words: &'a [Vec<u8>],
    at: usize,
    depth: u32,
}

impl Reader<'_> {
    fn word(&self, at: usize) -> Option<&[u8]> {
        self.words.get(at).map(Vec::as_slice)
    }

    fn class(&self, at: usize) -> Option<Class> {
        self.word(at).and_then(|word| class(word, self.shell.mode))
    }

    fn lex(&self, at: usize) -> Token {
        let Some(_) = self.word(at) else { return Token::End };
        match self.class(at) {
            Some(Class::Unary) if self.is_operand(at) => Token::Operand,
            Some(Class::Open) if self.word(at + 1).is_none() => Token::Operand,
            Some(class) => Token::Operator(class),
            None => Token::Operand,
        }
    }

    fn is_operand(&self, at: usize) -> bool {
        match (self.word(at + 1), self.word(at + 2)) {
            (None, _) => true,
            (_, None) => false,
            _ => self.class(at + 1) == Some(Class::Binary),
        }
    }

    fn or(&mut self, system: &mut System<'_>, mut token: Token) -> Result<bool, Trouble> {
        let mut answer = false;
        loop {
            answer |= self.and(system, token)?;
            if self.lex(self.at + 1) != Token::Operator(Class::Or) {
                return Ok(answer);
            }
            self.at += 2;
            token = self.lex(self.at);
        }
    }

    fn and(&mut self, system: &mut System<'_>, mut token: Token) -> Result<bool, Trouble> {
        let mut answer = true;
        loop {
            answer &= self.not(system, token)?;
            if self.lex(self.at + 1) != Token::Operator(Class::And) {
                return Ok(answer);
            }
            self.at += 2;
            token = self.lex(self.at);
        }
    }

    fn not(&mut self, system: &mut System<'_>, token: Token) -> Result<bool, Trouble> {
        let (mut token, mut negated) = (token, false);
        while token == Token::Operator(Class::Not) {
            negated = !negated;
            token = self.lex(self.at + 1);
            if token != Token::End {
                self.at += 1;
            }
        }
        Ok(self.primary(system, token)? != negated)
    }

    fn primary(&mut self, system: &mut System<'_>, token: Token) -> Result<bool, Trouble> {
        match token {
            Token::End => return Ok(false),
            Token::Operator(Class::Open) => {
                self.depth += 1;
                if self.depth > 40 {
                    return Err(Trouble(b"too many parentheses".to_vec()));
                }
                self.at += 1;
                let inner = self.lex(self.at);
                if inner == Token::Operator(Class::Close) {
                    return Ok(false);
                }
                let answer = self.or(system, inner)?;
                self.at += 1;
                if self.lex(self.at) != Token::Operator(Class::Close) {
                    return Err(Trouble(b"closing paren expected".to_vec()));
                }
                self.depth -= 1;
                return Ok(answer);
            }
            Token::Operator(Class::Unary) => {
                let operator = self.word(self.at).unwrap_or_default().to_vec();
                self.at += 1;
                let Some(operand) = self.word(self.at).map(<[u8]>::to_vec) else {
                    return Err(Trouble([operator.as_slice(), b": argument expected"].concat()));
                };
                return self.unary(system, operator.get(1).copied().unwrap_or(0), &operand);
            }
            _ => {}
        }
        if self.class(self.at + 1) == Some(Class::Binary) {
            let left = self.word(self.at).unwrap_or_default().to_vec();
            let operator = self.word(self.at + 1).unwrap_or_default().to_vec();
            self.at += 2;
            let Some(right) = self.word(self.at).map(<[u8]>::to_vec) else {
                return Err(Trouble([operator.as_slice(), b": argument expected"].concat()));
            };
            return self.binary(system, &left, &operator, &right);
        }
        Ok(self.word(self.at).is_some_and(|word| !word.is_empty()))
    }

    fn unary(&mut self, system: &mut System<'_>, operator: u8, operand: &[u8]) -> Result<bool, Trouble> {
        Ok(match operator {
            b'z' => operand.is_empty(),
            b'n' => !operand.is_empty(),
            b't' => {
                integer(operand, self.shell.mode).map_err(Trouble)?;
                false
            }
            b'v' => self.shell.variables.get(operand).is_some(),
            _ => Files { system, process: &self.shell.process }.is(operator, operand),
        })
    }

    fn binary(&mut self, system: &mut System<'_>, left: &[u8], operator: &[u8], right: &[u8]) -> Result<bool, Trouble> {
        Ok(match operator {
            b"=" | b"==" => left == right,
            b"!=" => left != right,
            b"<" => left < right,
            b">" => left > right,
            b"-nt" | b"-ot" | b"-ef" => compare_files(system, &self.shell.process, left, operator, right),
            _ => {
                let left = integer(left, self.shell.mode).map_err(Trouble)?;
                let right = integer(right, self.shell.mode).map_err(Trouble)?;
                match operator {
                    b"-eq" => left == right,
                    b"-ne" => left != right,
                    b"-lt" => left < right,
                    b"-le" => left <= right,
                    b"-gt" => left > right,
                    _ => left >= right,
                }
            }
        })
    }
}

/// A decimal number with spaces around it, or the message that it is none.
fn integer(text: &[u8], mode: Mode) -> Result<i64, Vec<u8>> {
    let trimmed = text.trim_ascii();
    let parsed = std::str::from_utf8(trimmed).ok().and_then(|text| text.parse::<i64>().ok());
    parsed.ok_or_else(|| match mode {
        Mode::Dash => [b"Illegal number: ", text].concat(),
        Mode::Bash => [text, b": integer expression expected"].concat(),
    })
}

/// Questions about files.
pub(in super::super) struct Files<'a, 's> {
    pub(in super::super) system: &'a System<'s>,
    pub(in super::super) process: &'a crate::domain::script::process::Process,
}

impl Files<'_, '_> {
    /// Whether the file called `name` is what the letter of an operator asks. Scripts are root, who may read and write all.
    pub(in super::super) fn is(&self, letter: u8, name: &[u8]) -> bool {
        if name.is_empty() {
            return false;
        }
        let path = self.process.path(name);
        let node = if matches!(letter, b'h' | b'L') { self.system.lstat(&path) } else { self.system.stat(&path) };
        node.is_ok_and(|node| holds(letter, &node, self.system.runs_as))
    }
}

fn holds(letter: u8, node: &Node<'_>, (uid, gid): (u32, u32)) -> bool {
    let mode = node.meta.mode;
    match letter {
        b'd' => node.is_directory(),
        b'f' => matches!(node.kind, Kind::File(_)),
        b'h' | b'L' => node.target().is_some(),
        b's' => match node.kind {
            Kind::File(content) => !content.is_empty(),
            kind => matches!(kind, Kind::Directory),
        },
        b'c' => matches!(node.kind, Kind::CharDevice(..)),
        b'b' => matches!(node.kind, Kind::BlockDevice(..)),
        b'p' => matches!(node.kind, Kind::Fifo),
        b'x' => node.is_directory() || mode & 0o111 != 0,
        b'u' => mode & 0o4000 != 0,
        b'g' => mode & 0o2000 != 0,
        b'k' => mode & 0o1000 != 0,
        b'O' => node.meta.uid == uid,
        b'G' => node.meta.gid == gid,
        b'S' => false,
        _ => true,
    }
}

/// `-nt`, `-ot` and `-ef`.
pub(in super::super) fn compare_files(
    system: &System<'_>,
    process: &crate::domain::script::process::Process,
    left: &[u8],
    operator: &[u8],
    right: &[u8],
) -> bool {
    let stat = |name: &[u8]| system.stat(&process.path(name)).ok().map(|node| (node.meta.mtime, node.inode));
    match (stat(left), stat(right), operator) {
        (Some(left), Some(right), b"-nt") => left.0 > right.0,
        (Some(left), Some(right), b"-ot") => left.0 < right.0,
        (Some(left), Some(right), _) => left.1 == right.1,
        _ => false,
    }
}

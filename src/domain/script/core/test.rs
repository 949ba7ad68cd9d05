//! test(1) and `[` of coreutils.

use super::attributes::Attributes;
use super::operand::path;
use crate::domain::rootfs::Kind;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// What an expression was found to be: a truth, or the complaint about it (status 2).
pub(in crate::domain::script) type Verdict = Result<bool, String>;

/// Runs `test` or `[`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let mut words = process.arguments().to_vec();
    if process.name() == "[" && words.pop().as_deref() != Some(b"]") {
        process.complain(system, "missing ']'")?;
        return Ok(2);
    }
    match evaluate(system, process, &words) {
        Ok(truth) => Ok(u8::from(!truth)),
        Err(text) => {
            process.complain(system, &text)?;
            Ok(2)
        }
    }
}

/// Evaluates the words between `[` and `]`: by their number up to four, as POSIX has it, and by precedence (`!`, `-a`,
/// `-o`, parentheses) beyond.
pub(in crate::domain::script) fn evaluate(system: &mut System<'_>, process: &Process, words: &[Vec<u8>]) -> Verdict {
    Test { system, process }.all(words)
}

struct Test<'call, 'system> {
    system: &'call mut System<'system>,
    process: &'call Process,
}

fn shown(word: &[u8]) -> String {
    format!("'{}'", String::from_utf8_lossy(word))
}

impl Test<'_, '_> {
    fn all(&mut self, words: &[Vec<u8>]) -> Verdict {
        match words {
            [] => Ok(false),
            [only] => Ok(!only.is_empty()),
            [not, only] if not == b"!" => Ok(only.is_empty()),
            [operator, operand] => match unary(operator) {
                Some(letter) => self.unary(letter, operand),
                None => Err(format!("{}: unary operator expected", shown(operator))),
            },
            [left, operator, right] if is_binary(operator) => self.binary(left, operator, right),
            [left, operator, right] if operator == b"-a" => Ok(!left.is_empty() && !right.is_empty()),
            [left, operator, right] if operator == b"-o" => Ok(!left.is_empty() || !right.is_empty()),
            [not, rest @ ..] if not == b"!" && rest.len() <= 3 => Ok(!self.all(rest)?),
            [open, inner @ .., close] if open == b"(" && close == b")" && inner.len() <= 2 => self.all(inner),
            [_, operator, _] => Err(format!("{}: binary operator expected", shown(operator))),
            words => {
                let mut rest = words;
                let truth = self.or(&mut rest, 0)?;
                match rest.first() {
                    None => Ok(truth),
                    Some(extra) => Err(format!("extra argument {}", shown(extra))),
                }
            }
        }
    }

    fn or(&mut self, rest: &mut &[Vec<u8>], depth: u32) -> Verdict {
        let mut truth = self.and(rest, depth)?;
        while take(rest, b"-o") {
            truth |= self.and(rest, depth)?;
        }
        Ok(truth)
    }

    fn and(&mut self, rest: &mut &[Vec<u8>], depth: u32) -> Verdict {
        let mut truth = self.term(rest, depth)?;
        while take(rest, b"-a") {
            truth &= self.term(rest, depth)?;
        }
        Ok(truth)
    }

    fn term(&mut self, rest: &mut &[Vec<u8>], depth: u32) -> Verdict {
        if depth > 200 {
            return Err("too many parentheses".into());
        }
        let mut negated = false;
        while matches!(rest, [not, _, ..] if not == b"!") {
            take(rest, b"!");
            negated = !negated;
        }
        let words = *rest;
        let truth = match words {
            [] => return Err("argument expected".into()),
            [left, operator, right, ..] if is_binary(operator) => {
                *rest = rest.get(3..).unwrap_or_default();
                self.binary(left, operator, right)?
            }
            [open, ..] if open == b"(" && words.len() > 1 => {
                *rest = rest.get(1..).unwrap_or_default();
                let truth = self.or(rest, depth + 1)?;
                if !take(rest, b")") {
                    return Err("')' expected".into());
                }
                truth
            }
            [operator, operand, ..] if unary(operator).is_some() => {
                *rest = rest.get(2..).unwrap_or_default();
                self.unary(unary(operator).unwrap_or_default(), operand)?
            }
            [word, ..] => {
                *rest = rest.get(1..).unwrap_or_default();
                !word.is_empty()
            }
        };
        Ok(truth != negated)
    }

    fn binary(&mut self, left: &[u8], operator: &[u8], right: &[u8]) -> Verdict {
        let look = |word: &[u8]| path(self.process, word).and_then(|at| self.system.stat(&at).map(Attributes::of)).ok();
        match operator {
            b"=" | b"==" => return Ok(left == right),
            b"!=" => return Ok(left != right),
            b"-nt" => {
                return Ok(match (look(left), look(right)) {
                    (Some(left), Some(right)) => left.meta.mtime > right.meta.mtime,
                    (left, _) => left.is_some(),
                });
            }
            b"-ot" => {
                return Ok(match (look(left), look(right)) {
                    (Some(left), Some(right)) => left.meta.mtime < right.meta.mtime,
                    (left, right) => left.is_none() && right.is_some(),
                });
            }
            b"-ef" => {
                return Ok(matches!((look(left), look(right)), (Some(left), Some(right)) if left.inode == right.inode));
            }
            _ => {}
        }
        let (left, right) = (integer(left)?, integer(right)?);
        Ok(match operator {
            b"-eq" => left == right,
            b"-ne" => left != right,
            b"-lt" => left < right,
            b"-le" => left <= right,
            b"-gt" => left > right,
            _ => left >= right,
        })
    }

    fn unary(&mut self, letter: u8, operand: &[u8]) -> Verdict {
        match letter {
            b'n' => return Ok(!operand.is_empty()),
            b'z' => return Ok(operand.is_empty()),
            b't' => return integer(operand).map(|_| false),
            _ => {}
        }
        let Ok(at) = path(self.process, operand) else { return Ok(false) };
        let link = matches!(letter, b'h' | b'L');
        let found = if link { self.system.lstat(&at) } else { self.system.stat(&at) };
        let Ok(attributes) = found.map(Attributes::of) else { return Ok(false) };
        let mode = attributes.meta.mode;
        Ok(match letter {
            b'd' => attributes.is_directory(),
            b'f' => matches!(attributes.kind, Kind::File(_)),
            b'h' | b'L' => attributes.target().is_some(),
            b's' => attributes.size() > 0,
            b'x' => attributes.is_directory() || mode & 0o111 != 0,
            b'b' => matches!(attributes.kind, Kind::BlockDevice(..)),
            b'c' => matches!(attributes.kind, Kind::CharDevice(..)),
            b'p' => matches!(attributes.kind, Kind::Fifo),
            b'u' => mode & 0o4000 != 0,
            b'g' => mode & 0o2000 != 0,
            b'k' => mode & 0o1000 != 0,
            b'O' => attributes.meta.uid == self.system.runs_as.0,
            b'G' => attributes.meta.gid == self.system.runs_as.1,
            b'N' | b'S' => false,
            // `-e`, and `-r` and `-w`: root may.
            _ => true,
        })
    }
}

fn take(rest: &mut &[Vec<u8>], word: &[u8]) -> bool {
    let there = rest.first().is_some_and(|first| first == word);
    if there {
        *rest = rest.get(1..).unwrap_or_default();
    }
    there
}

fn is_binary(operator: &[u8]) -> bool {
    matches!(
        operator,
        b"=" | b"==" | b"!=" | b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge" | b"-nt" | b"-ot" | b"-ef"
    )
}

fn unary(operator: &[u8]) -> Option<u8> {
    match operator {
        [b'-', letter] if b"bcdefghkLnNOGprsStuwxz".contains(letter) => Some(*letter),
        _ => None,
    }
}

/// A decimal number with blanks around it, of any length, as `test` compares them.
fn integer(word: &[u8]) -> Result<i128, String> {
    let refuse = || format!("invalid integer {}", shown(word));
    let text = std::str::from_utf8(word).map_err(|_| refuse())?;
    let text = text.trim_matches([' ', '\t', '\n']);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(refuse());
    }
    text.parse().map_err(|_| refuse())
}

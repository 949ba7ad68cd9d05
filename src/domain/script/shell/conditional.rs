//! bash's `[[ … ]]`.

use super::builtins::{Files, compare_files};
use super::syntax::{Part, Word};
use super::{Run, Shell};
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

struct Reader<'a> {
    words: &'a [Word],
    at: usize,
    /// More than none: what is read is not asked.
    skip: u32,
}

impl Reader<'_> {
    /// The operator here, if it is one: a word without quotes.
    fn operator(&self, ahead: usize) -> Option<&[u8]> {
        match self.words.get(self.at + ahead)?.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    fn takes(&mut self, operator: &[u8]) -> bool {
        let here = self.operator(0) == Some(operator);
        self.at += usize::from(here);
        here
    }
}

impl Shell {
    /// The status of `[[ … ]]`.
    pub(super) fn conditional(&mut self, system: &mut System<'_>, words: &[Word]) -> Run {
        let mut reader = Reader { words, at: 0, skip: 0 };
        let answer = self.either(system, &mut reader, 0)?;
        if reader.at < words.len() {
            return Err(Stop::unsupported("[[", "this expression").into());
        }
        Ok(u8::from(!answer))
    }

    fn either(&mut self, system: &mut System<'_>, reader: &mut Reader<'_>, depth: u32) -> Run<bool> {
        if depth > 30 {
            return Err(Stop::unsupported("[[", "so many parentheses").into());
        }
        let mut answer = self.both(system, reader, depth)?;
        while reader.takes(b"||") {
            reader.skip += u32::from(answer);
            let right = self.both(system, reader, depth);
            reader.skip -= u32::from(answer);
            answer |= right?;
        }
        Ok(answer)
    }

    fn both(&mut self, system: &mut System<'_>, reader: &mut Reader<'_>, depth: u32) -> Run<bool> {
        let mut answer = self.one(system, reader, depth)?;
        while reader.takes(b"&&") {
            reader.skip += u32::from(!answer);
            let right = self.one(system, reader, depth);
            reader.skip -= u32::from(!answer);
            answer &= right?;
        }
        Ok(answer)
    }

    fn one(&mut self, system: &mut System<'_>, reader: &mut Reader<'_>, depth: u32) -> Run<bool> {
        let mut negated = false;
        while reader.takes(b"!") {
            negated = !negated;
        }
        if reader.takes(b"(") {
            let answer = self.either(system, reader, depth + 1)?;
            if !reader.takes(b")") {
                return Err(Stop::unsupported("[[", "an expression without its `)`").into());
            }
            return Ok(answer != negated);
        }
        let Some(first) = reader.words.get(reader.at) else {
            return Err(Stop::unsupported("[[", "an empty expression").into());
        };
        let binary = reader.operator(1).map(<[u8]>::to_vec).filter(|operator| {
            matches!(
                operator.as_slice(),
                b"=" | b"=="
                    | b"!="
                    | b"<"
                    | b">"
                    | b"-eq"
                    | b"-ne"
                    | b"-lt"
                    | b"-le"
                    | b"-gt"
                    | b"-ge"
                    | b"-nt"
                    | b"-ot"
                    | b"-ef"
            )
        });
        if let (Some(operator), Some(second)) = (binary, reader.words.get(reader.at + 2)) {
            reader.at += 3;
            if reader.skip > 0 {
                return Ok(false);
            }
            let left = self.single(system, first)?;
            let answer = match operator.as_slice() {
                b"=" | b"==" => self.pattern(system, second)?.matches(&mut system.budget, &left)?,
                b"!=" => !self.pattern(system, second)?.matches(&mut system.budget, &left)?,
                b"<" | b">" => {
                    let right = self.single(system, second)?;
                    if operator == b"<" { left < right } else { left > right }
                }
                b"-nt" | b"-ot" | b"-ef" => {
                    let right = self.single(system, second)?;
                    compare_files(system, &self.process, &left, &operator, &right)
                }
                _ => {
                    let right = self.single(system, second)?;
                    let (left, right) = (self.compute(system, &left)?, self.compute(system, &right)?);
                    match operator.as_slice() {
                        b"-eq" => left == right,
                        b"-ne" => left != right,
                        b"-lt" => left < right,
                        b"-le" => left <= right,
                        b"-gt" => left > right,
                        _ => left >= right,
                    }
                }
            };
            return Ok(answer != negated);
        }
        let unary = reader.operator(0).and_then(|operator| match operator {
            [b'-', letter] if b"rwxefdcbpugkstznhLOGSva".contains(letter) => Some(*letter),
            _ => None,
        });
        if let (Some(letter), Some(second)) = (unary, reader.words.get(reader.at + 1)) {
            reader.at += 2;
            if reader.skip > 0 {
                return Ok(false);
            }
            let operand = self.single(system, second)?;
            let answer = match letter {
                b'z' => operand.is_empty(),
                b'n' => !operand.is_empty(),
                b't' => false,
                b'v' => self.variables.get(&operand).is_some(),
                letter => Files { system, process: &self.process }.is(letter, &operand),
            };
            return Ok(answer != negated);
        }
        reader.at += 1;
        if reader.skip > 0 {
            return Ok(false);
        }
        Ok(self.single(system, first)?.is_empty() == negated)
    }
}

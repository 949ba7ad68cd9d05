//! A small backtracking matcher: for back-references, and for groups within a match whose ends are known.

use regex_syntax::hir::{Class, Look};

use super::super::super::limits::Budget;
use super::super::super::stop::Stop;
use super::parse::{Node, first};
use super::{Groups, RegexError};

/// The most instructions that a pattern may have.
const SIZE: usize = 200_000;
/// The most pairs of instruction and position that are remembered as hopeless.
const MEMORY: usize = 1 << 26;

/// A pattern as instructions.
#[derive(Debug)]
pub(super) struct Program {
    code: Vec<Inst>,
    /// Slots: two for each group, then one for each loop.
    slots: usize,
    groups: usize,
    references: bool,
    fold: bool,
}

#[derive(Clone, Debug)]
enum Inst {
    Set(Class),
    Look(Look),
    /// Remembers the position.
    Save(usize),
    /// Fails where the position is still that of the slot: an empty turn of a loop.
    Progress(usize),
    Reference(usize),
    /// Goes on at the first, and when that fails at the second.
    Split(usize, usize),
    Jump(usize),
    Match,
}

impl Program {
    pub(super) fn new(node: &Node, groups: usize, references: bool, fold: bool) -> Result<Self, RegexError> {
        let mut program = Self { code: Vec::new(), slots: 2 * (groups + 1), groups, references, fold };
        if groups > 0 || references {
            program.emit(node)?;
        }
        program.code.push(Inst::Match);
        Ok(program)
    }

    fn push(&mut self, inst: Inst) -> Result<usize, RegexError> {
        if self.code.len() >= SIZE {
            return Err(RegexError::TooBig);
        }
        self.code.push(inst);
        Ok(self.code.len() - 1)
    }

    fn patch(&mut self, at: usize, inst: Inst) {
        if let Some(place) = self.code.get_mut(at) {
            *place = inst;
        }
    }

    fn emit(&mut self, node: &Node) -> Result<(), RegexError> {
        match node {
            Node::Empty => {}
            Node::Set(class) => drop(self.push(Inst::Set(class.clone()))?),
            Node::Look(look) => drop(self.push(Inst::Look(*look))?),
            Node::Reference(number) => drop(self.push(Inst::Reference(*number))?),
            Node::Group(number, inner) => {
                self.push(Inst::Save(2 * number))?;
                self.emit(inner)?;
                self.push(Inst::Save(2 * number + 1))?;
            }
            Node::Concat(nodes) => nodes.iter().try_for_each(|node| self.emit(node))?,
            Node::Alternate(nodes) => self.alternate(nodes)?,
            Node::Repeat(inner, min, max) => self.repeat(inner, *min, *max)?,
        }
        Ok(())
    }

    fn alternate(&mut self, nodes: &[Node]) -> Result<(), RegexError> {
        let mut jumps = Vec::new();
        for (n, node) in nodes.iter().enumerate() {
            if n + 1 == nodes.len() {
                self.emit(node)?;
                break;
            }
            let split = self.push(Inst::Match)?;
            self.emit(node)?;
            jumps.push(self.push(Inst::Match)?);
            self.patch(split, Inst::Split(split + 1, self.code.len()));
        }
        let end = self.code.len();
        for jump in jumps {
            self.patch(jump, Inst::Jump(end));
        }
        Ok(())
    }

    fn repeat(&mut self, inner: &Node, min: u32, max: Option<u32>) -> Result<(), RegexError> {
        for _ in 0..min {
            self.emit(inner)?;
        }
        let slot = self.slots;
        self.slots += 1;
        let Some(max) = max else {
            let split = self.push(Inst::Match)?;
            self.push(Inst::Save(slot))?;
            self.emit(inner)?;
            self.push(Inst::Progress(slot))?;
            self.push(Inst::Jump(split))?;
            self.patch(split, Inst::Split(split + 1, self.code.len()));
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in min..max {
            splits.push(self.push(Inst::Match)?);
            self.push(Inst::Save(slot))?;
            self.emit(inner)?;
            self.push(Inst::Progress(slot))?;
        }
        let end = self.code.len();
        for split in splits {
            self.patch(split, Inst::Split(split + 1, end));
        }
        Ok(())
    }

    /// The leftmost, then longest, match that starts at `from` or after it.
    pub(super) fn search(&self, budget: &mut Budget, text: &[u8], from: usize) -> Result<Option<Groups>, Stop> {
        for start in from..=text.len() {
            budget.step(1)?;
            if let Some(groups) = self.run(budget, text, start, None, !self.references)? {
                return Ok(Some(groups));
            }
        }
        Ok(None)
    }

    /// The groups of the match from `start` to `end`, which there must be.
    pub(super) fn between(&self, budget: &mut Budget, text: &[u8], start: usize, end: usize) -> Result<Groups, Stop> {
        // What is hopeless after one way through a loop of empty turns may not be after another: then without memory.
        let found = match self.run(budget, text, start, Some(end), true)? {
            None => self.run(budget, text, start, Some(end), false)?,
            found => found,
        };
        Ok(found.unwrap_or_else(|| vec![Some((start, end))]))
    }

    fn run(
        &self,
        budget: &mut Budget,
        text: &[u8],
        start: usize,
        end: Option<usize>,
        remember: bool,
    ) -> Result<Option<Groups>, Stop> {
        let width = end.unwrap_or(text.len()) - start + 1;
        let cells = self.code.len().saturating_mul(width);
        let mut seen = vec![0_u64; if remember && cells <= MEMORY { cells / 64 + 1 } else { 0 }];
        let mut slots = vec![None; self.slots];
        let mut ways = vec![Way::Go(0, start)];
        let mut best: Option<(usize, Vec<Option<usize>>)> = None;
        while let Some(way) = ways.pop() {
            let (mut pc, mut at) = match way {
                Way::Go(pc, at) => (pc, at),
                Way::Restore(slot, old) => {
                    set(&mut slots, slot, old);
                    continue;
                }
            };
            loop {
                budget.step(1)?;
                if ways.len() > 1 << 22 {
                    return Err(Stop::unsupported("regex", "a pattern with too many ways to match"));
                }
                if !seen.is_empty() {
                    let cell = pc * width + (at - start);
                    if let Some(word) = seen.get_mut(cell / 64) {
                        if *word & (1 << (cell % 64)) != 0 {
                            break;
                        }
                        *word |= 1 << (cell % 64);
                    }
                }
                match self.code.get(pc).unwrap_or(&Inst::Match) {
                    Inst::Match => {
                        let better = best.as_ref().is_none_or(|(longest, _)| at > *longest);
                        if end.map_or(better, |end| at == end) {
                            best = Some((at, slots.clone()));
                            if at == end.unwrap_or(text.len()) {
                                ways.clear();
                            }
                        }
                        break;
                    }
                    Inst::Set(class) => match length(class, text.get(at..).unwrap_or_default()) {
                        Some(n) if end.is_none_or(|end| at + n <= end) => at += n,
                        _ => break,
                    },
                    Inst::Look(look) => {
                        if !holds(*look, text, at) {
                            break;
                        }
                    }
                    Inst::Save(slot) => {
                        ways.push(Way::Restore(*slot, slots.get(*slot).copied().flatten()));
                        set(&mut slots, *slot, Some(at));
                    }
                    Inst::Progress(slot) => {
                        if slots.get(*slot).copied().flatten() == Some(at) {
                            break;
                        }
                    }
                    Inst::Reference(number) => match self.repeated(&slots, *number, text, at) {
                        Some(n) if end.is_none_or(|end| at + n <= end) => at += n,
                        _ => break,
                    },
                    Inst::Split(one, two) => {
                        ways.push(Way::Go(*two, at));
                        pc = *one;
                        continue;
                    }
                    Inst::Jump(to) => {
                        pc = *to;
                        continue;
                    }
                }
                pc += 1;
            }
        }
        Ok(best.map(|(at, slots)| {
            let group =
                |n: usize| Some((slots.get(2 * n).copied().flatten()?, slots.get(2 * n + 1).copied().flatten()?));
            std::iter::once(Some((start, at))).chain((1..=self.groups).map(group)).collect()
        }))
    }

    /// The length of a group's text, where it stands here again.
    fn repeated(&self, slots: &[Option<usize>], number: usize, text: &[u8], at: usize) -> Option<usize> {
        let (start, end) = (slots.get(2 * number).copied().flatten()?, slots.get(2 * number + 1).copied().flatten()?);
        let wanted = text.get(start..end)?;
        let there = text.get(at..at + wanted.len())?;
        let same = if self.fold { wanted.eq_ignore_ascii_case(there) } else { wanted == there };
        same.then_some(wanted.len())
    }
}

enum Way {
    Go(usize, usize),
    Restore(usize, Option<usize>),
}

fn set(slots: &mut [Option<usize>], slot: usize, value: Option<usize>) {
    if let Some(place) = slots.get_mut(slot) {
        *place = value;
    }
}

/// The length of the character at the start of `text`, if it is in the set.
fn length(class: &Class, text: &[u8]) -> Option<usize> {
    match class {
        Class::Bytes(class) => {
            let byte = *text.first()?;
            class.ranges().iter().any(|range| range.start() <= byte && byte <= range.end()).then_some(1)
        }
        Class::Unicode(class) => {
            let (c, length) = first(text, true)?;
            class.ranges().iter().any(|range| range.start() <= c && c <= range.end()).then_some(length)
        }
    }
}

fn holds(look: Look, text: &[u8], at: usize) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    let (left, right) = (word(before), word(text.get(at)));
    match look {
        Look::Start => at == 0,
        Look::End => at == text.len(),
        Look::StartLF => at == 0 || before == Some(&b'\n'),
        Look::EndLF => at == text.len() || text.get(at) == Some(&b'\n'),
        Look::WordAscii => left != right,
        Look::WordAsciiNegate => left == right,
        Look::WordStartAscii => !left && right,
        Look::WordEndAscii => left && !right,
        Look::WordStartHalfAscii => !left,
        Look::WordEndHalfAscii => !right,
        _ => false,
    }
}

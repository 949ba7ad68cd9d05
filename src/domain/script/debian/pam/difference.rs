//! What an administrator changed in the managed blocks of `/etc/pam.d/common-*` since they were written.

use std::collections::{BTreeMap, BTreeSet};

use super::super::pattern::{Pattern, lines};
use super::STACKS;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Options by the line of a module without them.
type Options = BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>;

/// What differs between a stack that was written and the one that is there.
#[derive(Clone, Default)]
pub(super) struct Difference {
    /// Options that are there and were not written.
    pub(super) added: Options,
    /// Options that were written and are not there.
    pub(super) removed: Options,
}

/// The stacks that are there, against those that were written.
#[derive(Default)]
pub(super) struct Differences {
    /// Profiles of the lines that are there, in their order; a profile of several lines stands there as often.
    pub(super) profiles: Vec<Vec<u8>>,
    /// By stack.
    pub(super) stacks: BTreeMap<&'static str, Difference>,
}

/// The patterns that take lines of stacks apart.
pub(super) struct Lines {
    number: Pattern,
    end: Pattern,
    line: Pattern,
}

impl Lines {
    pub(super) fn new() -> Result<Self, Stop> {
        Ok(Self {
            number: Pattern::new(r"(\[[^0-9]*)[0-9]+(.*\])")?,
            end: Pattern::new(r"(\[.*)end(.*\])")?,
            line: Pattern::new(r"^((?:\[[^]]+\]|\w+)\s+\S+)\s*(.*)")?,
        })
    }

    /// A line without how far it jumps.
    pub(super) fn without_number(&self, line: &[u8]) -> Vec<u8> {
        self.number.replace_all(line, outer)
    }

    /// A line's control and module, and its options.
    pub(super) fn parts(&self, line: &[u8]) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
        match self.line.groups(line)?.as_slice() {
            [_, module, options] => Some((module.to_vec(), super::super::pattern::words(options))),
            _ => None,
        }
    }

    fn without_jump(&self, line: &[u8]) -> Vec<u8> {
        self.end.replace_all(&self.without_number(line), outer)
    }
}

fn outer(groups: &[&[u8]]) -> Vec<u8> {
    groups.get(1..).unwrap_or_default().concat()
}

/// Compares `/etc/pam.d` with what was kept in `/var/lib/pam`; `None` where a file or a mark is not there, or a line is
/// that no profile brought.
///
/// # Errors
/// When a line is none that the program understands.
pub(super) fn compare(
    system: &mut System<'_>,
    folder: &[u8],
    kept: &[u8],
    parts: &Lines,
) -> Result<Option<Differences>, Stop> {
    let mut all = Differences::default();
    for stack in STACKS {
        let (Ok(saved), Ok(current)) = (
            system.read(&[kept, b"/", stack.as_bytes()].concat()),
            system.read(&[folder, b"/common-", stack.as_bytes()].concat()),
        ) else {
            return Ok(None);
        };
        let mut saved = saved_lines(&saved, parts).into_iter();
        let prefix = Pattern::new(&format!(r"^{}\s+", super::kind(stack)))?;
        let mut difference = Difference::default();
        let mut marks = 0;
        for line in lines(&current) {
            system.budget.step(1)?;
            match marks {
                0 | 2 => {
                    let mark = if marks == 0 { super::PRIMARY } else { super::ADDITIONAL };
                    marks += u8::from(line.starts_with(mark));
                    continue;
                }
                3 if line.starts_with(super::END) => break,
                _ => {}
            }
            let line = prefix.replace_all(line, |_| Vec::new());
            if marks == 1 && line.starts_with(super::FALLBACK) {
                marks = 2;
                continue;
            }
            let line = parts.without_number(&line);
            let found = saved.by_ref().find_map(|(profile, saved)| {
                let (module, written) = parts.parts(&saved)?;
                let options = line.strip_prefix(module.as_slice())?.to_vec();
                Some((profile, module, written, super::super::pattern::words(&options)))
            });
            let Some((profile, module, mut written, options)) = found else { return Ok(None) };
            all.profiles.push(profile);
            for option in options {
                if !take(&mut written, &option) {
                    difference.added.entry(module.clone()).or_default().insert(option);
                }
            }
            if !written.is_empty() {
                difference.removed.entry(module).or_default().extend(written);
            }
        }
        if marks < 3 {
            return Ok(None);
        }
        all.stacks.insert(stack, difference);
    }
    Ok(Some(all))
}

/// Takes an option out of those that were written, and of two equal ones after each other the first.
fn take(written: &mut Vec<Vec<u8>>, option: &[u8]) -> bool {
    let (mut at, mut found) = (0, false);
    while let Some(other) = written.get(at) {
        if other == option {
            written.remove(at);
            found = true;
        }
        at += 1;
    }
    found
}

/// The lines that were kept of a stack, without jumps, each with its profile.
fn saved_lines(text: &[u8], parts: &Lines) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut profile = Vec::new();
    let mut saved = Vec::new();
    for line in lines(text) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        match line.strip_prefix(b"Module: ") {
            Some(name) => profile = name.to_vec(),
            None => saved.push((profile.clone(), parts.without_jump(line))),
        }
    }
    saved
}

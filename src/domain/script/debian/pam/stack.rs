//! A stack of `/etc/pam.d`, written again: the text that is there, with new lines in its two managed blocks.

use super::difference::{Difference, Lines};
use super::profile::{Profile, Profiles};
use super::{ADDITIONAL, END, FALLBACK, PRIMARY};
use crate::domain::script::debian::pattern::{lines, split};
use crate::domain::script::stop::Stop;

/// The line of a primary block that no profile wants to be in.
const PERMIT: &[u8] = b"[default=1]\t\t\tpam_permit.so\n";

/// A stack that is to be written.
pub(super) struct Stack<'a> {
    /// Its name: `session-noninteractive`.
    pub(super) name: &'static str,
    pub(super) profiles: &'a Profiles,
    /// Chosen profiles, in order.
    pub(super) enabled: &'a [Vec<u8>],
}

impl Stack<'_> {
    /// Its name as fields of profiles begin.
    fn field(&self) -> String {
        let (first, rest) = self.name.split_at(1);
        first.to_uppercase() + rest
    }

    /// Profiles of the blocks that `wanted` takes, each with its lines: the first may have other ones.
    fn block(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<(&[u8], &[u8])> {
        let field = self.field();
        let chosen = self.enabled.iter().filter_map(|name| Some((name.as_slice(), self.profiles.get(name)?)));
        chosen
            .filter(|(_, profile): &(&[u8], &Profile)| {
                let block = profile.block(&field);
                !block.is_empty() && block != b"0" && wanted(block)
            })
            .enumerate()
            .map(|(at, (name, profile))| (name, profile.lines(&field, at == 0)))
            .collect()
    }

    /// The text with new blocks; `None` where one of the marks is not there.
    ///
    /// # Errors
    /// When a profile has a line that is none of a stack.
    pub(super) fn write(
        &self,
        template: &[u8],
        mut difference: Option<Difference>,
        parts: &Lines,
    ) -> Result<Option<Vec<u8>>, Stop> {
        let (mut text, mut marks) = (Vec::new(), 0);
        for line in lines(template) {
            let mark = [PRIMARY, FALLBACK, ADDITIONAL, END].get(marks).copied();
            let found = mark.is_some_and(|mark| line.starts_with(mark));
            // What is inside a block is written anew.
            if found || !matches!(marks, 1 | 3) {
                text.extend(line);
            }
            if found {
                match marks {
                    0 => self.fill(&mut text, b"Primary", difference.as_mut(), parts)?,
                    2 => self.fill(&mut text, b"Additional", difference.as_mut(), parts)?,
                    _ => {}
                }
                marks += 1;
            }
        }
        Ok((marks == 4).then_some(text))
    }

    /// Writes a block's lines.
    fn fill(
        &self,
        text: &mut Vec<u8>,
        block: &[u8],
        mut difference: Option<&mut Difference>,
        parts: &Lines,
    ) -> Result<(), Stop> {
        let kind = super::kind(self.name).as_bytes();
        let chosen = self.block(|other| other == block);
        let all: Vec<Vec<u8>> = chosen.iter().flat_map(|(_, lines)| split(lines, b"\n")).collect();
        let mut left = i64::try_from(all.iter().filter(|line| !line.is_empty()).count()).unwrap_or(i64::MAX);
        if block == b"Additional" {
            // Nothing is to jump off the end of the stack.
            left -= 1;
        } else if left == 0 {
            text.extend([kind, b"\t", PERMIT].concat());
        }
        for line in all {
            let Some((module, options)) = parts.parts(&line) else {
                let what = format!("the line `{}` of a profile", String::from_utf8_lossy(&line));
                return Err(Stop::unsupported("pam-auth-update", what));
            };
            text.extend([kind, b"\t"].concat());
            text.extend(merge(&module, options, left, difference.as_deref_mut(), parts));
            left -= 1;
        }
        Ok(())
    }

    /// What is kept of it in `/var/lib/pam`, to be compared with when it is written the next time.
    pub(super) fn kept(&self) -> Vec<u8> {
        let primary = self.block(|block| block != b"Additional");
        let mut text = Vec::new();
        let modules = |text: &mut Vec<u8>, chosen: &[(&[u8], &[u8])]| {
            for (name, lines) in chosen.iter().filter(|(_, lines)| !lines.is_empty() && *lines != b"0") {
                text.extend([b"Module: ", *name, b"\n", lines, b"\n"].concat());
            }
        };
        modules(&mut text, &primary);
        if primary.is_empty() {
            text.extend([b"Module: null\n", PERMIT].concat());
        }
        modules(&mut text, &self.block(|block| block != b"Primary"));
        text
    }
}

/// One line of a stack: the module, with what an administrator added and removed.
fn merge(
    module: &[u8],
    options: Vec<Vec<u8>>,
    left: i64,
    difference: Option<&mut Difference>,
    parts: &Lines,
) -> Vec<u8> {
    let mut line = Vec::new();
    let mut rest = module;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"end") {
            line.extend(left.to_string().as_bytes());
            rest = after;
        } else {
            line.push(*first);
            rest = tail;
        }
    }
    let mut words = options;
    if let Some(difference) = difference {
        let key = parts.without_number(&line);
        let added = difference.added.entry(key.clone()).or_default();
        words.iter().for_each(|word| {
            added.remove(word);
        });
        if let Some(removed) = difference.removed.get(&key) {
            words.retain(|word| !removed.contains(word));
        }
        words.extend(added.iter().cloned());
    }
    line.push(b' ');
    line.extend(words.join(&b' '));
    line.push(b'\n');
    line
}

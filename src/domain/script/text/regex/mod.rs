//! POSIX regular expressions with GNU's extensions, as `sed`, `grep`, `awk` and `expr` have them (regex(7), and the manuals
//! of GNU sed and grep).
//!
//! ```text
//! pattern ──parse──▶ Node ──automaton──▶ regex-automata: where a match starts, where the longest one ends
//!                         └─backtrack──▶ groups, where those engines would choose other ones; back-references
//! ```
//!
//! A match is the leftmost one, and of those the longest. Groups are those of the first way through it: greedy, and an
//! alternation's first branch that leads to the match's end, as glibc has it (POSIX would have the longest).
//! Text is UTF-8 where the caller says so: `.` and negated brackets match a whole character and no broken one. Classes
//! (`[:alpha:]`, `\w`) hold ASCII alone.

mod automaton;
mod backtrack;
mod bracket;
mod parse;

use super::super::limits::Budget;
use super::super::stop::Stop;
use automaton::Automaton;
use backtrack::Program;
pub(in crate::domain::script) use parse::{Escapes, Syntax};
use parse::{Node, Pattern};

/// Why a pattern is none: glibc's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::domain::script) enum RegexError {
    #[error("Unmatched [, [^, [:, [., or [=")]
    Bracket,
    #[error("Unmatched ( or \\(")]
    Open,
    #[error("Unmatched ) or \\)")]
    Close,
    #[error("Invalid preceding regular expression")]
    Operand,
    #[error("Invalid content of \\{{\\}}")]
    Interval,
    #[error("Unmatched \\{{")]
    Brace,
    #[error("Invalid range end")]
    Range,
    #[error("Invalid back reference")]
    Reference,
    #[error("Invalid character class name")]
    Class,
    #[error("Invalid collation character")]
    Collation,
    #[error("Trailing backslash")]
    Backslash,
    #[error("Regular expression too big")]
    TooBig,
}

/// A compiled pattern.
#[derive(Debug)]
pub(in crate::domain::script) struct Regex {
    /// Number of groups.
    groups: usize,
    /// For all patterns but those with back-references.
    automaton: Option<Automaton>,
    program: Program,
}

/// Where a match is, and its groups: byte offsets into the text, the whole match first.
pub(in crate::domain::script) type Groups = Vec<Option<(usize, usize)>>;

/// How a match must stand in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain::script) enum Edges {
    /// Anywhere.
    Free,
    /// Between characters that are no word's (`grep -w`).
    Word,
    /// From the start of the line to its end (`grep -x`).
    Line,
}

impl Regex {
    /// Compiles one pattern.
    ///
    /// # Errors
    /// When it is none.
    pub(in crate::domain::script) fn new(pattern: &[u8], syntax: Syntax) -> Result<Self, RegexError> {
        let Pattern { node, groups, references } = parse::parse(pattern, syntax, 0)?;
        Self::compile(node, groups, references, syntax)
    }

    /// Compiles several patterns into one that matches where any does. `literal` takes them as plain text.
    ///
    /// # Errors
    /// When one is none.
    pub(in crate::domain::script) fn any(
        patterns: &[Vec<u8>],
        syntax: Syntax,
        literal: bool,
        edges: Edges,
    ) -> Result<Self, RegexError> {
        let (mut nodes, mut groups, mut references) = (Vec::new(), 0, false);
        for pattern in patterns {
            let parsed = if literal { parse::literal(pattern, syntax) } else { parse::parse(pattern, syntax, groups)? };
            groups += parsed.groups;
            references |= parsed.references;
            nodes.push(parsed.node);
        }
        let node = Node::Alternate(nodes).within(edges);
        Self::compile(node, groups, references, syntax)
    }

    fn compile(node: Node, groups: usize, references: bool, syntax: Syntax) -> Result<Self, RegexError> {
        let automaton = if references { None } else { Some(Automaton::new(&node)?) };
        Ok(Self { groups, automaton, program: Program::new(&node, groups, references, syntax.fold)? })
    }

    /// Number of groups in the pattern.
    pub(in crate::domain::script) const fn groups(&self) -> usize {
        self.groups
    }

    /// Whether it matches anywhere in `text`.
    ///
    /// # Errors
    /// When too many steps were taken.
    pub(in crate::domain::script) fn is_match(&self, budget: &mut Budget, text: &[u8]) -> Result<bool, Stop> {
        budget.step(1 + text.len() as u64 / 1024)?;
        match &self.automaton {
            Some(automaton) => Ok(automaton.is_match(text)),
            None => Ok(self.program.search(budget, text, 0)?.is_some()),
        }
    }

    /// The first match that starts at `from` or after it, without its groups.
    ///
    /// # Errors
    /// As [`Regex::is_match`].
    pub(in crate::domain::script) fn find(
        &self,
        budget: &mut Budget,
        text: &[u8],
        from: usize,
    ) -> Result<Option<(usize, usize)>, Stop> {
        budget.step(1 + text.len().saturating_sub(from) as u64 / 1024)?;
        match &self.automaton {
            Some(automaton) => Ok(automaton.find(text, from)),
            None => Ok(self.program.search(budget, text, from)?.and_then(|groups| groups.first().copied().flatten())),
        }
    }

    /// The first match that starts at `from` or after it, with its groups.
    ///
    /// # Errors
    /// As [`Regex::is_match`].
    pub(in crate::domain::script) fn captures(
        &self,
        budget: &mut Budget,
        text: &[u8],
        from: usize,
    ) -> Result<Option<Groups>, Stop> {
        let Some(automaton) = &self.automaton else {
            budget.step(1)?;
            return self.program.search(budget, text, from);
        };
        let Some((start, end)) = self.find(budget, text, from)? else { return Ok(None) };
        if self.groups == 0 {
            return Ok(Some(vec![Some((start, end))]));
        }
        if let Some(groups) = automaton.captures(text, start, end) {
            return Ok(Some(groups));
        }
        let mut groups = self.program.between(budget, text, start, end)?;
        groups.resize(self.groups + 1, None);
        Ok(Some(groups))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::Limits;
    use super::*;

    fn groups(pattern: &str, text: &str, extended: bool) -> Option<Vec<Option<String>>> {
        let syntax = Syntax { extended, ..Syntax::default() };
        let regex = Regex::new(pattern.as_bytes(), syntax).unwrap();
        let found = regex.captures(&mut Budget::new(Limits::default()), text.as_bytes(), 0).unwrap()?;
        Some(found.into_iter().map(|group| group.map(|(start, end)| text[start..end].to_owned())).collect())
    }

    fn whole(pattern: &str, text: &str) -> Option<String> {
        groups(pattern, text, true).and_then(|groups| groups[0].clone())
    }

    #[test]
    fn the_longest_of_the_leftmost_matches() {
        assert_eq!(whole("ab|abcd", "xabcd").as_deref(), Some("abcd"));
        assert_eq!(whole("(a|ab)(c|bcd)?", "abcd").as_deref(), Some("abcd"));
        assert_eq!(whole("a?(ab)?", "ab").as_deref(), Some("ab"));
        assert_eq!(whole("(a*)(ab)*(b*)", "abb").as_deref(), Some("abb"));
        assert_eq!(whole("b*", "abb").as_deref(), Some(""));
    }

    #[test]
    fn groups_of_the_longest_match() {
        let some = |texts: &[&str]| Some(texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>());
        assert_eq!(groups("(a|ab)(c|bcd)", "abcd", true), some(&["abcd", "a", "bcd"]));
        assert_eq!(
            groups("(a?)((ab)?)", "ab", true),
            Some(vec![Some("ab".into()), Some(String::new()), Some("ab".into()), Some("ab".into())])
        );
        assert_eq!(groups(r"\(.*\)/\(.*\)", "a/b/c", false), some(&["a/b/c", "a/b", "c"]));
    }

    #[test]
    fn back_references() {
        assert_eq!(whole(r"(.)\1", "abccd").as_deref(), Some("cc"));
        assert_eq!(whole(r"^(.*)-\1$", "ab-ab").as_deref(), Some("ab-ab"));
        assert_eq!(whole(r"(a*)b\1", "aabaaa").as_deref(), Some("aabaa"));
        assert_eq!(whole(r"(a)\1", "ab"), None);
    }

    #[test]
    fn what_is_special_depends_on_where_it_stands() {
        let basic = |pattern: &str, text: &str| groups(pattern, text, false).and_then(|groups| groups[0].clone());
        assert_eq!(basic("*a", "x*a").as_deref(), Some("*a"));
        assert_eq!(basic("a^b$c", "a^b$c").as_deref(), Some("a^b$c"));
        assert_eq!(basic(r"\(^a\)", "ba"), None);
        assert_eq!(basic("a+", "aa+").as_deref(), Some("a+"));
        assert_eq!(basic("[]x]*", "]x]y").as_deref(), Some("]x]"));
        assert_eq!(basic(r"a\{2\}", "aaa").as_deref(), Some("aa"));
        assert_eq!(basic(r"\<b", "ab b").as_deref(), Some("b"));
    }

    #[test]
    fn exponential_patterns_end() {
        let regex = Regex::new(br"(a*)*\1b", Syntax { extended: true, ..Syntax::default() }).unwrap();
        let mut budget = Budget::new(Limits { steps: 100_000, ..Limits::default() });
        assert!(regex.is_match(&mut budget, &[b'a'; 60]).is_err());
        assert_eq!(whole("(a*)*b", &"a".repeat(60)), None);
        let big = Regex::new(b"((((a{1,200}){1,200}){1,200}){1,200})", Syntax { extended: true, ..Syntax::default() });
        assert_eq!(big.unwrap_err(), RegexError::TooBig);
    }
}

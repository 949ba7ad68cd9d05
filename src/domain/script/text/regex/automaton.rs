//! Patterns without back-references, on regex-automata's engines: linear in the text.

use std::cell::{OnceCell, RefCell};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::meta::Regex as Meta;
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Capture, Hir, Repetition};

use super::parse::Node;
use super::{Groups, RegexError};

/// The most that a compiled pattern may take.
const SIZE: usize = 8 << 20;

/// A pattern's engines.
pub(super) struct Automaton {
    /// Finds where the leftmost match starts; of those that start there it takes the first by priority, as Perl does.
    first: Meta,
    /// Finds where the longest match that starts at a place ends.
    longest: OnceCell<Option<(DFA, RefCell<Cache>)>>,
    hir: Hir,
}

impl std::fmt::Debug for Automaton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Automaton").finish_non_exhaustive()
    }
}

impl Automaton {
    pub(super) fn new(node: &Node) -> Result<Self, RegexError> {
        let hir = hir(node);
        let config = Meta::config().utf8_empty(false).nfa_size_limit(Some(SIZE));
        let first = Meta::builder().configure(config).build_from_hir(&hir).map_err(|_| RegexError::TooBig)?;
        Ok(Self { first, longest: OnceCell::new(), hir })
    }

    /// Made when it is first needed: `grep -q` never needs it.
    fn longest(&self) -> Option<&(DFA, RefCell<Cache>)> {
        let make = || {
            let config = thompson::Config::new()
                .utf8(false)
                .nfa_size_limit(Some(SIZE))
                .which_captures(thompson::WhichCaptures::None);
            let nfa = thompson::Compiler::new().configure(config).build_from_hir(&self.hir).ok()?;
            let config = DFA::config().match_kind(MatchKind::All).skip_cache_capacity_check(true);
            let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
            let cache = RefCell::new(dfa.create_cache());
            Some((dfa, cache))
        };
        self.longest.get_or_init(make).as_ref()
    }

    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.first.is_match(text)
    }

    /// The leftmost-longest match that starts at `from` or after it.
    pub(super) fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        if from > text.len() {
            return None;
        }
        let first = self.first.find(Input::new(text).range(from..))?;
        let input = Input::new(text).range(first.start()..).anchored(Anchored::Yes);
        // It was compiled before, so it can be again; and this DFA never gives up: it has no quit bytes.
        let longest =
            self.longest().and_then(|(dfa, cache)| dfa.try_search_fwd(&mut cache.borrow_mut(), &input).ok()?);
        let end = longest.map_or(first.end(), |half| half.offset());
        Some((first.start(), end))
    }

    /// The groups of the match from `start`, where the match that is first by priority ends at `end` as well.
    pub(super) fn captures(&self, text: &[u8], start: usize, end: usize) -> Option<Groups> {
        let mut captures = self.first.create_captures();
        self.first.search_captures(&Input::new(text).range(start..).anchored(Anchored::Yes), &mut captures);
        if captures.get_match()?.end() != end {
            return None;
        }
        Some(captures.iter().map(|span| span.map(|span| (span.start, span.end))).collect())
    }
}

fn hir(node: &Node) -> Hir {
    match node {
        Node::Empty | Node::Reference(_) => Hir::empty(),
        Node::Set(class) => Hir::class(class.clone()),
        Node::Look(look) => Hir::look(*look),
        Node::Group(number, inner) => Hir::capture(Capture {
            index: u32::try_from(*number).unwrap_or(u32::MAX),
            name: None,
            sub: Box::new(hir(inner)),
        }),
        Node::Concat(nodes) => Hir::concat(nodes.iter().map(hir).collect()),
        Node::Alternate(nodes) => Hir::alternation(nodes.iter().map(hir).collect()),
        Node::Repeat(inner, min, max) => {
            Hir::repetition(Repetition { min: *min, max: *max, greedy: true, sub: Box::new(hir(inner)) })
        }
    }
}

//! What a version's relations leave open: which of them do not hold, and the versions that could serve one, the best first.

use std::cmp::{Ordering, Reverse};
use std::ops::Range;

use super::state::{Mode, State, View};
use super::universe::{Build, Name};
use crate::formats::deb::MultiArch;

impl State<'_> {
    /// The groups of a version that do not hold: what it needs, and what it is against. A protected package passes its
    /// protection on, so all of its groups are looked at.
    pub(super) fn unmet(&self, name: Name, build: Build, protected: bool) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
        let mut unmet = (Vec::new(), Vec::new());
        for group in self.universe.groups_of(build) {
            let first = self.universe.atom(group.start);
            if !self.is_important(&first) || !protected && self.holds(name, group.clone(), View::Install) {
                continue;
            }
            if first.is_negative() { unmet.1.push(group) } else { unmet.0.push(group) }
        }
        unmet
    }

    /// Every version that could serve a group, the best first: what is installed, then by each relation in turn.
    pub(super) fn possible(&self, owner: Name, group: Range<usize>, view: View) -> Vec<Build> {
        let (mut installed, mut new) = (Vec::new(), Vec::new());
        for at in group.clone() {
            let atom = self.universe.atom(at);
            if view == View::Candidate && !self.hits(owner, &atom, View::Candidate) {
                continue;
            }
            let mut found = self.solutions(owner, &atom, view);
            found.sort_by(|a, b| self.compare_providers(atom.target, *a, *b));
            for build in found {
                let stands = self.entry(self.name_of(build)).current.is_some();
                if stands { installed.push(build) } else { new.push(build) }
            }
        }
        installed.append(&mut new);
        installed.dedup();
        if !self.universe.atom(group.start).is_negative() {
            installed.retain(|build| !self.is_refused(self.name_of(*build)));
        }
        installed
    }

    /// Whether the user, or a decision that stands, keeps it out.
    pub(super) fn is_refused(&self, name: Name) -> bool {
        let entry = self.entry(name);
        entry.protected && (entry.mode == Mode::Delete || entry.mode == Mode::Keep && entry.current.is_none())
    }

    fn compare_providers(&self, target: Name, a: Build, b: Build) -> Ordering {
        let key = |build: Build| {
            let facts = self.universe.facts(build);
            let entry = self.entry(facts.name);
            let first = |wanted: bool| !wanted;
            (
                first(entry.protected),
                first(facts.multi_arch == MultiArch::Same && entry.current.is_some()),
                first(entry.current.is_some()),
                first(facts.name == target),
                first(self.universe.is_essential(facts.name)),
                first(self.universe.is_protected(facts.name)),
                facts.priority,
                Reverse(facts.name),
            )
        };
        key(a).cmp(&key(b))
    }
}

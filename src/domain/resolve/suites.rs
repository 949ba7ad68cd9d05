//! `name/suite`: taking a package from another suite, and what it needs from there, too, where the candidates do not fit.

use super::state::{State, View};
use super::universe::{Atom, Build, Field, Name};

impl State<'_> {
    /// Makes `build` the candidate, then each dependency's version from `suite` where no candidate serves.
    /// Returns whether every dependency is served then.
    pub(super) fn take_from(&mut self, build: Build, suite: &str) -> bool {
        let mut changed = vec![self.name_of(build)];
        self.set_candidate(self.name_of(build), build);
        self.switch_dependencies(build, suite, &mut changed)
    }

    fn switch_dependencies(&mut self, build: Build, suite: &str, changed: &mut Vec<Name>) -> bool {
        let groups: Vec<_> = self.universe.groups_of(build).collect();
        for group in groups {
            let first = self.universe.atom(group.start);
            if first.is_negative() || first.field == Field::Suggests || !self.is_important(&first) {
                continue;
            }
            if group.clone().any(|at| self.is_served(&self.universe.atom(at))) {
                continue;
            }
            let helped = group.into_iter().any(|at| self.switch_candidate(&self.universe.atom(at), suite, changed));
            if !helped && first.is_critical() {
                return false;
            }
        }
        true
    }

    /// Whether a candidate serves the relation whose own dependencies are already there. (So a versioned relation to
    /// anything larger than a library goes to the suite: that is apt's choice, too.)
    fn is_served(&self, atom: &Atom) -> bool {
        let own = self.entry(atom.target);
        if own.current.is_some_and(|build| self.universe.admits(atom, build)) {
            return true;
        }
        let sound = |build: Build| self.first_broken(self.name_of(build), Some(build), View::Install).is_none();
        let providers = self.universe.providers_of(atom.target);
        if atom.is_versioned() || providers.is_empty() {
            return own.candidate.is_some_and(|build| self.universe.admits(atom, build) && sound(build));
        }
        providers.iter().any(|provider| {
            self.entry(self.name_of(provider.build)).candidate == Some(provider.build) && sound(provider.build)
        })
    }

    fn switch_candidate(&mut self, atom: &Atom, suite: &str, changed: &mut Vec<Name>) -> bool {
        let Some(build) = self.universe.in_suite(atom.target, suite) else { return false };
        if !atom.is_versioned() || !self.universe.admits(atom, build) {
            return false;
        }
        let before = self.entry(atom.target).candidate;
        if before == Some(build) && changed.contains(&atom.target) {
            return true;
        }
        changed.push(atom.target);
        self.set_candidate(atom.target, build);
        if self.switch_dependencies(build, suite, changed) {
            return true;
        }
        if let Some(before) = before
            && atom.or
        {
            self.set_candidate(atom.target, before);
            changed.pop();
        }
        false
    }
}

//! How much each package matters, when one of two must go.

use super::state::State;
use super::universe::{Field, Name};
use crate::formats::deb::Priority;

/// What an essential package has over others; after that, what depends on it decides.
const ESSENTIAL: i64 = 100;
/// What lifts requested packages above everything.
const REQUESTED: i64 = 10_000;
/// What lifts essential packages above what merely depends on much.
const GUARDED: i64 = 5_000;

impl State<'_> {
    /// A score for each name: its priority, what depends on it, and part of the scores of those.
    pub(super) fn scores(&self, requested: impl Fn(Name) -> bool) -> Vec<i64> {
        let mut scores = vec![0_i64; self.universe.names().count()];
        let installed: Vec<Name> = self.planned().map(|(name, _)| name).collect();
        for name in &installed {
            self.add_own(*name, &mut scores);
        }
        let before = scores.clone();
        for name in &installed {
            self.add_inherited(*name, &before, &mut scores);
        }
        for (name, before) in self.universe.names().zip(&before) {
            let gained = (scores[name.0 as usize] - before).abs();
            if gained != 0 {
                for provider in self.installed_providers(name) {
                    scores[provider.0 as usize] += gained;
                }
            }
        }
        for name in self.universe.names() {
            let score = &mut scores[name.0 as usize];
            if requested(name) {
                *score += REQUESTED;
            }
            if self.is_guarded(name) {
                *score += GUARDED;
            }
        }
        scores
    }

    fn is_guarded(&self, name: Name) -> bool {
        self.universe.is_essential(name) || self.universe.is_protected(name)
    }

    fn add_own(&self, name: Name, scores: &mut [i64]) {
        let entry = self.entry(name);
        let Some(build) = entry.install else { return };
        let own = &mut scores[name.0 as usize];
        if self.is_guarded(name) {
            *own += ESSENTIAL;
        }
        *own += match self.universe.facts(build).priority {
            Priority::Required => 3,
            Priority::Important => 2,
            Priority::Standard => 1,
            Priority::Optional => -1,
            Priority::Extra => -2,
        };
        if entry.current.is_some() && entry.candidate.is_some() {
            *own += 1;
        }
        for at in self.universe.atoms_of(build) {
            let atom = self.universe.atom(at);
            let points = match atom.field {
                Field::PreDepends | Field::Depends | Field::Recommends => 1,
                Field::Conflicts | Field::Breaks => -1,
                Field::Suggests | Field::Replaces => continue,
            };
            if !(atom.is_negative() && atom.target == name) {
                let there = self.entry(atom.target).install;
                if atom.is_versioned() && !there.is_some_and(|build| self.universe.admits(&atom, build)) {
                    continue;
                }
                scores[atom.target.0 as usize] += points;
            }
            let mut providers: Vec<Name> = self
                .universe
                .providers_of(atom.target)
                .iter()
                .filter(|provider| {
                    let owner = self.name_of(provider.build);
                    !(atom.is_negative() && owner == name)
                        && self.entry(owner).install == Some(provider.build)
                        && self.universe.admits_provider(&atom, provider)
                })
                .map(|provider| self.name_of(provider.build))
                .collect();
            providers.sort_unstable();
            providers.dedup();
            for provider in providers {
                scores[provider.0 as usize] += points;
            }
        }
    }

    /// What depends on a package passes its own score on, if that is no malus.
    fn add_inherited(&self, dependent: Name, before: &[i64], scores: &mut [i64]) {
        let passed = before[dependent.0 as usize];
        let Some(build) = self.entry(dependent).install else { return };
        if passed <= 0 {
            return;
        }
        for at in self.universe.atoms_of(build) {
            let atom = self.universe.atom(at);
            let counts = matches!(atom.field, Field::PreDepends | Field::Depends | Field::Recommends);
            if counts && self.entry(atom.target).install.is_some() {
                scores[atom.target.0 as usize] += passed;
            }
        }
    }

    fn installed_providers(&self, name: Name) -> Vec<Name> {
        let providers = self.universe.providers_of(name).iter();
        let mut names: Vec<Name> = providers
            .filter(|provider| self.entry(self.name_of(provider.build)).install == Some(provider.build))
            .map(|provider| self.name_of(provider.build))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

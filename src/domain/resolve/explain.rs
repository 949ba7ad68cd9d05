//! From a state that stayed broken to a tree of reasons.

use std::collections::BTreeMap;
use std::ops::Range;

use super::refusal::{Cause, Problem};
use super::resolution::RelationKind;
use super::state::{State, View};
use super::universe::{Atom, Build, Name};
use crate::formats::deb::Version;

/// A tree of reasons is read by a person; what lies deeper than this does not help.
const MAX_DEPTH: usize = 12;

/// Looks for reasons. Candidates are those that the request began with: what was given up on the way has its reason, too.
pub(super) struct Explanation<'a, 'u> {
    state: &'a State<'u>,
    candidate: &'a dyn Fn(Name) -> Option<Build>,
    /// Whether a version could be installed beside what is there; `true` for those being looked at.
    known: BTreeMap<Build, bool>,
    path: Vec<Build>,
}

impl<'a, 'u> Explanation<'a, 'u> {
    /// Why the `wanted` packages cannot be had together.
    pub(super) fn of(
        state: &'a State<'u>,
        candidate: &'a dyn Fn(Name) -> Option<Build>,
        wanted: &[Name],
    ) -> Vec<Cause> {
        let mut this = Self { state, candidate, known: BTreeMap::new(), path: Vec::new() };
        let mut causes: Vec<Cause> = Vec::new();
        for name in wanted {
            if let Some(build) = candidate(*name).filter(|build| !this.can_be(*build)) {
                causes.extend(Some(this.uninstallable(build)).filter(|cause| !cause.because.is_empty()));
            }
        }
        if causes.is_empty() {
            let broken = state.broken();
            for name in &broken {
                if let Some(build) = state.entry(*name).install {
                    causes.extend(Some(this.uninstallable(build)).filter(|cause| !cause.because.is_empty()));
                }
            }
            if causes.is_empty() {
                let broken = broken.into_iter().map(|name| state.universe.package_name(name)).collect();
                causes.push(Cause::leaf(Problem::Stuck { broken }));
            }
        }
        causes
    }

    fn uninstallable(&mut self, build: Build) -> Cause {
        let name = self.state.universe.package_name(self.state.name_of(build));
        let version = self.state.universe.version(build).clone();
        let problem = Problem::Uninstallable { name, version };
        if self.path.len() >= MAX_DEPTH || self.path.contains(&build) {
            return Cause::leaf(problem);
        }
        self.path.push(build);
        let mut because = Vec::new();
        for group in self.state.universe.groups_of(build) {
            let first = self.state.universe.atom(group.start);
            if first.is_critical() && !first.is_negative() && !self.can_hold(group.clone()) {
                because.push(self.unmet(group));
            }
        }
        because.extend(self.conflicts(build));
        self.path.pop();
        Cause { problem, because }
    }

    fn unmet(&mut self, group: Range<usize>) -> Cause {
        let universe = self.state.universe;
        let kind = RelationKind::of(universe.atom(group.start).field).unwrap_or(RelationKind::Depends);
        let relations = group.clone().map(|at| universe.relation(&universe.atom(at))).collect();
        let because = group.flat_map(|at| self.why_not(&universe.atom(at))).collect();
        Cause { problem: Problem::Unmet { kind, relations }, because }
    }

    fn why_not(&mut self, atom: &Atom) -> Vec<Cause> {
        let universe = self.state.universe;
        let mut causes = Vec::new();
        let own: Vec<Build> = universe.builds_of(atom.target).collect();
        let candidate = (self.candidate)(atom.target);
        let name = universe.package_name(atom.target);
        let version = |build: Build| universe.version(build).clone();
        if let Some(build) = candidate.filter(|build| universe.admits(atom, *build)) {
            causes.push(self.refused(build));
        } else if let Some(serving) = own.iter().find(|build| universe.admits(atom, **build)) {
            let (serving, candidate) = (version(*serving), candidate.map(version));
            causes.push(Cause::leaf(Problem::NotCandidate { name: name.clone(), serving, candidate }));
        } else if !own.is_empty() {
            let present: Vec<Version> = own.iter().map(|build| version(*build)).collect();
            causes.push(Cause::leaf(Problem::OnlyVersions { name: name.clone(), present }));
        }
        for provider in universe.providers_of(atom.target) {
            let owner = self.state.name_of(provider.build);
            if (self.candidate)(owner) == Some(provider.build) && universe.admits_provider(atom, provider) {
                causes.push(self.refused(provider.build));
            }
        }
        if causes.is_empty() {
            let provided: Vec<Version> = universe
                .providers_of(atom.target)
                .iter()
                .filter_map(|p| universe.provided_version(p))
                .cloned()
                .collect();
            causes.push(Cause::leaf(if universe.providers_of(atom.target).is_empty() {
                Problem::Unknown { name, nearest: Vec::new() }
            } else if provided.is_empty() {
                let owners = universe.providers_of(atom.target).iter().map(|p| self.state.name_of(p.build));
                Problem::Virtual { name, providers: owners.map(|owner| universe.package_name(owner)).collect() }
            } else {
                Problem::OnlyVersions { name, present: provided }
            }));
        }
        causes
    }

    fn refused(&mut self, build: Build) -> Cause {
        let name = self.state.name_of(build);
        if self.state.entry(name).held {
            return Cause::leaf(Problem::KeptOut { name: self.state.universe.package_name(name) });
        }
        self.uninstallable(build)
    }

    /// What excludes a version, or what it excludes, of that which would be installed.
    fn conflicts(&self, build: Build) -> Vec<Cause> {
        let universe = self.state.universe;
        let name = self.state.name_of(build);
        let mut causes = Vec::new();
        for at in universe.atoms_of(build) {
            let atom = universe.atom(at);
            if atom.is_negative() {
                for other in self.state.solutions(name, &atom, View::Install) {
                    causes.push(self.conflict(build, &atom, other));
                }
            }
        }
        for (_, there) in self.state.planned().filter(|(other, _)| *other != name) {
            for at in universe.atoms_of(there) {
                let atom = universe.atom(at);
                if atom.is_negative() && self.is_against(&atom, build) {
                    causes.push(self.conflict(there, &atom, build));
                }
            }
        }
        causes
    }

    fn is_against(&self, atom: &Atom, build: Build) -> bool {
        let universe = self.state.universe;
        atom.target == self.state.name_of(build) && universe.admits(atom, build)
            || universe
                .providers_of(atom.target)
                .iter()
                .any(|provider| provider.build == build && universe.admits_provider(atom, provider))
    }

    fn conflict(&self, says: Build, atom: &Atom, other: Build) -> Cause {
        let universe = self.state.universe;
        Cause::leaf(Problem::Conflict {
            name: universe.package_name(self.state.name_of(says)),
            version: universe.version(says).clone(),
            relation: universe.relation(atom),
            other: universe.package_name(self.state.name_of(other)),
            other_version: universe.version(other).clone(),
        })
    }

    /// Whether some candidate could serve a group.
    fn can_hold(&mut self, group: Range<usize>) -> bool {
        let universe = self.state.universe;
        group.into_iter().any(|at| {
            let atom = universe.atom(at);
            let own = (self.candidate)(atom.target).filter(|build| universe.admits(&atom, *build));
            let providers = universe.providers_of(atom.target).iter().filter(|provider| {
                (self.candidate)(self.state.name_of(provider.build)) == Some(provider.build)
                    && universe.admits_provider(&atom, provider)
            });
            let all: Vec<Build> = own.into_iter().chain(providers.map(|provider| provider.build)).collect();
            all.into_iter().any(|build| self.can_be(build))
        })
    }

    fn can_be(&mut self, build: Build) -> bool {
        if let Some(known) = self.known.get(&build) {
            return *known;
        }
        self.known.insert(build, true);
        let name = self.state.name_of(build);
        let fine = !self.state.entry(name).held
            && self.state.universe.groups_of(build).all(|group| {
                let first = self.state.universe.atom(group.start);
                first.is_negative() || !first.is_critical() || self.can_hold(group)
            })
            && self.conflicts(build).is_empty();
        self.known.insert(build, fine);
        fine
    }
}

//! Taking out again what nothing that was asked for leads to: the remains of attempts that failed.

use std::collections::BTreeSet;

use super::mark::By;
use super::state::{Mode, State, View};
use super::universe::{Field, Name};

impl State<'_> {
    /// Whether it will be there.
    fn stays(&self, name: Name) -> bool {
        let entry = self.entry(name);
        match entry.current {
            None => entry.mode != Mode::Keep,
            Some(_) => entry.mode != Mode::Delete,
        }
    }

    /// Finds what no package that was asked for depends on, recommends or suggests, however far.
    pub(super) fn find_garbage(&mut self) {
        let mut reached: BTreeSet<Name> = BTreeSet::new();
        let mut open: Vec<Name> = Vec::new();
        for (name, _) in self.planned() {
            let manual =
                || !self.entry(name).auto || self.universe.is_essential(name) || self.universe.is_protected(name);
            if self.stays(name) && manual() {
                open.push(name);
            }
        }
        while let Some(name) = open.pop() {
            if !reached.insert(name) {
                continue;
            }
            let Some(build) = self.entry(name).install else { continue };
            for at in self.universe.atoms_of(build) {
                let atom = self.universe.atom(at);
                let follows =
                    matches!(atom.field, Field::PreDepends | Field::Depends | Field::Recommends | Field::Suggests);
                if follows {
                    let found = self.solutions(name, &atom, View::Install);
                    open.extend(found.into_iter().map(|build| self.name_of(build)));
                }
            }
        }
        let planned: Vec<Name> = self.planned().map(|(name, _)| name).collect();
        for name in planned {
            self.entry_mut(name).garbage = !reached.contains(&name);
        }
    }

    /// Takes garbage that is not installed yet out of the plan, but for what another package turns out to need.
    pub(super) fn sweep(&mut self) {
        self.find_garbage();
        let mut taken = Vec::new();
        let planned: Vec<Name> = self.planned().map(|(name, _)| name).collect();
        for name in planned {
            let entry = self.entry(name);
            if entry.garbage && entry.mode == Mode::Install && entry.current.is_none() {
                taken.push(name);
                self.mark_delete(name, 0, By::Solver);
            }
        }
        loop {
            let needed = taken.iter().position(|name| self.is_needed(*name));
            let Some(at) = needed else { break };
            let name = taken.remove(at);
            self.mark_install(name, false, 0, By::Solver);
        }
    }

    /// Whether a package that will be there has an important relation to this one, or to what it provides.
    fn is_needed(&self, name: Name) -> bool {
        let Some(candidate) = self.entry(name).candidate else { return false };
        let provided = self.universe.provided_by(candidate);
        self.planned().any(|(_, build)| {
            self.universe.atoms_of(build).any(|at| {
                let atom = self.universe.atom(at);
                let leads_here = atom.target == name || provided.contains(&atom.target);
                leads_here && !atom.is_negative() && self.is_important(&atom)
            })
        })
    }
}

//! Marking packages for installation, with everything they need: the first and larger half of what apt does with a request.

use std::ops::Range;

use super::state::{Mode, State, View};
use super::universe::{Build, Field, Name};

/// apt goes no deeper, and neither do we: the answer must be the same.
const MAX_DEPTH: u32 = 3000;

/// Who changes a package's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The request: always allowed.
    User,
    /// Another package's relation.
    Solver,
}

impl State<'_> {
    /// Makes it so that only the user may change the package's mode.
    pub(super) fn protect(&mut self, name: Name) {
        self.entry_mut(name).protected = true;
    }

    fn may_change(&self, name: Name, mode: Mode, depth: u32, by: By) -> bool {
        if depth > MAX_DEPTH || self.universe.builds_of(name).next().is_none() {
            return false;
        }
        let entry = self.entry(name);
        if by == By::User || entry.mode == mode {
            return true;
        }
        let guarded = || self.universe.is_essential(name) || self.universe.is_protected(name);
        let held = entry.held && mode != Mode::Keep;
        !entry.protected && !held && (mode != Mode::Delete || !guarded())
    }

    /// Leaves the package as it was: absent, or in its current version.
    pub(super) fn mark_keep(&mut self, name: Name, depth: u32, by: By) -> bool {
        if !self.may_change(name, Mode::Keep, depth, by) {
            return false;
        }
        let entry = self.entry(name);
        if entry.mode != Mode::Keep {
            self.set(name, Mode::Keep, entry.current);
        }
        true
    }

    /// Takes the package out.
    pub(super) fn mark_delete(&mut self, name: Name, depth: u32, by: By) -> bool {
        if !self.may_change(name, Mode::Delete, depth, by) {
            return false;
        }
        let entry = *self.entry(name);
        if entry.mode == Mode::Delete || entry.install.is_none() {
            return true;
        }
        if !self.may_delete(name, by) {
            return false;
        }
        self.set(name, if entry.current.is_none() { Mode::Keep } else { Mode::Delete }, None);
        true
    }

    /// What was asked for by name is not taken out again.
    fn may_delete(&self, name: Name, by: By) -> bool {
        let entry = self.entry(name);
        by == By::User || entry.current.is_some() || entry.install.is_none() || entry.auto
    }

    /// Installs the package's candidate; with `deep`, everything it needs, too. Returns whether that worked.
    ///
    /// A package that the solver wants and that cannot have what it needs is given up; one that the user wants stays, broken.
    pub(super) fn mark_install(&mut self, name: Name, deep: bool, depth: u32, by: By) -> bool {
        let entry = *self.entry(name);
        let stands = entry.candidate.is_some() && entry.candidate == entry.current;
        let only_its_dependencies = entry.protected && entry.mode == Mode::Keep && stands;
        if !only_its_dependencies && !self.may_change(name, Mode::Install, depth, by) {
            return false;
        }
        let Some(candidate) = entry.candidate else { return false };
        if !entry.protected && !self.is_lacking(name) {
            if stands {
                return entry.install.is_some() || self.mark_keep(name, depth + 1, by);
            }
            if entry.mode == Mode::Install {
                return true;
            }
        }
        if deep && !self.has_possible_dependencies(name, candidate) {
            return false;
        }
        if by == By::User {
            self.choose(name, by);
        }
        if !deep {
            if by == By::Solver {
                self.choose(name, by);
            }
            return true;
        }
        self.mark_with_dependencies(name, candidate, depth, by)
    }

    fn mark_with_dependencies(&mut self, name: Name, candidate: Build, depth: u32, by: By) -> bool {
        let protected = self.entry(name).protected;
        let fragile = !protected && by == By::Solver;
        let (wanted, against) = self.unmet(name, candidate, protected);

        let mut upgrades = Vec::new();
        let mut removals = Vec::new();
        let mut fine = self.clear_the_way(name, &against, depth, by, &mut upgrades, &mut removals);
        if !fine && fragile {
            return false;
        }
        if by == By::Solver {
            self.choose(name, by);
        }

        // While its dependencies are looked after, nobody takes the package itself away.
        self.entry_mut(name).protected = true;
        for step in [Step::Upgrade(&upgrades), Step::Install(&wanted), Step::Remove(&removals)] {
            let done = match step {
                Step::Upgrade(names) => self.upgrade_or_remove(names, depth, protected, by),
                Step::Install(groups) => self.install_dependencies(name, groups, depth, protected, by),
                Step::Remove(names) => {
                    let failed = names.iter().filter(|other| !self.mark_delete(**other, depth, By::Solver));
                    failed.count() == 0
                }
            };
            if !done && fragile {
                let current = self.entry(name).current;
                self.set(name, Mode::Keep, current);
                self.give_up_candidate(name, current);
                self.entry_mut(name).protected = protected;
                return false;
            }
            fine &= done;
        }
        self.entry_mut(name).protected = protected;
        fine
    }

    /// Marks the candidate as what will be there.
    fn choose(&mut self, name: Name, by: By) {
        let entry = *self.entry(name);
        if entry.protected && entry.install == entry.candidate {
            return;
        }
        if entry.current.is_none() || entry.candidate.is_none() || by == By::User {
            self.entry_mut(name).auto = by == By::Solver;
        }
        let mode = if entry.candidate == entry.current { Mode::Keep } else { Mode::Install };
        self.set(name, mode, entry.candidate);
    }

    /// Whether each dependency could be met by some candidate at all. If not, nobody needs to try again: the candidate is given up.
    fn has_possible_dependencies(&mut self, name: Name, candidate: Build) -> bool {
        if self.entry(name).current == Some(candidate) {
            return true;
        }
        let impossible = self.universe.groups_of(candidate).any(|group| {
            let first = self.universe.atom(group.start);
            first.is_critical()
                && !first.is_negative()
                && !self.holds(name, group.clone(), View::Install)
                && !self.holds(name, group, View::Candidate)
        });
        if impossible && !self.entry(name).protected {
            match self.entry(name).current {
                Some(current) => self.set_candidate(name, current),
                None => self.give_up_candidate(name, None),
            }
            let entry = self.entry_mut(name);
            if entry.mode != Mode::Delete {
                entry.mode = Mode::Keep;
            }
        }
        !impossible
    }

    /// Keeps out what `name` is against. Installed packages are to be upgraded, or else removed later.
    fn clear_the_way(
        &mut self,
        name: Name,
        against: &[Range<usize>],
        depth: u32,
        by: By,
        upgrades: &mut Vec<Name>,
        removals: &mut Vec<Name>,
    ) -> bool {
        let protected = self.entry(name).protected;
        let stubborn = protected || by == By::User;
        let mut fine = true;
        let mut kept_out = Vec::new();
        for group in against {
            for build in self.possible(name, group.clone(), View::Candidate) {
                let other = self.name_of(build);
                let entry = *self.entry(other);
                if entry.candidate != Some(build) {
                    continue;
                }
                let done = if entry.current == Some(build) {
                    self.remove_later(other, depth, protected, removals)
                } else if entry.mode == Mode::Install && !self.mark_keep(other, depth, By::Solver) {
                    false
                } else {
                    if protected {
                        self.give_up_candidate(other, self.entry(other).install);
                        if entry.current.is_none() {
                            self.protect(other);
                        }
                    } else {
                        kept_out.push(other);
                    }
                    true
                };
                if !done {
                    fine = false;
                    if !stubborn {
                        return false;
                    }
                }
            }
            for build in self.possible(name, group.clone(), View::Current) {
                let other = self.name_of(build);
                let entry = *self.entry(other);
                if entry.candidate.is_some() && entry.candidate != Some(build) && !kept_out.contains(&other) {
                    upgrades.push(other);
                } else if entry.candidate != entry.current && !self.remove_later(other, depth, protected, removals) {
                    fine = false;
                    if !stubborn {
                        return false;
                    }
                }
            }
        }
        fine
    }

    fn remove_later(&mut self, name: Name, depth: u32, now: bool, removals: &mut Vec<Name>) -> bool {
        let gone = self.entry(name).mode == Mode::Delete;
        if !now {
            if gone {
                return true;
            }
            if !self.may_change(name, Mode::Delete, depth, By::Solver) || !self.may_delete(name, By::Solver) {
                return false;
            }
            removals.push(name);
            return true;
        }
        if !gone && !self.mark_delete(name, depth + 1, By::Solver) {
            return false;
        }
        self.give_up_candidate(name, self.entry(name).install);
        self.protect(name);
        true
    }

    fn upgrade_or_remove(&mut self, names: &[Name], depth: u32, protected: bool, by: By) -> bool {
        let mut fine = true;
        for name in names {
            if self.entry(*name).mode == Mode::Install || self.mark_install(*name, true, depth + 1, By::Solver) {
                continue;
            }
            if !self.mark_delete(*name, depth + 1, By::Solver) {
                fine = false;
                if !protected && by == By::Solver {
                    break;
                }
            } else if protected {
                self.protect(*name);
            }
        }
        fine
    }

    fn install_dependencies(
        &mut self,
        name: Name,
        groups: &[Range<usize>],
        depth: u32,
        protected: bool,
        by: By,
    ) -> bool {
        let mut fine = true;
        for group in groups {
            let critical = self.universe.atom(group.start).is_critical();
            if self.holds(name, group.clone(), View::Install) {
                if protected && critical {
                    fine &= self.pass_protection_on(name, group.clone(), depth);
                }
                continue;
            }
            if !critical && !self.is_news(name, group.start) {
                continue;
            }
            let possible = self.possible(name, group.clone(), View::Candidate);
            let alone = possible.len() == 1;
            let found = possible.into_iter().any(|build| {
                let other = self.name_of(build);
                if self.entry(other).candidate != Some(build) {
                    return false;
                }
                if protected && critical && alone {
                    if !self.mark_install(other, false, depth + 1, By::Solver) {
                        return false;
                    }
                    self.protect(other);
                }
                self.mark_install(other, true, depth + 1, By::Solver)
            });
            if !found && critical {
                fine = false;
                if !protected && by == By::Solver {
                    break;
                }
            }
        }
        fine
    }

    /// What alone serves a protected package is protected, too.
    fn pass_protection_on(&mut self, name: Name, group: Range<usize>, depth: u32) -> bool {
        let mut all = Vec::new();
        for at in group {
            let atom = self.universe.atom(at);
            if self.hits(name, &atom, View::Candidate) {
                all.extend(self.solutions(name, &atom, View::Candidate));
            }
            all.extend(self.solutions(name, &atom, View::Current));
        }
        all.sort_unstable();
        all.dedup();
        all.retain(|build| !self.is_refused(self.name_of(*build)));
        let [only] = all[..] else { return true };
        let other = self.name_of(only);
        if self.entry(other).protected {
            return true;
        }
        self.protect(other);
        self.mark_install(other, true, depth + 1, By::Solver)
    }

    /// Whether a recommendation of an installed package is new, or was met before. An old one that nobody met stays unmet.
    fn is_news(&self, name: Name, start: usize) -> bool {
        let Some(current) = self.entry(name).current else { return true };
        let target = self.universe.atom(start).target;
        let mut known = false;
        for group in self.universe.groups_of(current) {
            let first = self.universe.atom(group.start);
            if first.field != Field::Recommends || !group.clone().any(|at| self.universe.atom(at).target == target) {
                continue;
            }
            known = true;
            if self.holds(name, group, View::Current) {
                return true;
            }
        }
        !known
    }
}

enum Step<'a> {
    Upgrade(&'a [Name]),
    Install(&'a [Range<usize>]),
    Remove(&'a [Name]),
}

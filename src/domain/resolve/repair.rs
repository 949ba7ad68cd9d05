//! Mending what marking left broken, the packages that matter most first: the second half of what apt does with a request.
//!
//! Each broken package is looked at in turn. Something else may change for it, or it goes itself, whichever has the lower score.

use std::collections::BTreeSet;
use std::ops::Range;

use super::mark::By;
use super::state::{Mode, State, View};
use super::universe::{Build, Field, Name};

/// apt looks this often at every package, and gives up then.
const ROUNDS: u32 = 20;

/// One run of the repair.
pub(super) struct Repair<'a, 'u> {
    state: &'a mut State<'u>,
    /// What was asked for, or asked to be kept out.
    requested: &'a BTreeSet<Name>,
    scores: Vec<i64>,
    /// Packages whose upgrade was not tried yet.
    upgradable: BTreeSet<Name>,
}

/// How a group of alternatives that cannot be helped ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastResort {
    Remove,
    Keep,
}

impl<'a, 'u> Repair<'a, 'u> {
    /// Mends what it can. Nothing is broken afterwards, or there is no solution that apt would find.
    pub(super) fn run(state: &'a mut State<'u>, requested: &'a BTreeSet<Name>) {
        for name in state.broken() {
            if state.entry(name).mode != Mode::Install {
                state.mark_install(name, false, 0, By::Solver);
            }
        }
        let scores = state.scores(|name| requested.contains(&name));
        let upgradable = state.universe.names().collect();
        let mut repair = Self { state, requested, scores, upgradable };
        let mut order: Vec<Name> = repair.state.universe.names().collect();
        order.sort_by_key(|name| std::cmp::Reverse(repair.score(*name)));
        for round in 0..ROUNDS {
            let mut changed = false;
            for name in &order {
                if repair.state.entry(*name).install.is_some() && repair.state.is_broken(*name) {
                    changed |= repair.look_at(*name, round);
                }
            }
            if !changed {
                break;
            }
        }
    }

    fn score(&self, name: Name) -> i64 {
        self.scores[name.0 as usize]
    }

    /// Deals with every broken relation of a package. Returns whether something changed.
    fn look_at(&mut self, name: Name, round: u32) -> bool {
        let mut changed = false;
        let mut kills: Vec<(Name, Range<usize>)> = Vec::new();
        let Some(build) = self.state.entry(name).install else { return false };
        let groups: Vec<_> = self.state.universe.groups_of(build).collect();
        for group in groups {
            let critical = self.state.universe.atom(group.start).is_critical();
            if !critical || self.state.holds(name, group.clone(), View::Install) {
                continue;
            }
            let or = group.len() > 1;
            let known = kills.len();
            let mut last_resort = LastResort::Remove;
            let mut done = false;
            for at in group.clone() {
                if self.state.holds(name, group.clone(), View::Install) {
                    break;
                }
                let step = self.look_at_relation(name, at, group.clone(), round, &mut last_resort, &mut kills);
                changed |= step.changed;
                done |= step.done;
                if step.given_up {
                    return changed;
                }
            }
            let mended = self.state.holds(name, group.clone(), View::Install);
            if or && !mended && kills.len() == known && self.state.entry(name).install.is_some() {
                match last_resort {
                    LastResort::Remove if !self.state.entry(name).protected => {
                        self.state.mark_delete(name, 0, By::Solver);
                        changed = true;
                    }
                    LastResort::Remove => {}
                    LastResort::Keep => {
                        self.state.mark_keep(name, 0, By::Solver);
                        changed = true;
                    }
                }
            }
            if done && !or || self.state.entry(name).install != Some(build) {
                break;
            }
        }
        changed | self.apply(name, &kills, round)
    }

    fn look_at_relation(
        &mut self,
        name: Name,
        at: usize,
        group: Range<usize>,
        round: u32,
        last_resort: &mut LastResort,
        kills: &mut Vec<(Name, Range<usize>)>,
    ) -> Outcome {
        let atom = self.state.universe.atom(at);
        let or = group.len() > 1;
        let targets = self.state.all_targets(name, &atom);
        let now_broken = || {
            let entry = self.state.entry(name);
            entry.current.is_some() && self.state.first_broken(name, entry.current, View::Current).is_some()
        };
        if targets.is_empty() && !self.state.entry(name).protected && !atom.is_negative() && !now_broken() {
            if or {
                return Outcome::default();
            }
            self.state.mark_keep(name, 0, By::Solver);
            return Outcome { changed: true, given_up: true, ..Outcome::default() };
        }
        let nobody = targets.is_empty();
        let outcome = self.weigh(name, at, targets, group, round, last_resort, kills);
        if nobody && !atom.is_negative() && !self.state.entry(name).protected {
            let was_new = self.state.entry(name).mode == Mode::Install;
            self.state.mark_keep(name, 0, By::Solver);
            if self.state.is_broken(name) {
                if !or {
                    self.state.mark_delete(name, 0, By::Solver);
                }
            } else {
                self.keep_open(name, or, was_new, last_resort);
            }
            return Outcome { changed: true, done: true, ..outcome };
        }
        outcome
    }

    /// Weighs each package that the relation leads to against the broken one.
    #[expect(clippy::too_many_arguments, reason = "one step of one loop, parted for reading")]
    fn weigh(
        &mut self,
        name: Name,
        at: usize,
        targets: Vec<Build>,
        group: Range<usize>,
        round: u32,
        last_resort: &mut LastResort,
        kills: &mut Vec<(Name, Range<usize>)>,
    ) -> Outcome {
        let atom = self.state.universe.atom(at);
        for build in targets {
            let other = self.state.name_of(build);
            if atom.is_negative() && self.state.entry(other).install != Some(build) {
                continue;
            }
            let new_need = !atom.is_negative() && !self.state.hits(name, &atom, View::Current);
            if self.score(name) <= self.score(other) || new_need {
                if self.state.entry(name).protected {
                    if self.upgrade(other) {
                        let limit = self.score(name);
                        let score = &mut self.scores[other.0 as usize];
                        *score = limit.min(*score);
                        break;
                    }
                    continue;
                }
                self.change_itself(name, other, at, group, round, last_resort);
                return Outcome { changed: true, done: true, given_up: false };
            }
            if atom.field == Field::Breaks && self.state.holds(name, group.clone(), View::Candidate) {
                self.state.mark_install(other, false, 0, By::Solver);
                continue;
            }
            let entry = self.state.entry(other);
            if entry.protected && entry.mode != Mode::Delete {
                continue;
            }
            kills.push((other, group.clone()));
            if !atom.is_negative() {
                break;
            }
        }
        Outcome::default()
    }

    /// The broken package itself gives way: it stays as it was, or gets what it needs after all, or goes.
    fn change_itself(
        &mut self,
        name: Name,
        other: Name,
        at: usize,
        group: Range<usize>,
        round: u32,
        last_resort: &mut LastResort,
    ) {
        let or = group.len() > 1;
        let was_new = self.state.entry(name).mode == Mode::Install;
        self.state.mark_keep(name, 0, By::Solver);
        if !self.state.is_broken(name) {
            self.keep_open(name, or, was_new, last_resort);
            return;
        }
        if self.upgrade(name) {
            return;
        }
        let target = self.state.universe.atom(at).target;
        let entry = *self.state.entry(target);
        if !or || self.state.entry(name).garbage {
            self.state.mark_delete(name, 0, By::Solver);
            if round > 1 && self.score(other) > self.score(name) {
                self.scores[name.0 as usize] = self.score(other);
            }
        } else if entry.current.is_none()
            && entry.mode != Mode::Delete
            && entry.candidate.is_some()
            && !(entry.held && self.requested.contains(&target))
        {
            let before = self.state.broken().len();
            self.state.mark_install(target, true, 1, By::Solver);
            if self.state.is_broken(target) || self.state.broken().len() > before {
                self.state.mark_delete(target, 1, By::Solver);
            }
        }
    }

    /// Keeping it would do. In a group of alternatives, the others are tried before.
    fn keep_open(&mut self, name: Name, or: bool, was_new: bool, last_resort: &mut LastResort) {
        *last_resort = LastResort::Keep;
        if or && was_new {
            self.state.mark_install(name, false, 0, By::Solver);
        }
    }

    /// Brings a package back in, with what it needs to be whole. Undone where that fails.
    fn upgrade(&mut self, name: Name) -> bool {
        if !self.upgradable.contains(&name)
            || self.state.entry(name).candidate.is_none()
            || self.state.entry(name).candidate == self.state.entry(name).current
            || self.requested.contains(&name)
        {
            return false;
        }
        self.upgradable.remove(&name);
        let was_kept = self.state.entry(name).mode == Mode::Keep;
        if !self.state.mark_install(name, false, 0, By::Solver) {
            return false;
        }
        let Some(build) = self.state.entry(name).install else { return false };
        let groups: Vec<_> = self.state.universe.groups_of(build).collect();
        let whole = groups
            .into_iter()
            .all(|group| !self.state.universe.atom(group.start).is_critical() || self.upgrade_for(name, group));
        if !whole {
            if was_kept {
                self.state.mark_keep(name, 0, By::Solver);
            } else {
                self.state.mark_delete(name, 0, By::Solver);
            }
        }
        whole
    }

    fn upgrade_for(&mut self, name: Name, group: Range<usize>) -> bool {
        let mut fine = true;
        for at in group.clone() {
            if self.state.holds(name, group.clone(), View::Install) {
                break;
            }
            let atom = self.state.universe.atom(at);
            let target = self.one_target(name, at);
            if self.state.entry(target).protected {
                fine = false;
            } else if self.state.hits(name, &atom, View::Candidate) != atom.is_negative() {
                if self.upgrade(target) {
                    return true;
                }
                fine = false;
            } else if atom.is_negative() {
                break;
            } else {
                fine = false;
            }
        }
        fine
    }

    /// The relation's own package, or where that is virtual, its first provider.
    fn one_target(&self, name: Name, at: usize) -> Name {
        let target = self.state.universe.atom(at).target;
        if self.state.universe.builds_of(target).next().is_some() {
            return target;
        }
        let providers =
            self.state.universe.providers_of(target).iter().map(|provider| self.state.name_of(provider.build));
        providers.into_iter().find(|owner| *owner != name).unwrap_or(target)
    }

    /// Takes out what must go for the package's sake.
    fn apply(&mut self, name: Name, kills: &[(Name, Range<usize>)], round: u32) -> bool {
        let mut changed = false;
        if self.state.entry(name).install.is_none() {
            return false;
        }
        for (other, group) in kills {
            let negative = self.state.universe.atom(group.start).is_negative();
            let fixed = if self.state.holds(name, group.clone(), View::Current) {
                self.state.mark_keep(*other, 0, By::Solver)
            } else {
                negative && self.state.mark_delete(*other, 0, By::Solver)
            };
            if (!fixed || round > 1) && self.score(name) > self.score(*other) {
                self.scores[other.0 as usize] = self.score(name);
                changed = true;
            }
            changed |= fixed;
        }
        changed
    }
}

/// What looking at one relation led to.
#[derive(Clone, Copy, Default)]
struct Outcome {
    /// Some package's state is another.
    changed: bool,
    /// The relation is dealt with.
    done: bool,
    /// The package is; its other relations do not matter any more.
    given_up: bool,
}

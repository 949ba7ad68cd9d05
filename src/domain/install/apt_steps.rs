//! What apt does with each package of its order: unpack it, and configure some before the next.
//!
//! As apt's `pkgPackageManager` does it on a system where nothing of the list is installed. A package's `Pre-Depends` are
//! unpacked and configured before it is unpacked. An *immediate* package is configured as soon as it is unpacked, and so
//! is, first, what it depends on; when that does not work out, it is left for the end.

use super::apt_order::{DEEPEST, Group, Known, unpack_order};

/// One thing that apt wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Unpack(usize),
    Configure(usize),
}

/// How often a package's dependencies are looked at again because something changed. Real ones need three looks.
const LOOKS: usize = 100;

/// All that apt does before it leaves the rest to `dpkg --configure --pending`.
pub(super) fn deeds(known: &Known<'_>) -> Vec<Deed> {
    let count = known.packages.len();
    let mut run = Run { known, states: vec![State::Now; count], busy: vec![false; count], level: 0, deeds: Vec::new() };
    for package in unpack_order(known) {
        if run.state(package) == State::Now && !run.unpack(package, known.is_immediate(package)) {
            // apt would give up. The package is unpacked all the same, and dpkg gets to say what is wrong.
            run.set(package, State::Unpacked);
            run.deeds.push(Deed::Unpack(package));
        }
    }
    run.deeds
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Now,
    Unpacked,
    Configured,
}

struct Run<'a> {
    known: &'a Known<'a>,
    states: Vec<State>,
    /// What is being worked on, further up.
    busy: Vec<bool>,
    /// How many packages are being worked on.
    level: usize,
    deeds: Vec<Deed>,
}

/// What became of one dependency.
struct Outcome {
    bad: bool,
    changed: bool,
}

impl Run<'_> {
    fn state(&self, package: usize) -> State {
        self.states.get(package).copied().unwrap_or(State::Configured)
    }

    fn set(&mut self, package: usize, state: State) {
        if let Some(place) = self.states.get_mut(package) {
            *place = state;
        }
    }

    fn is_busy(&self, package: usize) -> bool {
        self.busy.get(package) == Some(&true)
    }

    /// Whether something that was installed before satisfies the dependency.
    fn is_met(&self, group: &Group) -> bool {
        group.elements.iter().flat_map(|element| &element.targets).any(|target| self.known.is_installed(*target))
    }

    /// Does something for `target` on behalf of `package`, which is busy meanwhile. `None` when that fails.
    fn on_behalf(&mut self, package: usize, target: usize, deed: Deed, outcome: &mut Outcome) -> Option<()> {
        if self.level > DEEPEST {
            return None;
        }
        self.level += 1;
        let was_busy = self.is_busy(package);
        if let Some(busy) = self.busy.get_mut(package) {
            *busy = true;
        }
        let done = match deed {
            Deed::Unpack(_) => self.unpack(target, true),
            Deed::Configure(_) => self.configure(target),
        };
        if let Some(busy) = self.busy.get_mut(package) {
            *busy = was_busy;
        }
        self.level -= 1;
        if !done {
            return None;
        }
        outcome.bad = false;
        outcome.changed |= !self.is_busy(target);
        Some(())
    }

    /// Unpacks a package, its `Pre-Depends` first; with `immediate` it is configured as well if that can be. A package
    /// that is busy only has its `Pre-Depends` seen to. Says whether it worked.
    fn unpack(&mut self, package: usize, immediate: bool) -> bool {
        let was_busy = self.is_busy(package);
        let known = self.known;
        let mut failed = false;
        for look in 0.. {
            let mut changed = false;
            for group in known.groups(package).iter().filter(|group| group.pre) {
                let mut outcome = Outcome { bad: !self.is_met(group), changed: false };
                for element in &group.elements {
                    if !outcome.bad {
                        break;
                    }
                    for target in element.targets.iter().copied().filter(|target| !known.is_installed(*target)) {
                        let deed = match self.state(target) {
                            State::Configured => {
                                outcome.bad = false;
                                break;
                            }
                            State::Now if self.is_busy(target) && was_busy => continue,
                            State::Now => Deed::Unpack(target),
                            State::Unpacked => Deed::Configure(target),
                        };
                        if self.on_behalf(package, target, deed, &mut outcome).is_none() {
                            return false;
                        }
                        break;
                    }
                }
                failed |= outcome.bad;
                changed |= outcome.changed;
            }
            if !changed {
                break;
            }
            if look > LOOKS {
                return false;
            }
        }
        if failed {
            return false;
        }
        if was_busy {
            return true;
        }
        self.set(package, State::Unpacked);
        self.deeds.push(Deed::Unpack(package));
        if immediate {
            self.configure(package);
        }
        true
    }

    /// Configures a package, what it depends on first. Says whether it worked.
    fn configure(&mut self, package: usize) -> bool {
        let was_busy = self.is_busy(package);
        let Some(needed) = self.unpack_needed(package, was_busy) else { return false };
        let known = self.known;
        let mut bad = false;
        for look in 0.. {
            let mut changed = false;
            for group in needed.iter().filter_map(|at| known.groups(package).get(*at)) {
                let mut outcome = Outcome { bad: true, changed: false };
                for element in &group.elements {
                    for target in element.targets.iter().copied() {
                        match self.state(target) {
                            State::Unpacked if self.is_busy(target) && was_busy => outcome.bad = false,
                            State::Unpacked => {
                                let deed = Deed::Configure(target);
                                if self.on_behalf(package, target, deed, &mut outcome).is_none() {
                                    return false;
                                }
                            }
                            State::Configured => outcome.bad = false,
                            State::Now => continue,
                        }
                        break;
                    }
                    if !outcome.bad {
                        break;
                    }
                }
                bad = outcome.bad;
                changed |= outcome.changed;
            }
            if !changed {
                break;
            }
            if look > LOOKS {
                return false;
            }
        }
        if bad {
            return false;
        }
        if was_busy {
            return true;
        }
        if self.state(package) == State::Configured {
            return false;
        }
        self.deeds.push(Deed::Configure(package));
        self.set(package, State::Configured);
        true
    }

    /// Unpacks what a package depends on and is not unpacked yet; the dependencies, by their places, that are left to be
    /// configured. `None` when something fails.
    fn unpack_needed(&mut self, package: usize, was_busy: bool) -> Option<Vec<usize>> {
        let known = self.known;
        let mut needed = Vec::new();
        for look in 0.. {
            let mut changed = false;
            for (at, group) in known.groups(package).iter().enumerate() {
                if self.is_met(group) {
                    continue;
                }
                let mut outcome = Outcome { bad: true, changed: false };
                for element in &group.elements {
                    let mut targets = element.targets.iter().copied();
                    let next = targets.find(|target| self.state(*target) == State::Now);
                    if let Some(target) = next.filter(|_| !was_busy) {
                        self.on_behalf(package, target, Deed::Unpack(target), &mut outcome)?;
                    }
                    if !outcome.bad {
                        break;
                    }
                }
                changed |= outcome.changed;
                if outcome.bad {
                    needed.push(at);
                }
            }
            if !changed {
                break;
            }
            if look > LOOKS {
                return None;
            }
        }
        Some(needed)
    }
}

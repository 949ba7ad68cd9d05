//! What dpkg knows of each package while it works: its condition, and which triggers wait for whom.
//!
//! Sources: deb-triggers(5), dpkg's `doc/spec/triggers.txt`, and the behaviour of dpkg 1.20 to 1.22.

use std::collections::{BTreeMap, VecDeque};

use crate::formats::deb::{Trigger, TriggerAction};

/// A package's condition, in dpkg's order: what is above another is nearer to being installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Unknown to the database.
    NotInstalled,
    /// Being unpacked.
    HalfInstalled,
    /// Unpacked, not configured.
    Unpacked,
    /// Its `postinst` runs.
    HalfConfigured,
    /// Configured, but another package's trigger must be processed before it counts.
    TriggersAwaited,
    /// Configured, with triggers that wait for it.
    TriggersPending,
    /// Done.
    Installed,
}

impl Condition {
    /// The value of `Status`, as dpkg writes it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotInstalled => "install ok not-installed",
            Self::HalfInstalled => "install reinstreq half-installed",
            Self::Unpacked => "install ok unpacked",
            Self::HalfConfigured => "install ok half-configured",
            Self::TriggersAwaited => "install ok triggers-awaited",
            Self::TriggersPending => "install ok triggers-pending",
            Self::Installed => "install ok installed",
        }
    }
}

/// Who wants to know of a trigger.
#[derive(Clone, Copy)]
struct Interest {
    package: usize,
    awaited: bool,
}

/// The conditions of all packages, by their places, and the triggers between them.
pub(super) struct Conditions {
    of: Vec<Condition>,
    /// The triggers that wait for each package, the latest first.
    pending: Vec<Vec<String>>,
    /// The packages whose triggers each package awaits, the earliest first.
    awaits: Vec<Vec<usize>>,
    /// Interests in names and in paths (which start with `/`), the earliest first.
    interests: BTreeMap<String, Vec<Interest>>,
    /// What is to be processed at the end of the call, if it processes triggers at all.
    deferred: Option<VecDeque<usize>>,
}

impl Conditions {
    pub(super) fn new(count: usize) -> Self {
        Self {
            of: vec![Condition::NotInstalled; count],
            pending: vec![Vec::new(); count],
            awaits: vec![Vec::new(); count],
            interests: BTreeMap::new(),
            deferred: None,
        }
    }

    /// Begins another call of dpkg. It reads the waiting triggers from the database, which turns their order round.
    pub(super) fn reread(&mut self, processes_triggers: bool) {
        self.pending.iter_mut().for_each(|names| names.reverse());
        self.deferred = processes_triggers.then(VecDeque::new);
    }

    pub(super) fn of(&self, package: usize) -> Condition {
        self.of.get(package).copied().unwrap_or(Condition::NotInstalled)
    }

    pub(super) fn pending(&self, package: usize) -> &[String] {
        self.pending.get(package).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn awaits(&self, package: usize) -> &[usize] {
        self.awaits.get(package).map(Vec::as_slice).unwrap_or_default()
    }

    /// Sets a package's condition, with what follows for those that await its triggers.
    pub(super) fn set(&mut self, package: usize, condition: Condition) {
        if let Some(place) = self.of.get_mut(package) {
            *place = condition;
        }
        self.note(package);
    }

    /// Sets the condition after a `postinst`: installed, or what triggers make of it.
    pub(super) fn settle(&mut self, package: usize) {
        let condition = match (self.awaits(package), self.pending(package)) {
            ([_, ..], _) => Condition::TriggersAwaited,
            ([], [_, ..]) => Condition::TriggersPending,
            ([], []) => Condition::Installed,
        };
        self.set(package, condition);
    }

    fn note(&mut self, package: usize) {
        let condition = self.of(package);
        if !matches!(condition, Condition::TriggersPending | Condition::TriggersAwaited)
            && let Some(names) = self.pending.get_mut(package)
        {
            names.clear();
        }
        if condition == Condition::NotInstalled
            && let Some(others) = self.awaits.get_mut(package)
        {
            others.clear();
        }
        if self.pending(package).is_empty() {
            self.release(package);
        }
    }

    /// Nobody awaits the triggers of this package any more.
    pub(super) fn release(&mut self, package: usize) {
        for waiter in 0..self.of.len() {
            let Some(others) = self.awaits.get_mut(waiter).filter(|others| others.contains(&package)) else { continue };
            others.retain(|other| *other != package);
            if others.is_empty() && self.of(waiter) == Condition::TriggersAwaited {
                self.settle(waiter);
            }
        }
    }

    /// Takes up what a package's `triggers` file wants to be told of.
    pub(super) fn declare(&mut self, package: usize, triggers: &[Trigger]) {
        for trigger in triggers.iter().filter(|trigger| trigger.action == TriggerAction::Interest) {
            let interests = self.interests.entry(trigger.name.clone()).or_default();
            interests.retain(|interest| interest.package != package);
            interests.push(Interest { package, awaited: trigger.awaits });
        }
    }

    /// Sets off a trigger; `awaiter` awaits it, unless the one who is told does not want that. A path sets off all paths
    /// above it, too.
    pub(super) fn activate(&mut self, name: &str, awaiter: Option<usize>) {
        if !name.starts_with('/') {
            for interest in self.interests.get(name).cloned().unwrap_or_default() {
                self.record(interest, awaiter, name);
            }
            return;
        }
        let mut path = name;
        loop {
            self.activate_path(path, awaiter);
            match path.rfind('/') {
                Some(slash) if slash > 0 => path = path.get(..slash).unwrap_or_default(),
                _ => break,
            }
        }
    }

    /// Sets off the trigger of exactly this path, from `/`.
    pub(super) fn activate_path(&mut self, path: &str, awaiter: Option<usize>) {
        let Some(interests) = self.interests.get(path).cloned() else { return };
        for interest in interests.into_iter().rev() {
            self.record(interest, awaiter, path);
        }
    }

    fn record(&mut self, interest: Interest, awaiter: Option<usize>, name: &str) {
        let package = interest.package;
        if self.of(package) < Condition::TriggersAwaited {
            return;
        }
        if let Some(names) = self.pending.get_mut(package).filter(|names| names.iter().all(|other| other != name)) {
            names.insert(0, name.to_owned());
            self.settle(package);
        }
        if let Some(deferred) = self.deferred.as_mut().filter(|deferred| !deferred.contains(&package)) {
            deferred.push_back(package);
        }
        if let Some(awaiter) = awaiter.filter(|_| interest.awaited)
            && self.of(awaiter) != Condition::NotInstalled
            && let Some(others) = self.awaits.get_mut(awaiter).filter(|others| !others.contains(&package))
        {
            others.push(package);
            if self.of(awaiter) > Condition::TriggersAwaited {
                self.set(awaiter, Condition::TriggersAwaited);
            }
        }
    }

    /// The next package whose triggers this call still has to process.
    pub(super) fn next_deferred(&mut self) -> Option<usize> {
        self.deferred.as_mut()?.pop_front()
    }

    /// A package's triggers are being processed now, so not again at the end.
    pub(super) fn undefer(&mut self, package: usize) {
        if let Some(deferred) = &mut self.deferred {
            deferred.retain(|other| *other != package);
        }
    }
}

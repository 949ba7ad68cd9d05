//! What dpkg does next: the order of its steps within and between [calls](super::plan::Call).
//!
//! dpkg unpacks archives in the order given. Packages to be configured stand in a queue; one whose dependencies are not
//! configured yet goes to its end. When a round brings nothing, dpkg tries harder, and stays at what it came to:
//!
//! | attempt | what is new |
//! |---|---|
//! | 1 | all dependencies must be configured |
//! | 2 | a cycle of dependencies is broken, at a package without `postinst` if there is one |
//! | 3, 4 | waiting triggers are processed |
//! | 5 | nothing here (`--force-depends-version`) |
//! | 6 | with `--force-depends`, dependencies no longer count |
//!
//! `--pending` fills the queue in the order of dpkg's hash table of names. Triggers that a call set off are processed at
//! its end, unless it was told not to.
//!
//! Source: the behaviour of dpkg 1.20 to 1.22 (`packages.c`, `configure.c`, `trigproc.c`, `depcon.c`).

mod chase;
mod depends;
mod hash;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::chase::Chase;
use self::hash::hashed;
use super::conditions::{Condition, Conditions};
use super::plan::Call;
use super::relations::Satisfiers;
use crate::formats::deb::{Package, Trigger, TriggerAction};

/// What dpkg does next with a package, known by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `preinst install`, then its files.
    Unpack(usize),
    /// Its conffiles, then `postinst configure`.
    Configure(usize),
    /// `postinst triggered` with these names, parted by blanks.
    Triggered(usize, String),
}

/// dpkg cannot go on: it would leave packages unconfigured and fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// A dependency of the package is not there.
    Dependencies(usize),
    /// Triggers set each other off without end; the package is one of those that they wait for.
    Triggers(usize),
}

/// One alternative of a dependency: who bears its name, who provides it, and whether as a version that is meant.
struct Link {
    named: Option<(usize, bool)>,
    providers: Vec<(usize, bool)>,
}

/// Where a [`Link`] is: package, dependency, alternative.
type Place = (usize, usize, usize);

/// Whether a package can be configured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ready {
    Never,
    Later,
    Now,
}

/// dpkg, from its first call to its last. [`Dpkg::next`] says what to do; the other calls tell what came of it.
pub struct Dpkg<'a> {
    packages: &'a [&'a Package],
    /// Which packages have a `postinst`.
    postinst: Vec<bool>,
    /// `Pre-Depends`, then `Depends`.
    links: Vec<Vec<Vec<Link>>>,
    /// All packages in the order of dpkg's hash table.
    hashed: Vec<usize>,
    /// The lines of each package's `triggers` file.
    declared: Vec<Vec<Trigger>>,
    conditions: Conditions,
    calls: VecDeque<Call>,
    call: Option<Process>,
}

/// One call at work.
struct Process {
    /// Files are read from archives in this call (rather than from the database), so `Pre-Depends` come first.
    archives: bool,
    install: bool,
    to_unpack: VecDeque<usize>,
    queue: VecDeque<usize>,
    /// What is, or was, in the queue.
    chosen: BTreeSet<usize>,
    attempt: u8,
    /// Rounds since something was done.
    idle: usize,
    /// A package whose triggers would let another go on.
    helpful: Option<usize>,
    /// Alternatives that no longer count, to break cycles.
    broken: BTreeSet<Place>,
    chase: Chase,
}

const CYCLES: u8 = 2;
const TRIGGERS: u8 = 3;
const TRIGGER_CYCLES: u8 = 4;
const FORCE: u8 = 6;

impl<'a> Dpkg<'a> {
    /// dpkg on an empty system. `postinst` says of each package whether it has one.
    #[must_use]
    pub fn new(packages: &'a [&'a Package], postinst: Vec<bool>, calls: Vec<Call>) -> Self {
        let satisfiers = Satisfiers::new(packages);
        let link = |relation| {
            let targets = satisfiers.targets(relation);
            Link {
                named: satisfiers.named(relation).map(|i| (i, satisfiers.admits(relation, i))),
                providers: satisfiers.providers(relation).map(|i| (i, targets.contains(&i))).collect(),
            }
        };
        let links = packages.iter().map(|package| {
            let groups = package.pre_depends.iter().chain(&package.depends);
            groups.map(|alternatives| alternatives.iter().map(link).collect()).collect()
        });
        Self {
            packages,
            postinst,
            links: links.collect(),
            hashed: hashed(packages),
            declared: vec![Vec::new(); packages.len()],
            conditions: Conditions::new(packages.len()),
            calls: calls.into(),
            call: None,
        }
    }

    /// The package's condition.
    #[must_use]
    pub fn condition(&self, package: usize) -> Condition {
        self.conditions.of(package)
    }

    /// The triggers that wait for the package, as `Triggers-Pending` lists them.
    #[must_use]
    pub fn pending(&self, package: usize) -> &[String] {
        self.conditions.pending(package)
    }

    /// The packages whose triggers the package awaits, as `Triggers-Awaited` lists them.
    #[must_use]
    pub fn awaits(&self, package: usize) -> &[usize] {
        self.conditions.awaits(package)
    }

    /// A package is about to be unpacked; `triggers` are the lines of its file of that name. Its `preinst` comes next.
    pub fn unpacking(&mut self, package: usize, triggers: Vec<Trigger>) {
        if let Some(declared) = self.declared.get_mut(package) {
            *declared = triggers;
        }
        self.activate_declared(package);
        self.conditions.set(package, Condition::HalfInstalled);
    }

    /// A package's file or directory was unpacked; the path starts with `/`.
    pub fn file(&mut self, package: usize, path: &str) {
        self.conditions.activate_path(path, Some(package));
    }

    /// All of a package was unpacked.
    pub fn unpacked(&mut self, package: usize) {
        let declared = self.declared.get(package).cloned().unwrap_or_default();
        self.conditions.declare(package, &declared);
        self.conditions.set(package, Condition::Unpacked);
        if let Some(call) = self.call.as_mut().filter(|call| call.install) {
            call.enqueue(package);
        }
    }

    /// A package is about to be configured. Its conffiles come next.
    pub fn configuring(&mut self, package: usize) {
        self.activate_declared(package);
    }

    /// A conffile was put in its place; the path starts with `/`.
    pub fn conffile(&mut self, package: usize, path: &str) {
        self.conditions.activate(path, Some(package));
    }

    /// A package's conffiles are in their places. Its `postinst` comes next.
    pub fn half_configured(&mut self, package: usize) {
        self.conditions.set(package, Condition::HalfConfigured);
    }

    /// A package's `postinst` succeeded, after [`Step::Configure`] or [`Step::Triggered`].
    pub fn configured(&mut self, package: usize) {
        self.conditions.settle(package);
    }

    /// A script set off a trigger (dpkg-trigger(1)) before it ended. To be called after [`Dpkg::configured`], as the
    /// package may have meant itself.
    pub fn activate(&mut self, trigger: &str, awaiter: Option<usize>) {
        self.conditions.activate(trigger, awaiter);
    }

    fn activate_declared(&mut self, package: usize) {
        for trigger in self.declared.get(package).cloned().unwrap_or_default() {
            if trigger.action == TriggerAction::Activate {
                self.conditions.activate(&trigger.name, Some(package).filter(|_| trigger.awaits));
            }
        }
    }

    /// What dpkg does next; `None` when all calls have ended.
    ///
    /// # Errors
    /// When dpkg would fail.
    #[expect(clippy::should_implement_trait, reason = "what comes next depends on what is told in between")]
    pub fn next(&mut self) -> Result<Option<Step>, Stuck> {
        loop {
            let Some(call) = &mut self.call else {
                let Some(call) = self.calls.pop_front() else { return Ok(None) };
                self.start(call);
                continue;
            };
            if let Some(package) = call.to_unpack.pop_front() {
                return Ok(Some(Step::Unpack(package)));
            }
            while let Some(package) = self.pop() {
                if let Some(step) = self.process(package)? {
                    return Ok(Some(step));
                }
            }
            while let Some(package) = self.conditions.next_deferred() {
                if let Some(step) = self.trigger(package, false)? {
                    return Ok(Some(step));
                }
            }
            self.call = None;
        }
    }

    fn start(&mut self, call: Call) {
        self.conditions.reread(matches!(call, Call::Install(_) | Call::ConfigurePending));
        let mut process = Process {
            archives: matches!(call, Call::Install(_) | Call::Unpack(_)),
            install: matches!(call, Call::Install(_)),
            to_unpack: VecDeque::new(),
            queue: VecDeque::new(),
            chosen: BTreeSet::new(),
            attempt: 1,
            idle: 0,
            helpful: None,
            broken: BTreeSet::new(),
            chase: Chase::default(),
        };
        match call {
            Call::Install(list) | Call::Unpack(list) => process.to_unpack = list.into(),
            Call::Configure(list) => list.into_iter().for_each(|package| process.enqueue(package)),
            Call::ConfigurePending => {
                for package in &self.hashed {
                    let condition = self.conditions.of(*package);
                    if matches!(condition, Condition::Unpacked | Condition::HalfConfigured)
                        || !self.conditions.pending(*package).is_empty()
                    {
                        process.enqueue(*package);
                    }
                }
            }
        }
        self.call = Some(process);
    }

    /// The next package of the queue, after dpkg looked whether it gets anywhere.
    fn pop(&mut self) -> Option<usize> {
        let call = self.call.as_mut()?;
        let package = call.queue.pop_front()?;
        let length = call.queue.len();
        call.idle += 1;
        if call.idle > length * 3 + 3 {
            call.try_harder();
        } else if call.idle > length * 2 + 2 {
            let waiting = |package: &usize| !self.conditions.pending(*package).is_empty();
            match call.helpful.filter(waiting) {
                Some(helpful) if call.attempt >= TRIGGERS => {
                    call.helpful = None;
                    call.enqueue(package);
                    return Some(helpful);
                }
                _ => call.try_harder(),
            }
        }
        Some(package)
    }

    fn process(&mut self, package: usize) -> Result<Option<Step>, Stuck> {
        let hopeless = self.call.as_ref().is_none_or(|call| call.attempt > FORCE);
        if hopeless {
            return Err(Stuck::Dependencies(package));
        }
        if !self.conditions.pending(package).is_empty() {
            return self.trigger(package, true);
        }
        if !matches!(self.conditions.of(package), Condition::Unpacked | Condition::HalfConfigured) {
            return Ok(None);
        }
        self.break_cycle(package);
        let ready = self.ready(package);
        let Some(call) = &mut self.call else { return Ok(None) };
        match ready {
            Ready::Later => {
                call.enqueue(package);
                Ok(None)
            }
            Ready::Never => Err(Stuck::Dependencies(package)),
            Ready::Now => {
                call.chase = Chase::default();
                call.idle = 0;
                Ok(Some(Step::Configure(package)))
            }
        }
    }

    /// Processes the triggers that wait for a package, if it is time: it is its turn in the queue, or the call's end.
    fn trigger(&mut self, package: usize, queued: bool) -> Result<Option<Step>, Stuck> {
        self.conditions.undefer(package);
        if self.conditions.pending(package).is_empty() {
            self.conditions.release(package);
            return Ok(None);
        }
        let Some(call) = &mut self.call else { return Ok(None) };
        if queued && call.attempt < TRIGGERS {
            call.enqueue(package);
            return Ok(None);
        }
        self.break_cycle(package);
        let ready = self.ready(package);
        let waiting = self.hashed.iter().rev().map(|other| (*other, self.conditions.pending(*other).to_vec()));
        let waiting: BTreeMap<usize, Vec<String>> = waiting.filter(|(_, names)| !names.is_empty()).collect();
        let Some(call) = &mut self.call else { return Ok(None) };
        match ready {
            Ready::Later => {
                if call.attempt >= TRIGGER_CYCLES && call.chase.is_endless(waiting) {
                    return Err(Stuck::Triggers(package));
                }
                call.enqueue(package);
                return Ok(None);
            }
            Ready::Never if queued => return Err(Stuck::Dependencies(package)),
            Ready::Never => {
                call.chase = Chase::default();
                return Ok(None);
            }
            Ready::Now => {}
        }
        if call.chase.is_endless(waiting) {
            return Err(Stuck::Triggers(package));
        }
        call.idle = 0;
        let names = self.conditions.pending(package).join(" ");
        self.conditions.set(package, Condition::HalfConfigured);
        Ok(Some(Step::Triggered(package, names)))
    }
}

impl Process {
    fn enqueue(&mut self, package: usize) {
        if !self.queue.contains(&package) {
            self.queue.push_back(package);
            self.chosen.insert(package);
        }
    }

    fn try_harder(&mut self) {
        self.attempt = self.attempt.saturating_add(1);
        self.idle = 0;
    }
}

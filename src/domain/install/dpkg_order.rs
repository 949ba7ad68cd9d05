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

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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

/// How far a dependency is from being satisfied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Nothing,
    Later,
    Forced,
    Now,
}

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

/// Finds triggers that set each other off without end: of all states seen since something was configured, one is compared
/// that is half as old as the latest.
#[derive(Default)]
struct Chase {
    seen: Vec<BTreeMap<usize, Vec<String>>>,
    slow: usize,
    step: bool,
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

    /// The places of a package's dependencies, in the order in which dpkg read them.
    fn groups(&self, package: usize) -> Vec<usize> {
        let pre = self.packages.get(package).map_or(0, |package| package.pre_depends.len());
        let all = self.links.get(package).map_or(0, Vec::len);
        match &self.call {
            Some(call) if call.archives => (0..all).collect(),
            _ => (pre..all).chain(0..pre).collect(),
        }
    }

    fn alternatives(&self, package: usize, group: usize) -> &[Link] {
        self.links.get(package).and_then(|groups| groups.get(group)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a package's dependencies let it be configured, or its triggers be processed.
    fn ready(&mut self, package: usize) -> Ready {
        let Some(call) = &self.call else { return Ready::Never };
        let (mut ready, mut helpful, mut helpless) = (Ready::Now, None, false);
        for group in self.groups(package) {
            let (mut found, mut fix) = (Found::Nothing, None);
            for (at, link) in self.alternatives(package, group).iter().enumerate() {
                if call.broken.contains(&(package, group, at)) {
                    found = Found::Now;
                }
                if found == Found::Now {
                    break;
                }
                if let Some((named, fits)) = link.named {
                    found = found.max(self.look(call, named, fits, &mut fix));
                }
                for (provider, fits) in &link.providers {
                    if found == Found::Now {
                        break;
                    }
                    let this = self.look(call, *provider, *fits, &mut fix);
                    // What a package provides itself, it has.
                    let this = if this == Found::Later && *provider == package { Found::Now } else { this };
                    found = found.max(this);
                }
            }
            if call.install {
                found = found.max(if call.attempt >= FORCE { Found::Forced } else { Found::Later });
            }
            match found {
                Found::Nothing => {
                    helpless = true;
                    ready = Ready::Never;
                }
                Found::Later => {
                    helpful = fix.or(helpful);
                    helpless |= fix.is_none();
                    ready = ready.min(Ready::Later);
                }
                Found::Forced | Found::Now => {}
            }
        }
        if let Some(call) = self.call.as_mut().filter(|_| !helpless && helpful.is_some()) {
            call.helpful = helpful;
        }
        ready
    }

    /// What a candidate does for a dependency. Where it awaits triggers, `fix` becomes the package to process them.
    fn look(&self, call: &Process, candidate: usize, fits: bool, fix: &mut Option<usize>) -> Found {
        match self.conditions.of(candidate) {
            Condition::NotInstalled | Condition::HalfInstalled => Found::Nothing,
            _ if !fits => Found::Nothing,
            Condition::Installed | Condition::TriggersPending => Found::Now,
            Condition::TriggersAwaited => {
                *fix = self.conditions.awaits(candidate).first().copied();
                Found::Later
            }
            Condition::Unpacked | Condition::HalfConfigured if call.chosen.contains(&candidate) => Found::Later,
            Condition::Unpacked | Condition::HalfConfigured => Found::Nothing,
        }
    }

    /// Breaks one cycle of dependencies that can be reached from a package, if dpkg is at that.
    fn break_cycle(&mut self, package: usize) {
        if self.call.as_ref().is_some_and(|call| call.attempt >= CYCLES) {
            let mut done = vec![false; self.packages.len()];
            if let Some(place) = self.find_cycle(package, &mut done)
                && let Some(call) = &mut self.call
            {
                call.broken.insert(place);
                call.idle = 0;
            }
        }
    }

    /// The alternative to give up, of the first cycle that a walk from `start` meets.
    fn find_cycle(&self, start: usize, done: &mut [bool]) -> Option<Place> {
        let call = self.call.as_ref()?;
        // Each package on the way, with the links it still has to follow, the next one last.
        let mut open = vec![(start, self.onward(call, start), (start, 0, 0))];
        loop {
            let (package, rest, through) = open.last_mut()?;
            let Some((place, target)) = rest.pop() else {
                if let Some(flag) = done.get_mut(*package) {
                    *flag = true;
                }
                open.pop();
                continue;
            };
            if call.broken.contains(&place) {
                continue;
            }
            *through = place;
            let above = open.len() - 1;
            let Some(at) = open.iter().take(above).rposition(|(package, ..)| *package == target) else {
                if done.get(target) == Some(&false) {
                    open.push((target, self.onward(call, target), (target, 0, 0)));
                }
                continue;
            };
            let cycle = open.get(at..)?;
            let cheap = cycle.iter().skip(1).rev().find(|(package, ..)| self.postinst.get(*package) != Some(&true));
            return cheap.or(cycle.first()).map(|(.., place)| *place);
        }
    }

    /// All that a package's dependencies lead to, the first one last.
    fn onward(&self, call: &Process, package: usize) -> Vec<(Place, usize)> {
        let mut links = Vec::new();
        for group in self.groups(package) {
            for (at, link) in self.alternatives(package, group).iter().enumerate() {
                let place = (package, group, at);
                links.extend(link.named.map(|(named, _)| (place, named)));
                let providers = link.providers.iter().map(|(provider, _)| *provider);
                links.extend(providers.filter(|provider| call.chosen.contains(provider)).map(|p| (place, p)));
            }
        }
        links.reverse();
        links
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

impl Chase {
    /// Takes the triggers that wait now. Whether all that waited half as long ago still, or again, do.
    fn is_endless(&mut self, waiting: BTreeMap<usize, Vec<String>>) -> bool {
        self.seen.push(waiting);
        if self.seen.len() == 1 {
            return false;
        }
        self.slow += usize::from(self.step);
        self.step = !self.step;
        let (Some(then), Some(now)) = (self.seen.get(self.slow), self.seen.last()) else { return false };
        then.iter().all(|(package, names)| {
            now.get(package).is_some_and(|present| names.iter().all(|name| present.contains(name)))
        })
    }
}

/// All packages in the order in which dpkg walks its hash table: by the FNV-1a hash of the name modulo the number of its
/// bins; in one bin, by where the database mentions a name first.
fn hashed(packages: &[&Package]) -> Vec<usize> {
    let mut sorted: Vec<(usize, &Package)> = packages.iter().copied().enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    let mut mentioned: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, package) in &sorted {
        let fields = [
            &package.replaces,
            &package.provides,
            &package.depends,
            &package.pre_depends,
            &package.recommends,
            &package.suggests,
            &package.breaks,
            &package.conflicts,
        ];
        let names = fields.into_iter().flatten().flatten().map(|relation| relation.name.as_str());
        for name in [package.name.as_str()].into_iter().chain(names) {
            let next = mentioned.len();
            mentioned.entry(name).or_insert(next);
        }
    }
    sorted.sort_by_key(|(_, package)| (fnv1a(package.name.as_str()) % BINS, mentioned.get(package.name.as_str())));
    sorted.into_iter().map(|(place, _)| place).collect()
}

/// The bins of dpkg's table of package names.
const BINS: u32 = 65_521;

fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

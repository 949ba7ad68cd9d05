//! Whether a package's dependencies are met, and which of a cycle is given up.

use super::{CYCLES, Condition, Dpkg, FORCE, Link, Place, Process, Ready};

/// How far a dependency is from being satisfied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Nothing,
    Later,
    Forced,
    Now,
}

impl Dpkg<'_> {
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
    pub(super) fn ready(&mut self, package: usize) -> Ready {
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
    pub(super) fn break_cycle(&mut self, package: usize) {
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

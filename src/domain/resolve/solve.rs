//! From a request to the packages, in the two steps of mmdebstrap: the variant's own on an empty system, then the rest on top.

use std::collections::{BTreeMap, BTreeSet};

use super::explain::Explanation;
use super::mark::By;
use super::refusal::{Cause, Problem, Refusal};
use super::repair::Repair;
use super::request::Request;
use super::resolution::Resolution;
use super::state::State;
use super::universe::{Build, Name, Universe};
use crate::formats::deb::{Priority, Selection, Variant, Wanted};

/// Enough for marking as deep as apt goes, whatever the caller's thread has left.
const STACK: usize = 64 << 20;

/// Chooses the packages that `apt` would install for `request`: of one architecture, each name at most once, every
/// dependency met, no conflict. The answer depends on nothing but the arguments.
///
/// As apt does it, and where it differs: exact versions and suites of the request count from the start, so they hold for
/// the variant's packages, too (apt would install those in one version and then change it, or refuse to). A name both asked
/// for and kept out is refused. What would take a package of the variant out is refused. An archive that is limited to some
/// names supplies no others, not even for `name/suite`.
///
/// # Errors
/// When nothing that apt would find does what is asked for: a tree of reasons.
pub fn resolve(universe: &Universe, request: &Request) -> Result<Resolution, Refusal> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || solve(universe, request));
        match worker {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => solve(universe, request), // no thread to be had: the caller's stack is enough for real archives
        }
    })
}

/// What a request comes to, package by package.
#[derive(Default)]
struct Plan {
    install: Vec<(Name, Build)>,
    suites: Vec<(Build, Box<str>)>,
    without: Vec<Name>,
}

fn solve(universe: &Universe, request: &Request) -> Result<Resolution, Refusal> {
    let refuse = |causes| Refusal { arch: universe.arch(), causes };
    let chosen = exact_versions(universe, request).map_err(refuse)?;
    let candidate = |name: Name| chosen.get(&name).copied().or_else(|| universe.candidate(name));
    let mut plan = plan(universe, request, &candidate).map_err(refuse)?;

    let mut state = State::new(universe, candidate);
    let base = variant_names(universe, request.variant, &candidate);
    let base_plan =
        Plan { install: base.iter().filter_map(|name| Some((*name, candidate(*name)?))).collect(), ..Plan::default() };
    ask(&mut state, &base_plan, &candidate).map_err(refuse)?;
    if request.variant == Variant::Apt && universe.find("apt").is_none() {
        let name = "apt".parse().map_err(|_| refuse(Vec::new()))?;
        return Err(refuse(vec![Cause::leaf(Problem::Unknown { name, nearest: Vec::new() })]));
    }
    state.settle(candidate);

    let needed: Vec<Cause> = plan
        .without
        .iter()
        .filter(|name| state.entry(**name).current.is_some())
        .map(|name| Cause {
            problem: Problem::Removed { name: universe.package_name(*name) },
            because: vec![Cause::leaf(Problem::KeptOut { name: universe.package_name(*name) })],
        })
        .collect();
    if !needed.is_empty() {
        return Err(refuse(needed));
    }

    let requested: Vec<Name> = plan.install.iter().map(|(name, _)| *name).collect();
    let mut roots = base;
    if request.variant == Variant::Minbase {
        for name in required_names(universe) {
            if let Some(build) = candidate(name) {
                plan.install.push((name, build));
                roots.push(name);
            }
        }
    }
    state.recommends = request.recommends;
    if !plan.install.is_empty() || !plan.without.is_empty() {
        ask(&mut state, &plan, &candidate).map_err(refuse)?;
    }
    let removed: Vec<Cause> = universe
        .names()
        .filter(|name| state.entry(*name).current.is_some() && state.entry(*name).install.is_none())
        .map(|name| Cause::leaf(Problem::Removed { name: universe.package_name(name) }))
        .collect();
    if !removed.is_empty() {
        return Err(refuse(removed));
    }
    Ok(Resolution::of(&state, (request.variant, &roots), &requested))
}

/// One question to apt: mark what is asked for, then what it needs, mend, and sweep.
fn ask(state: &mut State<'_>, plan: &Plan, candidate: &dyn Fn(Name) -> Option<Build>) -> Result<(), Vec<Cause>> {
    let mut requested = BTreeSet::new();
    for name in &plan.without {
        requested.insert(*name);
        state.protect(*name);
        state.entry_mut(*name).held = true;
    }
    for (name, build) in &plan.install {
        requested.insert(*name);
        state.set_candidate(*name, *build);
        state.protect(*name);
        state.mark_install(*name, false, 0, By::User);
    }
    for (build, suite) in &plan.suites {
        state.take_from(*build, suite);
    }
    for (name, _) in &plan.install {
        state.mark_install(*name, true, 0, By::User);
    }
    Repair::run(state, &requested);
    if !state.broken().is_empty() {
        let wanted: Vec<Name> = plan.install.iter().map(|(name, _)| *name).collect();
        return Err(Explanation::of(state, candidate, &wanted));
    }
    state.sweep();
    Ok(())
}

/// The packages that a variant itself names, in apt's order.
fn variant_names(universe: &Universe, variant: Variant, candidate: &dyn Fn(Name) -> Option<Build>) -> Vec<Name> {
    if variant == Variant::None {
        return Vec::new();
    }
    let apt = (variant == Variant::Apt).then(|| universe.find("apt")).flatten();
    let is_base = |name: Name| {
        let essential = candidate(name).is_some_and(|build| universe.facts(build).essential);
        Some(name) == apt || essential && universe.builds_of(name).any(|build| universe.is_in_first_suite(build))
    };
    universe.names().filter(|name| is_base(*name)).collect()
}

/// The packages that `minbase` has beyond the essential ones.
fn required_names(universe: &Universe) -> impl Iterator<Item = Name> {
    universe.names().filter(|name| {
        let required =
            |build| universe.is_in_first_suite(build) && universe.facts(build).priority == Priority::Required;
        !universe.is_essential(*name) && universe.builds_of(*name).any(required)
    })
}

/// The versions that the request fixes.
fn exact_versions(universe: &Universe, request: &Request) -> Result<BTreeMap<Name, Build>, Vec<Cause>> {
    let mut chosen = BTreeMap::new();
    let mut causes = Vec::new();
    for Selection { name: package, wanted } in &request.install {
        let Some(name) = universe.find(package.as_str()) else { continue };
        let present = || universe.builds_of(name).map(|build| universe.version(build).clone()).collect();
        let found = match wanted {
            Wanted::Any | Wanted::Absent => continue,
            Wanted::Exactly(version) => {
                universe.builds_of(name).find(|build| universe.version(*build).as_str() == version.as_str()).ok_or_else(
                    || Problem::NoSuchVersion { name: package.clone(), wanted: version.clone(), present: present() },
                )
            }
            Wanted::From(suite) => universe.in_suite(name, suite).ok_or_else(|| Problem::NotInSuite {
                name: package.clone(),
                suite: suite.clone(),
                present: universe.suites_of(name),
            }),
        };
        match found {
            Ok(build) => drop(chosen.insert(name, build)),
            Err(problem) => causes.push(Cause::leaf(problem)),
        }
    }
    if causes.is_empty() { Ok(chosen) } else { Err(causes) }
}

/// Finds what each line of the request means.
fn plan(universe: &Universe, request: &Request, candidate: &dyn Fn(Name) -> Option<Build>) -> Result<Plan, Vec<Cause>> {
    let mut plan = Plan::default();
    let mut causes = Vec::new();
    for selection in &request.install {
        match find(universe, selection, candidate) {
            Err(problem) => causes.push(Cause::leaf(problem)),
            Ok(name) => match (&selection.wanted, candidate(name)) {
                (Wanted::Absent, _) => plan.without.push(name),
                (Wanted::From(suite), Some(build)) => {
                    plan.install.push((name, build));
                    plan.suites.push((build, suite.clone()));
                }
                (_, Some(build)) => plan.install.push((name, build)),
                (_, None) => causes.push(Cause::leaf(universe.no_candidate(name))),
            },
        }
    }
    let mut seen = BTreeSet::new();
    plan.install.retain(|(name, _)| seen.insert(*name));
    for name in &plan.without {
        if seen.contains(name) {
            causes.push(Cause::leaf(Problem::Contradiction { name: universe.package_name(*name) }));
        }
    }
    if causes.is_empty() { Ok(plan) } else { Err(causes) }
}

/// The package that is meant: the one of that name, or the only provider.
fn find(
    universe: &Universe,
    selection: &Selection,
    candidate: &dyn Fn(Name) -> Option<Build>,
) -> Result<Name, Problem> {
    let Selection { name: asked, wanted } = selection;
    let text = asked.as_str();
    let unknown = || Problem::Unknown { name: asked.clone(), nearest: universe.nearest(text) };
    let name = universe.find(text).ok_or_else(unknown)?;
    let has_builds = universe.builds_of(name).next().is_some();
    if has_builds && (candidate(name).is_some() || *wanted == Wanted::Absent) {
        return Ok(name);
    }
    let owner = |build: Build| universe.facts(build).name;
    let providers: BTreeSet<Name> = universe
        .providers_of(name)
        .iter()
        .filter(|provider| candidate(owner(provider.build)) == Some(provider.build))
        .map(|provider| owner(provider.build))
        .collect();
    match providers.first() {
        Some(only) if providers.len() == 1 && *wanted == Wanted::Any => Ok(*only),
        Some(_) => {
            let mut providers: Vec<_> = providers.into_iter().map(|name| universe.package_name(name)).collect();
            providers.sort();
            Err(Problem::Virtual { name: asked.clone(), providers })
        }
        None if has_builds => Err(universe.no_candidate(name)),
        None => Err(unknown()),
    }
}

impl Universe {
    fn no_candidate(&self, name: Name) -> Problem {
        let present = self.builds_of(name).map(|build| self.version(build).clone()).collect();
        Problem::NoCandidate { name: self.package_name(name), present }
    }

    /// Package names that look like `text`, the nearest first.
    fn nearest(&self, text: &str) -> Vec<String> {
        let mut near: Vec<(f64, &str)> = self
            .names()
            .filter(|name| self.builds_of(*name).next().is_some())
            .map(|name| (strsim::jaro_winkler(text, self.text(name)), self.text(name)))
            .filter(|(likeness, _)| *likeness > 0.85)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
    }
}

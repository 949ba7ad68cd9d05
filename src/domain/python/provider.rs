//! What the resolver asks of packages.
//!
//! A package on a platform is a node of its own ([`Node::On`]), so that markers hold for one platform and not for another, and a version
//! without a wheel for a platform does not exist there. All of them are tied to one node for the package itself ([`Node::Package`]), which
//! makes them take the same version. An extra is a node more, tied to its package in the same way.
//!
//! | choice | rule, as pip's |
//! |---|---|
//! | version | the locked one, if it is admitted; else the latest that has wheels for all platforms; else the latest |
//! | pre-releases | where a requirement of the recipe names one, or nothing else is admitted |
//! | what was taken back (PEP 592) | where it is locked, or pinned by the recipe |
//! | wheel | the one with the best tag, then the latest build |

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName, VersionOrUrl};
use pubgrub::{Dependencies, DependencyConstraints, DependencyProvider, PackageResolutionStatistics, Ranges};

use super::compatible::Environment;
use super::requirements::pinned;
use super::resolve::{Known, Project, Request, Want};
use crate::base::{Arch, Platform};
use crate::formats::simple_index::Listed;
use crate::formats::wheel::{Metadata, Requirement, WheelName};

/// Numbers in versions beyond this one are refused: no release has them, and sums with them must not overflow.
const MOST: u64 = 1 << 53;

/// What is chosen a version for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Node {
    /// The recipe, which has one version.
    Recipe,
    /// A package, on whatever platforms need it.
    Package(PackageName),
    /// A package on a platform, or an extra of it.
    On {
        /// The package.
        name: PackageName,
        /// The extra.
        extra: Option<ExtraName>,
        /// The platform.
        arch: Arch,
    },
}

impl Node {
    pub(super) fn name(&self) -> Option<&PackageName> {
        match self {
            Self::Recipe => None,
            Self::Package(name) | Self::On { name, .. } => Some(name),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipe => f.write_str("the recipe"),
            Self::Package(name) => name.fmt(f),
            Self::On { name, extra: None, arch } => write!(f, "{name} on {}", Platform(*arch)),
            Self::On { name, extra: Some(extra), arch } => write!(f, "{name}[{extra}] on {}", Platform(*arch)),
        }
    }
}

/// That something must be known first.
#[derive(Debug, thiserror::Error)]
#[error("more must be known")]
pub(super) struct Unknown;

/// The best wheel of a version for each platform.
type Wheels<'a> = BTreeMap<Arch, (&'a WheelName, &'a Listed)>;

pub(super) struct Provider<'a> {
    pub(super) request: &'a Request,
    pub(super) known: &'a Known,
    /// Of every known project the versions that could be taken.
    candidates: BTreeMap<&'a PackageName, BTreeMap<Version, Wheels<'a>>>,
    wanted: RefCell<BTreeSet<Want>>,
}

impl<'a> Provider<'a> {
    pub(super) fn new(request: &'a Request, known: &'a Known) -> Self {
        let candidates = known.projects.iter().map(|(name, project)| (name, candidates(name, project, request)));
        Self { request, known, candidates: candidates.collect(), wanted: RefCell::default() }
    }

    /// What must be known to go on.
    pub(super) fn wanted(&self) -> BTreeSet<Want> {
        self.wanted.borrow().clone()
    }

    /// The recipe's requirements, pinned ones too.
    fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        self.request.requirements.iter().chain(self.request.hashed.iter().map(|hashed| &hashed.requirement))
    }

    pub(super) fn is_requested(&self, name: &PackageName) -> bool {
        self.requirements().any(|requirement| requirement.name == *name)
    }

    pub(super) fn wheel(&self, name: &PackageName, version: &Version, arch: Arch) -> Option<&'a Listed> {
        self.best(name, version, arch).map(|(_, listed)| listed)
    }

    fn best(&self, name: &PackageName, version: &Version, arch: Arch) -> Option<(&'a WheelName, &'a Listed)> {
        self.candidates.get(name)?.get(version)?.get(&arch).copied()
    }

    fn environment(&self, arch: Arch) -> Option<&'a Environment> {
        self.request.environments.iter().find(|environment| environment.arch == arch)
    }

    /// The packages that a chosen one needs.
    pub(super) fn needs(
        &self,
        name: &PackageName,
        extra: Option<&ExtraName>,
        arch: Arch,
        version: &Version,
    ) -> BTreeSet<PackageName> {
        let found = self.asked(name, extra, arch, version);
        found.map(|asked| asked.into_iter().map(|requirement| requirement.name.clone()).collect()).unwrap_or_default()
    }

    /// The requirements of a wheel that hold on a platform.
    fn asked(
        &self,
        name: &PackageName,
        extra: Option<&ExtraName>,
        arch: Arch,
        version: &Version,
    ) -> Option<Vec<&'a Requirement>> {
        let (wheel, _) = self.best(name, version, arch)?;
        let Some(Ok(metadata)) = self.known.metadata.get(wheel.as_str()) else { return None };
        let environment = self.environment(arch)?;
        let extras: Vec<ExtraName> = extra.cloned().into_iter().collect();
        Some(metadata.requires.iter().filter(|requirement| environment.asks(requirement, &extras)).collect())
    }

    fn want(&self, want: Want) {
        self.wanted.borrow_mut().insert(want);
    }

    /// The versions of a node that are in a range, the one to take first.
    fn choose(&self, node: &Node, range: &Ranges<Version>) -> Option<Version> {
        let name = node.name()?;
        let versions = self.candidates.get(name)?;
        let arch = match node {
            Node::On { arch, .. } => Some(arch),
            _ => None,
        };
        let fits = |(version, wheels): &(&Version, &Wheels<'_>)| {
            range.contains(version) && arch.is_none_or(|arch| wheels.contains_key(arch))
        };
        let fitting = || versions.iter().filter(fits);
        if let Some(kept) = self.request.kept.get(name)
            && fitting().any(|(version, _)| version == kept)
        {
            return Some(kept.clone());
        }
        let pre = self.requirements().any(|requirement| requirement.name == *name && names_pre_release(requirement));
        let everywhere = |wheels: &Wheels<'_>| wheels.len() == self.request.environments.len();
        let best =
            fitting().max_by_key(|(version, wheels)| (pre || !version.any_prerelease(), everywhere(wheels), *version));
        best.map(|(version, _)| version.clone())
    }

    /// The edges to what requirements ask for on a platform.
    fn edges(
        &self,
        requirements: &[&Requirement],
        arch: Arch,
        edges: &mut BTreeMap<Node, Ranges<Version>>,
    ) -> Result<(), String> {
        for requirement in requirements {
            let name = &requirement.name;
            let range = match &requirement.version_or_url {
                None => Ranges::full(),
                Some(VersionOrUrl::VersionSpecifier(specifiers)) => range(specifiers)?,
                Some(VersionOrUrl::Url(_)) => {
                    return Err(format!("it names an address for {name}, and only packages of the index are taken"));
                }
            };
            let hashed = &self.request.hashed;
            if !hashed.is_empty() && !hashed.iter().any(|hashed| hashed.requirement.name == *name) {
                return Err(format!("it needs {name}, which the file of requirements does not list"));
            }
            if !self.known.projects.contains_key(name) {
                self.want(Want::Project(name.clone()));
            }
            let extras = requirement.extras.iter().cloned().map(Some);
            let nodes = extras.chain([None]).map(|extra| Node::On { name: name.clone(), extra, arch });
            for node in nodes.chain([Node::Package(name.clone())]) {
                let whole = edges.entry(node).or_insert_with(Ranges::full);
                *whole = whole.intersection(&range);
            }
        }
        Ok(())
    }

    /// `METADATA` of a node's wheel.
    ///
    /// # Errors
    /// When it is not known yet; what is needed of the same version elsewhere is asked for in one go.
    fn metadata(
        &self,
        name: &PackageName,
        version: &Version,
        arch: Arch,
    ) -> Result<Option<&'a Result<Metadata, String>>, Unknown> {
        let Some((wheel, _)) = self.best(name, version, arch) else { return Ok(None) };
        if let Some(known) = self.known.metadata.get(wheel.as_str()) {
            return Ok(Some(known));
        }
        for environment in &self.request.environments {
            if let Some((wheel, _)) = self.best(name, version, environment.arch) {
                self.want(Want::Metadata(name.clone(), wheel.to_string()));
            }
        }
        Err(Unknown)
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Node;
    type V = Version;
    type VS = Ranges<Version>;
    type Priority = (u32, bool, Reverse<usize>, Reverse<Node>);
    type M = String;
    type Err = Unknown;

    /// Who conflicts most comes first, then who has no choice, then who has the least.
    fn prioritize(
        &self,
        node: &Node,
        range: &Ranges<Version>,
        statistics: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let versions = node.name().and_then(|name| self.candidates.get(name));
        let count = versions.map_or(0, |versions| versions.keys().filter(|version| range.contains(version)).count());
        (statistics.conflict_count(), range.as_singleton().is_some(), Reverse(count), Reverse(node.clone()))
    }

    fn choose_version(&self, node: &Node, range: &Ranges<Version>) -> Result<Option<Version>, Unknown> {
        let Some(name) = node.name() else { return Ok(Some(Version::new([0]))) };
        if !self.known.projects.contains_key(name) {
            self.want(Want::Project(name.clone()));
            return Err(Unknown);
        }
        Ok(self.choose(node, range))
    }

    fn get_dependencies(
        &self,
        node: &Node,
        version: &Version,
    ) -> Result<Dependencies<Node, Ranges<Version>, String>, Unknown> {
        let mut edges: BTreeMap<Node, Ranges<Version>> = BTreeMap::new();
        let done = match node {
            Node::Package(_) => Ok(()),
            Node::Recipe => self.request.environments.iter().try_for_each(|environment| {
                let asked: Vec<&Requirement> =
                    self.requirements().filter(|requirement| environment.asks(requirement, &[])).collect();
                self.edges(&asked, environment.arch, &mut edges)
            }),
            Node::On { name, extra, arch } => {
                edges.insert(Node::Package(name.clone()), Ranges::singleton(version.clone()));
                if extra.is_some() {
                    edges.insert(
                        Node::On { name: name.clone(), extra: None, arch: *arch },
                        Ranges::singleton(version.clone()),
                    );
                }
                match self.metadata(name, version, *arch)? {
                    None => Err("it has no wheel for the platform".to_owned()),
                    Some(Err(reason)) => Err(reason.clone()),
                    Some(Ok(metadata)) => match self.environment(*arch) {
                        Some(environment)
                            if metadata.requires_python.as_ref().is_some_and(|p| !p.contains(&environment.python)) =>
                        {
                            Err(format!("it is not for Python {}", environment.python))
                        }
                        _ => {
                            let asked = self.asked(name, extra.as_ref(), *arch, version).unwrap_or_default();
                            self.edges(&asked, *arch, &mut edges)
                        }
                    },
                }
            }
        };
        Ok(match done {
            Ok(()) => Dependencies::Available(edges.into_iter().collect::<DependencyConstraints<_, _>>()),
            Err(reason) => Dependencies::Unavailable(reason),
        })
    }
}

/// The versions of a project that could be taken, with the best wheel for each platform.
fn candidates<'a>(name: &PackageName, project: &'a Project, request: &'a Request) -> BTreeMap<Version, Wheels<'a>> {
    let hashed: Vec<_> = request.hashed.iter().filter(|hashed| hashed.requirement.name == *name).collect();
    let pins: BTreeSet<&Version> = request
        .requirements
        .iter()
        .chain(hashed.iter().map(|hashed| &hashed.requirement))
        .filter(|requirement| requirement.name == *name)
        .filter_map(pinned)
        .chain(request.kept.get(name))
        .collect();
    let mut found: BTreeMap<Version, BTreeMap<Arch, (Rank<'_>, &WheelName, &Listed)>> = BTreeMap::new();
    for (wheel, listed) in &project.wheels {
        let by_hash = |sha256| hashed.iter().any(|hashed| hashed.sha256.contains(sha256));
        if listed.yanked && !pins.contains(&wheel.version)
            || !hashed.is_empty() && !listed.sha256.as_ref().is_some_and(by_hash)
            || too_large(&wheel.version)
        {
            continue;
        }
        for environment in &request.environments {
            let Some(rank) = environment.rank(wheel) else { continue };
            let specifiers = listed.requires_python.as_ref().and_then(|text| text.parse::<VersionSpecifiers>().ok());
            if specifiers.is_some_and(|specifiers| !specifiers.contains(&environment.python)) {
                continue;
            }
            let rank = (Reverse(rank), wheel.build.as_ref(), Reverse(wheel.as_str()));
            let best = found.entry(wheel.version.clone()).or_default().entry(environment.arch);
            best.and_modify(|best| {
                if best.0 < rank {
                    *best = (rank, wheel, listed);
                }
            })
            .or_insert((rank, wheel, listed));
        }
    }
    let plain = |wheels: BTreeMap<Arch, (Rank<'a>, &'a WheelName, &'a Listed)>| {
        wheels.into_iter().map(|(arch, (_, wheel, listed))| (arch, (wheel, listed))).collect()
    };
    found.into_iter().map(|(version, wheels)| (version, plain(wheels))).collect()
}

/// How good a wheel is: its tag, its build; and its name, so that there is one best.
type Rank<'a> = (Reverse<usize>, Option<&'a (u64, String)>, Reverse<&'a str>);

/// The versions that specifiers admit.
fn range(specifiers: &VersionSpecifiers) -> Result<Ranges<Version>, String> {
    if specifiers.iter().any(|specifier| too_large(specifier.version())) {
        return Err(format!("`{specifiers}` has a number that no version has"));
    }
    Ok(Ranges::from(specifiers.clone()))
}

fn too_large(version: &Version) -> bool {
    let others = [
        version.epoch(),
        version.post().unwrap_or(0),
        version.dev().unwrap_or(0),
        version.pre().map_or(0, |pre| pre.number),
    ];
    version.release().iter().chain(&others).any(|number| *number > MOST)
}

fn names_pre_release(requirement: &Requirement) -> bool {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => {
            specifiers.iter().any(|specifier| specifier.version().any_prerelease())
        }
        _ => false,
    }
}

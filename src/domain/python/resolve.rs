//! Which versions of which packages, and of each a wheel for every platform: all platforms together, so that they have the same
//! versions. `pubgrub` finds them; what it knows of packages is in [`super::provider`].

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};
use pubgrub::PubGrubError;

use super::compatible::Environment;
use super::error::PythonError;
use super::explain;
use super::provider::{Node, Provider};
use super::requirements::Hashed;
use crate::base::Arch;
use crate::formats::simple_index::Listed;
use crate::formats::wheel::{Metadata, Requirement, WheelName};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The platforms.
    pub environments: Vec<Environment>,
    /// The recipe's own requirements.
    pub requirements: Vec<Requirement>,
    /// The recipe's pinned requirements; with any, no package is taken that is not among them.
    pub hashed: Vec<Hashed>,
    /// Versions that are taken where nothing speaks against it.
    pub kept: BTreeMap<PackageName, Version>,
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The wheels of every project whose page was read; empty for one that the index does not have.
    pub projects: BTreeMap<PackageName, Project>,
    /// `METADATA` by wheel, or why it cannot be used.
    pub metadata: BTreeMap<String, Result<Metadata, String>>,
}

/// A project's wheels.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Of every wheel what its name says and what the page says.
    pub wheels: Vec<(WheelName, Listed)>,
    /// Whether the page lists anything that is no wheel.
    pub others: bool,
}

impl Project {
    /// The wheels of a page; what has no wheel's name or is another project's is passed over.
    #[must_use]
    pub fn new(name: &PackageName, page: Vec<Listed>) -> Self {
        let mut project = Self::default();
        for listed in page {
            match listed.filename.parse::<WheelName>() {
                Ok(wheel) if wheel.name == *name => project.wheels.push((wheel, listed)),
                _ => project.others = true,
            }
        }
        project
    }
}

/// Something that must be known to go on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// A project's page.
    Project(PackageName),
    /// The `METADATA` of a wheel of this project.
    Metadata(PackageName, String),
}

/// How far it has come.
#[derive(Debug)]
pub enum Step {
    /// To the end.
    Done(Resolved),
    /// More must be known; never empty.
    Wanted(BTreeSet<Want>),
}

/// What satisfies a request.
#[derive(Debug)]
pub struct Resolved {
    /// By package.
    pub choices: BTreeMap<PackageName, Choice>,
}

/// A package that is taken.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its version.
    pub version: Version,
    /// Whether the recipe asks for it.
    pub requested: bool,
    /// Its extras that are asked for.
    pub extras: BTreeSet<ExtraName>,
    /// The packages that it needs, on any platform.
    pub depends: BTreeSet<PackageName>,
    /// Its wheel for every platform that needs it.
    pub files: BTreeMap<Arch, Listed>,
}

/// Resolves as far as what is known allows.
///
/// # Errors
/// When nothing satisfies the request, with the reasons.
pub fn resolve(request: &Request, known: &Known) -> Result<Step, PythonError> {
    let provider = Provider::new(request, known);
    let solution = match pubgrub::resolve(&provider, Node::Recipe, Version::new([0])) {
        Ok(solution) => solution,
        Err(PubGrubError::NoSolution(tree)) => {
            return Err(PythonError::Unsatisfiable { reasons: explain::reasons(tree, &provider) });
        }
        Err(PubGrubError::ErrorChoosingVersion { .. } | PubGrubError::ErrorRetrievingDependencies { .. }) => {
            return Ok(Step::Wanted(provider.wanted()));
        }
        Err(error) => return Err(PythonError::Resolver(error.to_string())),
    };
    let mut choices: BTreeMap<PackageName, Choice> = BTreeMap::new();
    for (node, version) in solution {
        let Node::On { name, extra, arch } = node else { continue };
        let choice = choices.entry(name.clone()).or_insert_with(|| Choice {
            version: version.clone(),
            requested: provider.is_requested(&name),
            extras: BTreeSet::new(),
            depends: BTreeSet::new(),
            files: BTreeMap::new(),
        });
        choice
            .depends
            .extend(provider.needs(&name, extra.as_ref(), arch, &version).into_iter().filter(|other| *other != name));
        choice.extras.extend(extra);
        if let Some(listed) = provider.wheel(&name, &version, arch) {
            choice.files.insert(arch, listed.clone());
        }
    }
    Ok(Step::Done(Resolved { choices }))
}

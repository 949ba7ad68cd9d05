//! The answer: which packages, from where, and why.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use super::state::{State, View};
use super::universe::{Field, Name};
use crate::base::Arch;
use crate::formats::deb::{Architecture, PackageName, PoolFile, Relation, Variant, Version};

/// The packages of one platform, sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The platform's architecture.
    pub arch: Arch,
    /// The packages, each name once.
    pub packages: Vec<Chosen>,
}

/// One package of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// `all`, or the platform's.
    pub architecture: Architecture,
    /// The number of the first archive that has it.
    pub archive: usize,
    /// Where that archive keeps it.
    pub file: PoolFile,
    /// Why it is there.
    pub why: Why,
}

/// Why a package is there: the shortest chain of these leads to the variant or to the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The variant has it.
    Variant(Variant),
    /// The recipe names it.
    Requested,
    /// A package has a relation to it, or to what it provides.
    Relation {
        /// That package.
        by: PackageName,
        /// Which kind of relation.
        kind: RelationKind,
        /// The relation.
        relation: Relation,
    },
}

/// A relation that brings a package in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RelationKind {
    /// `Pre-Depends`.
    PreDepends,
    /// `Depends`.
    Depends,
    /// `Recommends`.
    Recommends,
    /// `Suggests`: an attempt that failed left it behind, and like apt we keep what somebody suggests.
    Suggests,
}

impl RelationKind {
    /// As a sentence has it: "`x` depends on `y`".
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::PreDepends => "pre-depends on",
            Self::Depends => "depends on",
            Self::Recommends => "recommends",
            Self::Suggests => "suggests",
        }
    }

    pub(super) const fn of(field: Field) -> Option<Self> {
        match field {
            Field::PreDepends => Some(Self::PreDepends),
            Field::Depends => Some(Self::Depends),
            Field::Recommends => Some(Self::Recommends),
            Field::Suggests => Some(Self::Suggests),
            Field::Conflicts | Field::Breaks | Field::Replaces => None,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variant(variant) => write!(f, "variant {variant}"),
            Self::Requested => f.write_str("requested"),
            Self::Relation { by, kind, relation } => write!(f, "{by} {} {relation}", kind.verb()),
        }
    }
}

impl Resolution {
    /// The package of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Chosen> {
        let at = self.packages.binary_search_by(|chosen| chosen.name.as_str().cmp(name)).ok()?;
        self.packages.get(at)
    }

    /// Reads the answer out of a state without breaks. `variant` and `requested` are where the chains of reasons begin.
    pub(super) fn of(state: &State<'_>, variant: (Variant, &[Name]), requested: &[Name]) -> Self {
        let universe = state.universe;
        let mut reasons = reasons(state, variant, requested);
        let mut packages: Vec<Chosen> = state
            .planned()
            .map(|(name, build)| Chosen {
                name: universe.package_name(name),
                version: universe.version(build).clone(),
                architecture: universe.architecture(build),
                archive: universe.archive_of(build),
                file: universe.file_of(build),
                why: reasons.remove(&name).unwrap_or(Why::Requested),
            })
            .collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Self { arch: universe.arch(), packages }
    }
}

/// The first reason of each package, breadth first, dependencies before recommendations before suggestions.
fn reasons(state: &State<'_>, variant: (Variant, &[Name]), requested: &[Name]) -> BTreeMap<Name, Why> {
    let mut reasons: BTreeMap<Name, Why> = BTreeMap::new();
    let roots = variant.1.iter().map(|name| (*name, Why::Variant(variant.0)));
    for (name, why) in roots.chain(requested.iter().map(|name| (*name, Why::Requested))) {
        reasons.entry(name).or_insert(why);
    }
    for followed in [RelationKind::Depends, RelationKind::Recommends, RelationKind::Suggests] {
        let mut open: VecDeque<Name> = reasons.keys().copied().collect();
        while let Some(name) = open.pop_front() {
            let Some(build) = state.entry(name).install else { continue };
            for at in state.universe.atoms_of(build) {
                let atom = state.universe.atom(at);
                let Some(kind) = RelationKind::of(atom.field).filter(|kind| *kind <= followed) else { continue };
                for found in state.solutions(name, &atom, View::Install) {
                    let found = state.name_of(found);
                    reasons.entry(found).or_insert_with(|| {
                        open.push_back(found);
                        let by = state.universe.package_name(name);
                        Why::Relation { by, kind, relation: state.universe.relation(&atom) }
                    });
                }
            }
        }
    }
    reasons
}

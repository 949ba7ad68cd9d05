//! Why a request cannot be met, as a tree.

use std::fmt;

use super::resolution::RelationKind;
use crate::base::{Arch, Class, Fault};
use crate::formats::deb::{PackageName, Relation, Version};

/// No set of packages does what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The architecture resolved for.
    pub arch: Arch,
    /// What stands in the way; one tree for each part of the request that fails.
    pub causes: Vec<Cause>,
}

/// A problem, and what it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What is wrong.
    pub problem: Problem,
    /// Each of these is reason enough; for alternatives, all of them together are.
    pub because: Vec<Cause>,
}

/// What can be wrong with one package or relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// No archive has a package of this name, and none provides it.
    Unknown {
        /// The name.
        name: PackageName,
        /// Names that look like it, the nearest first.
        nearest: Vec<String>,
    },
    /// The package is there, but no version may be chosen: every archive that has it has a pin of 0 or below.
    NoCandidate {
        /// The package.
        name: PackageName,
        /// Its versions.
        present: Vec<Version>,
    },
    /// The version asked for is not there.
    NoSuchVersion {
        /// The package.
        name: PackageName,
        /// The version.
        wanted: Version,
        /// The versions that are.
        present: Vec<Version>,
    },
    /// No archive of that suite has the package.
    NotInSuite {
        /// The package.
        name: PackageName,
        /// The suite.
        suite: Box<str>,
        /// The suites that have it.
        present: Vec<Box<str>>,
    },
    /// A virtual package was named, and it is not clear which provider is meant.
    Virtual {
        /// The virtual package.
        name: PackageName,
        /// Its providers.
        providers: Vec<PackageName>,
    },
    /// The request both asks for a package and keeps it out.
    Contradiction {
        /// The package.
        name: PackageName,
    },
    /// The request keeps it out.
    KeptOut {
        /// The package.
        name: PackageName,
    },
    /// A package would have to be removed that the variant has.
    Removed {
        /// The package.
        name: PackageName,
    },
    /// A package cannot be installed.
    Uninstallable {
        /// The package.
        name: PackageName,
        /// The version that would be.
        version: Version,
    },
    /// A dependency cannot be met.
    Unmet {
        /// Which kind.
        kind: RelationKind,
        /// The alternatives.
        relations: Vec<Relation>,
    },
    /// Only other versions are there.
    OnlyVersions {
        /// The package.
        name: PackageName,
        /// The versions that are.
        present: Vec<Version>,
    },
    /// The version that would serve is there, but is not the one that may be chosen.
    NotCandidate {
        /// The package.
        name: PackageName,
        /// The version that would serve.
        serving: Version,
        /// The one that may be chosen, if any.
        candidate: Option<Version>,
    },
    /// Two packages exclude each other.
    Conflict {
        /// The one that says so.
        name: PackageName,
        /// Its version.
        version: Version,
        /// What it is against.
        relation: Relation,
        /// The other.
        other: PackageName,
        /// Its version.
        other_version: Version,
    },
    /// None of the above: apt's way of trying finds no solution. The packages that stay broken.
    Stuck {
        /// The packages.
        broken: Vec<PackageName>,
    },
}

impl Cause {
    /// A problem that needs no explanation.
    #[must_use]
    pub const fn leaf(problem: Problem) -> Self {
        Self { problem, because: Vec::new() }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "\n{:indent$}{}", "", self.problem, indent = 2 * depth)?;
        if !self.because.is_empty() {
            f.write_str(":")?;
        }
        self.because.iter().try_for_each(|cause| cause.write(f, depth + 1))
    }

    /// Whether some problem in the tree is of a kind.
    #[must_use]
    pub fn any(&self, of_kind: &dyn Fn(&Problem) -> bool) -> bool {
        of_kind(&self.problem) || self.because.iter().any(|cause| cause.any(of_kind))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no set of packages for {} does what is asked for:", self.arch)?;
        self.causes.iter().try_for_each(|cause| cause.write(f, 1))
    }
}

impl std::error::Error for Refusal {}

impl Fault for Refusal {
    fn class(&self) -> Class {
        Class::Unsatisfiable
    }

    fn hint(&self) -> Option<String> {
        let any = |of_kind: &dyn Fn(&Problem) -> bool| self.causes.iter().any(|cause| cause.any(of_kind));
        let text = if any(&|problem| matches!(problem, Problem::Virtual { .. })) {
            "name one of the providers instead of the virtual package"
        } else if any(&|problem| matches!(problem, Problem::Contradiction { .. } | Problem::KeptOut { .. })) {
            "take the `NAME-` out of the request, or what needs that package"
        } else if any(&|problem| matches!(problem, Problem::NotCandidate { .. } | Problem::NoCandidate { .. })) {
            "ask for it as `NAME/SUITE` or `NAME=VERSION`, or raise the priority of its archive"
        } else if any(&|problem| matches!(problem, Problem::Unknown { .. } | Problem::OnlyVersions { .. })) {
            "check the name; if it is right, the recipe lacks a suite or component that has it, or limits one too much"
        } else if any(&|problem| matches!(problem, Problem::Conflict { .. } | Problem::Removed { .. })) {
            "leave one of the two out, or choose a smaller variant"
        } else {
            return None;
        };
        Some(text.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, nearest } => {
                write!(f, "no archive has `{name}`")?;
                if nearest.is_empty() { Ok(()) } else { write!(f, "; near to it: {}", Listed(nearest)) }
            }
            Self::NoCandidate { name, present } => {
                write!(f, "the pins allow no version of `{name}`; there is {}", Listed(present))
            }
            Self::NoSuchVersion { name, wanted, present } if present.is_empty() => {
                write!(f, "`{name}` has no version {wanted}, nor any other")
            }
            Self::NoSuchVersion { name, wanted, present } => {
                write!(f, "`{name}` has no version {wanted}; there is {}", Listed(present))
            }
            Self::NotInSuite { name, suite, present } if present.is_empty() => {
                write!(f, "`{name}` is not in the suite `{suite}`, nor in any other")
            }
            Self::NotInSuite { name, suite, present } => {
                write!(f, "`{name}` is not in the suite `{suite}`; it is in {}", Listed(present))
            }
            Self::Virtual { name, providers } if providers.is_empty() => {
                write!(f, "`{name}` is a virtual package that nothing provides")
            }
            Self::Virtual { name, providers } => {
                write!(f, "`{name}` is a virtual package, provided by {}", Listed(providers))
            }
            Self::Contradiction { name } => write!(f, "the request both asks for `{name}` and keeps it out"),
            Self::KeptOut { name } => write!(f, "the request keeps `{name}` out"),
            Self::Removed { name } => write!(f, "`{name}` of the variant would have to go"),
            Self::Uninstallable { name, version } => write!(f, "{name} {version} cannot be installed"),
            Self::Unmet { kind, relations } => {
                write!(f, "it {} ", kind.verb())?;
                for (at, relation) in relations.iter().enumerate() {
                    write!(f, "{}{relation}", if at == 0 { "" } else { " | " })?;
                }
                Ok(())
            }
            Self::OnlyVersions { name, present } => write!(f, "of `{name}` there is only {}", Listed(present)),
            Self::NotCandidate { name, serving, candidate: Some(candidate) } => {
                write!(f, "{name} {serving} would do, but the pins choose {candidate}")
            }
            Self::NotCandidate { name, serving, candidate: None } => {
                write!(f, "{name} {serving} would do, but its pin forbids it")
            }
            Self::Conflict { name, version, relation, other, other_version } => {
                write!(f, "{name} {version} excludes {relation}, that is {other} {other_version}")
            }
            Self::Stuck { broken } => write!(f, "these would stay broken: {}", Listed(broken)),
        }
    }
}

/// Some names or versions; of many, the first.
struct Listed<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        for (at, item) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

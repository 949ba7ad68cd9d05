//! A recipe's meaning as bytes: the same for two recipes that build the same image, whatever their formatting, comments and file
//! names. The split into a chain counts: layers follow it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::model::{Deb, JarSource, Recipe};
use crate::base::{Digest, Platform};
use crate::formats::deb::Variant;

/// The digest of everything a recipe says, named files' bytes and keys included.
///
/// It is the SHA-256 of the compact JSON of [`Recipe`]: fields in the order of the type, maps sorted, paths on this machine left
/// out. It is no stored format: only the lock's part ([`LockMeaning`]) is.
#[must_use]
pub fn meaning_digest(recipe: &Recipe) -> Digest {
    digest(recipe)
}

fn digest(value: &impl Serialize) -> Digest {
    #[expect(clippy::expect_used, reason = "derived types with string keys serialise")]
    Digest::of(&serde_json::to_vec(value).expect("plain data becomes JSON"))
}

/// The part of the meaning that decides what is locked: where packages and jars come from and which are asked for.
///
/// A lockfile carries it in full, so that a stale one can say what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LockMeaning {
    /// Sorted.
    pub platforms: Vec<Platform>,
    /// The variant.
    pub variant: Variant,
    /// In the order of the recipe: `NAME`, `NAME=VERSION`, `NAME/SUITE` or `NAME-`.
    pub install: Vec<String>,
    /// Package recipes of the project, in the order of the recipe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local: Vec<String>,
    /// Whether recommended packages are followed.
    pub recommends: bool,
    /// Sorted.
    pub accept_skew: Vec<String>,
    /// In the order of the chain.
    #[serde(default, rename = "archive")]
    pub archives: Vec<ArchiveMeaning>,
    /// Packages at addresses; sorted.
    #[serde(default, rename = "deb", skip_serializing_if = "Vec::is_empty")]
    pub debs: Vec<Deb>,
    /// Where jars come from; sorted, each once.
    #[serde(default, rename = "jar", skip_serializing_if = "Vec::is_empty")]
    pub jars: Vec<JarSource>,
    /// Python packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PythonMeaning>,
}

/// What `[python]` means for the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PythonMeaning {
    /// Alias of the index.
    pub mirror: String,
    /// The interpreter, where it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
    /// What is asked for, each in the one spelling of a requirement; those of the file where there is one.
    pub requirements: Vec<String>,
    /// SHA-256 of the file of pinned requirements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements_file: Option<Digest>,
}

impl PythonMeaning {
    fn of(python: &super::python::Python) -> Self {
        let pinned = python.file.iter().flat_map(|file| &file.hashed).map(|hashed| &hashed.requirement);
        Self {
            mirror: python.mirror.clone(),
            interpreter: python.interpreter.map(|interpreter| interpreter.to_string()),
            requirements: python.requirements.iter().chain(pinned).map(ToString::to_string).collect(),
            requirements_file: python.file.as_ref().map(|file| file.sha256),
        }
    }
}

/// What an archive section means for the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ArchiveMeaning {
    /// Alias of the mirror.
    pub mirror: String,
    /// Suites, as written.
    pub suites: Vec<String>,
    /// Components, as written.
    pub components: Vec<String>,
    /// Digests of the key files, in the order of the recipe.
    pub keys: Vec<Digest>,
    /// Sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// Pin priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i16>,
    /// The freshness rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<u32>,
    /// Whether `Valid-Until` is ignored; the reason has no meaning to a machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_expired: bool,
}

impl LockMeaning {
    /// What `recipe` means for the lock.
    #[must_use]
    pub fn of(recipe: &Recipe) -> Self {
        let archive = |a: &super::model::Archive| ArchiveMeaning {
            mirror: a.mirror.clone(),
            suites: a.suites.clone(),
            components: a.components.clone(),
            keys: a.keys.iter().map(|key| key.sha256).collect(),
            only: a.only.as_ref().map(|names| names.iter().map(ToString::to_string).collect()),
            priority: a.priority,
            max_age_days: a.max_age_days,
            accept_expired: a.accept_expired.is_some(),
        };
        Self {
            platforms: recipe.platforms().collect(),
            variant: recipe.packages.variant,
            install: recipe.packages.install.iter().map(ToString::to_string).collect(),
            local: recipe.packages.local.iter().map(ToString::to_string).collect(),
            recommends: recipe.packages.recommends,
            accept_skew: recipe.packages.accept_skew.iter().map(ToString::to_string).collect(),
            archives: recipe.archives.iter().map(archive).collect(),
            debs: recipe.debs.clone(),
            jars: recipe.jars.iter().map(|jar| jar.source.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
            python: recipe.python.as_ref().map(PythonMeaning::of),
        }
    }

    /// Its digest, as the lockfile's head shows it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest(self)
    }
}

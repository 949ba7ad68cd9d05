//! The lockfile of a package recipe, `packages/NAME/package.lock`: every source, exact.
//!
//! ```toml
//! version = 1
//!
//! [[source]]
//! maven = "org.apache.hadoop:hadoop-common:2.10.2"
//! size = 4017263
//! sha256 = "sha256:…"
//! ```
//!
//! Blocks are sorted: Maven coordinates, then source distributions (with the `file` that the index lists), then addresses. The same
//! lock gives the same bytes. A version that is newer than ours is refused and never replaced.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Deserialize;
use toml::Spanned;

use super::model::PackageRecipe;
use super::source::Source;
use crate::base::{Class, Digest, Fault, redact};

/// The version of the format that is written, and the newest that is read.
pub const VERSION: i64 = 1;

/// The largest lockfile that is read, in bytes.
pub const MAX_BYTES: u64 = 4 << 20;

const HEAD: &str = "# Written by `mokapot package`. Read it in review; to change it, change the recipe and run `mokapot package` again.\n";

/// What is locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageLockfile {
    /// Every source of the recipe.
    pub sources: BTreeMap<Source, LockedSource>,
}

/// One source, exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedSource {
    /// The name of the file on the index, of a source distribution.
    pub file: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Their digest.
    pub sha256: Digest,
}

/// A recipe and a lock that belong together. Only [`check`] makes one.
#[derive(Clone, Debug)]
pub struct LockedPackage {
    recipe: PackageRecipe,
    lock: PackageLockfile,
}

/// A lock that was made for something else than the recipe now asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StalePackage {
    /// Sources that are not locked, or pinned to other bytes; sorted.
    pub missing: Vec<Source>,
    /// Locked ones that the recipe does not name.
    pub extra: Vec<Source>,
}

/// A lockfile that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageLockError {
    /// The file.
    pub file: String,
    /// The line, from 1, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
    /// Whether a newer version of the program wrote it.
    pub newer: bool,
}

/// Pairs a recipe with its lock.
///
/// # Errors
/// When the lock has other sources than the recipe, or other bytes than the recipe pins.
pub fn check(recipe: &PackageRecipe, lock: &PackageLockfile) -> Result<LockedPackage, StalePackage> {
    let wanted = recipe.sources();
    let locked = |source: &&&Source| {
        lock.sources
            .get(**source)
            .is_some_and(|locked| recipe.pinned.get(**source).is_none_or(|pin| *pin == locked.sha256))
    };
    let missing: Vec<Source> = wanted.iter().filter(|source| !locked(source)).map(|source| (*source).clone()).collect();
    let extra: Vec<Source> = lock.sources.keys().filter(|source| !wanted.contains(source)).cloned().collect();
    if missing.is_empty() && extra.is_empty() {
        return Ok(LockedPackage { recipe: recipe.clone(), lock: lock.clone() });
    }
    Err(StalePackage { missing, extra })
}

impl LockedPackage {
    /// The recipe.
    #[must_use]
    pub const fn recipe(&self) -> &PackageRecipe {
        &self.recipe
    }

    /// The lock.
    #[must_use]
    pub const fn lock(&self) -> &PackageLockfile {
        &self.lock
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: Spanned<i64>,
    #[serde(default)]
    source: Vec<Spanned<Block>>,
}

/// Looks at the version alone: a newer format may have other keys.
#[derive(Deserialize)]
struct Head {
    version: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    maven: Option<String>,
    pypi: Option<String>,
    url: Option<String>,
    file: Option<String>,
    size: u64,
    sha256: Digest,
}

impl PackageLockfile {
    /// Reads a lockfile's text; `file` is its name for messages.
    ///
    /// # Errors
    /// When it is too large, holds conflict markers, is no TOML of a known version, or locks a source twice.
    pub fn parse(text: &str, file: &str) -> Result<Self, PackageLockError> {
        let fail = |byte: Option<usize>, reason: String, newer| {
            let line = byte.map(|byte| text.bytes().take(byte).filter(|c| *c == b'\n').count() + 1);
            PackageLockError { file: redact::printable(file), line, reason, newer }
        };
        if text.len() as u64 > MAX_BYTES {
            return Err(fail(None, format!("the lockfile is larger than the limit of {MAX_BYTES} bytes"), false));
        }
        if let Some(at) = text.find("\n<<<<<<< ").or_else(|| text.find("\n>>>>>>> ")) {
            return Err(fail(Some(at + 1), "a conflict marker of git".into(), false));
        }
        let toml = |error: toml::de::Error| {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            fail(error.span().map(|span| span.start), redact::printable(&message), false)
        };
        let head: Head = toml::from_str(text).map_err(toml)?;
        let (found, at) = (*head.version.get_ref(), head.version.span().start);
        if found != VERSION {
            let reason = format!("the lockfile has version {found}; this program knows version {VERSION}");
            return Err(fail(Some(at), reason, found > VERSION));
        }
        let wire: Wire = toml::from_str(text).map_err(toml)?;
        let _ = wire.version;
        let mut sources = BTreeMap::new();
        for block in wire.source {
            let at = Some(block.span().start);
            let block = block.into_inner();
            let source = block.source().map_err(|reason| fail(at, reason, false))?;
            let sdist = matches!(source, Source::Sdist(_));
            if sdist != block.file.is_some() || block.file.as_deref().is_some_and(|file| !plain(file)) {
                return Err(fail(
                    at,
                    "`file` is the name of a source distribution's file, and of nothing else".into(),
                    false,
                ));
            }
            let locked = LockedSource { file: block.file, size: block.size, sha256: block.sha256 };
            if sources.insert(source.clone(), locked).is_some() {
                return Err(fail(at, format!("{source} is locked twice"), false));
            }
        }
        Ok(Self { sources })
    }

    /// The lockfile's text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = format!("{HEAD}version = {VERSION}\n");
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        for (source, locked) in &self.sources {
            let _ = write!(out, "\n[[source]]\n{} = {}\n", source.key(), quoted(&source.value()));
            if let Some(file) = &locked.file {
                let _ = writeln!(out, "file = {}", quoted(file));
            }
            let _ = write!(out, "size = {}\nsha256 = \"{}\"\n", locked.size, locked.sha256);
        }
        out
    }
}

/// A file's name that is nothing else.
fn plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.chars().any(|c| c == '/' || c.is_control())
}

impl Block {
    fn source(&self) -> Result<Source, String> {
        match (&self.maven, &self.pypi, &self.url) {
            (Some(text), None, None) => {
                Ok(Source::Maven(text.parse().map_err(|e: crate::formats::maven::ParseCoordinateError| e.to_string())?))
            }
            (None, Some(text), None) => {
                Ok(Source::Sdist(text.parse().map_err(|e: super::ParseSourceError| e.to_string())?))
            }
            (None, None, Some(text)) => Source::url(text).map_err(|error| error.to_string()),
            _ => Err("a source is one of `maven`, `pypi` and `url`".into()),
        }
    }
}

impl fmt::Display for StalePackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        f.write_str("the recipe changed since it was locked:")?;
        let all: Vec<String> = self
            .extra
            .iter()
            .map(|source| format!(" -{source}"))
            .chain(self.missing.iter().map(|source| format!(" +{source}")))
            .collect();
        all.iter().take(SHOWN).try_for_each(|text| f.write_str(text))?;
        match all.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl std::error::Error for StalePackage {}

impl Fault for StalePackage {
    fn class(&self) -> Class {
        Class::Lock
    }

    fn hint(&self) -> Option<String> {
        Some("run `mokapot package` without --locked, and commit the lockfile".into())
    }
}

impl fmt::Display for PackageLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

impl std::error::Error for PackageLockError {}

impl Fault for PackageLockError {
    fn class(&self) -> Class {
        Class::Lock
    }

    fn hint(&self) -> Option<String> {
        Some(if self.newer {
            "use the newer mokapot that wrote it; it is not rewritten".into()
        } else {
            "take the lockfile from version control again, or delete it and run `mokapot package`".into()
        })
    }
}

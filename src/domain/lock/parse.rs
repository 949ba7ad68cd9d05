//! Reading lockfiles: one wire model a version.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;
use toml::value::Datetime;

use super::error::{LockError, Reason};
use super::graph::{Reach, Via};
use super::model::{Fingerprint, Lockfile, PackageLock, ReleaseLock, Root};
use crate::base::{Arch, Digest, Epoch, Platform, redact};
use crate::domain::recipe::LockMeaning;
use crate::formats::deb::package::{Architecture, PackageName};
use crate::formats::deb::version::Version;

/// The version of the format that is written, and the newest that is read.
pub const VERSION: i64 = 1;

/// The largest lockfile that is read, in bytes.
pub const MAX_BYTES: u64 = 32 << 20;

/// What a `via` in the file says, if there is one.
type Written = Option<Via>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct V1 {
    #[serde(rename = "version")]
    _version: i64,
    recipe: Spanned<Digest>,
    request: LockMeaning,
    #[serde(default)]
    release: Vec<Spanned<Release>>,
    #[serde(default)]
    package: Vec<Spanned<Block>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Release {
    mirror: String,
    suite: String,
    date: Spanned<Datetime>,
    valid_until: Option<Spanned<Datetime>>,
    sha256: Digest,
    size: u64,
    signers: Vec<Spanned<String>>,
}

/// What stands in the block itself is for all its platforms, what stands in a platform's table for that one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    name: PackageName,
    version: Version,
    mirror: String,
    suite: String,
    platforms: Option<Vec<Platform>>,
    file: Option<String>,
    size: Option<u64>,
    sha256: Option<Digest>,
    via: Option<Vec<String>>,
    depends: Option<BTreeSet<PackageName>>,
    recommends: Option<BTreeSet<PackageName>>,
    amd64: Option<Spanned<Facts>>,
    arm64: Option<Spanned<Facts>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    file: Option<String>,
    size: Option<u64>,
    sha256: Option<Digest>,
    via: Option<Vec<String>>,
    depends: Option<BTreeSet<PackageName>>,
    recommends: Option<BTreeSet<PackageName>>,
}

impl Lockfile {
    /// Reads a lockfile's text; `file` is its name for messages.
    ///
    /// # Errors
    /// When the text is too large, holds conflict markers, is no TOML of a known version, or is not consistent in itself.
    pub fn parse(text: &str, file: &str) -> Result<Self, LockError> {
        let fail = |line, reason| LockError { file: redact::printable(file), line, reason };
        if text.len() as u64 > MAX_BYTES {
            return Err(fail(None, Reason::TooLarge { limit: MAX_BYTES }));
        }
        let marker = |line: &str| {
            ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
                .iter()
                .any(|m| line.strip_prefix(m).is_some_and(|rest| rest.trim_end().is_empty() || rest.starts_with(' ')))
        };
        if let Some(index) = text.lines().position(marker) {
            return Err(fail(Some(index + 1), Reason::Conflict));
        }
        let line_of = |byte: usize| text.as_bytes().iter().take(byte).filter(|c| **c == b'\n').count() + 1;
        let malformed = |error: &toml::de::Error| {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            fail(error.span().map(|span| line_of(span.start)), Reason::Malformed(redact::printable(&message)))
        };
        let table = DeTable::parse(text).map_err(|error| malformed(&error))?;
        let version = table.get_ref().get("version").map(Spanned::get_ref);
        match version.and_then(|v| v.as_integer()).and_then(|v| i64::from_str_radix(v.as_str(), v.radix()).ok()) {
            Some(VERSION) => {}
            Some(found) if found > VERSION => return Err(fail(None, Reason::Newer { found, known: VERSION })),
            _ => {
                return Err(fail(
                    None,
                    Reason::Malformed("this is no lockfile: it has no `version` that exists".into()),
                ));
            }
        }
        drop(table);
        let wire: V1 = toml::from_str(text).map_err(|error| malformed(&error))?;
        if *wire.recipe.get_ref() != wire.request.digest() {
            return Err(fail(Some(line_of(wire.recipe.span().start)), Reason::Head));
        }
        let mut releases = Vec::new();
        for release in wire.release {
            let line = line_of(release.span().start);
            releases.push(
                release.into_inner().read(&line_of).map_err(|(at, reason)| fail(Some(at.unwrap_or(line)), reason))?,
            );
        }
        let mut packages = Vec::new();
        let mut places: BTreeMap<(PackageName, Arch), (usize, Written)> = BTreeMap::new();
        for block in wire.package {
            let line = line_of(block.span().start);
            let read = block.into_inner().read(&wire.request);
            for (package, via) in read.map_err(|reason| fail(Some(line), reason))? {
                places.entry((package.name.clone(), package.arch)).or_insert((line, via));
                packages.push(package);
            }
        }
        let lock = Self::checked(wire.request, releases, packages).map_err(|fault| {
            let place = fault.package.as_ref().and_then(|place| places.get(place));
            fail(place.map(|(line, _)| *line), fault.reason)
        })?;
        for platform in &lock.meaning().platforms {
            let reach = Reach::of(lock.meaning(), lock.packages(), platform.0);
            for package in lock.packages_of(platform.0) {
                let place = places.get(&(package.name.clone(), package.arch));
                if let Some((line, via)) = place
                    && via.as_ref() != Some(&reach.via(&package.name))
                {
                    return Err(fail(Some(*line), Reason::Via { name: package.name.clone(), arch: package.arch }));
                }
            }
        }
        Ok(lock)
    }
}

impl Release {
    fn read(self, line_of: &impl Fn(usize) -> usize) -> Result<ReleaseLock, (Option<usize>, Reason)> {
        let moment = |key, date: Spanned<Datetime>| {
            let line = line_of(date.span().start);
            let text = date.get_ref().to_string();
            let seconds = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
            seconds
                .and_then(|seconds| Epoch::try_from(seconds).ok())
                .ok_or_else(|| (Some(line), Reason::Value { key, rule: format!("`{text}` is no moment with a zone") }))
        };
        let signer = |text: Spanned<String>| {
            text.get_ref().parse::<Fingerprint>().map_err(|error| {
                (Some(line_of(text.span().start)), Reason::Value { key: "signers", rule: error.to_string() })
            })
        };
        Ok(ReleaseLock {
            mirror: self.mirror,
            suite: self.suite,
            date: moment("date", self.date)?,
            valid_until: self.valid_until.map(|until| moment("valid-until", until)).transpose()?,
            sha256: self.sha256,
            size: self.size,
            signers: self.signers.into_iter().map(signer).collect::<Result<_, _>>()?,
        })
    }
}

impl Block {
    /// The block's packages, one a platform, and what `via` says of each.
    fn read(self, meaning: &LockMeaning) -> Result<Vec<(PackageLock, Written)>, Reason> {
        let value = |key, rule: &str| Reason::Value { key, rule: format!("{}: {rule}", self.name) };
        let all = self.file.is_some();
        let tables: BTreeMap<Arch, Facts> = [(Arch::Amd64, self.amd64), (Arch::Arm64, self.arm64)]
            .into_iter()
            .filter_map(|(arch, facts)| Some((arch, facts?.into_inner())))
            .collect();
        let platforms: BTreeSet<Arch> = match &self.platforms {
            Some(list) if all => list.iter().map(|platform| platform.0).collect(),
            Some(_) => return Err(value("platforms", "stands only where `file` is the same for all")),
            None if all => meaning.platforms.iter().map(|platform| platform.0).collect(),
            None => tables.keys().copied().collect(),
        };
        if platforms.is_empty() || tables.keys().any(|arch| !platforms.contains(arch)) {
            return Err(value("file", "there is no file, or one for another platform"));
        }
        let mut tables = tables;
        let mut packages = Vec::new();
        for arch in platforms {
            let own = tables.remove(&arch).unwrap_or_default();
            let (architecture, file, size, sha256) = if all {
                if own.file.is_some() || own.size.is_some() || own.sha256.is_some() {
                    return Err(value("file", "stands in the block and in a platform's table"));
                }
                (Architecture::All, self.file.clone(), self.size, self.sha256)
            } else {
                if self.size.is_some() || self.sha256.is_some() {
                    return Err(value("file", "is missing where `size` and `sha256` stand"));
                }
                (Architecture::Only(arch), own.file, own.size, own.sha256)
            };
            let package = PackageLock {
                name: self.name.clone(),
                arch,
                architecture,
                version: self.version.clone(),
                mirror: self.mirror.clone(),
                suite: self.suite.clone(),
                filename: file.ok_or_else(|| value("file", "is missing"))?,
                size: size.ok_or_else(|| value("size", "is missing"))?,
                sha256: sha256.ok_or_else(|| value("sha256", "is missing"))?,
                roots: BTreeSet::new(),
                depends: own.depends.or_else(|| self.depends.clone()).unwrap_or_default(),
                recommends: own.recommends.or_else(|| self.recommends.clone()).unwrap_or_default(),
            };
            let via = own.via.or_else(|| self.via.clone());
            let roots = roots(&package.name, via.as_deref().unwrap_or_default()).map_err(|rule| value("via", &rule))?;
            packages.push((PackageLock { roots, ..package }, via));
        }
        Ok(packages)
    }
}

/// The reasons in a `via`: all of it, or none of it when it is the story of a dependency.
fn roots(name: &PackageName, via: &[String]) -> Result<BTreeSet<Root>, String> {
    if via.last().is_none_or(|last| !last.starts_with('(')) {
        return Ok(BTreeSet::new());
    }
    let root = |word: &String| match word.as_str() {
        "(variant)" => Ok(Root::Variant),
        "(recipe)" => Ok(Root::Asked(name.clone())),
        other => {
            let asked = other.strip_prefix("(recipe: ").and_then(|asked| asked.strip_suffix(')'));
            let asked = asked.and_then(|asked| asked.parse().ok()).ok_or_else(|| format!("`{other}` is no reason"))?;
            Ok(Root::Asked(asked))
        }
    };
    via.iter().map(root).collect()
}

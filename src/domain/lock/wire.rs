//! The wire model of version 1, and its reading into values. The shape is described in [`super::render`].

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::error::Reason;
use super::graph::Via;
use super::model::{Fingerprint, JarLock, Origin, PackageLock, ReleaseLock, Root};
use crate::base::{Arch, Digest, Epoch, Platform};
use crate::domain::recipe::{LockMeaning, Place};
use crate::formats::deb::package::{Architecture, PackageName};
use crate::formats::deb::priority::Priority;
use crate::formats::deb::version::Version;

/// What a `via` in the file says, if there is one.
pub(super) type Written = Option<Via>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct V1 {
    #[serde(rename = "version")]
    _version: i64,
    pub(super) recipe: Spanned<Digest>,
    pub(super) request: LockMeaning,
    #[serde(default)]
    pub(super) release: Vec<Spanned<Release>>,
    #[serde(default)]
    pub(super) package: Vec<Spanned<Block>>,
    #[serde(default)]
    pub(super) wheel: Vec<Spanned<super::wheel::Block>>,
    #[serde(default)]
    pub(super) jar: Vec<Jar>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jar {
    places: Vec<Place>,
    size: u64,
    sha256: Digest,
}

impl std::convert::From<Jar> for JarLock {
    fn from(Jar { places, size, sha256 }: Jar) -> Self {
        Self { places, size, sha256 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Release {
    mirror: String,
    suite: String,
    date: Spanned<Datetime>,
    valid_until: Option<Spanned<Datetime>>,
    sha256: Digest,
    size: u64,
    signers: Vec<Spanned<String>>,
}

/// Where a package comes from that no archive has.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum From {
    Local,
    Address,
}

/// What stands in the block itself is for all its platforms, what stands in a platform's table for that one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    name: PackageName,
    version: Version,
    #[serde(default)]
    priority: Priority,
    mirror: Option<String>,
    suite: Option<String>,
    from: Option<From>,
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
pub(super) struct Facts {
    file: Option<String>,
    size: Option<u64>,
    sha256: Option<Digest>,
    via: Option<Vec<String>>,
    depends: Option<BTreeSet<PackageName>>,
    recommends: Option<BTreeSet<PackageName>>,
}

impl Release {
    /// The release, or the byte that is to blame and the reason.
    pub(super) fn read(self) -> Result<ReleaseLock, (usize, Reason)> {
        let moment = |key, date: Spanned<Datetime>| {
            let text = date.get_ref().to_string();
            let seconds = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
            let wrong = || Reason::Value { key, rule: format!("`{text}` is no moment with a zone") };
            seconds.and_then(|seconds| Epoch::try_from(seconds).ok()).ok_or_else(|| (date.span().start, wrong()))
        };
        let signer = |text: Spanned<String>| {
            let wrong = |rule| Reason::Value { key: "signers", rule };
            text.get_ref().parse::<Fingerprint>().map_err(|error| (text.span().start, wrong(error.to_string())))
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
    pub(super) fn read(self, meaning: &LockMeaning) -> Result<Vec<(PackageLock, Written)>, Reason> {
        let value = |key, rule: &str| Reason::Value { key, rule: format!("{}: {rule}", self.name) };
        let all = self.file.is_some();
        let origin = match (self.from, &self.mirror, &self.suite) {
            (None, Some(mirror), Some(suite)) => Origin::Archive { mirror: mirror.clone(), suite: suite.clone() },
            (Some(From::Local), None, None) => Origin::Local,
            (Some(From::Address), None, None) => Origin::Address,
            _ => return Err(value("from", "a package has `mirror` and `suite`, or `from`")),
        };
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
                priority: self.priority,
                origin: origin.clone(),
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
        "(address)" => Ok(Root::Address),
        "(recipe)" => Ok(Root::Asked(name.clone())),
        other => {
            let asked = other.strip_prefix("(recipe: ").and_then(|asked| asked.strip_suffix(')'));
            let asked = asked.and_then(|asked| asked.parse().ok()).ok_or_else(|| format!("`{other}` is no reason"))?;
            Ok(Root::Asked(asked))
        }
    };
    via.iter().map(root).collect()
}

//! Scripts: the ledger of maintainer scripts, of an image from its package database, or of a recipe from the packages that
//! its lock names. Of an image of ours both are the very ledger of the build's report.

use std::collections::BTreeMap;

use super::contents::{self, Remember};
use super::fetch::Input;
use super::not_there::NotThere;
use super::project::Loaded;
use super::unpack::{LIMITS, expected};
use super::{Error, Inputs};
use crate::base::{Arch, Digest, Phase, Platform};
use crate::domain::install::{self, Script};
use crate::domain::lock::{self, PackageLock};
use crate::domain::script::{Ledger, Row};
use crate::formats::deb::PackageName;
use crate::formats::oci::Selector;
use crate::io::registry::Images;

/// The ledger of one platform.
#[derive(Clone, Debug)]
pub struct Listed {
    /// `os/architecture[/variant]`.
    pub platform: String,
    /// Digest of the manifest, where an image was read.
    pub digest: Option<Digest>,
    /// The names of all packages, those without scripts included.
    pub packages: Vec<String>,
    /// The scripts.
    pub ledger: Ledger,
}

/// The ledger of an image, for `arch` or its first platform. Packages whose names are none are left out.
///
/// # Errors
/// When the image or its database cannot be read, or it is not for `arch`.
pub async fn of_image(images: &Images, selector: Option<&Selector>, arch: Option<Arch>) -> Result<Listed, Error> {
    let (platform, contents) = contents::open(images, selector, arch, Remember::DATABASE).await?;
    let installed = contents.installed()?;
    let mut rows = Vec::new();
    for (stem, package) in installed.packages() {
        let Ok(name) = package.name.parse::<PackageName>() else { continue };
        for kind in Script::KINDS {
            let Some(bytes) = contents.info(&format!("{stem}.{kind}")) else { continue };
            rows.push(row(&name, &package.version, &Script::of(kind, bytes)));
        }
    }
    Ok(Listed {
        platform: platform.platform,
        digest: Some(platform.digest),
        packages: installed.packages().map(|(_, package)| package.name.clone()).collect(),
        ledger: Ledger::new(rows),
    })
}

/// The ledger of what a recipe's lock names, for `arch` or the recipe's first platform. Packages that the store lacks are
/// fetched.
///
/// # Errors
/// When there is no lock or it is stale, the recipe is not for `arch`, or a package cannot be had or read.
pub async fn of_lock(loaded: &Loaded, arch: Option<Arch>, inputs: &Inputs<'_>) -> Result<Listed, Error> {
    let lock = loaded.read_lock()?.ok_or_else(|| Error::NeverLocked(loaded.lock_path.clone()))?;
    let locked =
        lock::check(&loaded.recipe, &lock).map_err(|stale| Error::Stale { path: loaded.lock_path.clone(), stale })?;
    let mut platforms = loaded.recipe.platforms().map(|platform| platform.0);
    let no_platform = |arch| Error::NoPlatform { recipe: loaded.recipe.name.clone(), arch };
    let arch = match arch {
        Some(arch) => platforms.find(|known| *known == arch).ok_or_else(|| no_platform(arch))?,
        None => platforms.next().ok_or_else(|| no_platform(Arch::Amd64))?,
    };
    let packages: Vec<&PackageLock> = locked.packages(arch).collect();
    let store = &inputs.fetcher.store;
    let missing: BTreeMap<Digest, &PackageLock> = packages
        .iter()
        .filter(|package| !store.contains(&package.sha256, Some(package.size)))
        .map(|package| (package.sha256, *package))
        .collect();
    if !missing.is_empty() {
        let wanted = missing.values().map(|package| Input::deb(package, inputs.mirrors));
        inputs.fetcher.fetch(&wanted.collect::<Result<Vec<_>, _>>()?, Phase::Fetch).await?;
    }
    let mut rows = Vec::new();
    for package in &packages {
        let mut deb = store.reader(&package.sha256, package.size)?;
        let scripts = install::deb::scripts(&mut deb, &expected(package)?, LIMITS);
        // Whatever was found: it counts only if the store gave the bytes that the lock names.
        deb.check()?;
        rows.extend(scripts?.iter().map(|script| row(&package.name, package.version.as_str(), script)));
    }
    Ok(Listed {
        platform: Platform(arch).to_string(),
        digest: None,
        packages: packages.iter().map(|package| package.name.to_string()).collect(),
        ledger: Ledger::new(rows),
    })
}

impl Listed {
    /// What is of one package, which may have no scripts but must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn only(mut self, package: &str) -> Result<Self, NotThere> {
        if !self.packages.iter().any(|name| name == package) {
            let names = self.packages.iter().map(String::as_str).collect();
            return Err(NotThere::package(package, &self.platform, names));
        }
        self.ledger =
            Ledger::new(self.ledger.rows().iter().filter(|row| row.package.as_str() == package).cloned().collect());
        Ok(self)
    }
}

/// A script of a package in the words of the ledger.
pub(super) fn row(package: &PackageName, version: &str, script: &Script) -> Row {
    Row::listed(package, version, &script.kind, script.sha256, script.size, &script.head)
}

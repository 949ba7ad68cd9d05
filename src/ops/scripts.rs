//! Scripts: the ledger of maintainer scripts, of an image from its package database, or of a recipe from the packages that
//! its lock names. Of an image of ours both are the very ledger of the build's report.

use std::collections::BTreeMap;
use std::io::Read;

use super::build::current;
use super::contents::{self, Remember};
use super::input::Input;
use super::not_there::NotThere;
use super::project::Loaded;
use super::trees::Trees;
use super::unpack::{LIMITS, expected};
use super::{Error, Inputs};
use serde::{Deserialize, Serialize};

use crate::base::{Arch, Digest, Phase, Platform, redact};
use crate::domain::install::{self, Script};
use crate::domain::lock::PackageLock;
use crate::domain::recipe::Scripts;
use crate::domain::script::{Change, Effect, Ledger, Row, Site, Watched};
use crate::formats::deb::PackageName;
use crate::formats::oci::Selector;
use crate::io::registry::Images;
use crate::io::store::Store;

/// Who made, changed or removed a path that no package ships as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The path from `/`, safe to print.
    pub path: String,
    /// What happened to it.
    pub change: Change,
    /// The script: `bash/postinst`, or a path of the image from `/` that it called.
    pub script: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The line itself, safe to print.
    pub text: String,
}

impl Origin {
    pub(super) fn of(effect: &Effect) -> Self {
        let Site { script, line, column, text } = effect.site.clone();
        let path = format!("/{}", redact::printable_bytes(&effect.path));
        Self { path, change: effect.change, script, line, column, text }
    }
}

/// What is kept of a build for those who ask later: by the digest of the platform's manifest, in the store that built it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Every script, and what became of it.
    pub ledger: Ledger,
    /// Who made what no package ships as it is; sorted by path.
    pub origins: Vec<Origin>,
}

impl Done {
    /// The kind of memos that lead from a manifest's digest to the record.
    const MEMO: &str = "scripts";

    pub(super) fn remember(&self, manifest: &Digest, store: &Store) -> Result<(), Error> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let place = store.add(&bytes)?;
        store.memo_put(Self::MEMO, manifest, &serde_json::to_vec(&place).unwrap_or_default());
        Ok(())
    }

    /// What is known of the image with this manifest; nothing where another store built it, or forgot it.
    #[must_use]
    pub fn of(manifest: &Digest, store: &Store) -> Option<Self> {
        let (digest, size): (Digest, u64) = serde_json::from_slice(&store.memo_get(Self::MEMO, manifest)?).ok()?;
        let mut bytes = Vec::new();
        store.reader(&digest, size).ok()?.read_to_end(&mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Who made a path, which is from `/` and safe to print.
    #[must_use]
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        let at = self.origins.binary_search_by(|origin| origin.path.as_str().cmp(path)).ok()?;
        self.origins.get(at)
    }
}

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
    /// The runs of the scripts that were watched.
    pub runs: Vec<Watched>,
}

/// The ledger of an image, for `arch` or its first platform. Packages whose names are none are left out.
///
/// # Errors
/// When the image or its database cannot be read, or it is not for `arch`.
pub async fn of_image(
    images: &Images,
    selector: Option<&Selector>,
    arch: Option<Arch>,
    store: &Store,
) -> Result<Listed, Error> {
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
        ledger: Done::of(&platform.digest, store).map_or_else(|| Ledger::new(rows), |done| done.ledger),
        runs: Vec::new(),
    })
}

/// The ledger of a recipe, for `arch` or the recipe's first platform: the packages that its lock names are installed as a build
/// would, and the scripts of the package `watched` are watched; or only listed, where the recipe says so. Packages that the
/// store lacks are fetched.
///
/// # Errors
/// When there is no lock or it is stale, the recipe is not for `arch`, a package cannot be had or read, or a script cannot
/// be interpreted.
pub async fn of_lock(
    loaded: &Loaded,
    arch: Option<Arch>,
    watched: Option<&str>,
    inputs: &Inputs<'_>,
) -> Result<Listed, Error> {
    let lock = loaded.read_lock()?.ok_or_else(|| Error::NeverLocked(loaded.lock_path.clone()))?;
    let locked = current(loaded, &lock, true, inputs).await?;
    let mut platforms = loaded.recipe.platforms().map(|platform| platform.0);
    let no_platform = |arch| Error::NoPlatform { recipe: loaded.recipe.name.clone(), arch };
    let arch = match arch {
        Some(arch) => platforms.find(|known| *known == arch).ok_or_else(|| no_platform(arch))?,
        None => platforms.next().ok_or_else(|| no_platform(Arch::Amd64))?,
    };
    let packages: Vec<&PackageLock> = locked.packages(arch).collect();
    let (ledger, runs) = match loaded.recipe.scripts {
        Scripts::List => (listed(&packages, inputs).await?, Vec::new()),
        Scripts::Interpret => {
            let trees = Trees::new(&locked, &[arch], None, inputs)?;
            trees.fetch().await?;
            let rootfs = trees.rootfs(arch, &trees.artefacts()?, &trees.jar_fragments(), watched)?;
            (rootfs.scripts, rootfs.runs)
        }
    };
    Ok(Listed {
        platform: Platform(arch).to_string(),
        digest: None,
        packages: packages.iter().map(|package| package.name.to_string()).collect(),
        ledger,
        runs,
    })
}

/// The scripts of packages, read out of their `.deb` files.
async fn listed(packages: &[&PackageLock], inputs: &Inputs<'_>) -> Result<Ledger, Error> {
    let store = &inputs.fetcher.store;
    let missing: BTreeMap<Digest, &PackageLock> = packages
        .iter()
        .filter(|package| !store.contains(&package.sha256, Some(package.size)))
        .map(|package| (package.sha256, *package))
        .collect();
    if !missing.is_empty() {
        let wanted = missing.values().map(|package| Input::deb(package, inputs.mirrors, store));
        inputs.fetcher.fetch(&wanted.collect::<Result<Vec<_>, _>>()?, Phase::Fetch).await?;
    }
    let mut rows = Vec::new();
    for package in packages {
        let mut deb = store.reader(&package.sha256, package.size)?;
        let scripts = install::deb::scripts(&mut deb, &expected(package)?, LIMITS);
        // Whatever was found: it counts only if the store gave the bytes that the lock names.
        deb.check()?;
        rows.extend(scripts?.iter().map(|script| row(&package.name, package.version.as_str(), script)));
    }
    Ok(Ledger::new(rows))
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

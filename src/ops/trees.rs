//! From a lock to trees: packages are fetched, unpacked and installed, for each platform.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::input::Input;
use super::jars::{JarFragments, JarToLay};
use super::python::{self, Fragments, WheelArtefact};
use super::rootfs::{Making, Rootfs};
use super::unpack::{Artefact, Unpacking};
use super::{Error, Inputs};
use crate::base::{Arch, Digest, Epoch, Phase};
use crate::domain::lock::{self, JarLock, Locked, PackageLock, WheelFileLock, WheelLock};
use crate::domain::python::{Interpreter, Scheme};
use crate::domain::recipe::Jar;
use crate::formats::compress::Compression;
use crate::formats::deb::PackageName;

/// Packages and wheels, unpacked, by the digests of their files.
pub(super) struct Artefacts {
    packages: BTreeMap<Digest, Arc<Artefact>>,
    wheels: BTreeMap<Digest, Arc<WheelArtefact>>,
}

/// The wheels of a recipe, and how they lie.
struct Wheels<'a> {
    interpreter: Interpreter,
    scheme: Scheme,
    mirror: &'a str,
    locked: Vec<(&'a WheelLock, &'a WheelFileLock)>,
}

/// What trees are made from.
pub(super) struct Trees<'a> {
    pub(super) locked: &'a Locked,
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) architectures: Vec<Arch>,
    pub(super) epoch: Epoch,
    pub(super) compression: Compression,
}

impl<'a> Trees<'a> {
    /// The trees for `architectures` (all of the recipe's when empty) at the moment `epoch`, or the lock's.
    ///
    /// # Errors
    /// When the recipe is not for one of the architectures.
    pub(super) fn new(
        locked: &'a Locked,
        architectures: &[Arch],
        epoch: Option<Epoch>,
        inputs: &'a Inputs<'a>,
    ) -> Result<Self, Error> {
        let recipe = locked.recipe();
        let mut all: Vec<Arch> = recipe.platforms().map(|platform| platform.0).collect();
        if let Some(other) = architectures.iter().find(|arch| !all.contains(arch)) {
            return Err(Error::NoPlatform { recipe: recipe.name.clone(), arch: *other });
        }
        all.retain(|arch| architectures.is_empty() || architectures.contains(arch));
        let epoch = epoch.unwrap_or_else(|| locked.epoch());
        Ok(Self { locked, inputs, architectures: all, epoch, compression: recipe.compression })
    }

    fn packages(&self) -> Vec<&'a PackageLock> {
        self.architectures.iter().flat_map(|arch| self.locked.packages(*arch)).collect()
    }

    fn unpacking(&self) -> Unpacking<'a> {
        Unpacking {
            store: &self.inputs.fetcher.store,
            progress: &*self.inputs.fetcher.progress,
            compression: self.compression,
            epoch: self.epoch,
        }
    }

    /// Brings into the store every `.deb` whose fragment is not there.
    pub(super) async fn fetch(&self) -> Result<(), Error> {
        let unpacking = self.unpacking();
        let mut wanted: BTreeMap<Digest, &PackageLock> = BTreeMap::new();
        for package in self.packages() {
            wanted.entry(package.sha256).or_insert(package);
        }
        wanted.retain(|_, package| !unpacking.is_known(package));
        let mut inputs = Vec::new();
        for package in wanted.into_values() {
            let input = Input::deb(package, self.inputs.mirrors, &self.inputs.fetcher.store)?;
            let hints = &self.locked.recipe().deb_hints;
            let hint = hints.iter().find(|(url, _)| url.as_str() == package.filename).map(|(_, hint)| hint.clone());
            inputs.push(Input { hint, ..input });
        }
        if let Some(wheels) = self.wheels()? {
            let fragments = self.fragments(&wheels);
            let mut lacking: Vec<_> =
                wheels.locked.iter().copied().filter(|(wheel, file)| !fragments.is_known(wheel, file)).collect();
            lacking.sort_by_key(|(_, file)| file.sha256);
            lacking.dedup_by_key(|(_, file)| file.sha256);
            inputs.extend(python::inputs(wheels.mirror, &lacking, self.inputs).await?);
        }
        let mut jars: BTreeMap<Digest, &JarLock> = BTreeMap::new();
        for (_, jar) in self.locked.jars() {
            jars.entry(jar.sha256).or_insert(jar);
        }
        for jar in jars.into_values() {
            inputs.push(match self.inputs.fetcher.store.contains(&jar.sha256, Some(jar.size)) {
                true => Input::held(jar),
                false => Input::jar(jar, self.inputs.mirrors)?,
            });
        }
        if !inputs.is_empty() {
            self.inputs.fetcher.fetch(&inputs, Phase::Fetch).await?;
        }
        Ok(())
    }

    /// The recipe's jars, each with the recipe of the chain that names it.
    fn jars(&self) -> Vec<JarToLay<'a>> {
        let levels = &self.locked.recipe().levels;
        let last = levels.len().saturating_sub(1);
        let level = |jar: &Jar| levels.iter().position(|level| level.jars.contains(&jar.path)).unwrap_or(last);
        self.locked.jars().map(|(jar, lock)| JarToLay { jar, lock, level: level(jar) }).collect()
    }

    /// What makes the fragments of jars, for all platforms.
    pub(super) fn jar_fragments(&self) -> JarFragments<'a> {
        let fetcher = self.inputs.fetcher;
        JarFragments::new(&fetcher.store, &*fetcher.progress, self.compression, self.epoch)
    }

    /// The wheels of all platforms, and how they are unpacked; nothing where the recipe has none.
    fn wheels(&self) -> Result<Option<Wheels<'a>>, Error> {
        let (Some(python), Some(arch)) = (&self.locked.recipe().python, self.architectures.first()) else {
            return Ok(None);
        };
        let interpreter = python::interpreter(python, *arch, self.locked.packages(*arch))?;
        let scheme = match &python.into {
            Some(folder) => Scheme::target(folder.relative()),
            None => Scheme::local(interpreter),
        };
        let locked = self.architectures.iter().flat_map(|arch| self.locked.wheels(*arch)).collect();
        Ok(Some(Wheels { interpreter, scheme, mirror: &python.mirror, locked }))
    }

    fn fragments<'w>(&self, wheels: &'w Wheels<'a>) -> Fragments<'w>
    where
        'a: 'w,
    {
        Fragments {
            store: &self.inputs.fetcher.store,
            progress: &*self.inputs.fetcher.progress,
            compression: self.compression,
            epoch: self.epoch,
            interpreter: wheels.interpreter,
            scheme: &wheels.scheme,
        }
    }

    /// The packages and wheels, unpacked, by the digests of their files.
    ///
    /// # Errors
    /// When one is not what the lock says, or the store fails.
    pub(super) fn artefacts(&self) -> Result<Artefacts, Error> {
        let packages = self.unpacking().artefacts(&self.packages())?;
        let wheels = match self.wheels()? {
            Some(wheels) => self.fragments(&wheels).artefacts(&wheels.locked)?,
            None => BTreeMap::new(),
        };
        Ok(Artefacts { packages, wheels })
    }

    /// The tree of one platform, and its plan; `watched` is the package whose scripts are watched.
    pub(super) fn rootfs(
        &self,
        arch: Arch,
        all: &Artefacts,
        fragments: &JarFragments<'_>,
        watched: Option<&str>,
    ) -> Result<Rootfs, Error> {
        let packages: Vec<&PackageLock> = self.locked.packages(arch).collect();
        let artefacts = packages.iter().filter_map(|package| all.packages.get(&package.sha256).cloned()).collect();
        let levels = levels(self.locked, &packages);
        let wheels = self.locked.wheels(arch);
        let making = Making {
            recipe: self.locked.recipe(),
            arch,
            artefacts,
            wheels: wheels
                .filter_map(|(wheel, file)| {
                    Some((Arc::clone(all.wheels.get(&file.sha256)?), wheel_level(self.locked, wheel)))
                })
                .collect(),
            priorities: packages.iter().map(|package| package.priority).collect(),
            along: packages.iter().map(|package| package.roots.is_empty()).collect(),
            levels: &levels,
            epoch: self.epoch,
            store: &self.inputs.fetcher.store,
            watched,
            jars: &self.jars(),
            fragments,
        };
        making.make()
    }
}

/// The recipe of the chain that first has a use for a wheel.
fn wheel_level(locked: &Locked, wheel: &WheelLock) -> usize {
    let chain = lock::wheel_chain(locked.lock().wheels(), &wheel.name).unwrap_or_default();
    let levels = &locked.recipe().levels;
    let first = chain.first().map(ToString::to_string).unwrap_or_default();
    let last = levels.len().saturating_sub(1);
    levels.iter().position(|level| level.requirements.contains(&first)).unwrap_or(last)
}

/// For each package, the recipe of the chain that first has a use for it.
fn levels(locked: &Locked, packages: &[&PackageLock]) -> Vec<usize> {
    let by_name: BTreeMap<&PackageName, usize> =
        packages.iter().enumerate().map(|(number, package)| (&package.name, number)).collect();
    let mut levels = vec![usize::MAX; packages.len()];
    for (level, recipe) in locked.recipe().levels.iter().enumerate() {
        let starts = |package: &PackageLock| {
            package.roots.iter().any(|root| match root {
                lock::Root::Variant => true,
                lock::Root::Asked(name) => recipe.install.contains(name),
                lock::Root::Address => recipe.debs.iter().any(|url| url.as_str() == package.filename),
            })
        };
        let mut open: Vec<usize> = (0..packages.len()).filter(|number| starts(packages[*number])).collect();
        while let Some(number) = open.pop() {
            if levels[number] <= level {
                continue;
            }
            levels[number] = level;
            let package = packages[number];
            open.extend(package.depends.iter().chain(&package.recommends).filter_map(|name| by_name.get(name)));
        }
    }
    let last = locked.recipe().levels.len().saturating_sub(1);
    levels.into_iter().map(|level| level.min(last)).collect()
}

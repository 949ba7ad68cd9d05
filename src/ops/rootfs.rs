//! One platform's tree: its packages unpacked, the package database written, the recipe's users and files added; and the
//! plan of its layers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Error;
use super::build::is_shared;
use super::interpret::{Installation, Interpreted, shipment};
use super::jars::{JarFragments, JarToLay};
use super::own_files::{change_access, laid};
use super::package_bytes::PackageBytes;
use super::python::WheelArtefact;
use super::scripts::{Origin, row};
use super::unpack::Artefact;
use crate::base::{Arch, Epoch};
use crate::domain::install::{
    AccountError, Accounts, Group, Shipment, State, User, database, files, unpack, unpack_order,
};
use crate::domain::layer::Index;
use crate::domain::layer::plan::{self, ArtefactKind, LayerPlan, plan};
use crate::domain::python::lay;
use crate::domain::recipe::{self, Recipe, Scripts, Target};
use crate::domain::rootfs::{Content, Diversions, Owner, Tree};
use crate::domain::script::{Ledger, Watched};
use crate::formats::deb::Priority;
use crate::io::store::Store;

/// One platform's tree and what it is made of.
pub struct Rootfs {
    /// The platform.
    pub arch: Arch,
    /// The packages, by the numbers that tree and plan use.
    pub artefacts: Vec<Arc<Artefact>>,
    /// The fragments, by the numbers that tree and plan use: the packages', the jars', the wheels'.
    pub fragments: Vec<Arc<Index>>,
    /// The wheels.
    pub wheels: Vec<Arc<WheelArtefact>>,
    /// What each layer holds.
    pub layers: Vec<LayerPlan>,
    /// How many entries the tree has.
    pub entries: usize,
    /// Every maintainer script, and what became of it.
    pub scripts: Ledger,
    /// Who made what no package ships.
    pub origins: Vec<Origin>,
    /// What the watched package's scripts did.
    pub runs: Vec<Watched>,
}

/// What a tree is made from.
pub struct Making<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The platform.
    pub arch: Arch,
    /// The packages.
    pub artefacts: Vec<Arc<Artefact>>,
    /// The wheels, each with the recipe of the chain that it belongs to.
    pub wheels: Vec<(Arc<WheelArtefact>, usize)>,
    /// The packages' priorities in their archives' indexes, in their order.
    pub priorities: Vec<Priority>,
    /// Which of them only others asked for.
    pub along: Vec<bool>,
    /// Which recipe of the chain each belongs to.
    pub levels: &'a [usize],
    /// The moment of the image.
    pub epoch: Epoch,
    /// Where the packages' bytes are.
    pub store: &'a Store,
    /// The package whose scripts are watched.
    pub watched: Option<&'a str>,
    /// The recipe's jars.
    pub jars: &'a [JarToLay<'a>],
    /// What makes their fragments.
    pub fragments: &'a JarFragments<'a>,
}

impl Rootfs {
    /// Name and version of what has a number.
    #[must_use]
    pub fn named(&self, number: u32) -> Option<String> {
        let number = number as usize;
        match self.artefacts.get(number) {
            Some(artefact) => Some(format!("{}={}", artefact.package.name, artefact.package.version)),
            None => {
                let wheel = (number + self.wheels.len()).checked_sub(self.fragments.len());
                let wheel = wheel.and_then(|number| self.wheels.get(number))?;
                Some(format!("python:{}={}", wheel.name, wheel.version))
            }
        }
    }
}

impl Making<'_> {
    /// Makes the tree, and plans its layers.
    ///
    /// # Errors
    /// When packages do not go together, a script cannot be interpreted, or the recipe's users and files do not fit.
    pub fn make(self) -> Result<Rootfs, Error> {
        let Self { recipe, arch, epoch, store, .. } = self;
        let target = recipe.targets.get(&arch);
        let files = target.map(|target| laid(target, epoch)).transpose()?.unwrap_or_default();
        let Interpreted { mut tree, ledger, origins, runs } = match recipe.scripts {
            Scripts::List => self.list()?,
            Scripts::Interpret => Installation {
                arch,
                epoch,
                artefacts: &self.artefacts,
                priorities: &self.priorities,
                along: &self.along,
                store,
                files: &files,
                waivers: &recipe.waivers,
                effects: target.map_or(const { &BTreeMap::new() }, |target| &target.effects),
                answers: target.map_or(const { &BTreeMap::new() }, |target| &target.debconf),
                watched: self.watched,
            }
            .perform()?,
        };
        self.lay_wheels(&mut tree)?;
        if let Some(target) = target {
            accounts(&mut tree, recipe, target, arch, epoch, &self.artefacts, store)?;
            for file in &files {
                let place = || String::from_utf8_lossy(&file.path).into_owned();
                files::apply(&mut tree, std::slice::from_ref(file)).map_err(|source| Error::File {
                    path: format!("/{}", place()),
                    arch,
                    source,
                })?;
            }
        }
        let changes = target.into_iter().flat_map(|target| &target.access);
        changes.into_iter().try_for_each(|(path, change)| change_access(&mut tree, path, *change, arch))?;
        let jars = self.fragments.lay(&mut tree, self.jars, self.artefacts.len(), arch)?;
        let planned = self
            .artefacts
            .iter()
            .zip(self.levels)
            .map(|(artefact, level)| plan::Artefact {
                name: artefact.package.name.as_str(),
                level: *level,
                kind: if is_shared(artefact.package.architecture) { ArtefactKind::All } else { ArtefactKind::Platform },
                index: &artefact.index,
            })
            .chain(jars.iter().zip(self.jars).map(|(jar, asked)| plan::Artefact {
                name: &jar.name,
                level: asked.level,
                kind: ArtefactKind::Jar,
                index: &jar.index,
            }));
        let (planned, names) = self.with_wheels(planned.collect());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let layers = plan(&tree, &planned, &names);
        let entries = tree.len();
        let packages = self.artefacts.iter().map(|artefact| Arc::clone(&artefact.index));
        let wheels = self.wheels.iter().map(|(wheel, _)| Arc::clone(&wheel.index));
        let fragments = packages.chain(jars.into_iter().map(|jar| jar.index)).chain(wheels).collect();
        let wheels = self.wheels.into_iter().map(|(wheel, _)| wheel).collect();
        Ok(Rootfs {
            arch,
            artefacts: self.artefacts,
            wheels,
            fragments,
            layers,
            entries,
            scripts: ledger,
            origins,
            runs,
        })
    }

    /// Lays the wheels over what the packages left. Their numbers follow those of the jars.
    fn lay_wheels(&self, tree: &mut Tree) -> Result<(), Error> {
        let first = self.artefacts.len() + self.jars.len();
        let wheels = self.wheels.iter().map(|(wheel, _)| &*wheel.index).collect();
        let bytes = PackageBytes::new(&self.artefacts, self.store).with_others(first, wheels);
        let name = |owner: &Owner| match owner {
            Owner::Artefact(number) => match self.artefacts.get(*number as usize) {
                Some(artefact) => format!("package {}", artefact.package.name),
                None => {
                    let wheel = (*number as usize).checked_sub(first).and_then(|number| self.wheels.get(number));
                    wheel.map_or_else(|| "a jar".to_owned(), |(wheel, _)| wheel.label())
                }
            },
            Owner::Recipe => "the recipe".to_owned(),
            Owner::Generated => "a maintainer script".to_owned(),
        };
        for (number, (wheel, _)) in (u32::try_from(first).unwrap_or(u32::MAX)..).zip(&self.wheels) {
            let laid = lay(tree, &wheel.index, number, &name, &|content| bytes.read(content));
            laid.map_err(|source| bytes.failed().unwrap_or(Error::Lay { arch: self.arch, source }))?;
        }
        Ok(())
    }

    /// What planning must know of packages, jars and wheels. The wheels of a recipe come after all else, as if they were of a recipe
    /// that extends it: they change at other times.
    fn with_wheels<'p>(&'p self, mut planned: Vec<plan::Artefact<'p>>) -> (Vec<plan::Artefact<'p>>, Vec<String>) {
        let levels = &self.recipe.levels;
        let has_wheels = |level: usize| self.wheels.iter().any(|(_, own)| *own == level);
        let before = |level: usize| (0..level).filter(|level| has_wheels(*level)).count();
        for artefact in &mut planned {
            artefact.level += before(artefact.level);
        }
        planned.extend(self.wheels.iter().map(|(wheel, level)| plan::Artefact {
            name: wheel.name.as_str(),
            level: level + before(*level) + 1,
            kind: if wheel.shared { ArtefactKind::All } else { ArtefactKind::Platform },
            index: &wheel.index,
        }));
        let names = levels.iter().enumerate().flat_map(|(level, own)| {
            [Some(own.name.clone()), has_wheels(level).then(|| format!("{} wheels", own.name))].into_iter().flatten()
        });
        (planned, names.collect())
    }

    /// The packages unpacked, their scripts listed.
    fn list(&self) -> Result<Interpreted, Error> {
        let packages: Vec<_> = self.artefacts.iter().map(|artefact| &artefact.package).collect();
        let order = unpack_order(&packages);
        let shipments: Vec<Shipment<'_>> = self.artefacts.iter().map(|artefact| shipment(artefact)).collect();
        let mut tree = Tree::new();
        let diversions = Diversions::default();
        unpack(&mut tree, &shipments, &order, &diversions)?;
        let facts: Vec<_> = order
            .iter()
            .filter_map(|number| self.artefacts.get(*number))
            .map(|artefact| (&artefact.package, &artefact.facts))
            .collect();
        database::install(&mut tree, &facts, &diversions, State::Installed, self.epoch.seconds())?;
        let rows = self.artefacts.iter().flat_map(|artefact| {
            let package = &artefact.package;
            artefact.facts.scripts.iter().map(|script| row(&package.name, package.version.as_str(), script))
        });
        Ok(Interpreted { tree, ledger: Ledger::new(rows.collect()), origins: Vec::new(), runs: Vec::new() })
    }
}

/// Adds the recipe's users and groups, and makes sure that the image's user exists.
fn accounts(
    tree: &mut Tree,
    recipe: &Recipe,
    target: &Target,
    arch: Arch,
    epoch: Epoch,
    artefacts: &[Arc<Artefact>],
    store: &Store,
) -> Result<(), Error> {
    let named = target.image.user.as_ref().is_some_and(|user| {
        user.user.name().is_some() || user.group.as_ref().is_some_and(|group| group.name().is_some())
    });
    if recipe.users.is_empty() && recipe.groups.is_empty() && !named {
        return Ok(());
    }
    let bytes = PackageBytes::new(artefacts, store);
    let read = |content: &Content| bytes.read(content).map(|bytes| bytes.to_vec());
    let mut join = || {
        let accounts = joined(tree, &recipe.groups, &recipe.users, epoch, &read)?;
        if let Some(user) = &target.image.user {
            accounts.resolve(&user.to_string())?;
        }
        if recipe.users.is_empty() && recipe.groups.is_empty() {
            return Ok(());
        }
        accounts.install(tree, epoch.seconds())
    };
    let joined = join();
    // What the store gave wrong is no fault of the recipe, and may be had again.
    joined.map_err(|source| bytes.failed().unwrap_or(Error::Account { arch, source }))
}

/// The accounts of a tree and, beside them, a recipe's.
///
/// # Errors
/// When names or numbers are taken, or the tree's files are none.
pub(super) fn joined(
    tree: &Tree,
    groups: &BTreeMap<String, u32>,
    users: &BTreeMap<String, recipe::User>,
    epoch: Epoch,
    read: &dyn Fn(&Content) -> Result<Vec<u8>, String>,
) -> Result<Accounts, AccountError> {
    let mut accounts = Accounts::of(tree, epoch, read)?;
    for (name, gid) in groups {
        accounts.add_group(&Group { name: name.clone(), gid: *gid })?;
    }
    for (name, user) in users {
        accounts.add_user(&User {
            name: name.clone(),
            uid: user.uid,
            gid: user.gid,
            home: user.home.to_string(),
            shell: user.shell.to_string(),
            groups: user.groups.clone(),
        })?;
    }
    Ok(accounts)
}

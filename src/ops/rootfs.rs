//! One platform's tree: its packages unpacked, the package database written, the recipe's users and files added; and the
//! plan of its layers.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use super::Error;
use super::build::is_shared;
use super::unpack::Artefact;
use crate::base::{Arch, Digest, Epoch};
use crate::domain::install::{
    Accounts, Group, RecipeFile, Shipment, State, User, database, files, unpack, unpack_order,
};
use crate::domain::layer::plan::{self, LayerPlan, plan};
use crate::domain::layer::{FragmentReader, LayerError};
use crate::domain::recipe::{self, Recipe, Target};
use crate::domain::rootfs::{Content, Diversions, Kind, Meta, Tree};
use crate::io::store::Store;

/// One platform's tree and what it is made of.
pub struct Rootfs {
    /// The platform.
    pub arch: Arch,
    /// The packages, by the numbers that tree and plan use.
    pub artefacts: Vec<Arc<Artefact>>,
    /// What each layer holds.
    pub layers: Vec<LayerPlan>,
    /// How many entries the tree has.
    pub entries: usize,
}

/// Makes the tree of `recipe` for `arch` from its packages, and plans its layers. `levels` says for each package which
/// recipe of the chain it belongs to.
///
/// # Errors
/// When packages do not go together, or the recipe's users and files do not fit.
pub fn make(
    recipe: &Recipe,
    arch: Arch,
    artefacts: Vec<Arc<Artefact>>,
    levels: &[usize],
    epoch: Epoch,
    store: &Store,
) -> Result<Rootfs, Error> {
    let packages: Vec<_> = artefacts.iter().map(|artefact| &artefact.package).collect();
    let order = unpack_order(&packages);
    let shipments: Vec<Shipment<'_>> = artefacts
        .iter()
        .map(|artefact| Shipment {
            package: &artefact.package,
            facts: &artefact.facts,
            directories: &artefact.index.directories,
            entries: artefact.index.entries.iter().map(|placed| &placed.entry).collect(),
        })
        .collect();
    let mut tree = Tree::new();
    let diversions = Diversions::default();
    unpack(&mut tree, &shipments, &order, &diversions)?;
    let facts: Vec<_> = order
        .iter()
        .filter_map(|number| artefacts.get(*number))
        .map(|artefact| (&artefact.package, &artefact.facts))
        .collect();
    database::install(&mut tree, &facts, &diversions, State::Installed, epoch.seconds())?;
    if let Some(target) = recipe.targets.get(&arch) {
        accounts(&mut tree, recipe, target, arch, epoch, &artefacts, store)?;
        let files = recipe_files(target, epoch)?;
        for file in &files {
            let place = || String::from_utf8_lossy(&file.path).into_owned();
            files::apply(&mut tree, std::slice::from_ref(file)).map_err(|source| Error::File {
                path: format!("/{}", place()),
                arch,
                source,
            })?;
        }
    }
    let planned: Vec<plan::Artefact<'_>> = artefacts
        .iter()
        .zip(levels)
        .map(|(artefact, level)| plan::Artefact {
            name: artefact.package.name.as_str(),
            level: *level,
            shared: is_shared(artefact.package.architecture),
            index: &artefact.index,
        })
        .collect();
    let names: Vec<&str> = recipe.levels.iter().map(|level| level.name.as_str()).collect();
    let layers = plan(&tree, &planned, &names);
    let entries = tree.len();
    Ok(Rootfs { arch, artefacts, layers, entries })
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
    let failed = |source| Error::Account { arch, source };
    let mut unreadable = None;
    let accounts = Accounts::of(tree, epoch, |content| {
        read(content, artefacts, store).map_err(|error| {
            let text = error.to_string();
            unreadable = Some(error);
            text
        })
    });
    // What the store gave wrong is no fault of the recipe, and may be had again.
    let mut accounts = accounts.map_err(|source| unreadable.unwrap_or_else(|| failed(source)))?;
    for (name, gid) in &recipe.groups {
        accounts.add_group(&Group { name: name.clone(), gid: *gid }).map_err(failed)?;
    }
    for (name, user) in &recipe.users {
        let user = User {
            name: name.clone(),
            uid: user.uid,
            gid: user.gid,
            home: user.home.to_string(),
            shell: user.shell.to_string(),
            groups: user.groups.clone(),
        };
        accounts.add_user(&user).map_err(failed)?;
    }
    if let Some(user) = &target.image.user {
        accounts.resolve(&user.to_string()).map_err(failed)?;
    }
    if recipe.users.is_empty() && recipe.groups.is_empty() {
        return Ok(());
    }
    accounts.install(tree, epoch.seconds()).map_err(failed)
}

/// The bytes of a small file of the tree.
fn read(content: &Content, artefacts: &[Arc<Artefact>], store: &Store) -> Result<Vec<u8>, Error> {
    match content {
        Content::Bytes(bytes) => Ok(bytes.to_vec()),
        Content::Entry { at, .. } => {
            let missing = || LayerError::Index("an entry that is not there");
            let index = &artefacts.get(at.artefact as usize).ok_or_else(missing)?.index;
            let placed = index.entries.get(at.entry as usize).ok_or_else(missing)?;
            let mut reader = FragmentReader::new(index, store.file(&index.digest, index.size)?)?;
            let mut bytes = Vec::new();
            let read = reader.open(placed).read_to_end(&mut bytes);
            read.map_err(|source| LayerError::Fragment { digest: index.digest, source })?;
            Ok(bytes)
        }
    }
}

/// The recipe's files, read now; each must still be what it was when the recipe was loaded.
fn recipe_files(target: &Target, epoch: Epoch) -> Result<Vec<RecipeFile>, Error> {
    let mut found = Vec::new();
    for (path, file) in &target.files {
        let kind = match &file.content {
            recipe::Content::Inline(text) => Kind::File(Content::bytes(text.clone().into_bytes())),
            recipe::Content::Symlink(to) => Kind::Symlink(to.as_bytes().into()),
            recipe::Content::Source(source) => {
                let mut bytes = Vec::new();
                let opened =
                    File::open(&source.path).and_then(|file| file.take(source.size + 1).read_to_end(&mut bytes));
                opened.map_err(|error| Error::Read { path: source.path.clone(), source: error })?;
                if bytes.len() as u64 != source.size || Digest::of(&bytes) != source.sha256 {
                    return Err(Error::SourceChanged(source.path.clone()));
                }
                Kind::File(Content::bytes(bytes))
            }
        };
        let meta = Meta { uid: file.uid, gid: file.gid, ..Meta::root(file.mode, epoch.seconds()) };
        let path = path.to_string().trim_start_matches('/').as_bytes().to_vec();
        found.push(RecipeFile { path, kind, meta, origin: None });
    }
    Ok(found)
}

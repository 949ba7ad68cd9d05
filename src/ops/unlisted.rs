//! Packages that no archive lists: those of the project's own package recipes, and those at addresses. What an index says of a
//! package, their own control files say.

use std::collections::BTreeSet;
use std::io::Write;

use super::fetch::{Failure, FetchError, Fetcher};
use super::package::{self, Packaged};
use super::project::Loaded;
use super::unpack::LIMITS;
use super::{Error, Inputs};
use crate::base::{Arch, Checksum, Digest, Event, Phase};
use crate::domain::lock::{Lockfile, Origin};
use crate::domain::recipe::Deb;
use crate::formats::compress::Checksums;
use crate::formats::deb::{Architecture, DebReader, Package, PackageName, PoolFile};
use crate::io::http::{Expected, HttpError, Piece};

/// The most bytes of a package whose size nothing tells.
const MOST: u64 = 4 << 30;

/// A package that no archive lists, in the store.
pub(super) struct Unlisted {
    pub(super) origin: Origin,
    pub(super) package: Package,
    /// Its name or address, and its bytes.
    pub(super) file: PoolFile,
    /// The only platform that it is meant for; none where it is for all that it fits.
    only: Option<Arch>,
}

impl Unlisted {
    /// Whether it is for `arch`.
    pub(super) fn is_for(&self, arch: Arch) -> bool {
        let fits = match self.package.architecture {
            Architecture::All => true,
            Architecture::Only(own) => own == arch,
        };
        fits && self.only.is_none_or(|only| only == arch)
    }
}

/// A package recipe that makes something else than what was locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalChange {
    /// The package.
    pub name: PackageName,
    /// The digest that was locked.
    pub locked: Digest,
    /// What is made now; nothing where it is not made for the platform any more.
    pub made: Option<Digest>,
}

impl std::fmt::Display for LocalChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let made = self.made.map_or_else(|| "nothing".to_owned(), |digest| digest.to_string());
        write!(f, "package recipe `{}` makes {made}, locked was {}", self.name, self.locked)
    }
}

/// Makes the packages of the recipe's `local`, as far as they are not made. With `locked`, their lockfiles stay as they are.
///
/// # Errors
/// As [`package::package`].
pub(super) async fn make(loaded: &Loaded, locked: bool, inputs: &Inputs<'_>) -> Result<Vec<Packaged>, Error> {
    let options = package::Options { architectures: Vec::new(), locked };
    let mut made = Vec::new();
    for recipe in &loaded.local {
        // Each is a use case of its own, and too large a future to be held inside of another one.
        made.extend(Box::pin(package::package(recipe, &options, inputs)).await?);
    }
    Ok(made)
}

/// The first package of ours that is not what was locked.
pub(super) fn change(lock: &Lockfile, made: &[Packaged]) -> Option<LocalChange> {
    let locals = lock.packages().iter().filter(|package| package.origin == Origin::Local);
    locals.into_iter().find_map(|locked| {
        let same =
            |made: &&Packaged| *made.name == *locked.name.as_str() && made.arch.is_none_or(|arch| arch == locked.arch);
        let now = made.iter().find(same).map(|made| made.sha256);
        let change = LocalChange { name: locked.name.clone(), locked: locked.sha256, made: now };
        (now != Some(change.locked)).then_some(change)
    })
}

/// All of the recipe's packages that no archive lists, described: those of ours that were made, and those at addresses, which are
/// fetched unless the store has them.
///
/// # Errors
/// When a package cannot be had or read, or one at an address is for another platform than the recipe says.
pub(super) async fn unlisted(
    loaded: &Loaded,
    made: &[Packaged],
    previous: Option<&Lockfile>,
    inputs: &Inputs<'_>,
) -> Result<Vec<Unlisted>, Error> {
    let fetcher = inputs.fetcher;
    let mut found = Vec::new();
    for own in made {
        let package = described(&own.file, &own.sha256, own.size, fetcher)?;
        let file = PoolFile { filename: own.file.clone().into(), size: own.size, sha256: own.sha256 };
        found.push(Unlisted { origin: Origin::Local, package, file, only: None });
    }
    for deb in &loaded.recipe.debs {
        let url = deb.url.as_str();
        let before = previous.and_then(|lock| lock.packages().iter().find(|package| package.filename == url));
        let known = before
            .filter(|before| before.sha256 == deb.sha256 && fetcher.store.contains(&before.sha256, Some(before.size)));
        let size = match known {
            Some(before) => before.size,
            None => fetch(deb, loaded, inputs).await?,
        };
        let package = described(url, &deb.sha256, size, fetcher)?;
        let file = PoolFile { filename: url.into(), size, sha256: deb.sha256 };
        let own = Unlisted { origin: Origin::Address, package, file, only: Some(deb.platform.0) };
        if !own.is_for(deb.platform.0) {
            return Err(Error::ForeignDeb {
                url: url.to_owned(),
                found: own.package.architecture,
                arch: deb.platform.0,
            });
        }
        found.push(own);
    }
    Ok(found)
}

/// The names of packages for `arch`.
pub(super) fn names(all: &[Unlisted], arch: Arch) -> BTreeSet<&PackageName> {
    all.iter().filter(|own| own.is_for(arch)).map(|own| &own.package.name).collect()
}

/// What a `.deb` of the store says of itself.
fn described(name: &str, sha256: &Digest, size: u64, fetcher: &Fetcher) -> Result<Package, Error> {
    let unreadable = |source| Error::Deb { name: name.to_owned(), source };
    let file = fetcher.store.file(sha256, size)?;
    let reader = DebReader::open(file, LIMITS, Checksums::Verify).map_err(unreadable)?;
    Ok(reader.control().package.clone())
}

/// Brings the package at an address into the store; returns its bytes.
async fn fetch(deb: &Deb, loaded: &Loaded, inputs: &Inputs<'_>) -> Result<u64, Error> {
    let client = inputs.fetcher.client.as_ref().ok_or(Error::OfflineLock)?;
    let mut writer = inputs.fetcher.store.writer(None)?;
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Restart => writer.restart(),
        Piece::Bytes(bytes) => writer.write_all(bytes),
    };
    let expected = Expected { size: None, limit: MOST, checksum: Some(Checksum::Sha256(deb.sha256)) };
    let (progress, phase) = (&*inputs.fetcher.progress, Phase::Fetch);
    progress.emit(Event::Begin { phase, total: None });
    let done = client.download(&deb.url, &expected, &mut sink, (progress, phase)).await;
    progress.emit(Event::End { phase });
    let failed = |error: HttpError| Failure {
        name: deb.url.to_string(),
        listed_by: None,
        tried: vec![error.into()],
        hint: loaded.recipe.deb_hints.get(&deb.url).cloned(),
    };
    done.map_err(|error| FetchError::Failed { failures: vec![failed(error)] })?;
    Ok(writer.commit()?.1)
}

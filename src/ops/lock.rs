//! Locking: from a recipe and its archives to the exact packages of every platform.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Arch, Event, Phase};
use crate::domain::lock::{
    Change, Kind, Lockfile, Origin, PackageLock, ParseFingerprintError, ReleaseLock, Root, compare,
};
use crate::domain::recipe::{Archive, LockMeaning, Packages, Recipe};
use crate::domain::resolve::{self, Chosen, RelationKind, Request, Resolution, Universe, UniverseBuilder, Why};
use crate::formats::deb::{Package, PackageName, PoolFile, Selection, Version, Wanted};
use crate::formats::openpgp::Keyring;
use crate::io::archive::{self, Freshness, SignedRelease, Source};

use super::project::Loaded;
use super::unlisted::{self, Unlisted};
use super::{Error, Inputs, indexes, jar_lock, python};

/// The pin of an archive whose recipe says none; see apt_preferences(5).
const PRIORITY: i16 = 500;

/// What refusals call the packages that no archive lists.
const UNLISTED: &str = "local";

/// Which locked versions may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// None that the recipe still has a use for.
    Nothing,
    /// These packages, and what they then need.
    Packages(BTreeSet<PackageName>),
    /// All of them, and jars that a repository has other bytes of now.
    Everything,
}

/// How to lock.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which locked versions may change.
    pub update: Update,
    /// Whether a package may be locked in an earlier version than before.
    pub downgrade: bool,
    /// Whether lockfiles of package recipes stay as they are.
    pub packages_locked: bool,
}

/// A suite of the recipe, opened.
struct Suite<'r> {
    archive: &'r Archive,
    name: &'r str,
    release: SignedRelease,
}

/// Everything that packages are chosen from. The number of an archive is its place in `suites`; the number after them stands for
/// all that no archive lists.
#[derive(Clone, Copy)]
struct Offers<'a> {
    suites: &'a [Suite<'a>],
    unlisted: &'a [Unlisted],
}

/// Versions that stay as they are, where the archives still have them.
type Kept = BTreeMap<(PackageName, Arch), Version>;

/// Resolves a recipe and returns its lock. `previous` is the lock that it had, which need not be up to date. The packages of its
/// package recipes are made.
///
/// # Errors
/// When an archive cannot be read or trusted, no set of packages satisfies the recipe, the platforms' versions differ, or
/// a package would be downgraded without leave; when a package of ours cannot be made, or one at an address cannot be had.
pub async fn lock(
    loaded: &Loaded,
    previous: Option<&Lockfile>,
    options: &Options,
    inputs: &Inputs<'_>,
) -> Result<Lockfile, Error> {
    let recipe = &loaded.recipe;
    let made = unlisted::make(loaded, options.packages_locked, inputs).await?;
    let unlisted = unlisted::unlisted(loaded, &made, previous, inputs).await?;
    let suites = open(recipe, previous, inputs).await?;
    let from = Offers { suites: &suites, unlisted: &unlisted };
    let mut kept = kept(previous, &options.update);
    let resolutions = loop {
        match resolve_all(recipe, from, &kept, inputs).await {
            // What stays may stand in the way of what is new; then nothing stays but what can.
            Err(Error::Refused(_)) if !kept.is_empty() => kept.clear(),
            other => break other?,
        }
    };
    resolve::pair(&resolutions, &recipe.packages.accept_skew)?;
    let mut packages = Vec::new();
    for resolution in &resolutions {
        packages.extend(locked(recipe, resolution, from, inputs).await?);
    }
    let releases = suites.iter().map(release_lock).collect::<Result<_, _>>()?;
    let meaning = LockMeaning::of(recipe);
    let jars = jar_lock::lock(&meaning.jars, previous, options.update == Update::Everything, inputs).await?;
    let wheels = python::lock::wheels(recipe, &packages, previous, &options.update, inputs).await?;
    let lock = Lockfile::with_wheels(meaning, releases, packages, jars, wheels)?;
    if let (Some(previous), false) = (previous, options.downgrade) {
        refuse_downgrades(previous, &lock)?;
    }
    Ok(lock)
}

/// Opens every suite of the recipe, each once.
async fn open<'r>(
    recipe: &'r Recipe,
    previous: Option<&Lockfile>,
    inputs: &Inputs<'_>,
) -> Result<Vec<Suite<'r>>, Error> {
    let client = inputs.fetcher.client.as_ref().ok_or(Error::OfflineLock)?;
    let mut suites = Vec::new();
    for archive in &recipe.archives {
        let mirror = inputs.mirrors.get(&archive.mirror)?;
        let mut keyring = Keyring::default();
        for key in &archive.keys {
            let keys = Keyring::parse(&key.bytes).map_err(|source| Error::Keys { file: key.named.clone(), source })?;
            keyring.add(keys);
        }
        for name in &archive.suites {
            let before = previous.and_then(|lock| {
                lock.releases().iter().find(|release| release.mirror == archive.mirror && release.suite == *name)
            });
            let freshness = Freshness {
                now: inputs.now,
                valid_until: archive.accept_expired.is_none(),
                not_before: before.map(|release| release.date),
                max_days: archive.max_age_days,
            };
            let source = Source {
                alias: archive.mirror.clone(),
                root: mirror.url.clone(),
                suite: name.clone(),
                keyring: keyring.clone(),
            };
            let release = archive::open(client, &source, &freshness).await?;
            if let Some(before) = before.filter(|before| is_swapped(before, &release)) {
                let text = format!(
                    "{} {name}: its Release has the date of the locked one, {}, and other content: {}, locked was {}",
                    archive.mirror,
                    before.date.rfc3339(),
                    release.file.0,
                    before.sha256
                );
                inputs.fetcher.progress.emit(Event::Warning(text));
            }
            suites.push(Suite { archive, name, release });
        }
    }
    Ok(suites)
}

/// Whether an archive says something else than before without saying that time has passed. It is signed all the same, and
/// an archive may do so by mistake, so this is told and not refused; which packages are taken, the lock's diff shows.
fn is_swapped(before: &ReleaseLock, now: &SignedRelease) -> bool {
    before.date == now.release.date && before.sha256 != now.file.0
}

/// The versions of the previous lock that stay.
fn kept(previous: Option<&Lockfile>, update: &Update) -> Kept {
    let stays = |name: &PackageName| match update {
        Update::Nothing => true,
        Update::Packages(names) => !names.contains(name),
        Update::Everything => false,
    };
    let packages = previous.into_iter().flat_map(Lockfile::packages).filter(|package| stays(&package.name));
    packages.map(|package| ((package.name.clone(), package.arch), package.version.clone())).collect()
}

/// Resolves every platform, one after the other: two universes at once would need twice the memory.
async fn resolve_all(
    recipe: &Recipe,
    from: Offers<'_>,
    kept: &Kept,
    inputs: &Inputs<'_>,
) -> Result<Vec<Resolution>, Error> {
    let mut resolutions = Vec::new();
    for platform in recipe.platforms() {
        let request = request(recipe, &unlisted::names(from.unlisted, platform.0));
        let universe = universe(from, platform.0, kept, inputs).await?;
        let phase = Phase::Resolve;
        inputs.fetcher.progress.emit(Event::Begin { phase, total: None });
        let resolution = resolve::resolve(&universe, &request);
        let count = resolution.as_ref().map_or(0, |resolution| resolution.packages.len() as u64);
        inputs.fetcher.progress.emit(Event::Advance { phase, amount: count });
        inputs.fetcher.progress.emit(Event::End { phase });
        resolutions.push(resolution?);
    }
    Ok(resolutions)
}

/// Everything that one platform may choose from.
async fn universe(from: Offers<'_>, arch: Arch, kept: &Kept, inputs: &Inputs<'_>) -> Result<Universe, Error> {
    let unlisted = unlisted::names(from.unlisted, arch);
    let mut kept: BTreeMap<&str, &Version> =
        kept.iter().filter(|((_, a), _)| *a == arch).map(|((name, _), version)| (name.as_str(), version)).collect();
    loop {
        let mut builder = UniverseBuilder::new(arch);
        let mut seen = BTreeSet::new();
        let mut failed = None;
        for suite in from.suites {
            let number = builder.archive(resolve::Archive {
                suite: suite.release.release.suite.as_deref().unwrap_or(suite.name).into(),
                codename: suite.release.release.codename.as_deref().unwrap_or(suite.name).into(),
                priority: suite.archive.priority.unwrap_or(PRIORITY),
                only: suite.archive.only.clone(),
            })?;
            let only = suite.archive.only.as_ref();
            let wants = |name: &str| {
                only.is_none_or(|only| only.iter().any(|wanted| wanted.as_str() == name))
                    && !unlisted.iter().any(|own| own.as_str() == name)
            };
            let mut takes = |package: Package, file: PoolFile| {
                let stays = kept.get(package.name.as_str());
                if stays.is_some_and(|version| version.as_str() != package.version.as_str()) {
                    return;
                }
                if stays.is_some() {
                    seen.insert(package.name.to_string());
                }
                if let Err(error) = builder.push(number, &package, &file) {
                    failed.get_or_insert(error);
                }
            };
            let components = &suite.archive.components;
            indexes::read(inputs.fetcher, &suite.release, components, arch, &wants, &mut takes).await?;
        }
        let number = builder.archive(resolve::Archive {
            suite: UNLISTED.into(),
            codename: UNLISTED.into(),
            priority: PRIORITY,
            only: None,
        })?;
        for own in from.unlisted.iter().filter(|own| own.is_for(arch)) {
            seen.insert(own.package.name.to_string());
            builder.push(number, &own.package, &own.file)?;
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        // A version that no archive has any more cannot stay.
        let gone: Vec<&str> = kept.keys().copied().filter(|name| !seen.contains(*name)).collect();
        if gone.is_empty() {
            return Ok(builder.finish()?);
        }
        kept.retain(|name, _| seen.contains(*name));
    }
}

/// What the recipe asks the resolver for; `unlisted` are the packages that no archive lists, all of which are wanted.
fn request(recipe: &Recipe, unlisted: &BTreeSet<&PackageName>) -> Request {
    let Packages { variant, install, recommends, .. } = &recipe.packages;
    let others = unlisted.iter().filter(|name| install.iter().all(|line| line.name != ***name));
    let others = others.map(|name| Selection { name: (*name).clone(), wanted: Wanted::Any });
    Request { variant: *variant, install: install.iter().cloned().chain(others).collect(), recommends: *recommends }
}

/// The lock's entries for one platform. Relations are read again from the indexes, for the chosen packages only.
async fn locked(
    recipe: &Recipe,
    resolution: &Resolution,
    from: Offers<'_>,
    inputs: &Inputs<'_>,
) -> Result<Vec<PackageLock>, Error> {
    // Of suites that have the same file, the first says what it is.
    let mut described: BTreeMap<PackageName, Package> = BTreeMap::new();
    for own in from.unlisted.iter().filter(|own| own.is_for(resolution.arch)) {
        described.insert(own.package.name.clone(), own.package.clone());
    }
    for suite in from.suites {
        let wants = |name: &str| resolution.get(name).is_some();
        let mut takes = |package: Package, file: PoolFile| {
            if resolution.get(package.name.as_str()).is_some_and(|chosen| chosen.file.sha256 == file.sha256) {
                described.entry(package.name.clone()).or_insert(package);
            }
        };
        let components = &suite.archive.components;
        indexes::read(inputs.fetcher, &suite.release, components, resolution.arch, &wants, &mut takes).await?;
    }
    let mut packages: Vec<PackageLock> = resolution
        .packages
        .iter()
        .map(|chosen| {
            let own = from.unlisted.iter().find(|own| own.file.sha256 == chosen.file.sha256);
            let origin = match (from.suites.get(chosen.archive), own) {
                (None, Some(own)) => own.origin.clone(),
                (suite, _) => Origin::Archive {
                    mirror: suite.map_or_else(String::new, |suite| suite.archive.mirror.clone()),
                    suite: suite.map_or_else(String::new, |suite| suite.name.to_owned()),
                },
            };
            PackageLock {
                name: chosen.name.clone(),
                arch: resolution.arch,
                architecture: chosen.architecture,
                version: chosen.version.clone(),
                priority: described.get(&chosen.name).map(|package| package.priority).unwrap_or_default(),
                roots: roots(recipe, chosen, &origin, described.get(&chosen.name)),
                origin,
                filename: chosen.file.filename.to_string(),
                size: chosen.file.size,
                sha256: chosen.file.sha256,
                depends: described.get(&chosen.name).map(|p| answers(p, &described, false)).unwrap_or_default(),
                recommends: match (recipe.packages.recommends, described.get(&chosen.name)) {
                    (true, Some(package)) => answers(package, &described, true),
                    _ => BTreeSet::new(),
                },
            }
        })
        .collect();
    add_reasons(resolution, &mut packages);
    Ok(packages)
}

/// Makes sure that the edge that brought a package in is there, also where another alternative answers too.
fn add_reasons(resolution: &Resolution, packages: &mut [PackageLock]) {
    for chosen in &resolution.packages {
        let Why::Relation { by, kind, .. } = &chosen.why else { continue };
        let Some(source) = packages.iter_mut().find(|package| package.name == *by) else { continue };
        match kind {
            RelationKind::PreDepends | RelationKind::Depends => source.depends.insert(chosen.name.clone()),
            RelationKind::Recommends | RelationKind::Suggests => source.recommends.insert(chosen.name.clone()),
        };
    }
}

/// Why a package is there by itself.
fn roots(recipe: &Recipe, chosen: &Chosen, origin: &Origin, package: Option<&Package>) -> BTreeSet<Root> {
    let asked = recipe.packages.install.iter().filter(|line| line.wanted != Wanted::Absent);
    let mut roots: BTreeSet<Root> = asked
        .map(|line| &line.name)
        .chain(&recipe.packages.local)
        // By its name; or a virtual package was asked for, and this is who provides it.
        .filter(|name| {
            let virtually = chosen.why == Why::Requested && package.is_some_and(|package| provides(package, name));
            **name == chosen.name || virtually
        })
        .map(|name| Root::Asked(name.clone()))
        .collect();
    if let Why::Variant(_) = chosen.why {
        roots.insert(Root::Variant);
    }
    if *origin == Origin::Address {
        roots.insert(Root::Address);
    }
    roots
}

fn provides(package: &Package, name: &PackageName) -> bool {
    package.provides.iter().flatten().any(|provided| provided.name == *name)
}

/// The chosen packages that answer a package's dependencies: of each group, those of the first alternative that any answers.
fn answers(package: &Package, chosen: &BTreeMap<PackageName, Package>, recommends: bool) -> BTreeSet<PackageName> {
    let needs = package.pre_depends.iter().chain(&package.depends);
    let groups: Vec<_> = if recommends { package.recommends.iter().collect() } else { needs.collect() };
    let mut found = BTreeSet::new();
    for group in groups {
        for relation in group {
            let own = chosen.get(&relation.name).filter(|candidate| relation.admits(&candidate.version));
            let provided = || {
                chosen.values().filter(|candidate| {
                    candidate.provides.iter().flatten().any(|provided| {
                        let version = provided.version.as_ref().map(|(_, version)| version);
                        provided.name == relation.name
                            && (relation.version.is_none() || version.is_some_and(|version| relation.admits(version)))
                    })
                })
            };
            let names: Vec<PackageName> = match own {
                Some(candidate) => vec![candidate.name.clone()],
                None => provided().map(|candidate| candidate.name.clone()).collect(),
            };
            if !names.is_empty() {
                found.extend(names.into_iter().filter(|name| *name != package.name));
                break;
            }
        }
    }
    found
}

fn release_lock(suite: &Suite<'_>) -> Result<ReleaseLock, Error> {
    let signers = suite.release.signers.iter().map(|signer| signer.key.parse()).collect::<Result<_, _>>();
    Ok(ReleaseLock {
        mirror: suite.archive.mirror.clone(),
        suite: suite.name.to_owned(),
        date: suite.release.release.date,
        valid_until: suite.release.release.valid_until,
        sha256: suite.release.file.0,
        size: suite.release.file.1,
        signers: signers
            .map_err(|error: ParseFingerprintError| Error::Memo { what: "a signer", reason: error.to_string() })?,
    })
}

fn refuse_downgrades(previous: &Lockfile, lock: &Lockfile) -> Result<(), Error> {
    let changes: Vec<Change> =
        compare(previous, lock).into_iter().filter(|c| matches!(c.kind, Kind::Downgraded { .. })).collect();
    if changes.is_empty() { Ok(()) } else { Err(Error::Downgrade { changes }) }
}

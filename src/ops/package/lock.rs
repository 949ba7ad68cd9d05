//! Locking a package recipe's sources: each is fetched once, hashed, and held against what the repository states.

use std::io::Write;

use futures_util::stream::{self, StreamExt};
use sha1::{Digest as _, Sha1};
use url::Url;

use super::super::fetch::{Failure, FetchError};
use super::super::input::Input;
use super::super::project::LoadedPackage;
use super::super::{Error, Inputs};
use super::PackageError;
use crate::base::{Digest, Event, Phase};
use crate::domain::package::lock::{self, LockedPackage, LockedSource, PackageLockfile};
use crate::domain::package::{PackageRecipe, Source};
use crate::io::archive::below;
use crate::io::http::{Client, Expected, HttpError, Piece};
use crate::io::sources::{maven, sdist};

/// The most bytes of a source that nobody has stated a size for.
const MAX_SOURCE: u64 = 4 << 30;

/// How many sources are locked at the same time.
const PARALLEL: usize = 12;

/// The recipe with its lock, which is made or completed where it must be and, unless `locked`, may be.
///
/// # Errors
/// When it must not change and would have to; when a source cannot be had, or is not what is stated of it.
pub(super) async fn ensure_lock(
    loaded: &LoadedPackage,
    locked: bool,
    inputs: &Inputs<'_>,
) -> Result<LockedPackage, Error> {
    let recipe = &loaded.recipe;
    let previous = loaded.read_lock()?;
    let stale = match lock::check(recipe, previous.as_ref().unwrap_or(&PackageLockfile::default())) {
        Ok(sound) if previous.is_some() => return Ok(sound),
        Ok(sound) if locked => return Ok(sound),
        Ok(_) => None,
        Err(stale) if locked && previous.is_some() => {
            return Err(PackageError::Stale { path: loaded.lock_path.display().to_string(), stale }.into());
        }
        Err(_) if locked => {
            let (path, package) = (loaded.lock_path.display().to_string(), recipe.name.to_string());
            return Err(PackageError::NoLock { path, package }.into());
        }
        Err(stale) => Some(stale),
    };
    let missing = stale.map(|stale| stale.missing).unwrap_or_default();
    let mut made = previous.unwrap_or_default();
    made.sources.retain(|source, _| recipe.sources().contains(source));
    for (source, locked) in fetch(recipe, &missing, inputs).await? {
        made.sources.insert(source, locked);
    }
    loaded.write_lock(&made)?;
    let text = format!("locked {} sources in {}", missing.len(), loaded.lock_path.display());
    inputs.fetcher.progress.emit(Event::Note(text));
    lock::check(recipe, &made)
        .map_err(|stale| PackageError::Stale { path: loaded.lock_path.display().to_string(), stale }.into())
}

async fn fetch(
    recipe: &PackageRecipe,
    missing: &[Source],
    inputs: &Inputs<'_>,
) -> Result<Vec<(Source, LockedSource)>, Error> {
    let Some(first) = missing.first() else { return Ok(Vec::new()) };
    let Some(client) = &inputs.fetcher.client else {
        return Err(PackageError::OfflineLock { count: missing.len(), first: first.clone() }.into());
    };
    let phase = Phase::Fetch;
    inputs.fetcher.progress.emit(Event::Begin { phase, total: None });
    let mut locked = Vec::new();
    let mut failures = Vec::new();
    {
        let work: Vec<_> = missing.iter().map(|source| one(recipe, source, client, inputs)).collect();
        let mut done = stream::iter(work).buffer_unordered(PARALLEL);
        while let Some(outcome) = done.next().await {
            match outcome {
                Ok(entry) => locked.push(entry),
                Err(Error::Fetch(FetchError::Failed { failures: more })) => failures.extend(more),
                Err(error) => return Err(error),
            }
        }
    }
    inputs.fetcher.progress.emit(Event::End { phase });
    if failures.is_empty() {
        return Ok(locked);
    }
    failures.sort_by(|a: &Failure, b| a.name.cmp(&b.name));
    Err(FetchError::Failed { failures }.into())
}

/// Fetches a source that is not locked.
async fn one(
    recipe: &PackageRecipe,
    source: &Source,
    client: &Client,
    inputs: &Inputs<'_>,
) -> Result<(Source, LockedSource), Error> {
    let failed = |error: HttpError| {
        Error::from(FetchError::Failed {
            failures: vec![Failure {
                name: source.to_string(),
                listed_by: None,
                tried: vec![error.into()],
                hint: None,
            }],
        })
    };
    let found = find(source, client, inputs).await.map_err(|error| match error {
        Error::Http(error) => failed(error),
        other => other,
    })?;
    let store = &inputs.fetcher.store;
    let mut writer = store.writer(None)?;
    let mut sha1 = Sha1::new();
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Restart => {
            sha1.reset();
            writer.restart()
        }
        Piece::Bytes(bytes) => {
            sha1.update(bytes);
            writer.write_all(bytes)
        }
    };
    let expected = Expected::at_most(MAX_SOURCE);
    let progress = (&*inputs.fetcher.progress, Phase::Fetch);
    client.download(&found.url, &expected, &mut sink, progress).await.map_err(failed)?;
    let (sha256, size) = writer.commit()?;
    let differs = |stated_by, stated: String, got: String| PackageError::Sidecar {
        source_name: source.clone(),
        stated_by,
        stated,
        got,
    };
    if let Some(pinned) = recipe.pinned.get(source) {
        if *pinned != sha256 {
            return Err(PackageError::Pinned { source_name: source.clone(), pinned: *pinned, got: sha256 }.into());
        }
    } else if matches!(source, Source::Maven(_)) {
        let stated = maven::sha1(client, &found.url).await.map_err(failed)?;
        let got: [u8; 20] = sha1.finalize().into();
        if stated != got {
            return Err(differs("the repository", hex::encode(stated), hex::encode(got)).into());
        }
    }
    if let Some(stated) = found.sha256.filter(|stated| *stated != sha256) {
        return Err(differs("the index", stated.to_string(), sha256.to_string()).into());
    }
    Ok((source.clone(), LockedSource { file: found.file, size, sha256 }))
}

/// Where a source is now.
struct Found {
    url: Url,
    file: Option<String>,
    sha256: Option<Digest>,
}

async fn find(source: &Source, client: &Client, inputs: &Inputs<'_>) -> Result<Found, Error> {
    Ok(match source {
        Source::Maven(coordinate) => {
            let url = below(&inputs.mirrors.get("maven")?.url, &coordinate.path());
            Found { url, file: None, sha256: None }
        }
        Source::Sdist(project) => {
            let page = below(&inputs.mirrors.get("pypi")?.url, &format!("{}/", project.project()));
            let listed = sdist::find(client, &page, project).await?;
            let listed = listed.ok_or_else(|| PackageError::NoSdist(source.clone()))?;
            Found { url: listed.url, file: Some(listed.file), sha256: listed.sha256 }
        }
        Source::Url(url) => Found { url: url.clone(), file: None, sha256: None },
    })
}

/// Brings every locked source into the store.
///
/// # Errors
/// When one cannot be had, or has other bytes.
pub(super) async fn fetch_locked(locked: &LockedPackage, inputs: &Inputs<'_>) -> Result<(), Error> {
    let mut wanted = Vec::new();
    for (source, lock) in &locked.lock().sources {
        if inputs.fetcher.store.contains(&lock.sha256, Some(lock.size)) {
            continue;
        }
        let urls = match &inputs.fetcher.client {
            Some(client) => vec![find(source, client, inputs).await?.url],
            None => Vec::new(),
        };
        wanted.push(Input {
            name: source.to_string(),
            listed_by: None,
            objects: Vec::new(),
            urls,
            size: lock.size,
            checksum: lock.sha256.into(),
            hint: None,
        });
    }
    if !wanted.is_empty() {
        inputs.fetcher.fetch(&wanted, Phase::Fetch).await?;
    }
    Ok(())
}

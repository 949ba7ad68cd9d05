//! Locking wheels: the resolver is asked again and again, and what it wants to know is fetched in between.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use futures_util::stream::{self, StreamExt as _};
use pep508_rs::PackageName;
use url::Url;

use super::super::lock::Update;
use super::super::{Error, Inputs};
use super::image::environment;
use super::pages::pages;
use crate::base::{Checksum, Event, Phase};
use crate::domain::lock::{Lockfile, PackageLock, WheelFileLock, WheelLock};
use crate::domain::python::{Choice, Known, Project, PythonError, Request, Step, Want, resolve};
use crate::domain::recipe::Recipe;
use crate::formats::simple_index::Listed;
use crate::formats::wheel::{self, Metadata, WheelError, WheelName};
use crate::io::http::{Client, Expected, Piece};
use crate::io::sources::pypi::{self, Page, PypiError};
use crate::io::store::StoreError;

/// How many wheels are asked for their `METADATA` at the same time.
const PARALLEL: usize = 8;
/// No wheel is larger than what an index that tells no sizes may send.
const MAX_WHEEL: u64 = 4 << 30;
/// How often the resolver is asked before it is given up: each time it learns of one package more at least.
const MOST_STEPS: usize = 10_000;

/// The wheels of a recipe whose packages are locked already.
///
/// # Errors
/// When the image lacks what wheels are chosen by, the index fails, or nothing satisfies the recipe.
pub(in super::super) async fn wheels(
    recipe: &Recipe,
    packages: &[PackageLock],
    previous: Option<&Lockfile>,
    update: &Update,
    inputs: &Inputs<'_>,
) -> Result<Vec<WheelLock>, Error> {
    let Some(python) = &recipe.python else { return Ok(Vec::new()) };
    let environments = recipe.platforms().map(|platform| environment(python, platform.0, packages));
    let mut request = Request {
        environments: environments.collect::<Result<_, _>>()?,
        requirements: python.requirements.clone(),
        hashed: python.file.iter().flat_map(|file| file.hashed.clone()).collect(),
        kept: BTreeMap::new(),
    };
    for wheel in previous.into_iter().flat_map(Lockfile::wheels) {
        let updated = match update {
            Update::Nothing => false,
            Update::Packages(names) => names.iter().any(|name| name.as_str() == wheel.name.as_ref()),
            Update::Everything => true,
        };
        if !updated {
            request.kept.insert(wheel.name.clone(), wheel.version.clone());
        }
    }
    let client = inputs.fetcher.client.as_ref().ok_or(Error::OfflineLock)?;
    let root = inputs.mirrors.get(&python.mirror)?.url;
    let mut index = Index { client, root: &root, pages: BTreeMap::new(), inputs };
    let choices = index.resolve(&request).await?;
    let mut wheels = Vec::new();
    for (name, choice) in choices {
        wheels.push(index.locked(name, choice).await?);
    }
    Ok(wheels)
}

/// An index, and what was read of it.
struct Index<'a> {
    client: &'a Client,
    root: &'a Url,
    pages: BTreeMap<PackageName, Option<Page>>,
    inputs: &'a Inputs<'a>,
}

impl Index<'_> {
    async fn resolve(&mut self, request: &Request) -> Result<BTreeMap<PackageName, Choice>, Error> {
        let phase = Phase::Resolve;
        let progress = &self.inputs.fetcher.progress;
        progress.emit(Event::Begin { phase, total: None });
        let mut known = Known::default();
        let mut found = Err(Error::Python(PythonError::Resolver("it does not come to an end".into())));
        for _ in 0..MOST_STEPS {
            match resolve(request, &known) {
                Ok(Step::Done(resolved)) => {
                    found = Ok(resolved.choices);
                    break;
                }
                Ok(Step::Wanted(wanted)) => {
                    progress.emit(Event::Advance { phase, amount: wanted.len() as u64 });
                    if let Err(error) = self.learn(&wanted, &mut known).await {
                        found = Err(error);
                        break;
                    }
                }
                Err(error) => {
                    found = Err(error.into());
                    break;
                }
            }
        }
        progress.emit(Event::End { phase });
        found
    }

    /// Fetches what is wanted.
    async fn learn(&mut self, wanted: &BTreeSet<Want>, known: &mut Known) -> Result<(), Error> {
        let mut names = BTreeSet::new();
        let mut files = Vec::new();
        for want in wanted {
            match want {
                Want::Project(name) => drop(names.insert(name.clone())),
                Want::Metadata(name, file) => files.push((name, file)),
            }
        }
        for (name, page) in pages(self.client, self.root, &names).await? {
            let files = page.as_ref().map(|page| page.files.clone()).unwrap_or_default();
            known.projects.insert(name.clone(), Project::new(&name, files));
            self.pages.insert(name, page);
        }
        let this = &*self;
        let work: Vec<_> = files
            .into_iter()
            .map(|(name, file)| async move { (file.clone(), this.metadata(name, file).await) })
            .collect();
        let mut done = stream::iter(work).buffer_unordered(PARALLEL);
        while let Some((file, metadata)) = done.next().await {
            let metadata = match metadata {
                Ok(metadata) => Ok(metadata),
                // What is wrong with one version is no reason not to take another.
                Err(Error::Pypi(PypiError::Wheel(error)) | Error::Python(PythonError::Wheel(error))) => {
                    Err(error.problem.to_string())
                }
                Err(error) => return Err(error),
            };
            known.metadata.insert(file, metadata);
        }
        Ok(())
    }

    /// What a wheel says of itself.
    async fn metadata(&self, name: &PackageName, file: &str) -> Result<Metadata, Error> {
        let parsed: WheelName = file.parse().map_err(|error: WheelError| PythonError::from(error))?;
        let (page, listed) = self.listed(name, file)?;
        if let Some(metadata) = pypi::metadata(self.client, page, listed, &parsed).await? {
            let (own, version) = (&metadata.name, &metadata.version);
            if (own, version) != (&parsed.name, &parsed.version) {
                let problem = wheel::Problem::Differs {
                    file: "METADATA",
                    named: format!("{} {}", parsed.name, parsed.version),
                    inside: format!("{own} {version}"),
                };
                return Err(PythonError::from(WheelError { wheel: file.to_owned(), problem }).into());
            }
            return Ok(metadata);
        }
        let (digest, size) = self.whole(page, listed, name).await?;
        let file = self.inputs.fetcher.store.file(&digest, size)?;
        Ok(wheel::metadata(file, &parsed).map_err(PythonError::from)?)
    }

    fn listed(&self, name: &PackageName, file: &str) -> Result<(&Page, &Listed), Error> {
        let page = self.pages.get(name).and_then(Option::as_ref);
        let found = page.and_then(|page| Some((page, page.files.iter().find(|listed| listed.filename == file)?)));
        found.ok_or_else(|| {
            PypiError::Vanished { file: file.to_owned(), project: name.to_string(), mirror: "the index".into() }.into()
        })
    }

    /// Brings a whole wheel into the store.
    async fn whole(
        &self,
        page: &Page,
        listed: &Listed,
        name: &PackageName,
    ) -> Result<(crate::base::Digest, u64), Error> {
        let no_hash = || PypiError::NoHash { file: listed.filename.clone(), project: name.to_string() };
        let sha256 = listed.sha256.ok_or_else(no_hash)?;
        let expected = Expected {
            size: listed.size,
            limit: listed.size.unwrap_or(MAX_WHEEL),
            checksum: Some(Checksum::Sha256(sha256)),
        };
        let fetcher = self.inputs.fetcher;
        let mut writer = fetcher.store.writer(None)?;
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Restart => writer.restart(),
            Piece::Bytes(bytes) => writer.write_all(bytes),
        };
        let url = page.address(listed)?;
        self.client.download(&url, &expected, &mut sink, (&*fetcher.progress, Phase::Fetch)).await?;
        let commit: Result<_, StoreError> = writer.commit();
        Ok(commit?)
    }

    async fn locked(&self, name: PackageName, choice: Choice) -> Result<WheelLock, Error> {
        let mut files = BTreeMap::new();
        for (arch, listed) in &choice.files {
            let no_hash = || PypiError::NoHash { file: listed.filename.clone(), project: name.to_string() };
            let sha256 = listed.sha256.ok_or_else(no_hash)?;
            let size = match listed.size {
                Some(size) => size,
                None => {
                    let (page, listed) = self.listed(&name, &listed.filename)?;
                    self.whole(page, listed, &name).await?.1
                }
            };
            let file = listed.filename.parse().map_err(|error: WheelError| PythonError::from(error))?;
            files.insert(*arch, WheelFileLock { file, size, sha256 });
        }
        let Choice { version, requested, extras, depends, .. } = choice;
        Ok(WheelLock { name, version, requested, extras, depends, files })
    }
}

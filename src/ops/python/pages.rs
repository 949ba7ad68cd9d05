//! Pages of an index, each read once, and the addresses of locked wheels, which no lock names.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _};
use pep508_rs::PackageName;
use url::Url;

use super::super::input::Input;
use super::super::{Error, Inputs};
use crate::domain::lock::{WheelFileLock, WheelLock};
use crate::io::http::Client;
use crate::io::sources::pypi::{self, Page, PypiError};

/// How many pages are asked for at the same time.
const PARALLEL: usize = 8;

/// Reads the pages of projects; none for one that the index does not have.
pub(super) async fn pages(
    client: &Client,
    root: &Url,
    names: &BTreeSet<PackageName>,
) -> Result<BTreeMap<PackageName, Option<Page>>, PypiError> {
    let work: Vec<_> =
        names.iter().map(|name| async move { (name.clone(), pypi::page(client, root, name).await) }).collect();
    let mut done = stream::iter(work).buffer_unordered(PARALLEL);
    let mut found = BTreeMap::new();
    while let Some((name, page)) = done.next().await {
        found.insert(name, page?);
    }
    Ok(found)
}

/// What to fetch for locked wheels that the store lacks.
///
/// # Errors
/// When the index does not answer, or has a file no more.
pub(in super::super) async fn inputs(
    mirror: &str,
    wheels: &[(&WheelLock, &WheelFileLock)],
    inputs: &Inputs<'_>,
) -> Result<Vec<Input>, Error> {
    let lacking = |file: &WheelFileLock| !inputs.fetcher.store.contains(&file.sha256, Some(file.size));
    let names: BTreeSet<PackageName> =
        wheels.iter().filter(|(_, file)| lacking(file)).map(|(wheel, _)| wheel.name.clone()).collect();
    let mut found = BTreeMap::new();
    if let Some(client) = &inputs.fetcher.client
        && !names.is_empty()
    {
        found = pages(client, &inputs.mirrors.get(mirror)?.url, &names).await?;
    }
    let mut wanted = Vec::new();
    for (wheel, file) in wheels {
        let mut urls = Vec::new();
        if let Some(page) = found.get(&wheel.name).filter(|_| lacking(file)) {
            let listed = page.as_ref().and_then(|page| {
                let same = |listed: &&_| -> bool {
                    let listed: &crate::formats::simple_index::Listed = listed;
                    listed.filename == file.file.as_str()
                };
                Some((page, page.files.iter().find(same)?))
            });
            let (page, listed) = listed.ok_or_else(|| PypiError::Vanished {
                file: file.file.to_string(),
                project: wheel.name.to_string(),
                mirror: mirror.to_owned(),
            })?;
            urls.push(page.address(listed)?);
        }
        wanted.push(Input {
            name: format!("{} {} ({})", wheel.name, wheel.version, file.file),
            listed_by: Some(format!("{mirror} {}", wheel.name)),
            objects: Vec::new(),
            urls,
            size: file.size,
            checksum: file.sha256.into(),
            hint: None,
        });
    }
    Ok(wanted)
}

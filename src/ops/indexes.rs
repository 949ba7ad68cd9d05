//! The package indexes of a suite: fetched into the store by their checksums, then read from there.

use std::fs::File;

use crate::base::{Arch, Class, Event, Fault, Phase};
use crate::formats::compress::Codec;
use crate::formats::deb::Package;
use crate::formats::deb::package::PoolFile;
use crate::io::archive::{ArchiveError, Index, SignedRelease, Variant, Visit};
use crate::io::store::StoreError;

use super::fetch::{Failure, FetchError, Fetcher};
use super::input::Input;

/// Why a suite's packages cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The archive's metadata is wrong.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// An index cannot be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the packages of some components of a suite, for one architecture, those for all architectures among them.
/// `wants` limits them by name; `takes` gets each with the place of its bytes. Returns how many there were.
///
/// # Errors
/// When an index is missing, cannot be fetched, or is malformed.
pub async fn read(
    fetcher: &Fetcher,
    release: &SignedRelease,
    components: &[String],
    arch: Arch,
    wants: &(dyn Fn(&str) -> bool + Sync),
    takes: &mut (dyn FnMut(Package, PoolFile) + Send),
) -> Result<u64, IndexError> {
    let mut count = 0;
    for component in components {
        for index in release.index(component, arch)? {
            let (codec, mut file) = open(fetcher, &index).await?;
            count += index.read(&mut file, codec, &mut Visit { wants, takes })?;
        }
    }
    Ok(count)
}

/// An index from the store, all of whose bytes were hashed. One that is damaged is fetched again, once.
async fn open(fetcher: &Fetcher, index: &Index) -> Result<(Codec, File), IndexError> {
    let (variant, digest, size) = fetch(fetcher, index).await?;
    match fetcher.store.file(&digest, size) {
        Err(error @ StoreError::Damaged { .. }) => {
            fetcher.progress.emit(Event::Warning(error.to_string()));
            let (variant, digest, size) = fetch(fetcher, index).await?;
            Ok((variant.codec, fetcher.store.file(&digest, size)?))
        }
        file => Ok((variant.codec, file?)),
    }
}

/// Brings the first form of an index that can be had into the store.
async fn fetch<'i>(fetcher: &Fetcher, index: &'i Index) -> Result<(&'i Variant, crate::base::Digest, u64), FetchError> {
    let inputs = index.variants.iter().map(|variant| Input {
        name: format!("{} ({})", index.label, variant.path.rsplit('/').next().unwrap_or_default()),
        listed_by: Some("its Release".into()),
        objects: Vec::new(),
        urls: variant.urls.clone(),
        size: variant.size,
        checksum: variant.checksum,
        hint: None,
    });
    let inputs: Vec<Input> = inputs.collect();
    // What the store has already is the cheapest, even if it is not the smallest.
    if let Some((variant, (digest, size))) =
        index.variants.iter().zip(&inputs).find_map(|(variant, input)| Some((variant, fetcher.find(input)?)))
    {
        return Ok((variant, digest, size));
    }
    let mut absent = Vec::new();
    for (variant, input) in index.variants.iter().zip(inputs) {
        match fetcher.fetch(std::slice::from_ref(&input), Phase::Indexes).await {
            Ok(found) => {
                if let Some((digest, size)) = found.first() {
                    return Ok((variant, *digest, *size));
                }
            }
            // A mirror need not keep every form; wrong bytes are another matter.
            Err(FetchError::Failed { failures }) if failures.iter().all(Failure::has_vanished) => {
                absent.extend(failures)
            }
            Err(error) => return Err(error),
        }
    }
    Err(FetchError::Failed { failures: absent })
}

impl Fault for IndexError {
    fn class(&self) -> Class {
        match self {
            Self::Archive(error) => error.class(),
            Self::Fetch(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Archive(error) => error.hint(),
            Self::Fetch(error) => error.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}

//! The files of a suite: indexes in all their forms, and the Release that lists them.

use std::collections::BTreeMap;

use super::ARCHITECTURES;
use super::error::RepositoryError;
use super::name::{ComponentName, SuiteName};
use super::plan::SuiteIndex;
use crate::base::{Arch, Digest, Epoch};
use crate::formats::compress::whole;
use crate::formats::deb::{IndexFile, Release};

/// Index files by their path below the suite's folder.
pub type IndexFiles = BTreeMap<String, Vec<u8>>;

/// What an index of a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `Packages`.
    Packages,
    /// `Contents`.
    Contents,
}

impl Role {
    /// The path of its smallest form, below the suite's folder.
    #[must_use]
    pub fn path(self, component: &ComponentName, arch: Arch) -> String {
        match self {
            Self::Packages => format!("{component}/binary-{arch}/Packages.xz"),
            Self::Contents => format!("{component}/Contents-{arch}.gz"),
        }
    }
}

/// All index files of a component.
///
/// # Errors
/// When memory is short.
pub fn index_files(component: &ComponentName, index: &SuiteIndex) -> Result<IndexFiles, RepositoryError> {
    let mut files = IndexFiles::new();
    for arch in ARCHITECTURES {
        let packages = index.listings.get(&arch).map(super::Listing::text).unwrap_or_default().into_bytes();
        let contents = index.contents.get(&arch).map(super::Contents::text).unwrap_or_default();
        let smallest = Role::Packages.path(component, arch);
        let plain = smallest.trim_end_matches(".xz").to_owned();
        files.insert(smallest, whole::xz(&packages)?);
        files.insert(format!("{plain}.gz"), whole::gzip(&packages)?);
        files.insert(plain, packages);
        let smallest = Role::Contents.path(component, arch);
        let plain = smallest.trim_end_matches(".gz").to_owned();
        files.insert(smallest, whole::gzip(&contents)?);
        // `apt` takes an index for one that is not there unless its plain form is listed; and what is listed is there.
        files.insert(plain, contents);
    }
    Ok(files)
}

/// The Release of a suite whose component has these index files; those of other components stay as `before` has them. Its date is `now`,
/// or a second after that of `before` where that is later, since `apt` takes none that is older than what it has.
#[must_use]
pub fn release(
    suite: &SuiteName,
    component: &ComponentName,
    files: &IndexFiles,
    before: Option<&Release>,
    now: Epoch,
) -> Release {
    let own = format!("{component}/");
    let mut all: BTreeMap<String, IndexFile> = before.map(|before| before.files.clone()).unwrap_or_default();
    all.retain(|path, _| !path.starts_with(&own));
    for (path, bytes) in files {
        let sha256 = Some(Digest::of(bytes));
        all.insert(path.clone(), IndexFile { size: bytes.len() as u64, sha256, sha512: None });
    }
    let mut components: Vec<String> = before.map(|before| before.components.clone()).unwrap_or_default();
    if !components.iter().any(|known| known == component.as_str()) {
        components.push(component.to_string());
        components.sort();
    }
    let after = before.and_then(|before| Epoch::try_from(before.date.seconds() + 1).ok());
    Release {
        origin: Some("Mokapot".into()),
        label: Some("Mokapot".into()),
        suite: Some(suite.to_string()),
        codename: Some(suite.to_string()),
        date: after.map_or(now, |after| after.max(now)),
        valid_until: None,
        architectures: ARCHITECTURES.iter().map(ToString::to_string).collect(),
        components,
        acquire_by_hash: true,
        all_is_separate: false,
        files: all,
    }
}

/// The path of an index file under the name that never changes, below the suite's folder.
#[must_use]
pub fn by_hash(path: &str, sha256: &Digest) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}by-hash/SHA256/{}", sha256.hex())
}

//! Which index files a suite has for a component and an architecture, and where they are.

use url::Url;

use super::error::{ArchiveError, Reason};
use super::suite::{SignedRelease, below};
use crate::base::{Arch, Checksum};
use crate::formats::compress::Codec;
use crate::formats::deb::IndexFile;

/// A `Packages` index, in all the forms in which it can be had.
#[derive(Clone, Debug)]
pub struct Index {
    /// Mirror alias, suite and path, for people.
    pub label: String,
    /// Which architecture's packages it lists.
    pub arch: Arch,
    /// Its forms, the smallest first; never empty.
    pub variants: Vec<Variant>,
    /// Size and checksum of the index itself, where the Release lists them.
    pub(super) plain: Option<IndexFile>,
}

/// One form of an index.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its path below the suite's folder.
    pub path: String,
    /// How it is compressed.
    pub codec: Codec,
    /// Its size in bytes.
    pub size: u64,
    /// Its checksum.
    pub checksum: Checksum,
    /// Where it is: by its checksum first, where the archive offers that, then by its name.
    pub urls: Vec<Url>,
}

impl SignedRelease {
    /// The `Packages` indexes of `component` for `arch`: one, or two where packages for all architectures have their own.
    ///
    /// # Errors
    /// [`Reason::NoIndex`] when the Release lists none.
    pub fn index(&self, component: &str, arch: Arch) -> Result<Vec<Index>, ArchiveError> {
        let own = self.one(component, arch, arch.name()).ok_or_else(|| {
            let components = self.release.components.clone();
            Reason::NoIndex { component: component.into(), arch: arch.to_string(), components }.at(&self.label)
        })?;
        let all = self.release.all_is_separate.then(|| self.one(component, arch, "all")).flatten();
        Ok([Some(own), all].into_iter().flatten().collect())
    }

    fn one(&self, component: &str, arch: Arch, folder: &str) -> Option<Index> {
        let stem = format!("{component}/binary-{folder}/Packages");
        let variant = |(suffix, codec)| {
            let path = format!("{stem}{suffix}");
            let file = self.release.files.get(&path)?;
            let checksum = file.checksum()?;
            Some(Variant { codec, size: file.size, checksum, urls: self.urls(&path, file), path })
        };
        let forms = [(".xz", Codec::Xz), (".gz", Codec::Gzip), ("", Codec::None)];
        let variants: Vec<Variant> = forms.into_iter().filter_map(variant).collect();
        let plain = self.release.files.get(&stem).copied();
        let label = format!("{}: {stem}", self.label);
        (!variants.is_empty()).then_some(Index { label, arch, variants, plain })
    }

    /// By-hash first: what has that name never changes, so that a mirror in the middle of an update does no harm. The
    /// strongest checksum is the one that archives must offer there.
    fn urls(&self, path: &str, file: &IndexFile) -> Vec<Url> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let checksums = [file.sha512, file.sha256.map(Checksum::from)];
        let by_hash = checksums.into_iter().flatten().filter(|_| self.release.acquire_by_hash);
        let by_hash = by_hash.map(|c| below(&self.folder, &format!("{folder}/by-hash/{}/{}", c.algorithm(), c.hex())));
        by_hash.chain([below(&self.folder, path)]).collect()
    }
}

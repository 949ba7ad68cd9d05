//! What a `Packages` index lists: deb-control(5), and the fields that an index adds to it.

use std::fmt::Write as _;

use super::error::RepositoryError;
use super::name::ComponentName;
use crate::base::{Arch, Digest};
use crate::formats::deb::deb822::write_field;
use crate::formats::deb::{Architecture, Package, PackageName, PoolFile, Stanza, StanzaReader, Version};

/// Fields that the index adds, and which a control file does not decide.
const OURS: [&str; 6] = ["Filename", "Size", "MD5sum", "SHA1", "SHA256", "SHA512"];

/// One package of an index.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// What it was built for.
    pub architecture: Architecture,
    /// Where it is, and what bytes it has.
    pub pool: PoolFile,
    /// Its stanza.
    text: String,
}

/// The packages of one component for one architecture, those for all architectures included.
#[derive(Clone, Debug, Default)]
pub struct Listing(Vec<Listed>);

impl Listed {
    /// A package as it will be listed: its control fields in their order, then `Filename`, `Size` and `SHA256`.
    ///
    /// # Errors
    /// When its source is named so that it has no place in the pool.
    pub fn new(
        control: &Stanza,
        package: &Package,
        component: &ComponentName,
        (size, sha256): (u64, Digest),
    ) -> Result<Self, RepositoryError> {
        let filename = pool_path(package, component)?;
        let mut text = String::new();
        let own = [("Filename", filename.as_str()), ("Size", &size.to_string()), ("SHA256", &sha256.hex())];
        let fields = control.iter().filter(|(name, _)| !OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name)));
        for (name, value) in fields.chain(own) {
            // A string takes all that is written.
            let _ = write_field(&mut text, name, value);
        }
        Ok(Self {
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: package.architecture,
            pool: PoolFile { filename: filename.into(), size, sha256 },
            text,
        })
    }
}

/// Where a package is kept, as in Debian's pools: `lib` and a letter, or one letter, then the source, then a name without the epoch.
fn pool_path(package: &Package, component: &ComponentName) -> Result<String, RepositoryError> {
    let source: PackageName = package.source.parse().map_err(|_| RepositoryError::Source {
        package: package.name.to_string(),
        found: package.source.chars().take(80).collect(),
    })?;
    let source = source.as_str();
    // Names are ASCII.
    let prefix = if source.starts_with("lib") && source.len() > 3 { &source[..4] } else { &source[..1] };
    let Package { name, version, architecture, .. } = package;
    Ok(format!("pool/{component}/{prefix}/{source}/{name}_{}_{architecture}.deb", version.without_epoch()))
}

impl Listing {
    /// Reads an index's text; `file` names it in errors.
    ///
    /// # Errors
    /// When a stanza describes no package with a file in the pool.
    pub fn parse(text: &[u8], file: &str) -> Result<Self, RepositoryError> {
        let wrong = |reason: String| RepositoryError::Index { file: file.to_owned(), reason };
        let mut all = Vec::new();
        for stanza in StanzaReader::new(text) {
            let stanza = stanza.map_err(|error| wrong(error.to_string()))?;
            let package = Package::from_stanza(&stanza).map_err(|error| wrong(error.to_string()))?;
            let pool = PoolFile::from_stanza(&stanza).map_err(|error| wrong(error.to_string()))?;
            if !pool.filename.starts_with("pool/") {
                return Err(wrong(format!("line {}: `Filename` is not in the pool", stanza.line())));
            }
            let Package { name, version, architecture, .. } = package;
            all.push(Listed { name, version, architecture, pool, text: stanza.to_string() });
        }
        let mut listing = Self(all);
        listing.sort();
        Ok(listing)
    }

    /// The index's text: sorted by name, the versions of one name from the earliest to the latest.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for listed in &self.0 {
            let _ = writeln!(text, "{}", listed.text);
        }
        text
    }

    /// All packages, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Listed> {
        self.0.iter()
    }

    /// The versions of one package, from the earliest to the latest.
    #[must_use]
    pub fn versions(&self, name: &PackageName) -> &[Listed] {
        let start = self.0.partition_point(|listed| listed.name < *name);
        let end = self.0.partition_point(|listed| listed.name <= *name);
        &self.0[start..end]
    }

    /// Adds packages.
    pub(super) fn extend(&mut self, packages: impl IntoIterator<Item = Listed>) {
        self.0.extend(packages);
        self.sort();
    }

    /// Takes out all but the latest `keep` versions of each package; gives back what was taken out.
    pub(super) fn keep(&mut self, keep: usize) -> Vec<Listed> {
        let mut removed = Vec::new();
        let mut kept = Vec::with_capacity(self.0.len());
        let mut rest = std::mem::take(&mut self.0).into_iter().rev().peekable();
        let mut count = 0;
        while let Some(listed) = rest.next() {
            count += 1;
            let last = rest.peek().is_none_or(|next| next.name != listed.name);
            if count <= keep {
                kept.push(listed)
            } else {
                removed.push(listed)
            }
            if last {
                count = 0;
            }
        }
        kept.reverse();
        removed.reverse();
        self.0 = kept;
        removed
    }

    fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            a.name
                .cmp(&b.name)
                .then_with(|| a.version.cmp(&b.version))
                .then_with(|| a.pool.filename.cmp(&b.pool.filename))
        });
    }
}

/// Whether a package is listed for an architecture.
pub(super) fn is_for(architecture: Architecture, arch: Arch) -> bool {
    match architecture {
        Architecture::All => true,
        Architecture::Only(own) => own == arch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Result<Listed, RepositoryError> {
        let stanza = Stanza::parse_one(text.as_bytes()).unwrap();
        let package = Package::from_stanza(&stanza).unwrap();
        Listed::new(&stanza, &package, &"main".parse().unwrap(), (3, Digest::of(b"deb")))
    }

    #[test]
    fn the_pool_is_as_debians() {
        let path = |name: &str, more: &str, version: &str| {
            let text = format!("Package: {name}\nVersion: {version}\nArchitecture: amd64\n{more}");
            listed(&text).map(|listed| listed.pool.filename.to_string())
        };
        assert_eq!(path("hadoop", "", "1:2.10.2-1").unwrap(), "pool/main/h/hadoop/hadoop_2.10.2-1_amd64.deb");
        assert_eq!(path("libx1", "Source: libx (1.0)\n", "1").unwrap(), "pool/main/libx/libx/libx1_1_amd64.deb");
        assert_eq!(path("x1", "Source: lib\n", "1~rc1").unwrap(), "pool/main/l/lib/x1_1~rc1_amd64.deb");
        for bad in ["../../etc", "a/b", "X"] {
            assert!(
                matches!(path("x1", &format!("Source: {bad}\n"), "1"), Err(RepositoryError::Source { .. })),
                "{bad}"
            );
        }
    }

    #[test]
    fn an_index_is_read_as_it_was_written() {
        let text = "Package: app\nVersion: 1\nArchitecture: all\nSize: 7\nDescription: short\n long\n .\n end\n";
        let mut listing = Listing::default();
        listing.extend([listed(text).unwrap(), listed(&text.replace("1\n", "1~a\n")).unwrap()]);
        let written = listing.text();
        assert_eq!(written.matches("Size: ").count(), 2, "{written}");
        let read = Listing::parse(written.as_bytes(), "Packages").unwrap();
        assert_eq!(read.text(), written);
        let versions: Vec<&str> = read.versions(&"app".parse().unwrap()).iter().map(|l| l.version.as_str()).collect();
        assert_eq!(versions, ["1~a", "1"]);
        let outside = written.replace("pool/", "dists/");
        assert!(Listing::parse(outside.as_bytes(), "Packages").is_err());
    }
}

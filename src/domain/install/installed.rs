//! Reading a package database: which packages an image has, and whose its files are. Any image's, not only ours.

use std::collections::{BTreeMap, BTreeSet};

use super::info::FOLDER;
use crate::domain::rootfs::Tree;
use crate::formats::deb::deb822::{Deb822Error, StanzaReader};

/// The path of the database's list of packages, in the form of [`crate::formats::tar::Entry::path`].
pub const STATUS: &str = "var/lib/dpkg/status";

/// An installed package, as `status` has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct InstalledPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `all`, or what it was built for.
    pub architecture: String,
}

/// The packages of an image, and their files.
#[derive(Clone, Debug, Default)]
pub struct Installed {
    /// By the name of their files in `info`: `bash`, `libc6:amd64`.
    packages: BTreeMap<String, InstalledPackage>,
    /// The packages of a path, by that name.
    owners: BTreeMap<Vec<u8>, BTreeSet<String>>,
}

impl Installed {
    /// Reads the database. `status` is that file, `info` gives a file of that folder by its name, `tree` is the image's:
    /// lists name paths as the packages shipped them, and a directory may be a link by now.
    ///
    /// # Errors
    /// When `status` cannot be read.
    pub fn read<'a>(status: &[u8], info: impl Fn(&str) -> Option<&'a [u8]>, tree: &Tree) -> Result<Self, Deb822Error> {
        let mut installed = Self::default();
        for stanza in StanzaReader::new(status) {
            let stanza = stanza?;
            let field = |name| stanza.get(name).unwrap_or_default().trim().to_owned();
            let (name, version, architecture) = (field("Package"), field("Version"), field("Architecture"));
            // What is not installed, or removed but for its conffiles, has no files.
            let state = field("Status");
            if name.is_empty() || state.ends_with("not-installed") || state.ends_with("config-files") {
                continue;
            }
            let qualified = format!("{name}:{architecture}");
            let stem = if info(&format!("{qualified}.list")).is_some() { qualified } else { name.clone() };
            for line in info(&format!("{stem}.list")).unwrap_or_default().split(|c| *c == b'\n') {
                let path = line.strip_prefix(b"/").unwrap_or(line);
                if path.is_empty() || path == b"." {
                    continue;
                }
                let place = tree.place_of(path).unwrap_or_else(|_| path.to_vec());
                installed.owners.entry(place).or_default().insert(stem.clone());
            }
            installed.packages.insert(stem, InstalledPackage { name, version, architecture });
        }
        Ok(installed)
    }

    /// All packages with the names of their files in `info`, in order of these.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &InstalledPackage)> {
        self.packages.iter().map(|(stem, package)| (stem.as_str(), package))
    }

    /// The packages that ship the path (its parents without symbolic links), in order of their names; several for a shared
    /// directory. A package's own files in the database are its.
    #[must_use]
    pub fn owners(&self, path: &[u8]) -> Vec<&InstalledPackage> {
        let own = path.strip_prefix(FOLDER.as_bytes()).and_then(|rest| rest.strip_prefix(b"/"));
        if let Some(file) = own.and_then(|file| std::str::from_utf8(file).ok())
            && let Some((stem, _)) = file.rsplit_once('.')
            && let Some(package) = self.packages.get(stem)
        {
            return vec![package];
        }
        self.owners.get(path).into_iter().flatten().filter_map(|stem| self.packages.get(stem)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rootfs::{Kind, Meta, Owner};

    #[test]
    fn a_database_tells_whose_a_path_is() {
        let status = b"Package: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n\
            Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n\
            Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 2.36-9\n";
        let info = |name: &str| match name {
            "dash.list" => Some(&b"/.\n/bin\n/bin/sh\n"[..]),
            "libc6:amd64.list" => Some(&b"/.\n/usr\n/lib/libc.so.6\n"[..]),
            _ => None,
        };
        let mut tree = Tree::new();
        let mut put = |path: &str, kind| tree.insert(path.as_bytes(), kind, Meta::root(0o755, 0), Owner::Recipe, None);
        put("usr/bin", Kind::Directory).unwrap();
        put("bin", Kind::Symlink(b"usr/bin".as_slice().into())).unwrap();
        let installed = Installed::read(status, info, &tree).unwrap();
        let names = |path: &str| installed.owners(path.as_bytes()).iter().map(|p| p.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names("usr/bin/sh"), ["dash"]);
        assert_eq!(names("bin"), ["dash"]);
        assert_eq!(names("lib/libc.so.6"), ["libc6"]);
        assert_eq!(names("var/lib/dpkg/info/libc6:amd64.md5sums"), ["libc6"]);
        assert!(names("var/lib/dpkg/status").is_empty());
        assert_eq!(installed.packages().map(|(stem, _)| stem).collect::<Vec<_>>(), ["dash", "libc6:amd64"]);
    }
}

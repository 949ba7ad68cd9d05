//! The packages of a lockfile as `.deb` files, out of the store that the build filled: what other tools are given.

use std::fs;
use std::path::{Path, PathBuf};

use crate::image::shared_store;
use crate::support::run::{succeed, tool};

/// A locked package, for one architecture.
pub(crate) struct LockedDeb {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Whether it is for all architectures.
    pub(crate) for_all: bool,
    pub(crate) sha256: String,
    size: i64,
    /// The file in the store.
    pub(crate) path: PathBuf,
}

/// What the lockfile holds for `arch`, in its order. It is read as the TOML that it is, not by our own code.
pub(crate) fn debs(lockfile: &Path, arch: &str) -> Vec<LockedDeb> {
    let lock: toml::Table = fs::read_to_string(lockfile).unwrap().parse().unwrap();
    let mut found = Vec::new();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap().to_owned();
        // What is for all architectures stands in the package itself; a package may lack one of the two.
        let file = package.get(arch).or_else(|| package.get("sha256").map(|_| package));
        let Some(file) = file else { continue };
        let sha256 = file["sha256"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
        let path = shared_store().join("blobs/sha256").join(&sha256);
        let version = package["version"].as_str().unwrap().to_owned();
        let for_all = package.get("sha256").is_some();
        found.push(LockedDeb { name, version, for_all, sha256, size: file["size"].as_integer().unwrap(), path });
    }
    found
}

/// Makes a folder an archive of exactly these packages, without a Release: for apt, `deb [trusted=yes] copy:FOLDER ./`.
pub(crate) fn archive(debs: &[LockedDeb], folder: &Path) {
    let mut index = String::new();
    for LockedDeb { name, sha256, size, path, .. } in debs {
        let file = format!("{name}_{sha256}.deb");
        std::os::unix::fs::symlink(path, folder.join(&file)).unwrap();
        let control = succeed(tool("dpkg-deb", ["-f"]).arg(path).env("LC_ALL", "C.UTF-8"));
        index += &format!("{}\nFilename: ./{file}\nSize: {size}\nSHA256: {sha256}\n\n", control.trim_end());
    }
    fs::write(folder.join("Packages"), index).unwrap();
}

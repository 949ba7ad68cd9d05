//! `/var/lib/dpkg/info/<package>.*`: what the database keeps of one package. It depends on that package's bytes alone,
//! so it is part of its fragment, and a layer changes only with its packages.

use std::collections::BTreeSet;

use crate::base::redact;
use crate::formats::deb::{Control, MultiArch, Package};
use crate::formats::tar::{Entry, Kind};

/// The folder, in the form of [`Entry::path`].
pub const FOLDER: &str = "var/lib/dpkg/info";

/// Members that dpkg does not copy: `control` is in `status`, `list` is its own.
const NOT_COPIED: [&str; 2] = ["control", "list"];

/// The name that files of the database carry: `bash`, but `libc6:amd64` for a package that can be installed for several
/// architectures (`Multi-Arch: same`).
#[must_use]
pub fn stem(package: &Package) -> String {
    match package.multi_arch {
        MultiArch::Same => format!("{}:{}", package.name, package.architecture),
        MultiArch::No | MultiArch::Foreign | MultiArch::Allowed => package.name.to_string(),
    }
}

/// The path of one of a package's files, in the form of [`Entry::path`].
#[must_use]
pub fn path(package: &Package, kind: &str) -> Vec<u8> {
    format!("{FOLDER}/{}.{kind}", stem(package)).into_bytes()
}

/// Whether a path, in the form of [`Entry::path`], is one of the folder's files.
#[must_use]
pub fn is_file(path: &[u8]) -> bool {
    path.strip_prefix(FOLDER.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
}

/// The files for a package, in order of their paths: those of its control archive, its `list`, and an `md5sums` where it
/// has none. They are root's, with mode 0644 or, if the shipped file can be executed, 0755, as dpkg leaves them under the
/// usual umask. Each carries the time of the shipped file, `list` and a made `md5sums` that of `control`.
///
/// # Errors
/// When a file's name cannot be one of the database's.
pub fn files(control: &Control, list: Vec<u8>, md5sums: Option<Vec<u8>>) -> Result<Vec<(Entry, Vec<u8>)>, String> {
    let package = &control.package;
    let mut files = Vec::new();
    for (name, shipped) in control.files.iter().filter(|(name, _)| !NOT_COPIED.contains(&name.as_str())) {
        if name.len() > 100 || !name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_+.".contains(&c)) {
            return Err(format!("`{}` is no name for a control file", redact::printable(name)));
        }
        let mode = if shipped.mode & 0o111 == 0 { 0o644 } else { 0o755 };
        files.push((file(package, name, &shipped.bytes, mode, shipped.mtime), shipped.bytes.clone()));
    }
    let time = control.files.get("control").map_or(0, |shipped| shipped.mtime);
    files.push((file(package, "list", &list, 0o644, time), list));
    if let Some(bytes) = md5sums {
        files.push((file(package, "md5sums", &bytes, 0o644, time), bytes));
    }
    files.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    Ok(files)
}

fn file(package: &Package, kind: &str, bytes: &[u8], mode: u32, mtime: i64) -> Entry {
    Entry::new(path(package, kind), Kind::File { size: bytes.len() as u64 }, mode, mtime)
}

/// A `.list` without the paths that other packages took over. `lost` is sorted, in the form of [`Entry::path`].
#[must_use]
pub fn list_without(list: &[u8], lost: &BTreeSet<Vec<u8>>) -> Vec<u8> {
    let kept = |line: &&[u8]| !line.strip_prefix(b"/").is_some_and(|path| lost.contains(path));
    let mut text = Vec::with_capacity(list.len());
    for line in list.split(|c| *c == b'\n').filter(|line| !line.is_empty()).filter(kept) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text
}

/// Collects the `.list` in dpkg's order: everything as shipped, but symbolic links last, since dpkg makes them last.
#[derive(Debug, Default)]
pub struct ListWriter {
    first: Vec<u8>,
    links: Vec<u8>,
}

impl ListWriter {
    /// Takes the next entry of the data archive.
    pub fn add(&mut self, entry: &Entry) {
        let text = if matches!(entry.kind, Kind::Symlink(_)) { &mut self.links } else { &mut self.first };
        text.push(b'/');
        text.extend_from_slice(if entry.path.is_empty() { b"." } else { &entry.path });
        text.push(b'\n');
    }

    /// The file's bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.first.append(&mut self.links);
        self.first
    }
}

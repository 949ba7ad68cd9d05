//! Libraries that programs ask for: looked for as ld.so(8) does, and where whoever loads a library may have loaded others from.
//!
//! A `DT_RPATH` is good for what the libraries found by it ask for in their turn, so a library beside another one counts as found. Programs
//! with a `lib` folder of their own, such as Java, load what their libraries lean on before them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Files, Finding, Look, machine, shown};
use crate::base::{Arch, redact};
use crate::domain::rootfs::Kind;
use crate::formats::elf::Linked;

/// What is asked for and is not there.
pub(super) fn missing(files: &Files<'_>, linker: &[&[u8]], arch: Arch) -> Vec<Finding> {
    let libraries = libraries(files, arch);
    let places: BTreeSet<Vec<u8>> =
        defaults(arch).into_iter().chain(configured(linker)).filter_map(|place| real(files, &place)).collect();
    let mut findings = Vec::new();
    for (path, node) in files.tree.walk() {
        let (Kind::File(_), Some(Look::Elf(linked))) = (node.kind, files.of(&node)) else { continue };
        if linked.machine != machine(arch) || path.starts_with(b"usr/lib/debug/") {
            continue;
        }
        if let Some(interpreter) = &linked.interpreter
            && real(files, interpreter).is_none()
        {
            let what = format!("its dynamic linker {} is not there", redact::printable_bytes(interpreter));
            findings.push(Finding { code: Code::Library, path: shown(&path), what });
        }
        let own = own_places(files, &path, linked);
        for needed in &linked.needed {
            let folders = libraries.get(needed.as_slice());
            let found = folders.is_some_and(|folders| {
                let beside = |folder: &&Vec<u8>| linked.interpreter.is_none() && folder.as_slice() == folder_of(&path);
                let near =
                    |folder: &Vec<u8>| own.contains(folder) || places.contains(folder) || is_of_one(&path, folder);
                folders.iter().any(|folder| near(folder) || beside(&folder))
            });
            if !found && !needed.contains(&b'/') {
                let what = format!("it needs {}", String::from_utf8_lossy(needed));
                findings.push(Finding { code: Code::Library, path: shown(&path), what });
            }
        }
    }
    findings
}

/// The folders that have a library of a name, links included.
fn libraries(files: &Files<'_>, arch: Arch) -> BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> {
    let mut libraries: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for (path, node) in files.tree.walk() {
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else { continue };
        let (folder, name) = (path.get(..slash).unwrap_or_default(), path.get(slash + 1..).unwrap_or_default());
        let look = match node.kind {
            Kind::File(_) => files.of(&node),
            Kind::Symlink(_) if name.windows(3).any(|part| part == b".so") => {
                files.tree.follow(&path).ok().flatten().and_then(|node| files.of(&node))
            }
            _ => None,
        };
        if matches!(look, Some(Look::Elf(linked)) if linked.machine == machine(arch)) {
            libraries.entry(name.to_vec()).or_default().insert(folder.to_vec());
        }
    }
    libraries
}

/// Where the linker looks without being told: Debian's multi-arch folders before the others.
fn defaults(arch: Arch) -> Vec<Vec<u8>> {
    let triplet = arch.triplet();
    let folders =
        [format!("lib/{triplet}"), format!("usr/lib/{triplet}"), "lib".into(), "usr/lib".into(), "lib64".into()];
    folders.map(String::into_bytes).into()
}

/// The folders of ld.so.conf(5); its `include` lines name files whose texts are handed in too.
fn configured<'a>(texts: &'a [&'a [u8]]) -> impl Iterator<Item = Vec<u8>> + 'a {
    let lines = texts.iter().flat_map(|text| text.split(|byte| *byte == b'\n'));
    lines.map(|line| line.trim_ascii()).filter(|line| line.starts_with(b"/")).map(<[u8]>::to_vec)
}

/// Where a file itself says that its libraries are.
fn own_places(files: &Files<'_>, path: &[u8], linked: &Linked) -> BTreeSet<Vec<u8>> {
    let folder = folder_of(path);
    let text = linked.runpath.as_ref().or(linked.rpath.as_ref());
    let entries = text.into_iter().flat_map(|text| text.split(|byte| *byte == b':')).filter(|entry| !entry.is_empty());
    let expanded = entries.map(|entry| {
        let rest = entry.strip_prefix(b"$ORIGIN").or_else(|| entry.strip_prefix(b"${ORIGIN}"));
        rest.map_or_else(|| entry.to_vec(), |rest| [folder, rest].concat())
    });
    expanded.filter_map(|place| real(files, &place)).collect()
}

fn folder_of(path: &[u8]) -> &[u8] {
    path.iter().rposition(|byte| *byte == b'/').and_then(|slash| path.get(..slash)).unwrap_or_default()
}

/// A folder's own path, links followed; nothing where there is none.
fn real(files: &Files<'_>, path: &[u8]) -> Option<Vec<u8>> {
    let start = path.iter().position(|byte| *byte != b'/').unwrap_or(path.len());
    files.tree.real_path(path.get(start..)?).ok().flatten()
}

/// Whether a library in `folder` may be loaded when `path` is: both belong to one program with a `lib` of its own, as Java's do, whose
/// launcher loads what its other libraries lean on.
fn is_of_one(path: &[u8], folder: &[u8]) -> bool {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let Some(at) = parts.iter().rposition(|part| *part == b"lib") else { return false };
    let own = parts.get(..=at).unwrap_or_default().join(&b'/');
    !matches!(own.as_slice(), b"lib" | b"usr/lib" | b"usr/local/lib")
        && (folder == own || folder.starts_with(&[&own[..], b"/"].concat()))
}

//! The shared objects of a folder: which name each is found by, and the links that names need.

use std::collections::BTreeMap;

use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, text};
use super::cache::Entry;
use super::compare;
use crate::base::Arch;
use crate::domain::rootfs::Kind;
use crate::formats::elf::{self, SharedObject};

/// `FLAG_ELF_LIBC6`.
const LIBC6: u32 = 3;
/// Subfolders that older dynamic linkers look into on some processors.
const SPECIAL: [&[u8]; 6] = [b"glibc-hwcaps", b"tls", b"x86_64", b"haswell", b"xeon_phi", b"atomics"];

/// What is found by a name.
struct Found {
    file: Vec<u8>,
    is_link: bool,
    flags: u32,
    kernel: u32,
}

/// The libraries of a folder; with `link`, their names' links are made.
pub(super) fn folder(system: &mut System<'_>, folder: &[u8], link: bool) -> Result<Vec<Entry>, Failure> {
    let path = folder.strip_prefix(b"/").unwrap_or(folder).to_vec();
    let mut found: BTreeMap<Vec<u8>, Found> = BTreeMap::new();
    for name in system.names(&path).unwrap_or_default() {
        system.budget.step(1)?;
        let inside = [path.as_slice(), b"/", &name].concat();
        let node = system.lstat(&inside).map_err(|error| Failure::call("cannot lstat", &inside, error))?;
        if node.is_directory() && SPECIAL.contains(&name.as_slice()) {
            if system.names(&inside).unwrap_or_default().is_empty() {
                continue;
            }
            return Err(Stop::unsupported("ldconfig", format!("the folder /{}", text(&inside))).into());
        }
        if !elf::is_library(&name) {
            continue;
        }
        let mut is_link = node.target().is_some();
        match system.stat(&inside).map(|node| matches!(node.kind, Kind::File(_))) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(_) => {
                if is_link && link && name.windows(4).any(|part| part == b".so.") {
                    system.unlink(&inside).map_err(|error| Failure::call("cannot unlink", &inside, error))?;
                }
                continue;
            }
        }
        let object = system.shared_object(&inside).map_err(|error| Failure::call("cannot open", &inside, error))?;
        let Some(object) = object else { continue };
        let Some(flags) = flags(system.arch, &object) else { continue };
        let mut soname = object.soname.unwrap_or_else(|| name.clone());
        if is_link && name != soname && !(name.ends_with(b".so") && soname.starts_with(&name)) {
            // A link with a name of its own counts as a file.
            is_link = false;
        }
        if is_link {
            soname.clone_from(&name);
        }
        let kernel = object.kernel.unwrap_or(0);
        let new = Found { file: name, is_link, flags, kernel };
        match found.get_mut(&soname) {
            None => {
                found.insert(soname, new);
            }
            Some(old) => {
                let newer = compare::names(&old.file, &new.file).is_lt();
                if (!new.is_link && old.is_link) || (new.is_link == old.is_link && newer) {
                    *old = new;
                }
            }
        }
    }
    let mut entries = Vec::new();
    for (soname, found) in found {
        if link && !found.is_link {
            make_link(system, &path, &found.file, &soname)?;
        }
        let path = [folder, b"/", &soname].concat();
        entries.push(Entry { name: soname, path, flags: found.flags, kernel: found.kernel });
    }
    Ok(entries)
}

/// The cache's flags; `None` for a processor that this platform's dynamic linker is not for.
fn flags(arch: Arch, object: &SharedObject) -> Option<u32> {
    match (arch, object.machine, object.wide) {
        (Arch::Amd64, elf::X86_64, true) => Some(LIBC6 | 0x0300),
        (Arch::Amd64, elf::X86_64, false) => Some(LIBC6 | 0x0800),
        (Arch::Amd64, elf::I386, false) => Some(LIBC6),
        (Arch::Arm64, elf::AARCH64, true) => Some(LIBC6 | 0x0a00),
        _ => None,
    }
}

/// Makes the link from a library's own name to its file, unless that leads there already.
fn make_link(system: &mut System<'_>, folder: &[u8], file: &[u8], soname: &[u8]) -> Result<(), Failure> {
    let (path, target) = ([folder, b"/", soname].concat(), [folder, b"/", file].concat());
    let inode = |path: &[u8]| system.stat(path).ok().map(|node| node.inode);
    if file == soname || inode(&path) == inode(&target) {
        return Ok(());
    }
    if system.lstat(&path).is_ok_and(|node| node.target().is_none()) {
        return Ok(());
    }
    system.replace(&path, Kind::Symlink(file.into()), 0o777).map_err(|error| Failure::call("Can't link", &path, error))
}

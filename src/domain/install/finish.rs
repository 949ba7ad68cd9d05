//! What is done when all packages are installed: `apt` notes which of them nobody asked for, and what would be of one machine
//! or of one moment is taken out again.
//!
//! | path | becomes | why |
//! |---|---|---|
//! | `/etc/apt`, `/var/{lib,cache,log}/apt` | folders, where they are missing | `apt` installs from outside, too |
//! | `/var/lib/apt/extended_states` | the packages that came along | `apt-get autoremove` goes by it |
//! | `/etc/machine-id` | empty, where it is there | machine-id(5): what an image for many machines has |
//! | `/var/lib/dbus/machine-id` | nothing | the same |
//! | `/run/*` but `/run/lock`, `/tmp/*` | nothing | what a start begins without |
//! | `/var/cache/ldconfig/aux-cache` | nothing | inode numbers |
//!
//! Source: mmdebstrap(1), "cleanup"; apt's `extended_states`, which it writes in no certain order and is sorted here.

use std::fmt::Write as _;

use super::error::InstallError;
use crate::base::Arch;
use crate::domain::rootfs::{Content, Kind, Meta, Owner, Tree, TreeError};
use crate::formats::deb::Package;

const STATES: &[u8] = b"var/lib/apt/extended_states";
const MACHINE: &[u8] = b"etc/machine-id";
/// Folders that `apt` has made wherever it installed, with their modes.
const OF_APT: [(&[u8], u32); 8] = [
    (b"etc/apt/apt.conf.d", 0o755),
    (b"etc/apt/preferences.d", 0o755),
    (b"etc/apt/sources.list.d", 0o755),
    (b"var/cache/apt/archives", 0o755),
    (b"var/cache/apt/archives/partial", 0o700),
    (b"var/lib/apt/lists", 0o755),
    (b"var/lib/apt/lists/partial", 0o700),
    (b"var/log/apt", 0o755),
];
/// Files that no image has.
const GONE: [&[u8]; 2] = [b"var/lib/dbus/machine-id", b"var/cache/ldconfig/aux-cache"];
/// Folders whose contents no image has, and what stays in them.
const EMPTIED: [(&[u8], &[u8]); 2] = [(b"run", b"lock"), (b"tmp", b"")];

/// Leaves the tree of a platform as an image has it. `along` are the packages that only others asked for; `now` is the time
/// of new files.
///
/// # Errors
/// When the tree cannot take a file.
pub fn finish<'p>(
    tree: &mut Tree,
    arch: Arch,
    along: impl IntoIterator<Item = &'p Package>,
    now: i64,
) -> Result<(), InstallError> {
    let failed = |source| InstallError::Tree { package: "the finished tree".into(), source };
    tidy(tree, now).map_err(failed)?;
    let mut packages: Vec<&Package> = along.into_iter().collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    for (folder, mode) in OF_APT {
        if tree.lookup(folder).map_err(failed)?.is_none() {
            let meta = Meta::root(mode, now);
            tree.insert(folder, Kind::Directory, meta, Owner::Generated, None).map_err(failed)?;
        }
    }
    if packages.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for package in packages {
        let _ = write!(text, "Package: {}\nArchitecture: {arch}\nAuto-Installed: 1\n\n", package.name);
    }
    let kind = Kind::File(Content::bytes(text.into_bytes()));
    tree.insert(STATES, kind, Meta::root(0o644, now), Owner::Generated, None).map_err(failed)
}

fn tidy(tree: &mut Tree, now: i64) -> Result<(), TreeError> {
    for path in GONE {
        if tree.lookup(path)?.is_some_and(|node| !node.is_directory()) {
            tree.remove(path)?;
        }
    }
    if tree.lookup(MACHINE)?.is_some() {
        let empty = Kind::File(Content::bytes(Vec::new()));
        tree.remove_all(MACHINE)?;
        tree.insert(MACHINE, empty, Meta::root(0o644, now), Owner::Generated, None)?;
    }
    for (folder, stays) in EMPTIED {
        // Followed: a link that leads elsewhere is not a folder of that name.
        if !tree.lookup(folder)?.is_some_and(|node| node.is_directory()) {
            continue;
        }
        let names: Vec<Vec<u8>> = tree.children(folder)?.map(|(name, _)| name.to_vec()).collect();
        for name in names.iter().filter(|name| *name != stays) {
            tree.remove_all(&[folder, b"/", name].concat())?;
        }
    }
    Ok(())
}

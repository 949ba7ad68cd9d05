//! `convert-usrmerge` and `convert-etc-shells` of the package `usrmerge` (versions 37 and 39, Perl): the folders beside
//! `/usr` move into it, links to it take their places. The package database keeps the old paths.
//!
//! As the original does, each file is copied and a link left where it was, so names of one file become files of their
//! own; symbolic links come last, when what they lead to has moved. What is in both places and is not the same is the end.

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::text;
use crate::domain::rootfs::{Kind, Meta, Owner};

/// The folders, without their leading `/`.
const FOLDERS: [&str; 7] = ["bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"];

/// A file that may be in both places: the one beside `/usr` goes.
const IGNORED: &[u8] = b"lib/udev/hwdb.bin";

/// Why a conversion ends.
enum End {
    Stop(Stop),
    Fatal(String),
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Runs `convert-usrmerge`.
pub(super) fn convert_usrmerge(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    match convert(system, process) {
        Ok(()) => {
            process.out(system, b"The system has been successfully converted.\n")?;
            Ok(0)
        }
        Err(End::Stop(stop)) => Err(stop),
        Err(End::Fatal(why)) => {
            let name = text(process.args.first().map(Vec::as_slice).unwrap_or_default());
            let what = format!(
                "\nFATAL ERROR:\n{why}.\n\nYou can try correcting the errors reported and running again\n{name} until it \
                 will complete without errors.\nDo not install or update other Debian packages until the program\nhas \
                 been run successfully.\n\n"
            );
            process.write(system, 2, what.as_bytes()).map(drop)?;
            Ok(1)
        }
    }
}

fn convert(system: &mut System<'_>, process: &mut Process) -> Result<(), End> {
    for folder in FOLDERS {
        let target = format!("usr/{folder}");
        if !system.exists(target.as_bytes()) && is_directory(system, folder.as_bytes()) {
            done(&target, system.mkdir(target.as_bytes(), 0o755))?;
        }
    }
    let mut work = Work { defers: true, ..Work::default() };
    for folder in FOLDERS {
        work.push_all(system, folder.as_bytes());
    }
    while let Some(name) = work.open.pop() {
        move_entry(system, process, &name, &mut work)?;
    }
    work.defers = false;
    for name in std::mem::take(&mut work.later) {
        move_entry(system, process, &name, &mut work)?;
    }
    for folder in FOLDERS {
        replace_folder(system, folder)?;
    }
    Ok(())
}

/// What is still to be moved.
#[derive(Default)]
struct Work {
    /// The next one last.
    open: Vec<Vec<u8>>,
    /// Symbolic links, which come after all else.
    later: Vec<Vec<u8>>,
    /// Whether links go there.
    defers: bool,
}

impl Work {
    /// All that is in a folder.
    fn push_all(&mut self, system: &System<'_>, folder: &[u8]) {
        let names = system.names(folder).unwrap_or_default();
        self.open.extend(names.iter().rev().map(|name| [folder, b"/", name].concat()));
    }
}

/// Moves an entry beside `/usr` into it.
fn move_entry(system: &mut System<'_>, process: &mut Process, name: &[u8], work: &mut Work) -> Result<(), End> {
    system.budget.step(1)?;
    let target = [b"usr/", name].concat();
    let shown = (format!("/{}", text(name)), format!("/{}", text(&target)));
    if is_link(system, name) && !system.exists(name) && system.exists(&target) {
        return set_aside(system, process, name);
    }
    if is_link(system, &target) && !system.exists(&target) {
        set_aside(system, process, &target)?;
    }
    if !system.exists(&target) {
        if is_directory(system, name) {
            done(&shown.0, system.rename(name, &target))?;
            return leave_link(system, name, &target);
        }
        if is_link(system, name) && work.defers {
            work.later.push(name.to_vec());
            return Ok(());
        }
        copy(system, name, &target)?;
        return leave_link(system, name, &target);
    }
    let both = || Err(End::Fatal(format!("Both {} and {} exist", shown.0, shown.1)));
    match (link(system, name), link(system, &target)) {
        (Some(from), Some(to)) => {
            let folder = name.rsplitn(2, |byte| *byte == b'/').nth(1).unwrap_or_default();
            let absolute = |link: &[u8]| [b"/", folder, b"/", link].concat();
            let same = from == to
                || absolute(&from) == to
                || from == [b"/usr".as_slice(), &absolute(&to)].concat()
                || from == shown.1.as_bytes();
            if same {
                return Ok(());
            }
            if to != shown.0.as_bytes() {
                return both();
            }
            let real = system.tree.real_path(name).ok().flatten().unwrap_or_default();
            leave_link(system, &target, &real)?;
            leave_link(system, name, &real)
        }
        (Some(from), None) => {
            if from == shown.1.as_bytes() {
                Ok(())
            } else {
                both()
            }
        }
        (None, Some(to)) => {
            if to != shown.0.as_bytes() {
                return both();
            }
            copy(system, name, &target)?;
            leave_link(system, name, &target)
        }
        (None, None) => match (is_directory(system, name), is_directory(system, &target)) {
            (true, true) => {
                share_owners(system, name, &target);
                work.push_all(system, name);
                Ok(())
            }
            (true, false) => Err(End::Fatal(format!("{} is a directory and {} is not", shown.0, shown.1))),
            (false, true) => Err(End::Fatal(format!("{} is a directory and {} is not", shown.1, shown.0))),
            (false, false) if name == IGNORED => done(&shown.0, system.unlink(name)),
            (false, false) => both(),
        },
    }
}

/// Puts a copy of what is at `name`, with all that belongs to it, at `target`.
fn copy(system: &mut System<'_>, name: &[u8], target: &[u8]) -> Result<(), End> {
    let shown = text(name);
    let node = match system.lstat(name) {
        Ok(node) => (node.kind.clone(), node.meta.clone(), node.owners.to_vec(), node.links),
        Err(error) => return done(&shown, Err(error)),
    };
    let (kind, meta, owners, links): (Kind, Meta, Vec<Owner>, u32) = node;
    if links == 1 && !system.exists(target) && !is_link(system, target) {
        return done(&shown, system.rename(name, target));
    }
    done(&shown, system.replace(target, kind, meta.mode))?;
    done(&shown, system.change(target, |new| *new = meta))?;
    let _ = system.tree.set_owner(target, Owner::Generated, false);
    for owner in owners {
        let _ = system.tree.set_owner(target, owner, true);
    }
    Ok(())
}

/// Puts a link to `target` where `name` was.
fn leave_link(system: &mut System<'_>, name: &[u8], target: &[u8]) -> Result<(), End> {
    let target = [b"/", target].concat();
    done(&text(name), system.replace(name, Kind::Symlink(target.into()), 0o777))
}

fn set_aside(system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<(), End> {
    let warning = format!("WARNING: /{} is a broken symlink and has been renamed!\n", text(name));
    process.write(system, 2, warning.as_bytes()).map(drop)?;
    done(&text(name), system.rename(name, &[name, b".usrmerge-broken"].concat()))
}

/// Takes a folder that holds nothing but links away, and puts a link in its place.
fn replace_folder(system: &mut System<'_>, folder: &str) -> Result<(), End> {
    let target = format!("usr/{folder}");
    let place = folder.as_bytes();
    if is_link(system, place) || (!is_directory(system, place) && !system.exists(target.as_bytes())) {
        return Ok(());
    }
    if is_directory(system, place) {
        share_owners(system, place, target.as_bytes());
        empty(system, place)?;
    }
    done(folder, system.symlink(target.as_bytes(), place))
}

/// Removes a folder of links and folders, children first.
fn empty(system: &mut System<'_>, folder: &[u8]) -> Result<(), End> {
    let mut open = vec![(folder.to_vec(), false)];
    while let Some((name, entered)) = open.pop() {
        system.budget.step(1)?;
        if is_link(system, &name) {
            done(&text(&name), system.unlink(&name))?;
        } else if !is_directory(system, &name) {
            return Err(End::Fatal(format!("/{} is not a symlink", text(&name))));
        } else if entered {
            done(&text(&name), system.rmdir(&name))?;
        } else {
            let children = system.names(&name).unwrap_or_default();
            let children: Vec<_> = children.iter().map(|child| ([&name[..], b"/", child].concat(), false)).collect();
            open.push((name, true));
            open.extend(children);
        }
    }
    Ok(())
}

/// The packages that have one folder have the other from now on.
fn share_owners(system: &mut System<'_>, from: &[u8], to: &[u8]) {
    let owners = system.lstat(from).map(|node| node.owners.to_vec()).unwrap_or_default();
    for owner in owners {
        let _ = system.tree.set_owner(to, owner, true);
    }
}

fn done(name: &str, result: Result<(), Errno>) -> Result<(), End> {
    result.map_err(|error| End::Fatal(format!("/{}: {error}", name.trim_start_matches('/'))))
}

fn link(system: &System<'_>, name: &[u8]) -> Option<Vec<u8>> {
    system.lstat(name).ok()?.target().map(<[u8]>::to_vec)
}

fn is_link(system: &System<'_>, name: &[u8]) -> bool {
    link(system, name).is_some()
}

fn is_directory(system: &System<'_>, name: &[u8]) -> bool {
    system.stat(name).is_ok_and(|node| node.is_directory())
}

/// Runs `convert-etc-shells`: the shells of `/etc/shells` are named by their places in `/usr` too.
pub(super) fn convert_etc_shells(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = process.arguments().first().cloned().unwrap_or_else(|| b"/etc/shells".to_vec());
    let path = process.path(&name);
    let bytes = match system.read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            process.complain(system, &format!("Can't open '{}' for reading: '{error}'", text(&name)))?;
            return Ok(2);
        }
    };
    let lines: Vec<&[u8]> = bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|byte| *byte == b'\n').collect();
    let beside = |line: &[u8]| line.starts_with(b"/bin/") || line.starts_with(b"/sbin/");
    let merged: std::collections::BTreeSet<&[u8]> =
        lines.iter().filter_map(|line| line.strip_prefix(b"/usr")).filter(|rest| beside(rest)).collect();
    let more = lines.iter().filter(|line| beside(line) && !merged.contains(**line));
    let more: Vec<Vec<u8>> = more.map(|line| [b"/usr", *line].concat()).collect();
    if more.is_empty() {
        return Ok(0);
    }
    let all = lines.iter().copied().chain(more.iter().map(Vec::as_slice));
    let new: Vec<u8> = all.flat_map(|line| line.iter().copied().chain([b'\n'])).collect();
    system.budget.bytes(new.len())?;
    let file = Kind::File(crate::domain::rootfs::Content::bytes(new));
    match system.replace(&path, file, 0o644) {
        Ok(()) => Ok(0),
        Err(error) => {
            process.complain(system, &format!("Can't open '{}.tmp' for writing: '{error}'", text(&name)))?;
            Ok(2)
        }
    }
}

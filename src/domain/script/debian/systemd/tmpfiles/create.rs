//! What each kind of line of `tmpfiles.d`(5) makes.

use super::super::super::super::errno::Errno;
use super::super::super::super::stop::Stop;
use super::super::super::super::system::System;
use super::super::super::failure::text;
use super::acl;
use super::items::Item;
use super::place::{chase, glob, make_parents, parts, place};
use crate::domain::rootfs::{Content, Kind};

/// Carries a line out; in words why it could not be.
///
/// # Errors
/// When it is not modelled, or the script's bounds are reached.
pub(super) fn create(system: &mut System<'_>, item: &Item) -> Result<Result<(), String>, Stop> {
    if item.has_parents() {
        if item.replaces {
            return Err(Stop::unsupported("systemd-tmpfiles", "a line with `=`"));
        }
        make_parents(system, &item.path);
    }
    Ok(match item.kind {
        b'd' | b'D' | b'v' | b'q' | b'Q' => folder(system, item),
        b'f' if !item.force => file(system, item),
        b'f' | b'F' => emptied(system, item),
        b'L' => link(system, item)?,
        b'C' => copy(system, item)?,
        b'p' => special(system, item, Kind::Fifo)?,
        b'c' | b'b' => match device(item) {
            Some(kind) => special(system, item, kind)?,
            None => Err(format!("Can't parse device file of '/{}'.", text(&item.path))),
        },
        b'w' => each(system, item, written)?,
        b'e' => each(system, item, existing_folder)?,
        b'z' | b'm' => each(system, item, existing)?,
        b'Z' => below(system, item, |system, item, path| numbers(system, item, path, false))?,
        b'a' => each(system, item, acl::set)?,
        b'A' => below(system, item, acl::set)?,
        b't' | b'T' => return Err(Stop::unsupported("systemd-tmpfiles", "a line with extended attributes (`t`)")),
        // Attributes of filesystems (`h`) are nothing that an image has.
        _ => Ok(()),
    })
}

impl Item {
    /// Whether the folders above it are made.
    const fn has_parents(&self) -> bool {
        matches!(self.kind, b'd' | b'D' | b'v' | b'q' | b'Q' | b'f' | b'F' | b'L' | b'C' | b'p' | b'c' | b'b')
    }
}

fn failed(what: &str, path: &[u8]) -> impl FnOnce(Errno) -> String {
    let text = format!("Failed to {what} /{}", text(path));
    move |error| format!("{text}: {error}")
}

/// Gives what is at `path` the owner, group and mode of the line.
fn numbers(system: &mut System<'_>, item: &Item, path: &[u8], is_new: bool) -> Result<(), String> {
    let node = system.lstat(path).map_err(failed("open", path))?;
    let (is_link, is_folder) = (node.target().is_some(), node.is_directory());
    let wanted = |value: Option<u32>, new_only: bool| value.filter(|_| is_new || !new_only);
    let (uid, gid) = (wanted(item.uid, item.new_only.1), wanted(item.gid, item.new_only.2));
    let mode = wanted(item.mode, item.new_only.0).filter(|_| !is_link);
    system
        .change(path, |meta| {
            (meta.uid, meta.gid) = (uid.unwrap_or(meta.uid), gid.unwrap_or(meta.gid));
            if let Some(mode) = mode {
                meta.mode = if item.masked { masked(mode, meta.mode, is_folder) } else { mode };
                acl::follow_mode(meta);
            }
        })
        .map_err(failed("set permissions of", path))
}

/// A mode as far as the old one goes: nothing to execute, write or read where nobody could.
const fn masked(mut mode: u32, old: u32, folder: bool) -> u32 {
    if old & 0o111 == 0 {
        mode &= !0o111;
    }
    if old & 0o222 == 0 {
        mode &= !0o222;
    }
    if old & 0o444 == 0 {
        mode &= !0o444;
    }
    if folder { mode } else { mode & !0o7000 }
}

fn folder(system: &mut System<'_>, item: &Item) -> Result<(), String> {
    let at = place(system, &item.path)?;
    match system.lstat(&at).map(|node| node.is_directory()) {
        Ok(true) => numbers(system, item, &at, false),
        // What is there and is no folder stays.
        Ok(false) => Ok(()),
        // Nor is anything said of what stands where its folder should be.
        Err(Errno::NotADirectory) => Ok(()),
        Err(_) => {
            system.mkdir(&at, item.new_mode()).map_err(failed("create directory or subvolume", &at))?;
            numbers(system, item, &at, true)
        }
    }
}

/// Whether there is a regular file; an error where there is something else.
fn is_file(system: &System<'_>, at: &[u8]) -> Result<bool, String> {
    match system.lstat(at).map(|node| matches!(node.kind, Kind::File(_))) {
        Ok(true) => Ok(true),
        Ok(false) => Err(format!("/{} exists and is not a regular file.", text(at))),
        Err(Errno::Missing) => Ok(false),
        Err(error) => Err(failed("create file", at)(error)),
    }
}

fn file(system: &mut System<'_>, item: &Item) -> Result<(), String> {
    let at = place(system, &item.path)?;
    if is_file(system, &at)? {
        return numbers(system, item, &at, false);
    }
    let bytes = item.argument.clone().unwrap_or_default();
    system.create(&at, bytes, item.new_mode()).map_err(failed("create file", &at))?;
    numbers(system, item, &at, true)
}

fn emptied(system: &mut System<'_>, item: &Item) -> Result<(), String> {
    let at = place(system, &item.path)?;
    let bytes = item.argument.clone().unwrap_or_default();
    let there = is_file(system, &at)?;
    if there {
        system.write_file(&at, bytes, 0).map_err(failed("truncate file", &at))?;
    } else {
        system.create(&at, bytes, item.new_mode()).map_err(failed("open/create file", &at))?;
    }
    numbers(system, item, &at, !there)
}

fn link(system: &mut System<'_>, item: &Item) -> Result<Result<(), String>, Stop> {
    let target = item.argument.clone().unwrap_or_default();
    if item.only_to_something && !system.exists(target.strip_prefix(b"/").unwrap_or(&target)) {
        return Ok(Ok(()));
    }
    let at = match place(system, &item.path) {
        Ok(at) => at,
        Err(why) => return Ok(Err(why)),
    };
    let is_new = match system.lstat(&at) {
        Ok(node) if node.target() == Some(target.as_slice()) => false,
        Ok(_) if !item.force => return Ok(Ok(())),
        Ok(_) => {
            remove(system, &at)?;
            true
        }
        Err(_) => true,
    };
    if is_new && let Err(error) = system.symlink(&target, &at) {
        return Ok(Err(failed("create symlink", &at)(error)));
    }
    Ok(numbers(system, item, &at, is_new))
}

/// Removes what is there, with all that is below it.
fn remove(system: &mut System<'_>, path: &[u8]) -> Result<(), Stop> {
    let mut open = vec![(path.to_vec(), false)];
    while let Some((path, entered)) = open.pop() {
        system.budget.step(1)?;
        let is_folder = system.lstat(&path).is_ok_and(|node| node.is_directory());
        if is_folder && !entered {
            let names = system.names(&path).unwrap_or_default();
            let children: Vec<_> = names.iter().map(|name| ([&path[..], b"/", name].concat(), false)).collect();
            open.push((path, true));
            open.extend(children);
        } else {
            // What cannot be removed is in the way of what comes next, which says so.
            let _ = if is_folder { system.rmdir(&path) } else { system.unlink(&path) };
        }
    }
    Ok(())
}

/// Copies a tree to a place where nothing is, or an empty folder (with `+`, any folder: what is in it stays).
fn copy(system: &mut System<'_>, item: &Item) -> Result<Result<(), String>, Stop> {
    let source = item.argument.clone().unwrap_or_default();
    let at = match place(system, &item.path) {
        Ok(at) => at,
        Err(why) => return Ok(Err(why)),
    };
    let kind = |system: &System<'_>, path: &[u8]| system.lstat(path).map(|node| std::mem::discriminant(node.kind)).ok();
    let merges = match system.names(&at) {
        Ok(names) if system.lstat(&at).is_ok_and(|node| node.is_directory()) => names.is_empty() || item.force,
        _ => system.lstat(&at).is_err(),
    };
    let mut open = if merges { vec![(source.clone(), at.clone())] } else { Vec::new() };
    while let Some((from, to)) = open.pop() {
        system.budget.step(1)?;
        let Ok(node) = system.lstat(&from) else { continue };
        let (shape, meta) = (node.kind.clone(), node.meta.clone());
        let made = match (&shape, system.lstat(&to).is_ok()) {
            (Kind::Directory, there) => {
                let names = system.names(&from).unwrap_or_default();
                let pairs = names.iter().map(|name| ([&from[..], b"/", name].concat(), [&to[..], b"/", name].concat()));
                open.extend(pairs);
                if there { Ok(()) } else { system.mkdir(&to, meta.mode) }
            }
            (_, true) => continue,
            (shape, false) => system.replace(&to, shape.clone(), meta.mode),
        };
        let owned = made.and_then(|()| {
            system.change(&to, |new| {
                (new.uid, new.gid) = (item.uid.unwrap_or(meta.uid), item.gid.unwrap_or(meta.gid));
                (new.mode, new.mtime) = (meta.mode, meta.mtime);
            })
        });
        if let Err(error) = owned {
            return Ok(Err(failed("copy files to", &to)(error)));
        }
    }
    if kind(system, &at) != kind(system, &source) {
        return Ok(Ok(()));
    }
    Ok(numbers(system, item, &at, true))
}

/// The device that a line's last field numbers.
fn device(item: &Item) -> Option<Kind> {
    let argument = text(item.argument.as_deref()?);
    let (major, minor) = argument.split_once(':')?;
    let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
    Some(if item.kind == b'c' { Kind::CharDevice(major, minor) } else { Kind::BlockDevice(major, minor) })
}

fn special(system: &mut System<'_>, item: &Item, kind: Kind) -> Result<Result<(), String>, Stop> {
    let at = match place(system, &item.path) {
        Ok(at) => at,
        Err(why) => return Ok(Err(why)),
    };
    let is_new = match system.lstat(&at).map(|node| *node.kind == kind) {
        Ok(true) => false,
        Ok(false) if !item.force => return Ok(Ok(())),
        Ok(false) => {
            remove(system, &at)?;
            true
        }
        Err(_) => true,
    };
    if is_new && let Err(error) = system.mknod(&at, kind, item.new_mode()) {
        return Ok(Err(failed("create device node or FIFO", &at)(error)));
    }
    Ok(numbers(system, item, &at, is_new))
}

/// Does something with each path that the line's pattern describes; the first failure is told.
fn each(
    system: &mut System<'_>,
    item: &Item,
    act: impl Fn(&mut System<'_>, &Item, &[u8]) -> Result<(), String>,
) -> Result<Result<(), String>, Stop> {
    let mut outcome = Ok(());
    for path in glob(system, &item.path)? {
        system.budget.step(1)?;
        let done = act(system, item, &path);
        outcome = outcome.and(done);
    }
    Ok(outcome)
}

/// Does something with each path that the line's pattern describes, and all below it.
fn below(
    system: &mut System<'_>,
    item: &Item,
    act: impl Fn(&mut System<'_>, &Item, &[u8]) -> Result<(), String>,
) -> Result<Result<(), String>, Stop> {
    let mut outcome = Ok(());
    let mut open = glob(system, &item.path)?;
    while let Some(path) = open.pop() {
        system.budget.step(1)?;
        let done = act(system, item, &path);
        outcome = outcome.and(done);
        if system.lstat(&path).is_ok_and(|node| node.is_directory()) {
            let names = system.names(&path).unwrap_or_default();
            open.extend(names.iter().rev().map(|name| [&path[..], b"/", name].concat()));
        }
    }
    Ok(outcome)
}

fn existing(system: &mut System<'_>, item: &Item, path: &[u8]) -> Result<(), String> {
    let at = chase(system, path, false)?;
    numbers(system, item, &at, false)
}

fn existing_folder(system: &mut System<'_>, item: &Item, path: &[u8]) -> Result<(), String> {
    if !system.exists(path) {
        return Ok(());
    }
    let at = chase(system, path, true)?;
    if system.lstat(&at).is_ok_and(|node| node.is_directory()) { numbers(system, item, &at, false) } else { Ok(()) }
}

/// Writes over what is there from its start, or with `+` at its end.
fn written(system: &mut System<'_>, item: &Item, path: &[u8]) -> Result<(), String> {
    let folder = place(system, path)?;
    debug_assert!(!parts(&folder).1.is_empty());
    let Ok(Some(real)) = system.tree.real_path(&folder) else { return Ok(()) };
    if !system.lstat(&real).is_ok_and(|node| matches!(node.kind, Kind::File(Content::Bytes(_) | Content::Entry { .. })))
    {
        return Err(format!("Failed to open file \"/{}\"", text(&real)));
    }
    let bytes = item.argument.clone().unwrap_or_default();
    let position = if item.force { None } else { Some(0) };
    system.write_at(&real, position, &bytes).map_err(failed("write file", &real))?;
    numbers(system, item, &real, false)
}

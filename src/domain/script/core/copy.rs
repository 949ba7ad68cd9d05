//! Copying files as cp(1) does it.

use std::collections::{BTreeMap, BTreeSet};

use super::chown::{Ownership, give};
use super::operand::{failed, folder, join, path, quoted, trimmed};
use crate::domain::rootfs::{Kind, Meta};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Which symbolic links among the sources are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Follow {
    /// All.
    #[default]
    All,
    /// Those that the command line names.
    Named,
    /// None.
    Never,
}

/// What a copy is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Make {
    /// A file of its own.
    #[default]
    Copy,
    /// A hard link.
    HardLink,
    /// A symbolic link.
    SymbolicLink,
}

/// What copies keep of their sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Keep {
    pub(super) mode: bool,
    pub(super) owner: bool,
    pub(super) time: bool,
    pub(super) links: bool,
    pub(super) xattrs: bool,
    /// Modes are those of new files, whatever the source's (`--no-preserve=mode`).
    pub(super) no_mode: bool,
}

/// How to copy.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) recursive: bool,
    pub(super) follow: Follow,
    pub(super) make: Make,
    pub(super) keep: Keep,
    pub(super) force: bool,
    pub(super) newer_only: bool,
    pub(super) no_clobber: bool,
    pub(super) remove_first: bool,
    pub(super) verbose: bool,
}

/// A run of copies: what was copied so far matters to hard links.
pub(super) struct Copies<'rules> {
    rules: &'rules Rules,
    /// Inodes with several names, and the first copy of each.
    made: BTreeMap<u32, Vec<u8>>,
}

/// What is known of a source.
struct Source {
    at: Vec<u8>,
    kind: Kind,
    meta: Meta,
    inode: u32,
    links: u32,
}

impl<'rules> Copies<'rules> {
    pub(super) const fn new(rules: &'rules Rules) -> Self {
        Self { rules, made: BTreeMap::new() }
    }

    /// Copies `source` to `name`, with all that is below it; whether that worked, after complaints.
    pub(super) fn copy(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        source: &[u8],
        name: &[u8],
    ) -> Result<bool, Stop> {
        let mut fine = true;
        // Folders get their numbers when all is in them.
        let mut finish: Vec<(Vec<u8>, Meta)> = Vec::new();
        // Those that were made, not to copy a folder's copy into itself.
        let mut folders = BTreeSet::new();
        let mut open = vec![(source.to_vec(), name.to_vec(), true)];
        while let Some((from, to, named)) = open.pop() {
            system.budget.step(1)?;
            let found = match self.look(system, process, &from, named) {
                Ok(found) => found,
                Err(error) => {
                    fine &= failed(system, process, "cannot stat", &from, error)?;
                    continue;
                }
            };
            if !matches!(found.kind, Kind::Directory) {
                fine &= self.leaf(system, process, &found, (&from, &to))?;
                continue;
            }
            if folders.contains(&found.inode) {
                let text = format!("cannot copy a directory, {}, into itself, {}", quoted(source), quoted(name));
                process.complain(system, &text)?;
                fine = false;
                continue;
            }
            if !self.rules.recursive {
                process.complain(system, &format!("-r not specified; omitting directory {}", quoted(&from)))?;
                fine = false;
                continue;
            }
            match self.folder(system, process, &found, (&from, &to))? {
                None => fine = false,
                Some((at, made)) => {
                    if let (true, Ok(node)) = (made, system.lstat(&at)) {
                        folders.insert(node.inode);
                    }
                    if made || self.rules.keep.mode || self.rules.keep.owner || self.rules.keep.time {
                        finish.push((at, found.meta));
                    }
                    let names = system.names(&found.at).unwrap_or_default();
                    open.extend(names.iter().rev().map(|child| (join(&from, child), join(&to, child), false)));
                }
            }
        }
        for (at, meta) in finish.into_iter().rev() {
            self.numbers(system, &at, &meta, true).ok();
        }
        Ok(fine)
    }

    fn look(&self, system: &System<'_>, process: &Process, name: &[u8], named: bool) -> Result<Source, Errno> {
        let at = path(process, name)?;
        let follow = match self.rules.follow {
            Follow::All => true,
            Follow::Named => named,
            Follow::Never => false,
        };
        let node = if follow { system.stat(&at)? } else { system.lstat(&at)? };
        Ok(Source { kind: node.kind.clone(), meta: node.meta.clone(), inode: node.inode, links: node.links, at })
    }

    /// Makes a folder's copy; its path and whether it is new, `None` after a complaint.
    fn folder(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        found: &Source,
        (from, to): (&[u8], &[u8]),
    ) -> Result<Option<(Vec<u8>, bool)>, Stop> {
        let refuse = |system: &mut System<'_>, process: &mut Process, text: String| {
            process.complain(system, &text).map(|()| None)
        };
        let at = match path(process, to) {
            Ok(at) => trimmed(&at).to_vec(),
            Err(error) => return failed(system, process, "cannot create directory", to, error).map(|_| None),
        };
        if system.stat(&at).is_ok_and(|node| node.inode == found.inode) {
            let text = format!("{} and {} are the same file", quoted(from), quoted(to));
            return refuse(system, process, text);
        }
        match system.stat(&at).map(|node| node.is_directory()) {
            Ok(true) => return Ok(Some((system.tree.real_path(&at).ok().flatten().unwrap_or(at), false))),
            Ok(false) => {
                let text = format!("cannot overwrite non-directory {} with directory {}", quoted(to), quoted(from));
                return refuse(system, process, text);
            }
            Err(_) if system.lstat(&at).is_ok() => {
                let text = format!("cannot overwrite non-directory {} with directory {}", quoted(to), quoted(from));
                return refuse(system, process, text);
            }
            Err(_) => {}
        }
        match system.mkdir(&at, if self.rules.keep.no_mode { 0o777 } else { found.meta.mode & 0o1777 } & !process.umask)
        {
            Ok(()) => {
                self.say(system, process, from, to)?;
                Ok(Some((at, true)))
            }
            Err(error) => failed(system, process, "cannot create directory", to, error).map(|_| None),
        }
    }

    /// Copies what is no folder.
    fn leaf(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        found: &Source,
        (from, to): (&[u8], &[u8]),
    ) -> Result<bool, Stop> {
        let rules = self.rules;
        let at = match path(process, to) {
            Ok(at) => at,
            Err(error) => return failed(system, process, "cannot create regular file", to, error),
        };
        let regular = matches!(found.kind, Kind::File(_));
        let there =
            system.lstat(&at).map(|node| (node.inode, node.is_directory(), node.target().is_some(), node.meta.mtime));
        if let Ok((inode, directory, link, mtime)) = there {
            let leads_to = system.stat(&at).map(|node| (node.inode, node.is_directory(), node.meta.mtime));
            if directory || (leads_to.is_ok_and(|node| node.1) && rules.follow != Follow::Never && !rules.remove_first)
            {
                process.complain(system, &format!("cannot overwrite directory {} with non-directory", quoted(to)))?;
                return Ok(false);
            }
            if rules.no_clobber {
                return Ok(true);
            }
            if rules.newer_only && leads_to.map_or(mtime, |node| node.2) >= found.meta.mtime {
                return Ok(true);
            }
            let itself = inode == found.inode;
            if itself && rules.make == Make::HardLink {
                return Ok(true);
            }
            let through = leads_to.is_ok_and(|node| node.0 == found.inode);
            let replaces_link = link && (rules.remove_first || rules.make != Make::Copy && rules.force || !regular);
            if itself || (through && !replaces_link) {
                process.complain(system, &format!("{} and {} are the same file", quoted(from), quoted(to)))?;
                return Ok(false);
            }
            let linked = rules.make != Make::Copy && rules.force;
            if rules.remove_first || linked || (!regular && rules.follow == Follow::Never) {
                if let Err(error) = system.unlink(&at) {
                    return failed(system, process, "cannot remove", to, error);
                }
            } else if rules.make == Make::Copy && link && leads_to.is_err() {
                process.complain(system, &format!("not writing through dangling symlink {}", quoted(to)))?;
                return Ok(false);
            }
        } else if to.ends_with(b"/") {
            let error = if system.lstat(trimmed(&at)).is_ok() { Errno::NotADirectory } else { Errno::IsADirectory };
            let what = if error == Errno::NotADirectory { "cannot stat" } else { "cannot create regular file" };
            return failed(system, process, what, to, if what == "cannot stat" { error } else { Errno::NotADirectory });
        }
        if rules.make == Make::SymbolicLink && !from.starts_with(b"/") && folder(to) != b"." {
            let text = "can make relative symbolic links only in current directory";
            process.complain(system, &format!("{}: {text}", String::from_utf8_lossy(to)))?;
            return Ok(false);
        }
        match self.write(system, process, found, from, &at)? {
            Ok(()) => {
                self.say(system, process, from, to)?;
                Ok(true)
            }
            Err((what, error)) => failed(system, process, what, to, error),
        }
    }

    /// Makes the copy at a path; what failed otherwise.
    fn write(
        &mut self,
        system: &mut System<'_>,
        process: &Process,
        found: &Source,
        from: &[u8],
        at: &[u8],
    ) -> Result<Result<(), (&'static str, Errno)>, Stop> {
        match self.rules.make {
            Make::HardLink => {
                return Ok(system.link(&found.at, at).map_err(|error| ("cannot create hard link", error)));
            }
            Make::SymbolicLink => {
                return Ok(system.symlink(from, at).map_err(|error| ("cannot create symbolic link", error)));
            }
            Make::Copy => {}
        }
        if self.rules.keep.links && found.links > 1 {
            if let Some(first) = self.made.get(&found.inode) {
                let _ = system.unlink(at);
                return Ok(system.link(first, at).map_err(|error| ("cannot create hard link", error)));
            }
            self.made.insert(found.inode, at.to_vec());
        }
        let umask = process.umask;
        let made = match &found.kind {
            Kind::File(_) => match bytes(system, &found.at)? {
                Ok(content) => put(
                    system,
                    at,
                    content,
                    if self.rules.keep.no_mode { 0o666 } else { found.meta.mode & 0o777 } & !umask,
                ),
                Err(error) => return Ok(Err(("error reading the source of", error))),
            },
            Kind::Symlink(target) => system.symlink(target, at),
            Kind::CharDevice(1, 3) if !self.rules.recursive => put(system, at, Vec::new(), 0o666 & !umask),
            _ if !self.rules.recursive => {
                return Err(Stop::unsupported("cp", "a copy of what a device or a pipe gives"));
            }
            kind => system.mknod(at, kind.clone(), found.meta.mode & !umask),
        };
        if let Err(error) = made {
            let what = if matches!(found.kind, Kind::Symlink(_)) {
                "cannot create symbolic link"
            } else {
                "cannot create regular file"
            };
            return Ok(Err((what, error)));
        }
        let follows = !matches!(found.kind, Kind::Symlink(_));
        let real = if follows { system.tree.real_path(at).ok().flatten() } else { Some(at.to_vec()) };
        if let Some(real) = real {
            let _ = self.numbers(system, &real, &found.meta, follows);
        }
        Ok(Ok(()))
    }

    /// Gives a copy the numbers that are to be kept.
    fn numbers(&self, system: &mut System<'_>, at: &[u8], meta: &Meta, has_mode: bool) -> Result<(), Errno> {
        let keep = self.rules.keep;
        if keep.owner {
            let there = system.lstat(at)?.meta;
            if (there.uid, there.gid) != (meta.uid, meta.gid) {
                give(system, at, Ownership { uid: Some(meta.uid), gid: Some(meta.gid) })?;
            }
        }
        system.change(at, |copy| {
            if keep.xattrs {
                copy.xattrs.clone_from(&meta.xattrs);
            }
            if keep.mode && has_mode {
                // cp sets an access list, which has no special bits, and those only where the source has some.
                let special = if meta.mode & 0o7000 == 0 { copy.mode & 0o7000 } else { 0 };
                copy.mode = meta.mode | special;
            }
            if keep.time {
                copy.mtime = meta.mtime;
            }
        })
    }

    fn say(&self, system: &mut System<'_>, process: &mut Process, from: &[u8], to: &[u8]) -> Result<(), Stop> {
        if self.rules.verbose {
            let line = format!("{} -> {}\n", quoted(from), quoted(to));
            process.out(system, line.as_bytes())?;
        }
        Ok(())
    }
}

/// A file's bytes, counted as written.
pub(super) fn bytes(system: &mut System<'_>, at: &[u8]) -> Result<Result<Vec<u8>, Errno>, Stop> {
    match system.read(at) {
        Ok(content) => {
            system.budget.bytes(content.len())?;
            Ok(Ok(content.to_vec()))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// Writes a file where it is, or makes it with a mode. What is written to a device of the machine is gone.
pub(super) fn put(system: &mut System<'_>, at: &[u8], content: Vec<u8>, mode: u32) -> Result<(), Errno> {
    match system.stat(at).map(|node| node.kind.clone()) {
        Ok(Kind::CharDevice(1, 3)) => Ok(()),
        Ok(Kind::File(_)) => system.write_file(at, content, 0),
        Ok(_) => Err(Errno::NoDevice),
        Err(Errno::Missing) => system.create(at, content, mode),
        Err(error) => Err(error),
    }
}

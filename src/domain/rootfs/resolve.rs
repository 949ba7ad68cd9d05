//! From a path to what it means: path_resolution(7), with the tree's root as the only root.

use super::error::TreeError;
use super::node::Kind;
use super::tree::{Ino, Name, ROOT, Tree};

/// Symbolic links followed for one path before it counts as a loop, as Linux has it (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;
/// The longest path, as Linux has it (`PATH_MAX`, its NUL aside).
const MAX_PATH: usize = 4095;
/// The longest component (`NAME_MAX`).
const MAX_NAME: usize = 255;

/// A directory on the way, and the paths of it and its parents.
struct Place {
    ino: Ino,
    path: Vec<u8>,
}

/// How far a path could be followed.
pub(super) enum Reach {
    /// To something that exists, at this path without symbolic links.
    There(Vec<u8>),
    /// Up to a directory (its path is given) in which a component is missing, with what remained of the path after that
    /// directory, and the link that led astray if it was one.
    Missing { real: Vec<u8>, rest: Vec<Vec<u8>>, link: Option<Vec<u8>> },
}

impl Tree {
    /// The path without symbolic links that `path` leads to, `None` when something on the way is missing.
    ///
    /// # Errors
    /// When a parent is no directory, links loop, or the path is too long.
    pub fn real_path(&self, path: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
        // Nearly all paths have no link in them; walking them apart would copy every path above.
        if let Some(name) = self.literal(path)
            && !matches!(self.inode(name.ino).kind, Kind::Symlink(_))
        {
            return Ok(Some(path.to_vec()));
        }
        if self.is_absent(path)? {
            return Ok(None);
        }
        Ok(match self.reach(path, true)? {
            Reach::There(real) => Some(real),
            Reach::Missing { .. } => None,
        })
    }

    /// Where an entry called `path` stands or would stand: its parents without symbolic links, and the last component as
    /// it is. Parents that are missing are kept as written.
    ///
    /// # Errors
    /// When a parent is no directory or a symbolic link to nothing, links loop, or the path is too long.
    pub fn place_of(&self, path: &[u8]) -> Result<Vec<u8>, TreeError> {
        if let Some((parent, last)) = split(path)
            && self.literal(parent).is_some_and(|name| self.is_directory(name.ino))
            && !matches!(last, b"" | b"." | b"..")
        {
            check(path)?;
            return Ok(path.to_vec());
        }
        match self.reach(path, false)? {
            Reach::There(real) => Ok(real),
            Reach::Missing { link: Some(link), .. } => Err(TreeError::Dangling { path: path.into(), link }),
            Reach::Missing { mut real, rest, link: None } => {
                for part in rest {
                    push(&mut real, &part);
                }
                Ok(real)
            }
        }
    }

    /// Follows `path` as far as it goes; the last component only when `follow_last` says so.
    pub(super) fn reach(&self, path: &[u8], follow_last: bool) -> Result<Reach, TreeError> {
        check(path)?;
        let mut stack: Vec<Place> = Vec::new();
        let mut here = Place { ino: ROOT, path: Vec::new() };
        // What is still to be walked, the next component last, each with the link whose target it came out of.
        let mut rest: Vec<(Vec<u8>, Option<Vec<u8>>)> =
            path.split(|c| *c == b'/').rev().filter(|p| !p.is_empty()).map(|p| (p.to_vec(), None)).collect();
        let mut links = 0;
        while let Some((part, link)) = rest.pop() {
            if !self.is_directory(here.ino) {
                return Err(TreeError::NotADirectory { path: path.into(), parent: here.path });
            }
            match part.as_slice() {
                b"." => continue,
                b".." => {
                    here = stack.pop().unwrap_or(Place { ino: ROOT, path: Vec::new() });
                    continue;
                }
                _ => {}
            }
            let mut next = here.path.clone();
            push(&mut next, &part);
            let Some(name) = self.inode(here.ino).names.get(part.as_slice()) else {
                let mut remaining = vec![part];
                remaining.extend(rest.into_iter().rev().map(|(part, _)| part));
                return Ok(Reach::Missing { real: here.path, rest: remaining, link });
            };
            if let Kind::Symlink(target) = &self.inode(name.ino).kind
                && (follow_last || !rest.is_empty())
            {
                links += 1;
                if links > MAX_LINKS {
                    return Err(TreeError::Loop { path: path.into() });
                }
                if target.first() == Some(&b'/') {
                    stack.clear();
                    here = Place { ino: ROOT, path: Vec::new() };
                }
                let parts = target.split(|c| *c == b'/').rev().filter(|p| !p.is_empty());
                rest.extend(parts.map(|part| (part.to_vec(), Some(next.clone()))));
                continue;
            }
            let ino = name.ino;
            stack.push(std::mem::replace(&mut here, Place { ino, path: next }));
        }
        Ok(Reach::There(here.path))
    }

    /// The name at `path`, its parents followed.
    pub(super) fn name_at(&self, path: &[u8]) -> Result<Option<&Name>, TreeError> {
        if let Some(name) = self.literal(path) {
            return Ok(Some(name));
        }
        if self.is_absent(path)? {
            return Ok(None);
        }
        match self.reach(path, false)? {
            Reach::There(real) => Ok(self.literal(&real)),
            Reach::Missing { .. } => Ok(None),
        }
    }

    /// Whether a directory that is reached without symbolic links has no such name: the usual look before something is made.
    /// `false` says nothing.
    fn is_absent(&self, path: &[u8]) -> Result<bool, TreeError> {
        let Some((parent, last)) = split(path).filter(|(_, last)| !matches!(*last, b"" | b"." | b"..")) else {
            return Ok(false);
        };
        let Some(folder) = self.literal(parent).filter(|name| self.is_directory(name.ino)) else { return Ok(false) };
        check(path)?;
        Ok(!self.inode(folder.ino).names.contains_key(last))
    }

    /// The name at a path that has no symbolic links among its parents; the way that nearly all looks take.
    pub(super) fn literal(&self, real: &[u8]) -> Option<&Name> {
        let mut name = &self.root;
        if real.is_empty() {
            return Some(name);
        }
        for part in real.split(|c| *c == b'/') {
            name = self.inode(name.ino).names.get(part)?;
        }
        Some(name)
    }
}

/// Appends a component to a path.
pub(super) fn push(path: &mut Vec<u8>, part: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(part);
}

/// The parent of a path and its last component; the root has neither.
pub(super) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    match path.iter().rposition(|c| *c == b'/') {
        Some(at) => Some((path.get(..at)?, path.get(at + 1..)?)),
        None if path.is_empty() => None,
        None => Some((&[], path)),
    }
}

/// Refuses what Linux could not store.
fn check(path: &[u8]) -> Result<(), TreeError> {
    let reason = if path.len() > MAX_PATH {
        "the path is longer than 4095 bytes"
    } else if path.contains(&0) {
        "the path has a NUL in it"
    } else if path.split(|c| *c == b'/').any(|part| part.len() > MAX_NAME) {
        "a component is longer than 255 bytes"
    } else {
        return Ok(());
    };
    Err(TreeError::Name { path: path.into(), reason })
}

//! Paths of `tmpfiles.d`(5): simple ones, patterns, and ways that are safe to go.

use super::super::super::super::errno::Errno;
use super::super::super::super::stop::Stop;
use super::super::super::super::system::System;
use super::super::super::failure::text;
use crate::domain::rootfs::Kind;
use crate::domain::script::core::pattern;

/// Symbolic links that one way may take.
const LINKS: usize = 32;

/// A path without `//`, `/./` and a `/` at either end.
pub(super) fn simple(path: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    parts.join(&b'/')
}

/// Whether a path is a folder's, or below it.
pub(super) fn is_below(path: &[u8], folder: &[u8]) -> bool {
    let folder = simple(folder);
    folder.is_empty() || path.strip_prefix(folder.as_slice()).is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
}

/// The folder of a path, and its last part.
pub(super) fn parts(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (b"", path),
    }
}

/// Makes the folders above a path that are missing: mode 0755, root's. That one cannot be made shows later.
pub(super) fn make_parents(system: &mut System<'_>, path: &[u8]) {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    for folder in slashes.filter_map(|at| path.get(..at)) {
        if !system.exists(folder) && system.mkdir(folder, 0o755).is_err() {
            return;
        }
    }
}

/// Where a path leads to, as long as nobody but root, or always the same one, has the folders on the way. The last part is
/// followed where `follow` says so.
///
/// # Errors
/// Why the way cannot be gone.
pub(super) fn chase(system: &System<'_>, path: &[u8], follow: bool) -> Result<Vec<u8>, String> {
    let shown = format!("/{}", text(path));
    let failed = |error: Errno| format!("Failed to open path '{shown}': {error}");
    let mut rest: Vec<Vec<u8>> = split(path);
    let mut here: Vec<u8> = Vec::new();
    let mut uid = system.stat(b"").map_err(failed)?.meta.uid;
    let mut links = 0;
    let step = |uid: &mut u32, next: u32, at: &[u8]| {
        if *uid != 0 && *uid != next {
            return Err(format!(
                "Detected unsafe path transition to /{} during canonicalization of {shown}.",
                text(at)
            ));
        }
        *uid = next;
        Ok(())
    };
    while let Some(part) = rest.pop() {
        if part == b".." {
            here.truncate(here.iter().rposition(|byte| *byte == b'/').unwrap_or(0));
            step(&mut uid, system.stat(&here).map_err(failed)?.meta.uid, &here)?;
            continue;
        }
        let mut next = here.clone();
        if !next.is_empty() {
            next.push(b'/');
        }
        next.extend(&part);
        let node = system.lstat(&next).map_err(failed)?;
        step(&mut uid, node.meta.uid, &next)?;
        match node.kind {
            Kind::Symlink(target) if follow || !rest.is_empty() => {
                links += 1;
                if links > LINKS {
                    return Err(failed(Errno::Loop));
                }
                if target.first() == Some(&b'/') {
                    here.clear();
                    step(&mut uid, system.stat(b"").map_err(failed)?.meta.uid, b"")?;
                }
                rest.extend(split(target));
            }
            Kind::Directory => here = next,
            _ if rest.is_empty() => here = next,
            _ => return Err(failed(Errno::NotADirectory)),
        }
    }
    Ok(here)
}

/// The place of a path: its folder's after a safe way, and its last part.
///
/// # Errors
/// As [`chase`]'s.
pub(super) fn place(system: &System<'_>, path: &[u8]) -> Result<Vec<u8>, String> {
    if path.split(|byte| *byte == b'/').any(|part| part == b"..") {
        return Err(format!("Failed to open parent of '/{}': path not normalized.", text(path)));
    }
    let (folder, name) = parts(path);
    let folder = chase(system, folder, true)?;
    Ok(if folder.is_empty() { name.to_vec() } else { [&folder, &b"/"[..], name].concat() })
}

/// A path's parts, the first one last.
fn split(path: &[u8]) -> Vec<Vec<u8>> {
    let parts = path.split(|byte| *byte == b'/').rev().filter(|part| !part.is_empty() && *part != b".");
    parts.map(<[u8]>::to_vec).collect()
}

/// The paths that a pattern describes: `*`, `?`, `[…]` within names, `{…,…}` anywhere. A `.` at a name's start is not
/// matched by these.
///
/// # Errors
/// When there are too many.
pub(super) fn glob(system: &mut System<'_>, path: &[u8]) -> Result<Vec<Vec<u8>>, Stop> {
    let mut found = Vec::new();
    for path in braces(system, path)? {
        let mut places: Vec<Vec<u8>> = vec![Vec::new()];
        for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            let mut next = Vec::new();
            for place in places {
                let prefix = if place.is_empty() { Vec::new() } else { [&place[..], b"/"].concat() };
                system.budget.step(1)?;
                if !part.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\')) {
                    let at = [&prefix, part].concat();
                    if system.lstat(&at).is_ok() {
                        next.push(at);
                    }
                    continue;
                }
                for name in system.names(&place).unwrap_or_default() {
                    system.budget.step(1)?;
                    let hidden = name.first() == Some(&b'.') && part.first() != Some(&b'.');
                    if !hidden && pattern::matches(part, &name, false) {
                        next.push([&prefix, name.as_slice()].concat());
                    }
                }
            }
            places = next;
        }
        found.extend(places);
    }
    Ok(found)
}

/// The patterns that braces stand for.
fn braces(system: &mut System<'_>, path: &[u8]) -> Result<Vec<Vec<u8>>, Stop> {
    let mut done = Vec::new();
    let mut open = vec![path.to_vec()];
    while let Some(path) = open.pop() {
        system.budget.step(1)?;
        system.budget.bytes(path.len())?;
        match alternatives(&path) {
            Some(more) => open.extend(more.into_iter().rev()),
            None => done.push(path),
        }
    }
    Ok(done)
}

/// A path with each of its first braces' alternatives in their place.
fn alternatives(path: &[u8]) -> Option<Vec<Vec<u8>>> {
    let start = path.iter().position(|byte| *byte == b'{')?;
    let (mut depth, mut commas, mut end) = (0, vec![start], None);
    for (at, byte) in path.iter().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 1 => commas.push(at),
            _ => {}
        }
        if depth == 0 {
            end = Some(at);
            break;
        }
    }
    let end = end?;
    commas.push(end);
    let (before, after) = (path.get(..start)?, path.get(end + 1..)?);
    let middles = commas.iter().zip(commas.iter().skip(1)).filter_map(|(from, to)| path.get(from + 1..*to));
    Some(middles.map(|middle| [before, middle, after].concat()).collect())
}

//! `ldconfig`(8): links from the names of shared objects to their files, and the cache that the dynamic linker reads.
//!
//! `/var/cache/ldconfig/aux-cache` is not made: it only makes the next run faster. Subfolders for special processors
//! (`glibc-hwcaps` and what came before them) stop the interpretation.

mod cache;
mod compare;
mod scan;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::dpkg::pattern;
use super::failure::{Failure, conclude, text};
use super::options::{Known, Line, flag, valued};
use crate::domain::rootfs::{Content, Kind};

const OPTIONS: [Known; 12] = [
    valued(b'c', "format"),
    valued(b'C', "cache"),
    valued(b'f', "config"),
    flag(b'i', "ignore-aux-cache"),
    flag(b'l', "link"),
    flag(b'n', "only"),
    flag(b'N', "no-cache"),
    flag(b'p', "print-cache"),
    valued(b'r', "root"),
    flag(b'v', "verbose"),
    flag(b'X', "no-links"),
    flag(b'V', "version"),
];

/// `ldconfig`.
pub(super) fn ldconfig(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = match Line::parse(process.arguments(), &OPTIONS) {
        Err(text) => Err(Failure::Exit(64, text)),
        Ok(line) => run(system, process, &line),
    };
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, line: &Line) -> Result<u8, Failure> {
    for option in ["format", "config", "link", "only", "print-cache", "root", "verbose", "version"] {
        // The tree's own root may be named.
        let own_root = option == "root" && line.value("root").is_some_and(|root| root.iter().all(|byte| *byte == b'/'));
        if line.has(option) && !own_root {
            return Err(Stop::unsupported("ldconfig", format!("option --{option}")).into());
        }
    }
    let mut folders: Vec<Vec<u8>> = line.operands.clone();
    configured(system, process, b"/etc/ld.so.conf", &mut folders, 0)?;
    folders.extend([b"/lib".to_vec(), b"/usr/lib".to_vec()]);
    let mut seen = Vec::new();
    let mut entries = Vec::new();
    for folder in folders {
        let path = process.path(&folder);
        let Ok(node) = system.stat(&path) else { continue };
        if !node.is_directory() || seen.contains(&node.inode) {
            continue;
        }
        seen.push(node.inode);
        entries.extend(scan::folder(system, &folder, !line.has("no-links"))?);
    }
    if line.has("no-cache") {
        return Ok(0);
    }
    let generator = generator(system, process);
    let bytes = cache::render(entries, generator.as_deref());
    let path = process.path(line.value("cache").unwrap_or(b"/etc/ld.so.cache"));
    let failed = |error| Failure::Exit(1, format!("Can't create cache file /{}: {error}", text(&path)));
    system.replace(&path, Kind::File(Content::bytes(bytes)), 0o644).map_err(failed)?;
    if system.exists(b"var/cache") && !system.exists(b"var/cache/ldconfig") {
        system
            .mkdir(b"var/cache/ldconfig", 0o700)
            .map_err(|error| Failure::call("mkdir", b"var/cache/ldconfig", error))?;
    }
    Ok(0)
}

/// Adds the folders that a configuration file names, and those that it includes do.
fn configured(
    system: &mut System<'_>,
    process: &Process,
    file: &[u8],
    folders: &mut Vec<Vec<u8>>,
    depth: u32,
) -> Result<(), Failure> {
    // The real one opens itself again and again as well, until it has no more descriptors.
    if depth > 20 {
        return Err(Stop::unsupported("ldconfig", "files that include each other").into());
    }
    let bytes = system.read(&process.path(file)).map(|bytes| bytes.to_vec()).unwrap_or_default();
    for line in bytes.split(|byte| *byte == b'\n') {
        system.budget.step(1)?;
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii();
        if line.is_empty() || line.starts_with(b"hwcap") {
            continue;
        }
        let Some(globs) =
            line.strip_prefix(b"include").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))
        else {
            if line.contains(&b'=') {
                return Err(Stop::unsupported("ldconfig", format!("the line `{}`", text(line))).into());
            }
            let mut folder = line;
            while let Some(rest) = folder.strip_suffix(b"/").filter(|rest| !rest.is_empty()) {
                folder = rest;
            }
            folders.push(folder.to_vec());
            continue;
        };
        for glob in globs.split(u8::is_ascii_whitespace).filter(|glob| !glob.is_empty()) {
            let slash = file.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            let beside = file.get(..=slash).unwrap_or_default();
            let glob = if glob.first() == Some(&b'/') { glob.to_vec() } else { [beside, glob].concat() };
            let slash = glob.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            let (folder, name) = glob.split_at(slash + 1);
            if pattern::is_pattern(folder) {
                return Err(Stop::unsupported("ldconfig", format!("`include {}`", text(&glob))).into());
            }
            for found in system.names(&process.path(folder)).unwrap_or_default() {
                let hidden = found.first() == Some(&b'.') && name.first() != Some(&b'.');
                if !hidden && pattern::matches(name, &found) {
                    configured(system, process, &[folder, &found].concat(), folders, depth + 1)?;
                }
            }
        }
    }
    Ok(())
}

/// What the tree's own `ldconfig` signs its caches with; `None` for those before glibc 2.33, which do not.
fn generator(system: &mut System<'_>, process: &Process) -> Option<Vec<u8>> {
    let own = process.args.first().map(|name| process.path(name)).filter(|path| path.contains(&b'/'));
    let places = own.into_iter().chain([b"sbin/ldconfig".to_vec(), b"usr/sbin/ldconfig".to_vec()]);
    for place in places {
        let Ok(bytes) = system.read(&place) else { continue };
        let start = bytes.windows(10).position(|part| part == b"ldconfig (")?;
        let rest = bytes.get(start..)?;
        let text = rest.get(..rest.iter().position(|byte| *byte == 0)?)?;
        let signed = text.len() < 200 && text.windows(16).any(|part| part == b" release version");
        return signed.then(|| text.to_vec());
    }
    None
}

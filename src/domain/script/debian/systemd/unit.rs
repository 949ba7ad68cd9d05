//! Unit files, and the symbolic links that enable them: `systemd.unit`(5), section `[Install]`.

use std::collections::BTreeSet;

use super::super::super::errno::Errno;
use super::super::super::system::System;
use super::super::failure::{Failure, text};

/// Whose units: the system's or users'.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Scope {
    System,
    User,
}

impl Scope {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
        }
    }

    /// Where links go, from `/`.
    pub(super) fn folder(self) -> String {
        format!("/etc/systemd/{}", self.name())
    }
}

/// A link that enables a unit: paths from `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Where it is.
    pub(super) path: String,
    /// The unit file.
    pub(super) target: String,
}

/// The path of a unit's file, from `/`; its name where there is none.
pub(super) fn find(system: &System<'_>, scope: Scope, unit: &str) -> String {
    let scope = scope.name();
    ["/etc", "/lib", "/usr/lib"]
        .into_iter()
        .map(|folder| format!("{folder}/systemd/{scope}/{unit}"))
        .find(|path| {
            system.stat(tree(path)).is_ok_and(|node| matches!(node.kind, crate::domain::rootfs::Kind::File(_)))
        })
        .unwrap_or_else(|| unit.into())
}

/// All links that enable a unit, and the units it names in `Also=`: those first, then aliases, then what wants it.
pub(super) fn links(system: &mut System<'_>, scope: Scope, unit: &str) -> Result<Vec<Link>, Failure> {
    let mut found = Vec::new();
    collect(system, scope, unit, &mut BTreeSet::new(), &mut found)?;
    Ok(found)
}

fn collect(
    system: &mut System<'_>,
    scope: Scope,
    unit: &str,
    visited: &mut BTreeSet<String>,
    found: &mut Vec<Link>,
) -> Result<(), Failure> {
    system.budget.enter()?;
    let path = find(system, scope, unit);
    let name = base(&path).to_owned();
    let bytes = system.read(tree(&path)).map(|bytes| bytes.to_vec()).unwrap_or_default();
    let mut wanted_by = Vec::new();
    let mut instance = name.clone();
    for line in text(&bytes).lines() {
        system.budget.step(1)?;
        let Some((key, value)) = line.split_once('=') else { continue };
        let words = || value.split_whitespace().map(unquoted);
        match key.trim_start().to_ascii_lowercase().as_str() {
            "wantedby" => wanted_by.extend(words().map(|target| format!("{}/{target}.wants/", scope.folder()))),
            "requiredby" => wanted_by.extend(words().map(|target| format!("{}/{target}.requires/", scope.folder()))),
            "also" => {
                for other in words() {
                    if other != name && visited.insert(other.to_owned()) {
                        collect(system, scope, other, visited, found)?;
                    }
                }
            }
            // The whole value is the name, as the helper has it.
            "alias" => {
                let alias = value.trim_end();
                found.extend(
                    words()
                        .filter(|word| *word != name)
                        .map(|_| Link { path: format!("{}/{alias}", scope.folder()), target: path.clone() }),
                );
            }
            "defaultinstance" => {
                if let Some((start, kind)) = name.split_once('@').filter(|(_, kind)| kind.starts_with('.')) {
                    instance = format!("{start}@{}{kind}", unquoted(value.trim()));
                }
            }
            _ => {}
        }
    }
    found.extend(wanted_by.iter().map(|folder| Link { path: format!("{folder}{instance}"), target: path.clone() }));
    system.budget.leave();
    Ok(())
}

fn unquoted(word: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| word.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(word)
}

/// Makes the links that are missing, as `systemctl` does; those it made. An instance of a template gets the template's links
/// under its own name.
pub(in super::super) fn enable(
    system: &mut System<'_>,
    scope: Scope,
    unit: &str,
) -> Result<Vec<(String, String)>, Failure> {
    let template = template(unit).filter(|_| find(system, scope, unit) == unit);
    let merged = knows_merged_usr(system);
    let mut made = Vec::new();
    for link in links(system, scope, template.as_deref().unwrap_or(unit))? {
        let path = match link.path.rsplit_once('/') {
            Some((folder, name)) if template.is_some() && name.contains('@') => format!("{folder}/{unit}"),
            _ => link.path,
        };
        let target =
            if merged && link.target.starts_with("/lib/") { "/usr".to_owned() + &link.target } else { link.target };
        if system.lstat(tree(&path)).is_err() {
            make_link(system, &target, &path)?;
            made.push((path, target));
        }
    }
    Ok(made)
}

/// `getty@.service` of `getty@tty1.service`.
fn template(unit: &str) -> Option<String> {
    let (name, rest) = unit.split_once('@')?;
    let (instance, kind) = rest.rsplit_once('.')?;
    (!instance.is_empty()).then(|| format!("{name}@.{kind}"))
}

/// Whether the tree's `systemctl` looks for units in `/usr/lib` alone, as it does since Debian builds it without `split-usr`
/// (256); its library carries its version.
fn knows_merged_usr(system: &System<'_>) -> bool {
    let folder = format!("usr/lib/{}/systemd", system.arch.triplet());
    let names = system.names(folder.as_bytes()).unwrap_or_default();
    let versions = names.iter().filter_map(|name| {
        let version = std::str::from_utf8(name).ok()?.strip_prefix("libsystemd-shared-")?;
        version.split('.').next()?.parse::<u32>().ok()
    });
    versions.max().is_some_and(|version| version >= 256)
}

/// Takes away every link to a unit; those it took.
pub(in super::super) fn disable(system: &mut System<'_>, scope: Scope, unit: &str) -> Result<Vec<String>, Failure> {
    let path = find(system, scope, unit);
    let folder = scope.folder();
    let mut taken = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for name in system.names(tree(&folder)).unwrap_or_default() {
            system.budget.step(1)?;
            let inside = format!("{folder}/{}", text(&name));
            let Ok(node) = system.lstat(tree(&inside)) else { continue };
            match node.target() {
                Some(target) if base(&text(target)) == base(&path) => taken.push(inside),
                None if node.is_directory() => open.push(inside),
                _ => {}
            }
        }
    }
    for link in &taken {
        unlink(system, link)?;
    }
    Ok(taken)
}

/// Makes a link, with its folder.
pub(super) fn make_link(system: &mut System<'_>, target: &str, path: &str) -> Result<(), Failure> {
    make_folder(system, path)?;
    system
        .symlink(target.as_bytes(), tree(path))
        .map_err(|error| Failure::Exit(1, format!("error: unable to link {path} to {target}: {error}")))
}

/// Makes the folder that a path is in, with its parents.
pub(super) fn make_folder(system: &mut System<'_>, path: &str) -> Result<(), Failure> {
    for (at, _) in path.match_indices('/').skip(1) {
        let folder = path.get(..at).unwrap_or_default();
        match system.mkdir(tree(folder), 0o755) {
            Ok(()) | Err(Errno::Exists) => {}
            Err(error) => return Err(Failure::Exit(1, format!("mkdir {folder}: {error}"))),
        }
    }
    Ok(())
}

/// Takes a name away, where it is there.
pub(super) fn unlink(system: &mut System<'_>, path: &str) -> Result<(), Failure> {
    match system.unlink(tree(path)) {
        Ok(()) | Err(Errno::Missing | Errno::NotADirectory) => Ok(()),
        Err(error) => Err(Failure::Exit(1, format!("unable to remove '{path}': {error}"))),
    }
}

/// The part after the last `/`.
pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// A path from `/` as the tree has it.
pub(super) fn tree(path: &str) -> &[u8] {
    path.trim_start_matches('/').as_bytes()
}

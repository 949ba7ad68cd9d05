//! `update-catalog`(8) of sgml-base 1.30 and 1.31: centralized SGML catalogs, and the super catalog of all in `/etc/sgml`.
//!
//! The super catalog names its catalogs in order; before 1.31 they came as the folder had them.

use super::super::command;
use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{Failure, conclude, text};
use super::pattern::{Pattern, lines};
use crate::domain::rootfs::Kind;

const FOLDER: &str = "/etc/sgml";
const SUPER: &str = "/var/lib/sgml-base/supercatalog";

/// What stands before the super catalog's entries.
const HEAD: &str = "\
--
## This file is created by update-catalog with update-super.
## Please see update-catalog(8) for how to modify this file.
--
";

/// `update-catalog`.
pub(super) fn update_catalog(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = run(system, process);
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let args = process.arguments().to_vec();
    let mut operands = args.as_slice();
    let (mut actions, mut quiet, mut whole) = (Vec::new(), false, false);
    while let Some((option, rest)) = operands.split_first().filter(|(option, _)| option.starts_with(b"--")) {
        operands = rest;
        match option.as_slice() {
            b"--" => break,
            b"--add" | b"--remove" | b"--update-super" => actions.push(option.as_slice()),
            b"--quiet" => quiet = true,
            b"--super" => whole = true,
            other => return Err(Stop::unsupported("update-catalog", format!("option {}", text(other))).into()),
        }
    }
    actions.dedup();
    let [action] = actions.as_slice() else {
        process.out(system, b"Huh? You have to use precisely one out of --add --remove or --update-super.\n")?;
        return Ok(1);
    };
    let updates = *action == b"--update-super";
    let wanted = match (updates, whole) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    if operands.len() != wanted {
        return Err(Stop::unsupported("update-catalog", "its help").into());
    }
    if whole {
        process.out(system, b"update-catalog: Suppressing action on super catalog. Invoking trigger instead.\n")?;
        let mut trigger = process.clone();
        trigger.args = vec![b"dpkg-trigger".to_vec(), FOLDER.as_bytes().to_vec()];
        let status = command::exec(system, &mut trigger)?;
        if status != 0 {
            let status = u32::from(status) << 8;
            let text = format!(
                "Invocation of dpkg-trigger failed with status {status}.\nForcing update of the super catalog...\n"
            );
            process.out(system, text.as_bytes())?;
            update(system, process, quiet)?;
        }
        return Ok(0);
    }
    let say = if updates { "Updating the super catalog...\n".to_owned() } else { String::new() };
    let [catalog, entry] = operands else {
        if !quiet {
            process.out(system, say.as_bytes())?;
        }
        update(system, process, quiet)?;
        return Ok(0);
    };
    let adds = *action == b"--add";
    if !quiet {
        let (verb, to) = if adds { ("Adding", "to") } else { ("Removing", "from") };
        let say = format!("{verb} entry {} {to} catalog {}...\n", text(entry), text(catalog));
        process.out(system, say.as_bytes())?;
    }
    change(system, process, catalog, entry, adds)?;
    Ok(0)
}

/// Writes a centralized catalog without an entry, or with it at the end.
fn change(system: &mut System<'_>, process: &Process, catalog: &[u8], entry: &[u8], adds: bool) -> Result<(), Failure> {
    let path = process.path(catalog);
    let mut new = Vec::new();
    let there = is_file(system, &path);
    if there {
        // The program takes the entry for an expression.
        let entry = Pattern::new(&text(entry))?;
        let old = system.read(&path).map_err(|error| failed("cannot open catalog", catalog, error))?;
        lines(&old)
            .filter(|line| !entry.matches(line.strip_suffix(b"\n").unwrap_or(line)))
            .for_each(|line| new.extend(line));
    } else {
        let template = b"usr/share/sgml-base/catalog.centralized";
        let old = system.read(template).map_err(|error| failed("cannot open template", template, error))?;
        for line in text(&old).lines() {
            new.extend(line.replacen("CATALOG", &text(catalog), 1).as_bytes());
            new.push(b'\n');
        }
    }
    if adds {
        new.extend([b"CATALOG ", entry, b"\n"].concat());
    }
    if there {
        let backup = [path.as_slice(), b".old"].concat();
        system.rename(&path, &backup).map_err(|error| failed("cannot rename", catalog, error))?;
    }
    system.write_file(&path, new, process.umask).map_err(|error| failed("cannot open catalog", catalog, error))
}

/// Writes the super catalog.
fn update(system: &mut System<'_>, process: &mut Process, quiet: bool) -> Result<(), Failure> {
    let names = system
        .names(path(FOLDER))
        .map_err(|error| failed("cannot open catalog directory", FOLDER.as_bytes(), error))?;
    let mut new = HEAD.to_owned();
    for name in names {
        system.budget.step(1)?;
        let valid = name.len() > 4 && !name.starts_with(b".") && name.ends_with(b".cat");
        let catalog = format!("{FOLDER}/{}", text(&name));
        if valid && is_whole(system, process, &catalog, quiet)? {
            new.push_str(&format!("CATALOG {catalog}\n"));
        }
    }
    let at = |suffix: &str| format!("{SUPER}{suffix}").into_bytes();
    let tree = |path: &[u8]| path.get(1..).unwrap_or_default().to_vec();
    let (new_at, old_at) = (tree(&at(".new")), tree(&at(".old")));
    system
        .write_file(&new_at, new.into_bytes(), process.umask)
        .map_err(|error| failed("cannot open", &at(".new"), error))?;
    if system.exists(path(SUPER)) {
        system.rename(path(SUPER), &old_at).map_err(|error| failed("cannot rename", SUPER.as_bytes(), error))?;
    }
    system.rename(&new_at, path(SUPER)).map_err(|error| failed("cannot rename", &at(".new"), error))
}

/// Whether all catalogs that a catalog names are there (OASIS TR9401: `CATALOG` and `BASE` entries).
fn is_whole(system: &mut System<'_>, process: &mut Process, catalog: &str, quiet: bool) -> Result<bool, Failure> {
    let Ok(bytes) = system.read(path(catalog)) else {
        if !quiet {
            let text = format!("Warning: Ignoring unreadable catalog file `{catalog}'.\n");
            process.out(system, text.as_bytes())?;
        }
        return Ok(false);
    };
    let tokens = Pattern::new(r#"(?s)(?:\s+|--.*?--)+|'.*?'|".*?"|\S+"#)?;
    let mut base = catalog.rsplit_once('/').map_or("", |(base, _)| base).to_owned();
    let mut before = None;
    for token in tokens.all(&bytes) {
        system.budget.step(1)?;
        let Some(keyword) = before.take() else {
            before = match token.to_ascii_lowercase().as_slice() {
                b"catalog" => Some("catalog"),
                b"base" => Some("base"),
                _ => None,
            };
            continue;
        };
        if token.starts_with(b"--") || token.first().is_some_and(u8::is_ascii_whitespace) {
            before = Some(keyword);
            continue;
        }
        let token = match token {
            [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => text(inner),
            plain => text(plain),
        };
        if keyword == "base" {
            base = token;
            continue;
        }
        let named = if token.starts_with('/') { token } else { format!("{base}/{token}") };
        if !is_file(system, &process.path(named.as_bytes())) {
            if !quiet {
                let text = format!(
                    "Warning ignoring catalog `{catalog}' which references non-existent catalogs. See man update-catalog \
                     for details.\n"
                );
                process.out(system, text.as_bytes())?;
            }
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_file(system: &System<'_>, path: &[u8]) -> bool {
    system.stat(path).is_ok_and(|node| matches!(node.kind, Kind::File(_)))
}

fn path(path: &str) -> &[u8] {
    path.trim_start_matches('/').as_bytes()
}

fn failed(what: &str, path: &[u8], error: Errno) -> Failure {
    Failure::Exit(2, format!("{what} {}: {error}", text(path)))
}

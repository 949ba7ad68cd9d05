//! postgresql-common's Perl programs (225 to 278) where there is no database: `pg_checksystem`, `pg_conftool`,
//! `pg_lsclusters`, `pg_updatedicts`.
//!
//! A database is made by a program of its server (`initdb`), so `pg_createcluster` is not modelled: packages make none
//! where `/etc/postgresql-common/createcluster.conf` says `create_main_cluster = off`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::command;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{Failure, conclude, text};
use super::options::{Line, flag};
use super::pattern::{Pattern, lines};
use crate::domain::rootfs::Kind;

const DICTIONARIES: [&str; 2] = ["usr/share/hunspell", "usr/share/myspell/dicts"];
const CACHE: &str = "var/cache/postgresql/dicts";
const SHARE: &str = "usr/share/postgresql";

/// `pg_checksystem`: warns of disks that lose what they were given. A tree has none.
#[expect(clippy::unnecessary_wraps, reason = "an applet's signature")]
pub(super) fn pg_checksystem(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Ok(0)
}

/// `pg_lsclusters [-h]`, of no clusters.
pub(super) fn pg_lsclusters(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let line = match Line::parse(process.arguments(), &[flag(b'h', "no-header")]) {
        Ok(line) if line.operands.is_empty() => line,
        _ => return Err(Stop::unsupported("pg_lsclusters", "an option but -h")),
    };
    let versions = system.names(b"etc/postgresql").unwrap_or_default();
    let clusters =
        |version: &Vec<u8>| system.names(&[b"etc/postgresql/", version.as_slice()].concat()).unwrap_or_default();
    if versions.iter().any(|version| !clusters(version).is_empty()) {
        return Err(Stop::unsupported("pg_lsclusters", "where there is a cluster"));
    }
    if !line.has("no-header") {
        process.out(system, b"Ver Cluster Port Status Owner Data directory Log file\n")?;
    }
    Ok(0)
}

/// `pg_conftool [-b] [-s] [-v] FILE show NAME|all`.
pub(super) fn pg_conftool(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = conftool(system, process);
    conclude(system, process, result)
}

fn conftool(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let known = [flag(b'b', "boolean"), flag(b's', "short"), flag(b'v', "verbose")];
    let line = Line::parse(process.arguments(), &known)
        .map_err(|what| Failure::from(Stop::unsupported("pg_conftool", what)))?;
    let (file, name) = match line.operands.as_slice() {
        [file, command, name] if file.starts_with(b"/") && matches!(command.as_slice(), b"show" | b"get") => {
            (file, name)
        }
        _ => return Err(Stop::unsupported("pg_conftool", "anything but FILE show NAME").into()),
    };
    // Releases differ in what they say of a file that is not there (225: nothing; later: that it could not be opened); all fail.
    let values = settings(system, process, file)?;
    if name == b"all" {
        for (name, value) in &values {
            process.out(system, format!("{} = {}\n", text(name), quoted(value)?).as_bytes())?;
        }
        return Ok(0);
    }
    let Some(value) = values.get(name) else {
        if line.has("verbose") {
            process.out(system, format!("# {} not found in {}\n", text(name), text(file)).as_bytes())?;
        }
        return Ok(1);
    };
    let mut value = value.clone();
    if line.has("boolean") {
        let on = matches!(value.to_ascii_lowercase().as_slice(), b"on" | b"true" | b"yes" | b"1");
        value = if on { b"on".to_vec() } else { b"off".to_vec() };
    }
    let out = if line.has("short") { text(&value) } else { format!("{} = {}", text(name), quoted(&value)?) };
    process.out(system, format!("{out}\n").as_bytes())?;
    Ok(0)
}

/// How deep configuration files may include each other.
const MOST_INCLUDES: u32 = 10;

/// What a configuration file sets, and those that it includes; nothing where it is not there.
fn settings(system: &mut System<'_>, process: &Process, file: &[u8]) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Failure> {
    let mut values = BTreeMap::new();
    add_settings(system, process, file, 0, &mut values)?;
    Ok(values)
}

fn add_settings(
    system: &mut System<'_>,
    process: &Process,
    file: &[u8],
    depth: u32,
    values: &mut BTreeMap<Vec<u8>, Vec<u8>>,
) -> Result<(), Failure> {
    if depth > MOST_INCLUDES {
        return Err(Stop::unsupported("pg_conftool", "files that include each other without end").into());
    }
    let nothing = Pattern::new(r"^\s*(?:#.*)?$")?;
    let include = Pattern::new(r"(?i)^\s*(include|include_dir|include_if_exists)\s*=?\s*'([^']+)'\s*(?:#.*)?$")?;
    let string = Pattern::new(r"^\s*([a-zA-Z0-9_.-]+)\s*(?:=|\s)\s*'((?:[^'\\]|''|\\.)*)'\s*(?:#.*)?$")?;
    let simple = Pattern::new(r"^\s*([a-zA-Z0-9_.-]+)\s*(?:=|\s)\s*(-?[[:alnum:]][[:alnum:]._:/+-]*)\s*(?:#.*)?$")?;
    let escape = Pattern::new(r"\\(.)")?;
    let bytes = system.read(&process.path(file)).unwrap_or_default();
    for (at, line) in lines(&bytes).enumerate() {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if nothing.matches(line) {
            continue;
        }
        if let Some([_, word, name]) = include.groups(line).as_deref() {
            let folder =
                file.iter().rposition(|byte| *byte == b'/').map_or(&b"."[..], |at| file.get(..at).unwrap_or(b"."));
            let place = if name.starts_with(b"/") { name.to_vec() } else { [folder, b"/", *name].concat() };
            let included = if word.eq_ignore_ascii_case(b"include_dir") {
                let names = system.names(&process.path(&place)).unwrap_or_default();
                let shown = |name: &Vec<u8>| name.ends_with(b".conf") && !name.starts_with(b".");
                names.iter().filter(|name| shown(name)).map(|name| [&place, &b"/"[..], name].concat()).collect()
            } else {
                vec![place]
            };
            for other in included {
                add_settings(system, process, &other, depth + 1, values)?;
            }
            continue;
        }
        let (name, value) = match (string.groups(line).as_deref(), simple.groups(line).as_deref()) {
            (Some([_, name, value]), _) => {
                let plain = escape.replace_all(value, |groups| groups.last().copied().unwrap_or_default().to_vec());
                (name.to_vec(), text(&plain).replace("''", "'").into_bytes())
            }
            (_, Some([_, name, value])) => (name.to_vec(), value.to_vec()),
            _ => {
                let (line, file) = (text(line), text(file));
                return Err(Failure::Exit(1, format!("Error: invalid line {} in {file}: {line}", at + 1)));
            }
        };
        values.insert(if file.ends_with(b".conf") { name.to_ascii_lowercase() } else { name }, value);
    }
    Ok(())
}

/// A value as a configuration file has it.
fn quoted(value: &[u8]) -> Result<String, Stop> {
    let plain = Pattern::new(r"^(-?[\d.]+|\w+)$")?;
    let shown = text(value);
    Ok(if plain.matches(value) { shown } else { format!("'{}'", shown.replace('\'', "''")) })
}

/// `pg_updatedicts`: dictionaries of hunspell and myspell in UTF-8, and links to them for every version of the server.
pub(super) fn pg_updatedicts(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = dictionaries(system, process);
    conclude(system, process, result)
}

fn dictionaries(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let mut walked = String::new();
    for part in CACHE.split('/') {
        walked = if walked.is_empty() { part.into() } else { format!("{walked}/{part}") };
        if !system.exists(walked.as_bytes()) && system.mkdir(walked.as_bytes(), 0o755).is_err() {
            return Ok(1);
        }
    }
    process.out(system, b"Building PostgreSQL dictionaries from installed myspell/hunspell packages...\n")?;
    let encoding = Pattern::new(r"(?m)^SET ([\w-]+)\s*$")?;
    let mut current: BTreeSet<String> = BTreeSet::new();
    for folder in DICTIONARIES {
        for name in visible(system, folder, ".aff") {
            system.budget.step(1)?;
            let (affixes, words) = (format!("{folder}/{name}.aff"), format!("{folder}/{name}.dic"));
            if is_link(system, &affixes) {
                continue;
            }
            if !system.stat(words.as_bytes()).is_ok_and(|node| matches!(node.kind, Kind::File(_))) {
                let text = format!("ERROR: /{affixes} does not have corresponding /{words}, ignoring\n");
                process.write(system, 2, text.as_bytes()).map(drop)?;
                continue;
            }
            let bytes = system.read(affixes.as_bytes()).unwrap_or_default();
            let Some(set) = encoding.groups(&bytes).and_then(|groups| groups.last().map(|set| set.to_vec())) else {
                let text = format!("ERROR: no encoding defined in /{affixes}, ignoring\n");
                process.write(system, 2, text.as_bytes()).map(drop)?;
                continue;
            };
            let locale = name.to_ascii_lowercase();
            process.out(system, format!("  {locale}\n").as_bytes())?;
            let made = ["affix", "dict"].map(|kind| format!("{CACHE}/{locale}.{kind}"));
            current.extend(made.clone());
            let mut whole = true;
            for (from, to) in [&affixes, &words].into_iter().zip(&made) {
                if whole && !convert(system, process, &set, from, to)? {
                    let text = format!("ERROR: Conversion of /{from} failed\n");
                    process.write(system, 2, text.as_bytes()).map(drop)?;
                    whole = false;
                }
            }
            if !whole {
                for path in &made {
                    let _ = system.unlink(path.as_bytes());
                }
                continue;
            }
            install(system, &locale, &made, &mut current);
        }
    }
    tidy(system, process, &current)?;
    Ok(0)
}

/// Converts a file into UTF-8.
fn convert(system: &mut System<'_>, process: &Process, set: &[u8], from: &str, to: &str) -> Result<bool, Stop> {
    let mut child = process.clone();
    let (from, to) = (format!("/{from}"), format!("/{to}"));
    let set = text(set);
    child.args = ["iconv", "-f", &set, "-t", "UTF-8", "-o", &to, &from].map(|word| word.as_bytes().to_vec()).to_vec();
    Ok(command::exec(system, &mut child)? == 0)
}

/// Makes links to a dictionary in every version's folder, where nothing else is in the way.
fn install(system: &mut System<'_>, locale: &str, made: &[String; 2], current: &mut BTreeSet<String>) {
    for version in system.names(b"usr/lib/postgresql").unwrap_or_default() {
        let version = text(&version);
        let server = format!("usr/lib/postgresql/{version}/bin/postgres");
        let folder = format!("{SHARE}/{version}/tsearch_data");
        let is_folder = system.stat(folder.as_bytes()).is_ok_and(|node| node.is_directory());
        if !is_folder || !system.exists(server.as_bytes()) {
            continue;
        }
        let links = ["affix", "dict"].map(|kind| format!("{folder}/{locale}.{kind}"));
        current.extend(links.clone());
        if links.iter().any(|link| system.exists(link.as_bytes()) && !is_link(system, link)) {
            continue;
        }
        for (link, target) in links.iter().zip(made) {
            let _ = system.unlink(link.as_bytes());
            let _ = system.symlink(format!("/{target}").as_bytes(), link.as_bytes());
        }
    }
}

/// Takes away what no dictionary made.
fn tidy(system: &mut System<'_>, process: &mut Process, current: &BTreeSet<String>) -> Result<(), Stop> {
    process.out(system, b"Removing obsolete dictionary files:\n")?;
    let mut old: Vec<String> = visible(system, CACHE, "").into_iter().map(|name| format!("{CACHE}/{name}")).collect();
    for suffix in [".affix", ".dict"] {
        for version in visible(system, SHARE, "") {
            let folder = format!("{SHARE}/{version}/tsearch_data");
            let names = visible(system, &folder, suffix).into_iter().map(|name| format!("{folder}/{name}{suffix}"));
            old.extend(names.filter(|path| is_link(system, path)));
        }
    }
    for path in old.iter().filter(|path| !current.contains(*path)) {
        process.out(system, format!("  /{path}\n").as_bytes())?;
        let _ = system.unlink(path.as_bytes());
    }
    Ok(())
}

/// Names in a folder that end so, without their end.
fn visible(system: &System<'_>, folder: &str, suffix: &str) -> Vec<String> {
    let names = system.names(folder.as_bytes()).unwrap_or_default();
    let names = names.iter().filter(|name| !name.starts_with(b"."));
    names.filter_map(|name| text(name).strip_suffix(suffix).map(str::to_owned)).collect()
}

fn is_link(system: &System<'_>, path: &str) -> bool {
    system.lstat(path.as_bytes()).is_ok_and(|node| node.target().is_some())
}

//! `update-xmlcatalog`(8) of xml-core 0.18 and 0.19: entries of the catalogs in `/etc/xml`, from a list of its own in
//! `/var/lib/xml-core`.
//!
//! Entries are always in order, as `--sort` has them; the real program's order without it is that of Perl's hashes, another
//! one each time.

use std::collections::BTreeMap;

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{Failure, conclude, text};
use super::options::{Line, flag, valued};
use super::pattern::{lines, split};

const DATA: &str = "/var/lib/xml-core";
const CATALOGS: &str = "/etc/xml";
const FRAME: &str = "/usr/share/xml-core/catalog";

/// Entries by what they are for.
type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// What the command line means.
struct Change {
    add: bool,
    catalog: Vec<u8>,
    data: Vec<u8>,
    key: Vec<u8>,
    entry: Vec<u8>,
}

/// `update-xmlcatalog`.
pub(super) fn update_xmlcatalog(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = Change::parse(system, process).and_then(|change| run(system, process, &change));
    conclude(system, process, result)
}

fn wrong(what: impl AsRef<str>) -> Failure {
    Failure::Exit(1, format!("error: {}", what.as_ref()))
}

impl Change {
    fn parse(system: &System<'_>, process: &Process) -> Result<Self, Failure> {
        let known = [
            flag(0, "add"),
            flag(0, "del"),
            valued(0, "file"),
            flag(0, "help"),
            valued(0, "id"),
            valued(0, "local"),
            valued(0, "package"),
            flag(0, "root"),
            valued(0, "type"),
            flag(0, "verbose"),
            flag(0, "sort"),
        ];
        let line = Line::parse(process.arguments(), &known)
            .map_err(|what| Failure::from(Stop::unsupported("update-xmlcatalog", what)))?;
        if line.has("help") || line.has("verbose") {
            return Err(Stop::unsupported("update-xmlcatalog", "--help and --verbose").into());
        }
        let add = match (line.has("add"), line.has("del")) {
            (false, false) => return Err(wrong("either 'add' or 'del' must be given")),
            (true, true) => return Err(wrong("only one of 'add' and 'del' can be given")),
            (add, _) => add,
        };
        let (file, local, package) = (line.value("file"), line.value("local"), line.value("package"));
        let is_file = |path: &[u8]| {
            system.stat(&process.path(path)).is_ok_and(|node| matches!(node.kind, crate::domain::rootfs::Kind::File(_)))
        };
        let of_package = |package: &[u8]| format!("{CATALOGS}/{}.xml", text(package)).into_bytes();
        let there = |what: &str, path: &[u8]| {
            if is_file(path) { Ok(()) } else { Err(wrong(format!("{what} {} not found", text(path)))) }
        };
        let unless = |given: bool, what: &str| if given { Err(wrong(what)) } else { Ok(()) };
        let named = |what: &str| wrong(format!("{what} not given"));
        match (add, line.has("root"), package, local) {
            (true, true, package, _) => {
                there("package catalog", &of_package(package.ok_or_else(|| named("package catalog"))?))?;
                let what = "local catalog and file not for adding to root catalog file";
                unless(local.is_some() || file.is_some(), what)?;
            }
            (true, false, Some(_), local) => {
                there("local catalog", local.ok_or_else(|| named("local catalog"))?)?;
                unless(file.is_some(), "file not for adding to package catalog file")?;
            }
            (true, false, None, Some(_)) => there("file", file.ok_or_else(|| named("file"))?)?,
            (false, true, ..) => {
                there("root catalog", format!("{CATALOGS}/catalog").as_bytes())?;
                let given = package.is_some() || local.is_some() || file.is_some();
                unless(given, "package catalog, local catalog or file not for deleting from root catalog file")?;
            }
            (false, false, Some(package), _) => {
                there("package catalog", &of_package(package))?;
                let given = local.is_some() || file.is_some();
                unless(given, "local catalog or file not for deleting from package catalog file")?;
            }
            (false, false, None, Some(local)) => {
                there("local catalog", local)?;
                unless(file.is_some(), "file not for deleting from local catalog file")?;
            }
            (_, false, None, None) => return Err(named("catalog")),
        }
        let kind = match line.value("type") {
            Some(kind @ (b"public" | b"system" | b"uri")) => text(kind),
            Some(_) => return Err(wrong("wrong type")),
            None => return Err(named("type")),
        };
        let id = line.value("id").map(text).ok_or_else(|| named("id"))?;
        let package = package.map(text).unwrap_or_default();
        let shown = |value: Option<&[u8]>| value.map(text).unwrap_or_default();
        let suffix = if kind == "uri" { "" } else { "Id" };
        // A delegate of the root's or a package's catalog: identifiers that begin so are looked for in another one.
        let delegate = match kind.as_str() {
            "uri" => "delegateURI",
            "public" => "delegatePublic",
            _ => "delegateSystem",
        };
        let delegated = format!("{delegate} {kind}{suffix}StartString=\"{id}\"");
        let (catalog, data, key, entry) = if line.has("root") {
            let entry = format!("catalog=\"file:///etc/xml/{package}.xml\"");
            (format!("{CATALOGS}/catalog"), "catalog".to_owned(), delegated, entry)
        } else if line.value("package").is_some() {
            let entry = format!("catalog=\"file://{}\"", shown(local));
            (format!("{CATALOGS}/{package}.xml"), package, delegated, entry)
        } else {
            let start = if kind == "uri" { "name".to_owned() } else { format!("{kind}{suffix}") };
            let local = shown(local);
            (
                local.clone(),
                local.replace('/', "_"),
                format!("{kind} {start}=\"{id}\""),
                format!("uri=\"{}\"", shown(file)),
            )
        };
        Ok(Self {
            add,
            catalog: process.path(catalog.as_bytes()),
            data: process.path(format!("{DATA}/{data}").as_bytes()),
            key: key.into_bytes(),
            entry: entry.into_bytes(),
        })
    }
}

fn run(system: &mut System<'_>, process: &Process, change: &Change) -> Result<u8, Failure> {
    let mut entries = Entries::new();
    match system.read(&change.data) {
        Ok(list) => entries.extend(lines(&list).map(|line| {
            let mut fields = split(line.get(..line.len().saturating_sub(1)).unwrap_or_default(), b">").into_iter();
            let mut field = || {
                let field = fields.next().unwrap_or_default();
                field.strip_prefix(b"<").map(<[u8]>::to_vec).unwrap_or(field)
            };
            (field(), field())
        })),
        Err(_) if change.add => {}
        Err(error) => return Err(failed("cannot open catalog data", &change.data, error)),
    }
    if change.add {
        let old = entries.entry(change.key.clone()).or_insert_with(|| change.entry.clone());
        if *old != change.entry {
            let (key, old, new) = (text(&change.key), text(old), text(&change.entry));
            return Err(wrong(format!(
                "entity already registered with a different value\n Entity   : [{key}]\n Old value: [{old}]\n New value: [{new}]"
            )));
        }
    } else if entries.remove(&change.key).is_none() {
        return Err(wrong("entity not registered"));
    }
    let backup = [change.catalog.as_slice(), b".old"].concat();
    if system.exists(&change.catalog) {
        let moved = system.rename(&change.catalog, &backup);
        moved.map_err(|error| failed("cannot move catalog", &change.catalog, error))?;
    }
    let list: Vec<u8> =
        entries.iter().flat_map(|(key, entry)| [b"<", key.as_slice(), b"><", entry, b">\n"].concat()).collect();
    put(system, process, &change.data, list, entries.is_empty())?;
    let mut catalog = frame(system, "header")?;
    for (key, entry) in &entries {
        catalog.extend([b"<", key.as_slice(), b" ", entry, b"/>\n"].concat());
    }
    catalog.extend(frame(system, "footer")?);
    put(system, process, &change.catalog, catalog, entries.is_empty())?;
    Ok(0)
}

/// What stands before or after the entries.
fn frame(system: &mut System<'_>, part: &str) -> Result<Vec<u8>, Failure> {
    let path = format!("{FRAME}.{part}");
    let bytes = system.read(path.trim_start_matches('/').as_bytes());
    Ok(bytes.map_err(|error| failed(&format!("cannot open catalog {part}"), path.as_bytes(), error))?.to_vec())
}

/// Writes a file, or takes it away when there is nothing to be in it.
fn put(system: &mut System<'_>, process: &Process, path: &[u8], bytes: Vec<u8>, empty: bool) -> Result<(), Failure> {
    if !empty {
        return system.write_file(path, bytes, process.umask).map_err(|error| failed("cannot open", path, error));
    }
    if system.exists(path) {
        system.unlink(path).map_err(|error| failed("cannot remove", path, error))?;
    }
    Ok(())
}

fn failed(what: &str, path: &[u8], error: Errno) -> Failure {
    Failure::Exit(2, format!("{what} /{}: {error}", text(path)))
}

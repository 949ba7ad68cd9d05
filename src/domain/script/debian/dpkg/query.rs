//! `dpkg-query`(1): what the database knows.

use std::collections::BTreeMap;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::diversions::{self, By, Diversion};
use super::format::{self, Format};
use super::{Command, file_order, list, pattern, status, usage};

const ACTIONS: [&str; 9] =
    ["show", "status", "listfiles", "search", "list", "control-path", "control-show", "control-list", "print-avail"];
const OPTIONS: [&str; 12] = [
    "show",
    "status",
    "listfiles",
    "search",
    "list",
    "control-path",
    "control-show",
    "control-list",
    "print-avail",
    "showformat=",
    "no-pager",
    "load-avail",
];
const LETTERS: [(u8, &str); 8] = [
    (b'W', "show"),
    (b's', "status"),
    (b'L', "listfiles"),
    (b'S', "search"),
    (b'l', "list"),
    (b'c', "control-path"),
    (b'p', "print-avail"),
    (b'f', "showformat="),
];

/// `dpkg-query`.
pub(in super::super) fn dpkg_query(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = Command::parse(process, &OPTIONS, &LETTERS).and_then(|command| run(system, process, &command));
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, command: &Command) -> Result<u8, Failure> {
    if command.has("version") {
        return super::version(system, process, "Debian dpkg-query package management program query tool");
    }
    let actions: Vec<&str> = ACTIONS.into_iter().filter(|action| command.has(action)).collect();
    let operands = command.operands.as_slice();
    match actions.as_slice() {
        [] => Err(usage(process, "need an action option")),
        ["show"] => {
            let format = command.value("showformat").map_or("${binary:Package}\\t${Version}\\n".into(), text);
            show(system, process, operands, &format)
        }
        [action @ ("status" | "listfiles" | "search")] if operands.is_empty() => {
            let what = if *action == "search" { "file name pattern" } else { "package name" };
            Err(usage(process, &format!("--{action} needs at least one {what} argument")))
        }
        ["status"] => describe(system, process, operands),
        ["listfiles"] => files(system, process, operands),
        ["search"] => search(system, process, operands),
        [action @ ("control-path" | "control-show" | "control-list")] => control(system, process, operands, action),
        ["list"] => table(system, process, operands),
        [action @ "print-avail"] => Err(Stop::unsupported(&process.name(), format!("option --{action}")).into()),
        [one, two, ..] => Err(usage(process, &format!("conflicting actions --{two} and --{one}"))),
        [other] => Err(usage(process, &format!("unknown option --{other}"))),
    }
}

/// `--show`.
pub(super) fn show(
    system: &mut System<'_>,
    process: &mut Process,
    patterns: &[Vec<u8>],
    format: &str,
) -> Result<u8, Failure> {
    let format = Format::parse(format).map_err(Failure::dpkg)?;
    let all = status::load(system)?;
    let mut found = vec![false; patterns.len()];
    let mut out = String::new();
    for record in &all {
        system.budget.step(1 + patterns.len() as u64)?;
        let mut meant = patterns.is_empty() && record.status()[2] != "not-installed";
        for (pattern, found) in patterns.iter().zip(&mut found) {
            if record.is_meant(pattern) {
                (meant, *found) = (true, true);
            }
        }
        if meant {
            out += &format.render(record)?;
        }
    }
    let missing: Vec<&Vec<u8>> = patterns.iter().zip(&found).filter(|(_, found)| !**found).map(|(p, _)| p).collect();
    for pattern in &missing {
        complain(system, process, &format!("no packages found matching {}", text(pattern)))?;
    }
    process.out(system, out.as_bytes())?;
    Ok(u8::from(!missing.is_empty()))
}

/// `--list`: a table, as wide as its longest cells, as where there is no terminal.
fn table(system: &mut System<'_>, process: &mut Process, patterns: &[Vec<u8>]) -> Result<u8, Failure> {
    let all = status::load(system)?;
    let meant: Vec<_> = all
        .iter()
        .filter(|record| match patterns {
            [] => record.status()[2] != "not-installed",
            patterns => patterns.iter().any(|pattern| record.is_meant(pattern)),
        })
        .collect();
    let missing = |pattern: &&Vec<u8>| !all.iter().any(|record| record.is_meant(pattern));
    let missing: Vec<&Vec<u8>> = patterns.iter().filter(missing).collect();
    for pattern in &missing {
        complain(system, process, &format!("no packages found matching {}", text(pattern)))?;
    }
    let cells = |record: &status::Record| {
        let own = |field: &str| record.get(field).unwrap_or_default().to_owned();
        let summary = own("Description").lines().next().unwrap_or("(no description available)").to_owned();
        let version = record.get("Version").unwrap_or("<none>").to_owned();
        (record.binary(), version, own("Architecture"), summary)
    };
    let (mut name, mut version, mut arch, mut words) = (14, 12, 12, 33);
    for record in &meant {
        let (a, b, c, d) = cells(record);
        (name, version) = (name.max(a.chars().count()), version.max(b.chars().count()));
        (arch, words) = (arch.max(c.chars().count()), words.max(d.chars().count()));
    }
    // Wider columns than any field of a real package needs are not aligned.
    let [name, version, arch, words] = [name, version, arch, words].map(|width| width.min(1000));
    let line = |n: usize| "=".repeat(n);
    let mut out = format!(
        "Desired=Unknown/Install/Remove/Purge/Hold\n\
         | Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n\
         |/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n\
         ||/ {:<name$} {:<version$} {:<arch$} Description\n+++-{}-{}-{}-{}\n",
        "Name",
        "Version",
        "Architecture",
        line(name),
        line(version),
        line(arch),
        line(words),
    );
    for record in &meant {
        let (a, b, c, d) = cells(record);
        out += &format!("{} {a:<name$} {b:<version$} {c:<arch$} {d}\n", format::abbreviation(record));
    }
    if !meant.is_empty() {
        process.out(system, out.as_bytes())?;
    }
    Ok(u8::from(!missing.is_empty()))
}

/// `--status`: the stanzas.
fn describe(system: &mut System<'_>, process: &mut Process, packages: &[Vec<u8>]) -> Result<u8, Failure> {
    let all = status::load(system)?;
    let mut failed = false;
    for (n, package) in packages.iter().enumerate() {
        let Some(record) = all.iter().find(|record| exactly(record, package)) else {
            let name = text(package);
            complain(
                system,
                process,
                &format!(
                    "package '{name}' is not installed and no information is available\n\
                     Use dpkg --info (= dpkg-deb --info) to examine archive files."
                ),
            )?;
            failed = true;
            continue;
        };
        let mut out = if n > 0 { "\n".to_owned() } else { String::new() };
        for (name, value) in record.fields() {
            // The first line of a value of several lines may be empty: then no blank follows the colon.
            let blank = if value.is_empty() || value.starts_with('\n') { "" } else { " " };
            out += &format!("{name}:{blank}{value}\n");
        }
        process.out(system, out.as_bytes())?;
    }
    Ok(u8::from(failed))
}

fn exactly(record: &status::Record, package: &[u8]) -> bool {
    !pattern::is_pattern(package) && record.is_meant(package)
}

/// `--listfiles`.
fn files(system: &mut System<'_>, process: &mut Process, packages: &[Vec<u8>]) -> Result<u8, Failure> {
    let diversions = diversions::load(system)?;
    let mut failed = false;
    for (n, package) in packages.iter().enumerate() {
        let Some(list) = list::of(system, package)? else {
            let name = text(package);
            complain(
                system,
                process,
                &format!(
                    "package '{name}' is not installed\n\
                     Use dpkg --contents (= dpkg-deb --contents) to list archive files contents."
                ),
            )?;
            failed = true;
            continue;
        };
        let mut out = if n > 0 { b"\n".to_vec() } else { Vec::new() };
        if list.is_empty() {
            out.extend(format!("Package '{}' does not contain any files (!)\n", text(package)).bytes());
        }
        let name = package.split(|byte| *byte == b':').next().unwrap_or_default();
        for path in list {
            out.extend_from_slice(&path);
            out.push(b'\n');
            if let Some(diversion) = diversions.iter().find(|diversion| diversion.from == path) {
                let to = text(diversion.to.as_deref().unwrap_or_default());
                out.extend(
                    match &diversion.by {
                        By::Package(by) if by == name => format!("package diverts others to: {to}\n"),
                        By::Package(by) => format!("diverted by {} to: {to}\n", text(by)),
                        By::Local | By::Any => format!("locally diverted to: {to}\n"),
                    }
                    .bytes(),
                );
            }
        }
        process.out(system, &out)?;
    }
    Ok(u8::from(failed))
}

/// `--search`: who has a path.
fn search(system: &mut System<'_>, process: &mut Process, patterns: &[Vec<u8>]) -> Result<u8, Failure> {
    let diversions = diversions::load(system)?;
    let mut owners: BTreeMap<Vec<u8>, Vec<String>> = BTreeMap::new();
    // The last package that was read comes first.
    for record in status::load(system)?.iter().rev() {
        for path in list::of(system, record.binary().as_bytes())?.unwrap_or_default() {
            owners.entry(path).or_default().push(record.binary());
        }
    }
    let mut failed = false;
    for wanted in patterns {
        let wanted = match wanted.first() {
            Some(b'/' | b'*' | b'?' | b'[') => wanted.clone(),
            _ => [b"*", wanted.as_slice(), b"*"].concat(),
        };
        let glob = pattern::is_pattern(&wanted);
        let exact = if wanted.len() > 1 { wanted.strip_suffix(b"/").unwrap_or(&wanted) } else { &wanted };
        let meant = |path: &[u8]| if glob { pattern::matches(&wanted, path) } else { path == exact };
        let ends = |diversion: &Diversion| [Some(diversion.from.clone()), diversion.to.clone()];
        let mut paths: Vec<Vec<u8>> = owners.keys().filter(|path| meant(path)).cloned().collect();
        paths.extend(diversions.iter().flat_map(ends).flatten().filter(|path| meant(path)));
        paths.sort();
        paths.dedup();
        paths.sort_by_key(|path| file_order::slot(path));
        let mut out = Vec::new();
        for path in &paths {
            system.budget.step(1)?;
            for diversion in diversions.iter().filter(|one| ends(one).iter().flatten().any(|end| end == path)) {
                let by = match &diversion.by {
                    By::Package(by) => format!("diversion by {}", text(by)),
                    By::Local | By::Any => "local diversion".into(),
                };
                let (from, to) = (text(&diversion.from), text(diversion.to.as_deref().unwrap_or_default()));
                out.extend(format!("{by} from: {from}\n{by} to: {to}\n").bytes());
            }
            if let Some(packages) = owners.get(path) {
                out.extend(packages.join(", ").bytes());
                out.extend([b": ", path.as_slice(), b"\n"].concat());
            }
        }
        if out.is_empty() {
            complain(system, process, &format!("no path found matching pattern {}", text(&wanted)))?;
            failed = true;
        }
        process.out(system, &out)?;
    }
    Ok(u8::from(failed))
}

/// `--control-path`, `--control-show`, `--control-list`.
fn control(system: &mut System<'_>, process: &mut Process, operands: &[Vec<u8>], action: &str) -> Result<u8, Failure> {
    let (package, kind) = match operands {
        [package] if action != "control-show" => (package, None),
        [package, kind] if action != "control-list" => (package, Some(kind)),
        _ => return Err(usage(process, &format!("--{action} takes other arguments"))),
    };
    let all = status::load(system)?;
    let Some(record) = all.iter().find(|record| exactly(record, package)) else {
        complain(system, process, &format!("package '{}' is not installed", text(package)))?;
        return Ok(1);
    };
    let binary = record.binary();
    let Some(kind) = kind else {
        let start = [record.package().to_owned() + ".", binary + "."];
        let mut out = String::new();
        for name in system.names(&[super::ADMIN, b"/info"].concat()).unwrap_or_default() {
            let name = text(&name);
            let Some(kind) = start.iter().find_map(|start| name.strip_prefix(start.as_str())) else { continue };
            match (action, kind) {
                (_, "list") => {}
                ("control-list", _) => out += &format!("{kind}\n"),
                _ => out += &format!("/var/lib/dpkg/info/{name}\n"),
            }
        }
        process.out(system, out.as_bytes())?;
        return Ok(0);
    };
    match (list::info(system, binary.as_bytes(), kind), action) {
        (Some(file), "control-path") => process.out(system, format!("/var/lib/dpkg/{file}\n").as_bytes())?,
        (Some(file), _) => {
            let bytes = super::read(system, &file)?;
            process.out(system, &bytes)?;
        }
        (None, "control-show") => {
            complain(system, process, &format!("control file '{}' does not exist", text(kind)))?;
            return Ok(1);
        }
        (None, _) => {}
    }
    Ok(0)
}

/// A message, as `dpkg-query` even where `dpkg` was called: it executes it.
fn complain(system: &mut System<'_>, process: &mut Process, text: &str) -> Result<(), Stop> {
    process.write(system, 2, format!("dpkg-query: {text}\n").as_bytes()).map(drop)
}

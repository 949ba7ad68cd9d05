//! `deb-systemd-helper`(1p): enables units once, and remembers which links it made, below `/var/lib/systemd`.
//!
//! ```text
//! deb-systemd-helper-enabled/UNIT.dsh-also             the links of a unit, a line each, from `/`
//! deb-systemd-helper-enabled/TARGET.wants/UNIT         empty: that link was made once
//! deb-systemd-helper-masked/UNIT                       empty: that unit was masked by a package
//! ```

use std::collections::BTreeSet;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::systemctl::preset;
use super::unit::{Scope, base, find, links, make_folder, make_link, tree, unlink};
use crate::domain::rootfs::{Content, Kind};

/// `deb-systemd-helper`.
pub(in super::super) fn deb_systemd_helper(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = run(system, process);
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let (mut quiet, mut scope) = (false, Scope::System);
    let mut words = Vec::new();
    for arg in process.arguments() {
        match text(arg).trim_start_matches('-') {
            "quiet" if arg.starts_with(b"-") => quiet = true,
            "user" if arg.starts_with(b"-") => scope = Scope::User,
            "system" if arg.starts_with(b"-") => scope = Scope::System,
            _ => words.push(text(arg)),
        }
    }
    let Some((action, units)) = words.split_first() else {
        let name = process.args.first().map(|name| text(name)).unwrap_or_default();
        let text = format!(
            "{name} is a program which should be called by dpkg maintscripts only.\n\
             Please do not run it interactively, ever. Also see the manpage deb-systemd-helper(1).\n"
        );
        process.out(system, text.as_bytes())?;
        return Ok(0);
    };
    if process.env.get(&b"DPKG_MAINTSCRIPT_PACKAGE"[..]).is_none_or(Vec::is_empty) {
        let name = process.args.first().map(|name| text(name)).unwrap_or_default();
        process.write(system, 2, format!("{name} was not called from dpkg. Exiting.\n").as_bytes()).map(drop)?;
        return Ok(1);
    }
    let mut status = u8::from(matches!(action.as_str(), "is-enabled" | "was-enabled" | "debian-installed"));
    let state = State { scope };
    for unit in units {
        match action.as_str() {
            "is-enabled" | "was-enabled" => {
                let paths = if action == "is-enabled" {
                    links(system, scope, unit)?.into_iter().map(|link| link.path).collect()
                } else {
                    state.entries(system, unit)
                };
                let enabled = paths.iter().all(|path| is_link(system, path));
                if !quiet {
                    process.write(system, 2, if enabled { b"enabled\n" } else { b"disabled\n" }).map(drop)?;
                }
                if enabled {
                    status = 0;
                }
            }
            "update-state" => {
                let paths: Vec<String> = links(system, scope, unit)?.into_iter().map(|link| link.path).collect();
                state.write(system, unit, &paths)?;
            }
            "debian-installed" if state.is_known(system, unit) => status = 0,
            "reenable" => {
                state.remove_links(system, unit, false)?;
                state.make_links(system, unit, true)?;
            }
            "disable" | "purge" => {
                state.remove_links(system, unit, action == "purge")?;
                for folder in ["system", "user"] {
                    let helper = if folder == "user" { "user-helper" } else { "helper" };
                    remove_empty(system, &format!("/var/lib/systemd/deb-systemd-{helper}-enabled"))?;
                    for name in system.names(format!("etc/systemd/{folder}").as_bytes()).unwrap_or_default() {
                        remove_empty(system, &format!("/etc/systemd/{folder}/{}", text(&name)))?;
                    }
                }
            }
            "enable" => state.enable(system, process, unit)?,
            "mask" => state.mask(system, unit)?,
            "unmask" => {
                state.unmask(system, unit)?;
                remove_empty(system, "/var/lib/systemd/deb-systemd-helper-masked")?;
                remove_empty(system, "/var/lib/systemd/deb-systemd-user-helper-masked")?;
            }
            _ => {}
        }
    }
    Ok(status)
}

/// What the helper remembers.
struct State {
    scope: Scope,
}

impl State {
    fn folder(&self, what: &str) -> String {
        let helper = if self.scope == Scope::User { "user-helper" } else { "helper" };
        format!("/var/lib/systemd/deb-systemd-{helper}-{what}")
    }

    fn path(&self, unit: &str) -> String {
        format!("{}/{}.dsh-also", self.folder("enabled"), base(unit))
    }

    /// Where it is remembered that a link was made once.
    fn marker(&self, link: &str) -> String {
        let inside = link.strip_prefix(&format!("{}/", self.scope.folder())).unwrap_or(link);
        format!("{}/{inside}", self.folder("enabled"))
    }

    fn is_known(&self, system: &System<'_>, unit: &str) -> bool {
        system.stat(tree(&self.path(unit))).is_ok_and(|node| matches!(node.kind, Kind::File(_)))
    }

    fn entries(&self, system: &mut System<'_>, unit: &str) -> Vec<String> {
        let bytes = system.read(tree(&self.path(unit))).map(|bytes| bytes.to_vec()).unwrap_or_default();
        text(&bytes).lines().map(str::to_owned).collect()
    }

    fn write(&self, system: &mut System<'_>, unit: &str, links: &[String]) -> Result<(), Failure> {
        let lines: String = links.iter().map(|link| format!("{link}\n")).collect();
        file(system, &self.path(unit), lines.into_bytes())
    }

    /// Since bookworm the first time is left to `systemctl preset` where that is there, so that presets count.
    fn enable(&self, system: &mut System<'_>, process: &mut Process, unit: &str) -> Result<(), Failure> {
        let program = system.read(b"usr/bin/deb-systemd-helper").map(|bytes| bytes.to_vec()).unwrap_or_default();
        let presets = program.windows(11).any(|part| part == b"preset-mode");
        let has_systemctl = system.exists(b"bin/systemctl") || system.exists(b"usr/bin/systemctl");
        if !presets || !has_systemctl {
            return self.make_links(system, unit, true);
        }
        let create = if self.is_known(system, unit) {
            let links = links(system, self.scope, unit)?;
            links.iter().any(|link| is_link(system, &link.path))
        } else {
            preset(system, process, self.scope, unit, true, false)?;
            false
        };
        self.make_links(system, unit, create)
    }

    fn make_links(&self, system: &mut System<'_>, unit: &str, create: bool) -> Result<(), Failure> {
        for link in links(system, self.scope, unit)? {
            let mut entries = self.entries(system, unit);
            if !entries.contains(&link.path) {
                entries.push(link.path.clone());
            }
            self.write(system, unit, &entries)?;
            let marker = self.marker(&link.path);
            if system.exists(tree(&marker)) {
                continue;
            }
            if create && !is_link(system, &link.path) {
                make_link(system, &link.target, &link.path)?;
            }
            file(system, &marker, Vec::new())?;
        }
        Ok(())
    }

    fn remove_links(&self, system: &mut System<'_>, unit: &str, purge: bool) -> Result<(), Failure> {
        // The real one goes from unit to unit until no file can be opened any more; the second visit changes nothing.
        let (mut open, mut visited) = (vec![unit.to_owned()], BTreeSet::new());
        while let Some(unit) = open.pop() {
            if visited.insert(unit.clone()) {
                open.extend(self.remove_own_links(system, &unit, purge)?);
            }
        }
        Ok(())
    }

    /// Takes away a unit's own links; the units that it names in `Also=`.
    fn remove_own_links(&self, system: &mut System<'_>, unit: &str, purge: bool) -> Result<Vec<String>, Failure> {
        let entries = self.entries(system, unit);
        if purge {
            unlink(system, &self.path(unit))?;
        }
        for link in entries {
            let there = is_link(system, &link);
            if purge || there {
                unlink(system, &self.marker(&link))?;
            }
            if there {
                unlink(system, &link)?;
            }
        }
        let path = find(system, self.scope, unit);
        let bytes = system.read(tree(&path)).map(|bytes| bytes.to_vec()).unwrap_or_default();
        Ok(text(&bytes)
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("Also="))
            .map(|also| base(also).to_owned())
            .collect())
    }

    fn mask(&self, system: &mut System<'_>, unit: &str) -> Result<(), Failure> {
        let link = format!("{}/{}", self.scope.folder(), base(unit));
        let to_null = system.lstat(tree(&link)).is_ok_and(|node| node.target() == Some(b"/dev/null"));
        if system.exists(tree(&link)) || to_null {
            return Ok(());
        }
        unlink(system, &link)?;
        make_link(system, "/dev/null", &link)?;
        file(system, &format!("{}/{}", self.folder("masked"), base(unit)), Vec::new())
    }

    fn unmask(&self, system: &mut System<'_>, unit: &str) -> Result<(), Failure> {
        let link = format!("{}/{}", self.scope.folder(), base(unit));
        let marker = format!("{}/{}", self.folder("masked"), base(unit));
        let masked = system.lstat(tree(&link)).is_ok_and(|node| node.target() == Some(b"/dev/null"));
        if masked && system.exists(tree(&marker)) {
            unlink(system, &link)?;
            unlink(system, &marker)?;
        }
        Ok(())
    }
}

fn is_link(system: &System<'_>, path: &str) -> bool {
    system.lstat(tree(path)).is_ok_and(|node| node.target().is_some())
}

fn file(system: &mut System<'_>, path: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    make_folder(system, path)?;
    system
        .replace(tree(path), Kind::File(Content::bytes(bytes)), 0o644)
        .map_err(|error| Failure::Exit(1, format!("Failed to create/touch {path}: {error}")))
}

/// Takes a folder away with those below it, as far as they are empty.
fn remove_empty(system: &mut System<'_>, folder: &str) -> Result<(), Failure> {
    system.budget.step(1)?;
    if !system.lstat(tree(folder)).is_ok_and(|node| node.is_directory()) {
        return Ok(());
    }
    for name in system.names(tree(folder)).unwrap_or_default() {
        remove_empty(system, &format!("{folder}/{}", text(&name)))?;
    }
    // A folder that is not empty stays; nothing else can be wrong.
    let _ = system.rmdir(tree(folder));
    Ok(())
}

//! Where Apache's configuration and the marks are, and how the links and marks are changed.

use std::collections::BTreeMap;

use super::super::failure::text;
use crate::domain::script::command;
use crate::domain::script::core::canonical::relative;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::stream::{Stream, Streams};
use crate::domain::script::system::System;

/// Why the program ends: it cannot be interpreted, or it says this and has this status.
pub(super) enum End {
    Stop(Stop),
    Die(u8, String),
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Modules, pieces of configuration or sites.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    Module,
    Conf,
    Site,
}

impl Object {
    /// As messages and marks call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Conf => "conf",
            Self::Site => "site",
        }
    }

    /// As folders call it.
    const fn folder(self) -> &'static str {
        match self {
            Self::Module => "mods",
            Self::Conf => "conf",
            Self::Site => "sites",
        }
    }

    /// What the names of its files end in.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Module => ".load",
            Self::Conf | Self::Site => ".conf",
        }
    }
}

/// How a link stands.
pub(super) enum Link {
    Right,
    Missing,
    /// In words.
    Wrong(String),
}

/// Folders, as paths from `/`.
pub(super) struct Folders {
    pub(super) available: String,
    pub(super) enabled: String,
    /// `mods-enabled`.
    pub(super) modules: String,
    /// Marks of this kind of object.
    pub(super) state: String,
}

impl Folders {
    /// As `envvars` and the environment have them; `instance` is what follows the program's name: `-two`.
    pub(super) fn find(
        system: &mut System<'_>,
        process: &Process,
        object: Object,
        instance: &str,
    ) -> Result<Self, End> {
        let mut env: BTreeMap<String, String> =
            process.env.iter().map(|(name, value)| (text(name), text(value))).collect();
        let set = |env: &BTreeMap<String, String>, name: &str| {
            env.get(name).filter(|value| !value.is_empty() && *value != "0").cloned()
        };
        let file = match (set(&env, "APACHE_ENVVARS"), set(&env, "APACHE_CONFDIR")) {
            (Some(file), _) => file,
            (None, Some(folder)) => format!("{folder}/envvars"),
            (None, None) => format!("/etc/apache2{instance}/envvars"),
        };
        for line in variables(system, process, &file)?.lines() {
            let (name, value) =
                line.rsplit_once('=').ok_or_else(|| End::Die(2, format!("Could not parse {file}\n")))?;
            env.insert(name.into(), value.into());
        }
        let root = set(&env, "APACHE_CONFDIR").unwrap_or_else(|| format!("/etc/apache2{instance}"));
        let folder = |kind: &str, which: &str| {
            let name = format!("APACHE_{kind}_{which}").to_uppercase();
            set(&env, &name).unwrap_or_else(|| format!("{root}/{kind}-{which}"))
        };
        let state = set(&env, "APACHE_STATE_DIRECTORY").unwrap_or_else(|| "/var/lib/apache2".into());
        Ok(Self {
            available: folder(object.folder(), "available"),
            enabled: folder(object.folder(), "enabled"),
            modules: folder("mods", "enabled"),
            state: format!("{state}/{}", object.name()),
        })
    }

    /// Whether a link is there and leads to what it should; one that leads nowhere is taken away. What was said about it.
    pub(super) fn check(system: &mut System<'_>, target: &str, link: &str) -> (Link, String) {
        let (target_path, link_path) = (path(target), path(link));
        if !system.exists(link_path) {
            if system.lstat(link_path).is_ok() && system.unlink(link_path).is_ok() {
                return (Link::Missing, format!("Removing dangling link {link}"));
            }
            return (Link::Missing, String::new());
        }
        if !system.lstat(link_path).is_ok_and(|node| node.target().is_some()) {
            return (Link::Wrong(format!("{link} is a real file, not touching it")), String::new());
        }
        let leads = |path: &[u8]| system.tree.real_path(path).ok().flatten();
        let link = if leads(link_path) == leads(target_path) {
            Link::Right
        } else {
            Link::Wrong(format!("{link} exists but does not point to {target}, not touching it"))
        };
        (link, String::new())
    }

    /// Makes a relative link.
    pub(super) fn link(system: &mut System<'_>, target: &str, link: &str) -> Result<(), End> {
        let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
        let short = relative(path(folder), path(target));
        system.symlink(&short, path(link)).map_err(|error| End::Die(2, format!("Could not create {link}: {error}\n")))
    }

    /// Marks an object: who enabled or disabled it last. With `purge` marks are only taken away.
    pub(super) fn mark(
        &self,
        system: &mut System<'_>,
        what: &str,
        who: &str,
        name: &str,
        purge: bool,
    ) -> Result<(), End> {
        let folder = format!("{}/{what}d_by_{who}", self.state);
        let mut walked = String::new();
        for part in folder.split('/').filter(|part| !part.is_empty()) {
            walked = if walked.is_empty() { part.into() } else { format!("{walked}/{part}") };
            if !system.exists(walked.as_bytes()) && system.mkdir(walked.as_bytes(), 0o755).is_err() {
                return Err(End::Die(2, format!("ERROR: Failed to create marker directory: '{folder}'\n")));
            }
        }
        let mut open = vec![path(&self.state).to_vec()];
        while let Some(folder) = open.pop() {
            for entry in system.names(&folder).unwrap_or_default() {
                system.budget.step(1)?;
                let at = [folder.as_slice(), b"/", &entry].concat();
                let Ok(node) = system.lstat(&at) else { continue };
                if node.is_directory() {
                    open.push(at);
                } else if entry == name.as_bytes() && node.target().is_none() {
                    let _ = system.unlink(&at);
                }
            }
        }
        if !purge {
            let mark = format!("{folder}/{name}");
            let made = system.create(path(&mark), Vec::new(), 0o644);
            made.map_err(|_| End::Die(2, format!("ERROR: Failed to create marker '{mark}'!\n")))?;
        }
        Ok(())
    }
}

/// A path as the tree has it.
pub(super) fn path(path: &str) -> &[u8] {
    path.strip_prefix('/').unwrap_or(path).as_bytes()
}

/// What the shell's environment is after `envvars`.
fn variables(system: &mut System<'_>, process: &Process, file: &str) -> Result<String, End> {
    if !system.exists(path(file)) {
        return Ok(String::new());
    }
    let mut shell = process.clone();
    shell.args = [&b"sh"[..], b"-c", format!(". {file} && env").as_bytes()].map(<[u8]>::to_vec).to_vec();
    shell.env.retain(|name, _| name == b"PATH");
    shell.streams = Streams::null();
    let output = Stream::pipe("");
    shell.streams.set(1, output.clone());
    if command::exec(system, &mut shell)? != 0 {
        return Err(End::Die(2, format!("Could not read {file}\n")));
    }
    Ok(text(&Stream::drain(&output)))
}

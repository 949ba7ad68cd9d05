//! The link groups of a tree: records and links.

use super::super::super::errno::Errno;
use super::super::super::process::Process;
use super::super::super::system::System;
use super::super::failure::{Failure, text};
use super::arguments::{Arguments, Install};
use super::record::{Choice, Group};
use crate::domain::rootfs::{Content, Kind};

/// Where groups are kept.
pub(super) struct Groups {
    /// The folder of links, as it was named.
    pub(super) links: Vec<u8>,
    /// The folder of records, a path in the tree.
    records: Vec<u8>,
    force: bool,
}

impl Groups {
    pub(super) fn new(process: &Process, arguments: &Arguments) -> Self {
        Self { links: arguments.links.clone(), records: process.path(&arguments.records), force: arguments.force }
    }

    /// The names of all groups.
    pub(super) fn names(&self, system: &System<'_>) -> Vec<Vec<u8>> {
        let names = system.names(&self.records).unwrap_or_default();
        names.into_iter().filter(|name| !name.starts_with(b".") && !name.ends_with(b".dpkg-tmp")).collect()
    }

    /// A group, where there is one.
    pub(super) fn load(&self, system: &mut System<'_>, name: &[u8]) -> Result<Option<Group>, Failure> {
        let path = join(&self.records, name);
        match system.read(&path) {
            Ok(bytes) => Group::parse(&bytes)
                .map(Some)
                .map_err(|reason| Failure::dpkg(format!("/{} corrupt: {reason}", text(&path)))),
            Err(Errno::Missing) => Ok(None),
            Err(error) => Err(Failure::call("unable to open file", &path, error)),
        }
    }

    /// A group that has to be there.
    pub(super) fn existing(&self, system: &mut System<'_>, name: &[u8]) -> Result<Group, Failure> {
        self.load(system, name)?.ok_or_else(|| Failure::dpkg(format!("no alternatives for {}", text(name))))
    }

    /// Writes a group's record, without secondary links that no choice has.
    pub(super) fn save(&self, system: &mut System<'_>, name: &[u8], group: &mut Group) -> Result<(), Failure> {
        let used = |name: &Vec<u8>| group.choices.iter().any(|choice| choice.slaves.contains_key(name));
        let unused: Vec<Vec<u8>> = group.slaves.keys().filter(|name| !used(name)).cloned().collect();
        for slave in unused {
            if let Some(link) = group.slaves.remove(&slave) {
                self.remove_link(system, &link)?;
                self.remove_link(system, &join(&self.links, &slave))?;
            }
        }
        let path = join(&self.records, name);
        let kind = Kind::File(Content::bytes(group.render()));
        system.replace(&path, kind, 0o644).map_err(|error| Failure::call("unable to create file", &path, error))
    }

    /// Takes a group away: links and record.
    pub(super) fn delete(&self, system: &mut System<'_>, name: &[u8], group: &Group) -> Result<(), Failure> {
        let master = [(name, group.link.as_slice())];
        let slaves = group.slaves.iter().map(|(name, link)| (name.as_slice(), link.as_slice()));
        for (name, link) in master.into_iter().chain(slaves) {
            self.remove_link(system, link)?;
            self.remove_link(system, &join(&self.links, name))?;
        }
        remove(system, &join(&self.records, name))
    }

    /// What a group's link in the folder of links leads to.
    pub(super) fn current(&self, system: &System<'_>, name: &[u8]) -> Option<Vec<u8>> {
        target(system, &join(&self.links, name))
    }

    /// Makes a choice's links: the primary one and those secondary ones whose files are there; the others go.
    pub(super) fn install(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        group: &Group,
        choice: &Choice,
    ) -> Result<(), Failure> {
        self.place(system, process, name, &group.link, &choice.path)?;
        for (slave, link) in &group.slaves {
            match choice.slaves.get(slave) {
                Some(file) if system.exists(&process.path(file)) => self.place(system, process, slave, link, file)?,
                file => {
                    if let Some(file) = file {
                        let (link, file, name) = (text(link), text(file), text(name));
                        let text = format!(
                            "warning: skip creation of {link} because associated file {file} (of link group {name}) doesn't exist"
                        );
                        process.complain(system, &text)?;
                    }
                    self.remove_link(system, link)?;
                    self.remove_link(system, &join(&self.links, slave))?;
                }
            }
        }
        Ok(())
    }

    /// Whether the links of the current choice are not what they should be.
    pub(super) fn is_broken(
        &self,
        system: &System<'_>,
        process: &Process,
        name: &[u8],
        group: &Group,
        current: Option<&[u8]>,
    ) -> bool {
        let leads = |link: &[u8], to: &[u8]| target(system, trimmed(link)).as_deref() == Some(to);
        if !leads(&group.link, &join(&self.links, name)) {
            return true;
        }
        let Some(choice) = current.and_then(|path| group.choice(path)) else { return true };
        group.slaves.iter().any(|(slave, link)| {
            let middle = join(&self.links, slave);
            match choice.slaves.get(slave).filter(|file| system.exists(&process.path(file))) {
                Some(file) => !leads(link, &middle) || !leads(&middle, file),
                None => target(system, trimmed(&middle)).is_some(),
            }
        })
    }

    /// Moves a link of the group to another place.
    pub(super) fn move_link(&self, system: &mut System<'_>, from: &[u8], to: &[u8]) -> Result<(), Failure> {
        let (from, to) = (trimmed(from), trimmed(to));
        if target(system, from).is_none() {
            return Ok(());
        }
        system
            .rename(from, to)
            .map_err(|error| Failure::dpkg(format!("unable to install '/{}' as '/{}': {error}", text(from), text(to))))
    }

    /// Takes a link away; anything else only by force.
    pub(super) fn remove_link(&self, system: &mut System<'_>, path: &[u8]) -> Result<(), Failure> {
        let path = trimmed(path);
        let there = system.lstat(path).is_ok_and(|node| node.target().is_some() || self.force);
        if there { remove(system, path) } else { Ok(()) }
    }

    /// Whether an installation may be: its names and links are nobody else's, and its file is there.
    pub(super) fn check(&self, system: &mut System<'_>, install: &Install) -> Result<(), Failure> {
        let mut others = Vec::new();
        for name in self.names(system) {
            system.budget.step(1)?;
            if let Some(group) = self.load(system, &name)? {
                others.push((name, group));
            }
        }
        let refuse = |text: String| Err(Failure::dpkg(text));
        let name = text(&install.name);
        if let Some((parent, _)) = others.iter().find(|(_, group)| group.slaves.contains_key(&install.name)) {
            return refuse(format!("alternative {name} can't be master: it is a slave of {}", text(parent)));
        }
        for link in std::iter::once(&install.link).chain(install.slaves.values()) {
            for (other, group) in &others {
                if *other != install.name && group.link == *link {
                    return refuse(format!("alternative link {} is already managed by {}", text(link), text(other)));
                }
                if *other != install.name && group.slaves.values().any(|other| other == link) {
                    return refuse(format!("alternative link {} is already managed by {}", text(link), text(other)));
                }
            }
        }
        if !system.exists(trimmed(&install.choice.path)) {
            return refuse(format!("alternative path {} doesn't exist", text(&install.choice.path)));
        }
        for slave in install.slaves.keys() {
            for (other, group) in &others {
                let shown = text(slave);
                if other == slave {
                    return refuse(format!("alternative {shown} can't be slave of {name}: it is a master alternative"));
                }
                if *other != install.name && group.slaves.contains_key(slave) {
                    let other = text(other);
                    return refuse(format!("alternative {shown} can't be slave of {name}: it is a slave of {other}"));
                }
            }
        }
        Ok(())
    }

    /// Makes `link` → folder of links → `file`.
    fn place(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        link: &[u8],
        file: &[u8],
    ) -> Result<(), Failure> {
        let middle = join(&self.links, name);
        make_link(system, file, trimmed(&middle))?;
        let link = trimmed(link);
        match system.lstat(link) {
            Ok(node) if node.target() == Some(&middle) => Ok(()),
            Ok(node) if node.target().is_none() && !self.force => {
                let text = format!("warning: not replacing /{} with a link", text(link));
                Ok(process.complain(system, &text)?)
            }
            _ => make_link(system, &middle, link),
        }
    }
}

fn make_link(system: &mut System<'_>, target: &[u8], path: &[u8]) -> Result<(), Failure> {
    system.replace(path, Kind::Symlink(target.into()), 0o777).map_err(|error| {
        let path = [path, b".dpkg-tmp"].concat();
        Failure::call("error creating symbolic link", &path, error)
    })
}

fn remove(system: &mut System<'_>, path: &[u8]) -> Result<(), Failure> {
    match system.unlink(path) {
        Ok(()) | Err(Errno::Missing) => Ok(()),
        Err(error) => Err(Failure::call("unable to remove", path, error)),
    }
}

fn target(system: &System<'_>, path: &[u8]) -> Option<Vec<u8>> {
    system.lstat(trimmed(path)).ok()?.target().map(<[u8]>::to_vec)
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    [folder, b"/", name].concat()
}

/// An absolute path as the tree has it.
fn trimmed(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"/").unwrap_or(path)
}

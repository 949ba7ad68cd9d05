//! All files of accounts at once, and what programs do with them.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, text};
use super::defaults::Defaults;
use super::table::{Table, id, members, set_members};
use crate::domain::rootfs::{Content, Kind};

/// The files.
pub(super) struct Database {
    pub(super) passwd: Table,
    pub(super) shadow: Table,
    pub(super) group: Table,
    pub(super) gshadow: Table,
    pub(super) subuid: Table,
    pub(super) subgid: Table,
    /// `/etc/login.defs`.
    pub(super) defaults: Defaults,
}

impl Database {
    /// Reads the files to change them, and makes the lock that every program makes.
    pub(super) fn open(system: &mut System<'_>) -> Result<Self, Failure> {
        if !system.exists(b"etc/.pwd.lock") {
            let empty = Kind::File(Content::bytes(Vec::new()));
            system
                .replace(b"etc/.pwd.lock", empty, 0o600)
                .map_err(|_| Failure::Exit(1, "cannot lock /etc/passwd; try again later.".into()))?;
        }
        Self::read(system)
    }

    /// Reads the files.
    pub(super) fn read(system: &mut System<'_>) -> Result<Self, Failure> {
        Ok(Self {
            passwd: Table::load(system, b"etc/passwd", 0o644)?,
            shadow: Table::load(system, b"etc/shadow", 0o440)?,
            group: Table::load(system, b"etc/group", 0o644)?,
            gshadow: Table::load(system, b"etc/gshadow", 0o440)?,
            subuid: Table::load(system, b"etc/subuid", 0o644)?,
            subgid: Table::load(system, b"etc/subgid", 0o644)?,
            defaults: Defaults::login(system),
        })
    }

    /// Writes what changed.
    pub(super) fn save(&self, system: &mut System<'_>) -> Result<u8, Failure> {
        for table in [&self.passwd, &self.shadow, &self.group, &self.gshadow, &self.subuid, &self.subgid] {
            table.save(system)?;
        }
        Ok(0)
    }

    /// A group's number, by its name or its number.
    pub(super) fn gid(&self, group: &[u8]) -> Option<u32> {
        match text(group).parse().ok() {
            Some(number) => self.group.numbered(number).map(|_| number),
            None => self.group.row(group).and_then(id),
        }
    }

    /// The name of a group, by its name or its number.
    pub(super) fn group_name(&self, group: &[u8]) -> Option<Vec<u8>> {
        let row = match text(group).parse().ok() {
            Some(number) => self.group.numbered(number),
            None => self.group.row(group),
        };
        row?.first().cloned()
    }

    /// Adds a group.
    pub(super) fn add_group(&mut self, name: &[u8], gid: u32) {
        let secret: &[u8] = if self.gshadow.is_there() { b"x" } else { b"!" };
        self.group.push(&[name, secret, gid.to_string().as_bytes(), b""]);
        if self.gshadow.is_there() {
            self.gshadow.push(&[name, b"!", b"", b""]);
        }
    }

    /// Adds a member to a group, or takes it away.
    pub(super) fn set_member(&mut self, group: &[u8], user: &[u8], is_member: bool) {
        for table in [&mut self.group, &mut self.gshadow] {
            let Some(row) = table.row_mut(group) else { continue };
            let mut names = members(row, 3);
            match (names.iter().any(|name| name == user), is_member) {
                (false, true) => names.push(user.to_vec()),
                (true, false) => names.retain(|name| name != user),
                _ => continue,
            }
            set_members(row, 3, &names);
        }
    }

    /// A free number of a user (`UID`) or a group (`GID`), as `find_new_uid` has it: for systems' own downward from the
    /// lowest used, else upward from the highest used, and the first that is free when there is none.
    pub(super) fn free(&self, kind: &str, system_account: bool, preferred: Option<u32>) -> Option<u32> {
        let table = if kind == "UID" { &self.passwd } else { &self.group };
        let (low, high) = self.defaults.range(kind, system_account);
        let used: std::collections::BTreeSet<u32> =
            table.rows.iter().filter_map(id).filter(|id| (low..=high).contains(id)).collect();
        if let Some(preferred) = preferred.filter(|id| (low..=high).contains(id) && !used.contains(id)) {
            return Some(preferred);
        }
        let next = if system_account {
            used.first().map_or(Some(high), |lowest| lowest.checked_sub(1))
        } else {
            used.last().map_or(Some(low), |highest| highest.checked_add(1))
        };
        let is_free = |id: &u32| (low..=high).contains(id) && !used.contains(id);
        next.filter(is_free).or_else(|| {
            // The range is searched in the same direction, at most one step beyond all that is used.
            let count = u32::try_from(used.len()).unwrap_or(u32::MAX);
            if system_account {
                (high.saturating_sub(count).max(low)..=high).rev().find(is_free)
            } else {
                (low..=low.saturating_add(count).min(high)).find(is_free)
            }
        })
    }
}

/// Whether a name may be an account's, as Debian's shadow has it.
pub(super) fn is_name(name: &[u8]) -> bool {
    let bad = |byte: &u8| matches!(byte, b':' | b',' | b'/') || byte.is_ascii_whitespace();
    !name.is_empty()
        && name.len() <= 32
        && !matches!(name.first(), Some(b'-' | b'+' | b'~'))
        && !name.iter().any(bad)
        && !name.iter().all(u8::is_ascii_digit)
        && name != b"."
        && name != b".."
}

/// Refuses the options that lead into another tree.
pub(super) fn refuse_other_trees(process: &Process, line: &super::super::options::Line) -> Result<(), Failure> {
    let other = |option: &&str| line.value(option).is_some_and(|root| root.iter().any(|byte| *byte != b'/'));
    match ["root", "prefix"].into_iter().find(other) {
        Some(option) => Err(Stop::unsupported(&process.name(), format!("option --{option}")).into()),
        None => Ok(()),
    }
}

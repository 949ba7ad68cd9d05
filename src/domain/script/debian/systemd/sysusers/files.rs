//! `passwd`(5), `group`(5), `shadow`(5) and `gshadow`(5) as `systemd-sysusers` writes them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::super::process::Process;
use super::super::super::super::system::System;
use super::super::super::accounts::table::{Row, Table, id, members, set, set_members};
use super::super::super::failure::{Failure, text};
use super::items::{Item, Items};
use super::numbers::Numbers;
use super::say;
use crate::domain::rootfs::{Content, Kind};

/// The files.
pub(super) struct Files {
    passwd: Table,
    shadow: Table,
    group: Table,
    gshadow: Table,
    by_user: BTreeMap<Vec<u8>, u32>,
    by_group: BTreeMap<Vec<u8>, u32>,
}

impl Files {
    /// Reads them; makes the lock unless nothing is to be changed.
    pub(super) fn open(system: &mut System<'_>, dry: bool) -> Result<Self, Failure> {
        if !dry && !system.exists(b"etc/.pwd.lock") {
            let lock = system.replace(b"etc/.pwd.lock", Kind::File(Content::bytes(Vec::new())), 0o600);
            lock.map_err(|error| Failure::call("cannot open", b"etc/.pwd.lock", error))?;
        }
        let passwd = Table::load(system, b"etc/passwd", 0o644)?;
        let group = Table::load(system, b"etc/group", 0o644)?;
        let by_name = |table: &Table| {
            let mut names = BTreeMap::new();
            for row in &table.rows {
                if let (Some(name), Some(number)) = (row.first(), id(row)) {
                    names.entry(name.clone()).or_insert(number);
                }
            }
            names
        };
        Ok(Self {
            by_user: by_name(&passwd),
            by_group: by_name(&group),
            shadow: Table::load(system, b"etc/shadow", 0)?,
            gshadow: Table::load(system, b"etc/gshadow", 0)?,
            passwd,
            group,
        })
    }

    /// A user's number.
    pub(super) fn uid(&self, name: &[u8]) -> Option<u32> {
        self.by_user.get(name).copied()
    }

    /// A group's number.
    pub(super) fn gid(&self, name: &[u8]) -> Option<u32> {
        self.by_group.get(name).copied()
    }

    /// Users by their numbers, the first of each.
    pub(super) fn uids(&self) -> BTreeMap<u32, Vec<u8>> {
        by_number(&self.passwd)
    }

    /// Groups by their numbers, the first of each.
    pub(super) fn gids(&self) -> BTreeMap<u32, Vec<u8>> {
        by_number(&self.group)
    }

    /// Writes what is new.
    pub(super) fn write(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        items: &Items,
        numbers: &Numbers,
    ) -> Result<u8, Failure> {
        let new: BTreeSet<&[u8]> = numbers.groups.iter().map(|item| item.name.as_slice()).collect();
        let there = self.gshadow.rows.iter().filter_map(|row| row.first());
        if let Some(name) = there.into_iter().find(|name| new.contains(name.as_slice())) {
            say(system, process, &format!("/etc/gshadow: Group \"{}\" already exists.", text(name)))?;
            return Ok(1);
        }
        for table in [&mut self.group, &mut self.gshadow] {
            for row in &mut table.rows {
                join(row, items);
            }
        }
        for item in &numbers.groups {
            let gid = item.gid.unwrap_or(0).to_string();
            let mut row = fields(&[&item.name, b"x", gid.as_bytes(), b""]);
            join(&mut row, items);
            let end = before_nis(&self.group);
            self.group.rows.insert(end, row);
            let mut row = fields(&[&item.name, b"!*", b"", b""]);
            join(&mut row, items);
            self.gshadow.rows.push(row);
        }
        let today = (system.epoch.seconds() / 86_400).to_string();
        for item in &numbers.users {
            let (uid, gid) = (item.uid.unwrap_or(0).to_string(), item.gid.unwrap_or(0).to_string());
            let description = item.description.as_deref().unwrap_or_default();
            let home = item.home.as_deref().unwrap_or(b"/");
            let shell = shell(system, item);
            let row = fields(&[&item.name, b"x", uid.as_bytes(), gid.as_bytes(), description, home, &shell]);
            let end = before_nis(&self.passwd);
            self.passwd.rows.insert(end, row);
        }
        let mut users: BTreeMap<&[u8], &Item> = numbers.users.iter().map(|item| (item.name.as_slice(), item)).collect();
        for row in &mut self.shadow.rows {
            let name = row.first().cloned().unwrap_or_default();
            if users.remove(name.as_slice()).is_some() {
                set(row, 2, today.as_bytes());
            }
        }
        for item in numbers.users.iter().filter(|item| users.contains_key(item.name.as_slice())) {
            let expires: &[u8] = if item.locked { b"1" } else { b"" };
            let row = fields(&[&item.name, b"!*", today.as_bytes(), b"", b"", b"", b"", expires, b""]);
            let end = before_nis(&self.shadow);
            self.shadow.rows.insert(end, row);
        }
        for table in [&self.group, &self.gshadow, &self.passwd, &self.shadow] {
            table.save(system)?;
        }
        Ok(0)
    }
}

fn by_number(table: &Table) -> BTreeMap<u32, Vec<u8>> {
    let mut numbers = BTreeMap::new();
    for row in &table.rows {
        if let (Some(name), Some(number)) = (row.first(), id(row)) {
            numbers.entry(number).or_insert_with(|| name.clone());
        }
    }
    numbers
}

/// Adds a group's new members; all of them are sorted then.
fn join(row: &mut Row, items: &Items) {
    let wanted = items.members_of(row.first().map(Vec::as_slice).unwrap_or_default());
    if wanted.is_empty() {
        return;
    }
    let old = members(row, 3);
    let all: BTreeSet<&Vec<u8>> = old.iter().chain(wanted).collect();
    if all.len() > old.iter().collect::<BTreeSet<_>>().len() {
        let all: Vec<Vec<u8>> = all.into_iter().cloned().collect();
        set_members(row, 3, &all);
    }
}

/// Where new lines go: before those of NIS, which stay at the end.
fn before_nis(table: &Table) -> usize {
    let is_nis = |row: &Row| matches!(row.first().and_then(|name| name.first()), Some(b'+' | b'-'));
    let rows = &table.rows;
    rows.iter().rposition(|row| !is_nis(row)).map_or(0, |last| last + 1)
}

fn fields(fields: &[&[u8]]) -> Row {
    fields.iter().map(|field| field.to_vec()).collect()
}

/// The shell of a new user: what its line says, root's own for the number 0, else none.
fn shell(system: &System<'_>, item: &Item) -> Vec<u8> {
    match &item.shell {
        Some(shell) => shell.clone(),
        None if item.uid == Some(0) && system.exists(b"bin/bash") => b"/bin/bash".to_vec(),
        None if item.uid == Some(0) => b"/bin/sh".to_vec(),
        None => b"/usr/sbin/nologin".to_vec(),
    }
}

//! A file of accounts: lines of fields with `:` between them, changed in memory, written once.

use super::super::super::errno::Errno;
use super::super::super::system::System;
use super::super::failure::Failure;
use super::names;
use crate::domain::rootfs::{Content, Kind, Meta};

/// The fields of one line.
pub(in super::super) type Row = Vec<Vec<u8>>;

/// One of `passwd`(5), `group`(5), `shadow`(5), `gshadow`(5), `subuid`(5), `subgid`(5).
pub(in super::super) struct Table {
    path: &'static [u8],
    /// Its lines.
    pub(in super::super) rows: Vec<Row>,
    /// Its numbers, where it is there.
    meta: Option<Meta>,
    old: Vec<u8>,
    /// The mode it gets where it is made.
    mode: u32,
}

impl Table {
    /// Reads a file; one that is missing has no lines.
    pub(in super::super) fn load(system: &mut System<'_>, path: &'static [u8], mode: u32) -> Result<Self, Failure> {
        let old = match system.read(path) {
            Ok(bytes) => bytes.to_vec(),
            Err(Errno::Missing) => Vec::new(),
            Err(error) => return Err(Failure::call("cannot open", path, error)),
        };
        let meta = system.stat(path).ok().map(|node| node.meta.clone());
        system.budget.step(old.len() as u64 / 16)?;
        let lines = old.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let rows = lines.map(|line| line.split(|byte| *byte == b':').map(<[u8]>::to_vec).collect()).collect();
        Ok(Self { path, rows, meta, old, mode })
    }

    /// Whether the file was there.
    pub(in super::super) const fn is_there(&self) -> bool {
        self.meta.is_some()
    }

    /// The line of a name.
    pub(in super::super) fn row(&self, name: &[u8]) -> Option<&Row> {
        self.rows.iter().find(|row| row.first().is_some_and(|first| first == name))
    }

    /// The line of a name, to change it.
    pub(in super::super) fn row_mut(&mut self, name: &[u8]) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.first().is_some_and(|first| first == name))
    }

    /// The line with this number in its third field.
    pub(in super::super) fn numbered(&self, number: u32) -> Option<&Row> {
        self.rows.iter().find(|row| id(row) == Some(number))
    }

    /// Adds a line at the end.
    pub(in super::super) fn push(&mut self, fields: &[&[u8]]) {
        self.rows.push(fields.iter().map(|field| field.to_vec()).collect());
    }

    /// Takes a name's line away.
    pub(in super::super) fn remove(&mut self, name: &[u8]) {
        self.rows.retain(|row| row.first().is_none_or(|first| first != name));
    }

    /// Writes the file where it changed: what it was becomes `FILE-`, both with its mode and owner.
    pub(in super::super) fn save(&self, system: &mut System<'_>) -> Result<(), Failure> {
        let new: Vec<u8> = self.rows.iter().flat_map(|row| row.join(&b':').into_iter().chain([b'\n'])).collect();
        if new == self.old {
            return Ok(());
        }
        if let Some(meta) = &self.meta {
            let backup = [self.path, b"-"].concat();
            put(system, &backup, self.old.clone(), meta)?;
            return put(system, self.path, new, meta);
        }
        // Debian's group `shadow` may read what others may not.
        let readable = self.mode & 0o040 != 0 && self.mode & 0o004 == 0;
        let gid = if readable { names::number(system, "etc/group", b"shadow").unwrap_or(0) } else { 0 };
        put(system, self.path, new, &Meta { gid, ..Meta::root(self.mode, 0) })
    }
}

fn put(system: &mut System<'_>, path: &[u8], bytes: Vec<u8>, like: &Meta) -> Result<(), Failure> {
    system
        .replace(path, Kind::File(Content::bytes(bytes)), like.mode)
        .and_then(|()| system.change(path, |meta| (meta.uid, meta.gid) = (like.uid, like.gid)))
        .map_err(|error| Failure::call("cannot write", path, error))
}

/// The number in a line's third field.
pub(in super::super) fn id(row: &Row) -> Option<u32> {
    std::str::from_utf8(row.get(2)?).ok()?.parse().ok()
}

/// Sets a field of a line, made where it is missing.
pub(in super::super) fn set(row: &mut Row, field: usize, value: impl Into<Vec<u8>>) {
    if row.len() <= field {
        row.resize(field + 1, Vec::new());
    }
    if let Some(slot) = row.get_mut(field) {
        *slot = value.into();
    }
}

/// The members in a list with commas.
pub(in super::super) fn members(row: &Row, field: usize) -> Vec<Vec<u8>> {
    let list = row.get(field).map(Vec::as_slice).unwrap_or_default();
    list.split(|byte| *byte == b',').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Sets a list with commas.
pub(in super::super) fn set_members(row: &mut Row, field: usize, names: &[Vec<u8>]) {
    set(row, field, names.join(&b','));
}

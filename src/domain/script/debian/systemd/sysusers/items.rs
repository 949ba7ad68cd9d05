//! The lines of `sysusers.d`(5): `u` users, `g` groups, `m` members, `r` ranges of numbers.

use std::collections::BTreeMap;

use super::super::super::super::process::Process;
use super::super::super::super::stop::Stop;
use super::super::super::super::system::System;
use super::super::super::failure::text;
use super::super::specifier::{self, Table, Unknown};
use super::super::words::{self, is_void};
use super::say;

/// A user or a group that a line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: Vec<u8>,
    /// Whether it is a user.
    pub(super) is_user: bool,
    /// The number it asks for, and later the one it has.
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    /// Whether its group must be there already.
    pub(super) strict: bool,
    /// Its primary group's name.
    pub(super) group: Option<Vec<u8>>,
    /// The file whose owner has its number.
    pub(super) path: Option<Vec<u8>>,
    pub(super) description: Option<Vec<u8>>,
    pub(super) home: Option<Vec<u8>>,
    pub(super) shell: Option<Vec<u8>>,
    /// Whether nobody may log in as it, `u!`.
    pub(super) locked: bool,
    /// Whether it is to be written as a user, as a group.
    pub(super) new_user: bool,
    pub(super) new_group: bool,
}

/// What all lines say.
#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    pub(super) users: Named,
    pub(super) groups: Named,
    /// Groups with the members they are to have, in the order of the lines.
    pub(super) members: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
    /// Numbers that may be given.
    pub(super) ranges: Vec<(u32, u32)>,
    member_places: BTreeMap<Vec<u8>, usize>,
}

/// Items in the order in which they came, found by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) all: Vec<Item>,
    places: BTreeMap<Vec<u8>, usize>,
}

impl Named {
    pub(super) fn get(&self, name: &[u8]) -> Option<&Item> {
        self.all.get(*self.places.get(name)?)
    }

    fn push(&mut self, item: Item) {
        self.places.insert(item.name.clone(), self.all.len());
        self.all.push(item);
    }
}

impl Items {
    /// Reads a line; whether it was understood. What is wrong is said with `name` and `number`.
    pub(super) fn line(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &str,
        number: usize,
        line: &[u8],
    ) -> Result<bool, Stop> {
        match self.take(system, line) {
            Ok(None) => Ok(true),
            Ok(Some(warning)) => say(system, process, &format!("{name}:{number}: {warning}")).map(|()| true),
            Err(wrong) => say(system, process, &format!("{name}:{number}: {wrong}")).map(|()| false),
        }
    }

    /// The members' users, and the groups that have members, where no line names them.
    pub(super) fn complete(&mut self) {
        for (group, members) in &self.members {
            for name in members {
                if self.users.get(name).is_none() {
                    self.users.push(Item { name: name.clone(), is_user: true, ..Item::default() });
                }
            }
            if self.users.get(group).is_none() && self.groups.get(group).is_none() {
                self.groups.push(Item { name: group.clone(), ..Item::default() });
            }
        }
    }

    /// The members that a group is to have.
    pub(super) fn members_of(&self, group: &[u8]) -> &[Vec<u8>] {
        let place = self.member_places.get(group).and_then(|at| self.members.get(*at));
        place.map(|(_, members)| members.as_slice()).unwrap_or_default()
    }

    /// Takes a line in; a warning, or why it cannot be.
    fn take(&mut self, system: &mut System<'_>, line: &[u8]) -> Result<Option<String>, String> {
        let (fields, rest) = words::split(line, 6).ok_or("Syntax error.")?;
        let [action, _, ..] = fields.as_slice() else { return Err("Missing action and name columns.".into()) };
        if !rest.is_empty() {
            return Err("Trailing garbage.".into());
        }
        let locked = action.as_slice() == b"u!";
        let kind = match action.as_slice() {
            [kind] => *kind,
            [kind, b'!'] if locked => *kind,
            _ => return Err(format!("Unknown modifiers in command '{}'.", text(action))),
        };
        if !matches!(kind, b'u' | b'g' | b'm' | b'r') {
            return Err(format!("Unknown command type '{}'.", char::from(kind)));
        }
        let mut field = |at: usize| -> Result<Option<Vec<u8>>, String> {
            let Some(field) = fields.get(at).filter(|field| !is_void(Some(field))) else { return Ok(None) };
            let replaced = specifier::expand(system, field, Table::Users);
            let value = replaced.map_err(|Unknown(letter)| {
                format!("Failed to replace specifiers in '{}': %{letter} is not known", text(field))
            })?;
            Ok(Some(value))
        };
        let name = field(1)?;
        if let Some(name) = name.as_ref().filter(|name| !is_name(name)) {
            return Err(format!("'{}' is not a valid user or group name.", text(name)));
        }
        let id = field(2)?;
        let description = field(3)?;
        if let Some(text_of) = description.as_ref().filter(|text| !is_text(text)) {
            return Err(format!("'{}' is not a valid GECOS field.", text(text_of)));
        }
        let home = field(4)?.map(|path| simple(&path));
        if let Some(home) = home.as_ref().filter(|path| !is_place(path)) {
            return Err(format!("'{}' is not a valid home directory field.", text(home)));
        }
        let shell = field(5)?.map(|path| simple(&path));
        if let Some(shell) = shell.as_ref().filter(|path| !is_place(path)) {
            return Err(format!("'{}' is not a valid login shell field.", text(shell)));
        }
        let extra = [(&description, "GECOS"), (&home, "home directory"), (&shell, "login shell")];
        let extra = extra.into_iter().find(|(field, _)| field.is_some()).map(|(_, what)| what);
        if let Some(what) = extra.filter(|_| kind != b'u') {
            return Err(format!("Lines of type '{}' don't take a {what} field.", char::from(kind)));
        }
        let Some(name) = name else {
            let id = id.filter(|_| kind == b'r');
            let range = id.as_deref().ok_or_else(|| {
                format!("Lines of type '{}' require a user name in the second field.", char::from(kind))
            })?;
            let range = range_of(range).ok_or_else(|| format!("Invalid UID range {}.", text(range)))?;
            self.ranges.push(range);
            return Ok(None);
        };
        match kind {
            b'r' => Err("Lines of type 'r' don't take a name field.".into()),
            b'm' => {
                let group = id.ok_or("Lines of type 'm' require a group name in the third field.")?;
                if !is_name(&group) {
                    return Err(format!("'{}' is not a valid user or group name.", text(&group)));
                }
                self.add_member(group, name);
                Ok(None)
            }
            _ => {
                let mut item =
                    Item { name, description, home, shell, locked, is_user: kind == b'u', ..Item::default() };
                item.number(id.as_deref())?;
                Ok(self.add(item))
            }
        }
    }

    fn add_member(&mut self, group: Vec<u8>, user: Vec<u8>) {
        let at = *self.member_places.entry(group.clone()).or_insert(self.members.len());
        match self.members.get_mut(at) {
            Some((_, members)) => members.push(user),
            None => self.members.push((group, vec![user])),
        }
    }

    fn add(&mut self, item: Item) -> Option<String> {
        let (named, kind) = if item.is_user { (&mut self.users, "user") } else { (&mut self.groups, "group") };
        match named.get(&item.name) {
            None => {
                named.push(item);
                None
            }
            Some(there) if *there == item => None,
            Some(_) => {
                let name = text(&item.name);
                Some(format!("Conflict with earlier configuration for {kind} '{name}', ignoring line."))
            }
        }
    }
}

impl Item {
    /// Takes the third field in.
    fn number(&mut self, id: Option<&[u8]>) -> Result<(), String> {
        let Some(id) = id else { return Ok(()) };
        let wrong = |what: &str| format!("Failed to parse {what}: '{}': Invalid argument", text(id));
        if id.first() == Some(&b'/') {
            self.path = Some(simple(id));
            return Ok(());
        }
        if !self.is_user {
            self.gid = Some(number(id).ok_or_else(|| wrong("GID"))?);
            return Ok(());
        }
        let mut uid = id;
        if let Some(colon) = id.iter().position(|byte| *byte == b':') {
            let (first, second) = (id.get(..colon).unwrap_or_default(), id.get(colon + 1..).unwrap_or_default());
            match number(second) {
                Some(gid) => (self.gid, self.strict) = (Some(gid), true),
                None if is_name(second) => self.group = Some(second.to_vec()),
                None => return Err(wrong("GID")),
            }
            uid = first;
        }
        if uid != b"-" {
            self.uid = Some(number(uid).ok_or_else(|| wrong("UID"))?);
        }
        Ok(())
    }
}

/// A number of an account: decimal, no zero before it, none of those that mean none.
fn number(digits: &[u8]) -> Option<u32> {
    let plain = digits.iter().all(u8::is_ascii_digit) && (digits == b"0" || digits.first() != Some(&b'0'));
    let number = text(digits).parse().ok().filter(|_| plain)?;
    (number != 65_535 && number != u32::MAX).then_some(number)
}

fn range_of(text_of: &[u8]) -> Option<(u32, u32)> {
    let (low, high) = match text_of.iter().position(|byte| *byte == b'-') {
        Some(at) => (number(text_of.get(..at)?)?, number(text_of.get(at + 1..)?)?),
        None => (number(text_of)?, number(text_of)?),
    };
    (low <= high).then_some((low, high))
}

/// Whether a name may be an account's.
fn is_name(name: &[u8]) -> bool {
    let first = name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    first && name.len() < 32 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Whether a text may be a field of `passwd`(5).
fn is_text(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| !text.contains(|c: char| c.is_ascii_control() || c == ':'))
}

/// Whether a path may be a home or a shell.
fn is_place(path: &[u8]) -> bool {
    path.first() == Some(&b'/') && is_text(path) && !path.split(|byte| *byte == b'/').any(|part| part == b"..")
}

/// A path without `//`, `/./` and a `/` at its end.
pub(super) fn simple(path: &[u8]) -> Vec<u8> {
    let absolute = path.first() == Some(&b'/');
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    let joined = parts.join(&b'/');
    if absolute { [b"/", joined.as_slice()].concat() } else { joined }
}

//! Which number an account gets: the one it asks for, its partner's, its file's, or the next that is free, downward.

use std::collections::BTreeMap;

use super::super::super::super::process::Process;
use super::super::super::super::stop::Stop;
use super::super::super::super::system::System;
use super::super::super::failure::text;
use super::files::Files;
use super::items::{Item, Items};
use super::say;

/// Debian's systemd gives these, whatever `login.defs`(5) says.
const SYSTEM: (u32, u32) = (1, 999);

/// The numbers that were given.
pub(super) struct Numbers {
    /// New users by their numbers, in the order in which they got them.
    pub(super) users: Vec<Item>,
    pub(super) groups: Vec<Item>,
    uids: BTreeMap<u32, Vec<u8>>,
    gids: BTreeMap<u32, Vec<u8>>,
    old_uids: BTreeMap<u32, Vec<u8>>,
    old_gids: BTreeMap<u32, Vec<u8>>,
    ranges: Vec<(u32, u32)>,
    /// The last number that the search came to.
    search: u32,
}

impl Numbers {
    pub(super) fn new(items: &Items, files: &Files) -> Self {
        let ranges = if items.ranges.is_empty() { vec![SYSTEM] } else { items.ranges.clone() };
        Self {
            users: Vec::new(),
            groups: Vec::new(),
            uids: BTreeMap::new(),
            gids: BTreeMap::new(),
            old_uids: files.uids(),
            old_gids: files.gids(),
            ranges,
            search: u32::MAX,
        }
    }

    /// Gives all items their numbers: groups first, then users with theirs.
    pub(super) fn give(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        items: &mut Items,
        files: &Files,
    ) -> Result<(), Stop> {
        for at in 0..items.groups.all.len() {
            let Some(mut item) = items.groups.all.get(at).cloned() else { continue };
            self.group(system, process, &mut item, files)?;
            if let Some(slot) = items.groups.all.get_mut(at) {
                *slot = item;
            }
        }
        for at in 0..items.users.all.len() {
            let Some(mut item) = items.users.all.get(at).cloned() else { continue };
            if self.primary_group(system, process, &mut item, items, files)? {
                self.user(system, process, &mut item, files)?;
            }
            if let Some(slot) = items.users.all.get_mut(at) {
                *slot = item;
            }
        }
        Ok(())
    }

    /// Finds or makes a user's group; whether it has one.
    fn primary_group(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        item: &mut Item,
        items: &Items,
        files: &Files,
    ) -> Result<bool, Stop> {
        let queued = match (&item.group, item.gid) {
            (_, Some(_)) => None,
            (Some(name), None) => items.groups.get(name).or_else(|| items.users.get(name)),
            (None, None) => items.groups.get(&item.name),
        };
        if let Some(group) = queued.filter(|group| group.new_group) {
            (item.gid, item.strict) = (group.gid, true);
            return Ok(true);
        }
        match item.group.clone() {
            Some(name) => match files.gid(&name) {
                Some(gid) => {
                    (item.gid, item.strict) = (Some(gid), true);
                    Ok(true)
                }
                None => {
                    say(system, process, &format!("Group {} not found.", text(&name)))?;
                    Ok(false)
                }
            },
            None => self.group(system, process, item, files),
        }
    }

    fn group(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        item: &mut Item,
        files: &Files,
    ) -> Result<bool, Stop> {
        let name = text(&item.name);
        if let Some(gid) = files.gid(&item.name) {
            item.gid = Some(gid);
            return Ok(true);
        }
        if let Some(gid) = item.gid {
            let free = self.gid_is_free(gid, false);
            if item.strict {
                if free {
                    say(system, process, &format!("Failed to create {name}: please create GID {gid}"))?;
                }
                return Ok(!free);
            }
            if !free {
                say(system, process, &format!("Suggested group ID {gid} for {name} already used."))?;
                item.gid = None;
            }
        }
        if item.gid.is_none() {
            item.gid = item.uid.filter(|uid| self.gid_is_free(*uid, true));
        }
        if item.gid.is_none() {
            let owner = owner(system, item).map(|(_, gid)| gid);
            item.gid = owner.filter(|gid| self.may_give(*gid) && self.gid_is_free(*gid, true));
        }
        if item.gid.is_none() {
            item.gid = self.next(system, |this, number| this.gid_is_free(number, true))?;
        }
        let Some(gid) = item.gid else {
            say(system, process, &format!("No free group ID available for {name}."))?;
            return Ok(false);
        };
        item.new_group = true;
        self.gids.insert(gid, item.name.clone());
        self.groups.push(item.clone());
        say(system, process, &format!("Creating group '{name}' with GID {gid}."))?;
        Ok(true)
    }

    fn user(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        item: &mut Item,
        files: &Files,
    ) -> Result<(), Stop> {
        let name = text(&item.name);
        if let Some(uid) = files.uid(&item.name) {
            item.uid = Some(uid);
            return Ok(());
        }
        if let Some(uid) = item.uid.filter(|uid| !self.uid_is_free(*uid, &item.name, !item.strict)) {
            say(system, process, &format!("Suggested user ID {uid} for {name} already used."))?;
            item.uid = None;
        }
        if item.uid.is_none() {
            let owner = owner(system, item).map(|(uid, _)| uid);
            item.uid = owner.filter(|uid| self.may_give(*uid) && self.uid_is_free(*uid, &item.name, true));
        }
        if item.uid.is_none() {
            item.uid = item.gid.filter(|gid| self.uid_is_free(*gid, &item.name, true));
        }
        if item.uid.is_none() {
            item.uid = self.next(system, |this, number| this.uid_is_free(number, &item.name, true))?;
        }
        let Some(uid) = item.uid else {
            return say(system, process, &format!("No free user ID available for {name}."));
        };
        let gid = item.gid.unwrap_or(0);
        item.new_user = true;
        self.uids.insert(uid, item.name.clone());
        self.users.push(item.clone());
        let description = item.description.as_ref().map_or_else(|| "n/a".to_owned(), |field| text(field));
        say(system, process, &format!("Creating user '{name}' ({description}) with UID {uid} and GID {gid}."))
    }

    fn gid_is_free(&self, gid: u32, also_as_user: bool) -> bool {
        let of_user = self.uids.contains_key(&gid) || self.old_uids.contains_key(&gid);
        !(self.gids.contains_key(&gid) || self.old_gids.contains_key(&gid) || also_as_user && of_user)
    }

    /// Whether a user may have a number: one that is another's group's it has only where it asks for both.
    fn uid_is_free(&self, uid: u32, name: &[u8], also_as_group: bool) -> bool {
        let of_group = self.gids.get(&uid).or_else(|| self.old_gids.get(&uid)).is_some_and(|other| other != name);
        !(self.uids.contains_key(&uid) || self.old_uids.contains_key(&uid) || also_as_group && of_group)
    }

    fn may_give(&self, number: u32) -> bool {
        number > 0 && self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&number))
    }

    /// The next free number below the last one that was looked at.
    fn next(&mut self, system: &mut System<'_>, is_free: impl Fn(&Self, u32) -> bool) -> Result<Option<u32>, Stop> {
        loop {
            system.budget.step(1 + self.ranges.len() as u64 / 16)?;
            let below = |range: &(u32, u32)| (range.0 < self.search).then(|| range.1.min(self.search - 1));
            let Some(next) = self.ranges.iter().filter_map(below).max() else { return Ok(None) };
            self.search = next;
            if is_free(self, next) {
                return Ok(Some(next));
            }
        }
    }
}

/// The owner and the group of the file that an item names.
fn owner(system: &System<'_>, item: &Item) -> Option<(u32, u32)> {
    let path = item.path.as_ref()?.strip_prefix(b"/")?;
    let meta = system.stat(path).ok()?.meta;
    // A group's file gives its group for both.
    Some(if item.is_user { (meta.uid, meta.gid) } else { (meta.gid, meta.gid) })
}

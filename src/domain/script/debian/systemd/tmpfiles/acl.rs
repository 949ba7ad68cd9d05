//! Lists of access rights, acl(5), as `a` and `A` lines give them, in the bytes of Linux's extended attributes.
//!
//! ```text
//! 2 (four bytes) | tag, rights (two bytes each), number (four): once for each entry, all little endian
//! ```

use std::collections::BTreeMap;

use super::super::super::super::system::System;
use super::super::super::failure::text;
use super::items::Item;
use crate::domain::rootfs::Meta;
use crate::domain::script::core::identity;

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// Tags of entries, in the order in which they stand.
const OWNER: u16 = 0x01;
const USER: u16 = 0x02;
const OWN_GROUP: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;
/// The number of an entry that has none.
const NONE: u32 = u32::MAX;

/// Entries by tag and number, with their rights.
type List = BTreeMap<(u16, u32), u16>;

/// Gives what is at `path` the line's rights, added to those that it has where the line says `+`.
pub(super) fn set(system: &mut System<'_>, item: &Item, path: &[u8]) -> Result<(), String> {
    let node = system.lstat(path).map_err(|error| format!("Failed to open /{}: {error}", text(path)))?;
    if node.target().is_some() {
        return Ok(());
    }
    let folder = node.is_directory();
    let executable = folder || node.meta.mode & 0o111 != 0;
    let argument = item.argument.clone().unwrap_or_default();
    let Some((access, default)) = parse(system, &argument, executable) else {
        // The real program warns, and goes on.
        return Ok(());
    };
    let change = |meta: &mut Meta| {
        let base = of_mode(meta.mode);
        if !access.is_empty() {
            let old = if item.force { read(meta, ACCESS).unwrap_or_else(|| base.clone()) } else { List::new() };
            let new = complete(old, &access, &base);
            meta.mode = meta.mode & !0o777 | mode_of(&new);
            store(meta, ACCESS, &new);
        }
        if folder && !default.is_empty() {
            let old = if item.force { read(meta, DEFAULT).unwrap_or_default() } else { List::new() };
            let new = complete(old, &default, &base);
            meta.xattrs.insert(DEFAULT.into(), bytes(&new));
        }
    };
    system.change(path, change).map_err(|error| format!("ACL operation on \"/{}\" failed: {error}", text(path)))
}

/// Brings the list of what has one to a new mode, as chmod(2) does.
pub(super) fn follow_mode(meta: &mut Meta) {
    let Some(mut list) = read(meta, ACCESS) else { return };
    let mode = of_mode(meta.mode);
    let of_group = if list.contains_key(&(MASK, NONE)) { MASK } else { OWN_GROUP };
    for (tag, source) in [(OWNER, OWNER), (of_group, OWN_GROUP), (OTHER, OTHER)] {
        list.insert((tag, NONE), mode.get(&(source, NONE)).copied().unwrap_or_default());
    }
    store(meta, ACCESS, &list);
}

/// Keeps a list unless a mode says as much.
fn store(meta: &mut Meta, name: &str, list: &List) {
    if list.len() > 3 {
        meta.xattrs.insert(name.into(), bytes(list));
    } else {
        meta.xattrs.remove(name);
    }
}

/// Puts new entries in, those of the mode where they are missing, and the mask where one is needed.
fn complete(mut list: List, new: &List, base: &List) -> List {
    list.extend(new.iter().map(|(key, rights)| (*key, *rights)));
    for (key, rights) in base {
        list.entry(*key).or_insert(*rights);
    }
    let has_names = list.keys().any(|(tag, _)| matches!(*tag, USER | GROUP));
    if has_names && !new.contains_key(&(MASK, NONE)) {
        let counted = list.iter().filter(|((tag, _), _)| matches!(*tag, USER | OWN_GROUP | GROUP));
        let mask = counted.fold(0, |mask, (_, rights)| mask | rights);
        list.insert((MASK, NONE), mask);
    }
    list
}

fn of_mode(mode: u32) -> List {
    let rights = |shift: u32| u16::try_from(mode >> shift & 7).unwrap_or_default();
    [((OWNER, NONE), rights(6)), ((OWN_GROUP, NONE), rights(3)), ((OTHER, NONE), rights(0))].into()
}

fn mode_of(list: &List) -> u32 {
    let rights = |tag| list.get(&(tag, NONE)).copied().map(u32::from);
    let group = rights(MASK).or_else(|| rights(OWN_GROUP)).unwrap_or(0);
    rights(OWNER).unwrap_or(0) << 6 | group << 3 | rights(OTHER).unwrap_or(0)
}

/// The entries in a text, those for the thing itself and those for what is made in it. `None` where one is no entry.
fn parse(system: &mut System<'_>, argument: &[u8], executable: bool) -> Option<(List, List)> {
    let (mut access, mut default) = (List::new(), List::new());
    for entry in argument.split(|byte| *byte == b',') {
        let mut words: Vec<String> = text(entry).split(':').map(|word| word.trim().to_owned()).collect();
        let list = match words.first().map(String::as_str) {
            Some("d" | "default") => {
                words.remove(0);
                &mut default
            }
            _ => &mut access,
        };
        let [tag, name, rights] = words.as_slice() else { return None };
        let key = match (tag.as_str(), name.as_str()) {
            ("u" | "user", "") => (OWNER, NONE),
            ("u" | "user", name) => (USER, identity::uid(system, name.as_bytes())?),
            ("g" | "group", "") => (OWN_GROUP, NONE),
            ("g" | "group", name) => (GROUP, identity::gid(system, name.as_bytes())?),
            ("m" | "mask", "") => (MASK, NONE),
            ("o" | "other", "") => (OTHER, NONE),
            _ => return None,
        };
        let mut bits = 0;
        for letter in rights.chars() {
            bits |= match letter {
                'r' => 4,
                'w' => 2,
                'x' => 1,
                'X' => u16::from(executable),
                '-' => 0,
                _ => return None,
            };
        }
        list.insert(key, bits);
    }
    Some((access, default))
}

fn bytes(list: &List) -> Vec<u8> {
    let mut out = 2u32.to_le_bytes().to_vec();
    for ((tag, number), rights) in list {
        out.extend(tag.to_le_bytes());
        out.extend(rights.to_le_bytes());
        out.extend(number.to_le_bytes());
    }
    out
}

fn read(meta: &Meta, name: &str) -> Option<List> {
    let entries = meta.xattrs.get(name)?.strip_prefix(&2u32.to_le_bytes())?;
    let entry = |entry: &[u8]| match entry {
        [t0, t1, r0, r1, n0, n1, n2, n3] => Some((
            (u16::from_le_bytes([*t0, *t1]), u32::from_le_bytes([*n0, *n1, *n2, *n3])),
            u16::from_le_bytes([*r0, *r1]),
        )),
        _ => None,
    };
    entries.chunks(8).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_linux_s() {
        let mut meta = Meta::root(0o2755, 0);
        let named: List = [((OWN_GROUP, NONE), 5), ((GROUP, 4), 5)].into();
        let list = complete(of_mode(meta.mode), &named, &of_mode(meta.mode));
        store(&mut meta, ACCESS, &list);
        let hex = "020000000100\
                   0700ffffffff04000500ffffffff080005000400000010000500ffffffff20000500ffffffff";
        assert_eq!(hex::encode(&meta.xattrs[ACCESS]), hex);
        assert_eq!((mode_of(&list), read(&meta, ACCESS)), (0o755, Some(list)));
        meta.mode = 0o2700;
        follow_mode(&mut meta);
        assert_eq!(mode_of(&read(&meta, ACCESS).unwrap()), 0o700);
    }
}

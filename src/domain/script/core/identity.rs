//! Users and groups of the tree: `/etc/passwd` (passwd(5)) and `/etc/group` (group(5)). Lines that are not well formed do
//! not count, as in glibc's `files` service.

use super::operand::number;
use crate::domain::script::system::System;

/// A line of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain::script) struct User {
    /// Login name.
    pub(in crate::domain::script) name: Vec<u8>,
    /// Number.
    pub(in crate::domain::script) uid: u32,
    /// Login group's number.
    pub(in crate::domain::script) gid: u32,
    /// Home folder.
    pub(in crate::domain::script) home: Vec<u8>,
    /// The whole line, without its end.
    pub(in crate::domain::script) line: Vec<u8>,
}

/// A line of `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain::script) struct Group {
    /// Name.
    pub(in crate::domain::script) name: Vec<u8>,
    /// Number.
    pub(in crate::domain::script) gid: u32,
    /// Login names of those who are in it besides those whose login group it is.
    pub(in crate::domain::script) members: Vec<Vec<u8>>,
    /// The whole line, without its end.
    pub(in crate::domain::script) line: Vec<u8>,
}

/// All users, in the file's order; none where there is no such file.
pub(in crate::domain::script) fn users(system: &mut System<'_>) -> Vec<User> {
    lines(system, b"etc/passwd").iter().filter_map(|line| user(line)).collect()
}

/// All groups, in the file's order; none where there is no such file.
pub(in crate::domain::script) fn groups(system: &mut System<'_>) -> Vec<Group> {
    lines(system, b"etc/group").iter().filter_map(|line| group(line)).collect()
}

/// The user of a name.
pub(in crate::domain::script) fn user_named(system: &mut System<'_>, name: &[u8]) -> Option<User> {
    users(system).into_iter().find(|user| user.name == name)
}

/// The user of a number.
pub(in crate::domain::script) fn user_numbered(system: &mut System<'_>, uid: u32) -> Option<User> {
    users(system).into_iter().find(|user| user.uid == uid)
}

/// The group of a name.
pub(in crate::domain::script) fn group_named(system: &mut System<'_>, name: &[u8]) -> Option<Group> {
    groups(system).into_iter().find(|group| group.name == name)
}

/// The group of a number.
pub(in crate::domain::script) fn group_numbered(system: &mut System<'_>, gid: u32) -> Option<Group> {
    groups(system).into_iter().find(|group| group.gid == gid)
}

/// The numbers of a user's groups: the login group, then those that list the name, in the file's order.
pub(in crate::domain::script) fn memberships(system: &mut System<'_>, name: &[u8], login: u32) -> Vec<u32> {
    let mut all = vec![login];
    for group in groups(system) {
        if group.members.iter().any(|member| member == name) && !all.contains(&group.gid) {
            all.push(group.gid);
        }
    }
    all
}

/// A user's number, from a name or a number, as chown(1) reads it; `+N` is always a number.
pub(in crate::domain::script) fn uid(system: &mut System<'_>, text: &[u8]) -> Option<u32> {
    user_named(system, text).map(|user| user.uid).or_else(|| id_number(text))
}

/// A group's number, from a name or a number.
pub(in crate::domain::script) fn gid(system: &mut System<'_>, text: &[u8]) -> Option<u32> {
    group_named(system, text).map(|group| group.gid).or_else(|| id_number(text))
}

fn id_number(text: &[u8]) -> Option<u32> {
    let value = number(text.strip_prefix(b"+").unwrap_or(text))?;
    u32::try_from(value).ok().filter(|value| *value != u32::MAX)
}

/// The lines of a file, without their ends.
pub(super) fn lines(system: &mut System<'_>, path: &[u8]) -> Vec<Vec<u8>> {
    let Ok(bytes) = system.read(path) else { return Vec::new() };
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn user(line: &[u8]) -> Option<User> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
    let [name, _, uid, gid, _, home, _] = fields.as_slice() else { return None };
    let number = |text| number(text).and_then(|value| u32::try_from(value).ok());
    Some(User { name: name.to_vec(), uid: number(uid)?, gid: number(gid)?, home: home.to_vec(), line: line.to_vec() })
        .filter(|user| !user.name.is_empty() && !user.name.starts_with(b"#"))
}

fn group(line: &[u8]) -> Option<Group> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
    let [name, _, gid, members] = fields.as_slice() else { return None };
    Some(Group {
        name: name.to_vec(),
        gid: number(gid).and_then(|value| u32::try_from(value).ok())?,
        members: members.split(|byte| *byte == b',').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect(),
        line: line.to_vec(),
    })
    .filter(|group| !group.name.is_empty() && !group.name.starts_with(b"#"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_entries_do_not_count() {
        assert_eq!(user(b"www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin").map(|user| user.uid), Some(33));
        assert_eq!(group(b"staff:x:50:a,b").map(|group| group.members.len()), Some(2));
        for bad in ["", "a:b", "a:x:one:1:::", ":x:1:1:::", "+::::::", "a:x:99999999999:1:::"] {
            assert_eq!(user(bad.as_bytes()), None, "{bad}");
        }
    }
}

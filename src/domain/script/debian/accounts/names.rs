//! Numbers and names of users and groups, as `passwd`(5) and `group`(5) of the tree pair them.

use super::super::super::system::System;
use super::super::failure::text;

/// The number of a name in `file`; `#N` is a number already.
pub(in super::super) fn number(system: &mut System<'_>, file: &str, name: &[u8]) -> Option<u32> {
    if let Some(digits) = name.strip_prefix(b"#") {
        return text(digits).parse().ok();
    }
    rows(system, file).into_iter().find(|row| row.first().map(String::as_bytes) == Some(name))?.get(2)?.parse().ok()
}

/// The first name of a number in `file`.
pub(in super::super) fn name(system: &mut System<'_>, file: &str, number: u32) -> Option<String> {
    let number = number.to_string();
    rows(system, file).into_iter().find(|row| row.get(2) == Some(&number))?.into_iter().next()
}

fn rows(system: &mut System<'_>, file: &str) -> Vec<Vec<String>> {
    let bytes = system.read(file.as_bytes()).map(|bytes| bytes.to_vec()).unwrap_or_default();
    text(&bytes).lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

/// Every number of `file`.
pub(super) fn all_numbers(system: &mut System<'_>, file: &str) -> Vec<u32> {
    rows(system, file).iter().filter_map(|row| row.get(2)?.parse().ok()).collect()
}

/// Whether `file` has this number, which is written out.
pub(super) fn is_taken(system: &mut System<'_>, file: &str, number: &[u8]) -> bool {
    text(number).parse().is_ok_and(|number: u32| all_numbers(system, file).contains(&number))
}

/// The numbers of a user and of its group.
pub(super) fn numbers(system: &mut System<'_>, user: &[u8]) -> Option<(u32, u32)> {
    let row = rows(system, "etc/passwd").into_iter().find(|row| row.first().map(String::as_bytes) == Some(user))?;
    Some((row.get(2)?.parse().ok()?, row.get(3)?.parse().ok()?))
}

/// Whether a user is in a group, as its member or as its primary group.
pub(super) fn is_member(system: &mut System<'_>, user: &[u8], group: &[u8]) -> bool {
    let primary = numbers(system, user).map(|(_, gid)| gid);
    let row = rows(system, "etc/group").into_iter().find(|row| row.first().map(String::as_bytes) == Some(group));
    row.is_some_and(|row| {
        let listed = row.get(3).is_some_and(|members| members.split(',').any(|name| name.as_bytes() == user));
        listed || row.get(2).and_then(|gid| gid.parse().ok()) == primary
    })
}

//! `groupadd`(8), `groupmod`(8), `groupdel`(8), `gpasswd`(1).

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::database::{Database, is_name, refuse_other_trees};
use super::table::{id, members, set, set_members};

const ADD: [Known; 9] = [
    flag(b'f', "force"),
    valued(b'g', "gid"),
    valued(b'K', "key"),
    flag(b'o', "non-unique"),
    valued(b'p', "password"),
    flag(b'r', "system"),
    valued(b'R', "root"),
    valued(b'P', "prefix"),
    valued(b'U', "users"),
];
const MOD: [Known; 6] = [
    valued(b'g', "gid"),
    valued(b'n', "new-name"),
    flag(b'o', "non-unique"),
    valued(b'p', "password"),
    valued(b'R', "root"),
    valued(b'P', "prefix"),
];
const DEL: [Known; 3] = [flag(b'f', "force"), valued(b'R', "root"), valued(b'P', "prefix")];
const GPASSWD: [Known; 7] = [
    valued(b'a', "add"),
    valued(b'd', "delete"),
    valued(b'M', "members"),
    valued(b'A', "administrators"),
    flag(b'r', "delete-password"),
    flag(b'R', "restrict"),
    valued(b'Q', "root"),
];

/// Reads a command line with one operand, and runs.
fn with_name(
    system: &mut System<'_>,
    process: &mut Process,
    known: &[Known],
    run: fn(&mut System<'_>, &mut Process, &Line, &[u8]) -> Result<u8, Failure>,
) -> Result<u8, Stop> {
    let result = match Line::parse(process.arguments(), known) {
        Err(text) => Err(Failure::Exit(2, text)),
        Ok(line) => refuse_other_trees(process, &line).and_then(|()| match line.operands.as_slice() {
            [name] => run(system, process, &line, name),
            _ => Err(Failure::Exit(2, "takes one name".into())),
        }),
    };
    conclude(system, process, result)
}

/// `groupadd`.
pub(in super::super) fn groupadd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    with_name(system, process, &ADD, |system, _, line, name| {
        let shown = text(name);
        if !is_name(name) {
            return Err(Failure::Exit(3, format!("'{shown}' is not a valid group name")));
        }
        let mut database = Database::open(system)?;
        for (_, setting) in line.options.iter().filter(|(option, _)| *option == "key") {
            database.defaults.set(setting);
        }
        if database.group.row(name).is_some() {
            if line.has("force") {
                return Ok(0);
            }
            return Err(Failure::Exit(9, format!("group '{shown}' already exists")));
        }
        let gid = match line.value("gid").map(|gid| (gid, text(gid).parse())) {
            Some((gid, Err(_))) => return Err(Failure::Exit(3, format!("invalid group ID '{}'", text(gid)))),
            Some((_, Ok(gid))) if database.group.numbered(gid).is_none() || line.has("non-unique") => gid,
            Some((_, Ok(gid))) if !line.has("force") => {
                return Err(Failure::Exit(4, format!("GID '{gid}' already exists")));
            }
            _ => database
                .free("GID", line.has("system"), None)
                .ok_or_else(|| Failure::Exit(4, "can't get unique GID (no more available GIDs)".into()))?,
        };
        database.add_group(name, gid);
        if let Some(password) = line.value("password") {
            let table = if database.gshadow.is_there() { &mut database.gshadow } else { &mut database.group };
            if let Some(row) = table.row_mut(name) {
                set(row, 1, password);
            }
        }
        for user in line.value("users").unwrap_or_default().split(|byte| *byte == b',').filter(|name| !name.is_empty())
        {
            database.set_member(name, user, true);
        }
        database.save(system)
    })
}

/// `groupmod`.
pub(in super::super) fn groupmod(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    with_name(system, process, &MOD, |system, _, line, name| {
        let mut database = Database::open(system)?;
        let old = database.group.row(name).and_then(id);
        let old = old.ok_or_else(|| Failure::Exit(6, format!("group '{}' does not exist", text(name))))?;
        if let Some(gid) = line.value("gid") {
            let new: u32 =
                text(gid).parse().map_err(|_| Failure::Exit(3, format!("invalid group ID '{}'", text(gid))))?;
            if new != old && database.group.numbered(new).is_some() && !line.has("non-unique") {
                return Err(Failure::Exit(4, format!("GID '{new}' already exists")));
            }
            if let Some(row) = database.group.row_mut(name) {
                set(row, 2, new.to_string());
            }
            let (old, new) = (old.to_string(), new.to_string());
            for row in &mut database.passwd.rows {
                if row.get(3).is_some_and(|gid| gid == old.as_bytes()) {
                    set(row, 3, new.as_bytes());
                }
            }
        }
        if let Some(password) = line.value("password") {
            let table = if database.gshadow.is_there() { &mut database.gshadow } else { &mut database.group };
            if let Some(row) = table.row_mut(name) {
                set(row, 1, password);
            }
        }
        if let Some(new) = line.value("new-name").filter(|new| *new != name) {
            if !is_name(new) {
                return Err(Failure::Exit(3, format!("invalid group name '{}'", text(new))));
            }
            if database.group.row(new).is_some() {
                return Err(Failure::Exit(9, format!("group '{}' already exists", text(new))));
            }
            for table in [&mut database.group, &mut database.gshadow] {
                // The line of a new name goes to the end.
                if let Some(at) = table.rows.iter().position(|row| row.first().is_some_and(|first| first == name)) {
                    let mut row = table.rows.remove(at);
                    set(&mut row, 0, new);
                    table.rows.push(row);
                }
            }
        }
        database.save(system)
    })
}

/// `groupdel`.
pub(in super::super) fn groupdel(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    with_name(system, process, &DEL, |system, _, line, name| {
        let mut database = Database::open(system)?;
        let gid = database.group.row(name).and_then(id);
        let gid = gid.ok_or_else(|| Failure::Exit(6, format!("group '{}' does not exist", text(name))))?.to_string();
        let primary = |row: &&super::table::Row| row.get(3).is_some_and(|other| other == gid.as_bytes());
        if let Some(user) = database.passwd.rows.iter().find(primary).filter(|_| !line.has("force")) {
            let user = text(user.first().map(Vec::as_slice).unwrap_or_default());
            return Err(Failure::Exit(8, format!("cannot remove the primary group of user '{user}'")));
        }
        database.group.remove(name);
        database.gshadow.remove(name);
        database.save(system)
    })
}

/// `gpasswd`.
pub(in super::super) fn gpasswd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    with_name(system, process, &GPASSWD, |system, process, line, group| {
        let mut database = Database::open(system)?;
        let shown = text(group);
        let known = |database: &Database, user: &[u8]| {
            database
                .passwd
                .row(user)
                .map(drop)
                .ok_or_else(|| Failure::Exit(3, format!("user '{}' does not exist", text(user))))
        };
        if let Some(user) = line.value("add").or_else(|| line.value("delete")) {
            known(&database, user).or_else(|failure| if line.has("add") { Err(failure) } else { Ok(()) })?;
        }
        if database.group.row(group).is_none() {
            return Err(Failure::Exit(3, format!("group '{shown}' does not exist in /etc/group")));
        }
        for (option, value) in &line.options {
            match *option {
                "add" => {
                    process.out(system, format!("Adding user {} to group {shown}\n", text(value)).as_bytes())?;
                    database.set_member(group, value, true);
                }
                "delete" => {
                    process.out(system, format!("Removing user {} from group {shown}\n", text(value)).as_bytes())?;
                    let row = database.group.row(group).map(|row| members(row, 3)).unwrap_or_default();
                    if !row.contains(value) {
                        return Err(Failure::Exit(3, format!("user '{}' is not a member of '{shown}'", text(value))));
                    }
                    database.set_member(group, value, false);
                }
                "members" | "administrators" => {
                    let names: Vec<Vec<u8>> =
                        value.split(|byte| *byte == b',').filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect();
                    for user in &names {
                        known(&database, user)?;
                    }
                    let (tables, field) = if *option == "members" {
                        (vec![&mut database.group, &mut database.gshadow], 3)
                    } else {
                        (vec![&mut database.gshadow], 2)
                    };
                    for table in tables {
                        if let Some(row) = table.row_mut(group) {
                            set_members(row, field, &names);
                        }
                    }
                }
                _ => return Err(Stop::unsupported("gpasswd", format!("option --{option}")).into()),
            }
        }
        if line.options.is_empty() {
            return Err(Stop::unsupported("gpasswd", "asks for a password").into());
        }
        database.save(system)
    })
}

//! `usermod`(8), `userdel`(8).

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::database::{Database, refuse_other_trees};
use super::date;
use super::table::{Row, id, members, set};
use super::useradd::check_shell;

const MOD: [Known; 18] = [
    flag(b'a', "append"),
    flag(0, "badname"),
    valued(b'c', "comment"),
    valued(b'd', "home"),
    valued(b'e', "expiredate"),
    valued(b'f', "inactive"),
    valued(b'g', "gid"),
    valued(b'G', "groups"),
    valued(b'l', "login"),
    flag(b'L', "lock"),
    flag(b'm', "move-home"),
    flag(b'o', "non-unique"),
    valued(b'p', "password"),
    valued(b'R', "root"),
    valued(b'P', "prefix"),
    valued(b's', "shell"),
    valued(b'u', "uid"),
    flag(b'U', "unlock"),
];
const DEL: [Known; 4] = [flag(b'f', "force"), flag(b'r', "remove"), valued(b'R', "root"), valued(b'P', "prefix")];

/// `usermod`.
pub(in super::super) fn usermod(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = match Line::parse(process.arguments(), &MOD) {
        Err(text) => Err(Failure::Exit(2, text)),
        Ok(line) => change(system, process, &line),
    };
    conclude(system, process, result)
}

fn change(system: &mut System<'_>, process: &mut Process, line: &Line) -> Result<u8, Failure> {
    refuse_other_trees(process, line)?;
    let [name] = line.operands.as_slice() else { return Err(Failure::Exit(2, "takes one name".into())) };
    let mut database = Database::open(system)?;
    let missing = || Failure::Exit(6, format!("user '{}' does not exist", text(name)));
    let old = database.passwd.row(name).cloned().ok_or_else(missing)?;
    if let Some(option) = ["login", "move-home"].into_iter().find(|option| line.has(option)) {
        return Err(Stop::unsupported("usermod", format!("option --{option}")).into());
    }
    let mut row = old.clone();
    if let Some(shell) = line.value("shell") {
        check_shell(system, process, shell)?;
        set(&mut row, 6, shell);
    }
    if let Some(comment) = line.value("comment") {
        if comment.iter().any(|byte| matches!(byte, b':' | b'\n')) {
            return Err(Failure::Exit(3, format!("invalid field '{}'", text(comment))));
        }
        set(&mut row, 4, comment);
    }
    if let Some(home) = line.value("home") {
        set(&mut row, 5, home);
    }
    if let Some(group) = line.value("gid") {
        let gid = database.gid(group);
        let gid = gid.ok_or_else(|| Failure::Exit(6, format!("group '{}' does not exist", text(group))))?;
        set(&mut row, 3, gid.to_string());
    }
    if let Some(uid) = line.value("uid") {
        let new: u32 = text(uid).parse().map_err(|_| Failure::Exit(3, format!("invalid user ID '{}'", text(uid))))?;
        if database.passwd.numbered(new).is_some() && Some(new) != id(&old) && !line.has("non-unique") {
            return Err(Failure::Exit(4, format!("UID '{new}' already exists")));
        }
        let home = old.get(5).map(|home| process.path(home)).unwrap_or_default();
        if Some(new) != id(&old) && !home.is_empty() && system.exists(&home) {
            return Err(Stop::unsupported("usermod", "-u for a user whose home is there").into());
        }
        set(&mut row, 2, new.to_string());
    }
    let groups = match line.value("groups") {
        None => None,
        Some(list) => {
            let mut names = Vec::new();
            for group in list.split(|byte| *byte == b',').filter(|name| !name.is_empty()) {
                let name = database.group_name(group);
                names.push(name.ok_or_else(|| Failure::Exit(6, format!("group '{}' does not exist", text(group))))?);
            }
            Some(names)
        }
    };
    secrets(system, process, &mut database, line, name, &mut row)?;
    if let Some(slot) = database.passwd.row_mut(name) {
        *slot = row;
    }
    if let Some(groups) = groups {
        let all: Vec<Vec<u8>> = database.group.rows.iter().filter_map(|row| row.first().cloned()).collect();
        for group in all {
            let wanted = groups.contains(&group);
            if wanted || !line.has("append") {
                database.set_member(&group, name, wanted);
            }
        }
    }
    if line.options.is_empty() {
        process.complain(system, "no changes")?;
    }
    database.save(system)
}

/// The password, and how long the account lasts.
fn secrets(
    system: &mut System<'_>,
    process: &mut Process,
    database: &mut Database,
    line: &Line,
    name: &[u8],
    row: &mut Row,
) -> Result<(), Failure> {
    let shadowed = database.shadow.row(name).is_some();
    let secret = match database.shadow.row(name) {
        Some(shadow) => shadow.get(1).cloned().unwrap_or_default(),
        None => row.get(1).cloned().unwrap_or_default(),
    };
    let mut new = secret.clone();
    if let Some(password) = line.value("password") {
        new = password.to_vec();
    }
    if line.has("lock") && new.first() != Some(&b'!') {
        new.insert(0, b'!');
    }
    if line.has("unlock") && new.first() == Some(&b'!') {
        if new.len() == 1 {
            let text = "unlocking the user's password would result in a passwordless account.\n\
                        You should set a password with usermod -p to unlock this user's password.";
            process.complain(system, text)?;
        } else {
            new.remove(0);
        }
    }
    let day = date::today(system.epoch);
    let expires = match line.value("expiredate") {
        None => None,
        Some(text_of) => {
            Some(date::days(text_of).ok_or_else(|| Failure::Exit(3, format!("invalid date '{}'", text(text_of))))?)
        }
    };
    match database.shadow.row_mut(name) {
        Some(shadow) => {
            if new != secret {
                set(shadow, 1, new);
                if line.has("password") {
                    set(shadow, 2, day.to_string());
                }
            }
            if let Some(days) = expires {
                set(shadow, 7, days);
            }
            if let Some(inactive) = line.value("inactive") {
                set(shadow, 6, if inactive == b"-1" { b"" } else { inactive });
            }
        }
        None if !shadowed => set(row, 1, new),
        None => {}
    }
    Ok(())
}

/// `userdel`.
pub(in super::super) fn userdel(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = match Line::parse(process.arguments(), &DEL) {
        Err(text) => Err(Failure::Exit(2, text)),
        Ok(line) => remove(system, process, &line),
    };
    conclude(system, process, result)
}

fn remove(system: &mut System<'_>, process: &mut Process, line: &Line) -> Result<u8, Failure> {
    refuse_other_trees(process, line)?;
    let [name] = line.operands.as_slice() else { return Err(Failure::Exit(2, "takes one name".into())) };
    let shown = text(name);
    let mut database = Database::open(system)?;
    let missing = || Failure::Exit(6, format!("user '{shown}' does not exist"));
    let row = database.passwd.row(name).cloned().ok_or_else(missing)?;
    for table in [&mut database.passwd, &mut database.shadow, &mut database.subuid, &mut database.subgid] {
        table.remove(name);
    }
    let groups: Vec<Vec<u8>> = database.group.rows.iter().filter_map(|row| row.first().cloned()).collect();
    for group in groups {
        database.set_member(&group, name, false);
    }
    if database.defaults.is_on("USERGROUPS_ENAB")
        && let Some(group) = database.group.row(name)
    {
        let gid = group.get(2).cloned().unwrap_or_default();
        let others = database.passwd.rows.iter().any(|row| row.get(3) == Some(&gid));
        if row.get(3) != Some(&gid) {
            process.complain(
                system,
                &format!("group {shown} not removed because it is not the primary group of user {shown}."),
            )?;
        } else if !members(group, 3).is_empty() {
            process.complain(system, &format!("group {shown} not removed because it has other members."))?;
        } else if !others {
            database.group.remove(name);
            database.gshadow.remove(name);
        }
    }
    database.save(system)?;
    if !line.has("remove") {
        return Ok(0);
    }
    let spool = [b"var/mail/", name.as_slice()].concat();
    if system.unlink(&spool).is_err() {
        process.complain(system, &format!("{shown} mail spool (/{}) not found", text(&spool)))?;
    }
    let home = row.get(5).map(|home| process.path(home)).unwrap_or_default();
    if !system.exists(&home) || home.is_empty() {
        process.complain(system, &format!("{shown} home directory (/{}) not found", text(&home)))?;
        return Ok(0);
    }
    Err(Stop::unsupported("userdel", "-r of a home that is there").into())
}

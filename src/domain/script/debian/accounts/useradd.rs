//! `useradd`(8).

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::database::{Database, is_name, refuse_other_trees};
use super::defaults::Defaults;
use super::{date, home, logs};

const OPTIONS: [Known; 24] = [
    flag(0, "badname"),
    valued(b'b', "base-dir"),
    valued(b'c', "comment"),
    valued(b'd', "home-dir"),
    flag(b'D', "defaults"),
    valued(b'e', "expiredate"),
    valued(b'f', "inactive"),
    flag(b'F', "add-subids-for-system"),
    valued(b'g', "gid"),
    valued(b'G', "groups"),
    valued(b'k', "skel"),
    valued(b'K', "key"),
    flag(b'l', "no-log-init"),
    flag(b'm', "create-home"),
    flag(b'M', "no-create-home"),
    flag(b'N', "no-user-group"),
    flag(b'o', "non-unique"),
    valued(b'p', "password"),
    valued(b'P', "prefix"),
    flag(b'r', "system"),
    valued(b'R', "root"),
    valued(b's', "shell"),
    valued(b'u', "uid"),
    flag(b'U', "user-group"),
];

/// `useradd`.
pub(in super::super) fn useradd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let args = process.arguments().to_vec();
    let line = Line::parse(&args, &OPTIONS).map_err(|text| Failure::Exit(2, text));
    let result = line.and_then(|line| run(system, process, &line));
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, line: &Line) -> Result<u8, Failure> {
    refuse_other_trees(process, line)?;
    if line.has("defaults") || line.has("add-subids-for-system") {
        return Err(Stop::unsupported("useradd", "option -D or -F").into());
    }
    let exit = |status: u8, text: String| Err(Failure::Exit(status, text));
    let [name] = line.operands.as_slice() else { return exit(2, "takes one name".into()) };
    let shown = text(name);
    if !is_name(name) {
        return exit(3, format!("invalid user name '{shown}': use --badname to ignore"));
    }
    let mut database = Database::open(system)?;
    let defaults = Defaults::useradd(system);
    for (_, setting) in line.options.iter().filter(|(option, _)| *option == "key") {
        database.defaults.set(setting);
    }
    let of_system = line.has("system");
    if let Some(shell) = line.value("shell") {
        check_shell(system, process, shell)?;
    }
    if database.passwd.row(name).is_some() {
        return exit(9, format!("user '{shown}' already exists"));
    }
    let primary = match line.value("gid") {
        None => None,
        Some(group) => match database.gid(group) {
            None => return exit(6, format!("group '{}' does not exist", text(group))),
            gid => gid,
        },
    };
    let own_group = line.has("user-group")
        || (primary.is_none() && !line.has("no-user-group") && database.defaults.is_on("USERGROUPS_ENAB"));
    if own_group && database.group.row(name).is_some() {
        return exit(9, format!("group {shown} exists - if you want to add this user to that group, use -g."));
    }
    let mut groups = Vec::new();
    for group in line.value("groups").unwrap_or_default().split(|byte| *byte == b',').filter(|name| !name.is_empty()) {
        match database.group_name(group) {
            Some(name) => groups.push(name),
            None => return exit(6, format!("group '{}' does not exist", text(group))),
        }
    }
    let uid = match line.value("uid") {
        None => match database.free("UID", of_system, None) {
            Some(uid) => uid,
            None => return exit(4, "can't get unique UID (no more available UIDs)".into()),
        },
        Some(uid) => match text(uid).parse() {
            Ok(uid) if database.passwd.numbered(uid).is_some() && !line.has("non-unique") => {
                return exit(4, format!("UID {uid} is not unique"));
            }
            Ok(uid) => uid,
            Err(_) => return exit(3, format!("invalid user ID '{}'", text(uid))),
        },
    };
    let gid = match primary {
        Some(gid) => gid,
        None if own_group => match database.free("GID", of_system, Some(uid)) {
            Some(gid) => {
                database.add_group(name, gid);
                gid
            }
            None => return exit(4, "can't get unique GID (no more available GIDs)".into()),
        },
        None => defaults.number("GROUP").unwrap_or(100),
    };
    warn_of_range(system, process, &database, name, uid, of_system)?;
    let base = line.value("base-dir").or(defaults.get("HOME").map(str::as_bytes)).unwrap_or(b"/home");
    let home = line.value("home-dir").map_or_else(|| [base, b"/", name].concat(), <[u8]>::to_vec);
    let shell = line.value("shell").or(defaults.get("SHELL").map(str::as_bytes)).unwrap_or(b"/bin/bash").to_vec();
    let password = line.value("password").unwrap_or(b"!");
    let shadowed = database.shadow.is_there();
    let (uid_text, gid_text) = (uid.to_string(), gid.to_string());
    let in_passwd = if shadowed { b"x" } else { password };
    let comment = line.value("comment").unwrap_or_default();
    database.passwd.push(&[name, in_passwd, uid_text.as_bytes(), gid_text.as_bytes(), comment, &home, &shell]);
    if shadowed {
        let day = date::today(system.epoch).to_string();
        let aging = |name: &str, other: &str| {
            if of_system { String::new() } else { database.defaults.get(name).unwrap_or(other).to_owned() }
        };
        let (least, most, warn) = (aging("PASS_MIN_DAYS", ""), aging("PASS_MAX_DAYS", ""), aging("PASS_WARN_AGE", ""));
        let inactive = line.value("inactive").or(defaults.get("INACTIVE").map(str::as_bytes)).unwrap_or_default();
        let expires = match line.value("expiredate").or(defaults.get("EXPIRE").map(str::as_bytes)) {
            Some(date) => match date::days(date) {
                Some(days) => days,
                None => return exit(3, format!("invalid date '{}'", text(date))),
            },
            None => String::new(),
        };
        let inactive = if inactive == b"-1" { b"" } else { inactive };
        let fields = [
            name.as_slice(),
            password,
            day.as_bytes(),
            least.as_bytes(),
            most.as_bytes(),
            warn.as_bytes(),
            inactive,
            expires.as_bytes(),
            b"",
        ];
        database.shadow.push(&fields);
    }
    for group in groups {
        database.set_member(&group, name, true);
    }
    if !of_system && database.passwd.numbered(uid).is_some() && uid >= database.defaults.range("UID", false).0 {
        sub_ids(&mut database, name);
    }
    let logged = !line.has("no-log-init");
    let limit = database.defaults.number("LASTLOG_UID_MAX").unwrap_or(u32::MAX);
    database.save(system)?;
    if logged && uid <= limit {
        logs::reset(system, uid)?;
    }
    let wants_home = line.has("create-home") || (database.defaults.is_on("CREATE_HOME") && !of_system);
    if wants_home && !line.has("no-create-home") {
        let skeleton = line.value("skel").or(defaults.get("SKEL").map(str::as_bytes)).unwrap_or(b"/etc/skel").to_vec();
        let umask = database.defaults.number("UMASK").unwrap_or(0o022);
        let mode = database.defaults.number("HOME_MODE").unwrap_or(0o777 & !umask);
        home::make(system, process, &home, Some(&skeleton), (uid, gid), mode)?;
    }
    Ok(0)
}

/// Ranges of subordinate numbers for a user, where the files are there.
fn sub_ids(database: &mut Database, name: &[u8]) {
    let start = |kind: &str| database.defaults.number(&format!("SUB_{kind}_MIN")).unwrap_or(100_000);
    let count = |kind: &str| database.defaults.number(&format!("SUB_{kind}_COUNT")).unwrap_or(65_536);
    let ranges = [(start("UID"), count("UID")), (start("GID"), count("GID"))];
    for (table, (start, count)) in [&mut database.subuid, &mut database.subgid].into_iter().zip(ranges) {
        if !table.is_there() {
            continue;
        }
        let number = |field: Option<&Vec<u8>>| field.and_then(|field| text(field).parse::<u32>().ok()).unwrap_or(0);
        let end = table.rows.iter().map(|row| number(row.get(1)).saturating_add(number(row.get(2)))).max();
        let first = end.unwrap_or(0).max(start);
        table.push(&[name, first.to_string().as_bytes(), count.to_string().as_bytes()]);
    }
}

/// What `useradd` and `usermod` say of a shell that nobody can start.
pub(super) fn check_shell(system: &mut System<'_>, process: &mut Process, shell: &[u8]) -> Result<(), Stop> {
    let fine = shell.is_empty()
        || shell.first() == Some(&b'*')
        || shell == b"/sbin/nologin"
        || system.stat(&process.path(shell)).is_ok_and(|node| !node.is_directory() && node.meta.mode & 0o111 != 0);
    if fine {
        return Ok(());
    }
    process.complain(system, &format!("Warning: missing or non-executable shell '{}'", text(shell)))
}

fn warn_of_range(
    system: &mut System<'_>,
    process: &mut Process,
    database: &Database,
    name: &[u8],
    uid: u32,
    of_system: bool,
) -> Result<(), Stop> {
    let shown = text(name);
    let (low, high) = database.defaults.range("UID", false);
    let (_, system_high) = database.defaults.range("UID", true);
    let text = match of_system {
        true if uid > system_high => {
            format!("useradd warning: {shown}'s uid {uid} is greater than SYS_UID_MAX {system_high}\n")
        }
        false if !(low..=high).contains(&uid) => {
            format!("useradd warning: {shown}'s uid {uid} outside of the UID_MIN {low} and UID_MAX {high} range.\n")
        }
        _ => return Ok(()),
    };
    process.write(system, 2, text.as_bytes()).map(drop)
}

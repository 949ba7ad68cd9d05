//! id(1), groups(1), whoami(1), logname(1), getent(1): a script is root, in root's group only.

use super::identity;
use super::operand::{number, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("u", "user", Takes::Nothing),
    ("g", "group", Takes::Nothing),
    ("G", "groups", Takes::Nothing),
    ("n", "name", Takes::Nothing),
    ("r", "real", Takes::Nothing),
    ("z", "zero", Takes::Nothing),
    ("a", "", Takes::Nothing),
    ("Z", "context", Takes::Nothing),
];

/// Somebody: number, login group, all groups.
struct Person {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

/// Runs `id`.
pub(super) fn id(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut what, mut names) = (None, false);
    for option in &line.options {
        match option.name {
            one @ ("user" | "group" | "groups") if what.is_none_or(|what| what == one) => what = Some(one),
            "user" | "group" | "groups" => {
                process.complain(system, "cannot print \"only\" of more than one choice")?;
                return Ok(1);
            }
            "name" => names = true,
            "real" | "a" => {}
            _ => return Err(option.unmodelled("id")),
        }
    }
    if names && what.is_none() {
        process.complain(system, "cannot print only names or real IDs in default format")?;
        return Ok(1);
    }
    let mut people = Vec::new();
    let mut status = 0;
    for operand in &line.operands {
        match person(system, operand) {
            Some(person) => people.push(person),
            None => {
                process.complain(system, &format!("{}: no such user", quoted(operand)))?;
                status = 1;
            }
        }
    }
    if line.operands.is_empty() {
        people.push(Person { uid: 0, gid: 0, groups: vec![0] });
    }
    for person in people {
        let text = match what {
            None => report(system, &person),
            Some("user") => shown(system, person.uid, names, true),
            Some("group") => shown(system, person.gid, names, false),
            Some(_) => {
                let all: Vec<_> = person.groups.iter().map(|gid| shown(system, *gid, names, false)).collect();
                all.join(&b' ')
            }
        };
        process.out(system, &[text.as_slice(), b"\n"].concat())?;
    }
    Ok(status)
}

fn person(system: &mut System<'_>, operand: &[u8]) -> Option<Person> {
    let numbered = |system: &mut System<'_>| {
        let uid = u32::try_from(number(operand)?).ok()?;
        identity::user_numbered(system, uid)
    };
    let user = identity::user_named(system, operand).or_else(|| numbered(system))?;
    let groups = identity::memberships(system, &user.name, user.gid);
    Some(Person { uid: user.uid, gid: user.gid, groups })
}

fn name_of(system: &mut System<'_>, number: u32, user: bool) -> Option<Vec<u8>> {
    if user {
        identity::user_numbered(system, number).map(|user| user.name)
    } else {
        identity::group_numbered(system, number).map(|group| group.name)
    }
}

fn shown(system: &mut System<'_>, number: u32, name: bool, user: bool) -> Vec<u8> {
    let name = if name { name_of(system, number, user) } else { None };
    name.unwrap_or_else(|| number.to_string().into_bytes())
}

fn report(system: &mut System<'_>, person: &Person) -> Vec<u8> {
    let mut both = |number: u32, user: bool| {
        let name = name_of(system, number, user).map(|name| [b"(", name.as_slice(), b")"].concat()).unwrap_or_default();
        [number.to_string().as_bytes(), &name].concat()
    };
    let groups: Vec<_> = person.groups.iter().map(|gid| both(*gid, false)).collect();
    let (uid, gid) = (both(person.uid, true), both(person.gid, false));
    [b"uid=", uid.as_slice(), b" gid=", &gid, b" groups=", &groups.join(&b',')].concat()
}

/// Runs `groups`.
pub(super) fn groups(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let operands = process.arguments().to_vec();
    if operands.iter().any(|operand| operand.starts_with(b"-")) {
        return Err(Stop::unsupported("groups", "an option"));
    }
    if operands.is_empty() {
        let name = shown(system, 0, true, false);
        process.out(system, &[name.as_slice(), b"\n"].concat())?;
    }
    let mut status = 0;
    for operand in operands {
        let Some(person) = person(system, &operand) else {
            process.complain(system, &format!("{}: no such user", quoted(&operand)))?;
            status = 1;
            continue;
        };
        let names: Vec<_> = person.groups.iter().map(|gid| shown(system, *gid, true, false)).collect();
        process.out(system, &[operand.as_slice(), b" : ", &names.join(&b' '), b"\n"].concat())?;
    }
    Ok(status)
}

/// Runs `whoami`.
pub(super) fn whoami(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = shown(system, 0, true, true);
    process.out(system, &[name.as_slice(), b"\n"].concat())?;
    Ok(0)
}

/// Runs `logname`: nobody logged in.
pub(super) fn logname(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    process.complain(system, "no login name")?;
    Ok(1)
}

const GETENT_HELP: &[u8] = b"Try `getent --help' or `getent --usage' for more information.\n";

/// Runs `getent` for the databases that are files of one line an entry.
pub(super) fn getent(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] =
        &[("s", "service", Takes::Value), ("i", "no-idn", Takes::Nothing), ("A", "no-addrconfig", Takes::Nothing)];
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    if let Some(option) = line.options.first() {
        return Err(option.unmodelled("getent"));
    }
    let Some((database, keys)) = line.operands.split_first() else {
        process.complain(system, "wrong number of arguments")?;
        process.out(system, GETENT_HELP)?;
        return Ok(1);
    };
    let file: &[u8] = match database.as_slice() {
        b"passwd" => b"etc/passwd",
        b"group" => b"etc/group",
        b"shadow" => b"etc/shadow",
        b"gshadow" => b"etc/gshadow",
        b"ahosts" | b"ahostsv4" | b"ahostsv6" | b"aliases" | b"ethers" | b"hosts" | b"initgroups" | b"netgroup"
        | b"networks" | b"protocols" | b"rpc" | b"services" => {
            return Err(Stop::unsupported("getent", format!("the database `{}`", String::from_utf8_lossy(database))));
        }
        _ => {
            let text = format!("Unknown database: {}\n", String::from_utf8_lossy(database));
            process.write(system, 2, text.as_bytes()).map(drop)?;
            process.out(system, GETENT_HELP)?;
            return Ok(1);
        }
    };
    let entries: Vec<(Vec<u8>, Option<u32>, Vec<u8>)> = match database.as_slice() {
        b"passwd" => identity::users(system).into_iter().map(|user| (user.name, Some(user.uid), user.line)).collect(),
        b"group" => {
            identity::groups(system).into_iter().map(|group| (group.name, Some(group.gid), group.line)).collect()
        }
        _ => {
            let name = |line: &[u8]| line.split(|byte| *byte == b':').next().unwrap_or_default().to_vec();
            identity::lines(system, file).into_iter().map(|line| (name(&line), None, line)).collect()
        }
    };
    let mut status = 0;
    for key in keys {
        let wanted = number(key).and_then(|value| u32::try_from(value).ok());
        let found = entries.iter().find(|(name, id, _)| match wanted {
            Some(_) if id.is_some() => *id == wanted,
            _ => name == key,
        });
        match found {
            Some((_, _, line)) => process.out(system, &[line.as_slice(), b"\n"].concat())?,
            None => status = 2,
        }
    }
    if keys.is_empty() {
        for (_, _, line) in &entries {
            process.out(system, &[line.as_slice(), b"\n"].concat())?;
        }
    }
    Ok(status)
}

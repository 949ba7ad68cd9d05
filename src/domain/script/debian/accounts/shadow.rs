//! `pwconv`(8), `grpconv`(8), `pwck`(8), `grpck`(8), `update-passwd`(8): the files as a whole.

use std::fmt::Write as _;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::database::{Database, refuse_other_trees};
use super::date;
use super::table::{Table, members, set};

const CHECK: [Known; 5] = [
    flag(b'q', "quiet"),
    flag(b'r', "read-only"),
    flag(b's', "sort"),
    valued(b'R', "root"),
    flag(b'S', "silence-warnings"),
];
const UPDATE: [Known; 6] = [
    flag(b'v', "verbose"),
    flag(b'n', "dry-run"),
    flag(b'L', "no-locking"),
    flag(b'h', "help"),
    flag(b'V', "version"),
    valued(b's', "sanity-check"),
];

/// `pwconv`: passwords move into `shadow`.
pub(in super::super) fn pwconv(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = convert(system, process, |database, day| {
        let aging = |name: &str| database.defaults.get(name).unwrap_or_default().to_owned();
        let (least, most, warn) = (aging("PASS_MIN_DAYS"), aging("PASS_MAX_DAYS"), aging("PASS_WARN_AGE"));
        let (passwd, shadow) = (&mut database.passwd, &mut database.shadow);
        shadow.rows.retain(|row| row.first().is_some_and(|name| passwd.row(name).is_some()));
        for row in &mut passwd.rows {
            let (name, secret) = (row.first().cloned().unwrap_or_default(), row.get(1).cloned().unwrap_or_default());
            match shadow.row_mut(&name) {
                None => {
                    let fields = [
                        name.as_slice(),
                        &secret,
                        day.as_bytes(),
                        least.as_bytes(),
                        most.as_bytes(),
                        warn.as_bytes(),
                        b"",
                        b"",
                        b"",
                    ];
                    shadow.push(&fields);
                }
                Some(_) if secret == b"x" => {}
                Some(known) => {
                    set(known, 1, secret);
                    set(known, 2, day.as_bytes());
                }
            }
            set(row, 1, "x");
        }
    });
    // The backup may hold passwords, so it is root's alone; there may be none.
    let _ = system.change(b"etc/passwd-", |meta| meta.mode = 0o600);
    conclude(system, process, result)
}

/// `grpconv`: passwords move into `gshadow`.
pub(in super::super) fn grpconv(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = convert(system, process, |database, _| {
        let (group, gshadow) = (&mut database.group, &mut database.gshadow);
        gshadow.rows.retain(|row| row.first().is_some_and(|name| group.row(name).is_some()));
        for row in &mut group.rows {
            let field = |n: usize| row.get(n).cloned().unwrap_or_default();
            let (name, secret, list) = (field(0), field(1), field(3));
            match gshadow.row_mut(&name) {
                None => gshadow.push(&[&name, &secret, b"", &list]),
                Some(known) => {
                    if secret != b"x" {
                        set(known, 1, secret);
                    }
                    set(known, 3, list);
                }
            }
            set(row, 1, "x");
        }
    });
    conclude(system, process, result)
}

fn convert(
    system: &mut System<'_>,
    process: &mut Process,
    change: impl FnOnce(&mut Database, &str),
) -> Result<u8, Failure> {
    let line = Line::parse(process.arguments(), &[valued(b'R', "root")]).map_err(|text| Failure::Exit(2, text))?;
    refuse_other_trees(process, &line)?;
    let mut database = Database::open(system)?;
    let day = date::today(system.epoch).to_string();
    change(&mut database, &day);
    database.save(system)
}

/// `pwck`.
pub(in super::super) fn pwck(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = check(system, process, |system, process, database, quiet| {
        if broken(&database.passwd, 7) || broken(&database.shadow, 9) {
            return Err(Stop::unsupported("pwck", "files with malformed lines").into());
        }
        let mut status = 0;
        for row in &database.passwd.rows {
            let field = |n: usize| row.get(n).map(Vec::as_slice).unwrap_or_default();
            if database.shadow.is_there() && field(1) == b"x" && database.shadow.row(field(0)).is_none() {
                let name = text(field(0));
                let said =
                    format!("no matching password file entry in /etc/shadow\nadd user '{name}' in /etc/shadow? No\n");
                process.out(system, said.as_bytes())?;
                status = 2;
            }
        }
        if !quiet {
            for row in &database.passwd.rows {
                let field = |n: usize| row.get(n).map(Vec::as_slice).unwrap_or_default();
                if !system.exists(&process.path(field(5))) {
                    let text = format!("user '{}': directory '{}' does not exist\n", text(field(0)), text(field(5)));
                    process.out(system, text.as_bytes())?;
                    status = 2;
                }
            }
        }
        if status != 0 {
            process.out(system, b"pwck: no changes\n")?;
        }
        Ok(status)
    });
    conclude(system, process, result)
}

/// `grpck`.
pub(in super::super) fn grpck(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = check(system, process, |system, process, database, _| {
        if broken(&database.group, 4) || broken(&database.gshadow, 4) {
            return Err(Stop::unsupported("grpck", "files with malformed lines").into());
        }
        let mut status = 0;
        for row in &database.group.rows {
            let name = row.first().map(Vec::as_slice).unwrap_or_default();
            let mut said = String::new();
            for user in members(row, 3).iter().filter(|user| database.passwd.row(user).is_none()) {
                let (group, user) = (text(name), text(user));
                let _ = writeln!(said, "group '{group}': no user '{user}'\ndelete member '{user}'? No");
            }
            if database.gshadow.is_there() && database.gshadow.row(name).is_none() {
                let name = text(name);
                let _ = writeln!(
                    said,
                    "no matching group file entry in /etc/gshadow\nadd group '{name}' in /etc/gshadow? No"
                );
            }
            if !said.is_empty() {
                process.out(system, said.as_bytes())?;
                status = 2;
            }
        }
        if status != 0 {
            process.out(system, b"grpck: no changes\n")?;
        }
        Ok(status)
    });
    conclude(system, process, result)
}

/// Whether a file has lines that the checkers would ask about.
fn broken(table: &Table, fields: usize) -> bool {
    let mut names: Vec<_> = table.rows.iter().map(|row| row.first()).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    names.len() != count || table.rows.iter().any(|row| row.len() != fields)
}

type Check = fn(&mut System<'_>, &mut Process, &Database, bool) -> Result<u8, Failure>;

fn check(system: &mut System<'_>, process: &mut Process, run: Check) -> Result<u8, Failure> {
    let line = Line::parse(process.arguments(), &CHECK).map_err(|text| Failure::Exit(1, text))?;
    refuse_other_trees(process, &line)?;
    if line.has("sort") || !line.operands.is_empty() {
        return Err(Stop::unsupported(&process.name(), "option -s, or other files").into());
    }
    let database = Database::read(system)?;
    run(system, process, &database, line.has("quiet"))
}

/// `update-passwd`: silent where the tree has the accounts of `/usr/share/base-passwd`, as a new tree has.
pub(in super::super) fn update_passwd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let line = Line::parse(process.arguments(), &UPDATE).map_err(|text| Failure::Exit(1, text));
    let result = line.and_then(|_| {
        for (master, path) in [("passwd", &b"etc/passwd"[..]), ("group", b"etc/group")] {
            let master = format!("usr/share/base-passwd/{master}.master");
            let Ok(bytes) = system.read(master.as_bytes()) else { continue };
            let own = text(&system.read(path).map(|bytes| bytes.to_vec()).unwrap_or_default());
            for entry in text(&bytes).lines() {
                let fields: Vec<&str> = entry.split(':').collect();
                let [name, _, number, ..] = fields.as_slice() else { continue };
                let known = own.lines().map(|line| line.split(':').collect::<Vec<_>>());
                let same = |line: &Vec<&str>| line.first() == Some(name) && line.get(2) == Some(number);
                if !known.into_iter().any(|line| same(&line)) {
                    return Err(Stop::unsupported("update-passwd", format!("it would change `{name}`")).into());
                }
            }
        }
        Ok(0)
    });
    conclude(system, process, result)
}

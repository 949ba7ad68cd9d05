//! `chage`(1), `passwd`(1), `chfn`(1), `chsh`(1), `chpasswd`(8): single fields of a user.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::database::{Database, refuse_other_trees};
use super::date;
use super::table::set;

const CHAGE: [Known; 8] = [
    valued(b'd', "lastday"),
    valued(b'E', "expiredate"),
    valued(b'I', "inactive"),
    valued(b'm', "mindays"),
    valued(b'M', "maxdays"),
    valued(b'W', "warndays"),
    flag(b'l', "list"),
    valued(b'R', "root"),
];
const PASSWD: [Known; 8] = [
    flag(b'l', "lock"),
    flag(b'u', "unlock"),
    flag(b'd', "delete"),
    flag(b'e', "expire"),
    flag(b'q', "quiet"),
    flag(b'S', "status"),
    valued(b'R', "root"),
    valued(b'x', "maxdays"),
];
const CHFN: [Known; 6] = [
    valued(b'f', "full-name"),
    valued(b'r', "room"),
    valued(b'w', "work-phone"),
    valued(b'h', "home-phone"),
    valued(b'o', "other"),
    valued(b'R', "root"),
];
const CHSH: [Known; 2] = [valued(b's', "shell"), valued(b'R', "root")];
const CHPASSWD: [Known; 5] = [
    flag(b'e', "encrypted"),
    flag(b'm', "md5"),
    valued(b'c', "crypt-method"),
    valued(b's', "sha-rounds"),
    valued(b'R', "root"),
];

type Run = fn(&mut System<'_>, &mut Process, &Line, &[u8], &mut Database) -> Result<(), Failure>;

/// Reads a command line with one user, runs, and saves.
fn with_user(system: &mut System<'_>, process: &mut Process, known: &[Known], run: Run) -> Result<u8, Stop> {
    let line = Line::parse(process.arguments(), known).map_err(|text| Failure::Exit(2, text));
    let result = line.and_then(|line| {
        refuse_other_trees(process, &line)?;
        let name = line.operands.first().cloned().unwrap_or_else(|| b"root".to_vec());
        let mut database = Database::open(system)?;
        if database.passwd.row(&name).is_none() {
            let shown = text(&name);
            return Err(Failure::Exit(1, format!("user '{shown}' does not exist in /etc/passwd")));
        }
        if line.options.is_empty() || line.has("list") || line.has("status") {
            return Err(Stop::unsupported(&process.name(), "asks, or lists").into());
        }
        run(system, process, &line, &name, &mut database)?;
        database.save(system)
    });
    conclude(system, process, result)
}

/// `chage`.
pub(in super::super) fn chage(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    with_user(system, process, &CHAGE, |_, _, line, name, database| {
        let missing = || Failure::Exit(15, "the shadow password file is not present".into());
        if database.shadow.row(name).is_none() {
            let password = database.passwd.row(name).and_then(|row| row.get(1)).cloned().unwrap_or_default();
            if !database.shadow.is_there() {
                return Err(missing());
            }
            database.shadow.push(&[name, &password, b"", b"", b"", b"", b"", b"", b""]);
        }
        let row = database.shadow.row_mut(name).ok_or_else(missing)?;
        for (option, value) in &line.options {
            let field = match *option {
                "lastday" => 2,
                "mindays" => 3,
                "maxdays" => 4,
                "warndays" => 5,
                "inactive" => 6,
                _ => 7,
            };
            let days = date::days(value).ok_or_else(|| Failure::Exit(2, format!("invalid date '{}'", text(value))))?;
            set(row, field, days);
        }
        Ok(())
    })
}

/// `passwd`.
pub(in super::super) fn passwd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    with_user(system, process, &PASSWD, |system, process, line, name, database| {
        let table = if database.shadow.row(name).is_some() { &mut database.shadow } else { &mut database.passwd };
        let Some(row) = table.row_mut(name) else { return Ok(()) };
        let mut secret = row.get(1).cloned().unwrap_or_default();
        for (option, _) in &line.options {
            match *option {
                "lock" if secret.first() != Some(&b'!') => secret.insert(0, b'!'),
                "unlock" if secret == b"!" => {
                    let text = "unlocking the password would result in a passwordless account.\n\
                                You should set a password with usermod -p to unlock the password of this account.";
                    return Err(Failure::Exit(3, text.into()));
                }
                "unlock" if secret.first() == Some(&b'!') => drop(secret.remove(0)),
                "delete" => secret.clear(),
                "expire" => set(row, 2, "0"),
                "maxdays" => return Err(Stop::unsupported("passwd", "option -x").into()),
                _ => {}
            }
        }
        set(row, 1, secret);
        if line.has("quiet") {
            return Ok(());
        }
        let text = if line.has("expire") { "password expiry information changed." } else { "password changed." };
        Ok(process.out(system, format!("passwd: {text}\n").as_bytes())?)
    })
}

/// `chfn`.
pub(in super::super) fn chfn(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    with_user(system, process, &CHFN, |_, _, line, name, database| {
        let Some(row) = database.passwd.row_mut(name) else { return Ok(()) };
        let mut parts: Vec<Vec<u8>> = row
            .get(4)
            .map(|gecos| gecos.splitn(5, |byte| *byte == b',').map(<[u8]>::to_vec).collect())
            .unwrap_or_default();
        for (option, value) in &line.options {
            if value.iter().any(|byte| matches!(byte, b':' | b'\n') || (*byte == b',' && *option != "other")) {
                return Err(Failure::Exit(1, format!("invalid {}: '{}'", option.replace('-', " "), text(value))));
            }
            let at = CHFN.iter().position(|known| known.is(option)).unwrap_or(0);
            set(&mut parts, at, value.as_slice());
        }
        // The commas between name, room and telephones are always there.
        parts.resize(parts.len().max(4), Vec::new());
        set(row, 4, parts.join(&b','));
        Ok(())
    })
}

/// `chsh`.
pub(in super::super) fn chsh(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    with_user(system, process, &CHSH, |system, process, line, name, database| {
        let shell = line.value("shell").unwrap_or_default();
        if !shell.is_empty() && !system.exists(&process.path(shell)) {
            process.complain(system, &format!("Warning: {} does not exist", text(shell)))?;
        }
        if let Some(row) = database.passwd.row_mut(name) {
            set(row, 6, shell);
        }
        Ok(())
    })
}

/// `chpasswd`, for passwords that are encrypted already.
pub(in super::super) fn chpasswd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let line = Line::parse(process.arguments(), &CHPASSWD).map_err(|text| Failure::Exit(2, text));
    let result = line.and_then(|line| {
        refuse_other_trees(process, &line)?;
        if !line.has("encrypted") {
            return Err(Stop::unsupported("chpasswd", "without -e: it would need a random salt").into());
        }
        let input = process.read_all(system, 0).unwrap_or_default();
        let mut database = Database::open(system)?;
        let day = date::today(system.epoch).to_string();
        for entry in input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut parts = entry.splitn(2, |byte| *byte == b':');
            let (name, secret) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            if let Some(row) = database.shadow.row_mut(name) {
                set(row, 1, secret);
                set(row, 2, day.as_bytes());
            } else if let Some(row) = database.passwd.row_mut(name) {
                set(row, 1, secret);
            } else {
                return Err(Failure::Exit(1, format!("line 1: user '{}' does not exist", text(name))));
            }
        }
        database.save(system)
    });
    conclude(system, process, result)
}

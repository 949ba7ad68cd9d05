//! `deluser`(8) and `delgroup`(8).

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::adduser::call;
use super::{groups, names, users};

const OPTIONS: [Known; 10] = [
    flag(0, "backup"),
    valued(0, "backup-to"),
    valued(b'c', "conf"),
    flag(0, "force"),
    flag(0, "group"),
    flag(0, "only-if-empty"),
    flag(b'q', "quiet"),
    flag(0, "remove-all-files"),
    flag(0, "remove-home"),
    flag(0, "system"),
];

/// `deluser` and `delgroup`.
pub(in super::super) fn deluser(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let line = Line::parse(process.arguments(), &OPTIONS).map_err(|text| Failure::Exit(1, text));
    let result = line.and_then(|line| run(system, process, &line));
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, line: &Line) -> Result<u8, Failure> {
    for option in ["backup", "backup-to", "conf", "remove-all-files", "remove-home"] {
        if line.has(option) {
            return Err(Stop::unsupported(&process.name(), format!("option --{option}")).into());
        }
    }
    let of_group = process.name() == "delgroup" || line.has("group");
    let say = |system: &mut System<'_>, process: &mut Process, text: String| {
        if line.has("quiet") { Ok(()) } else { process.out(system, format!("{text}\n").as_bytes()) }
    };
    match line.operands.as_slice() {
        [user, group] if !of_group => {
            if !names::is_member(system, user, group) {
                let text = format!("The user `{}' is not a member of group `{}'.", text(user), text(group));
                return Err(Failure::Exit(6, text));
            }
            say(system, process, format!("Removing user `{}' from group `{}' ...", text(user), text(group)))?;
            call(system, process, groups::gpasswd, &[b"gpasswd", b"-d", user, group])?;
        }
        [name] => {
            let (file, what) = if of_group { ("etc/group", "group") } else { ("etc/passwd", "user") };
            let shown = text(name);
            let number = names::number(system, file, name);
            let Some(number) = number else {
                let text = format!("The {what} `{shown}' does not exist");
                return if line.has("system") {
                    if !line.has("quiet") {
                        process.complain(system, &format!("{text}, but --system was given. Exiting."))?;
                    }
                    Ok(0)
                } else {
                    Err(Failure::Exit(if of_group { 3 } else { 2 }, format!("{text}.")))
                };
            };
            if line.has("system") && !(100..=999).contains(&number) {
                let text = format!("The {what} `{shown}' is not a system {what}. Exiting.");
                return Err(Failure::Exit(1, text));
            }
            say(system, process, format!("Removing {what} `{shown}' ..."))?;
            if of_group {
                call(system, process, groups::groupdel, &[b"groupdel", name])?;
            } else {
                call(system, process, users::userdel, &[b"userdel", name])?;
            }
        }
        _ => return Err(Failure::Exit(1, "Only one or two names allowed.".into())),
    }
    say(system, process, "Done.".into())?;
    Ok(0)
}

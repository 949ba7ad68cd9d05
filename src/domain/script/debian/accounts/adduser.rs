//! `adduser`(8) and `addgroup`(8): Perl programs that call `useradd`, `groupadd`, `usermod` and `chage`.
//!
//! Generations are told apart by the text of the tree's own `/usr/sbin/adduser`: bullseye's gives system users dates in
//! `shadow` as others have, a `*` for a password, a home below `DHOME`, and that `DIR_MODE`; up to bookworm's, comments are
//! set with `chfn`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::stream::Stream;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::names;
use super::{aging, groups, useradd, users};

const OPTIONS: [Known; 28] = [
    flag(0, "add-extra-groups"),
    flag(0, "allow-all-names"),
    flag(0, "allow-badname"),
    flag(0, "allow-bad-names"),
    valued(0, "comment"),
    valued(b'c', "conf"),
    flag(0, "debug"),
    flag(0, "disabled-login"),
    flag(0, "disabled-password"),
    valued(0, "firstgid"),
    valued(0, "firstuid"),
    flag(0, "force-badname"),
    valued(0, "gecos"),
    valued(0, "gid"),
    flag(0, "group"),
    flag(b'h', "help"),
    valued(0, "home"),
    valued(0, "ingroup"),
    valued(0, "lastgid"),
    valued(0, "lastuid"),
    flag(0, "no-create-home"),
    flag(b'q', "quiet"),
    valued(0, "shell"),
    flag(0, "system"),
    valued(0, "uid"),
    flag(0, "verbose"),
    flag(b'v', "version"),
    valued(0, "stdoutmsglevel"),
];

/// `adduser` and `addgroup`.
pub(in super::super) fn adduser(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = match Line::parse(process.arguments(), &OPTIONS) {
        Err(text) => Err(Failure::Exit(1, text)),
        Ok(line) => Call::new(system, process, line).and_then(|call| call.run(system, process)),
    };
    conclude(system, process, result)
}

/// A call, with the configuration.
pub(super) struct Call {
    pub(super) line: Line,
    config: BTreeMap<String, String>,
    /// Whether the tree's program is bookworm's or newer.
    pub(super) modern: bool,
    /// Whether it sets comments with `chfn`.
    pub(super) uses_chfn: bool,
}

impl Call {
    fn new(system: &mut System<'_>, process: &Process, line: Line) -> Result<Self, Failure> {
        if let Some(option) = ["help", "version", "conf", "debug"].into_iter().find(|option| line.has(option)) {
            return Err(Stop::unsupported(&process.name(), format!("option --{option}")).into());
        }
        let program = system.read(b"usr/sbin/adduser").map(|bytes| bytes.to_vec()).unwrap_or_default();
        let says = |text: &[u8]| program.windows(text.len()).any(|part| part == text);
        let modern = program.is_empty() || says(b"SYS_UID_MIN=%d");
        let uses_chfn = says(b"systemcall($chfn, '-f'");
        let bytes = system.read(b"etc/adduser.conf").map(|bytes| bytes.to_vec()).unwrap_or_default();
        let setting = |line: &str| {
            let (name, value) = line.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_owned()))
        };
        let config = text(&bytes).lines().filter(|line| !line.starts_with('#')).filter_map(setting).collect();
        Ok(Self { line, config, modern, uses_chfn })
    }

    /// A setting of `/etc/adduser.conf`.
    pub(super) fn setting<'a>(&'a self, name: &str, other: &'a str) -> &'a str {
        self.config.get(name).map_or(other, String::as_str)
    }

    fn number(&self, option: &str, setting: &str, other: u32) -> u32 {
        let given = self.line.value(option).and_then(|value| text(value).parse().ok());
        given.or_else(|| self.config.get(setting)?.parse().ok()).unwrap_or(other)
    }

    fn run(&self, system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
        let of_system = self.line.has("system");
        let for_group = process.name() == "addgroup" || (self.line.has("group") && !of_system);
        let exclusive = ["group", "ingroup", "gid"].into_iter().filter(|option| self.line.has(option)).count();
        if !for_group && exclusive > 1 {
            return Err(Failure::Exit(1, "The --group, --ingroup, and --gid options are mutually exclusive.".into()));
        }
        if ["uid_pool", "gid_pool", "quotauser"].iter().any(|name| !self.setting(name, "").is_empty()) {
            return Err(Stop::unsupported("adduser", "pools and quotas of adduser.conf").into());
        }
        match self.line.operands.as_slice() {
            [user, group] if !for_group && !of_system => self.join(system, process, user, group),
            [name] if for_group => self.add_group(system, process, name, of_system),
            [name] if of_system => self.add_system_user(system, process, name),
            [name] => self.add_user(system, process, name),
            _ => Err(Failure::Exit(1, "Only one or two names allowed.".into())),
        }
    }

    /// Says something unless `--quiet`.
    pub(super) fn say(&self, system: &mut System<'_>, process: &mut Process, text: &str) -> Result<(), Stop> {
        if self.line.has("quiet") { Ok(()) } else { process.out(system, format!("{text}\n").as_bytes()) }
    }

    /// Says a warning unless `--quiet`.
    fn warn(&self, system: &mut System<'_>, process: &mut Process, text: &str) -> Result<(), Stop> {
        if self.line.has("quiet") { Ok(()) } else { process.complain(system, text) }
    }

    fn join(&self, system: &mut System<'_>, process: &mut Process, user: &[u8], group: &[u8]) -> Result<u8, Failure> {
        let (user_shown, group_shown) = (text(user), text(group));
        if names::number(system, "etc/passwd", user).is_none() {
            return Err(Failure::Exit(1, format!("The user `{user_shown}' does not exist.")));
        }
        if names::number(system, "etc/group", group).is_none() {
            return Err(Failure::Exit(1, format!("The group `{group_shown}' does not exist.")));
        }
        if names::is_member(system, user, group) {
            let text = format!("The user `{user_shown}' is already a member of `{group_shown}'.");
            self.warn(system, process, &text)?;
            return Ok(0);
        }
        self.say(system, process, &format!("Adding user `{user_shown}' to group `{group_shown}' ..."))?;
        call(system, process, users::usermod, &[b"usermod", b"-a", b"-G", group, user])?;
        self.say(system, process, "Done.")?;
        Ok(0)
    }

    fn add_group(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        of_system: bool,
    ) -> Result<u8, Failure> {
        let shown = text(name);
        let wanted = self.line.value("gid").map(<[u8]>::to_vec);
        let (low, high) = self.range("gid", of_system);
        if let Some(gid) = names::number(system, "etc/group", name) {
            let own = self.system_range("gid");
            let same = wanted.as_ref().is_none_or(|wanted| text(wanted) == gid.to_string());
            if of_system && (own.0..=own.1).contains(&gid) {
                self.warn(system, process, &format!("The group `{shown}' already exists as a system group. Exiting."))?;
                return Ok(0);
            }
            let reason = match (of_system, same) {
                (false, _) => ".",
                (true, true) => " and is not a system group. Exiting.",
                (true, false) => ", but has a different GID. Exiting.",
            };
            return Err(Failure::Exit(1, format!("The group `{shown}' already exists{reason}")));
        }
        let gid = match wanted {
            Some(gid) if names::is_taken(system, "etc/group", &gid) => {
                return Err(Failure::Exit(1, format!("The GID `{}' is already in use.", text(&gid))));
            }
            Some(gid) => text(&gid),
            None => match first_free(system, low..=high, &["etc/group"])? {
                Some(gid) => gid.to_string(),
                None => return Err(Failure::Exit(1, format!("The group `{shown}' was not created."))),
            },
        };
        self.say(system, process, &format!("Adding group `{shown}' (GID {gid}) ..."))?;
        call(system, process, groups::groupadd, &[b"groupadd", b"-g", gid.as_bytes(), name])?;
        self.say(system, process, "Done.")?;
        Ok(0)
    }

    fn add_system_user(&self, system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<u8, Failure> {
        let shown = text(name);
        let own = self.system_range("uid");
        let wanted = self.line.value("uid").map(text);
        if let Some(uid) = names::number(system, "etc/passwd", name) {
            if wanted.as_ref().is_some_and(|wanted| *wanted != uid.to_string()) {
                return Err(Failure::Exit(
                    1,
                    format!("The user `{shown}' already exists with a different UID. Exiting."),
                ));
            }
            if (own.0..=own.1).contains(&uid) {
                self.say(system, process, &format!("The system user `{shown}' already exists. Exiting."))?;
                return Ok(0);
            }
            return Err(Failure::Exit(
                1,
                format!("The user `{shown}' already exists, but is not a system user. Exiting."),
            ));
        }
        if let Some(uid) = wanted.as_ref().filter(|uid| names::is_taken(system, "etc/passwd", uid.as_bytes())) {
            return Err(Failure::Exit(1, format!("The UID {uid} is already in use.")));
        }
        let own_group = self.line.has("group");
        let mut group = self.line.value("ingroup").map(text);
        if let Some(gid) = self.line.value("gid").map(text) {
            let number = gid.parse().ok();
            group = number.and_then(|number| names::name(system, "etc/group", number));
            if group.is_none() {
                return Err(Failure::Exit(1, format!("The GID {gid} does not exist.")));
            }
        }
        if let Some(group) =
            group.as_ref().filter(|group| names::number(system, "etc/group", group.as_bytes()).is_none())
        {
            return Err(Failure::Exit(1, format!("The group `{group}' does not exist.")));
        }
        let (low, high) = self.range("uid", true);
        let uid = match wanted {
            Some(uid) => uid,
            None => match first_free(system, low..=high, &["etc/passwd"])? {
                Some(uid) => uid.to_string(),
                None => return Err(Failure::Exit(1, format!("The user `{shown}' was not created."))),
            },
        };
        self.say(system, process, &format!("Adding system user `{shown}' (UID {uid}) ..."))?;
        let group = if own_group {
            if names::number(system, "etc/group", name).is_none() {
                let (low, high) = self.range("gid", true);
                // A number that was asked for is the group's as well.
                let gid = match self.line.value("uid") {
                    Some(_) => uid.parse().ok(),
                    None => first_free(system, low..=high, &["etc/group"])?,
                };
                let gid = gid.map(|gid: u32| gid.to_string());
                let gid = gid.ok_or_else(|| Failure::Exit(1, format!("The user `{shown}' was not created.")))?;
                self.say(system, process, &format!("Adding new group `{shown}' (GID {gid}) ..."))?;
                call(system, process, groups::groupadd, &[b"groupadd", b"-g", gid.as_bytes(), name])?;
            }
            shown.clone()
        } else {
            group.unwrap_or_else(|| "nogroup".into())
        };
        self.say(system, process, &format!("Adding new user `{shown}' (UID {uid}) with group `{group}' ..."))?;
        let usual = if self.modern { b"/nonexistent".to_vec() } else { self.usual_home(name) };
        let home = self.line.value("home").map_or(usual, <[u8]>::to_vec);
        let shell = self.line.value("shell").unwrap_or(b"/usr/sbin/nologin").to_vec();
        let (low, high) = (format!("SYS_UID_MIN={low}"), format!("SYS_UID_MAX={high}"));
        let mut args: Vec<&[u8]> = vec![b"useradd"];
        if self.modern {
            args.extend([&b"-r"[..], b"-K", low.as_bytes(), b"-K", high.as_bytes()]);
        }
        args.extend([&b"-d"[..], &home, b"-g", group.as_bytes(), b"-s", &shell, b"-u", uid.as_bytes(), name]);
        call(system, process, useradd::useradd, &args)?;
        if !self.modern {
            if !self.line.has("disabled-login") {
                call(system, process, users::usermod, &[b"usermod", b"-p", b"*", name])?;
            }
            call(system, process, aging::chage, &[b"chage", b"-M", b"99999", name])?;
        }
        self.comment(system, process, name)?;
        let mode = if self.modern { self.setting("sys_dir_mode", "0755") } else { self.setting("dir_mode", "0755") };
        let mode = u32::from_str_radix(mode, 8).unwrap_or(0o755);
        self.make_home(system, process, name, &home, None, mode)
    }

    fn add_user(&self, system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<u8, Failure> {
        let shown = text(name);
        if !self.line.has("disabled-password") && !self.line.has("disabled-login") {
            return Err(Stop::unsupported("adduser", "asks for a password").into());
        }
        if !self.line.has("gecos") && !self.line.has("comment") {
            return Err(Stop::unsupported("adduser", "asks for a name").into());
        }
        let plain = self.setting("usergroups", "yes").eq_ignore_ascii_case("yes")
            && ["users_gid", "users_group"].iter().all(|name| !self.config.contains_key(*name))
            && !self.line.has("ingroup")
            && !self.line.has("gid");
        if !plain || self.line.has("add-extra-groups") || self.setting("add_extra_groups", "0") != "0" {
            return Err(Stop::unsupported("adduser", "a user in other groups than its own").into());
        }
        if names::number(system, "etc/passwd", name).is_some() {
            return Err(Failure::Exit(1, format!("The user `{shown}' already exists.")));
        }
        if names::number(system, "etc/group", name).is_some() {
            return Err(Failure::Exit(1, format!("The group `{shown}' already exists.")));
        }
        self.say(system, process, &format!("Adding user `{shown}' ..."))?;
        let (low, high) = self.range("uid", false);
        let uid = match self.line.value("uid").map(text) {
            Some(uid) => uid,
            None => match first_free(system, low..=high, &["etc/passwd", "etc/group"])? {
                Some(uid) => uid.to_string(),
                None => return Err(Failure::Exit(1, format!("The user `{shown}' was not created."))),
            },
        };
        self.say(system, process, &format!("Adding new group `{shown}' ({uid}) ..."))?;
        call(system, process, groups::groupadd, &[b"groupadd", b"-g", uid.as_bytes(), name])?;
        self.say(system, process, &format!("Adding new user `{shown}' ({uid}) with group `{shown} ({uid})' ..."))?;
        let home = self.line.value("home").map_or_else(|| self.usual_home(name), <[u8]>::to_vec);
        let usual = if self.line.has("disabled-login") && self.modern {
            "/usr/sbin/nologin"
        } else {
            self.setting("dshell", "/bin/bash")
        };
        let shell = self.line.value("shell").unwrap_or(usual.as_bytes()).to_vec();
        let args = [&b"useradd"[..], b"-d", &home, b"-g", uid.as_bytes(), b"-s", &shell, b"-u", uid.as_bytes(), name];
        call(system, process, useradd::useradd, &args)?;
        let mode = u32::from_str_radix(self.setting("dir_mode", if self.modern { "0700" } else { "0755" }), 8);
        let skeleton = self.setting("skel", "/etc/skel").as_bytes().to_vec();
        self.make_home(system, process, name, &home, Some(&skeleton), mode.unwrap_or(0o700))?;
        self.comment(system, process, name)?;
        // Since 3.119 a new user is in `users` as well.
        if self.modern && names::number(system, "etc/group", b"users").is_some() {
            self.say(
                system,
                process,
                &format!("Adding new user `{shown}' to supplemental / extra groups `users' ..."),
            )?;
            self.say(system, process, &format!("Adding user `{shown}' to group `users' ..."))?;
            call(system, process, users::usermod, &[b"usermod", b"-a", b"-G", b"users", name])?;
        }
        Ok(0)
    }

    fn system_range(&self, kind: &str) -> (u32, u32) {
        let number = |name: &str, other| self.config.get(name).and_then(|value| value.parse().ok()).unwrap_or(other);
        (number(&format!("first_system_{kind}"), 100), number(&format!("last_system_{kind}"), 999))
    }

    fn range(&self, kind: &str, of_system: bool) -> (u32, u32) {
        let (first, last) = if of_system { ("first_system_", "last_system_") } else { ("first_", "last_") };
        let (low, high) = if of_system { (100, 999) } else { (1000, 59_999) };
        (
            self.number(&format!("first{kind}"), &format!("{first}{kind}"), low),
            self.number(&format!("last{kind}"), &format!("{last}{kind}"), high),
        )
    }
}

/// The first number that none of the files has.
fn first_free(
    system: &mut System<'_>,
    mut range: std::ops::RangeInclusive<u32>,
    files: &[&str],
) -> Result<Option<u32>, Failure> {
    let mut used = std::collections::BTreeSet::new();
    for file in files {
        used.extend(names::all_numbers(system, file));
    }
    system.budget.step(used.len() as u64)?;
    Ok(range.find(|number| !used.contains(number)))
}

/// Runs a program as these programs do: whatever goes wrong ends them as well.
pub(super) fn call(
    system: &mut System<'_>,
    process: &mut Process,
    applet: super::super::super::command::Applet,
    args: &[&[u8]],
) -> Result<(), Failure> {
    let mut child = process.clone();
    child.args = args.iter().map(|arg| arg.to_vec()).collect();
    // What they say is not passed on; what they complain about is.
    child.streams.set(1, Rc::new(RefCell::new(Stream::Null)));
    match applet(system, &mut child)? {
        0 => Ok(()),
        status => {
            let command = text(&args.join(&b' '));
            Err(Failure::Exit(1, format!("`/usr/sbin/{command}' returned error code {status}. Exiting.")))
        }
    }
}

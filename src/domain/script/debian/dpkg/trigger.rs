//! `dpkg-trigger`(1): notes in `/var/lib/dpkg/triggers/Unincorp` that a trigger was activated.
//!
//! A line each: the trigger, then who waits for it, the newest first: packages, or `-` for nobody.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::{ADMIN, Command, usage};
use crate::domain::rootfs::{Content, Kind};

const OPTIONS: [&str; 4] = ["check-supported", "by-package=", "await", "no-await"];

/// `dpkg-trigger`.
pub(in super::super) fn dpkg_trigger(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = Command::parse(process, &OPTIONS, &[]).and_then(|command| run(system, process, &command));
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, command: &Command) -> Result<u8, Failure> {
    if command.has("check-supported") {
        return Ok(0);
    }
    let [trigger] = command.operands.as_slice() else {
        return Err(usage(process, "takes one argument, the trigger name"));
    };
    let waits = command.options.iter().rev().find(|(name, _)| name.ends_with("await"));
    let awaiter = if waits.is_some_and(|(name, _)| name == "no-await") {
        b"-".to_vec()
    } else if let Some(package) = command.value("by-package") {
        unqualified(package)
    } else if let (Some(package), Some(_)) =
        (process.env.get(&b"DPKG_MAINTSCRIPT_PACKAGE"[..]), process.env.get(&b"DPKG_MAINTSCRIPT_ARCH"[..]))
    {
        package.clone()
    } else {
        return Err(usage(process, "must be called from a maintainer script (or with a --by-package option)"));
    };
    if trigger.is_empty() || trigger.iter().any(|byte| !(0x21..0x7f).contains(byte)) {
        let name = text(trigger);
        return Err(usage(process, &format!("invalid trigger name '{name}': trigger name contains invalid character")));
    }
    let folder = [ADMIN, b"/triggers"].concat();
    let lock = [folder.as_slice(), b"/Lock"].concat();
    if system.exists(&folder) && !system.exists(&lock) {
        let empty = Kind::File(Content::bytes(Vec::new()));
        system.replace(&lock, empty, 0o600).map_err(|error| Failure::call("unable to open/create", &lock, error))?;
    }
    let path = [folder.as_slice(), b"/Unincorp"].concat();
    // Where dpkg has not made the file, there is nobody to tell.
    let Ok(old) = system.read(&path) else { return Ok(0) };
    let new = activated(&old, trigger, &awaiter);
    if new != *old {
        let kind = Kind::File(Content::bytes(new));
        system.replace(&path, kind, 0o644).map_err(|error| Failure::call("unable to install", &path, error))?;
    }
    Ok(0)
}

/// The file with one activation more.
fn activated(old: &[u8], trigger: &[u8], awaiter: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut done = false;
    for line in old.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut words = line.split(|byte| *byte == b' ');
        let name = words.next().unwrap_or_default();
        if name == trigger && !done {
            done = true;
            let waiting: Vec<&[u8]> = words.collect();
            out.push(if waiting.contains(&awaiter) {
                line.to_vec()
            } else {
                [&[name, awaiter], waiting.as_slice()].concat().join(&b' ')
            });
        } else {
            out.push(line.to_vec());
        }
    }
    if !done {
        out.push([trigger, awaiter].join(&b' '));
    }
    out.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
}

/// A package without `:ARCH`.
fn unqualified(package: &[u8]) -> Vec<u8> {
    package.split(|byte| *byte == b':').next().unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_waits_first() {
        let file = activated(b"ldconfig -\nfoo b\n", b"foo", b"a");
        assert_eq!(file, b"ldconfig -\nfoo a b\n");
        assert_eq!(activated(&file, b"foo", b"b"), file);
        assert_eq!(activated(&file, b"/usr/lib", b"q"), [&file[..], b"/usr/lib q\n"].concat());
    }
}

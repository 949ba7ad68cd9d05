//! A new user's comment and home, as `adduser`(8) sets them.

use super::super::super::process::Process;
use super::super::super::system::System;
use super::super::failure::{Failure, text};
use super::adduser::{Call, call};
use super::{aging, home, names, users};

impl Call {
    /// `--gecos` or `--comment`.
    pub(super) fn comment(&self, system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<(), Failure> {
        let Some(comment) = self.line.value("gecos").or_else(|| self.line.value("comment")) else { return Ok(()) };
        if !self.uses_chfn {
            return call(system, process, users::usermod, &[b"usermod", b"-c", comment, name]);
        }
        let mut args: Vec<&[u8]> = vec![b"chfn"];
        let options: [&[u8]; 5] = [b"-f", b"-r", b"-w", b"-h", b"-o"];
        for (option, part) in options.into_iter().zip(comment.split(|byte| *byte == b',')) {
            args.extend([option, part]);
        }
        args.push(name);
        call(system, process, aging::chfn, &args)
    }

    /// The home of a user that none is named for.
    pub(super) fn usual_home(&self, name: &[u8]) -> Vec<u8> {
        [self.setting("dhome", "/home").as_bytes(), b"/", name].concat()
    }

    /// Makes a user's home, or says why not.
    pub(super) fn make_home(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        path: &[u8],
        skeleton: Option<&[u8]>,
        mode: u32,
    ) -> Result<u8, Failure> {
        let shown = text(path);
        let numbers = names::numbers(system, name);
        let there = system.stat(&process.path(path)).ok().map(|node| (node.meta.uid, node.meta.gid));
        if path.strip_prefix(b"/nonexistent").is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/')) {
            self.say(system, process, &format!("Not creating `{shown}'."))?;
        } else if self.line.has("no-create-home") {
            self.say(system, process, &format!("Not creating home directory `{shown}'."))?;
        } else if let Some(owner) = there {
            let text = format!("The home directory `{shown}' already exists.  Not touching this directory.");
            if !self.line.has("quiet") {
                process.complain(system, &text)?;
            }
            if Some(owner) != numbers {
                let text = "does not belong to the user you are currently creating.";
                process.complain(system, &format!("Warning: The home directory `{shown}' {text}"))?;
            }
        } else {
            self.say(system, process, &format!("Creating home directory `{shown}' ..."))?;
            if let Some(skeleton) = skeleton {
                self.say(system, process, &format!("Copying files from `{}' ...", text(skeleton)))?;
            }
            home::make(system, process, path, skeleton, numbers.unwrap_or_default(), mode)?;
        }
        Ok(0)
    }
}

//! Redirections: which stream a descriptor leads to, for a command or for good.

use std::cell::RefCell;
use std::rc::Rc;

use super::syntax::{Redirect, Target};
use super::{Halt, Mode, Run, Shell};
use crate::domain::rootfs::Kind;
use crate::domain::script::errno::Errno;
use crate::domain::script::stream::{Open, Stream};
use crate::domain::script::system::System;

/// What descriptors led to before, in the order they were changed.
#[derive(Default)]
pub(super) struct Saved(Vec<(u32, Option<Open>)>);

impl Shell {
    /// Makes redirections, in order. `false` when one failed, which was said.
    pub(super) fn redirect(&mut self, system: &mut System<'_>, redirects: &[Redirect], saved: &mut Saved) -> Run<bool> {
        for redirect in redirects {
            if !self.redirect_one(system, redirect, saved)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts descriptors back.
    pub(super) fn restore(&mut self, saved: Saved) {
        for (fd, open) in saved.0.into_iter().rev() {
            match open {
                Some(open) => self.process.streams.set(fd, open),
                None => self.process.streams.close(fd),
            }
        }
    }

    fn lead(&mut self, fd: u32, open: Option<Open>, saved: &mut Saved) {
        saved.0.push((fd, self.process.streams.get(fd).map(Rc::clone)));
        match open {
            Some(open) => self.process.streams.set(fd, open),
            None => self.process.streams.close(fd),
        }
    }

    fn redirect_one(&mut self, system: &mut System<'_>, redirect: &Redirect, saved: &mut Saved) -> Run<bool> {
        let fd = redirect.fd;
        let (name, opened, what) = match &redirect.target {
            Target::Text(body) => {
                let text = match body.get().map(|word| self.single(system, word)) {
                    Some(Ok(text)) => text,
                    None => Vec::new(),
                    // An error in a here-document is one of the redirection.
                    Some(Err(Halt::Error(_))) => return Ok(false),
                    Some(Err(halt)) => return Err(halt),
                };
                system.budget.bytes(text.len())?;
                self.lead(fd, Some(Stream::pipe(text)), saved);
                return Ok(true);
            }
            Target::Duplicate(word) => {
                let from = self.single(system, word)?;
                return self.duplicate(system, fd, &from, saved);
            }
            Target::Read(word) => {
                let name = self.single(system, word)?;
                let opened = self.open(system, &name, |system, path, _| system.open_read(path));
                (name, opened, "open")
            }
            Target::Write { name, clobber } => {
                let name = self.single(system, name)?;
                let path = self.process.path(&name);
                let guarded = self.on(b'C') && !clobber;
                if guarded && system.stat(&path).is_ok_and(|node| matches!(node.kind, Kind::File(_))) {
                    return self.cannot(system, "create", &name, Errno::Exists);
                }
                let opened = self.open(system, &name, |system, path, umask| system.open_write(path, false, umask));
                (name, opened, "create")
            }
            Target::Append(word) => {
                let name = self.single(system, word)?;
                let opened = self.open(system, &name, |system, path, umask| system.open_write(path, true, umask));
                (name, opened, "create")
            }
            Target::ReadWrite(word) => {
                let name = self.single(system, word)?;
                let opened = self.open(system, &name, open_both);
                (name, opened, "create")
            }
            Target::Both { name, append } => {
                let name = self.single(system, name)?;
                let opened = self.open(system, &name, |system, path, umask| system.open_write(path, *append, umask));
                if let Ok(open) = &opened {
                    self.lead(2, Some(Rc::clone(open)), saved);
                }
                (name, opened, "create")
            }
        };
        match opened {
            Ok(open) => {
                self.lead(fd, Some(open), saved);
                Ok(true)
            }
            Err(error) => self.cannot(system, what, &name, error),
        }
    }

    fn open(
        &mut self,
        system: &mut System<'_>,
        name: &[u8],
        open: impl FnOnce(&mut System<'_>, &[u8], u32) -> Result<Open, Errno>,
    ) -> Result<Open, Errno> {
        let device = match name {
            b"/dev/stdin" => Some(0),
            b"/dev/stdout" => Some(1),
            b"/dev/stderr" => Some(2),
            _ => name.strip_prefix(b"/dev/fd/").and_then(number),
        };
        if let Some(fd) = device {
            return self.process.streams.get(fd).map(Rc::clone).ok_or(Errno::Missing);
        }
        if name.is_empty() {
            return Err(Errno::Missing);
        }
        let path = self.process.path(name);
        let umask = self.process.umask;
        open(system, &path, umask)
    }

    fn duplicate(&mut self, system: &mut System<'_>, fd: u32, from: &[u8], saved: &mut Saved) -> Run<bool> {
        if from == b"-" {
            self.lead(fd, None, saved);
            return Ok(true);
        }
        let Some(number) = number(from) else {
            if self.mode == Mode::Bash {
                self.complain(system, &[from, b": ambiguous redirect"].concat())?;
                return Ok(false);
            }
            return self.fail(system, b"Bad fd number");
        };
        match self.process.streams.get(number).map(Rc::clone) {
            Some(open) => {
                self.lead(fd, Some(open), saved);
                Ok(true)
            }
            None => {
                let text = format!("{number}: Bad file descriptor");
                self.complain(system, text.as_bytes())?;
                Ok(false)
            }
        }
    }

    fn cannot(&mut self, system: &mut System<'_>, what: &str, name: &[u8], error: Errno) -> Run<bool> {
        let builtin = self.builtin.take();
        let text = match (self.mode, error) {
            (Mode::Bash, _) => [name, format!(": {error}").as_bytes()].concat(),
            (Mode::Dash, Errno::Missing | Errno::NotADirectory) => {
                let reason: &[u8] = if what == "open" { b": No such file" } else { b": Directory nonexistent" };
                [format!("cannot {what} ").as_bytes(), name, reason].concat()
            }
            (Mode::Dash, _) => [format!("cannot {what} ").as_bytes(), name, format!(": {error}").as_bytes()].concat(),
        };
        let said = self.complain(system, &text);
        self.builtin = builtin;
        said?;
        Ok(false)
    }
}

/// Opens for reading and writing, from the start.
fn open_both(system: &mut System<'_>, path: &[u8], umask: u32) -> Result<Open, Errno> {
    if !system.exists(path) {
        system.write_file(path, Vec::new(), umask)?;
    }
    let real = system.tree.real_path(path)?.ok_or(Errno::Missing)?;
    match system.stat(path)?.kind {
        Kind::File(_) => {}
        Kind::Directory => return Err(Errno::IsADirectory),
        Kind::CharDevice(1, 3) => return Ok(Rc::new(RefCell::new(Stream::Null))),
        _ => return Err(Errno::NoDevice),
    }
    Ok(Rc::new(RefCell::new(Stream::File { path: real, position: 0, append: false, read: true, write: true })))
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

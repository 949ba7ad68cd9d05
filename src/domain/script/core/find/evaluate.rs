//! Evaluates an expression of find(1) on one file, actions included.

use super::Entry;
use super::expression::{Exec, Expression, Glob, Plan, Primary};
use super::format::show;
use crate::domain::script::core::attributes::Attributes;
use crate::domain::script::core::launch::launch;
use crate::domain::script::core::operand::{folder, quoted};
use crate::domain::script::core::{identity, pattern};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Bytes of names that one command gets together.
const MOST: usize = 128 * 1024;

/// What evaluating keeps from file to file.
pub(super) struct Evaluation<'plan> {
    plan: &'plan Plan,
    /// Names that wait for a command, for each `-exec … +`.
    waiting: Vec<Vec<Vec<u8>>>,
    /// Whether the current directory is not to be entered.
    pruned: bool,
    /// `-quit` was met.
    pub(super) quit: bool,
    /// Something failed that find's status tells.
    pub(super) failed: bool,
}

impl<'plan> Evaluation<'plan> {
    pub(super) fn new(plan: &'plan Plan) -> Self {
        Self { plan, waiting: vec![Vec::new(); plan.batches], pruned: false, quit: false, failed: false }
    }

    /// Evaluates the expression on a file; whether it is pruned.
    pub(super) fn visit(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        entry: &Entry,
    ) -> Result<bool, Stop> {
        self.pruned = false;
        let plan = self.plan;
        self.truth(system, process, &plan.expression, entry)?;
        Ok(self.pruned)
    }

    /// Runs the commands that still wait.
    pub(super) fn finish(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
        let plan = self.plan;
        let mut open = vec![&plan.expression];
        let mut batches: Vec<&Exec> = Vec::new();
        while let Some(expression) = open.pop() {
            match expression {
                Expression::Any(parts) | Expression::All(parts) | Expression::Each(parts) => open.extend(parts),
                Expression::Not(part) => open.push(part),
                Expression::Primary(Primary::Exec(exec)) if exec.batch.is_some() => batches.push(exec),
                Expression::Primary(_) => {}
            }
        }
        batches.sort_by_key(|exec| exec.batch);
        for exec in batches {
            self.flush(system, process, exec)?;
        }
        Ok(())
    }

    fn truth(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        expression: &Expression,
        entry: &Entry,
    ) -> Result<bool, Stop> {
        let (parts, ends_at) = match expression {
            Expression::Primary(primary) => return self.primary(system, process, primary, entry),
            Expression::Not(inner) => return self.truth(system, process, inner, entry).map(|truth| !truth),
            Expression::Any(parts) => (parts, Some(true)),
            Expression::All(parts) => (parts, Some(false)),
            Expression::Each(parts) => (parts, None),
        };
        let mut truth = false;
        for part in parts {
            truth = self.truth(system, process, part, entry)?;
            if self.quit || ends_at == Some(truth) {
                break;
            }
        }
        Ok(truth)
    }

    fn primary(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        primary: &Primary,
        entry: &Entry,
    ) -> Result<bool, Stop> {
        let attributes = &entry.attributes;
        let meta = &attributes.meta;
        let glob = |glob: &Glob, name: &[u8]| pattern::matches(&glob.pattern, name, glob.fold);
        Ok(match primary {
            Primary::Constant(truth) => *truth,
            Primary::Name(wanted) => glob(wanted, entry.base()),
            Primary::Path(wanted) => glob(wanted, &entry.name),
            Primary::Target(wanted) => attributes.target().is_some_and(|target| glob(wanted, target)),
            Primary::Type(letters, other) => {
                let letter = if *other { other_letter(system, entry) } else { attributes.letter() };
                let letter = if letter == '-' { 'f' } else { letter };
                letters.iter().any(|wanted| char::from(*wanted) == letter)
            }
            Primary::Perm(wanted) => wanted.matches(meta.mode),
            Primary::Uid(wanted) => wanted.matches(meta.uid.into()),
            Primary::Gid(wanted) => wanted.matches(meta.gid.into()),
            Primary::NoUser => identity::user_numbered(system, meta.uid).is_none(),
            Primary::NoGroup => identity::group_numbered(system, meta.gid).is_none(),
            Primary::NewerThan(mtime) => meta.mtime > *mtime,
            Primary::Age(wanted, unit) => {
                let age = (system.epoch.seconds() - meta.mtime).max(0) / unit;
                // An age in minutes is rounded up, one in days down (find's own difference).
                let age = if *unit == 60 { age + 1 } else { age };
                wanted.matches(age.unsigned_abs())
            }
            Primary::Size(wanted, unit) => wanted.matches(attributes.size().div_ceil(*unit)),
            Primary::Links(wanted) => wanted.matches(attributes.links(system, &entry.at)),
            Primary::SameFile(inode) => attributes.inode == *inode,
            Primary::Empty if attributes.is_directory() => system.names(&entry.at).is_ok_and(|names| names.is_empty()),
            Primary::Empty => attributes.letter() == '-' && attributes.size() == 0,
            Primary::Executable => attributes.is_directory() || meta.mode & 0o111 != 0,
            Primary::Print { end } => {
                process.out(system, &[entry.name.as_slice(), &[*end]].concat())?;
                true
            }
            Primary::Printf(format) => {
                let text = show(system, format, entry)?;
                process.out(system, &text)?;
                true
            }
            Primary::Exec(exec) => self.exec(system, process, exec, entry)?,
            Primary::Delete => self.delete(system, process, entry)?,
            Primary::Prune => {
                self.pruned = true;
                true
            }
            Primary::Quit => {
                self.quit = true;
                true
            }
        })
    }

    fn exec(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        exec: &Exec,
        entry: &Entry,
    ) -> Result<bool, Stop> {
        if let Some(batch) = exec.batch.and_then(|batch| self.waiting.get_mut(batch)) {
            batch.push(entry.name.clone());
            if batch.iter().map(|name| name.len() + 1).sum::<usize>() > MOST {
                self.flush(system, process, exec)?;
            }
            return Ok(true);
        }
        let mut child = process.clone();
        let name = if exec.in_folder {
            let above = folder(&entry.name);
            child.cwd = process.path(if entry.name.contains(&b'/') { above } else { b"." });
            [b"./", entry.base()].concat()
        } else {
            entry.name.clone()
        };
        let words: Vec<Vec<u8>> = exec.words.iter().map(|word| filled(word, &name)).collect();
        Ok(launch(system, &mut child, &words)? == 0)
    }

    /// Runs a command on the names that wait for it.
    fn flush(&mut self, system: &mut System<'_>, process: &mut Process, exec: &Exec) -> Result<(), Stop> {
        let Some(names) = exec.batch.and_then(|batch| self.waiting.get_mut(batch)).map(std::mem::take) else {
            return Ok(());
        };
        if names.is_empty() {
            return Ok(());
        }
        let words: Vec<Vec<u8>> = exec.words.iter().cloned().chain(names).collect();
        if launch(system, process, &words)? != 0 {
            self.failed = true;
        }
        Ok(())
    }

    fn delete(&mut self, system: &mut System<'_>, process: &mut Process, entry: &Entry) -> Result<bool, Stop> {
        if entry.name == b"." {
            return Ok(true);
        }
        let directory = entry.attributes.is_directory();
        let gone = if directory { system.rmdir(&entry.at) } else { system.unlink(&entry.at) };
        if let Err(error) = gone {
            process.complain(system, &format!("cannot delete {}: {error}", quoted(&entry.name)))?;
            self.failed = true;
        }
        Ok(gone.is_ok())
    }
}

/// The type that `-xtype` sees: of what a link leads to, where links are not followed.
pub(super) fn other_letter(system: &System<'_>, entry: &Entry) -> char {
    match system.stat(&entry.at) {
        Ok(node) => Attributes::of(node).letter(),
        Err(_) => 'l',
    }
}

/// A word with each `{}` replaced.
fn filled(word: &[u8], name: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"{}") {
        out.extend(rest.get(..at).unwrap_or_default());
        out.extend(name);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend(rest);
    out
}

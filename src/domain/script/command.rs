//! From a path in the tree to what stands for the program there.

use super::process::Process;
use super::stop::{Stop, StopKind};
use super::system::System;
use super::{core, debian, shell, text};

/// What stands for a program: takes its process, returns its exit status.
pub type Applet = fn(&mut System<'_>, &mut Process) -> Result<u8, Stop>;

/// Starts the program that `process.args` names, as execvp(3) would find it, and runs it to its end. Its status is 127
/// when there is none, and 126 when there is something that cannot be executed; the caller says so.
///
/// A shell script of the tree is interpreted, whatever its name. Anything else must have an applet of its name, or be a
/// maintainer script that is known by its bytes.
///
/// # Errors
/// When it is a program that nothing stands for, or its interpretation stops.
pub fn exec(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let name = process.args.first().cloned().unwrap_or_default();
    let Some(path) = find(system, process, &name) else { return Ok(127) };
    exec_at(system, process, &path)
}

/// Starts the program at `path`, which [`find`] gave, and runs it to its end.
///
/// # Errors
/// As [`exec`]'s.
pub fn exec_at(system: &mut System<'_>, process: &mut Process, path: &[u8]) -> Result<u8, Stop> {
    system.budget.enter()?;
    let status = start(system, process, path);
    system.budget.leave();
    system.sound()?;
    status
}

/// Where the program called `name` is in the tree: as it is when it has a `/`, else the first in `PATH`.
#[must_use]
pub fn find(system: &System<'_>, process: &Process, name: &[u8]) -> Option<Vec<u8>> {
    let executable =
        |path: &Vec<u8>| system.stat(path).is_ok_and(|node| !node.is_directory() && node.meta.mode & 0o111 != 0);
    if name.contains(&b'/') {
        return Some(process.path(name)).filter(|path| system.exists(path));
    }
    let path = process.env.get(&b"PATH"[..]).cloned().unwrap_or_default();
    path.split(|byte| *byte == b':')
        .map(|folder| process.path(&[folder, b"/", name].concat()))
        .find(executable)
        .filter(|_| !name.is_empty())
}

/// The applet of a name.
#[must_use]
pub fn applet(name: &[u8]) -> Option<Applet> {
    let name = std::str::from_utf8(name).ok()?;
    let tables = [core::APPLETS, text::APPLETS, debian::APPLETS, shell::APPLETS];
    let exact = tables.into_iter().find_map(|table| {
        table
            .binary_search_by(|(other, _)| (*other).cmp(name))
            .ok()
            .and_then(|at| table.get(at))
            .map(|(_, applet)| *applet)
    });
    exact.or_else(|| debian::versioned(name))
}

fn start(system: &mut System<'_>, process: &mut Process, path: &[u8]) -> Result<u8, Stop> {
    let Ok(head) = system.head(path) else { return Ok(126) };
    let last = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    system.started(last);
    if let Some(applet) = debian::in_place_of(last) {
        return applet(system, process);
    }
    if let Some(interpreter) = shell::Interpreter::of(&head) {
        let Ok(bytes) = system.read(path) else { return Ok(126) };
        let shown = format!("/{}", String::from_utf8_lossy(path));
        // The kernel gives the interpreter the path by which the script was found.
        let called = process.args.first().is_some_and(|name| name.contains(&b'/'));
        if let Some(name) = process.args.first_mut().filter(|_| !called) {
            *name = shown.clone().into_bytes();
        }
        return interpreter.run(system, process, &shown, &bytes);
    }
    let applet = match applet(last) {
        None => system.read(path).ok().and_then(|bytes| debian::known_script(&bytes)),
        found => found,
    };
    match applet {
        Some(applet) => applet(system, process),
        None => Err(StopKind::Unmodelled {
            command: String::from_utf8_lossy(last).into_owned(),
            path: format!("/{}", String::from_utf8_lossy(path)),
        }
        .into()),
    }
}

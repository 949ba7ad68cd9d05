//! Pathname expansion over the tree.

use super::pattern::{Pattern, is_pattern};
use super::text::{self, Item};
use super::{Mode, Run};
use crate::domain::script::process::Process;
use crate::domain::script::system::System;

/// What a path takes beside its bytes.
const ROOM: usize = size_of::<Vec<u8>>();

/// The names that a field with a pattern stands for, in order of their bytes; the field itself when there are none.
pub(super) fn expand(system: &mut System<'_>, process: &Process, field: &[Item], mode: Mode) -> Run<Vec<Vec<u8>>> {
    let components: Vec<&[Item]> = field.split(|item| item.to_le_bytes()[0] == b'/').collect();
    let mut found = vec![Vec::new()];
    let last = components.len() - 1;
    for (at, component) in components.into_iter().enumerate() {
        let mut next = Vec::new();
        for path in found {
            system.budget.step(1)?;
            let join = |name: &[u8]| {
                let mut path: Vec<u8> = path.clone();
                path.extend(name);
                if at < last {
                    path.push(b'/');
                }
                path
            };
            if !is_pattern(component) {
                // A backslash out of an expansion hides the next character.
                let name = Pattern::new(component, mode).literal().unwrap_or_default();
                let path = join(&name);
                let here = if path.is_empty() { b".".as_slice() } else { &path };
                if system.lstat(&process.path(here)).is_ok() || path.iter().all(|byte| *byte == b'/') {
                    system.budget.bytes(path.len() + ROOM)?;
                    next.push(path);
                }
                continue;
            }
            let pattern = Pattern::new(component, mode);
            let folder = if path.is_empty() { process.cwd.clone() } else { process.path(&path) };
            let mut names = system.names(&folder).unwrap_or_default();
            if mode == Mode::Dash {
                names.extend([b".".to_vec(), b"..".to_vec()]);
            }
            for name in names {
                let hidden = name.first() == Some(&b'.') && !pattern.shows_hidden();
                if hidden || !pattern.matches(&mut system.budget, &name)? {
                    continue;
                }
                let path = join(&name);
                let real = process.path(path.strip_suffix(b"/").unwrap_or(&path));
                if at == last || system.stat(&real).is_ok_and(|node| node.is_directory()) {
                    system.budget.bytes(path.len() + ROOM)?;
                    next.push(path);
                }
            }
        }
        found = next;
    }
    found.sort();
    if found.is_empty() {
        found.push(text::bytes(field));
    }
    Ok(found)
}

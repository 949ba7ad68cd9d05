//! A home directory, with copies of the skeleton's files.

use super::super::super::process::Process;
use super::super::super::system::System;
use super::super::failure::Failure;
use crate::domain::rootfs::Kind;

/// Makes a directory and its parents; then, where it was not there, copies the skeleton into it. All that is new inside
/// belongs to `owner`.
pub(super) fn make(
    system: &mut System<'_>,
    process: &Process,
    home: &[u8],
    skeleton: Option<&[u8]>,
    owner: (u32, u32),
    mode: u32,
) -> Result<(), Failure> {
    let home = process.path(home);
    if system.exists(&home) {
        return Ok(());
    }
    let failed = |path: &[u8], error| Failure::call("cannot create directory", path, error);
    let mut walked = Vec::new();
    for part in home.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
        if !walked.is_empty() {
            walked.push(b'/');
        }
        walked.extend_from_slice(part);
        if !system.exists(&walked) {
            system.mkdir(&walked, 0o755).map_err(|error| failed(&walked, error))?;
        }
    }
    let own = |meta: &mut crate::domain::rootfs::Meta| (meta.uid, meta.gid) = owner;
    system
        .change(&home, |meta| {
            own(meta);
            meta.mode = mode;
        })
        .map_err(|error| failed(&home, error))?;
    let Some(skeleton) = skeleton.map(|skeleton| process.path(skeleton)) else { return Ok(()) };
    let mut open = vec![Vec::new()];
    while let Some(folder) = open.pop() {
        let from: Vec<u8> = [skeleton.as_slice(), &folder].concat();
        for name in system.names(&from).unwrap_or_default() {
            system.budget.step(1)?;
            let inside = [folder.as_slice(), b"/", &name].concat();
            let (source, target) = ([skeleton.as_slice(), &inside].concat(), [home.as_slice(), &inside].concat());
            let node = system.lstat(&source).map_err(|error| failed(&source, error))?;
            let (kind, mode) = (node.kind.clone(), node.meta.mode);
            let made = match kind {
                Kind::Directory => {
                    open.push(inside);
                    system.mkdir(&target, mode)
                }
                kind => system.replace(&target, kind, mode),
            };
            made.and_then(|()| system.change(&target, own)).map_err(|error| failed(&target, error))?;
        }
    }
    Ok(())
}

//! `/usr/sbin/policy-rc.d`, which says that no service may be started: there while packages are installed, as mmdebstrap puts
//! it there, and gone with the last of them. Scripts look for it by themselves, too.
//!
//! Source: mmdebstrap(1) of 1.3.5, `--skip=chroot/policy-rc.d`; invoke-rc.d(8), whose status 101 is "not allowed".

use crate::domain::rootfs::{Content, Kind, Meta, Owner, TreeError};
use crate::domain::script::System;

const FOLDER: &[u8] = b"usr/sbin";
const PATH: &[u8] = b"usr/sbin/policy-rc.d";
const TEXT: &[u8] = b"#!/bin/sh\nexit 101\n";

/// Puts it where a system has its programs, unless there is one.
pub(super) fn put(system: &mut System<'_>) -> Result<(), TreeError> {
    let folder = system.tree.lookup(FOLDER)?.is_some_and(|node| node.is_directory());
    if !folder || system.tree.lookup(PATH)?.is_some() {
        return Ok(());
    }
    let meta = Meta::root(0o755, system.epoch.seconds());
    system.tree.insert(PATH, Kind::File(Content::bytes(TEXT)), meta, Owner::Generated, None)
}

/// Takes it away, unless it became another one.
pub(super) fn take_away(system: &mut System<'_>) -> Result<(), TreeError> {
    let Some(node) = system.tree.lookup(PATH)? else { return Ok(()) };
    match node.kind {
        Kind::File(Content::Bytes(bytes)) if **bytes == *TEXT => system.tree.remove(PATH),
        _ => Ok(()),
    }
}

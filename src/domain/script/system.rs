//! What a kernel would be to a script: the tree, the bytes of its files, and a note of every change.
//!
//! Paths are the tree's ([`crate::domain::rootfs`]): bytes from the root without a leading `/`; [`super::Process::path`] makes
//! them. Times are the epoch's. A script is root, so permissions never refuse.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

mod changing;
mod reading;

use super::account::Account;
use super::debian::Kept;
use super::file_cache::FileCache;
pub use super::file_cache::HEAD;
use super::limits::{Budget, Limits};
use super::shell::{Sources, Trace};
use super::stop::{Site, Stop, StopKind};
use super::stream::{Open, Stream};
use crate::base::{Arch, Epoch};
use crate::domain::rootfs::{ReadContent, Tree};

/// The machine that scripts believe to run on.
pub struct System<'a> {
    /// The filesystem.
    pub tree: &'a mut Tree,
    /// The processor it is for.
    pub arch: Arch,
    /// The time it is.
    pub epoch: Epoch,
    /// What scripts may still use.
    pub budget: Budget,
    /// Where the script that runs now stands; the shell keeps it.
    pub site: Site,
    /// What was changed so far, in order.
    pub effects: Vec<Effect>,
    /// What programs did not do that they would have done (caches, services), in words, in order.
    pub notes: Vec<String>,
    /// The names of the programs that were started.
    pub commands: BTreeSet<String>,
    /// What each script did, by its name: `bash/postinst`.
    pub accounts: BTreeMap<String, Account>,
    /// Scripts that nothing may run, by their names: the recipe leaves them out, or says what stands for them.
    pub skipped: BTreeSet<String>,
    /// The numbers of the user and the group that programs run as now: root's, but for what `su` and its kin start.
    pub runs_as: (u32, u32),
    /// The lines that are reached, when somebody wants to know.
    pub trace: Option<Trace>,
    /// What debconf's programs keep between their runs.
    pub(super) debconf: Kept,
    /// The texts that shells have run.
    pub(super) sources: Sources,
    read: ReadContent<'a>,
    /// Bytes of files that were read before.
    cache: FileCache,
    /// The file whose bytes could not be had.
    broken: Option<(Vec<u8>, String)>,
}

/// How many notes of what was left undone are kept.
const MOST_NOTES: usize = 500;

/// One change to the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The path, without symbolic links.
    pub path: Vec<u8>,
    /// What happened to it.
    pub change: Change,
    /// Which script and line did it.
    pub site: Site,
}

/// What can happen to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not there before.
    Made,
    /// Its bytes or its target are others.
    Written,
    /// Its mode, owner or attributes are others.
    Changed,
    /// It is gone.
    Removed,
}

impl<'a> System<'a> {
    /// A system over `tree`; `read` gives the bytes of what packages shipped.
    pub fn new(tree: &'a mut Tree, arch: Arch, epoch: Epoch, limits: Limits, read: ReadContent<'a>) -> Self {
        Self {
            tree,
            arch,
            epoch,
            budget: Budget::new(limits),
            site: Site::default(),
            effects: Vec::new(),
            notes: Vec::new(),
            commands: BTreeSet::new(),
            accounts: BTreeMap::new(),
            skipped: BTreeSet::new(),
            runs_as: (0, 0),
            trace: None,
            debconf: Kept::default(),
            sources: Sources::default(),
            read,
            cache: FileCache::default(),
            broken: None,
        }
    }

    /// Fails when a file's bytes could not be had since the last call: what was done with the error instead is void.
    ///
    /// # Errors
    /// [`StopKind::Read`].
    pub fn sound(&mut self) -> Result<(), Stop> {
        match self.broken.take() {
            None => Ok(()),
            Some((path, reason)) => {
                Err(StopKind::Read { path: format!("/{}", String::from_utf8_lossy(&path)), reason }.into())
            }
        }
    }

    /// Says once what a program left undone.
    pub fn leave_out(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&what) {
            self.notes.push(if self.notes.len() + 1 < MOST_NOTES { what } else { "and more".into() });
        }
    }
}

fn file(path: Vec<u8>, position: usize, append: bool, read: bool, write: bool) -> Open {
    Rc::new(RefCell::new(Stream::File { path, position, append, read, write }))
}

//! What a recipe says instead of a script that is not interpreted: `[[effect]]`.

use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use super::own_files::{directories, entries};
use super::rootfs::joined;
use crate::base::{Digest, Epoch};
use crate::domain::install::{RecipeFile, files};
use crate::domain::recipe::Effect;
use crate::domain::rootfs::Content;
use crate::domain::rootfs::ReadContent;
use crate::domain::script::{self, Change, Site, Stop, System};

/// Puts effects into the tree when their scripts' turns come.
pub(super) struct StandIns<'a> {
    effects: &'a BTreeMap<String, Effect>,
    epoch: Epoch,
    read: ReadContent<'a>,
    done: BTreeSet<&'a str>,
    /// Why one does not fit.
    pub(super) failed: Option<Error>,
}

impl<'a> StandIns<'a> {
    pub(super) const fn new(effects: &'a BTreeMap<String, Effect>, epoch: Epoch, read: ReadContent<'a>) -> Self {
        Self { effects, epoch, read, done: BTreeSet::new(), failed: None }
    }

    /// The turn of a script has come: what stands for it, or for its package's `config`, is put into the tree, once.
    ///
    /// # Errors
    /// When it does not fit; [`StandIns::failed`] says why.
    pub(super) fn before(&mut self, system: &mut System<'_>, label: &str, bytes: &[u8]) -> Result<(), Stop> {
        let effects = self.effects;
        let package = label.split('/').next().unwrap_or_default();
        let config = format!("{package}/config");
        for (name, own) in [(config.as_str(), false), (label, true)] {
            let Some((name, effect)) = effects.get_key_value(name) else { continue };
            if !self.done.insert(name) {
                continue;
            }
            let sha256 = Digest::of(bytes);
            let put = if own && !effect.sha256.is_empty() && !effect.sha256.contains(&sha256) {
                Err(Error::OtherScript { script: name.clone(), sha256 })
            } else {
                self.put(system, name, effect)
            };
            if let Err(error) = put {
                self.failed = Some(error);
                return Err(Stop::unsupported("[[effect]]", "it does not fit"));
            }
        }
        Ok(())
    }

    fn put(&self, system: &mut System<'_>, script: &str, effect: &Effect) -> Result<(), Error> {
        let mut all: Vec<RecipeFile> = directories(&effect.directories, self.epoch).collect();
        all.extend(entries(&effect.files, self.epoch)?);
        let arch = system.arch;
        if !effect.groups.is_empty() || !effect.users.is_empty() {
            let read = |content: &Content| (self.read)(content).map(|bytes| bytes.to_vec());
            let accounts = joined(system.tree, &effect.groups, &effect.users, self.epoch, &read);
            accounts
                .and_then(|accounts| accounts.install(system.tree, self.epoch.seconds()))
                .map_err(|source| Error::Account { arch, source })?;
        }
        for file in &all {
            let shown = String::from_utf8_lossy(&file.path).into_owned();
            let change = if system.lstat(&file.path).is_ok() { Change::Written } else { Change::Made };
            files::apply(system.tree, std::slice::from_ref(file)).map_err(|source| Error::File {
                path: format!("/{shown}"),
                arch,
                source,
            })?;
            let text = format!("[[effect]] {}", effect.reason);
            let site = Site { script: script.to_owned(), line: 0, column: 0, text };
            system.effects.push(script::Effect { path: file.path.clone(), change, site });
        }
        Ok(())
    }
}

//! What a maintainer script did, for the ledger: how long it ran, what it called, what it changed.

use std::collections::BTreeSet;

use super::system::System;

/// All runs of one script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How often it ran.
    pub runs: u32,
    /// Commands, loop turns and the turns of programs.
    pub steps: u64,
    /// The names of the programs that it started, and that those started.
    pub commands: BTreeSet<String>,
    /// The paths that it changed.
    pub changed: BTreeSet<Vec<u8>>,
    /// What its programs left undone, in words.
    pub notes: BTreeSet<String>,
}

impl System<'_> {
    /// Runs a script and keeps its account under `label` (`bash/postinst`). A script that runs inside another (debconf's
    /// `config` inside a `postinst`) is in both accounts.
    pub fn accounted<T>(&mut self, label: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer_commands = std::mem::take(&mut self.commands);
        let outer_notes = std::mem::take(&mut self.notes);
        let (steps, effects) = (self.budget.steps(), self.effects.len());
        let done = run(self);
        let account = self.accounts.entry(label.to_owned()).or_default();
        account.runs += 1;
        account.steps = account.steps.saturating_add(self.budget.steps().saturating_sub(steps));
        account.commands.extend(self.commands.iter().cloned());
        account.notes.extend(self.notes.iter().cloned());
        let changes = self.effects.get(effects..).unwrap_or_default();
        account.changed.extend(changes.iter().map(|effect| effect.path.clone()));
        self.commands.extend(outer_commands);
        let inner_notes = std::mem::replace(&mut self.notes, outer_notes);
        inner_notes.into_iter().for_each(|note| self.leave_out(note));
        done
    }

    /// Notes that a program was started.
    pub(super) fn started(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name);
        if !self.commands.contains(&*name) {
            self.budget.charge(name.len() + size_of::<String>());
            self.commands.insert(name.into_owned());
        }
    }
}

//! All files of a configuration, as one program has them open: the questions' and the templates'.
//!
//! A stack of files gives an item from the first that has it, and puts a new one into the first that accepts it: passwords go
//! into a file of their own. Source: `Debconf::DbDriver::Stack`.

use std::collections::BTreeSet;

use super::super::failure::Failure;
use super::file::File;
use super::record::{Item, Values};
use super::settings::{Settings, locale};
use crate::domain::script::process::Process;
use crate::domain::script::system::System;

/// Which items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Question,
    Template,
}

/// The open files, and what a program remembers while it runs.
pub(super) struct Databases {
    pub(super) settings: Settings,
    files: Vec<File>,
    /// Templates that were looked up; a program holds on to those that are gone since.
    pub(super) met: BTreeSet<Vec<u8>>,
    /// Languages to look for, the best first.
    pub(super) languages: Vec<Vec<u8>>,
    /// The character set, where Perl has a module to convert from others.
    pub(super) charset: Option<&'static str>,
}

impl Databases {
    /// Opens the files that `debconf.conf` names.
    ///
    /// # Errors
    /// As debconf says it.
    pub(super) fn open(system: &mut System<'_>, process: &Process, readonly: bool) -> Result<Self, Failure> {
        let mut settings = Settings::read(system, process)?;
        let mut files: Vec<File> = Vec::new();
        for place in std::mem::take(&mut settings.places) {
            match File::open(system, process, place, readonly) {
                Ok(file) => files.push(file),
                Err(failure) => {
                    files.into_iter().for_each(|file| file.close(system));
                    return Err(failure);
                }
            }
        }
        let locale = locale(process, system);
        let charset = converts(system).then(|| if utf8(locale) { "utf-8" } else { "us-ascii" });
        let languages = languages(process, locale);
        Ok(Self { settings, files, met: BTreeSet::new(), languages, charset })
    }

    /// Writes what changed.
    ///
    /// # Errors
    /// As debconf says it.
    pub(super) fn save(&mut self, system: &mut System<'_>, process: &Process) -> Result<(), Failure> {
        let mut result = Ok(());
        for file in std::mem::take(&mut self.files) {
            match result {
                Ok(()) => result = file.save(system, process),
                Err(_) => file.close(system),
            }
        }
        result
    }

    /// Forgets what changed, as a program that dies does.
    pub(super) fn abandon(&mut self, system: &mut System<'_>) {
        std::mem::take(&mut self.files).into_iter().for_each(|file| file.close(system));
    }

    fn stack(&self, kind: Kind) -> &[usize] {
        match kind {
            Kind::Question => &self.settings.config,
            Kind::Template => &self.settings.templates,
        }
    }

    fn items<'d, 'n>(&'d self, kind: Kind, name: &'n [u8]) -> impl Iterator<Item = &'d Item> + use<'d, 'n> {
        self.stack(kind).iter().filter_map(|at| self.files.get(*at)).filter_map(move |file| file.get(name))
    }

    fn holder(&mut self, kind: Kind, name: &[u8]) -> Option<&mut File> {
        let at = *self.stack(kind).iter().find(|at| self.files.get(**at).is_some_and(|file| file.has(name)))?;
        self.files.get_mut(at)
    }

    fn change(&mut self, kind: Kind, name: &[u8], change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.holder(kind, name).and_then(|file| file.change(name)) {
            change(item);
        }
    }

    /// Whether there is such an item.
    pub(super) fn exists(&self, kind: Kind, name: &[u8]) -> bool {
        self.items(kind, name).next().is_some()
    }

    /// A field.
    pub(super) fn field(&self, kind: Kind, name: &[u8], field: &[u8]) -> Option<&[u8]> {
        self.items(kind, name).find_map(|item| item.fields.get(field)).map(Vec::as_slice)
    }

    /// All fields of an item.
    pub(super) fn fields(&self, kind: Kind, name: &[u8]) -> Option<&Values> {
        self.items(kind, name).map(|item| &item.fields).find(|fields| !fields.is_empty())
    }

    /// Sets a field of an item that is there.
    pub(super) fn set_field(&mut self, kind: Kind, name: &[u8], field: &[u8], value: &[u8]) {
        self.change(kind, name, |item| drop(item.fields.insert(field.to_vec(), value.to_vec())));
    }

    /// Takes all fields away.
    pub(super) fn clear_fields(&mut self, kind: Kind, name: &[u8]) {
        if self.fields(kind, name).is_some() {
            self.change(kind, name, |item| item.fields.clear());
        }
    }

    /// A question's flag.
    pub(super) fn flag(&self, name: &[u8], flag: &[u8]) -> &[u8] {
        let item = self.items(Kind::Question, name).next();
        item.and_then(|item| item.flags.get(flag)).map_or(b"false", Vec::as_slice)
    }

    /// Sets a question's flag.
    pub(super) fn set_flag(&mut self, name: &[u8], flag: &[u8], value: &[u8]) {
        self.change(Kind::Question, name, |item| drop(item.flags.insert(flag.to_vec(), value.to_vec())));
    }

    /// A question's variable.
    pub(super) fn variable(&self, name: &[u8], variable: &[u8]) -> Option<&[u8]> {
        self.items(Kind::Question, name).find_map(|item| item.variables.get(variable)).map(Vec::as_slice)
    }

    /// Sets a question's variable.
    pub(super) fn set_variable(&mut self, name: &[u8], variable: &[u8], value: &[u8]) {
        self.change(Kind::Question, name, |item| drop(item.variables.insert(variable.to_vec(), value.to_vec())));
    }

    /// The owners of an item, sorted.
    pub(super) fn owners(&self, kind: Kind, name: &[u8]) -> Vec<Vec<u8>> {
        let mut all = self.items(kind, name).map(|item| &item.owners);
        all.find(|owners| !owners.is_empty()).map(|owners| owners.iter().cloned().collect()).unwrap_or_default()
    }

    /// Adds an owner, and the item where it is new: into the first file that accepts its type. `false` where none does.
    pub(super) fn add_owner(&mut self, kind: Kind, name: &[u8], owner: &[u8], type_: &[u8]) -> bool {
        if let Some(file) = self.holder(kind, name) {
            file.add_owner(name, owner);
            return true;
        }
        let accepts = |at: &&usize| self.files.get(**at).is_some_and(|file| file.accepts(name, type_));
        let Some(at) = self.stack(kind).iter().find(accepts).copied() else { return false };
        let Some(file) = self.files.get_mut(at) else { return false };
        file.add_owner(name, owner);
        true
    }

    /// Takes an owner away, and the item with the last.
    pub(super) fn remove_owner(&mut self, kind: Kind, name: &[u8], owner: &[u8]) {
        if let Some(file) = self.holder(kind, name) {
            file.remove_owner(name, owner);
        }
    }

    /// The names of all items, sorted.
    pub(super) fn names(&self, kind: Kind) -> BTreeSet<Vec<u8>> {
        self.stack(kind).iter().filter_map(|at| self.files.get(*at)).flat_map(File::names).map(<[u8]>::to_vec).collect()
    }
}

/// Whether a locale's character set is UTF-8.
fn utf8(locale: &[u8]) -> bool {
    let name = locale.to_ascii_lowercase();
    name.ends_with(b".utf-8") || name.ends_with(b".utf8")
}

/// Whether Perl's `Text::Iconv` is there.
fn converts(system: &System<'_>) -> bool {
    let folder = format!("usr/lib/{}/perl5", system.arch.triplet());
    let versions = system.names(folder.as_bytes()).unwrap_or_default();
    let module = |version: &[u8]| [folder.as_bytes(), b"/", version, b"/Text/Iconv.pm"].concat();
    versions.iter().any(|version| system.exists(&module(version)))
}

/// The languages of `LANGUAGE` and of the locale, each with and without its parts.
fn languages(process: &Process, locale: &[u8]) -> Vec<Vec<u8>> {
    let preferred = process.env.get(&b"LANGUAGE"[..]).map(Vec::as_slice).unwrap_or_default();
    let preferred = preferred.split(|byte| *byte == b':').filter(|name| !name.is_empty());
    preferred.chain([locale]).flat_map(variants).map(|name| name.to_ascii_lowercase()).collect()
}

/// `language[_territory][.charset][@modifier]` with ever fewer parts.
fn variants(locale: &[u8]) -> Vec<Vec<u8>> {
    let split = |text: &[u8], at: &[u8]| {
        let end = text.iter().position(|byte| at.contains(byte)).unwrap_or(text.len());
        let (head, tail) = text.split_at(end);
        (head.to_vec(), tail.to_vec())
    };
    // A modifier ends where a character set begins.
    let (mut name, rest) = split(locale, b"@");
    let (modifier, rest) = split(&rest, b".");
    name.extend(rest);
    let (language, rest) = split(&name, b"_.");
    let (territory, charset) = split(&rest, b".");
    let with = |names: Vec<Vec<u8>>, add: &dyn Fn(&[u8]) -> Vec<u8>, part: &[u8]| -> Vec<Vec<u8>> {
        if part.is_empty() {
            return names;
        }
        names.into_iter().flat_map(|name| [add(&name), name]).collect()
    };
    let names = with(vec![language], &|name| [name, &modifier].concat(), &modifier);
    let insert = |name: &[u8], part: &[u8], stops: &[u8]| {
        let at = name.iter().position(|byte| stops.contains(byte)).unwrap_or(name.len());
        let (head, tail) = name.split_at(at);
        [head, part, tail].concat()
    };
    let names = with(names, &|name| insert(name, &territory, b"_@."), &territory);
    with(names, &|name| insert(name, &charset, b"@."), &charset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_have_variants() {
        let shown = |name: &str| -> Vec<String> {
            variants(name.as_bytes()).into_iter().map(|name| String::from_utf8(name).unwrap()).collect()
        };
        assert_eq!(shown("C.UTF-8"), ["C.UTF-8", "C"]);
        assert_eq!(
            shown("de_DE.UTF-8@euro"),
            ["de_DE.UTF-8@euro", "de_DE@euro", "de.UTF-8@euro", "de@euro", "de_DE.UTF-8", "de_DE", "de.UTF-8", "de"]
        );
    }
}

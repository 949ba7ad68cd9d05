//! From sections to a recipe: archives and packages here, accounts, effects and targets in their own files. Everything wrong is found in one go.

use std::collections::{BTreeMap, BTreeSet};

use super::at::{At, OneOrMore};
use super::error::Problem;
use super::findings::Findings;
use super::model::{Archive, KeyFile, Level, Packages, Recipe, Scripts};
use super::named::NamedFiles;
use super::source::Span;
use super::wire::{ArchiveSection, PackagesSection, RecipeFile};
use super::{accounts, credential, debs, effects, jars, python, target};
use crate::base::{Arch, Digest, Epoch, Fault, Platform};
use crate::formats::compress::Compression;
use crate::formats::deb::{PackageName, Selection, Variant};

/// Checks the merged sections. `sources` are the names of the chain's files; named files are read through `files`.
pub(super) fn resolve(
    mut sections: RecipeFile,
    whole: Span,
    sources: &[&str],
    files: &mut impl NamedFiles,
) -> Result<Recipe, Vec<Problem>> {
    let mut findings = Findings::default();
    let name = findings.text(
        &sections.name,
        is_name,
        "a name is lower-case letters and digits, parted by single `.`, `_` or `-`; 128 characters at most",
    );
    let scripts = sections.scripts.as_ref().map_or_else(Scripts::default, |scripts| scripts.value);
    let platforms = platforms(sections.platforms.as_ref(), &mut findings);
    let archives = archives(std::mem::take(&mut sections.archive), sources, files, &mut findings);
    let packages = packages(std::mem::take(&mut sections.packages), sources, files, &mut findings);
    let debs = debs::debs(&sections.deb, &platforms, &mut findings);
    let deb_hints = debs::hints(&sections.deb, &platforms, &mut findings);
    if archives.is_empty() && packages.variant != Variant::None && findings.0.is_empty() {
        findings.report(
            whole,
            "there is no `[[archive]]` to take packages from",
            "add one, or set `packages.variant = \"none\"`",
        );
    }
    let python = sections.python.as_ref().and_then(|section| python::python(section, sources, files, &mut findings));
    let groups = accounts::groups(&sections.group, &mut findings);
    let users = accounts::users(&sections.user, &mut findings);
    let compression = sections.image.compression.as_ref().map_or(Compression::Zstd, |c| c.value);
    let epoch = sections.image.epoch.as_ref().and_then(|epoch| {
        findings.take(epoch.span, Epoch::try_from(epoch.value), "seconds since 1970, up to the year 9999")
    });
    let waivers = effects::waivers(&sections.waive, &mut findings);
    effects::once(&sections.waive, &sections.effect, &mut findings);
    let jars = jars::jars(&sections.jar, &platforms, &mut findings);
    let mut targets = BTreeMap::new();
    for arch in platforms {
        targets.insert(arch, target::target(arch, &sections, &jars, sources, files, &mut findings));
    }
    let jars = jars.into_iter().map(|at| at.value).collect();
    match name {
        Some(name) if findings.0.is_empty() => {
            let levels = Vec::new(); // one a file of the chain, which only the chain knows
            Ok(Recipe {
                name,
                levels,
                scripts,
                archives,
                packages,
                debs: debs.into_iter().collect(),
                deb_hints,
                python,
                jars,
                users,
                groups,
                compression,
                epoch,
                waivers,
                targets,
            })
        }
        _ => Err(findings.0),
    }
}

/// What one file of the chain adds by itself, to an image for `platforms`. The merged whole was found right before.
pub(super) fn level(sections: &RecipeFile, platforms: &BTreeSet<Arch>) -> Level {
    let name = sections.name.value.clone();
    let mut known = Findings::default();
    let local = names(&sections.packages.local, &mut known);
    let requirements = python::names(sections.python.as_ref());
    let lines: Vec<Selection> =
        sections.packages.install.iter().filter_map(|line| selection(line, &mut known)).collect();
    let install = lines.into_iter().map(|selection| selection.name).chain(local).collect();
    let debs = debs::debs(&sections.deb, platforms, &mut known).into_iter().map(|deb| deb.url).collect();
    let jars = jars::jars(&sections.jar, platforms, &mut known);
    Level { name, install, debs, jars: jars.into_iter().map(|at| at.value.path).collect(), requirements }
}

/// A name that fits a repository's path component (distribution-spec) and a tag.
fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = text.chars().all(|c| word(c) || matches!(c, '.' | '_' | '-'));
    let parted = text.split(['.', '_', '-']).all(|part| !part.is_empty());
    inner && parted && text.len() <= 128
}

fn platforms(list: Option<&At<Vec<At<String>>>>, findings: &mut Findings) -> BTreeSet<Arch> {
    let Some(list) = list else { return Arch::ALL.into() };
    let mut seen: BTreeMap<Arch, Span> = BTreeMap::new();
    for item in &list.value {
        let hint = "a platform is linux/amd64 or linux/arm64";
        let Some(Platform(arch)) = findings.take(item.span, item.value.parse::<Platform>(), hint) else { continue };
        if let Some(first) = seen.insert(arch, item.span) {
            findings.clash(
                item.span,
                format!("{} is there twice", item.value),
                first,
                "first here",
                "name each platform once",
            );
        }
    }
    if list.value.is_empty() {
        findings.report(list.span, "there is no platform to build for", "name linux/amd64, linux/arm64 or both");
    }
    seen.into_keys().collect()
}

fn archives(
    list: Vec<At<ArchiveSection>>,
    sources: &[&str],
    files: &mut impl NamedFiles,
    findings: &mut Findings,
) -> Vec<Archive> {
    const WORDS: &str = "letters, digits and `.` `+` `~` `_` `-`, in parts parted by `/`; the first a letter or digit";
    let mut seen: BTreeMap<(String, String), Span> = BTreeMap::new();
    let mut archives: Vec<Archive> = Vec::new();
    for At { span, value: section } in list {
        let mirror = findings.text(
            &section.mirror,
            is_alias,
            "an alias is lower-case letters, digits and `-`, such as `debian`; its address comes from the machine's own clients",
        );
        let mut words = |list: &[At<String>], what: &str| {
            if list.is_empty() {
                findings.report(span, format!("an archive needs {what}"), format!("add {what}"));
            }
            list.iter().filter_map(|word| findings.text(word, is_suite, WORDS)).collect::<Vec<_>>()
        };
        let suites = words(&section.suites, "suites");
        let components =
            section.components.as_ref().map_or_else(|| vec!["main".to_owned()], |c| words(c, "components"));
        let keys = keys(&section.signed_by, sources, files, findings);
        let only = section.only.as_ref().map(|names| self::names(names, findings));
        // A recipe may take more from an archive that the one it extends takes some packages from.
        let same = archives.iter_mut().find(|before| {
            let numbers = |keys: &[KeyFile]| keys.iter().map(|key| key.sha256).collect::<Vec<_>>();
            let places =
                (mirror.as_deref(), &suites, &components) == (Some(&before.mirror), &before.suites, &before.components);
            let rules =
                section.priority.is_none() && section.max_age_days.is_none() && section.accept_expired.is_none();
            let limited = only.is_some() && before.only.is_some();
            places && rules && limited && numbers(&keys) == numbers(&before.keys)
        });
        let first_file = |suite: &At<String>| seen.get(&(section.mirror.value.clone(), suite.value.clone()));
        let nearer =
            section.suites.iter().all(|suite| first_file(suite).is_some_and(|first| first.file != suite.span.file));
        if let (Some(before), Some(more), true) = (same, &only, nearer) {
            before.only.get_or_insert_default().extend(more.iter().cloned());
            continue;
        }
        for suite in &section.suites {
            let place = (section.mirror.value.clone(), suite.value.clone());
            if let Some(first) = seen.insert(place, suite.span) {
                let message = format!("`{}` of `{}` is there twice", suite.value, section.mirror.value);
                findings.clash(suite.span, message, first, "first here", "put the two sections together");
            }
        }
        if only.as_ref().is_some_and(BTreeSet::is_empty) && section.only.as_ref().is_some_and(Vec::is_empty) {
            findings.report(span, "`only` names no package", "name packages, or take the key out");
        }
        let priority = section.priority.and_then(|at| findings.number(&at, i16::MIN, i16::MAX));
        let max_age_days = section.max_age_days.and_then(|at| findings.number(&at, 1_u32, 36_500));
        let accept_expired = section.accept_expired.and_then(|at| findings.text(&at, |t| !t.trim().is_empty(), REASON));
        if let Some(mirror) = mirror {
            archives.push(Archive { mirror, suites, components, keys, only, priority, max_age_days, accept_expired });
        }
    }
    archives
}

const REASON: &str = "say why that is fine";

fn keys(
    list: &At<OneOrMore<String>>,
    sources: &[&str],
    files: &mut impl NamedFiles,
    findings: &mut Findings,
) -> Vec<KeyFile> {
    let paths = &list.value.0;
    if paths.is_empty() {
        findings.report(list.span, "no key may sign this archive", "name the file with its keys");
    }
    let mut keys = Vec::new();
    for path in paths {
        match files.key(sources.get(path.span.file).copied().unwrap_or_default(), &path.value) {
            Ok(bytes) if credential::is_private_key(&bytes) => {
                let message = format!("`{}` holds a private key", path.value);
                findings.report(
                    path.span,
                    message,
                    "name a file with the public key, and keep the private one elsewhere",
                );
            }
            Ok(bytes) => keys.push(KeyFile { named: path.value.clone(), sha256: Digest::of(&bytes), bytes }),
            Err(refusal) => findings.report(path.span, refusal.message, refusal.hint),
        }
    }
    keys
}

pub(super) fn is_alias(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(word) && text.len() <= 64
}

/// A suite or a component: it becomes a part of a path in the archive.
fn is_suite(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '~' | '_' | '-');
    let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(word);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.split('/').all(part) && text.len() <= 255
}

const NAME: &str = "look at the name again: `apt-cache search` finds packages";

fn names(list: &[At<String>], findings: &mut Findings) -> BTreeSet<PackageName> {
    list.iter().filter_map(|name| findings.take(name.span, name.value.parse(), NAME)).collect()
}

fn packages(
    section: PackagesSection,
    sources: &[&str],
    files: &mut impl NamedFiles,
    findings: &mut Findings,
) -> Packages {
    let mut install: Vec<Selection> = Vec::new();
    let mut places: BTreeMap<PackageName, usize> = BTreeMap::new();
    for at in &section.install {
        let Some(selection) = selection(at, findings) else { continue };
        match places.get(&selection.name).and_then(|place| install.get_mut(*place)) {
            Some(earlier) => *earlier = selection,
            None => {
                places.insert(selection.name.clone(), install.len());
                install.push(selection);
            }
        }
    }
    let mut local: Vec<PackageName> = Vec::new();
    for at in &section.local {
        let Some(name) = findings.take(at.span, at.value.parse::<PackageName>(), NAME) else { continue };
        if let Err(refusal) = files.package(sources.get(at.span.file).copied().unwrap_or_default(), &at.value) {
            findings.report(at.span, refusal.message, refusal.hint);
        }
        if places.contains_key(&name) {
            let message = format!("`{name}` is a package of `install` too");
            findings.report(at.span, message, "take it out of one of the two lists");
        }
        // A recipe may ask for what the one that it extends has asked for.
        if !local.contains(&name) {
            local.push(name);
        }
    }
    Packages {
        variant: section.variant.map_or(Variant::Essential, |variant| variant.value),
        install,
        local,
        recommends: section.recommends.is_some_and(|recommends| recommends.value),
        accept_skew: names(&section.accept_skew, findings),
    }
}

/// A line of `install`.
fn selection(at: &At<String>, findings: &mut Findings) -> Option<Selection> {
    let parsed = at.value.parse::<Selection>();
    let hint = parsed.as_ref().err().and_then(Fault::hint).unwrap_or_default();
    findings.take(at.span, parsed, &hint)
}

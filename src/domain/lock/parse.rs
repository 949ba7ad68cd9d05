//! Reading lockfiles: one wire model a version.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::error::{LockError, Reason};
use super::graph::Reach;
use super::model::Lockfile;
use super::wheel;
use super::wire::{V1, Written};
use crate::base::{Arch, redact};
use crate::formats::deb::package::PackageName;

/// The version of the format that is written, and the newest that is read.
pub const VERSION: i64 = 1;

/// The largest lockfile that is read, in bytes.
pub const MAX_BYTES: u64 = 32 << 20;

impl Lockfile {
    /// Reads a lockfile's text; `file` is its name for messages.
    ///
    /// # Errors
    /// When the text is too large, holds conflict markers, is no TOML of a known version, or is not consistent in itself.
    pub fn parse(text: &str, file: &str) -> Result<Self, LockError> {
        read(text).map_err(|(line, reason)| LockError { file: redact::printable(file), line, reason })
    }
}

/// What is wrong, and the line to blame.
type Blame = (Option<usize>, Reason);

fn read(text: &str) -> Result<Lockfile, Blame> {
    if text.len() as u64 > MAX_BYTES {
        return Err((None, Reason::TooLarge { limit: MAX_BYTES }));
    }
    if let Some(index) = text.lines().position(is_conflict_marker) {
        return Err((Some(index + 1), Reason::Conflict));
    }
    let lines = Lines::of(text);
    check_version(text, &lines)?;
    let wire: V1 = toml::from_str(text).map_err(|error| malformed(&error, &lines))?;
    if *wire.recipe.get_ref() != wire.request.digest() {
        return Err((Some(lines.at(wire.recipe.span().start)), Reason::Head));
    }
    let mut releases = Vec::new();
    for release in wire.release {
        releases.push(release.into_inner().read().map_err(|(byte, reason)| (Some(lines.at(byte)), reason))?);
    }
    let mut packages = Vec::new();
    let mut places: BTreeMap<(PackageName, Arch), (usize, Written)> = BTreeMap::new();
    for block in wire.package {
        let line = lines.at(block.span().start);
        for (package, via) in block.into_inner().read(&wire.request).map_err(|reason| (Some(line), reason))? {
            places.entry((package.name.clone(), package.arch)).or_insert((line, via));
            packages.push(package);
        }
    }
    let jars = wire.jar.into_iter().map(Into::into).collect();
    let mut wheels = Vec::new();
    let mut told = Vec::new();
    for block in wire.wheel {
        let line = lines.at(block.span().start);
        told.push((line, block.get_ref().told()));
        wheels.push(block.into_inner().read(&wire.request).map_err(|reason| (Some(line), reason))?);
    }
    let lock = Lockfile::checked(wire.request, releases, packages, jars, wheels).map_err(|fault| {
        let place = fault.package.as_ref().and_then(|place| places.get(place)).map(|(line, _)| *line);
        let of_wheel = |name| told.iter().find(|(_, (wheel, _))| wheel == name).map(|(line, _)| *line);
        (place.or_else(|| fault.wheel.as_ref().and_then(of_wheel)), fault.reason)
    })?;
    if let Some(name) = wheel::first_untrue(lock.wheels(), told.iter().map(|(_, (name, via))| (name, via))) {
        let line = told.iter().find(|(_, (other, _))| other == name).map(|(line, _)| *line);
        return Err((line, Reason::Value { key: "via", rule: format!("{name}: it is not what the dependencies say") }));
    }
    check_vias(&lock, &places)?;
    Ok(lock)
}

fn is_conflict_marker(line: &str) -> bool {
    let markers = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];
    let rest = markers.iter().find_map(|marker| line.strip_prefix(marker));
    rest.is_some_and(|rest| rest.trim_end().is_empty() || rest.starts_with(' '))
}

/// Looks at the version alone first: a newer format may have other keys.
fn check_version(text: &str, lines: &Lines) -> Result<(), Blame> {
    let table = DeTable::parse(text).map_err(|error| malformed(&error, lines))?;
    let value = table.get_ref().get("version");
    let number = value.and_then(|value| value.get_ref().as_integer());
    match number.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok()) {
        Some(VERSION) => Ok(()),
        Some(found) if found > VERSION => {
            Err((value.map(|value| lines.at(value.span().start)), Reason::Newer { found, known: VERSION }))
        }
        _ => Err((None, Reason::Malformed("this is no lockfile: it has no `version` that ever was".into()))),
    }
}

fn malformed(error: &toml::de::Error, lines: &Lines) -> Blame {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    (error.span().map(|span| lines.at(span.start)), Reason::Malformed(redact::printable(&message)))
}

/// A `via` is for readers, so it must be true.
fn check_vias(lock: &Lockfile, places: &BTreeMap<(PackageName, Arch), (usize, Written)>) -> Result<(), Blame> {
    for platform in &lock.meaning().platforms {
        let reach = Reach::of(lock.meaning(), lock.packages_of(platform.0));
        for package in lock.packages_of(platform.0) {
            if let Some((line, via)) = places.get(&(package.name.clone(), package.arch))
                && via.as_ref() != Some(&reach.via(&package.name))
            {
                return Err((Some(*line), Reason::Via { name: package.name.clone(), arch: package.arch }));
            }
        }
    }
    Ok(())
}

/// Where lines start.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(byte, _)| byte).collect())
    }

    /// The line of a byte, from 1.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|end| *end < byte) + 1
    }
}

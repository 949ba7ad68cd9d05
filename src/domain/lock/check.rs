//! Whether a lock belongs to a recipe.

use std::collections::BTreeSet;
use std::fmt;

use super::model::{JarLock, Lockfile, PackageLock, ReleaseLock};
use super::wheel::{WheelFileLock, WheelLock};
use crate::base::{Arch, Class, Epoch, Fault};
use crate::domain::recipe::{ArchiveMeaning, Jar, JarSource, LockMeaning, Recipe};

/// A recipe and a lock that belong together: what can be built. Only [`check`] makes one.
#[derive(Clone, Debug)]
pub struct Locked {
    recipe: Recipe,
    lock: Lockfile,
}

/// A lock that was made for something else than the recipe now asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// What changed; never empty.
    pub changes: Vec<Changed>,
}

/// A part of a recipe that is not what it was when the lock was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The key, such as `packages.install` or `archive debian bookworm: keys`.
    pub key: String,
    /// What the lock has and the recipe no longer says; empty when something was only added.
    pub locked: Vec<String>,
    /// What the recipe says and the lock does not have.
    pub recipe: Vec<String>,
}

/// Pairs a recipe with its lock.
///
/// # Errors
/// When the recipe's part that decides the lock is not what the lock was made for.
pub fn check(recipe: &Recipe, lock: &Lockfile) -> Result<Locked, Stale> {
    let now = LockMeaning::of(recipe);
    if now == *lock.meaning() {
        return Ok(Locked { recipe: recipe.clone(), lock: lock.clone() });
    }
    Err(Stale { changes: changes(lock.meaning(), &now) })
}

impl Locked {
    /// The recipe.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The lock.
    #[must_use]
    pub fn lock(&self) -> &Lockfile {
        &self.lock
    }

    /// A platform's packages, sorted by name; none for a platform that the recipe does not name.
    pub fn packages(&self, arch: Arch) -> impl Iterator<Item = &PackageLock> {
        self.lock.packages_of(arch)
    }

    /// The wheels of a platform, sorted by name, each with its file.
    pub fn wheels(&self, arch: Arch) -> impl Iterator<Item = (&WheelLock, &WheelFileLock)> {
        self.lock.wheels().iter().filter_map(move |wheel| Some((wheel, wheel.files.get(&arch)?)))
    }

    /// The recipe's jars in its order, each with its lock.
    pub fn jars(&self) -> impl Iterator<Item = (&Jar, &JarLock)> {
        self.recipe.jars.iter().filter_map(|jar| Some((jar, self.lock.jar(&jar.source)?)))
    }

    /// The Release files, sorted by mirror and suite.
    #[must_use]
    pub fn releases(&self) -> &[ReleaseLock] {
        self.lock.releases()
    }

    /// The moment of the image: what the recipe says, else the newest Release file's date, else 1970.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        let newest = || self.lock.releases().iter().map(|release| release.date).max();
        self.recipe.epoch.or_else(newest).unwrap_or(Epoch::ZERO)
    }
}

fn changes(locked: &LockMeaning, now: &LockMeaning) -> Vec<Changed> {
    let mut changes = Changes(Vec::new());
    changes.lists("platforms", &locked.platforms, &now.platforms);
    changes.lists("packages.variant", &[word(&locked.variant)], &[word(&now.variant)]);
    changes.lists("packages.install", &locked.install, &now.install);
    changes.lists("packages.local", &locked.local, &now.local);
    let deb = |meaning: &LockMeaning| meaning.debs.iter().map(|deb| deb.url.to_string()).collect::<Vec<_>>();
    changes.lists("deb", &deb(locked), &deb(now));
    let digest = |meaning: &LockMeaning| meaning.debs.iter().map(|deb| deb.sha256).collect::<Vec<_>>();
    changes.lists("deb: sha256", &digest(locked), &digest(now));
    changes.lists("packages.recommends", &[locked.recommends], &[now.recommends]);
    changes.lists("packages.accept-skew", &locked.accept_skew, &now.accept_skew);
    let label = |archive: &ArchiveMeaning| format!("{} {}", archive.mirror, archive.suites.join(" "));
    let labels = |meaning: &LockMeaning| meaning.archives.iter().map(label).collect::<Vec<_>>();
    changes.lists("archive", &labels(locked), &labels(now));
    for old in &locked.archives {
        let Some(new) = now.archives.iter().find(|new| label(new) == label(old)) else { continue };
        let key = |key: &str| format!("archive {}: {key}", label(old));
        changes.lists(&key("components"), &old.components, &new.components);
        changes.lists(&key("signed-by"), &old.keys, &new.keys);
        let only = |names: &Option<Vec<String>>| names.clone().unwrap_or_else(|| vec!["all packages".to_owned()]);
        changes.lists(&key("only"), &only(&old.only), &only(&new.only));
        changes.lists(&key("priority"), old.priority.as_slice(), new.priority.as_slice());
        changes.lists(&key("max-age-days"), old.max_age_days.as_slice(), new.max_age_days.as_slice());
        changes.lists(&key("accept-expired"), &[old.accept_expired], &[new.accept_expired]);
    }
    let python = |meaning: &LockMeaning| meaning.python.clone();
    let part = |meaning: &LockMeaning, part: fn(&crate::domain::recipe::PythonMeaning) -> Vec<String>| {
        python(meaning).as_ref().map(part).unwrap_or_default()
    };
    changes.lists("python.mirror", &part(locked, |p| vec![p.mirror.clone()]), &part(now, |p| vec![p.mirror.clone()]));
    let interpreter = |p: &crate::domain::recipe::PythonMeaning| p.interpreter.iter().cloned().collect();
    changes.lists("python.interpreter", &part(locked, interpreter), &part(now, interpreter));
    changes.lists(
        "python.requirements",
        &part(locked, |p| p.requirements.clone()),
        &part(now, |p| p.requirements.clone()),
    );
    let file = |p: &crate::domain::recipe::PythonMeaning| p.requirements_file.iter().map(ToString::to_string).collect();
    changes.lists("python.requirements-file", &part(locked, file), &part(now, file));
    let jar = |jar: &JarSource| {
        let places = jar.places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        jar.sha256.map_or(places.clone(), |sha256| format!("{places} {sha256}"))
    };
    let jars = |meaning: &LockMeaning| meaning.jars.iter().map(jar).collect::<Vec<_>>();
    changes.lists("jar", &jars(locked), &jars(now));
    if changes.0.is_empty() {
        changes.0.push(Changed {
            key: "the order of what is asked for".into(),
            locked: Vec::new(),
            recipe: Vec::new(),
        });
    }
    changes.0
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

struct Changes(Vec<Changed>);

impl Changes {
    fn lists<T: ToString>(&mut self, key: &str, locked: &[T], now: &[T]) {
        let set = |list: &[T]| list.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let (locked, now) = (set(locked), set(now));
        if locked != now {
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
            self.0.push(Changed { key: key.into(), locked: only(&locked, &now), recipe: only(&now, &locked) });
        }
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |sign: char, list: &[String]| list.iter().map(|item| format!(" {sign}{item}")).collect::<String>();
        let colon = if self.locked.is_empty() && self.recipe.is_empty() { "" } else { ":" };
        write!(f, "{}{colon}{}{}", self.key, words('-', &self.locked), words('+', &self.recipe))
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the recipe changed since it was locked: ")?;
        f.write_str(&self.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

impl std::error::Error for Stale {}

impl Fault for Stale {
    fn class(&self) -> Class {
        Class::Lock
    }

    fn hint(&self) -> Option<String> {
        Some("run `mokapot lock` to lock what the recipe now asks for".into())
    }
}

//! `mokapot lock`: the exact inputs of recipes.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::session::Session;
use super::{Outcome, exit};
use crate::base::Event;
use crate::domain::lock::{self, Change, JarChange, Kind, Lockfile};
use crate::formats::deb::PackageName;
use crate::ops::Error;
use crate::ops::build::current;
use crate::ops::lock::{Options, Update, lock as resolve};
use crate::ops::project::Loaded;

/// Lock the exact inputs of recipes.
///
/// Without --update, versions that are locked stay as far as the recipe allows. Prints what changed.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot lock jre-11                     lock what the recipe asks for and is not locked
  mokapot lock jre-11 --update            lock the newest versions of everything
  mokapot lock jre-11 --update openssl    the newest of openssl, and of what it then needs
  mokapot lock jre-11 --check             exit with 1 if --update would change anything")]
pub(super) struct Lock {
    /// Recipes: names (`recipes/NAME.toml`) or paths.
    #[arg(value_name = "RECIPE", required = true)]
    recipes: Vec<String>,
    /// Take the newest versions: of these packages, or of all.
    #[arg(long, value_name = "PACKAGE", num_args = 0.., value_delimiter = ',')]
    update: Option<Vec<PackageName>>,
    /// Write nothing; exit with 1 if the lockfile is missing, stale, or behind the archives.
    #[arg(long)]
    check: bool,
    /// Let versions become earlier ones.
    #[arg(long)]
    allow_downgrade: bool,
}

impl Lock {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let project = session.project();
        let mut text = String::new();
        let mut recipes = Vec::new();
        let mut differs = false;
        for recipe in &self.recipes {
            let loaded = project.load(recipe)?;
            let previous = loaded.read_lock()?;
            let update = self.update(&loaded, previous.as_ref())?;
            let fresh = match &previous {
                Some(lock) => self.is_current(session, &loaded, lock)?,
                None => false,
            };
            // Nothing to update, and nothing missing: the archives need not be asked.
            let lock = match (&previous, &update) {
                (Some(lock), Update::Nothing) if fresh => lock.clone(),
                _ => self.resolve(session, &loaded, previous.as_ref(), update)?,
            };
            let changes = previous.as_ref().map(|previous| lock::compare(previous, &lock)).unwrap_or_default();
            let changed = previous.as_ref().is_none_or(|previous| previous.render() != lock.render());
            let jars = previous.as_ref().map(|previous| lock::compare_jars(previous, &lock)).unwrap_or_default();
            differs |= previous.is_none() || !fresh || !changes.is_empty() || !jars.is_empty();
            if changed && !self.check {
                loaded.write_lock(&lock)?;
            }
            text += &described(&loaded, previous.is_none(), changed, (&changes, &jars), &lock);
            recipes.push(json!({
                "recipe": loaded.recipe.name,
                "lockfile": loaded.lock_path,
                "changed": changed,
                "packages": lock.packages().len(),
                "changes": changes.iter().map(change_value).collect::<Vec<_>>(),
                "jars": lock.jars().len(),
                "jar_changes": jars.iter().map(jar_value).collect::<Vec<_>>(),
            }));
        }
        session.print(text, &json!({ "check": self.check, "recipes": recipes }))?;
        if self.check && differs {
            session.progress().emit(Event::Warning("the lockfile is not up to date".into()));
            return Ok(ExitCode::from(exit::DIFFERENT));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn is_current(&self, session: &Session<'_>, loaded: &Loaded, lock: &Lockfile) -> Result<bool, Error> {
        if loaded.local.is_empty() {
            return Ok(lock::check(&loaded.recipe, lock).is_ok());
        }
        session.with_inputs(false, async |inputs| match current(loaded, lock, self.check, inputs).await {
            Ok(_) => Ok(true),
            Err(Error::Stale { .. } | Error::Local { .. }) => Ok(false),
            Err(error) => Err(error),
        })
    }

    fn update(&self, loaded: &Loaded, previous: Option<&Lockfile>) -> Result<Update, Error> {
        match &self.update {
            Some(names) if !names.is_empty() => {
                let locked = |name: &PackageName| {
                    previous.is_some_and(|lock| {
                        let wheel = |wheel: &lock::WheelLock| wheel.name.as_ref() == name.as_str();
                        lock.packages().iter().any(|p| p.name == *name) || lock.wheels().iter().any(wheel)
                    })
                };
                if let Some(unknown) = names.iter().find(|name| !locked(name)) {
                    let (package, path) = (unknown.clone(), loaded.lock_path.clone());
                    return Err(Error::NotLocked { package, path });
                }
                Ok(Update::Packages(names.iter().cloned().collect()))
            }
            Some(_) => Ok(Update::Everything),
            // A check asks what an update would do.
            None if self.check => Ok(Update::Everything),
            None => Ok(Update::Nothing),
        }
    }

    fn resolve(
        &self,
        session: &Session<'_>,
        loaded: &Loaded,
        previous: Option<&Lockfile>,
        update: Update,
    ) -> Result<Lockfile, Error> {
        let options = Options { update, downgrade: self.allow_downgrade, packages_locked: self.check };
        session.with_inputs(false, async |inputs| resolve(loaded, previous, &options, inputs).await)
    }
}

fn described(
    loaded: &Loaded,
    new: bool,
    changed: bool,
    (changes, jars): (&[Change], &[JarChange]),
    lock: &Lockfile,
) -> String {
    let (path, count) = (loaded.lock_path.display(), lock.packages().len());
    let and_jars = match lock.jars().len() {
        0 => String::new(),
        1 => " and 1 jar".to_owned(),
        jars => format!(" and {jars} jars"),
    };
    if new {
        return format!("{path}: locked {count} packages{and_jars}\n");
    }
    if !changed {
        return format!("{path}: up to date, {count} packages{and_jars}\n");
    }
    if changes.is_empty() && jars.is_empty() {
        return format!("{path}: the same {count} packages{and_jars}, newer metadata\n");
    }
    let mut text = format!("{path}: {} of {count} packages changed\n{}", changes.len(), lock::table(changes));
    if !jars.is_empty() {
        text += &format!("{path}: {} jars changed\n{}", jars.len(), lock::jar_table(jars));
    }
    text
}

fn jar_value(change: &JarChange) -> Value {
    json!({ "jar": change.jar, "old": change.old, "new": change.new })
}

fn change_value(change: &Change) -> Value {
    let (kind, old, new) = match &change.kind {
        Kind::Added(new) => ("added", None, Some(new)),
        Kind::Removed(old) => ("removed", Some(old), None),
        Kind::Upgraded { old, new } => ("upgraded", Some(old), Some(new)),
        Kind::Downgraded { old, new } => ("downgraded", Some(old), Some(new)),
        Kind::Replaced(version) => ("replaced", Some(version), Some(version)),
    };
    json!({ "package": change.name, "platforms": change.platforms, "kind": kind, "old": old, "new": new })
}

//! `mokapot package`: package recipes become Debian packages.

use std::path::PathBuf;

use serde_json::json;

use super::Outcome;
use super::arch::arch;
use super::session::{DONE, Session};
use crate::base::{Arch, Event};
use crate::ops::package::{Options, export, package};
use crate::ops::project::LoadedPackage;

/// Build Debian packages from package recipes.
///
/// Makes or completes `packages/NAME/package.lock` where needed, fetches what it names, and writes one `.deb` a platform, or one for all.
/// The same recipe and lock give the same bytes on every machine. Prints `FILE@DIGEST`, one line a package.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot package hadoop spark            both, into dist/packages
  mokapot package spark --locked --output debs")]
pub(super) struct Package {
    /// Package recipes: names (`packages/NAME/package.toml`) or paths.
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Of recipes with a package for each platform, only these.
    #[arg(long, value_name = "ARCH", value_parser = arch(), value_delimiter = ',')]
    arch: Vec<Arch>,
    /// The folder that the packages go to [default: `dist/packages`].
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Fail if the lockfile is missing or would change.
    #[arg(long)]
    locked: bool,
    /// Use the store alone; nothing is fetched.
    #[arg(long)]
    offline: bool,
}

impl Package {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let project = session.project();
        let loaded =
            self.names.iter().map(|name| project.load_package(name)).collect::<Result<Vec<LoadedPackage>, _>>()?;
        let folder = self.output.clone().unwrap_or_else(|| session.default_packages());
        let options = Options { architectures: self.arch.clone(), locked: self.locked };
        let mut lines = String::new();
        let mut packages = Vec::new();
        session.with_inputs(self.offline, async |inputs| {
            for loaded in &loaded {
                for made in package(loaded, &options, inputs).await? {
                    let path = export(&made, &folder, &inputs.fetcher.store)?;
                    if made.unchanged {
                        session.progress().emit(Event::Note(format!("{} is up to date", made.file)));
                    }
                    lines += &format!("{}@{}\n", made.file, made.sha256);
                    packages.push(json!({
                        "package": made.name, "version": made.version, "architecture": made.arch.map_or("all", Arch::name),
                        "path": path, "sha256": made.sha256, "size": made.size, "unchanged": made.unchanged,
                    }));
                }
            }
            Ok(())
        })?;
        session.print(lines, &json!({ "packages": packages }))?;
        DONE
    }
}

//! `mokapot build`: recipes become images.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;

use serde_json::json;

use super::Outcome;
use super::arch::arch;
use super::image_name::Registries;
use super::session::{DONE, Session};
use crate::base::{Arch, Event};
use crate::formats::oci::{ImageName, Tag};
use crate::io::registry::{Layout, archive};
use crate::io::unfinished;
use crate::ops::Error;
use crate::ops::build::{Built, Options, build};
use crate::ops::project::Loaded;

/// Build images from recipes.
///
/// Makes or completes the lockfile where needed, fetches what it names, and writes one OCI image index with a manifest
/// for each platform. Prints `NAME@DIGEST`, one line a recipe.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot build jre-11
  mokapot build jre-11 --arch arm64 --output oci-archive:jre.tar
  mokapot build base jre-11 --locked --push registry.example/moka/jre:11")]
pub(super) struct Build {
    /// Recipes: names (`recipes/NAME.toml`) or paths.
    #[arg(value_name = "RECIPE", required = true)]
    recipes: Vec<String>,
    /// Only these platforms; the manifests are those of the index of all.
    #[arg(long, value_name = "ARCH", value_parser = arch(), value_delimiter = ',')]
    arch: Vec<Arch>,
    /// Where the image goes: `oci:DIR`, or `oci-archive:FILE` for one recipe [default: `oci:dist/oci`].
    #[arg(long, value_name = "WHERE", value_parser = parse_output)]
    output: Option<Destination>,
    /// The image's tag in the output [default: the recipe's name].
    #[arg(long, value_name = "TAG")]
    tag: Option<Tag>,
    /// Push each image there too, after all are built.
    #[arg(long, value_name = "REFERENCE")]
    push: Option<ImageName>,
    #[command(flatten)]
    registries: Registries,
    /// Fail if the lockfile is missing or would change.
    #[arg(long)]
    locked: bool,
    /// Use the store alone; nothing is fetched.
    #[arg(long)]
    offline: bool,
}

/// Where a build's image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Destination {
    Layout(PathBuf),
    Archive(PathBuf),
}

fn parse_output(text: &str) -> Result<Destination, String> {
    match text.split_once(':') {
        Some(("oci", dir)) if !dir.is_empty() => Ok(Destination::Layout(dir.into())),
        Some(("oci-archive", file)) if !file.is_empty() => Ok(Destination::Archive(file.into())),
        _ => Err("expected `oci:DIR` or `oci-archive:FILE`".into()),
    }
}

impl Build {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        if self.recipes.len() > 1 && (self.tag.is_some() || self.push.is_some()) {
            let message = "--tag and --push name one image, and several recipes are given";
            return Err(Error::usage(message, Some("build them one by one, or push them with `mokapot push`".into())));
        }
        if self.recipes.len() > 1 && matches!(self.output, Some(Destination::Archive(_))) {
            return Err(Error::usage("an archive holds one image, and several recipes are given", None));
        }
        let project = session.project();
        let loaded = self.recipes.iter().map(|recipe| project.load(recipe)).collect::<Result<Vec<Loaded>, _>>()?;
        let epoch = session.source_date_epoch()?;
        let mut lines = String::new();
        let mut images = Vec::new();
        for (recipe, loaded) in self.recipes.iter().zip(&loaded) {
            let tag =
                match &self.tag {
                    Some(tag) => tag.clone(),
                    None => loaded.recipe.name.parse().map_err(|error: crate::formats::oci::ParseReferenceError| {
                        Error::usage(error.to_string(), None)
                    })?,
                };
            let options = Options { architectures: self.arch.clone(), tag, locked: self.locked, epoch };
            // The layout of an archive lives beside it for as long as it is made.
            let (layout, _temporary) = self.layout(session)?;
            let built =
                session.with_inputs(self.offline, async |inputs| build(loaded, &options, inputs, &layout).await)?;
            if let Some(Destination::Archive(file)) = &self.output {
                archive::write(&layout, &built.image, &options.tag, file)?;
            }
            if built.unchanged {
                session.progress().emit(Event::Note(format!("{} is up to date", loaded.recipe.name)));
            }
            session.progress().emit(Event::Note(scripts(&built, recipe)));
            if let Some(reference) = &self.push {
                self.push(session, &layout, &options.tag, reference)?;
            }
            lines += &format!("{}@{}\n", loaded.recipe.name, built.image.digest);
            images.push(summary(&built));
        }
        session.print(lines, &json!({ "images": images }))?;
        DONE
    }

    /// The layout to build into, and the folder that goes with it when the run ends, locked until then.
    fn layout(&self, session: &Session<'_>) -> Result<(Layout, Option<(tempfile::TempDir, File)>), Error> {
        match &self.output {
            None => Ok((session.create_layout(&session.default_layout())?, None)),
            Some(Destination::Layout(dir)) => Ok((session.create_layout(dir)?, None)),
            Some(Destination::Archive(file)) => {
                let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(std::path::Path::new("."));
                let failed = |source| Error::Write { path: folder.to_owned(), source };
                let (temporary, lock) = unfinished::folder_beside(file).map_err(failed)?;
                Ok((session.create_layout(&temporary.path().join("oci"))?, Some((temporary, lock))))
            }
        }
    }

    fn push(&self, session: &Session<'_>, layout: &Layout, tag: &Tag, reference: &ImageName) -> Result<(), Error> {
        let image = ImageName::Layout {
            dir: layout.dir().display().to_string(),
            selector: Some(crate::formats::oci::Selector::Tag(tag.clone())),
        };
        super::push::push(session, &image, reference, &self.registries.insecure, false).map(drop)
    }
}

/// One line on what became of the scripts, so that nothing is skipped in silence.
fn scripts(built: &Built, recipe: &str) -> String {
    let rows = built.report.platforms.iter().flat_map(|platform| platform.scripts.rows());
    let mut counts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        counts.entry(row.status.word()).or_default().insert(row.label());
    }
    let counts: Vec<String> = counts.iter().map(|(word, labels)| format!("{} {word}", labels.len())).collect();
    format!("maintainer scripts: {}; see `mokapot scripts {recipe}`", counts.join(", "))
}

/// What `--format json` tells of one image.
fn summary(built: &Built) -> serde_json::Value {
    json!({ "unchanged": built.unchanged, "report": built.report })
}

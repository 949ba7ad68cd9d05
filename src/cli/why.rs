//! `mokapot why`: whose a path is, and why that package is there.

use serde_json::json;

use super::Outcome;
use super::arch::arch;
use super::image_name::ImageArgument;
use super::session::{DONE, Session};
use crate::base::Arch;
use crate::domain::script::Change;
use crate::ops::why::{Answer, ChainAnswer, PackageAnswer, Source, why};

/// Tell whose a path of an image is, and why a package is in it.
///
/// Follows symbolic links, and names the package with its version and layer. Where the recipe that the image was built from
/// is in the project, it also shows the package's line in the lock and the shortest way to it from what the recipe asks for.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot why jre-11 /bin/sh               the file it leads to, its package, and why that is there
  mokapot why jre-11 libc6 --arch arm64    the same for a package
  mokapot why oci:dist/oci:base etc/passwd")]
pub(super) struct Why {
    #[command(flatten)]
    image: ImageArgument,
    /// A path, or the name of a package.
    #[arg(value_name = "PATH|PACKAGE")]
    subject: String,
    /// The platform [default: the first of the image].
    #[arg(long, value_name = "ARCH", value_parser = arch())]
    arch: Option<Arch>,
}

impl Why {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let answer = session.run(async {
            let (images, selector) = session.open_image(&self.image.image, &self.image.registries.insecure)?;
            why(&images, selector.as_ref(), self.arch, &self.subject, &session.project(), &session.store()?).await
        })?;
        session.print(text(&answer), &json!({ "why": answer }))?;
        DONE
    }
}

/// More packages than this share a folder: their number says enough.
const SHOWN: usize = 3;

fn text(answer: &Answer) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:9} {value}\n"));
    for link in &answer.links {
        let of = if link.packages.is_empty() { String::new() } else { format!(" (of {})", link.packages.join(", ")) };
        line("link", &format!("{} -> {}{of}", link.path, link.target));
    }
    if let Some(path) = answer.path.as_ref().filter(|_| !answer.dangling) {
        line("path", path);
    }
    if answer.dangling {
        line("path", "none: the last link leads to nothing");
    }
    if let Some(from) = source(answer) {
        line("from", &from);
    }
    if let Some(origin) = &answer.script {
        let word = match origin.change {
            Change::Made => "made",
            Change::Written => "written",
            Change::Changed => "changed",
            Change::Removed => "removed",
        };
        line("script", &format!("{word} by {}:{}:{}: {}", origin.script, origin.line, origin.column, origin.text));
    }
    if let Some(jar) = &answer.jar {
        line("locked", &format!("{} {} bytes {}", jar.places.join(" "), jar.size, jar.sha256));
    }
    match answer.packages.as_slice() {
        packages if packages.len() > SHOWN => {
            let names: Vec<&str> = packages.iter().map(|package| package.package.name.as_str()).collect();
            line("packages", &format!("{}: {}", names.len(), names.join(" ")));
        }
        packages => packages.iter().for_each(|package| describe(package, &mut line)),
    }
    for wheel in &answer.wheels {
        line("wheel", &format!("{} {}", wheel.name, wheel.version));
        if let Some(locked) = &wheel.locked {
            line("locked", &format!("{} {} bytes {}", locked.file, locked.size, locked.sha256));
        }
        if let Some(version) = &wheel.locked_version {
            line("locked", &format!("{version} now: the image was built from an earlier lock"));
        }
        if let Some(first) = wheel.chain.first() {
            let way = if wheel.chain.len() > 1 { format!(": {}", wheel.chain.join(" → ")) } else { String::new() };
            line("because", &format!("the recipe requires {first}{way}"));
        }
    }
    if let Some(layer) = &answer.layer {
        let title = layer.title.as_deref().unwrap_or("(without a title)");
        line("layer", &format!("{}: {title} {}", layer.number, layer.digest));
    }
    line("platform", &answer.platform);
    if let Some(reason) = &answer.no_lock {
        line("lock", &format!("unknown: {reason}"));
    }
    text
}

/// Who put it there, where that is not simply a package.
fn source(answer: &Answer) -> Option<String> {
    let recipe = answer.recipe.as_deref().unwrap_or_default();
    let over = if answer.packages.is_empty() { "" } else { ", in place of what the package shipped" };
    match answer.source {
        Source::Package | Source::Wheel => None,
        Source::RecipeFile => Some(format!("[[file]] of recipe `{recipe}`{over}")),
        Source::RecipeJar => Some(format!("[[jar]] of recipe `{recipe}`{over}")),
        Source::RecipeAccounts => Some(format!("[[user]] and [[group]] of recipe `{recipe}`")),
        Source::Script => Some("a maintainer script".into()),
        Source::Database => Some("mokapot: the package database".into()),
        Source::Parent => Some("nobody: a folder that something below it needs".into()),
        Source::Unknown => Some("no package; the image does not tell".into()),
    }
}

fn describe(answer: &PackageAnswer, line: &mut impl FnMut(&str, &str)) {
    let package = &answer.package;
    line("package", &format!("{} {} ({})", package.name, package.version, package.architecture));
    if let Some(locked) = &answer.locked {
        let place = format!("{} {}", locked.place, locked.file);
        line("locked", &format!("{place} {} bytes {}", locked.size, locked.sha256));
    }
    if let Some(version) = &answer.locked_version {
        line("locked", &format!("{version} now: the image was built from an earlier lock"));
    }
    if let Some(chain) = &answer.chain {
        line("because", &because(chain));
    }
}

/// `the recipe installs tini`, `the variant has apt: apt → libc6`.
fn because(chain: &ChainAnswer) -> String {
    let first = chain.packages.first().map_or("", String::as_str);
    let root = |root: &String| match root.strip_prefix("install ") {
        Some(asked) => format!("the recipe installs {asked}"),
        None if root == "address" => format!("the recipe names the address of {first}"),
        None => format!("the {root} has {first}"),
    };
    let roots = chain.roots.iter().map(root).collect::<Vec<_>>().join(", ");
    if chain.packages.len() > 1 { format!("{roots}: {}", chain.packages.join(" → ")) } else { roots }
}

//! `mokapot scripts`: every maintainer script, accounted for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::Outcome;
use super::arch::arch;
use super::image_name::Registries;
use super::session::{DONE, Session};
use super::table::table;
use crate::base::Arch;
use crate::domain::script::{Interpreter, Ledger, Row, Status};
use crate::formats::oci::{ImageName, Selector};
use crate::ops::Error;
use crate::ops::scripts::{Listed, of_image, of_lock};

/// List the maintainer scripts and triggers of an image's packages, and what became of each.
///
/// Of a recipe whose image is not in `dist/oci`, it lists those of the packages that its lock names, and fetches what the
/// store lacks.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot scripts jre-11                       of all packages, for the first platform
  mokapot scripts jre-11 dash --arch arm64     of one package, for another platform
  mokapot scripts registry.example/jre:11 --format json")]
pub(super) struct Scripts {
    /// A recipe (its name, or a path that ends with `.toml`), or an image: `oci:DIR[:TAG|@DIGEST]` or a registry's reference.
    #[arg(value_name = "RECIPE|IMAGE", value_parser = parse_subject)]
    subject: Subject,
    /// Only this package's.
    #[arg(value_name = "PACKAGE")]
    package: Option<String>,
    /// The platform [default: the first].
    #[arg(long, value_name = "ARCH", value_parser = arch())]
    arch: Option<Arch>,
    /// Use the store alone; nothing is fetched.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    registries: Registries,
}

/// Whose scripts.
#[derive(Clone, Debug)]
enum Subject {
    Image(ImageName),
    Recipe(String),
}

fn parse_subject(text: &str) -> Result<Subject, crate::formats::oci::ParseReferenceError> {
    if text.ends_with(".toml") { Ok(Subject::Recipe(text.to_owned())) } else { text.parse().map(Subject::Image) }
}

impl Scripts {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let mut listed = match &self.subject {
            Subject::Recipe(recipe) => self.locked(session, recipe)?,
            Subject::Image(ImageName::Recipe { name, digest: None })
                if !session.has_built(&Selector::Tag(name.clone()))? =>
            {
                self.locked(session, name.as_str())?
            }
            Subject::Image(image) => session.run(async {
                let (images, selector) = session.open_image(image, &self.registries.insecure)?;
                of_image(&images, selector.as_ref(), self.arch).await
            })?,
        };
        if let Some(package) = &self.package {
            listed = listed.only(package)?;
        }
        let value = json!({ "platform": listed.platform, "digest": listed.digest, "scripts": listed.ledger });
        session.print(text(&listed.ledger), &value)?;
        DONE
    }

    fn locked(&self, session: &Session<'_>, recipe: &str) -> Result<Listed, Error> {
        let loaded = session.project().load(recipe)?;
        session.with_inputs(self.offline, async |inputs| of_lock(&loaded, self.arch, inputs).await)
    }
}

fn text(ledger: &Ledger) -> String {
    if ledger.rows().is_empty() {
        return "no maintainer scripts\n".into();
    }
    let head = ["package", "kind", "interpreter", ">size", "sha256", "status"];
    let mut text = table(&head, ledger.rows().iter().map(cells));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in ledger.rows() {
        *counts.entry(row.kind.as_str()).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let _ = writeln!(text, "{} not interpreted: {}", ledger.rows().len(), counts.join(", "));
    text
}

fn cells(row: &Row) -> Vec<String> {
    let interpreter = match &row.interpreter {
        Interpreter::Program(program) => program.clone(),
        Interpreter::Elf => "(ELF)".into(),
        Interpreter::Declarations => "(declarations)".into(),
        Interpreter::Unknown => "(unknown)".into(),
    };
    let status = match row.status {
        Status::NotInterpreted => "not interpreted",
    };
    let package = format!("{} {}", row.package, row.version);
    vec![package, row.kind.clone(), interpreter, row.size.to_string(), row.sha256.hex(), status.into()]
}

//! `mokapot scripts`: every maintainer script, accounted for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::Outcome;
use super::arch::arch;
use super::image_name::Registries;
use super::session::{DONE, Session};
use super::table::table;
use super::trace;
use crate::base::Arch;
use crate::domain::script::{Interpreter, Ledger, Row};
use crate::formats::oci::{ImageName, Selector};
use crate::ops::Error;
use crate::ops::scripts::{Listed, of_image, of_lock};

/// Show the maintainer scripts and triggers of an image's packages, and what became of each.
///
/// Of a recipe whose image is not in `dist/oci`, the packages that its lock names are installed as a build would, and what the
/// store lacks is fetched. The scripts of one package of a recipe are shown line by line, with what each line changed.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot scripts jre-11                       of all packages, for the first platform
  mokapot scripts jre-11 dash --arch arm64     of one package, line by line, for another platform
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
                if self.package.is_some() || !session.has_built(&Selector::Tag(name.clone()))? =>
            {
                self.locked(session, name.as_str())?
            }
            Subject::Image(image) => session.run(async {
                let (images, selector) = session.open_image(image, &self.registries.insecure)?;
                of_image(&images, selector.as_ref(), self.arch, &session.store()?).await
            })?,
        };
        if let Some(package) = &self.package {
            listed = listed.only(package)?;
        }
        let runs: Vec<_> = listed.runs.iter().map(trace::value).collect();
        let mut value = json!({ "platform": listed.platform, "digest": listed.digest, "scripts": listed.ledger });
        if let (Some(object), true) = (value.as_object_mut(), self.package.is_some()) {
            object.insert("runs".into(), runs.into());
        }
        let mut text = text(&listed.ledger);
        listed.runs.iter().for_each(|run| text += &trace::text(run));
        session.print(text, &value)?;
        DONE
    }

    fn locked(&self, session: &Session<'_>, recipe: &str) -> Result<Listed, Error> {
        let loaded = session.project().load(recipe)?;
        session.with_inputs(self.offline, async |inputs| {
            of_lock(&loaded, self.arch, self.package.as_deref(), inputs).await
        })
    }
}

fn text(ledger: &Ledger) -> String {
    if ledger.rows().is_empty() {
        return "no maintainer scripts\n".into();
    }
    let head = ["package", "kind", "interpreter", "status", ">steps", ">entries", "commands"];
    let mut text = table(&head, ledger.rows().iter().map(cells));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in ledger.rows() {
        *counts.entry(row.status.word()).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let count = ledger.rows().len();
    let _ = writeln!(text, "{count} {}: {}", if count == 1 { "script" } else { "scripts" }, counts.join(", "));
    for row in ledger.rows() {
        let label = row.label();
        if let Some(reason) = &row.reason {
            let _ = writeln!(text, "{label} {}: {reason}", row.status.word());
        }
        for left_out in row.run.iter().flat_map(|run| &run.left_out) {
            let _ = writeln!(text, "{label} left out: {left_out}");
        }
    }
    text
}

/// More commands than this are counted.
const SHOWN: usize = 6;

fn cells(row: &Row) -> Vec<String> {
    let interpreter = match &row.interpreter {
        Interpreter::Program(program) => program.clone(),
        Interpreter::Elf => "(ELF)".into(),
        Interpreter::Declarations => "(declarations)".into(),
        Interpreter::Unknown => "(unknown)".into(),
    };
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let run = row.run.as_ref();
    let commands = run.map_or_else(String::new, |run| match run.commands.as_slice() {
        [first @ .., _] if first.len() >= SHOWN => {
            format!("{} and {} more", run.commands[..SHOWN].join(" "), run.commands.len() - SHOWN)
        }
        commands => commands.join(" "),
    });
    let package = format!("{} {}", row.package, row.version);
    let (steps, entries) = (number(run.map(|run| run.steps)), number(run.map(|run| run.entries as u64)));
    vec![package, row.kind.clone(), interpreter, row.status.word().into(), steps, entries, commands]
}

//! `mokapot scripts`: every maintainer script, accounted for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::Outcome;
use super::image_name::ImageArgument;
use super::session::{DONE, Session};
use super::table::table;
use crate::base::Arch;
use crate::domain::script::{Interpreter, Ledger, Row, Status};
use crate::ops::Error;
use crate::ops::contents::{self, Contents, Remember};
use crate::ops::inspect::inspect;
use crate::ops::scripts::ledger;
use crate::ops::why::NotThere;

/// List the maintainer scripts and triggers of an image's packages, and what became of each.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot scripts jre-11                  of all packages
  mokapot scripts jre-11 dash --arch arm64
  mokapot scripts registry.example/jre:11 --format json")]
pub(super) struct Scripts {
    #[command(flatten)]
    image: ImageArgument,
    /// Only this package's.
    #[arg(value_name = "PACKAGE")]
    package: Option<String>,
    /// The platform [default: the first of the image].
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
}

impl Scripts {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let (platform, contents) = session.run(async {
            let (images, selector) = session.open_image(&self.image.image, &self.image.insecure)?;
            let image = inspect(&images, selector.as_ref()).await?;
            let platform = contents::platform(&image, self.arch)?.clone();
            let contents = contents::read(&images, &platform, Remember { database: true, digests: false }).await?;
            Ok((platform, contents))
        })?;
        let mut ledger = ledger(&contents)?;
        if let Some(package) = &self.package {
            ledger = only(&ledger, &contents, package, &platform.platform)?;
        }
        let value = json!({ "platform": platform.platform, "digest": platform.digest, "scripts": ledger });
        session.print(text(&ledger), &value)?;
        DONE
    }
}

/// The rows of one package, which may have none but must be there.
fn only(ledger: &Ledger, contents: &Contents, package: &str, platform: &str) -> Result<Ledger, Error> {
    let installed = contents.installed()?;
    let names: Vec<&str> = installed.packages().map(|(_, package)| package.name.as_str()).collect();
    if !names.contains(&package) {
        return Err(NotThere::package(package, platform, names).into());
    }
    Ok(Ledger::new(ledger.rows().iter().filter(|row| row.package.as_str() == package).cloned().collect()))
}

fn text(ledger: &Ledger) -> String {
    let mut text = String::new();
    if !ledger.rows().is_empty() {
        text = table(&["package", "kind", "interpreter", ">size", "sha256", "status"], ledger.rows().iter().map(cells));
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in ledger.rows() {
        *counts.entry(row.kind.as_str()).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let colon = if counts.is_empty() { "" } else { ": " };
    let _ = writeln!(text, "{} not interpreted{colon}{}", ledger.rows().len(), counts.join(", "));
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

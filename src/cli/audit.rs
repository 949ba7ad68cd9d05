//! `mokapot audit`: what an image lacks to work on its platforms.

use std::process::ExitCode;

use serde_json::json;

use super::arch::arch;
use super::image_name::Registries;
use super::session::{DONE, Session};
use super::table::table;
use super::{Outcome, exit};
use crate::base::Arch;
use crate::formats::oci::ImageName;
use crate::ops::audit::{Audited, audit};

/// Look through an image for what keeps it from working on its platforms.
///
/// Finds machine code for another processor, jars without native code for the platform, libraries that programs ask for and the image does
/// not have; and, as warnings, classes that two jars of one folder have with different bytes, and what cannot be read. Nothing of the image is
/// run. Exits with 1 when it finds more than warnings.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot audit spark-openjdk
  mokapot audit registry.example/spark:3.2 --arch arm64
  mokapot audit oci:dist/oci:pyspark --format json")]
pub(super) struct Audit {
    /// The image, as `mokapot inspect` takes it.
    #[arg(value_name = "IMAGE")]
    image: ImageName,
    /// Only this platform.
    #[arg(long, value_name = "ARCH", value_parser = arch())]
    arch: Option<Arch>,
    #[command(flatten)]
    registries: Registries,
}

impl Audit {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let audited = session.run(async {
            let (images, selector) = session.open_image(&self.image, &self.registries.insecure)?;
            audit(&images, selector.as_ref(), self.arch).await
        })?;
        let (errors, _) = audited.counts();
        session.print(text(&audited), &json!({ "sound": errors == 0, "platforms": audited.platforms }))?;
        if errors > 0 { Ok(ExitCode::from(exit::DIFFERENT)) } else { DONE }
    }
}

fn text(audited: &Audited) -> String {
    let rows: Vec<Vec<String>> = audited
        .platforms
        .iter()
        .flat_map(|platform| platform.findings.iter().map(move |finding| (platform, finding)))
        .map(|(platform, finding)| {
            vec![finding.code.name().to_owned(), platform.platform.clone(), finding.path.clone(), finding.what.clone()]
        })
        .collect();
    let (errors, warnings) = audited.counts();
    let count = |number: usize, word: &str| match number {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        many => format!("{many} {word}s"),
    };
    let names: Vec<&str> = audited.platforms.iter().map(|platform| platform.platform.as_str()).collect();
    let summary = format!("{}: {}, {}\n", names.join(", "), count(errors, "error"), count(warnings, "warning"));
    if rows.is_empty() { summary } else { table(&["code", "platform", "path", "what"], rows) + &summary }
}

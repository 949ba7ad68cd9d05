//! `mokapot mirrors`: where aliases lead on this machine.

use std::process::ExitCode;

use serde_json::json;

use super::Outcome;
use super::session::Session;
use super::table::table;
use crate::base::{Fault, redact};

/// Show where each mirror's alias leads on this machine, and who says so.
///
/// In this order: --mirror, MOKAPOT_MIRROR_ALIAS, mirrors.toml of the project and of the user, and this machine's own
/// package clients: apt's sources, pip's index, Maven's settings, Go's proxy.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot mirrors
  mokapot mirrors --mirror debian=https://mirror.example/debian")]
pub(super) struct Mirrors {}

impl Mirrors {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let mirrors = session.mirrors()?.all();
        let rows = mirrors.iter().map(|mirror| match mirror {
            Ok(mirror) => vec![mirror.alias.clone(), redact::url(mirror.url.as_str()), mirror.found.clone()],
            Err(error) => vec!["-".into(), "-".into(), error.to_string()],
        });
        let text = table(&["alias", "address", "found in"], rows);
        let values: Vec<_> = mirrors
            .iter()
            .map(|mirror| match mirror {
                Ok(mirror) => {
                    json!({ "alias": mirror.alias, "address": redact::url(mirror.url.as_str()), "found": mirror.found })
                }
                Err(error) => json!({ "error": error.to_string(), "hint": error.hint() }),
            })
            .collect();
        session.print(text, &json!({ "mirrors": values }))?;
        Ok(ExitCode::SUCCESS)
    }
}

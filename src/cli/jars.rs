//! `mokapot jars`: the buckets that recipes take jars from.

use serde_json::json;

use super::Outcome;
use super::session::{DONE, Session};
use super::size::Size;
use super::table::table;
use crate::domain::lock;
use crate::ops::Error;
use crate::ops::jars_push::{Action, Plan, execute, plan};

/// Look after the buckets that recipes take jars from.
///
/// Credentials, region and endpoint come from where AWS's own tools keep them: AWS_ACCESS_KEY_ID and its kin, AWS_PROFILE and the
/// profile files, a web identity token, the instance's metadata; AWS_ENDPOINT_URL_S3 names another service than Amazon's.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot jars push spark --dry-run    which objects are missing, and who has their bytes
  mokapot jars push spark              put them there")]
pub(super) struct Jars {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Put the locked jars of recipes into the buckets that they name, from the jars' other places.
    ///
    /// An object that is there is never overwritten; one with other bytes is an error, and then nothing is put. What was put is
    /// read back.
    Push {
        /// Recipes: names (`recipes/NAME.toml`) or paths. They must be locked.
        #[arg(value_name = "RECIPE", required = true)]
        recipes: Vec<String>,
        /// Show what would be put, and put nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

impl Jars {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let Command::Push { recipes, dry_run } = self.command;
        let project = session.project();
        let mut locks = Vec::new();
        for recipe in &recipes {
            let loaded = project.load(recipe)?;
            let lock = loaded.read_lock()?.ok_or_else(|| Error::NeverLocked(loaded.lock_path.clone()))?;
            let stale = |stale| Error::Stale { path: loaded.lock_path.clone(), stale };
            locks.push(lock::check(&loaded.recipe, &lock).map_err(stale)?);
        }
        let (plan, made) = session.with_inputs(false, async |inputs| {
            let plan = plan(&locks, inputs).await?;
            let made = if dry_run { 0 } else { execute(&plan, inputs).await? };
            Ok((plan, made))
        })?;
        session
            .print(text(&plan, dry_run, made), &json!({ "dry_run": dry_run, "made": made, "objects": plan.objects }))?;
        DONE
    }
}

fn text(plan: &Plan, dry_run: bool, made: u64) -> String {
    if plan.objects.is_empty() {
        return "no jar has a place in S3\n".to_owned();
    }
    let word = |action| match action {
        Action::Keep => "there",
        Action::Put if dry_run => "to put",
        Action::Put => "put",
    };
    let rows = plan.objects.iter().map(|planned| {
        let from = planned.from.first().filter(|_| planned.action == Action::Put);
        let from = from.map(ToString::to_string).unwrap_or_default();
        vec![word(planned.action).to_owned(), planned.object.to_string(), Size(planned.size).to_string(), from]
    });
    let text = table(&["what", "object", ">size", "from"], rows);
    if dry_run { text } else { format!("{text}{made} new, of {}\n", plan.objects.len()) }
}

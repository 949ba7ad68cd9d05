//! `mokapot publish`: an apt repository gets packages.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::Outcome;
use super::session::{DONE, Session};
use super::size::Size;
use super::table::table;
use crate::base::redact::Secret;
use crate::base::{Epoch, Event};
use crate::domain::repository::{Change, ComponentName, Options, SuiteName};
use crate::formats::openpgp::{Keyring, SigningKey};
use crate::io::objects::Place;
use crate::ops::package::{Options as PackageOptions, package};
use crate::ops::publish::{Offer, PublishError, Published, Request, Signing, publish};
use crate::ops::{Error, Inputs};

/// Publish Debian packages to an apt repository in a folder or in S3.
///
/// Readers have the suite's state before or the one after, never a mixture; of two publishers at once one goes first, and the other builds on what
/// it left. A version that is published never changes. What no suite needs any more is removed one publish later than its successors appear.
///
/// The passphrase of a protected key is taken from MOKAPOT_KEY_PASSPHRASE, the date from SOURCE_DATE_EPOCH where it is set, and what S3 needs
/// from where AWS's own tools keep it, as for `mokapot jars`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mokapot publish hadoop spark --to repo --suite test --key signing.asc   built first, to a folder
  mokapot publish other_1.0_amd64.deb --to s3://moka-apt/debian --suite test --key signing.asc
  mokapot publish --to s3://moka-apt/debian --suite test --key signing.asc --keep 3 --dry-run

For apt: `deb [signed-by=/etc/apt/keyrings/moka.asc] https://apt.example/debian test main`")]
pub(super) struct Publish {
    /// Files that end in `.deb`, or package recipes by name (`packages/NAME/package.toml`), which are built first.
    #[arg(value_name = "FILE.deb|NAME")]
    packages: Vec<String>,
    /// The repository: a folder, or a bucket with a prefix.
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX")]
    to: String,
    /// The suite; one an environment, for example.
    #[arg(long, value_name = "NAME")]
    suite: SuiteName,
    /// The component.
    #[arg(long, value_name = "NAME", default_value = "main")]
    component: ComponentName,
    /// The OpenPGP secret key that signs, armoured or not.
    #[arg(long, value_name = "FILE", conflicts_with = "unsigned")]
    key: Option<PathBuf>,
    /// Public keys that may have signed what is there, besides `--key`: for a change of keys.
    #[arg(long, value_name = "FILE", requires = "key")]
    signed_by: Option<PathBuf>,
    /// Sign nothing; apt then needs `[trusted=yes]`.
    #[arg(long)]
    unsigned: bool,
    /// Keep the latest N versions of each package, for each architecture [default: all].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Add versions that do not sort after the latest.
    #[arg(long)]
    allow_older: bool,
    /// Show what would change, and write nothing to the repository.
    #[arg(long)]
    dry_run: bool,
    /// Fail if the lockfile of a package recipe is missing or would change.
    #[arg(long)]
    locked: bool,
}

impl Publish {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let now = session.now();
        let date = session.source_date_epoch()?.unwrap_or(now);
        let key = self.key.as_deref().map(|path| read_key(session, path, now)).transpose()?;
        let former = self.signed_by.as_deref().map(read_keyring).transpose()?.unwrap_or_default();
        let signing = match &key {
            Some(key) => Signing::Key { key, former: &former },
            None if self.unsigned => Signing::Nobody,
            None => {
                let hint = "name a secret key with --key; or say --unsigned, and `[trusted=yes]` wherever apt reads it";
                return Err(Error::usage("nobody is said to sign the repository", Some(hint.to_owned())));
            }
        };
        let options = Options {
            component: self.component.clone(),
            keep: self.keep.map(|keep| keep as usize),
            allow_older: self.allow_older,
        };
        let progress = session.progress();
        let published = session.with_inputs(false, async |inputs| {
            let place = Place::new(&self.to, inputs.fetcher.objects.as_ref());
            let place = place.map_err(|reason| Error::usage(format!("--to {}: {reason}", self.to), None))?;
            let offers = self.offers(session, inputs).await?;
            let request = Request {
                place: &place,
                suite: self.suite.clone(),
                offers,
                options,
                signing,
                now,
                date,
                dry_run: self.dry_run,
                progress: &*progress,
            };
            publish(&request).await
        })?;
        if self.unsigned {
            progress.emit(Event::Note("nobody signs this suite: apt needs `[trusted=yes]` to read it".into()));
        }
        let mut value = serde_json::to_value(&published).unwrap_or_default();
        value["to"] = json!(self.to);
        value["suite"] = json!(self.suite);
        value["component"] = json!(self.component.as_str());
        value["dry_run"] = json!(self.dry_run);
        value["key"] = json!(key.as_ref().map(SigningKey::fingerprint));
        session.print(text(&published, &self.suite, self.dry_run), &value)?;
        DONE
    }

    /// The packages: files as they are, recipes built.
    async fn offers(&self, session: &Session<'_>, inputs: &Inputs<'_>) -> Result<Vec<Offer>, Error> {
        let project = session.project();
        let options = PackageOptions { architectures: Vec::new(), locked: self.locked };
        let mut offers = Vec::new();
        for name in &self.packages {
            if Path::new(name).extension().is_some_and(|ending| ending == "deb") {
                offers.push(Offer::file(Path::new(name))?);
                continue;
            }
            for made in package(&project.load_package(name)?, &options, inputs).await? {
                offers.push(Offer::packaged(&made, &Arc::clone(&inputs.fetcher.store))?);
            }
        }
        Ok(offers)
    }
}

fn read_key(session: &Session<'_>, path: &Path, now: Epoch) -> Result<SigningKey, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(failed)?;
    let passphrase = session.variable("MOKAPOT_KEY_PASSPHRASE").map(Secret::new);
    let key = SigningKey::parse(&bytes, passphrase.as_ref(), now)
        .map_err(|source| PublishError::Key { path: path.to_owned(), source })?;
    // A warning: where secrets are mounted, their modes are often not the user's to choose.
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 && passphrase.is_none() {
        let text =
            format!("key {} has no passphrase, and others may read it (mode {:o})", path.display(), mode & 0o777);
        session.progress().emit(Event::Warning(text));
    }
    Ok(key)
}

fn read_keyring(path: &Path) -> Result<Keyring, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let file = path.display().to_string();
    Keyring::parse(&bytes).map_err(|source| Error::Keys { file, source })
}

fn text(published: &Published, suite: &SuiteName, dry_run: bool) -> String {
    let changes = &published.changes;
    let (add, remove) = if dry_run { ("to add", "to remove") } else { ("added", "removed") };
    let rows = |word: &'static str, changes: &[Change]| -> Vec<Vec<String>> {
        let row = |change: &Change| {
            let Change { package, version, architecture, path, size, .. } = change;
            let size = Size(*size).to_string();
            vec![word.to_owned(), package.clone(), version.clone(), architecture.to_string(), size, path.clone()]
        };
        changes.iter().map(row).collect()
    };
    let all = [rows(add, &changes.added), rows("there", &changes.present), rows(remove, &changes.removed)].concat();
    let table = if all.is_empty() {
        String::new()
    } else {
        table(&["what", "package", "version", "arch", ">size", "path"], all)
    };
    let what = match (dry_run, published.unchanged, published.restored.len()) {
        (true, ..) => "nothing was written".to_owned(),
        (_, true, _) => "nothing to do".to_owned(),
        (_, _, restored @ 1..) => format!("{restored} files put back into the pool"),
        _ => format!("{} added, {} removed", changes.added.len(), changes.removed.len()),
    };
    let of = published.date.as_ref().map(|date| format!("; its Release is of {date}")).unwrap_or_default();
    format!("{table}suite {suite}: {what}{of}\n")
}

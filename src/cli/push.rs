//! `mokapot push`: an image from one place to another, unchanged.

use std::fmt::Write as _;

use serde_json::json;

use super::Outcome;
use super::image_name::ImageArgument;
use super::session::{DONE, Session};
use super::size::Size;
use crate::base::{Digest, Event};
use crate::formats::oci::{ImageName, Selector, Tag};
use crate::io::registry::{Access, Images};
use crate::ops::Error;
use crate::ops::push::{PushPlan, Pushed, Request, Step, plan};

/// Push an image to a registry or a layout; the digest stays.
///
/// Blobs go first, children before parents, the tag last; it is read back. From a registry to a layout, this is a pull.
#[derive(clap::Args)]
#[command(
    visible_alias = "copy",
    after_help = "\
Examples:
  mokapot push jre-11 registry.example/moka/jre:11
  mokapot push oci:dist/oci:base 127.0.0.1:5000/base:1 --dry-run
  mokapot push registry.example/moka/jre:11 oci:mirror:jre-11"
)]
pub(super) struct Push {
    #[command(flatten)]
    image: ImageArgument,
    /// Where it goes: a registry's reference, or `oci:DIR:TAG`.
    #[arg(value_name = "TO")]
    to: ImageName,
    /// Print what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Push {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let done = push(session, &self.image.image, &self.to, &self.image.registries.insecure, self.dry_run)?;
        let steps: Vec<_> = done.steps.iter().map(|step| step_value(step, done.previous)).collect();
        let mut text = String::new();
        if self.dry_run {
            for step in &done.steps {
                let _ = writeln!(text, "{}", step_text(step, done.previous));
            }
            if done.steps.is_empty() {
                text += "nothing to do\n";
            }
        } else {
            let _ = writeln!(text, "{}@{}", done.place, done.digest);
        }
        let value =
            json!({ "destination": done.place, "digest": done.digest, "dry_run": self.dry_run, "steps": steps });
        session.print(text, &value)?;
        DONE
    }
}

/// What a push did, or would do.
pub(super) struct Done {
    place: String,
    digest: Digest,
    steps: Vec<Step>,
    /// What the tag names, where it was asked for: of a dry run.
    previous: Option<Digest>,
}

/// Plans a push and, unless it is a dry run, carries it out.
pub(super) fn push(
    session: &Session<'_>,
    from: &ImageName,
    to: &ImageName,
    insecure: &[String],
    dry_run: bool,
) -> Result<Done, Error> {
    session.run_to_its_end(async {
        let (source, image) = session.open_image(from, insecure)?;
        let (destination, tag, digest) = destination(session, &source, to, insecure)?;
        let place = destination.name();
        let request = Request { source, image, destination, tag, digest };
        let plan: PushPlan = plan(request).await?;
        let previous = if dry_run { plan.previous().await? } else { None };
        let done = Done { place, digest: plan.digest, steps: plan.steps.clone(), previous };
        if dry_run {
            return Ok(done);
        }
        let progress = session.progress();
        if done.steps.is_empty() {
            progress.emit(Event::Note(format!("{} has {} already", done.place, done.digest)));
            return Ok(done);
        }
        let stop = async {
            session.signals().came().await;
        };
        let pushed = plan.execute(&*progress, stop).await?;
        progress.emit(Event::Note(summary(&pushed)));
        Ok(done)
    })
}

/// Opens the place to push to, and tells the tag and digest that its name asks for.
fn destination(
    session: &Session<'_>,
    source: &Images,
    to: &ImageName,
    insecure: &[String],
) -> Result<(Images, Option<Tag>, Option<Digest>), Error> {
    let options = session.registry_options(insecure);
    if let ImageName::Layout { dir, .. } = to {
        session.create_layout(std::path::Path::new(dir))?;
    }
    let mount_from = match (source, to) {
        (Images::Repository(from), ImageName::Registry(reference))
            if from.name().registry() == reference.repository.registry()
                && from.name().path() != reference.repository.path() =>
        {
            Some(from.name().path().to_owned())
        }
        _ => None,
    };
    let access = Access::Push { mount_from };
    let (images, selector) = Images::open(to, &session.default_layout(), access, &options, session.progress())?;
    let digest = match to {
        ImageName::Registry(reference) => reference.digest,
        _ => None,
    };
    Ok(match (selector, to) {
        (_, ImageName::Registry(reference)) => {
            let untagged = reference.tag.is_none() && digest.is_none();
            let latest = || match Selector::latest() {
                Selector::Tag(tag) => Some(tag),
                Selector::Digest(_) => None,
            };
            (images, reference.tag.clone().or_else(|| if untagged { latest() } else { None }), digest)
        }
        (Some(Selector::Tag(tag)), _) => (images, Some(tag), None),
        (Some(Selector::Digest(digest)), _) => (images, None, Some(digest)),
        (None, _) => (images, None, None),
    })
}

/// What went over the wire, and what was there.
fn summary(pushed: &Pushed) -> String {
    let Pushed { sent, bytes, mounted, documents } = *pushed;
    match (sent, mounted) {
        (0, 0) if documents <= 1 => "everything was there already; the tag is set".into(),
        (sent, 0) => format!("{sent} blobs sent, {}; {documents} manifests stored", Size(bytes)),
        _ => format!("{sent} blobs sent, {}; {mounted} mounted; {documents} manifests stored", Size(bytes)),
    }
}

fn step_text(step: &Step, previous: Option<Digest>) -> String {
    match step {
        Step::Blob { blob, mount_from: None } => format!("send   {} ({})", blob.digest, Size(blob.size)),
        Step::Blob { blob, mount_from: Some(from) } => {
            format!("mount  {} ({}) from {from}, or send it", blob.digest, Size(blob.size))
        }
        Step::Document(document) => format!("store  {} ({})", document.digest, document.media_type),
        Step::Tag { tag, digest } => {
            let now = match previous {
                Some(previous) if previous == *digest => "as it is".to_owned(),
                Some(previous) => format!("now {previous}"),
                None => "new".to_owned(),
            };
            format!("tag    {tag} as {digest} ({now})")
        }
    }
}

fn step_value(step: &Step, previous: Option<Digest>) -> serde_json::Value {
    match step {
        Step::Blob { blob, mount_from } => {
            json!({ "step": "blob", "digest": blob.digest, "size": blob.size, "mount_from": mount_from })
        }
        Step::Document(document) => {
            json!({ "step": "document", "digest": document.digest, "media_type": document.media_type })
        }
        Step::Tag { tag, digest } => {
            json!({ "step": "tag", "tag": tag.as_str(), "digest": digest, "previous": previous })
        }
    }
}

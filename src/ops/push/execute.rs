//! The execution of a plan: blobs in parallel, then documents, children before parents; the tag last, read back.

use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::{Error, PushPlan, Pushed, Request, Step, children};
use crate::base::{Digest, Event, Phase, Progress};
use crate::formats::oci::{Content, Descriptor, Selector, Tag};
use crate::io::registry::{self, Images, Uploaded};

impl PushPlan {
    /// Does what the plan says, or stops when `stop` comes to an end (`std::future::pending()` never does).
    ///
    /// # Errors
    /// When either end fails. Then the tag is as it was, and unfinished uploads are given up.
    pub async fn execute(self, progress: &dyn Progress, stop: impl Future<Output = ()>) -> Result<Pushed, Error> {
        progress.emit(Event::Begin { phase: Phase::Push, total: Some(self.size()) });
        let outcome = tokio::select! {
            outcome = self.run(progress) => outcome,
            () = stop => Err(Error::Stopped),
        };
        if outcome.is_err() {
            self.request.destination.abandon().await;
        }
        progress.emit(Event::End { phase: Phase::Push });
        outcome
    }

    async fn run(&self, progress: &dyn Progress) -> Result<Pushed, Error> {
        let mut pushed = Pushed::default();
        let blobs = self.steps.iter().filter_map(|step| match step {
            Step::Blob { blob, .. } => Some(blob),
            _ => None,
        });
        self.send(blobs, progress, &mut pushed).await?;
        for step in &self.steps {
            match step {
                Step::Blob { .. } => {}
                Step::Document(document) => {
                    self.store(document.digest, None, progress, &mut pushed).await?;
                }
                Step::Tag { tag, digest } => {
                    self.store(*digest, Some(tag), progress, &mut pushed).await?;
                    self.read_back(tag, *digest).await?;
                }
            }
        }
        Ok(pushed)
    }

    async fn send(
        &self,
        blobs: impl Iterator<Item = &Descriptor>,
        progress: &dyn Progress,
        pushed: &mut Pushed,
    ) -> Result<(), Error> {
        let Request { source, destination, .. } = &self.request;
        let mut sending = stream::iter(blobs)
            .map(|blob| async move { destination.put_blob(blob, source, progress).await.map(|how| (how, blob.size)) })
            .buffer_unordered(destination.parallel());
        while let Some((how, size)) = sending.try_next().await? {
            match how {
                Uploaded::Sent => (pushed.sent, pushed.bytes) = (pushed.sent + 1, pushed.bytes + size),
                Uploaded::Mounted => pushed.mounted += 1,
            }
        }
        Ok(())
    }

    /// Stores a document under its digest or a tag. A registry that misses a child it said to have gets all of them, once.
    async fn store(
        &self,
        digest: Digest,
        tag: Option<&Tag>,
        progress: &dyn Progress,
        pushed: &mut Pushed,
    ) -> Result<(), Error> {
        let Some(document) = self.documents.get(&digest) else { return Ok(()) };
        let destination = &self.request.destination;
        let put = || async {
            match tag {
                Some(tag) => destination.put_tag(document, tag).await,
                None => destination.put_document(document).await,
            }
        };
        let outcome = match put().await {
            Err(registry::Error::Refused(refusal)) if misses_child(&refusal) => {
                match document.content() {
                    Content::Manifest(_) => self.send(children(document), progress, pushed).await?,
                    Content::Index(index) => {
                        for child in &index.manifests {
                            let child = self.request.source.document(child.digest, Some(&child.media_type)).await?;
                            self.send(children(&child), progress, pushed).await?;
                            destination.put_document(&child).await?;
                        }
                    }
                }
                put().await
            }
            outcome => outcome,
        };
        match outcome {
            Ok(()) => {
                pushed.documents += 1;
                Ok(())
            }
            Err(registry::Error::Refused(refusal)) if misses_child(&refusal) => {
                let count = match document.content() {
                    Content::Index(index) => index.manifests.len(),
                    Content::Manifest(_) => children(document).count(),
                };
                Err(Error::ChildUnknown { document: digest, count, reason: refusal.to_string() })
            }
            Err(registry::Error::Refused(refusal)) if tag.is_some_and(|_| is_immutable(&refusal)) => {
                self.settle_conflict(tag, digest, &refusal).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// An immutable tag that names this image already is as good as a push.
    async fn settle_conflict(
        &self,
        tag: Option<&Tag>,
        wanted: Digest,
        refusal: &registry::Refusal,
    ) -> Result<(), Error> {
        let refused = || registry::Error::Refused(Box::new(refusal.clone()));
        let Some(tag) = tag else { return Err(refused().into()) };
        let destination = &self.request.destination;
        match destination.digest(&Selector::Tag(tag.clone())).await? {
            Some(found) if found == wanted => Ok(()),
            Some(found) => {
                let name = format!("{}:{tag}", destination.name());
                Err(registry::Error::Conflict { name, found, wanted, reason: refusal.to_string() }.into())
            }
            None => Err(refused().into()),
        }
    }

    /// Reads the tag until it names the image: registries need not show at once what they took.
    async fn read_back(&self, tag: &Tag, wanted: Digest) -> Result<(), Error> {
        let destination = &self.request.destination;
        let patience = match destination {
            Images::Layout(_) => Duration::ZERO,
            Images::Repository(repository) => repository.options().read_back,
        };
        let begin = tokio::time::Instant::now();
        let mut wait = Duration::from_millis(50);
        loop {
            let found = destination.digest(&Selector::Tag(tag.clone())).await?;
            if found == Some(wanted) {
                return Ok(());
            }
            if begin.elapsed() >= patience {
                let name = format!("{}:{tag}", destination.name());
                return Err(registry::Error::NotTaken { name, found, wanted, waited: patience }.into());
            }
            tokio::time::sleep(wait.min(patience)).await;
            wait *= 2;
        }
    }
}

fn misses_child(refusal: &registry::Refusal) -> bool {
    ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"].iter().any(|code| refusal.has(code))
}

/// Registries have no common code for it: 409 and 412, or a text that says so.
fn is_immutable(refusal: &registry::Refusal) -> bool {
    let said = refusal.said.to_ascii_lowercase();
    matches!(refusal.status, 409 | 412)
        || (matches!(refusal.status, 400 | 403 | 405)
            && ["immutable", "overwrite", "already exists"].iter().any(|word| said.contains(word)))
}

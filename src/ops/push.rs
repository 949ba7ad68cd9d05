//! Push: make an image of one place available in another, unchanged.
//!
//! A plan is made by reading; it is data, and what `--dry-run` prints. Then it is carried out: blobs first, in parallel; then
//! manifests, children before parents; the tag last, read back. Whatever fails before the tag leaves no tag; what was uploaded
//! is found again by the next push.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::base::{Class, Digest, Event, Fault, Phase, Progress};
use crate::formats::oci::document::MAX_NESTING;
use crate::formats::oci::{self, Content, Descriptor, Document, ImageConfig, Selector, Tag, media_type};
use crate::io::registry::{self, Images, Uploaded};

/// The most manifests and indexes below one index.
const MAX_DOCUMENTS: usize = 1_000;

/// Why an image was not pushed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One of the two ends failed.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// An image that no registry should get.
    #[error("{image}: {document}: {source}")]
    Document {
        /// The image.
        image: String,
        /// Which part of it.
        document: Digest,
        /// What is wrong.
        source: Box<oci::Error>,
    },
    /// The name had a digest, and the image is another.
    #[error("the destination names {wanted}, but the image is {got}")]
    OtherDigest {
        /// In the destination's name.
        wanted: Digest,
        /// The image's.
        got: Digest,
    },
    /// A layout's images are found by tag.
    #[error("{0} needs a tag: `{0}:TAG`")]
    NoTag(String),
    /// The registry has all children and says it has not.
    #[error("the registry refuses {document} although its {count} children were pushed: {reason}")]
    ChildUnknown {
        /// Manifest or index.
        document: Digest,
        /// How many children it has.
        count: usize,
        /// The registry's words; they name the child.
        reason: String,
    },
    /// Somebody stopped it.
    #[error("stopped; no tag was changed")]
    Stopped,
}

impl Fault for Error {
    fn class(&self) -> Class {
        match self {
            Self::Registry(error) => error.class(),
            Self::Document { .. } | Self::OtherDigest { .. } => Class::Integrity,
            Self::NoTag(_) => Class::Usage,
            Self::ChildUnknown { .. } | Self::Stopped => Class::Network,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.hint(),
            Self::Stopped => Some("the next push goes on with what has arrived".into()),
            _ => None,
        }
    }
}

/// What to push, and where to.
#[derive(Clone)]
pub struct Request {
    /// Where the image is.
    pub source: Images,
    /// Which image of the source; without it, the only one of a layout.
    pub image: Option<Selector>,
    /// Where it goes.
    pub destination: Images,
    /// The tag it gets there; without one, a registry keeps it under its digest alone.
    pub tag: Option<Tag>,
    /// The digest that the destination's name has, if it has one.
    pub digest: Option<Digest>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send a blob, or have it mounted.
    Blob {
        /// Which.
        blob: Descriptor,
        /// The repository to mount it from, if the registry can.
        mount_from: Option<String>,
    },
    /// Store a manifest or index under its digest.
    Document(Descriptor),
    /// Store the image under the tag.
    Tag {
        /// Which.
        tag: Tag,
        /// What it will name.
        digest: Digest,
    },
}

/// Everything that a push will do, in order.
#[derive(Clone)]
pub struct PushPlan {
    /// The image.
    pub digest: Digest,
    /// What the tag names now, if there is a tag and it names something.
    pub previous: Option<Digest>,
    /// What to do; empty when the tag names this very image already.
    pub steps: Vec<Step>,
    request: Request,
    documents: BTreeMap<Digest, Document>,
}

/// What a push did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Blobs sent.
    pub sent: usize,
    /// Bytes of the blobs sent.
    pub bytes: u64,
    /// Blobs that the registry had elsewhere.
    pub mounted: usize,
    /// Manifests and indexes stored.
    pub documents: usize,
}

/// Finds out what a push has to do. Writes nothing.
///
/// # Errors
/// When the image is not complete at its source or is no valid image; when either end cannot be read.
pub async fn plan(request: Request) -> Result<PushPlan, Error> {
    let root = request.source.image(request.image.as_ref()).await?;
    let digest = root.digest();
    if let Some(wanted) = request.digest.filter(|wanted| *wanted != digest) {
        return Err(Error::OtherDigest { wanted, got: digest });
    }
    if let (Images::Layout(layout), None) = (&request.destination, &request.tag) {
        return Err(Error::NoTag(layout.name()));
    }
    let previous = match &request.tag {
        Some(tag) => request.destination.digest(&Selector::Tag(tag.clone())).await?,
        None => None,
    };
    let mut plan = PushPlan { digest, previous, steps: Vec::new(), request, documents: BTreeMap::new() };
    if previous == Some(digest) {
        return Ok(plan);
    }
    if !plan.has_document(digest).await? {
        if let Images::Repository(repository) = &plan.request.destination {
            repository.ping().await?;
        }
        plan.add_missing(root.clone()).await?;
    }
    plan.documents.insert(digest, root);
    if let Some(tag) = plan.request.tag.clone() {
        // the tag stores the image itself
        plan.steps.retain(|step| !matches!(step, Step::Document(document) if document.digest == digest));
        plan.steps.push(Step::Tag { tag, digest });
    }
    Ok(plan)
}

impl PushPlan {
    /// The bytes of all blobs that may have to be sent.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.steps
            .iter()
            .map(|step| match step {
                Step::Blob { blob, .. } => blob.size,
                _ => 0,
            })
            .sum()
    }

    /// Whether the destination has a document and, by the order in which images are pushed, all below it. To look at everything in
    /// a layout costs little, so nothing is assumed there.
    async fn has_document(&self, digest: Digest) -> Result<bool, Error> {
        match &self.request.destination {
            Images::Layout(_) => Ok(false),
            Images::Repository(repository) => Ok(repository.head_manifest(&Selector::Digest(digest)).await?.is_some()),
        }
    }

    /// Adds steps for `root`, which the destination does not have, and for what is missing below it.
    async fn add_missing(&mut self, root: Document) -> Result<(), Error> {
        let mut blobs: BTreeMap<Digest, Descriptor> = BTreeMap::new();
        // parents come before children here, and are turned round at the end
        let mut documents: Vec<Descriptor> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut level = vec![root];
        let wrong = |request: &Request, document, source| Error::Document {
            image: request.source.name(),
            document,
            source: Box::new(source),
        };
        for depth in 0.. {
            let mut below = Vec::new();
            for document in level {
                if !seen.insert(document.digest()) {
                    continue;
                }
                match document.content() {
                    Content::Index(index) => {
                        let limits = [
                            (
                                depth >= MAX_NESTING,
                                oci::Error::Depth { pointer: "/manifests".into(), limit: MAX_NESTING },
                            ),
                            (
                                seen.len() + index.manifests.len() > MAX_DOCUMENTS,
                                oci::Error::TooMany {
                                    pointer: "/manifests".into(),
                                    count: seen.len() + index.manifests.len(),
                                    limit: MAX_DOCUMENTS,
                                },
                            ),
                        ];
                        if let Some((_, source)) = limits.into_iter().find(|(passed, _)| *passed) {
                            return Err(wrong(&self.request, document.digest(), source));
                        }
                        for child in &index.manifests {
                            if !seen.contains(&child.digest) && !self.has_document(child.digest).await? {
                                below.push(self.request.source.document(child.digest, Some(&child.media_type)).await?);
                            }
                        }
                    }
                    Content::Manifest(manifest) => {
                        if is_config(&manifest.config.media_type) {
                            let config = self.request.source.small_blob(&manifest.config).await?;
                            let config = ImageConfig::parse(&config)
                                .map_err(|source| wrong(&self.request, manifest.config.digest, source))?;
                            let (diff_ids, layers) = (config.diff_ids.len(), manifest.layers.len());
                            if diff_ids != layers {
                                let source = oci::Error::DiffIdCount { diff_ids, layers };
                                return Err(wrong(&self.request, manifest.config.digest, source));
                            }
                        }
                        blobs.extend(children(&document).map(|blob| (blob.digest, blob.clone())));
                    }
                }
                documents.push(document.descriptor());
                self.documents.insert(document.digest(), document);
            }
            if below.is_empty() {
                break;
            }
            level = below;
        }
        let destination = &self.request.destination;
        let missing: Vec<Option<Descriptor>> = stream::iter(blobs.into_values())
            .map(|blob| async move {
                let there = destination.has_blob(&blob).await?;
                Ok::<_, Error>((!there).then_some(blob))
            })
            .buffered(destination.parallel())
            .try_collect()
            .await?;
        let mount_from = match destination {
            Images::Repository(repository) => repository.mount_from().map(str::to_owned),
            Images::Layout(_) => None,
        };
        let missing = missing.into_iter().flatten();
        self.steps.extend(missing.map(|blob| Step::Blob { blob, mount_from: mount_from.clone() }));
        self.steps.extend(documents.into_iter().rev().map(Step::Document));
        Ok(())
    }

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
            Images::Repository(repository) => repository.options().patience.read_back,
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

/// The blobs of a manifest that may be uploaded: not those whose licence forbids it. An index has none.
fn children(document: &Document) -> impl Iterator<Item = &Descriptor> {
    let manifest = match document.content() {
        Content::Manifest(manifest) => Some(manifest),
        Content::Index(_) => None,
    };
    manifest
        .into_iter()
        .flat_map(|manifest| std::iter::once(&manifest.config).chain(&manifest.layers))
        .filter(|blob| !media_type::is_nondistributable(&blob.media_type))
}

/// Whether the media type is that of an image's config, OCI's or Docker's.
fn is_config(kind: &str) -> bool {
    matches!(kind, media_type::CONFIG | media_type::DOCKER_CONFIG)
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

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob { blob, mount_from: None } => write!(f, "upload {} ({} bytes)", blob.digest, blob.size),
            Self::Blob { blob, mount_from: Some(from) } => {
                write!(f, "mount {} from {from}, or upload it ({} bytes)", blob.digest, blob.size)
            }
            Self::Document(document) => write!(f, "put {} ({})", document.digest, document.media_type),
            Self::Tag { tag, digest } => write!(f, "tag {digest} as {tag}"),
        }
    }
}

//! The plan of a push: what the destination has, and what it needs.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::super::document::{self, WrongDocument};
use super::{Error, PushPlan, Request, Step, children};
use crate::base::Digest;
use crate::formats::oci::document::MAX_NESTING;
use crate::formats::oci::{self, Content, Descriptor, Document, Selector, media_type};
use crate::io::registry::Images;

/// The most manifests and indexes below one index.
const MAX_DOCUMENTS: usize = 1_000;

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
    let mut plan = PushPlan { digest, steps: Vec::new(), request, documents: BTreeMap::new() };
    // A folder is asked for free. A registry is not asked: the answer could spare the last two requests of some pushes and
    // would cost all others one; and a registry that has lost a part of the image says so when it is to take the tag.
    if let Images::Layout(_) = plan.request.destination
        && plan.previous().await? == Some(digest)
    {
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
    /// What the tag names now, if there is a tag and it names something. For people: a push does not depend on it.
    ///
    /// # Errors
    /// When the destination cannot be read.
    pub async fn previous(&self) -> Result<Option<Digest>, Error> {
        match &self.request.tag {
            Some(tag) => Ok(self.request.destination.digest(&Selector::Tag(tag.clone())).await?),
            None => Ok(None),
        }
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
        for depth in 0.. {
            let mut below = Vec::new();
            for parent in level {
                if !seen.insert(parent.digest()) {
                    continue;
                }
                match parent.content() {
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
                            return Err(WrongDocument::new(&self.request.source, parent.digest(), source).into());
                        }
                        for child in &index.manifests {
                            if !seen.contains(&child.digest) && !self.has_document(child.digest).await? {
                                below.push(self.request.source.document(child.digest, Some(&child.media_type)).await?);
                            }
                        }
                    }
                    Content::Manifest(manifest) => {
                        if is_config(&manifest.config.media_type) {
                            document::config::<Error>(&self.request.source, manifest).await?;
                        }
                        blobs.extend(children(&parent).map(|blob| (blob.digest, blob.clone())));
                    }
                }
                documents.push(parent.descriptor());
                self.documents.insert(parent.digest(), parent);
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
}

/// Whether the media type is that of an image's config, OCI's or Docker's.
fn is_config(kind: &str) -> bool {
    matches!(kind, media_type::CONFIG | media_type::DOCKER_CONFIG)
}

//! One small interface over layouts and registries: what a copy needs of either end.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::stream::try_unfold;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;

use super::error::{Error, Result};
use super::layout::Layout;
use super::repository::{Access, Options, Repository};
use super::stream::{ByteStream, verified};
use super::upload::Uploaded;
use crate::base::{Digest, Event, Phase, Progress};
use crate::formats::oci::json::MAX_SIZE;
use crate::formats::oci::{Content, Descriptor, Document, ImageName, Selector, Tag};

/// How much of a file is read at a time.
const READ: usize = 128 << 10;

/// How many pieces of a blob may wait to be written.
const WAITING: usize = 8;

/// A place that holds images.
#[derive(Clone)]
pub enum Images {
    /// A folder.
    Layout(Arc<Layout>),
    /// A repository of a registry.
    Repository(Arc<Repository>),
}

impl Images {
    /// Opens the place that a name means, to read it or to write a registry; and tells which image of it is meant, if the name does.
    ///
    /// `default_layout` is where recipes' builds are.
    ///
    /// # Errors
    /// As [`Layout::open`] and [`Repository::connect`].
    pub fn open(
        name: &ImageName,
        default_layout: &Path,
        access: Access,
        options: &Options,
        progress: Arc<dyn Progress>,
    ) -> Result<(Self, Option<Selector>)> {
        let layout = |dir: &Path| Layout::open(dir).map(|layout| Self::Layout(Arc::new(layout)));
        match name {
            ImageName::Layout { dir, selector } => Ok((layout(Path::new(dir))?, selector.clone())),
            ImageName::Recipe { name, digest } => {
                let selector = digest.map_or_else(|| Selector::Tag(name.clone()), Selector::Digest);
                Ok((layout(default_layout)?, Some(selector)))
            }
            ImageName::Registry(reference) => {
                let repository = Repository::connect(&reference.repository, access, options, progress)?;
                Ok((Self::Repository(Arc::new(repository)), Some(reference.selector())))
            }
        }
    }

    /// The place, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Layout(layout) => layout.name(),
            Self::Repository(repository) => repository.name().to_string(),
        }
    }

    /// How many blobs may be on their way at a time.
    #[must_use]
    pub fn parallel(&self) -> usize {
        match self {
            Self::Layout(_) => 2,
            Self::Repository(repository) => repository.options().parallel.max(1),
        }
    }

    /// The digest that `selector` names now; none when there is no such image.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn digest(&self, selector: &Selector) -> Result<Option<Digest>> {
        match self {
            Self::Layout(layout) => match layout.find(Some(selector)) {
                Ok(descriptor) => Ok(Some(descriptor.digest)),
                Err(Error::NoImage { .. }) => Ok(None),
                Err(error) => Err(error),
            },
            Self::Repository(repository) => repository.head_manifest(selector).await,
        }
    }

    /// The image that `selector` names; without one, the only image of a layout, or what the tag `latest` names.
    ///
    /// # Errors
    /// As [`Images::document`]; when a layout has several images to choose from.
    pub async fn image(&self, selector: Option<&Selector>) -> Result<Document> {
        match (self, selector) {
            (Self::Layout(layout), _) => {
                let found = layout.find(selector)?;
                layout.document(found.digest, Some(&found.media_type))
            }
            (Self::Repository(repository), Some(selector)) => repository.manifest(selector, None).await,
            (Self::Repository(repository), None) => repository.manifest(&Selector::latest(), None).await,
        }
    }

    /// The manifest or index of this digest, verified. `announced` is the media type of the descriptor that led here.
    ///
    /// # Errors
    /// When it is not there or not what its digest says.
    pub async fn document(&self, digest: Digest, announced: Option<&str>) -> Result<Document> {
        match self {
            Self::Layout(layout) => layout.document(digest, announced),
            Self::Repository(repository) => repository.manifest(&Selector::Digest(digest), announced).await,
        }
    }

    /// Streams a blob, verified: the last bytes come only when size and digest are right.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn blob(&self, blob: &Descriptor) -> Result<ByteStream> {
        match self {
            Self::Layout(layout) => {
                let file = layout.open_blob(blob.digest, blob.size)?;
                let object = layout.blob_path(blob.digest).display().to_string();
                Ok(verified(read_file(file, object.clone()), blob.digest, blob.size, object))
            }
            Self::Repository(repository) => repository.blob(blob).await,
        }
    }

    /// Reads a small blob whole, such as a config.
    ///
    /// # Errors
    /// As [`Images::blob`], and when it is larger than a document may be.
    pub async fn small_blob(&self, blob: &Descriptor) -> Result<Bytes> {
        if blob.size > MAX_SIZE {
            let source = crate::formats::oci::Error::TooLarge { size: blob.size, limit: MAX_SIZE };
            return Err(Error::Document { object: format!("{}@{}", self.name(), blob.digest), source });
        }
        let parts: Vec<Bytes> = self.blob(blob).await?.try_collect().await?;
        Ok(parts.concat().into())
    }

    /// Whether a blob of this digest and this very size is there.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        match self {
            Self::Layout(layout) => Ok(layout.has_blob(blob.digest, blob.size)),
            Self::Repository(repository) => repository.has_blob(blob.digest, blob.size).await,
        }
    }

    /// Copies a blob from `source` to here. Bytes count as progress of [`Phase::Push`].
    ///
    /// # Errors
    /// When either end fails; then no blob of that name is here.
    pub async fn put_blob(&self, blob: &Descriptor, source: &Self, progress: &dyn Progress) -> Result<Uploaded> {
        match self {
            Self::Layout(layout) => {
                write_blob(layout, blob, source.blob(blob).await?, progress).await?;
                Ok(Uploaded::Sent)
            }
            Self::Repository(repository) => repository.put_blob(blob, source, progress).await,
        }
    }

    /// Stores a manifest or index, whose children are all here, under its digest.
    ///
    /// # Errors
    /// When the place refuses it.
    pub async fn put_document(&self, document: &Document) -> Result<()> {
        match self {
            Self::Layout(layout) => {
                let document = document.clone();
                blocking(layout, move |layout| layout.put_blob(document.bytes())).await.map(drop)
            }
            Self::Repository(repository) => {
                repository.put_manifest(document, &Selector::Digest(document.digest())).await
            }
        }
    }

    /// Makes `tag` name a manifest or index, whose children are all here.
    ///
    /// # Errors
    /// When the place refuses it.
    pub async fn put_tag(&self, document: &Document, tag: &Tag) -> Result<()> {
        match self {
            Self::Layout(layout) => {
                let (document, tag) = (document.clone(), tag.clone());
                blocking(layout, move |layout| {
                    layout.put_blob(document.bytes())?;
                    layout.tag(&tag, &document.descriptor())
                })
                .await
            }
            Self::Repository(repository) => repository.put_manifest(document, &Selector::Tag(tag.clone())).await,
        }
    }

    /// Tells a registry that unfinished uploads will not be finished. Failures are of no interest: sessions expire.
    pub async fn abandon(&self) {
        if let Self::Repository(repository) = self {
            repository.abandon_all().await;
        }
    }

    /// What refers to an image: signatures, SBOMs and the like. A layout is searched by its own index.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn referrers(&self, subject: Digest) -> Result<Vec<Descriptor>> {
        match self {
            Self::Repository(repository) => repository.referrers(subject, None).await,
            Self::Layout(layout) => {
                let mut found = Vec::new();
                for (_, entry) in layout.entries()? {
                    let document = layout.document(entry.digest, Some(&entry.media_type))?;
                    let about = match document.content() {
                        Content::Index(index) => index.subject.as_ref(),
                        Content::Manifest(manifest) => manifest.subject.as_ref(),
                    };
                    if about.is_some_and(|descriptor| descriptor.digest == subject) {
                        found.push(entry);
                    }
                }
                Ok(found)
            }
        }
    }
}

/// Does what may wait for a disk or another process's lock on a thread that may wait.
async fn blocking<T: Send + 'static>(
    layout: &Arc<Layout>,
    work: impl FnOnce(&Layout) -> Result<T> + Send + 'static,
) -> Result<T> {
    let owned = Arc::clone(layout);
    let done = tokio::task::spawn_blocking(move || work(&owned)).await;
    done.unwrap_or_else(|ended| Err(Error::disk("write", layout.dir())(io::Error::other(ended))))
}

/// Writes a blob, verified as it came, by a thread that may wait for the disk.
async fn write_blob(
    layout: &Arc<Layout>,
    blob: &Descriptor,
    mut stream: ByteStream,
    progress: &dyn Progress,
) -> Result<()> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(WAITING);
    let feeding = async move {
        while let Some(bytes) = stream.try_next().await? {
            let amount = bytes.len() as u64;
            // A writer that failed wants no more.
            if sender.send(bytes).await.is_err() {
                break;
            }
            progress.emit(Event::Advance { phase: Phase::Push, amount });
        }
        Ok::<(), Error>(())
    };
    let expected = (blob.digest, blob.size);
    let writing = blocking(layout, move |layout| {
        let mut writer = layout.blob_writer()?;
        while let Some(bytes) = receiver.blocking_recv() {
            writer.write_all(&bytes).map_err(|error| writer.failed(error))?;
        }
        // Less than all of it, because the stream failed, gets no name.
        writer.commit_as(Some(expected))
    });
    let (fed, written) = tokio::join!(feeding, writing);
    fed.and(written.map(drop))
}

fn read_file(file: File, object: String) -> ByteStream {
    let file = tokio::fs::File::from_std(file);
    Box::pin(try_unfold((file, object), |(mut file, object)| async move {
        let mut buffer = bytes::BytesMut::with_capacity(READ);
        let read = file.read_buf(&mut buffer).await;
        let count = read.map_err(|source| Error::Disk { action: "read", path: object.clone().into(), source })?;
        Ok((count > 0).then(|| (buffer.freeze(), (file, object))))
    }))
}

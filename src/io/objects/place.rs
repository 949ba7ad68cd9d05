//! A place that several publishers write to and many readers read from: a folder, or what is below a prefix of a bucket.
//!
//! Both know the same few verbs. What is put under a name that is not to change is put whole or not at all; what is replaced is replaced
//! only if it still is what was read. In a bucket, conditional puts see to that; in a folder a lock does, which is held for a whole publish.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::Objects;
use super::error::{ObjectCause, ObjectError};
use super::folder::{Folder, Lock};
use super::upload::{Put, Source, Swap};
use crate::base::{Class, Digest, Event, Fault, Phase, Progress};
use crate::formats::s3::ObjectName;
use crate::io::http::{Expected, Piece};

/// A folder or a bucket's prefix. Paths below it have no component that is empty, `.` or `..`: who asks sees to that.
pub enum Place {
    /// A folder.
    Folder(Folder),
    /// A bucket's prefix.
    Bucket {
        /// Who asks.
        objects: Box<Objects>,
        /// `s3://BUCKET/PREFIX`, without a slash at its end.
        root: String,
    },
}

/// Identifies what was read, so that nothing else is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

/// Bytes under a name that is not to change.
#[derive(Clone)]
pub enum Content {
    /// In memory.
    Bytes(Bytes),
    /// In a file, which is opened when it is needed.
    File(Source),
}

/// Why a place did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The bucket.
    #[error(transparent)]
    Object(#[from] Box<ObjectError>),
    /// The folder.
    #[error("cannot {verb} {}: {source}", path.display())]
    Disk {
        /// What was to be done.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something is there under a name that is not to change.
    #[error("{path} is there and has other bytes: expected {expected}, it has {got}")]
    Differs {
        /// Its path or name.
        path: String,
        /// The digest that it should have.
        expected: Digest,
        /// The digest that it has.
        got: Digest,
    },
    /// A file to be put there is not what it was when it was looked at.
    #[error("what was to become {} changed while it was copied", path.display())]
    Changed {
        /// What it was to become.
        path: PathBuf,
    },
    /// A file is larger than what is sane.
    #[error("{} has more than {limit} bytes", path.display())]
    Limit {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
}

impl Place {
    /// `text` names a folder, or begins with `s3://`; `objects` is who asks buckets. A folder that is not there yet is one with nothing in it.
    ///
    /// # Errors
    /// When the bucket's name is none, or nobody can ask it.
    pub fn new(text: &str, objects: Option<&Objects>) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("s3://") else { return Ok(Self::Folder(Folder::new(Path::new(text)))) };
        let root = format!("s3://{}", rest.trim_end_matches('/'));
        // A name below it is asked for, so that what is wrong with it shows now.
        format!("{root}/x").parse::<ObjectName>().map_err(|error| error.to_string())?;
        let objects = objects.ok_or("no network is to be used")?;
        Ok(Self::Bucket { objects: Box::new(objects.clone()), root })
    }

    /// Waits until no other publisher works on the folder; the lock ends with what is returned. Buckets have no locks.
    ///
    /// # Errors
    /// When the folder cannot be made or locked.
    pub fn lock(&self, wait: impl FnOnce()) -> Result<Option<Lock>, PlaceError> {
        match self {
            Self::Folder(folder) => folder.lock(wait).map(Some),
            Self::Bucket { .. } => Ok(None),
        }
    }

    /// The whole of a small file, and what identifies it.
    ///
    /// # Errors
    /// When it cannot be read, or has more than `limit` bytes.
    pub async fn read(&self, path: &str, limit: u64) -> Result<Option<(Bytes, Tag)>, PlaceError> {
        match self {
            Self::Folder(folder) => {
                let bytes = folder.read(path, limit)?;
                Ok(bytes.map(|bytes| (bytes.clone(), Tag(Digest::of(&bytes).hex()))))
            }
            Self::Bucket { objects, .. } => {
                let read = objects.read(&self.object(path)?, limit).await.map_err(Box::new)?;
                Ok(read.map(|(bytes, etag)| (bytes, Tag(etag))))
            }
        }
    }

    /// The digest of a file's bytes. Where a bucket's answers do not tell it, the object is read.
    ///
    /// # Errors
    /// When it cannot be asked or read.
    pub async fn digest(&self, path: &str, progress: &dyn Progress) -> Result<Option<Digest>, PlaceError> {
        match self {
            Self::Folder(folder) => folder.digest(path),
            Self::Bucket { objects, .. } => {
                let object = self.object(path)?;
                let Some(head) = objects.head(&object).await.map_err(Box::new)? else { return Ok(None) };
                if head.sha256.is_some() {
                    return Ok(head.sha256);
                }
                let mut hasher = crate::base::Hasher::new();
                let mut sink = |piece: Piece<'_>| {
                    match piece {
                        Piece::Restart => hasher = crate::base::Hasher::new(),
                        Piece::Bytes(bytes) => hasher.update(bytes),
                    }
                    Ok(())
                };
                let expected = Expected::at_most(head.size);
                objects.download(&object, &expected, &mut sink, (progress, Phase::Verify)).await.map_err(Box::new)?;
                Ok(Some(hasher.finish().0))
            }
        }
    }

    /// Puts bytes under a name that is not to change.
    ///
    /// # Errors
    /// When the place refuses, or something else is there.
    pub async fn put_new(
        &self,
        path: &str,
        (size, sha256): (u64, Digest),
        content: &Content,
        progress: &dyn Progress,
    ) -> Result<Put, PlaceError> {
        match self {
            Self::Folder(folder) => {
                if let Some(got) = folder.digest(path)? {
                    let path = folder.path(path).display().to_string();
                    return if got == sha256 {
                        Ok(Put::Present)
                    } else {
                        Err(PlaceError::Differs { path, expected: sha256, got })
                    };
                }
                folder.write(path, sha256, content)?;
                progress.emit(Event::Advance { phase: Phase::Publish, amount: size });
                Ok(Put::Made)
            }
            Self::Bucket { objects, .. } => {
                let object = self.object(path)?;
                let to = (progress, Phase::Publish);
                let put = match content {
                    Content::File(source) => objects.put_new(&object, (size, sha256), source, to).await,
                    Content::Bytes(bytes) => objects.put_new_bytes(&object, (sha256, bytes), to).await,
                };
                match put {
                    // Asked again, so that the digest of what is there can be named.
                    Err(error) if error.class() == Class::Integrity => match self.digest(path, progress).await? {
                        Some(got) if got != sha256 => {
                            Err(PlaceError::Differs { path: object.to_string(), expected: sha256, got })
                        }
                        _ => Err(Box::new(error).into()),
                    },
                    other => Ok(other.map_err(Box::new)?),
                }
            }
        }
    }

    /// Puts a small file in place of the one that was read, or where there was none.
    ///
    /// # Errors
    /// When the place refuses for another reason than that something else is there.
    pub async fn replace(&self, path: &str, bytes: &Bytes, was: Option<&Tag>) -> Result<Swap, PlaceError> {
        match self {
            Self::Folder(folder) => {
                if folder.digest(path)?.map(|digest| digest.hex()) != was.map(|tag| tag.0.clone()) {
                    return Ok(Swap::Lost);
                }
                folder.write(path, Digest::of(bytes), &Content::Bytes(bytes.clone()))?;
                Ok(Swap::Done)
            }
            Self::Bucket { objects, .. } => {
                let etag = was.map(|tag| tag.0.as_str());
                Ok(objects.replace(&self.object(path)?, bytes, etag).await.map_err(Box::new)?)
            }
        }
    }

    /// Removes a file, whether it is there or not, and the folders that have nothing in them then.
    ///
    /// # Errors
    /// When the place refuses.
    pub async fn remove(&self, path: &str) -> Result<(), PlaceError> {
        match self {
            Self::Folder(folder) => folder.remove(path),
            Self::Bucket { objects, .. } => Ok(objects.remove(&self.object(path)?).await.map_err(Box::new)?),
        }
    }

    /// The name of what is at `path`, for people.
    #[must_use]
    pub fn shown(&self, path: &str) -> String {
        match self {
            Self::Folder(folder) => folder.path(path).display().to_string(),
            Self::Bucket { root, .. } => format!("{root}/{path}"),
        }
    }

    fn object(&self, path: &str) -> Result<ObjectName, PlaceError> {
        let name = self.shown(path);
        name.parse().map_err(|error| {
            let source = io::Error::new(io::ErrorKind::InvalidInput, format!("{error}"));
            PlaceError::Disk { verb: "name", path: name.clone().into(), source }
        })
    }
}

impl Content {
    /// The bytes of a file.
    pub fn file(path: PathBuf) -> Self {
        Self::File(Arc::new(move || File::open(&path)))
    }
}

impl PlaceError {
    pub(super) fn disk(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { verb, path, source }
    }
}

impl Fault for PlaceError {
    fn class(&self) -> Class {
        match self {
            Self::Object(error) => match &error.cause {
                // What we put is never what we did not expect; the object that is there is.
                ObjectCause::Limit { .. } => Class::Integrity,
                _ => error.class(),
            },
            Self::Disk { .. } => Class::Storage,
            Self::Differs { .. } => Class::Conflict,
            Self::Changed { .. } | Self::Limit { .. } => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Object(error) => error.hint(),
            Self::Differs { .. } => Some("a published file never changes: give the new bytes a new version".into()),
            Self::Changed { .. } => Some("run it again".into()),
            Self::Disk { .. } | Self::Limit { .. } => None,
        }
    }
}

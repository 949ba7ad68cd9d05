//! OCI layouts on disk (image-spec, `image-layout.md`).
//!
//! ```text
//! DIR/oci-layout              {"imageLayoutVersion":"1.0.0"}
//! DIR/index.json              one entry a tag: org.opencontainers.image.ref.name; written last, by rename
//! DIR/blobs/sha256/<hex>      written beside it as .mokapot-*, then renamed
//! ```
//!
//! A run that is killed leaves the old `index.json` and at most some temporary files, which the next run removes. Two
//! runs may write one layout: each holds a shared lock of `blobs/sha256` while it writes blobs, so that only a run that
//! is alone sweeps, and an exclusive lock of `DIR` while it changes anything there. The locks are the kernel's, on the
//! folders themselves: a dead process holds none, and no lock file is left behind.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::disk::{is_blank, lock, persist, read_bounded, read_optional, replace, sweep, temporary};
use super::error::{Error, Got, Result};
use crate::base::{Digest, Hasher};
use crate::formats::oci::json::{self, MAX_SIZE};
use crate::formats::oci::{Content, Descriptor, Document, Selector, Tag, media_type};

/// The annotation that names an entry of `index.json`.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The content of `oci-layout`.
const VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// An OCI layout that is there.
#[derive(Debug)]
pub struct Layout {
    dir: PathBuf,
    /// Held open with a shared lock by those who write blobs.
    _writing: Option<File>,
}

/// A blob on its way into a layout: hashed as it is written, named when it is complete, gone when it is dropped.
pub struct BlobWriter(Hasher<Spool>);

/// Bytes on their way into a layout, from a caller that hashes them itself; named by [`Spool::name`], gone when dropped.
pub struct Spool {
    file: NamedTempFile,
    blobs: PathBuf,
}

impl Layout {
    /// Opens an existing layout to read it.
    ///
    /// # Errors
    /// When `dir` is no folder or no layout of version 1.0.0.
    pub fn open(dir: &Path) -> Result<Self> {
        let metadata = fs::metadata(dir).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NoLayout(dir.to_owned()),
            _ => Error::disk("open", dir)(error),
        })?;
        if !metadata.is_dir() {
            return Err(Error::NotALayout { path: dir.to_owned(), what: "not a folder" });
        }
        check_version(dir)?;
        Ok(Self { dir: dir.to_owned(), _writing: None })
    }

    /// Opens a layout to write into it, and makes it where there is none yet; removes what killed runs left.
    ///
    /// # Errors
    /// When `dir` is `/`, a file, a symbolic link, or a folder that holds something else than a layout; when the disk refuses.
    pub fn create(dir: &Path) -> Result<Self> {
        let not = |what| Err(Error::NotALayout { path: dir.to_owned(), what });
        match fs::symlink_metadata(dir) {
            Ok(metadata) if metadata.is_symlink() => return not("a symbolic link"),
            Ok(metadata) if !metadata.is_dir() => return not("not a folder"),
            Ok(_) if fs::canonicalize(dir).map_err(Error::disk("open", dir))?.parent().is_none() => {
                return not("the root of the filesystem");
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(dir).map_err(Error::disk("create", dir))?;
            }
            Err(error) => return Err(Error::disk("open", dir)(error)),
        }
        let _changing = lock(dir)?;
        if !dir.join("oci-layout").exists() {
            if !is_blank(dir)? {
                return not("a folder with something else in it");
            }
            replace(&dir.join("oci-layout"), VERSION)?;
        }
        check_version(dir)?;
        sweep(dir)?;
        let blobs = dir.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(Error::disk("create", &blobs))?;
        let writing = File::open(&blobs).map_err(Error::disk("open", &blobs))?;
        if writing.try_lock().is_ok() {
            sweep(&blobs)?;
        }
        // turns an exclusive lock into a shared one; nobody asks for an exclusive one without holding that of `dir`
        writing.lock_shared().map_err(Error::disk("lock", &blobs))?;
        Ok(Self { dir: dir.to_owned(), _writing: Some(writing) })
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `oci:DIR`, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        format!("oci:{}", self.dir.display())
    }

    /// Where the blob is, or would be.
    #[must_use]
    pub fn blob_path(&self, digest: Digest) -> PathBuf {
        self.dir.join("blobs/sha256").join(digest.hex())
    }

    /// Whether a blob of this digest and size is there. Its bytes are not read.
    #[must_use]
    pub fn has_blob(&self, digest: Digest, size: u64) -> bool {
        fs::symlink_metadata(self.blob_path(digest)).is_ok_and(|m| m.is_file() && m.len() == size)
    }

    /// Starts a blob whose digest is not known yet.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn blob_writer(&self) -> Result<BlobWriter> {
        Ok(BlobWriter(Hasher::around(self.spool()?)))
    }

    /// Starts a blob whose digest the caller computes.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn spool(&self) -> Result<Spool> {
        let blobs = self.dir.join("blobs/sha256");
        let file = temporary(&blobs).map_err(Error::disk("create a file in", &blobs))?;
        Ok(Spool { file, blobs })
    }

    /// Writes a whole blob, for documents.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<Digest> {
        let mut writer = self.blob_writer()?;
        writer.write_all(bytes).map_err(|error| writer.failed(error))?;
        writer.commit().map(|(digest, _)| digest)
    }

    /// Opens a blob for streaming; a size other than `size` is an error here, the digest is for the reader to check.
    ///
    /// # Errors
    /// When it is not there, no plain file, or of another size.
    pub fn open_blob(&self, digest: Digest, size: u64) -> Result<File> {
        let path = self.blob_path(digest);
        let missing = || Error::NoBlob { place: self.name(), digest };
        let metadata = fs::symlink_metadata(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => missing(),
            _ => Error::disk("open", &path)(error),
        })?;
        if !metadata.is_file() {
            return Err(missing());
        }
        if metadata.len() != size {
            return Err(Error::Size {
                object: path.display().to_string(),
                expected: size,
                got: Got::Exactly(metadata.len()),
            });
        }
        File::open(&path).map_err(Error::disk("open", &path))
    }

    /// Reads a small blob whole, checked against size and digest.
    ///
    /// # Errors
    /// As [`Layout::open_blob`]; when it is larger than a document may be, or its bytes are not those of the digest.
    pub fn read_blob(&self, digest: Digest, size: u64) -> Result<Bytes> {
        let object = self.blob_path(digest).display().to_string();
        if size > MAX_SIZE {
            return Err(Error::Document {
                object,
                source: crate::formats::oci::Error::TooLarge { size, limit: MAX_SIZE },
            });
        }
        let bytes = read_bounded(self.open_blob(digest, size)?, &self.blob_path(digest), size)?;
        let got = Digest::of(&bytes);
        if got != digest {
            return Err(Error::Digest { object, expected: digest, got });
        }
        Ok(bytes.into())
    }

    /// Reads the manifest or index of this digest, whose size nobody told.
    ///
    /// # Errors
    /// As [`Layout::read_blob`] and [`Document::parse`].
    pub fn document(&self, digest: Digest, announced: Option<&str>) -> Result<Document> {
        let path = self.blob_path(digest);
        let size = fs::symlink_metadata(&path).map_or(0, |metadata| metadata.len());
        let bytes = self.read_blob(digest, size)?;
        Document::parse(bytes, announced)
            .map_err(|source| Error::Document { object: path.display().to_string(), source })
    }

    /// All entries of `index.json` with their tags, in its order.
    ///
    /// # Errors
    /// When `index.json` cannot be read.
    pub fn entries(&self) -> Result<Vec<(Option<String>, Descriptor)>> {
        let path = self.dir.join("index.json");
        let Some(bytes) = read_optional(&path)? else { return Ok(Vec::new()) };
        let object = path.display().to_string();
        // as in `tags`: a layout's index.json need not say its own media type
        let document = Document::parse(bytes, Some(media_type::INDEX))
            .map_err(|source| Error::Document { object: object.clone(), source })?;
        let Content::Index(index) = document.content() else {
            return Err(Error::Document {
                object,
                source: crate::formats::oci::Error::MediaType(document.media_type().into()),
            });
        };
        Ok(index.manifests.iter().map(|entry| (entry.annotations.get(REF_NAME).cloned(), entry.clone())).collect())
    }

    /// The image that `selector` names; without one, the only image there.
    ///
    /// # Errors
    /// When there is none, or, without a selector, more than one.
    pub fn find(&self, selector: Option<&Selector>) -> Result<Descriptor> {
        let entries = self.entries()?;
        let tags = || entries.iter().filter_map(|(tag, _)| tag.clone()).collect::<Vec<_>>();
        let missing = |name: String| Error::NoImage { place: self.name(), name, found: tags() };
        match selector {
            Some(Selector::Tag(tag)) => entries
                .iter()
                .find(|(name, _)| name.as_deref() == Some(tag.as_str()))
                .map(|(_, entry)| entry.clone())
                .ok_or_else(|| missing(tag.to_string())),
            Some(Selector::Digest(digest)) => {
                if let Some((_, entry)) = entries.iter().find(|(_, entry)| entry.digest == *digest) {
                    return Ok(entry.clone());
                }
                // not listed, but its bytes may be there: one platform of an index
                let document = self.document(*digest, None).map_err(|_| missing(digest.to_string()))?;
                Ok(document.descriptor())
            }
            None => match entries.as_slice() {
                [(_, entry)] => Ok(entry.clone()),
                [] => Err(missing("*".into())),
                [(_, first), rest @ ..] if rest.iter().all(|(_, entry)| entry.digest == first.digest) => {
                    Ok(first.clone())
                }
                _ => Err(Error::Ambiguous { place: self.name(), found: tags() }),
            },
        }
    }

    /// Makes `tag` name `image`, whose blobs are all there: the last step of a build. Other entries stay as they are.
    ///
    /// # Errors
    /// When `index.json` cannot be read or the disk refuses; then the old one stays.
    pub fn tag(&self, tag: &Tag, image: &Descriptor) -> Result<()> {
        let path = self.dir.join("index.json");
        let _changing = lock(&self.dir)?;
        let mut index = match read_optional(&path)? {
            Some(bytes) => {
                json::parse(&bytes).map_err(|source| Error::Document { object: path.display().to_string(), source })?
            }
            None => json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": []}),
        };
        let mut entries = match index["manifests"].take() {
            Value::Array(entries) => entries,
            _ => Vec::new(),
        };
        let name = |entry: &Value| entry["annotations"][REF_NAME].as_str().map(str::to_owned);
        entries.retain(|entry| name(entry).as_deref() != Some(tag.as_str()));
        entries.push(json!({
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": image.size,
            "annotations": {REF_NAME: tag.as_str()},
        }));
        entries.sort_by_key(|entry| (name(entry), entry["digest"].as_str().map(str::to_owned)));
        index["manifests"] = Value::Array(entries);
        replace(&path, &json::canonical(&index))
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl BlobWriter {
    /// What a write that failed means: the error with the place in it.
    #[must_use]
    pub fn failed(&self, error: io::Error) -> Error {
        Error::disk("write a blob to", &self.0.get_ref().blobs)(error)
    }

    /// Gives the finished blob its name; a file that already has it is replaced by these very bytes.
    ///
    /// # Errors
    /// When the disk refuses; then nothing is left.
    pub fn commit(self) -> Result<(Digest, u64)> {
        self.commit_as(None)
    }

    /// [`BlobWriter::commit`] for bytes that must have this digest and size.
    ///
    /// # Errors
    /// Also when they have not; then nothing is left.
    pub fn commit_as(self, expected: Option<(Digest, u64)>) -> Result<(Digest, u64)> {
        let (digest, size, spool) = self.0.finish();
        if let Some((wanted, length)) = expected {
            let object = spool.blobs.join(wanted.hex()).display().to_string();
            if size != length {
                return Err(Error::Size { object, expected: length, got: Got::Exactly(size) });
            }
            if digest != wanted {
                return Err(Error::Digest { object, expected: wanted, got: digest });
            }
        }
        spool.name(digest)?;
        Ok((digest, size))
    }
}

impl Spool {
    /// Gives the bytes the name that the caller's hash of them is; a file that already has it is replaced.
    ///
    /// # Errors
    /// When the disk refuses; then nothing is left.
    pub fn name(self, digest: Digest) -> Result<()> {
        persist(self.file, &self.blobs.join(digest.hex()))
    }
}

fn check_version(dir: &Path) -> Result<()> {
    let path = dir.join("oci-layout");
    let Some(bytes) = read_optional(&path)? else {
        return Err(Error::NotALayout { path: dir.to_owned(), what: "a folder without an `oci-layout` file" });
    };
    let version =
        json::parse(&bytes).map_err(|source| Error::Document { object: path.display().to_string(), source })?;
    if version["imageLayoutVersion"] != "1.0.0" {
        return Err(Error::NotALayout { path: dir.to_owned(), what: "a layout of another version than 1.0.0" });
    }
    Ok(())
}

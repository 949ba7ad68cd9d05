//! Contents: what the layers of one platform's image come to, any builder's.
//!
//! ```text
//! layer ──registry or layout──▶ channel ──decode──▶ tar ──▶ Stack ──▶ Tree, some small files, digests
//! ```
//!
//! A layer streams through a short channel: its blob's digest is verified on one side and its DiffID on the other, so
//! nothing is said of layers that are not what the image says they are. Memory grows with the number of files only.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Seek};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use tokio::sync::mpsc;

use super::inspect::{Inspected, Layer, PlatformImage, inspect};
use super::why_wheel::RECORD;
use crate::base::{Arch, Class, DiffId, Digest, Fault, Hasher, Platform};
use crate::domain::audit::{self, Finding, Look, Peek};
use crate::domain::install::Installed;
use crate::domain::install::info::FOLDER;
use crate::domain::install::installed::STATUS;
use crate::domain::layer::Stack;
use crate::domain::rootfs::{Content, Kind, Node, Owner, Position, Tree, TreeError};
use crate::formats::compress::{Checksums, Codec, Decoder};
use crate::formats::deb::deb822::Deb822Error;
use crate::formats::oci::{Descriptor, Selector};
use crate::formats::tar::{Limits, Reader, TarError, Whiteouts};
use crate::io::registry::{self, Images};
use crate::io::unfinished;

/// What one layer may hold.
const LIMITS: Limits = Limits { entries: 1_000_000, bytes: 64 << 30 };

/// The largest file that is kept, in bytes.
const SMALL: u64 = 32 << 20;

/// The largest program or shared object that is looked at, in bytes.
const LARGEST_ELF: u64 = 160 << 20;

/// How many pieces of a blob may wait to be read.
const WAITING: usize = 8;

/// Why an image's contents cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image is not for the platform that was asked for.
    #[error("the image is not for {asked}; it is for {}", found.join(", "))]
    NoPlatform {
        /// The platform asked for.
        asked: Platform,
        /// The platforms of the image.
        found: Vec<String>,
    },
    /// A layer's bytes could not be had.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A layer is stored in a way we do not know.
    #[error("layer {layer}: media type `{media_type}` is no tar that we can read")]
    MediaType {
        /// Its digest.
        layer: Digest,
        /// What the manifest says.
        media_type: String,
    },
    /// A layer's tar cannot be read.
    #[error("layer {layer}: {source}")]
    Tar {
        /// Its digest.
        layer: Digest,
        /// Why.
        source: TarError,
    },
    /// A layer's entry cannot be laid over those below.
    #[error("layer {layer}: {source}")]
    Tree {
        /// Its digest.
        layer: Digest,
        /// Why.
        source: TreeError,
    },
    /// A layer's tar is another than the config says.
    #[error("layer {layer}: its tar has the digest {got}, and the config says {expected}")]
    DiffId {
        /// Its digest.
        layer: Digest,
        /// What the config says.
        expected: DiffId,
        /// What it is.
        got: DiffId,
    },
    /// A file of the package database is too large.
    #[error("layer {layer}: {path} is larger than {SMALL} bytes")]
    TooLarge {
        /// The layer's digest.
        layer: Digest,
        /// The file.
        path: String,
    },
    /// The package database cannot be read.
    #[error("/{STATUS}: {0}")]
    Status(#[from] Deb822Error),
    /// The thread that reads a layer ended before its time.
    #[error("the thread that reads layer {layer} ended: {source}")]
    Thread {
        /// The layer's digest.
        layer: Digest,
        /// Why.
        source: tokio::task::JoinError,
    },
}

impl Fault for Error {
    fn class(&self) -> Class {
        match self {
            Self::NoPlatform { .. } => Class::Usage,
            Self::Registry(error) => error.class(),
            Self::MediaType { .. }
            | Self::Tar { .. }
            | Self::Tree { .. }
            | Self::DiffId { .. }
            | Self::TooLarge { .. }
            | Self::Status(_) => Class::Integrity,
            Self::Thread { .. } => Class::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoPlatform { .. } => Some("name one of these with --arch".into()),
            Self::Registry(error) => error.hint(),
            _ => None,
        }
    }
}

/// What to remember of files beside their entries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Remember {
    /// The bytes of the package database, and of the lists of wheels' files.
    pub database: bool,
    /// The SHA-256 of every file.
    pub digests: bool,
    /// What an audit asks of files, and the dynamic linker's configuration; then no digests.
    pub looks: bool,
}

impl Remember {
    /// The package database, and nothing else.
    pub const DATABASE: Self = Self { database: true, digests: false, looks: false };

    /// What an audit asks for.
    pub const LOOKS: Self = Self { database: false, digests: false, looks: true };
}

/// What one platform's layers come to.
#[derive(Debug)]
pub struct Contents {
    /// The tree; owners are layers, from 0.
    pub tree: Tree,
    bytes: BTreeMap<Position, Vec<u8>>,
    digests: BTreeMap<Position, Digest>,
    looks: BTreeMap<Position, Look>,
}

/// The platform of an image that is asked for: `arch`'s, or the first.
///
/// # Errors
/// When the image is not for it.
pub fn platform(image: &Inspected, arch: Option<Arch>) -> Result<&PlatformImage, Error> {
    let fits = |platform: &&PlatformImage| arch.is_none_or(|arch| is_for(&platform.platform, arch));
    image.platforms.iter().find(fits).ok_or_else(|| Error::NoPlatform {
        asked: Platform(arch.unwrap_or(Arch::Amd64)),
        found: image.platforms.iter().map(|platform| platform.platform.clone()).collect(),
    })
}

/// Whether `platform`, as an image names it, is that of `arch`, its variant left aside.
pub(super) fn is_for(platform: &str, arch: Arch) -> bool {
    let wanted = Platform(arch).to_string();
    platform.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Reads the image that `selector` names, and the layers of one platform of it: `arch`'s, or the first.
///
/// # Errors
/// As [`inspect`], [`platform`] and [`read`].
pub async fn open(
    images: &Images,
    selector: Option<&Selector>,
    arch: Option<Arch>,
    remember: Remember,
) -> Result<(PlatformImage, Contents), super::Error> {
    let image = inspect(images, selector).await?;
    let platform = platform(&image, arch)?.clone();
    let contents = read(images, &platform, remember).await?;
    Ok((platform, contents))
}

/// Reads the layers of one platform, the lowest first.
///
/// # Errors
/// When a layer cannot be had, is not what its digests say, or its tar cannot be read.
pub async fn read(images: &Images, image: &PlatformImage, remember: Remember) -> Result<Contents, Error> {
    let mut reading = Reading {
        stack: Stack::new(),
        bytes: BTreeMap::new(),
        digests: BTreeMap::new(),
        looks: BTreeMap::new(),
        remember,
    };
    for (number, layer) in image.layers.iter().enumerate() {
        reading = read_layer(images, reading, u32::try_from(number).unwrap_or(u32::MAX), layer).await?;
    }
    let tree = reading.stack.finish();
    let live: BTreeSet<Position> = tree.walk().filter_map(|(_, node)| position(&node)).collect();
    reading.bytes.retain(|at, _| live.contains(at));
    reading.digests.retain(|at, _| live.contains(at));
    reading.looks.retain(|at, _| live.contains(at));
    Ok(Contents { tree, bytes: reading.bytes, digests: reading.digests, looks: reading.looks })
}

/// Streams one layer to a thread that reads it.
async fn read_layer(images: &Images, reading: Reading, number: u32, layer: &Layer) -> Result<Reading, Error> {
    let codec = codec(layer)?;
    let (digest, diff_id) = (layer.digest, layer.diff_id);
    let blob = Descriptor {
        media_type: layer.media_type.clone(),
        digest,
        size: layer.size,
        platform: None,
        artifact_type: None,
        annotations: BTreeMap::new(),
    };
    let mut stream = images.blob(&blob).await?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let reader = tokio::task::spawn_blocking(move || {
        let input = Pieces { receiver, piece: Bytes::new() };
        reading.layer(number, digest, diff_id, codec, input)
    });
    let fed = async {
        while let Some(piece) = stream.try_next().await? {
            // A reader that failed wants no more.
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        Ok::<(), registry::Error>(())
    };
    let fed = fed.await;
    drop(sender);
    let read = reader.await.map_err(|source| Error::Thread { layer: digest, source })?;
    // Where the blob itself failed, what its reader made of the rest is of no interest.
    fed?;
    read
}

fn codec(layer: &Layer) -> Result<Codec, Error> {
    let media_type = layer.media_type.as_str();
    let is_layer = media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.");
    match media_type {
        _ if !is_layer => Err(Error::MediaType { layer: layer.digest, media_type: media_type.to_owned() }),
        gzip if gzip.ends_with("gzip") => Ok(Codec::Gzip),
        zstd if zstd.ends_with("zstd") => Ok(Codec::Zstd),
        tar if tar.ends_with("tar") => Ok(Codec::None),
        other => Err(Error::MediaType { layer: layer.digest, media_type: other.to_owned() }),
    }
}

/// What was read so far.
struct Reading {
    stack: Stack,
    bytes: BTreeMap<Position, Vec<u8>>,
    digests: BTreeMap<Position, Digest>,
    looks: BTreeMap<Position, Look>,
    remember: Remember,
}

impl Reading {
    fn layer(
        mut self,
        number: u32,
        layer: Digest,
        expected: DiffId,
        codec: Codec,
        input: Pieces,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Tar { layer, source };
        let broken = |source| failed(TarError::Read { offset: 0, source });
        let plain = Hasher::around(Decoder::new(codec, input, Checksums::Verify).map_err(broken)?);
        let mut reader = Reader::with_whiteouts(plain, LIMITS, Whiteouts::Read);
        let mut entry = 0;
        while let Some(header) = reader.next_entry().map_err(failed)? {
            let at = Position { artefact: number, entry };
            entry += 1;
            let wanted = (self.remember.database && is_database(&header.path))
                || (self.remember.looks && header.path.starts_with(LINKER) && header.size() > 0);
            if wanted {
                if header.size() > SMALL {
                    return Err(Error::TooLarge { layer, path: header.shown() });
                }
                let mut bytes = Vec::new();
                reader.content().read_to_end(&mut bytes).map_err(broken)?;
                if self.remember.digests {
                    self.digests.insert(at, Digest::of(&bytes));
                }
                self.bytes.insert(at, bytes);
            } else if self.remember.looks && header.size() >= Peek::HEAD as u64 {
                let look = look(&header.path, header.size(), &mut reader.content()).map_err(broken)?;
                self.looks.extend(look.map(|look| (at, look)));
            } else if self.remember.digests && header.size() > 0 {
                let mut hasher = Hasher::new();
                let mut buffer = [0; 64 << 10];
                loop {
                    match reader.content().read(&mut buffer).map_err(broken)? {
                        0 => break,
                        read => hasher.update(buffer.get(..read).unwrap_or_default()),
                    }
                }
                self.digests.insert(at, hasher.finish().0);
            }
            self.stack.add(at, &header).map_err(|source| Error::Tree { layer, source })?;
        }
        let got = DiffId(reader.into_inner().finish().0);
        if got != expected {
            return Err(Error::DiffId { layer, expected, got });
        }
        Ok(self)
    }
}

/// What the dynamic linker's configuration begins with: ld.so.conf(5).
const LINKER: &[u8] = b"etc/ld.so.conf";

/// Looks at a file as it passes.
fn look(path: &[u8], size: u64, content: &mut dyn Read) -> io::Result<Option<Look>> {
    let mut head = [0; Peek::HEAD];
    content.read_exact(&mut head)?;
    let mut whole = head.as_slice().chain(content);
    match Peek::at(path, &head) {
        Some(Peek::Elf) if size > LARGEST_ELF => {
            Ok(Some(Look::Unread(format!("it is larger than the limit of {LARGEST_ELF} bytes"))))
        }
        Some(Peek::Elf) => {
            let mut bytes = Vec::new();
            whole.read_to_end(&mut bytes)?;
            Ok(Look::elf(&bytes))
        }
        Some(Peek::Jar) => {
            let mut file = unfinished::nameless()?;
            io::copy(&mut whole, &mut file)?;
            file.rewind()?;
            Ok(Some(Look::jar(BufReader::new(file))))
        }
        None => Ok(None),
    }
}

/// Whether a file belongs to dpkg's database, or lists what a wheel installed.
fn is_database(path: &[u8]) -> bool {
    path == STATUS.as_bytes()
        || path.ends_with(RECORD)
        || path
            .strip_prefix(FOLDER.as_bytes())
            .is_some_and(|rest| rest.starts_with(b"/") && !rest.ends_with(b"md5sums"))
}

/// Where a file's bytes come from.
fn position(node: &Node<'_>) -> Option<Position> {
    match node.kind {
        Kind::File(Content::Entry { at, .. }) => Some(*at),
        _ => None,
    }
}

/// The layer, from 0, that has the final say about a name; none for a directory that only had to exist.
#[must_use]
pub fn layer_of(node: &Node<'_>) -> Option<usize> {
    match node.owners.last() {
        Some(Owner::Artefact(layer)) => Some(*layer as usize),
        _ => None,
    }
}

impl Contents {
    /// The bytes of a file of the package database, where these were to be remembered.
    #[must_use]
    pub fn bytes(&self, path: &[u8]) -> Option<&[u8]> {
        let node = self.tree.follow(path).ok()??;
        self.bytes.get(&position(&node)?).map(Vec::as_slice)
    }

    /// A file of the database's `info` by its name.
    #[must_use]
    pub fn info(&self, name: &str) -> Option<&[u8]> {
        self.bytes(format!("{FOLDER}/{name}").as_bytes())
    }

    /// The SHA-256 of a file, where these were to be remembered; of no bytes for an empty one.
    #[must_use]
    pub fn digest(&self, node: &Node<'_>) -> Option<Digest> {
        let at = position(node)?;
        Some(self.digests.get(&at).copied().unwrap_or_else(|| Digest::of(b"")))
    }

    /// What an audit of the platform finds, where looks were to be remembered.
    #[must_use]
    pub fn audit(&self, arch: Arch) -> Vec<Finding> {
        let files = self.tree.walk().filter(|(path, _)| path.starts_with(LINKER));
        let linker: Vec<&[u8]> = files.filter_map(|(path, _)| self.bytes(&path)).collect();
        audit::audit(&self.tree, &self.looks, &linker, arch)
    }

    /// The image's packages; none where it has no package database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn installed(&self) -> Result<Installed, Error> {
        let status = self.bytes(STATUS.as_bytes()).unwrap_or_default();
        Ok(Installed::read(status, |name| self.info(name), &self.tree)?)
    }
}

/// The pieces of a blob as one stream, from the thread that waits for them.
struct Pieces {
    receiver: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl BufRead for Pieces {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => break,
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, amount: usize) {
        let _ = self.piece.split_to(amount.min(self.piece.len()));
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

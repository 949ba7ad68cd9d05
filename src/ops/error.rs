//! What a use case can fail with: the errors of the rooms below, and those of the use cases themselves.

use std::io;
use std::path::PathBuf;

use super::fetch::FetchError;
use super::indexes::IndexError;
use super::project::ProjectError;
use super::unlisted::LocalChange;
use crate::base::{Arch, Class, Digest, Fault};
use crate::domain::image;
use crate::domain::install::{AccountError, DanceError, InstallError};
use crate::domain::layer::LayerError;
use crate::domain::lock::{self, Change, LockError, Stale};
use crate::domain::python::{LayError, PythonError};
use crate::domain::resolve::{Refusal, Skew, UniverseError};
use crate::domain::rootfs::TreeError;
use crate::formats::deb::{Architecture, DebError, PackageName};
use crate::formats::oci;
use crate::formats::openpgp::OpenPgpError;
use crate::io::archive::ArchiveError;
use crate::io::http::HttpError;
use crate::io::objects::ObjectError;
use crate::io::registry;
use crate::io::sources::mirrors::MirrorError;
use crate::io::sources::pypi::PypiError;
use crate::io::store::StoreError;

/// A failure of a use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A recipe or lockfile cannot be read or written, or is wrong.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The lock that was made is none.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The lock is another recipe's.
    #[error("{}: {stale}", path.display())]
    Stale {
        /// The lockfile.
        path: PathBuf,
        /// What changed.
        stale: Stale,
    },
    /// A recipe changes the mode or owner of what is not there.
    #[error("[[access]] {path} ({arch}): there is nothing at this path")]
    NoSuchPath {
        /// The path.
        path: String,
        /// The platform.
        arch: Arch,
    },
    /// A package recipe makes something else than what was locked.
    #[error("{}: {change}", path.display())]
    Local {
        /// The lockfile.
        path: PathBuf,
        /// What changed.
        change: LocalChange,
    },
    /// A package that no archive lists cannot be read.
    #[error("{name}: {source}")]
    Deb {
        /// Its name or address.
        name: String,
        /// Why.
        source: DebError,
    },
    /// The package at an address is for another platform.
    #[error("{url} is a package for {found}, and the recipe takes it for {arch}")]
    ForeignDeb {
        /// The address.
        url: String,
        /// What it was built for.
        found: Architecture,
        /// What it is taken for.
        arch: Arch,
    },
    /// `--locked`, and no lock.
    #[error("there is no lock at {}, and --locked forbids to make one", .0.display())]
    NoLock(PathBuf),
    /// There is no lock, where one is needed.
    #[error("there is no lock at {}", .0.display())]
    NeverLocked(PathBuf),
    /// `--locked`, and the lock would change.
    #[error("{} is not up to date", .0.display())]
    LockDiffers(PathBuf),
    /// `--offline`, and something must be resolved.
    #[error("a lock must be made, which needs the archives' indexes, and --offline forbids to fetch them")]
    OfflineLock,
    /// Locking would lower versions.
    #[error("the archives now have earlier versions than the lock:\n{}", lock::table(changes).trim_end())]
    Downgrade {
        /// The packages.
        changes: Vec<Change>,
    },
    /// `lock --update` of something that is not locked.
    #[error("`{package}` is not in {}, so it cannot be updated", path.display())]
    NotLocked {
        /// The package.
        package: PackageName,
        /// The lockfile.
        path: PathBuf,
    },
    /// An archive's keys are none.
    #[error("keys {file}: {source}")]
    Keys {
        /// The file, as the recipe names it.
        file: String,
        /// What is wrong.
        source: OpenPgpError,
    },
    /// An alias leads nowhere.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// An archive cannot be read or trusted.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A package index cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Two indexes contradict each other.
    #[error(transparent)]
    Universe(#[from] UniverseError),
    /// No packages satisfy the recipe.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The platforms would get different versions.
    #[error(transparent)]
    Skew(#[from] Skew),
    /// Inputs cannot be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A server failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something in the store that only we write cannot be read.
    #[error("{what} in the store cannot be read: {reason}")]
    Memo {
        /// What it is.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Python packages cannot be resolved or installed.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// A Python package index failed.
    #[error(transparent)]
    Pypi(#[from] PypiError),
    /// Python packages do not fit into the tree.
    #[error("[python] ({arch}): {source}")]
    Lay {
        /// The platform.
        arch: Arch,
        /// Why.
        source: LayError,
    },
    /// Packages do not go together.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// A maintainer script, or what installing did around it.
    #[error("{arch}: {source}{}", said.iter().map(|line| format!("\n  it said: {line}")).collect::<String>())]
    Script {
        /// The platform.
        arch: Arch,
        /// Which, and why.
        source: Box<DanceError>,
        /// The last lines that the script said.
        said: Vec<String>,
    },
    /// `[debconf]` answers what nobody asks.
    #[error("[debconf.{package}] `{question}` ({arch}): {why}")]
    Question {
        /// The package.
        package: String,
        /// The question.
        question: String,
        /// The platform.
        arch: Arch,
        /// Why nobody asks.
        why: &'static str,
    },
    /// `[[effect]]` was written for a script with other bytes.
    #[error("[[effect]] {script}: the package's script is another one, with SHA-256 {sha256}")]
    OtherScript {
        /// The script.
        script: String,
        /// Of its bytes.
        sha256: Digest,
    },
    /// An apt repository cannot be published to.
    #[error(transparent)]
    Publish(Box<super::publish::PublishError>),
    /// A package of ours cannot be made.
    #[error(transparent)]
    Package(Box<super::package::PackageError>),
    /// A package's files cannot be kept.
    #[error("{package}: {source}")]
    Unpack {
        /// The package.
        package: String,
        /// Why.
        source: Box<LayerError>,
    },
    /// A layer cannot be made.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Files of the recipe do not fit into the tree.
    #[error("[[file]] {path} ({arch}): {source}")]
    File {
        /// Its path in the image.
        path: String,
        /// The platform.
        arch: Arch,
        /// Why.
        source: TreeError,
    },
    /// A jar does not fit into the tree.
    #[error("[[jar]] {path} ({arch}): {source}")]
    JarPlace {
        /// Its path in the image.
        path: String,
        /// The platform.
        arch: Arch,
        /// Why.
        source: TreeError,
    },
    /// An object cannot be read or written.
    #[error(transparent)]
    Object(#[from] Box<ObjectError>),
    /// Jars cannot be pushed.
    #[error(transparent)]
    JarPush(Box<super::jars_push::PushError>),
    /// A jar cannot be locked.
    #[error(transparent)]
    Jar(Box<super::jar_lock::JarError>),
    /// A file of the recipe was changed while it was used.
    #[error("{} changed while the image was built", .0.display())]
    SourceChanged(PathBuf),
    /// A file of the recipe cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Users and groups of the recipe.
    #[error("{arch}: {source}")]
    Account {
        /// The platform.
        arch: Arch,
        /// What is wrong.
        source: AccountError,
    },
    /// The image's settings.
    #[error("[image]: {0}")]
    Image(#[from] image::Error),
    /// A document of an image.
    #[error(transparent)]
    Document(#[from] oci::Error),
    /// A layout or registry failed.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A push failed.
    #[error(transparent)]
    Push(#[from] super::push::Error),
    /// An image cannot be shown.
    #[error(transparent)]
    Inspect(#[from] super::inspect::Error),
    /// An image's contents cannot be told.
    #[error(transparent)]
    Contents(#[from] super::contents::Error),
    /// There is no such path or package in an image.
    #[error(transparent)]
    NotThere(#[from] super::not_there::NotThere),
    /// A platform that the recipe does not have.
    #[error("recipe `{recipe}` is not for {arch}")]
    NoPlatform {
        /// The recipe.
        recipe: String,
        /// The platform asked for.
        arch: Arch,
    },
    /// The command line asks for something that cannot be.
    #[error("{message}")]
    Usage {
        /// What cannot be, and why.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A signal told the program to end.
    #[error("ended by signal {signal}; nothing was left half done")]
    Interrupted {
        /// The signal's number.
        signal: i32,
    },
    /// The system gives no threads.
    #[error("cannot start: {source}")]
    Runtime {
        /// Why.
        source: io::Error,
    },
    /// The result cannot be printed.
    #[error("cannot write to stdout: {0}")]
    Stdout(io::Error),
}

impl From<super::package::PackageError> for Error {
    fn from(error: super::package::PackageError) -> Self {
        Self::Package(Box::new(error))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl Error {
    /// A wrong use of the command line.
    pub fn usage(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// The room's own error, where this is one.
    fn inner(&self) -> Option<&dyn Fault> {
        Some(match self {
            Self::Project(error) => error,
            Self::Lock(error) => error,
            Self::Stale { stale, .. } => stale,
            Self::Keys { source, .. } => source,
            Self::Mirror(error) => error,
            Self::Archive(error) => error,
            Self::Index(error) => error,
            Self::Universe(error) => error,
            Self::Refused(error) => &**error,
            Self::Skew(error) => error,
            Self::Fetch(error) => error,
            Self::Http(error) => error,
            Self::Store(error) => error,
            Self::Python(error) => error,
            Self::Pypi(error) => error,
            Self::Lay { source, .. } => source,
            Self::Install(error) => error,
            Self::Script { source, .. } => &**source,
            Self::Publish(error) => &**error,
            Self::Package(error) => &**error,
            Self::Unpack { source, .. } => &**source,
            Self::Layer(error) => error,
            Self::File { source, .. } | Self::JarPlace { source, .. } => source,
            Self::Jar(error) => &**error,
            Self::Object(error) => &**error,
            Self::JarPush(error) => &**error,
            Self::Account { source, .. } => source,
            Self::Image(error) => error,
            Self::Document(error) => error,
            Self::Registry(error) => error,
            Self::Push(error) => error,
            Self::Inspect(error) => error,
            Self::Contents(error) => error,
            Self::NotThere(error) => error,
            Self::Deb { source, .. } => source,
            Self::NoLock(_)
            | Self::Local { .. }
            | Self::ForeignDeb { .. }
            | Self::NoSuchPath { .. }
            | Self::NeverLocked(_)
            | Self::LockDiffers(_)
            | Self::OfflineLock
            | Self::Downgrade { .. }
            | Self::NotLocked { .. }
            | Self::Question { .. }
            | Self::OtherScript { .. }
            | Self::Memo { .. }
            | Self::SourceChanged(_)
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::NoPlatform { .. }
            | Self::Usage { .. }
            | Self::Interrupted { .. }
            | Self::Runtime { .. }
            | Self::Stdout(_) => return None,
        })
    }
}

impl From<super::publish::PublishError> for Error {
    fn from(error: super::publish::PublishError) -> Self {
        Self::Publish(Box::new(error))
    }
}

impl From<super::jars_push::PushError> for Error {
    fn from(error: super::jars_push::PushError) -> Self {
        Self::JarPush(Box::new(error))
    }
}

impl From<super::jar_lock::JarError> for Error {
    fn from(error: super::jar_lock::JarError) -> Self {
        Self::Jar(Box::new(error))
    }
}

impl Fault for Error {
    fn class(&self) -> Class {
        match self {
            Self::File { .. }
            | Self::JarPlace { .. }
            | Self::Account { .. }
            | Self::Keys { .. }
            | Self::ForeignDeb { .. }
            | Self::NoSuchPath { .. }
            | Self::Question { .. } => Class::Recipe,
            Self::OtherScript { .. } => Class::Policy,
            Self::NoLock(_) | Self::Local { .. } | Self::NeverLocked(_) | Self::LockDiffers(_) | Self::OfflineLock => {
                Class::Lock
            }
            Self::Downgrade { .. } => Class::Freshness,
            Self::Memo { .. } | Self::SourceChanged(_) => Class::Integrity,
            Self::Read { .. } | Self::Write { .. } | Self::Runtime { .. } | Self::Stdout(_) => Class::Storage,
            Self::NotLocked { .. } | Self::NoPlatform { .. } | Self::Usage { .. } | Self::Interrupted { .. } => {
                Class::Usage
            }
            other => other.inner().map_or(Class::Usage, Fault::class),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NeverLocked(_) => "run `mokapot lock` or `mokapot build` first".into(),
            Self::NoLock(_) | Self::Local { .. } | Self::LockDiffers(_) => {
                "run `mokapot lock` and commit the lockfile".into()
            }
            Self::OfflineLock => "run `mokapot lock` once with a network".into(),
            Self::Downgrade { .. } => {
                "a mirror may be behind; to lock the earlier versions, add --allow-downgrade".into()
            }
            Self::NotLocked { .. } => "name a package of the lockfile, or run `mokapot lock` for a new one".into(),
            Self::Question { .. } => "`debconf-show PACKAGE` on a host with the package shows its questions".into(),
            Self::OtherScript { .. } => {
                "read it, see that the effect is still what it leaves, and put its digest into `sha256`".into()
            }
            Self::ForeignDeb { .. } => {
                "name the package of each platform: `{arch}` in `url`, `amd64` and `arm64`".into()
            }
            Self::Memo { .. } => "run `mokapot cache verify`".into(),
            Self::SourceChanged(_) => "run it again".into(),
            Self::Runtime { source } if source.raw_os_error() == Some(24) => {
                "allow more open files: `ulimit -n 256`".into()
            }
            Self::NoPlatform { .. } => "add it to `platforms` in the recipe".into(),
            Self::Usage { hint, .. } => return hint.clone(),
            other => return other.inner().and_then(Fault::hint),
        })
    }
}

//! A project on disk: where recipes are, the files that they name, and their lockfiles.
//!
//! A recipe is `recipes/NAME.toml` below the project's root; its lockfile `NAME.lock` stands beside it. Files that a recipe names must
//! lie in its context: the project's root, or the recipe's own folder for a recipe outside of it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::base::{Class, Fault, Hasher, redact};
use crate::domain::lock::{self, LockError, Lockfile};
use crate::domain::recipe::{self, Chain, NamedFiles, Recipe, RecipeError, Refusal, SourceFile};

/// The largest key file that is read, in bytes.
const MAX_KEY: u64 = 1 << 20;

/// A folder with recipes.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

/// A recipe that was found, read and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The recipe.
    pub recipe: Recipe,
    /// Its file.
    pub path: PathBuf,
    /// Its lockfile, which need not exist.
    pub lock_path: PathBuf,
}

/// What goes wrong on the way from a recipe's name to its value, or with its lockfile on disk.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The recipe, or what it names, is wrong.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// There is no such recipe.
    #[error("there is no recipe `{name}`: {} does not exist", path.display())]
    Unknown {
        /// As it was asked for.
        name: String,
        /// Where it would be.
        path: PathBuf,
        /// The recipe whose name is most like it.
        nearest: Option<String>,
    },
    /// A recipe or a lockfile cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Unreadable,
    },
    /// The lockfile is wrong.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The lockfile is something that is not replaced.
    #[error("will not write {}: it is {what}", path.display())]
    Occupied {
        /// The lockfile.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// The lockfile cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The lockfile.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The system says why.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no regular file.
    #[error("it is {0}, not a file")]
    Kind(&'static str),
    /// It is larger than what we read.
    #[error("it is larger than the limit of {0} bytes")]
    TooLarge(u64),
}

impl Fault for ProjectError {
    fn class(&self) -> Class {
        match self {
            Self::Recipe(_) => Class::Recipe,
            Self::Unknown { .. } => Class::Usage,
            Self::Read { .. } | Self::Write { .. } => Class::Storage,
            Self::Lock(_) | Self::Occupied { .. } => Class::Lock,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Recipe(error) => error.hint(),
            Self::Unknown { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::Unknown { .. } => Some("name a file of `recipes/` without `.toml`, or a path".into()),
            Self::Lock(error) => error.hint(),
            Self::Occupied { .. } => Some("move it away, or make it a plain file that may be written".into()),
            Self::Read { .. } | Self::Write { .. } => None,
        }
    }
}

impl Project {
    /// The project with this root.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The file of `recipe`: a path when there is a `/` in it or `.toml` at its end, else a name.
    #[must_use]
    pub fn recipe_path(&self, recipe: &str) -> PathBuf {
        if recipe.contains('/') || recipe.ends_with(".toml") {
            PathBuf::from(recipe)
        } else {
            self.root.join("recipes").join(format!("{recipe}.toml"))
        }
    }

    /// Finds, reads and checks a recipe with all that it extends and names.
    ///
    /// # Errors
    /// When there is no such recipe, a file cannot be read, or the recipe is wrong.
    pub fn load(&self, recipe: &str) -> Result<Loaded, ProjectError> {
        let path = self.recipe_path(recipe);
        let bytes = match read(&path, recipe::MAX_BYTES) {
            Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                let nearest = self.nearest(recipe);
                return Err(ProjectError::Unknown { name: redact::printable(recipe), path, nearest });
            }
            other => other.map_err(|reason| ProjectError::Read { path: path.clone(), reason })?,
        };
        let mut disk = Disk { root: self.root.clone(), paths: BTreeMap::new() };
        let mut chain = Chain::new();
        let (mut current, mut bytes) = (path.clone(), bytes);
        loop {
            let name = disk.add(&current);
            let Some(extends) = chain.push(&name, &bytes)?.map(str::to_owned) else { break };
            let folder = current.parent().unwrap_or(Path::new(""));
            let next = if extends.contains('/') || extends.ends_with(".toml") {
                folder.join(&extends)
            } else {
                folder.join(format!("{extends}.toml"))
            };
            current = plain(&next);
            bytes = read(&current, recipe::MAX_BYTES).map_err(|reason| {
                let message = format!("cannot read `{}`: {reason}", current.display());
                let hint = "`extends` names a recipe beside this one, or a path from this file's folder";
                chain.refuse_extends(&message, hint)
            })?;
        }
        let recipe = chain.resolve(&mut disk)?;
        Ok(Loaded { recipe, lock_path: path.with_extension("lock"), path })
    }

    /// The names of all recipes, sorted.
    #[must_use]
    pub fn recipes(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.join("recipes")).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned)).collect();
        names.sort();
        names
    }

    fn nearest(&self, recipe: &str) -> Option<String> {
        let near = |name: String| (strsim::jaro_winkler(recipe, &name), name);
        let best = self.recipes().into_iter().map(near).max_by(|a, b| a.0.total_cmp(&b.0))?;
        (best.0 > 0.75).then_some(best.1)
    }
}

impl Loaded {
    /// The lockfile on disk; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is wrong.
    pub fn read_lock(&self) -> Result<Option<Lockfile>, ProjectError> {
        let path = &self.lock_path;
        let bytes = match read(path, lock::MAX_BYTES) {
            Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|reason| ProjectError::Read { path: path.clone(), reason })?,
        };
        Ok(Some(Lockfile::parse(&String::from_utf8_lossy(&bytes), &path.to_string_lossy())?))
    }

    /// Writes the lockfile by rename; returns whether it changed.
    ///
    /// # Errors
    /// When there is something at its place that is not replaced (a link, a folder, a read-only file, a newer version's lockfile), or
    /// the disk refuses.
    pub fn write_lock(&self, lock: &Lockfile) -> Result<bool, ProjectError> {
        let path = &self.lock_path;
        let failed = |source| ProjectError::Write { path: path.clone(), source };
        let occupied = |what| Err(ProjectError::Occupied { path: path.clone(), what });
        // Writers of one lockfile wait for each other, so that what a killed one left behind can be swept.
        let guard = File::open(&self.path).map_err(failed)?;
        guard.lock().map_err(failed)?;
        let text = lock.render();
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
            Ok(found) if found.is_symlink() => return occupied("a symbolic link"),
            Ok(found) if found.is_dir() => return occupied("a folder"),
            Ok(found) if !found.is_file() => return occupied("no regular file"),
            Ok(found) if found.permissions().readonly() => return occupied("read-only"),
            Ok(_) => {
                let old = read(path, lock::MAX_BYTES).unwrap_or_default();
                if old == text.as_bytes() {
                    return Ok(false);
                }
                let newer = |error: &LockError| matches!(error.reason, lock::Reason::Newer { .. });
                if let Some(error) =
                    Lockfile::parse(&String::from_utf8_lossy(&old), &path.to_string_lossy()).err().filter(newer)
                {
                    return Err(error.into());
                }
            }
        }
        replace(path, text.as_bytes()).map_err(failed)?;
        Ok(true)
    }
}

/// Writes `bytes` beside `path`, syncs, and renames over it. Temporary files that a killed run left are removed.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy());
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(".tmp")) {
            fs::remove_file(entry.path())?;
        }
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp").permissions(fs::Permissions::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Opens a regular file; anything else is refused before it is opened, since opening a pipe waits for its other end.
fn open(path: &Path) -> Result<File, Unreadable> {
    fn kind(found: &fs::Metadata) -> Result<(), Unreadable> {
        use std::os::unix::fs::FileTypeExt;
        let kind = found.file_type();
        Err(Unreadable::Kind(match () {
            () if kind.is_file() => return Ok(()),
            () if kind.is_dir() => "a folder",
            () if kind.is_fifo() => "a named pipe",
            () if kind.is_socket() => "a socket",
            () => "a device",
        }))
    }
    kind(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    kind(&file.metadata()?)?;
    Ok(file)
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Unreadable::TooLarge(limit)) } else { Ok(bytes) }
}

/// The path without `.` and `x/..`, so that a file has one name in a chain.
fn plain(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// Reads what recipes name.
struct Disk {
    root: PathBuf,
    /// Recipes by the name under which errors show them.
    paths: BTreeMap<String, PathBuf>,
}

impl Disk {
    /// The name of a recipe's file: its path, from the project's root where it is below it.
    fn add(&mut self, path: &Path) -> String {
        let name = redact::printable(&path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy());
        self.paths.insert(name.clone(), path.to_owned());
        name
    }

    /// Where a named file is. It must lie in the recipe's context, whatever links say.
    fn find(&self, from: &str, named: &str) -> Result<PathBuf, Refusal> {
        let refuse = |message: String, hint: &str| Err(Refusal { message, hint: hint.to_owned() });
        let recipe = self.paths.get(from).map_or(Path::new(from), PathBuf::as_path);
        let folder = recipe.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if Path::new(named).is_absolute() {
            return refuse(
                format!("`{named}` is an absolute path"),
                "write it from the recipe's folder: it must work on every machine",
            );
        }
        let path = folder.join(named);
        let canonical = |path: &Path| path.canonicalize().map_err(|error| unreadable(named, &error.into()));
        let (real, folder, root) = (canonical(&path)?, canonical(folder)?, canonical(&self.root)?);
        let context = if folder.starts_with(&root) { root } else { folder };
        if !real.starts_with(&context) {
            let message = format!("`{named}` leads to {}, out of the project", real.display());
            return refuse(message, "copy the file into the project");
        }
        Ok(path)
    }
}

fn unreadable(named: &str, reason: &Unreadable) -> Refusal {
    let hint = match reason {
        Unreadable::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            "the path starts in the folder of the recipe that names it"
        }
        Unreadable::Io(_) => "make it readable for the user who builds",
        Unreadable::Kind(_) => "name a regular file",
        Unreadable::TooLarge(_) => "name a smaller file",
    };
    Refusal { message: format!("cannot read `{named}`: {reason}"), hint: hint.to_owned() }
}

impl NamedFiles for Disk {
    fn key(&mut self, from: &str, path: &str) -> Result<Vec<u8>, Refusal> {
        read(&self.find(from, path)?, MAX_KEY).map_err(|reason| unreadable(path, &reason))
    }

    fn source(&mut self, from: &str, path: &str) -> Result<SourceFile, Refusal> {
        let found = self.find(from, path)?;
        let file = open(&found).map_err(|reason| unreadable(path, &reason))?;
        let mut hasher = Hasher::around(file);
        io::copy(&mut hasher, &mut io::sink()).map_err(|error| unreadable(path, &error.into()))?;
        let (sha256, size, _) = hasher.finish();
        Ok(SourceFile { path: found, size, sha256 })
    }
}

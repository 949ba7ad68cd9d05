//! The files that recipes name: found from the recipe's folder, kept inside the project.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::read::{Unreadable, open, read};
use super::{Project, nearest};
use crate::base::{Hasher, redact};
use crate::domain::recipe::{NamedFiles, Refusal, SourceFile};

/// The largest key file that is read, in bytes.
const MAX_KEY: u64 = 1 << 20;

/// Reads what recipes name.
pub(super) struct Disk {
    root: PathBuf,
    /// Recipes by the name under which errors show them.
    paths: BTreeMap<String, PathBuf>,
    /// What was digested already: both platforms may name the same file.
    known: BTreeMap<PathBuf, SourceFile>,
}

impl Disk {
    pub(super) fn new(root: &Path) -> Self {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        Self { root: root.to_owned(), paths: BTreeMap::new(), known: BTreeMap::new() }
    }

    /// The name of a recipe's file: its path, from the project's root where it is below it.
    pub(super) fn add(&mut self, path: &Path) -> String {
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
        if let Some(known) = self.known.get(&found) {
            return Ok(known.clone());
        }
        let file = open(&found).map_err(|reason| unreadable(path, &reason))?;
        let mut hasher = Hasher::around(file);
        io::copy(&mut hasher, &mut io::sink()).map_err(|error| unreadable(path, &error.into()))?;
        let (sha256, size, _) = hasher.finish();
        let source = SourceFile { path: found.clone(), size, sha256 };
        self.known.insert(found, source.clone());
        Ok(source)
    }

    fn package(&mut self, _from: &str, name: &str) -> Result<(), Refusal> {
        let project = Project::new(&self.root);
        if project.package_path(name).is_file() {
            return Ok(());
        }
        let hint = match nearest(name, project.packages()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`local` names folders of `packages/`; what archives have is for `install`".to_owned(),
        };
        let shown = redact::printable(name);
        Err(Refusal { message: format!("there is no package recipe `{shown}`: packages/{shown}/package.toml"), hint })
    }
}

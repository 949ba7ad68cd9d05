//! A wheel's entries in a tree.

use crate::base::{Class, Fault, redact};
use crate::domain::layer::Index;
use crate::domain::rootfs::{Content, Kind, Meta, Owner, Position, ReadContent, Tree, TreeError};
use crate::formats::tar;

/// What an entry of a wheel meets in a tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Laid {
    /// How many files are there.
    pub files: usize,
}

/// A wheel that does not go together with what is there.
#[derive(Debug, thiserror::Error)]
pub enum LayError {
    /// Something else is there.
    #[error("{wheel} would replace {}, which {of} has put there with other bytes", shown(path))]
    Clash {
        /// The wheel.
        wheel: String,
        /// Where.
        path: Vec<u8>,
        /// Whose it is.
        of: String,
    },
    /// The tree cannot take it.
    #[error("{wheel}: {source}")]
    Tree {
        /// The wheel.
        wheel: String,
        /// Why.
        source: TreeError,
    },
    /// What is there cannot be read.
    #[error("{wheel}: {} cannot be read: {reason}", shown(path))]
    Read {
        /// The wheel.
        wheel: String,
        /// Where.
        path: Vec<u8>,
        /// Why.
        reason: String,
    },
}

fn shown(path: &[u8]) -> String {
    format!("/{}", redact::printable_bytes(path))
}

/// Lays the entries of a wheel's fragment over the tree, whose artefact it is by `number`. Where pip would write over what is there,
/// nothing happens if the bytes are the same: several wheels ship the same empty `tests/__init__.py`.
///
/// # Errors
/// When a file is there with other bytes (which of them an image has must not hang on an order), something is no directory that
/// should be one, or `read` fails.
pub fn lay(
    tree: &mut Tree,
    index: &Index,
    number: u32,
    names: &dyn Fn(&Owner) -> String,
    read: ReadContent<'_>,
) -> Result<Laid, LayError> {
    let wheel = names(&Owner::Artefact(number));
    let failed = |source| LayError::Tree { wheel: wheel.clone(), source };
    let owner = Owner::Artefact(number);
    let meta = |entry: &tar::Entry| Meta::root(entry.mode, entry.mtime);
    for entry in &index.directories {
        tree.insert(&entry.path, Kind::Directory, meta(entry), owner, None).map_err(failed)?;
    }
    let mut laid = Laid::default();
    for (entry, at) in index.entries.iter().map(|placed| &placed.entry).zip(0..) {
        let content = Content::Entry { at: Position { artefact: number, entry: at }, size: entry.size() };
        let place = tree.place_of(&entry.path).map_err(failed)?;
        if let Some(node) = tree.lookup(&place).map_err(failed)? {
            let clash = || LayError::Clash {
                wheel: wheel.clone(),
                path: entry.path.clone(),
                of: node.owners.last().map_or_else(|| "something else".to_owned(), names),
            };
            let Kind::File(there) = node.kind else { return Err(clash()) };
            let bytes = |content: &Content| {
                read(content).map_err(|reason| LayError::Read {
                    wheel: wheel.clone(),
                    path: entry.path.clone(),
                    reason,
                })
            };
            if there.len() != content.len() || node.meta.mode != entry.mode || bytes(there)? != bytes(&content)? {
                return Err(clash());
            }
            continue;
        }
        let at = Position { artefact: number, entry: at };
        tree.insert(&entry.path, Kind::File(content), meta(entry), owner, Some(at)).map_err(failed)?;
        laid.files += 1;
    }
    Ok(laid)
}

impl Fault for LayError {
    fn class(&self) -> Class {
        match self {
            Self::Clash { .. } => Class::Unsatisfiable,
            Self::Tree { source, .. } => source.class(),
            Self::Read { .. } => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Clash { .. } => {
                Some("put the wheels into a folder of their own with `python.into`, or leave one of the two out".into())
            }
            Self::Tree { source, .. } => source.hint(),
            Self::Read { .. } => None,
        }
    }
}

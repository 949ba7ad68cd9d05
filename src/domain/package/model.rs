//! A package recipe that was checked.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;
use crate::base::{Arch, Digest, Epoch};
use crate::domain::recipe::{Document, ImagePath, SourceFile, Span};
use crate::formats::deb::{DataCompression, PackageName, Version};

/// A package recipe. Its values are right by construction; what only the fetched files tell is checked by [`super::plan()`].
#[derive(Clone, Debug)]
pub struct PackageRecipe {
    pub(super) document: Document,
    /// The package.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The platforms that have a package of their own; none where one package fits all.
    pub platforms: BTreeSet<Arch>,
    /// Fields of the control file, in order, but for those that the files decide.
    pub(super) fields: Vec<(&'static str, String)>,
    /// The text of `Description`.
    pub(super) description: String,
    /// How it is compressed.
    pub compression: DataCompression,
    /// The moment of all files.
    pub epoch: Epoch,
    /// The changelog's text.
    pub(super) changelog: String,
    /// The copyright file's text.
    pub(super) copyright: Vec<u8>,
    /// Maintainer scripts by name.
    pub(super) scripts: BTreeMap<&'static str, Vec<u8>>,
    /// Configuration files, with where the recipe says so.
    pub(super) conffiles: BTreeMap<ImagePath, Span>,
    /// What is shipped.
    pub(super) items: Vec<Item>,
    /// Jars that lose entries, by file name.
    pub(super) strips: BTreeMap<String, Strip>,
    /// Jars that may lack natives, by file name.
    pub(super) accepted: BTreeMap<String, Span>,
    /// Digests that the recipe itself pins.
    pub pinned: BTreeMap<Source, Digest>,
}

/// A jar that loses entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strip {
    pub(super) span: Span,
    /// The entries.
    pub(super) entries: Vec<String>,
}

/// Something that is shipped.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) span: Span,
    /// The platform that it is for; all where not said.
    pub(super) arch: Option<Arch>,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// A whole source as a file.
    Fetched { source: Source, path: ImagePath, mode: u32 },
    /// A file beside the recipe.
    Local { file: SourceFile, path: ImagePath, mode: u32 },
    /// A text.
    Text { text: String, path: ImagePath, mode: u32 },
    /// What lies below `from` in an archive, or `from` itself.
    Tree { tree: Tree, into: ImagePath, exclude: Vec<(Span, Vec<String>)>, mode: Option<u32> },
    /// A symbolic link to a path from `/`.
    Link { path: ImagePath, target: ImagePath },
    /// A folder.
    Directory { path: ImagePath, mode: u32 },
}

/// A part of an archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tree {
    /// The archive.
    pub source: Source,
    /// The path in it, from its one folder at the top; no slash at either end.
    pub from: String,
}

impl PackageRecipe {
    /// Everything that is fetched, sorted.
    #[must_use]
    pub fn sources(&self) -> BTreeSet<&Source> {
        let sources = self.items.iter().filter_map(|item| match &item.what {
            What::Fetched { source, .. } => Some(source),
            What::Tree { tree, .. } => Some(&tree.source),
            What::Local { .. } | What::Text { .. } | What::Link { .. } | What::Directory { .. } => None,
        });
        sources.collect()
    }

    /// The parts of archives that are unpacked, sorted.
    #[must_use]
    pub fn trees(&self) -> BTreeSet<&Tree> {
        let trees = self.items.iter().filter_map(|item| match &item.what {
            What::Tree { tree, .. } => Some(tree),
            _ => None,
        });
        trees.collect()
    }

    /// The files beside the recipe that are shipped.
    pub fn local(&self) -> impl Iterator<Item = &SourceFile> {
        self.items.iter().filter_map(|item| match &item.what {
            What::Local { file, .. } => Some(file),
            _ => None,
        })
    }

    /// Whether a jar of that file name may lack native code.
    #[must_use]
    pub fn accepts(&self, jar: &str) -> bool {
        self.accepted.contains_key(jar)
    }

    /// The digest of everything that the recipe says, its files' bytes included; comments and white space count too.
    #[must_use]
    pub fn meaning(&self) -> Digest {
        let mut hasher = crate::base::Hasher::new();
        let mut add = |bytes: &[u8]| {
            hasher.update(format!("{} ", bytes.len()).as_bytes());
            hasher.update(bytes);
        };
        add(self.document.text().as_bytes());
        add(self.changelog.as_bytes());
        add(&self.copyright);
        self.scripts.values().for_each(|script| add(script));
        self.local().for_each(|file| add(file.sha256.as_bytes()));
        hasher.finish().0
    }
}

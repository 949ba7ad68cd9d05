//! Which layers an image has, and what is in each: design §7.
//!
//! Layers follow what changes together. The rules, in order:
//!
//! 1. A recipe's artefacts come after those of the recipe it extends, in layers of their own. Nothing about a layer
//!    depends on what comes after it, so images that extend the same base share its layers by digest.
//! 2. What is the same on both platforms (`Architecture: all`) is apart from what is not, so it is one blob in both
//!    manifests (promise 3). Such a layer depends on its own artefacts alone, its directories' modes included.
//! 3. An artefact of more than [`BIG`] compressed bytes has a layer of its own, at most [`MOST_BIG`] in a recipe. While there are
//!    fewer, the largest of them is cut into runs of entries, a layer each, so that none dominates the image.
//! 4. The rest is split so that no layer is more than 40 % of the image up to there, as far as four layers can do that and
//!    the group is worth it. Membership follows from a package's name, so it is the same in the next build.
//! 5. Jars are in layers of their own, as the same on both platforms as what rule 2 speaks of, by rules 3 and 4.
//! 6. The recipe's own files come after all artefacts; what was generated (the package database) comes last.
//!
//! **How many.** Rules 3 and 4 make at most twenty-four layers a recipe, eight of what is shared, eight of what is not and eight of
//! jars, and rule 6 makes two. Runtimes stop early: Docker at 125 layers, overlayfs by mount options of one page at 127 or so. So from
//! the [`MOST_LEVELS`]th recipe of a chain on all are laid out as one, and no image has more than [`MOST_LAYERS`], whatever is
//! asked for. An image that extends such a chain still shares all layers but that last recipe's. A chain of two recipes
//! of usual size has six to ten.
//!
//! **Paths.** An entry is written where it stands in the tree, not where its package says: with `/bin -> usr/bin`, the
//! package's `bin/x` is left out of its fragment and written after it as `usr/bin/x`, since runtimes differ in how they
//! follow a link of a lower layer. The same goes for what got another mode or owner.
//!
//! **Directories.** A layer starts with the directories that its artefacts own and those its entries stand in, so that no
//! runtime has to invent one, and repeats them with the same numbers that other layers give them. Their time is 0: it
//! would otherwise be the time of whatever was unpacked first, and tie layers to each other. Where a shared layer (rule 2)
//! had to say something else than the tree has in the end, the last layer sets it right.

mod directories;
mod groups;
mod parts;
mod pieces;

use std::collections::BTreeSet;

use super::index::Index;
use crate::domain::rootfs::{Content, Tree};
use crate::formats::tar::{Entry, Kind};

/// Compressed bytes from which an artefact gets a layer of its own.
pub const BIG: u64 = 24 << 20;
/// How many artefacts of a recipe can have one, shared and not shared apart, the largest first.
pub const MOST_BIG: usize = 4;

/// How many recipes of a chain have layers of their own; the last of them has those of all that come after it too.
pub const MOST_LEVELS: usize = 5;
/// No plan has more layers than this.
pub const MOST_LAYERS: usize = MOST_LEVELS * groups::MOST + 2;

/// What planning must know of an artefact. Its number is its place in the slice.
#[derive(Clone, Copy, Debug)]
pub struct Artefact<'a> {
    /// Its name: decides the layer, so it must be the same from build to build, and unique.
    pub name: &'a str,
    /// The recipe it comes with, as a place in the chain: 0 is the one that extends no other.
    pub level: usize,
    /// What it is.
    pub kind: ArtefactKind,
    /// Its fragment.
    pub index: &'a Index,
}

/// What an artefact is: each kind has layers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArtefactKind {
    /// A package that is the same on every platform.
    All,
    /// A package for one platform.
    Platform,
    /// A jar, the same on every platform.
    Jar,
}

impl ArtefactKind {
    /// Whether it is the same on every platform.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::All | Self::Jar)
    }
}

/// One layer: directories, then parts, then what is in no fragment. Every path is in it once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerPlan {
    /// What a person calls it: `base: packages 1/2`, `jre-11: openjdk-11-jre-headless`.
    pub title: String,
    /// Directories, parents first.
    pub directories: Vec<Entry>,
    /// Artefacts, in order of their names.
    pub parts: Vec<Part>,
    /// Entries that are in no fragment, or not in this form; hardlinks last.
    pub generated: Vec<Generated>,
}

/// An artefact's fragment in a layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The artefact's number.
    pub artefact: u32,
    /// The paths to leave out, as [`super::filtered`] takes them; with none, the fragment is used as it is.
    pub dropped: BTreeSet<Vec<u8>>,
}

/// An entry that is in no fragment, or not in that place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Its header.
    pub entry: Entry,
    /// A file's bytes, which may be those of a fragment's entry; `None` for anything else.
    pub content: Option<Content>,
}

/// Plans the layers of `tree`, which was made from `artefacts`. `levels` names the recipes of the chain, the base first.
/// Layers with nothing in them are left out; there are never more than [`MOST_LAYERS`].
#[must_use]
pub fn plan(tree: &Tree, artefacts: &[Artefact<'_>], levels: &[&str]) -> Vec<LayerPlan> {
    let mut parts = parts::split(tree, artefacts);
    let (mut layers, mut shared) = (Vec::new(), Vec::new());
    for group in groups::groups(artefacts, levels) {
        let mut layer = LayerPlan { title: group.title, ..LayerPlan::default() };
        for artefact in group.members {
            let (dropped, moved) = match &group.piece {
                Some(piece) => parts.piece(artefact, artefacts, &piece.entries, piece.last),
                None => parts.whole(artefact),
            };
            layer.parts.push(Part { artefact, dropped });
            layer.generated.extend(moved);
        }
        layer.generated.sort_by_key(|generated| matches!(generated.entry.kind, Kind::Hardlink(_)));
        layers.push(layer);
        shared.push(group.shared);
    }
    for (title, generated) in [("files of the recipe", parts.recipe), ("package database", parts.generated)] {
        layers.push(LayerPlan { title: title.into(), generated, ..LayerPlan::default() });
        shared.push(false);
    }
    directories::fill(tree, artefacts, &mut layers, &shared);
    layers.retain(|layer| !(layer.directories.is_empty() && layer.parts.is_empty() && layer.generated.is_empty()));
    layers
}

//! Debian's programs that are binaries or written in Perl or Python, one file or folder each.
//!
//! What Debian ships as a shell script is not here: it is interpreted from the tree.

mod alternatives;
mod failure;
mod options;

use super::command::Applet;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[("update-alternatives", alternatives::update_alternatives)];

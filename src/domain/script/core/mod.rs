//! The core utilities that work on files, and small ones: one file each.

use super::command::Applet;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[];

//! Programs that read text and write text: one file each.

use super::command::Applet;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[];

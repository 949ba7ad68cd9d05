//! Debian's programs that are binaries or written in Perl or Python, one file each.

use super::command::Applet;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[];

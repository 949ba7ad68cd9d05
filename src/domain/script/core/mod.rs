//! The core utilities that work on files, and small ones: one file each.

mod canonical;
mod clock;
mod identity;
mod ln;
mod mkdir;
mod mode;
mod mv;
mod operand;
mod options;
mod rm;
mod target;
mod touch;

use super::command::Applet;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[
    ("ln", ln::run),
    ("mkdir", mkdir::mkdir),
    ("mv", mv::run),
    ("rm", rm::run),
    ("rmdir", mkdir::rmdir),
    ("touch", touch::run),
];

//! Programs that read text and write text: one file each.
//!
//! They are GNU's (Debian's `mawk` for `awk`) in the locale C or C.UTF-8: order is that of bytes; classes of characters hold ASCII
//! alone. What a real program would refuse is refused in its words and with its status; a real option that is not modelled
//! ends the interpretation.

mod cat;
mod grep;
mod input;
mod options;
pub(in crate::domain::script) mod regex;
mod sed;

use super::command::Applet;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] =
    &[("cat", cat::run), ("egrep", grep::run), ("fgrep", grep::run), ("grep", grep::run), ("sed", sed::run)];

//! Programs that read text and write text: one file each.
//!
//! They are GNU's (Debian's `mawk` for `awk`) in the locale C or C.UTF-8: order is that of bytes; classes of characters hold ASCII
//! alone. What a real program would refuse is refused in its words and with its status; a real option that is not modelled
//! ends the interpretation.

mod awk;
mod cat;
mod cut;
mod ends;
pub(in crate::domain::script) mod format;
mod grep;
mod input;
mod options;
pub(in crate::domain::script) mod printf;
pub(in crate::domain::script) mod regex;
mod sed;
mod sort;
mod tee;
mod tr;
mod uniq;
mod wc;

use super::command::Applet;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[
    ("awk", awk::run),
    ("cat", cat::run),
    ("cut", cut::run),
    ("egrep", grep::run),
    ("fgrep", grep::run),
    ("gawk", awk::run),
    ("grep", grep::run),
    ("head", ends::head),
    ("mawk", awk::run),
    ("nawk", awk::run),
    ("printf", printf::run),
    ("sed", sed::run),
    ("sort", sort::run),
    ("tail", ends::tail),
    ("tee", tee::run),
    ("tr", tr::run),
    ("uniq", uniq::run),
    ("wc", wc::run),
];

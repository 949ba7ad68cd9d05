//! Programs that read text and write text: one file each.
//!
//! They are GNU's (Debian's `mawk` for `awk`) in the locale C or C.UTF-8: order is that of bytes; classes of characters hold ASCII
//! alone. What a real program would refuse is refused in its words and with its status; a real option that is not modelled
//! ends the interpretation.

mod awk;
mod base64;
mod cat;
mod checksum;
mod comm;
mod cut;
mod ends;
mod expr;
pub(in crate::domain::script) mod format;
mod grep;
mod gzip;
mod iconv;
mod input;
mod nl;
mod options;
mod paste;
pub(in crate::domain::script) mod printf;
pub(in crate::domain::script) mod regex;
mod reorder;
mod sed;
mod seq;
mod sort;
mod tee;
mod tr;
mod uniq;
mod wc;
mod width;

use super::command::Applet;
pub(super) use sort::version_order;

/// Programs by their names, sorted.
pub(super) const APPLETS: &[(&str, Applet)] = &[
    ("awk", awk::run),
    ("base64", base64::run),
    ("cat", cat::run),
    ("comm", comm::run),
    ("cut", cut::run),
    ("egrep", grep::run),
    ("expand", width::expand),
    ("expr", expr::run),
    ("fgrep", grep::run),
    ("fold", width::fold),
    ("gawk", awk::run),
    ("grep", grep::run),
    ("gzip", gzip::run),
    ("head", ends::head),
    ("iconv", iconv::run),
    ("mawk", awk::run),
    ("md5sum", checksum::run),
    ("nawk", awk::run),
    ("nl", nl::run),
    ("paste", paste::run),
    ("printf", printf::run),
    ("rev", reorder::rev),
    ("sed", sed::run),
    ("seq", seq::run),
    ("sha1sum", checksum::run),
    ("sha224sum", checksum::run),
    ("sha256sum", checksum::run),
    ("sha384sum", checksum::run),
    ("sha512sum", checksum::run),
    ("sort", sort::run),
    ("tac", reorder::tac),
    ("tail", ends::tail),
    ("tee", tee::run),
    ("tr", tr::run),
    ("uniq", uniq::run),
    ("wc", wc::run),
];

#[cfg(test)]
mod tests {
    use super::APPLETS;

    #[test]
    fn names_are_sorted() {
        assert!(APPLETS.is_sorted_by(|a, b| a.0 < b.0));
    }
}

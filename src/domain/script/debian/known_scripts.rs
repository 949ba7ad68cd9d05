//! Maintainer scripts that no interpreter here reads, known by their bytes.
//!
//! dpkg starts a maintainer script by a name that says nothing about it (`preinst`), and a few are Perl programs or machine
//! code. What such a script does was read and is done natively, for exactly the bytes that were read: a script whose
//! SHA-256 is not in this table stops the build as any program that nothing stands for, so a changed one is noticed.

use super::super::command::Applet;
use crate::base::Digest;

/// A script in one version: package, kind and versions (with the architecture where it matters); the SHA-256 of its bytes;
/// what it does, with dpkg's arguments as its own. Sorted.
type Row = (&'static str, &'static str, Applet);

const KNOWN: &[Row] = &[];

/// What a script with these bytes does, where that is known.
pub(in crate::domain::script) fn known(bytes: &[u8]) -> Option<Applet> {
    let digest = Digest::of(bytes).hex();
    KNOWN.iter().find(|(_, sha256, _)| *sha256 == digest).map(|(_, _, effect)| *effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_name_each_script_once() {
        assert!(KNOWN.is_sorted_by(|one, two| one.0 < two.0));
        assert_eq!(KNOWN.iter().find(|(_, sha256, _)| Digest::from_hex(sha256).is_err()).map(|row| row.0), None);
        let mut digests: Vec<&str> = KNOWN.iter().map(|(_, sha256, _)| *sha256).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), KNOWN.len());
    }

    #[test]
    fn other_bytes_are_not_known() {
        assert!(known(b"#!/usr/bin/perl\nunlink glob '/*';\n").is_none());
    }
}

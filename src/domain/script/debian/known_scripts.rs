//! Maintainer scripts that no interpreter here reads, known by their bytes.
//!
//! dpkg starts a maintainer script by a name that says nothing about it (`preinst`), and a few are Perl programs or machine
//! code. What such a script does was read and is done natively, for exactly the bytes that were read: a script whose
//! SHA-256 is not in this table stops the build as any program that nothing stands for, so a changed one is noticed.

use super::super::command::Applet;
use super::{bash_preinst, krb5_config};
use crate::base::Digest;

/// A script in one version: package, kind and versions (with the architecture where it matters); the SHA-256 of its bytes;
/// what it does, with dpkg's arguments as its own. Sorted.
type Row = (&'static str, &'static str, Applet);

const KNOWN: &[Row] = &[
    (
        "bash/preinst 5.1-2+deb11u1 amd64",
        "776276932e0a8d1df8b15f759cd8caf86486f83988f251296e2c511fe2106e39",
        bash_preinst::preinst,
    ),
    (
        "bash/preinst 5.1-2+deb11u1 arm64",
        "09c7f600a524dc5b061827e45a3d24d45e78638423b555962857d8e133e847ed",
        bash_preinst::preinst,
    ),
    (
        "krb5-config/config 2.6+nmu1, 2.7",
        "2b484985e7a3bf9f38bfe807fd195d7a2f55f2869f0e05bc587bf7606d022688",
        krb5_config::config,
    ),
    (
        "krb5-config/postinst 2.6+nmu1",
        "0347c4c5a973bb885a9cbe5ebaf5c3274f8185e50c64d730e85f7f495f6c9c93",
        krb5_config::postinst,
    ),
    (
        "krb5-config/postinst 2.7",
        "a5735bd836a35cee23fc122908a81db91624d612f0f011a3007591759dca91d6",
        krb5_config::postinst,
    ),
];

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

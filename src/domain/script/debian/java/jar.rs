//! Which `ca-certificates-java.jar` a tree has, by the bytes of its two classes that matter.

use std::io::{Cursor, Read as _};

use sha2::{Digest as _, Sha256};

use super::super::super::stop::Stop;

/// What tells one jar's behaviour from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Behaviour {
    /// `-NAME` also takes the alias `NAME` away, not only `debian:NAME`, and an empty line is its end. So until 2021.
    pub(super) old: bool,
}

/// SHA-256 over `UpdateCertificates.class` and `KeyStoreHandler.class`, and the packages that shipped them.
const KNOWN: [(&str, Behaviour); 3] = [
    // 20190909+deb11u1
    ("78b26151a1330d51c6da9cf517b46bb3ab18a287b2a695b74b7b8e13a2ccb4d1", Behaviour { old: true }),
    // 20230710~deb12u1~deb11u1
    ("beec94a6073cb8ae1fa679a88050c68c0aecbd5a762d7a88152f06cc5750302a", Behaviour { old: false }),
    // 20230710~deb12u1, 20240118
    ("40d0462e52012b1ff2b0fbd46c8531057176933680ae1f893a40e5f204d22184", Behaviour { old: false }),
];

const CLASSES: [&str; 2] =
    ["org/debian/security/UpdateCertificates.class", "org/debian/security/KeyStoreHandler.class"];

/// The most bytes that a class may have.
const MOST: u64 = 1 << 20;

/// How a jar behaves.
///
/// # Errors
/// When it is another one than those that are known.
pub(super) fn behaviour(jar: &[u8]) -> Result<Behaviour, Stop> {
    let digest = digest(jar).unwrap_or_default();
    let known = KNOWN.iter().find(|(other, _)| *other == digest).map(|(_, behaviour)| *behaviour);
    known.ok_or_else(|| Stop::unsupported("java", "this ca-certificates-java.jar is not one that is known"))
}

fn digest(jar: &[u8]) -> Option<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(jar)).ok()?;
    let mut hash = Sha256::new();
    for class in CLASSES {
        let mut bytes = Vec::new();
        archive.by_name(class).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
        hash.update(&bytes);
    }
    Some(hex::encode(hash.finalize()))
}

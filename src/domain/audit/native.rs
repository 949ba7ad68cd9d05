//! Native code inside jars: whether a jar that is meant for every platform has code for each of them.
//!
//! A jar carries shared objects for several systems, and its loader picks one by a path or a name that every project spells in its own
//! way. So the machine is read from the ELF header, and files that differ in words for systems and machines alone count as builds of
//! one library: `linux/amd64/liblz4-java.so` and `linux/aarch64/liblz4-java.so`, `libnetty_transport_native_epoll_x86_64.so` and
//! `…_aarch_64.so`. A library with a build for one of our platforms must have one for the others. Builds for musl, FreeBSD, Solaris,
//! Android, macOS and Windows are no concern of ours; jars inside jars are not looked into.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};

use crate::base::Arch;

/// A shared object for Linux on one of our platforms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Native {
    /// Its name in the jar.
    pub entry: String,
    /// Its platform.
    pub arch: Arch,
}

/// A library that a jar has for some platforms only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// An entry that is there.
    pub entry: String,
    /// The platform that it is for.
    pub has: Arch,
    /// A platform that has none.
    pub lacks: Arch,
}

/// Words that tell a system or a machine, in paths and names of shared objects.
const PLATFORM: [&str; 14] = [
    "linux", "linux32", "linux64", "gnu", "glibc", "x86", "x64", "64", "amd64", "aarch64", "aarch", "arm64", "armv8",
    "lib",
];

/// Systems that are not ours, though their shared objects may look as if.
const OTHERS: [&str; 11] =
    ["musl", "freebsd", "openbsd", "sunos", "solaris", "aix", "mac", "darwin", "osx", "windows", "android"];

/// The natives of a jar, in its own order.
///
/// # Errors
/// When it is no zip archive, or damaged where it is looked at.
pub fn natives(jar: impl Read + Seek) -> io::Result<Vec<Native>> {
    let mut archive = zip::ZipArchive::new(jar).map_err(io::Error::other)?;
    let mut found = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_data(at).map_err(io::Error::other)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if name.ends_with(".class") || name.ends_with('/') {
            continue;
        }
        let mut head = [0; 20];
        let mut file = archive.by_index(at).map_err(io::Error::other)?;
        if file.size() < head.len() as u64 {
            continue;
        }
        file.read_exact(&mut head)?;
        if let Some(arch) =
            machine(&head).filter(|_| !words(&name).any(|word| OTHERS.iter().any(|o| word.starts_with(o))))
        {
            found.push(Native { entry: name, arch });
        }
    }
    Ok(found)
}

/// The platform of a 64-bit little-endian ELF file for System V or Linux, by its first bytes: elf(5).
#[must_use]
pub fn machine(head: &[u8]) -> Option<Arch> {
    let head: &[u8; 20] = head.first_chunk()?;
    if !head.starts_with(b"\x7fELF\x02\x01") || !matches!(head[7], 0 | 3) {
        return None;
    }
    match u16::from_le_bytes([head[18], head[19]]) {
        62 => Some(Arch::Amd64),
        183 => Some(Arch::Arm64),
        _ => None,
    }
}

/// What is missing, in the order of the libraries' names.
#[must_use]
pub fn missing(natives: &[Native]) -> Vec<Missing> {
    let mut libraries: BTreeMap<String, BTreeMap<Arch, &str>> = BTreeMap::new();
    for native in natives {
        libraries.entry(library(&native.entry)).or_default().entry(native.arch).or_insert(&native.entry);
    }
    let mut missing = Vec::new();
    for builds in libraries.values() {
        let Some((has, entry)) = builds.first_key_value() else { continue };
        for lacks in Arch::ALL.into_iter().filter(|arch| !builds.contains_key(arch)) {
            missing.push(Missing { entry: (*entry).to_owned(), has: *has, lacks });
        }
    }
    missing
}

/// A library's name without the words that tell its platform.
fn library(entry: &str) -> String {
    let name = entry.rsplit('/').next().unwrap_or(entry);
    words(name).filter(|word| !PLATFORM.contains(&word.as_str())).collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(entry: &str, arch: Arch) -> Native {
        Native { entry: entry.into(), arch }
    }

    #[test]
    fn builds_of_one_library_are_recognised() {
        for (amd64, arm64) in [
            ("net/jpountz/util/linux/amd64/liblz4-java.so", "net/jpountz/util/linux/aarch64/liblz4-java.so"),
            ("META-INF/native/libnetty_epoll_x86_64.so", "META-INF/native/libnetty_epoll_aarch_64.so"),
            ("META-INF/native/linux64/libleveldbjni.so", "META-INF/native/linux64/aarch64/libleveldbjni.so"),
            ("librocksdbjni-linux64.so", "librocksdbjni-linux-aarch64.so"),
        ] {
            let both = [native(amd64, Arch::Amd64), native(arm64, Arch::Arm64)];
            assert_eq!(missing(&both), [], "{amd64}");
            let lacks = missing(&both[..1]);
            assert_eq!(lacks, [Missing { entry: amd64.into(), has: Arch::Amd64, lacks: Arch::Arm64 }]);
            assert_eq!(missing(&both[1..])[0].lacks, Arch::Amd64);
        }
        let two = [native("a/libfoo.so", Arch::Amd64), native("a/libbar.so", Arch::Arm64)];
        assert_eq!(missing(&two).len(), 2, "two libraries of one build each");
    }

    #[test]
    fn machines() {
        let mut head = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0";
        assert_eq!(machine(&head), Some(Arch::Amd64));
        head[18] = 183;
        assert_eq!(machine(&head), Some(Arch::Arm64));
        head[7] = 9; // FreeBSD
        assert_eq!(machine(&head), None);
        (head[7], head[4]) = (0, 1);
        assert_eq!(machine(&head), None);
    }
}

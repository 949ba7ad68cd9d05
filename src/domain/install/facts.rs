//! What must be known of a package beside its entries: written once when the `.deb` is read, kept with its fragment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::info;
use crate::base::{Digest, redact};
use crate::formats::deb::Package;
use crate::formats::elf::SharedObject;

/// The facts of one `.deb`. A pure function of its bytes, so it can be cached under the same key as its fragment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The fields of its `control` file in the order written, values as [`crate::formats::deb::Stanza::get`] gives them.
    pub fields: Vec<(String, String)>,
    /// Its conffiles in the order written.
    pub conffiles: Vec<Conffile>,
    /// The triggers it is interested in, in the order written.
    pub interests: Vec<Interest>,
    /// Its maintainer scripts and `triggers` file, in order of their names.
    pub scripts: Vec<Script>,
    /// Its files in `/var/lib/dpkg/info` that scripts are made of or ask for, by their kinds: all but `md5sums`, which is long.
    #[serde(with = "encoded")]
    pub info: BTreeMap<String, Vec<u8>>,
    /// What the dynamic linker sees in its libraries.
    pub libraries: Vec<Library>,
    /// The paths of its programs in machine code, in the form of [`crate::formats::tar::Entry::path`].
    pub programs: Vec<String>,
}

impl Facts {
    /// The text of its `.list` file: the paths it shipped, from `/`, a line each.
    #[must_use]
    pub fn list(&self) -> &[u8] {
        self.info.get("list").map(Vec::as_slice).unwrap_or_default()
    }

    /// The bytes of one of its files in `/var/lib/dpkg/info`, where they are kept here.
    #[must_use]
    pub fn info(&self, package: &Package, path: &[u8]) -> Option<&[u8]> {
        let is_it = |kind: &str| path.ends_with(kind.as_bytes()) && info::path(package, kind) == path;
        self.info.iter().find(|(kind, _)| is_it(kind)).map(|(_, bytes)| bytes.as_slice())
    }
}

/// A file that is named like a library; see [`crate::formats::elf::is_library`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
    /// Its path, in the form of [`crate::formats::tar::Entry::path`].
    pub path: String,
    /// What it is to the dynamic linker; nothing where it is no shared object.
    pub object: Option<SharedObject>,
}

/// A file that `dpkg` keeps an administrator's changes of: deb-conffiles(5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conffile {
    /// Its path from `/`.
    pub path: String,
    /// MD5 of the bytes shipped, in hexadecimal; `None` where the package ships none (`remove-on-upgrade`).
    pub md5: Option<String>,
}

/// A trigger that a package wants to be told of: deb-triggers(5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Its name; a path if it starts with `/`.
    pub trigger: String,
    /// Whether those who activate it wait for it.
    pub awaited: bool,
}

/// A member of the control archive that runs, or makes something run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The member's name: `postinst`, `config`, `triggers` …
    pub kind: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Its first line, at most 256 bytes, as text safe to print.
    pub head: String,
}

impl Script {
    /// Members of the control archive that the ledger lists.
    pub const KINDS: [&str; 6] = ["config", "postinst", "postrm", "preinst", "prerm", "triggers"];

    /// The most bytes of the first line that are kept.
    const HEAD: usize = 256;

    /// What is kept of the member `kind` with these bytes.
    #[must_use]
    pub fn of(kind: &str, bytes: &[u8]) -> Self {
        let first = bytes.split(|c| *c == b'\n').next().unwrap_or_default();
        let head = redact::printable_bytes(first.get(..Self::HEAD).unwrap_or(first));
        Self { kind: kind.into(), sha256: Digest::of(bytes), size: bytes.len() as u64, head }
    }
}

/// Bytes in text: Base64.
mod encoded {
    use std::collections::BTreeMap;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<String, Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(map.iter().map(|(name, bytes)| (name, BASE64_STANDARD.encode(bytes))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Vec<u8>>, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(from)?;
        let decode =
            |(name, text): (String, String)| Ok((name, BASE64_STANDARD.decode(text).map_err(D::Error::custom)?));
        texts.into_iter().map(decode).collect()
    }
}

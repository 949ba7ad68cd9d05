//! What must be known of a package beside its entries: written once when the `.deb` is read, kept with its fragment.

use serde::{Deserialize, Serialize};

use crate::base::{Digest, redact};

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
    /// The text of its `.list` file: the paths it shipped, from `/`, a line each.
    pub list: Vec<u8>,
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

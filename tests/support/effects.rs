//! A reference tree as a small file: what differs from the mere unpacked packages, one entry a line, compressed.
//!
//! ```text
//! reference 1
//! packages DIGEST      of the exact packages: name, version, architecture, SHA-256 of each
//! unpacked DIGEST      of the tree that the lines stand on
//! epoch SECONDS
//! - PATH               is gone
//! = PATH KIND MODE UID GID CONTENT LINKED XATTRS
//! ```
//!
//! Fields are parted by tabs and escaped as Rust escapes bytes; `*` is a content that a rule lets differ, and is not kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use mokapot::base::Digest;

use super::ignore::Rules;
use super::treediff::{Item, Snapshot};

/// What stands for a content that does not count.
const ANY: &str = "*";

/// A reference, and what it is the reference of.
#[derive(PartialEq, Eq)]
pub struct Reference {
    /// Digest of the packages.
    pub packages: Digest,
    /// Digest of the unpacked tree.
    pub unpacked: Digest,
    /// The moment that the tree was made for.
    pub epoch: i64,
    gone: Vec<Vec<u8>>,
    there: BTreeMap<Vec<u8>, Item>,
}

impl Reference {
    /// What `tree` is, on top of `unpacked`.
    pub fn new(packages: Digest, epoch: i64, unpacked: &Snapshot, tree: &Snapshot, rules: &Rules) -> Self {
        let gone = unpacked.keys().filter(|path| !tree.contains_key(*path)).cloned().collect();
        let mut there = BTreeMap::new();
        for (path, item) in tree.iter().filter(|(path, item)| unpacked.get(*path) != Some(item)) {
            let mut item = item.clone();
            if rules.covers(path, "content") {
                item.content = None;
            }
            there.insert(path.clone(), item);
        }
        Self { packages, unpacked: of_tree(unpacked), epoch, gone, there }
    }

    /// The tree again, from what it stands on.
    pub fn tree(&self, unpacked: &Snapshot) -> Snapshot {
        let mut tree = unpacked.clone();
        self.gone.iter().for_each(|path| drop(tree.remove(path)));
        tree.extend(self.there.clone());
        tree
    }

    /// How many entries are kept.
    pub fn len(&self) -> usize {
        self.gone.len() + self.there.len()
    }

    /// Reads a file; `None` where there is none.
    pub fn read(path: &Path) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let text = String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("reference 1"), "{}", path.display());
        let mut header = |name: &str| lines.next().unwrap().strip_prefix(name).unwrap().trim().to_owned();
        let (packages, unpacked) = (header("packages").parse().unwrap(), header("unpacked").parse().unwrap());
        let epoch = header("epoch").parse().unwrap();
        let (mut gone, mut there) = (Vec::new(), BTreeMap::new());
        for line in lines {
            match line.split_once(' ').unwrap() {
                ("-", path) => gone.push(unescaped(path)),
                (_, rest) => {
                    let (path, item) = entry(rest);
                    there.insert(path, item);
                }
            }
        }
        Some(Self { packages, unpacked, epoch, gone, there })
    }

    /// Writes a file.
    pub fn write(&self, path: &Path) {
        let (packages, unpacked, epoch) = (self.packages, self.unpacked, self.epoch);
        let mut text = format!("reference 1\npackages {packages}\nunpacked {unpacked}\nepoch {epoch}\n");
        self.gone.iter().for_each(|path| writeln!(text, "- {}", path.escape_ascii()).unwrap());
        self.there.iter().for_each(|(path, item)| writeln!(text, "= {}", line(path, item)).unwrap());
        std::fs::write(path, zstd::encode_all(text.as_bytes(), 19).unwrap()).unwrap();
    }
}

/// Digest of a whole tree.
pub fn of_tree(tree: &Snapshot) -> Digest {
    let mut text = String::new();
    tree.iter().for_each(|(path, item)| writeln!(text, "{}", line(path, item)).unwrap());
    Digest::of(text.as_bytes())
}

fn line(path: &[u8], item: &Item) -> String {
    let content = match item.content {
        Some(digest) => digest.hex(),
        None if item.kind == "file" => ANY.to_owned(),
        None => String::new(),
    };
    let linked = item.linked.as_ref().map(|path| path.escape_ascii().to_string()).unwrap_or_default();
    // A blank parts attributes.
    let value = |value: &[u8]| value.escape_ascii().to_string().replace(' ', "\\x20");
    let xattrs = item.xattrs.iter().map(|(name, bytes)| format!("{name}={}", value(bytes)));
    let xattrs = xattrs.collect::<Vec<_>>().join(" ");
    let (path, kind) = (path.escape_ascii(), item.kind.as_bytes().escape_ascii());
    format!("{path}\t{kind}\t{:o}\t{}\t{}\t{content}\t{linked}\t{xattrs}", item.mode, item.uid, item.gid)
}

fn entry(line: &str) -> (Vec<u8>, Item) {
    let fields: Vec<&str> = line.split('\t').collect();
    let [path, kind, mode, uid, gid, content, linked, xattrs] = fields[..] else { panic!("{line}") };
    let xattr = |word: &str| {
        let (name, value) = word.split_once('=').unwrap();
        (name.to_owned(), unescaped(value))
    };
    let item = Item {
        kind: String::from_utf8(unescaped(kind)).unwrap(),
        mode: u32::from_str_radix(mode, 8).unwrap(),
        uid: uid.parse().unwrap(),
        gid: gid.parse().unwrap(),
        content: Some(content).filter(|text| text.len() == 64).map(|hex| format!("sha256:{hex}").parse().unwrap()),
        linked: Some(linked).filter(|text| !text.is_empty()).map(unescaped),
        xattrs: xattrs.split(' ').filter(|word| !word.is_empty()).map(xattr).collect(),
    };
    (unescaped(path), item)
}

/// What `escape_ascii` made it of.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let escaped = if byte == b'\\' { rest.next() } else { None };
        bytes.push(match escaped {
            None => byte,
            Some(b'x') => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            Some(b't') => b'\t',
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(other) => other,
        });
    }
    bytes
}

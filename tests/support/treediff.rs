//! Comparing filesystem trees entry by entry: kind, mode, numbers, target, hardlinks, device, content.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use mokapot::base::{Digest, Hasher};
use mokapot::domain::rootfs::{Content, Kind, Node, Position, Tree};

/// What a name leads to. Two trees are equal when their items are, by path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `file`, `directory`, `symlink TARGET`, `char MAJOR:MINOR`, `block MAJOR:MINOR` or `fifo`.
    pub kind: String,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// SHA-256 of a regular file.
    pub content: Option<Digest>,
    /// The first of all names of the same inode, where there are several.
    pub linked: Option<Vec<u8>>,
    /// Extended attributes, where the source can tell.
    pub xattrs: BTreeMap<String, Vec<u8>>,
}

/// Items by path from `/`, the root empty.
pub type Snapshot = BTreeMap<Vec<u8>, Item>;

/// The tree below a folder on disk. Extended attributes are not read: nothing that extracts packages sets any.
pub fn of_folder(root: &Path) -> Snapshot {
    let mut items = Snapshot::new();
    let mut inodes: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        let meta = match fs::symlink_metadata(&path) {
            // So overlayfs shows a deletion in a directory that hides all below it: listed, and not there.
            Err(error) if error.kind() == io::ErrorKind::NotFound && path != root => continue,
            meta => meta.unwrap(),
        };
        let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        let kind = meta.file_type();
        let (major, minor) = ((meta.rdev() >> 8) & 0xfff, (meta.rdev() & 0xff) | ((meta.rdev() >> 12) & 0xfff00));
        let mut content = None;
        let shown = if kind.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            "directory".to_owned()
        } else if kind.is_symlink() {
            format!("symlink {}", fs::read_link(&path).unwrap().display())
        } else if kind.is_file() {
            let mut hasher = Hasher::around(io::sink());
            io::copy(&mut fs::File::open(&path).unwrap(), &mut hasher).unwrap();
            content = Some(hasher.finish().0);
            "file".to_owned()
        } else if kind.is_char_device() {
            format!("char {major}:{minor}")
        } else if kind.is_block_device() {
            format!("block {major}:{minor}")
        } else {
            assert!(kind.is_fifo(), "{}", path.display());
            "fifo".to_owned()
        };
        if !kind.is_dir() && meta.nlink() > 1 {
            inodes.entry(meta.ino()).or_default().push(name.clone());
        }
        let item = Item {
            kind: shown,
            mode: meta.mode() & 0o7777,
            uid: meta.uid(),
            gid: meta.gid(),
            content,
            linked: None,
            xattrs: BTreeMap::new(),
        };
        items.insert(name, item);
    }
    for mut names in inodes.into_values() {
        names.sort();
        for name in &names {
            if names.len() > 1 {
                items.get_mut(name).unwrap().linked = Some(names[0].clone());
            }
        }
    }
    items
}

/// A tree in memory. `content` gives the digest of bytes that are elsewhere.
pub fn of_tree(tree: &Tree, content: impl Fn(Position) -> Digest) -> Snapshot {
    let all: Vec<(Vec<u8>, Node<'_>)> = tree.walk().collect();
    let mut first: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for (path, node) in &all {
        let least = first.entry(node.inode).or_insert_with(|| path.clone());
        *least = least.clone().min(path.clone());
    }
    let item = |node: Node<'_>| Item {
        kind: match node.kind {
            Kind::File(_) => "file".into(),
            Kind::Directory => "directory".into(),
            Kind::Symlink(target) => format!("symlink {}", String::from_utf8_lossy(target)),
            Kind::CharDevice(major, minor) => format!("char {major}:{minor}"),
            Kind::BlockDevice(major, minor) => format!("block {major}:{minor}"),
            Kind::Fifo => "fifo".into(),
        },
        mode: node.meta.mode,
        uid: node.meta.uid,
        gid: node.meta.gid,
        content: match node.kind {
            Kind::File(Content::Entry { at, .. }) => Some(content(*at)),
            Kind::File(Content::Bytes(bytes)) => Some(Digest::of(bytes)),
            _ => None,
        },
        linked: (node.links > 1).then(|| first[&node.inode].clone()),
        xattrs: node.meta.xattrs.clone(),
    };
    all.into_iter().map(|(path, node)| (path, item(node))).collect()
}

/// The tree of tar archives, the lowest layer first, as the `tar` crate reads them. A directory keeps what is in it; of what
/// is named twice, the last counts. Modes of directories that no archive names are not made up: there is no item.
///
/// # Panics
/// At a whiteout, which our layers never have.
pub fn of_tars<'a>(tars: impl IntoIterator<Item = Box<dyn io::Read + 'a>>) -> Snapshot {
    of_tars_as(tars, &|_| None)
}

/// What of a file's bytes counts, where not all of them do.
pub type Counted = fn(&[u8]) -> Vec<u8>;

/// [`of_tars`], where `counted` says for a path whether only a part of the file counts.
///
/// # Panics
/// As [`of_tars`].
pub fn of_tars_as<'a>(
    tars: impl IntoIterator<Item = Box<dyn io::Read + 'a>>,
    counted: &dyn Fn(&[u8]) -> Option<Counted>,
) -> Snapshot {
    let mut items = Snapshot::new();
    let mut links: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for tar in tars {
        for entry in tar::Archive::new(tar).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = bare(&entry.path_bytes());
            let last = path.rsplit(|byte| *byte == b'/').next().unwrap();
            assert!(!last.starts_with(b".wh."), "a whiteout: {}", String::from_utf8_lossy(&path));
            links.remove(&path);
            let kind = entry.header().entry_type();
            if kind.is_hard_link() {
                let target = bare(&entry.link_name_bytes().unwrap());
                let target = links.get(&target).cloned().unwrap_or(target);
                items.insert(path.clone(), items[&target].clone());
                links.insert(path, target);
                continue;
            }
            let mut xattrs = BTreeMap::new();
            for extension in entry.pax_extensions().unwrap().into_iter().flatten() {
                let extension = extension.unwrap();
                if let Some(name) = extension.key().unwrap().strip_prefix("SCHILY.xattr.") {
                    xattrs.insert(name.to_owned(), extension.value_bytes().to_vec());
                }
            }
            let mut content = None;
            let header = entry.header();
            let device = || (header.device_major().unwrap().unwrap(), header.device_minor().unwrap().unwrap());
            let (mode, uid, gid) = (header.mode().unwrap() & 0o7777, header.uid().unwrap(), header.gid().unwrap());
            let shown = match kind {
                tar::EntryType::Directory => "directory".to_owned(),
                tar::EntryType::Symlink => {
                    format!("symlink {}", String::from_utf8_lossy(&entry.link_name_bytes().unwrap()))
                }
                tar::EntryType::Char => format!("char {}:{}", device().0, device().1),
                tar::EntryType::Block => format!("block {}:{}", device().0, device().1),
                tar::EntryType::Fifo => "fifo".to_owned(),
                _ => {
                    assert!(kind.is_file(), "{}: an entry of kind {kind:?}", String::from_utf8_lossy(&path));
                    content = Some(match counted(&path) {
                        Some(part) => {
                            let mut bytes = Vec::new();
                            io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
                            Digest::of(&part(&bytes))
                        }
                        None => {
                            let mut hasher = Hasher::around(io::sink());
                            io::copy(&mut entry, &mut hasher).unwrap();
                            hasher.finish().0
                        }
                    });
                    "file".to_owned()
                }
            };
            let (uid, gid) = (uid.try_into().unwrap(), gid.try_into().unwrap());
            items.insert(path, Item { kind: shown, mode, uid, gid, content, linked: None, xattrs });
        }
    }
    let mut groups: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for (path, target) in links {
        groups.entry(target).or_default().push(path);
    }
    for (target, mut names) in groups {
        names.push(target);
        names.sort();
        for name in &names {
            items.get_mut(name).unwrap().linked = Some(names[0].clone());
        }
    }
    items
}

/// A path of an archive from `/`.
fn bare(path: &[u8]) -> Vec<u8> {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    let path = path.strip_suffix(b"/").unwrap_or(path);
    if path == b"." { Vec::new() } else { path.to_vec() }
}

/// Every difference as a line, at most 50.
pub fn differences(left: &Snapshot, right: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    let shown = |path: &[u8]| format!("/{}", String::from_utf8_lossy(path));
    for (path, item) in left {
        match right.get(path) {
            None => lines.push(format!("- {} {item:?}", shown(path))),
            Some(other) if other != item => lines.push(format!("! {}\n    {item:?}\n    {other:?}", shown(path))),
            Some(_) => {}
        }
    }
    lines.extend(right.keys().filter(|path| !left.contains_key(*path)).map(|path| format!("+ {}", shown(path))));
    lines.truncate(50);
    lines
}

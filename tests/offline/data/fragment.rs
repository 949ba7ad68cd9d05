//! Fragments: what they hold, that they can be read back, and what happens to them when entries go.

use std::collections::BTreeSet;
use std::io::Cursor;

use mokapot::base::{Digest, Epoch};
use mokapot::domain::layer::{FragmentReader, FragmentWriter, Index, LayerError, filtered};
use mokapot::formats::compress::Compression;
use mokapot::formats::tar::{Entry, Kind};

pub(super) const BOTH: [Compression; 2] = [Compression::Gzip, Compression::Zstd];

pub(super) fn epoch() -> Epoch {
    Epoch::try_from(1_700_000_000).unwrap()
}

pub(super) fn file(path: &str, content: &[u8]) -> (Entry, Vec<u8>) {
    (Entry::new(path, Kind::File { size: content.len() as u64 }, 0o644, 1), content.to_vec())
}

pub(super) fn other(path: &str, kind: Kind) -> (Entry, Vec<u8>) {
    (Entry::new(path, kind, 0o755, 1), Vec::new())
}

/// Bytes that do not compress, so that members are real.
pub(super) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

pub(super) fn fragment(compression: Compression, entries: &[(Entry, Vec<u8>)]) -> Result<(Index, Vec<u8>), LayerError> {
    let mut writer = FragmentWriter::new(compression, epoch(), Vec::new())?;
    for (entry, content) in entries {
        writer.push(entry, &mut &content[..])?;
    }
    writer.finish()
}

/// Small files around one that spans several members, and hard links to both kinds.
pub(super) fn sample() -> Vec<(Entry, Vec<u8>)> {
    vec![
        other("", Kind::Directory),
        other("etc", Kind::Directory),
        file("etc/conf", b"a=b\n"),
        other("etc/link", Kind::Symlink(b"conf".to_vec())),
        file("usr/big", &noise(5 << 20, 1)),
        other("usr/hard1", Kind::Hardlink(b"usr/big".to_vec())),
        other("usr/hard2", Kind::Hardlink(b"usr/big".to_vec())),
        other("usr/hard3", Kind::Hardlink(b"usr/hard1".to_vec())),
        file("usr/small", b"small"),
        file("usr/second", &noise(3 << 20, 2)),
        other("dev/null", Kind::CharDevice { major: 1, minor: 3 }),
    ]
}

#[test]
fn an_index_describes_the_fragment_and_survives_being_stored() {
    for compression in BOTH {
        let (index, bytes) = fragment(compression, &sample()).unwrap();
        assert_eq!((index.digest, index.size), (Digest::of(&bytes), bytes.len() as u64));
        assert_eq!(index.directories.len(), 2);
        assert_eq!(index.entries.len(), 9);
        assert!(index.members.len() >= 3, "a big file spans members");
        assert_eq!(index.content_size(), 4 + (5 << 20) + 5 + (3 << 20));
        assert_eq!(index.max_mtime(), Some(1));
        assert_eq!(Index::decode(&index.encode()).unwrap(), index);

        let (again, same) = fragment(compression, &sample()).unwrap();
        assert!(again == index && same == bytes, "the same input gives the same bytes");
    }
}

#[test]
fn single_files_are_read_back() {
    for compression in BOTH {
        let (index, bytes) = fragment(compression, &sample()).unwrap();
        let mut reader = FragmentReader::new(&index, Cursor::new(&bytes)).unwrap();
        reader.verify().unwrap();
        for path in ["usr/second", "etc/conf", "usr/big", "usr/small"] {
            let content = &sample().into_iter().find(|(entry, _)| entry.path == path.as_bytes()).unwrap().1;
            assert!(reader.read_path(path.as_bytes()).unwrap() == *content, "{path}");
        }
        assert!(reader.read_path(b"usr/hard3").unwrap() == noise(5 << 20, 1));
        let error = reader.read_path(b"etc/link").unwrap_err().to_string();
        assert_eq!(error, format!("/etc/link is not in fragment {}", index.digest));
    }
}

#[test]
fn times_are_clamped_to_the_epoch() {
    let at = |mtime| Entry { mtime, ..file("x", b"").0 };
    let clamped = [-1, 1 << 40, 5].map(|mtime| fragment(Compression::Zstd, &[(at(mtime), Vec::new())]).unwrap().0);
    assert_eq!(clamped.map(|index| index.entries[0].entry.mtime), [0, 1_700_000_000, 5]);
}

#[test]
fn deb_32_43_lists_that_cannot_be() {
    let of = |entries: &[(Entry, Vec<u8>)]| fragment(Compression::Zstd, entries).unwrap_err().to_string();
    let link = |to: &str| other("link", Kind::Hardlink(to.into()));
    for target in ["missing", "later", "dir"] {
        let text = of(&[other("dir", Kind::Directory), link(target), file("later", b"")]);
        assert_eq!(text, format!("cannot create hard link /link to /{target}: no content at the target before it"));
    }
    assert_eq!(of(&[file("a", b""), file("a", b"")]), "/a occurs twice in one package");
    assert_eq!(of(&[other("a", Kind::Directory), file("a", b"")]), "/a occurs twice in one package");
    assert_eq!(of(&[file("a", b""), file("a/b/c", b"")]), "/a/b/c lies below /a, which is no directory");
    assert_eq!(of(&[file("a", b""), other("a/b", Kind::Directory)]), "/a/b lies below /a, which is no directory");
    assert!(
        fragment(Compression::Zstd, &[other("lib", Kind::Symlink(b"usr/lib".to_vec())), file("lib/x", b"")]).is_ok()
    );

    let (short, _) = file("short", b"12345");
    assert_eq!(of(&[(short, b"123".to_vec())]), "/short: 5 bytes expected, 3 there");
}

#[test]
fn a_directory_twice_is_the_later_one() {
    let private = (Entry { mode: 0o700, ..other("d", Kind::Directory).0 }, Vec::new());
    let (index, _) = fragment(Compression::Zstd, &[other("d", Kind::Directory), private]).unwrap();
    assert_eq!(index.directories.iter().map(|entry| entry.mode).collect::<Vec<_>>(), [0o700]);
}

#[test]
fn a_filtered_fragment_is_what_is_left() {
    for compression in BOTH {
        let (index, bytes) = fragment(compression, &sample()).unwrap();
        for dropped in [
            &["etc/conf"][..],
            &["usr/small"],
            &["usr/big"],
            &["usr/big", "usr/hard1"],
            &["usr/hard1"],
            &["usr/big", "usr/hard1", "usr/hard2", "usr/hard3"],
            &["usr/second", "dev/null"],
            &["not/there"],
        ] {
            let drop: BTreeSet<Vec<u8>> = dropped.iter().map(|path| path.as_bytes().to_vec()).collect();
            let (left, out) = filtered(&index, Cursor::new(&bytes), &drop, Vec::new()).unwrap();
            assert_eq!((left.digest, left.size), (Digest::of(&out), out.len() as u64));
            assert_eq!(Index::decode(&left.encode()).unwrap(), left);
            assert_eq!(left.directories, index.directories);

            let mut before = FragmentReader::new(&index, Cursor::new(&bytes)).unwrap();
            let mut after = FragmentReader::new(&left, Cursor::new(&out)).unwrap();
            let kept = |placed: &&mokapot::domain::layer::Placed| !drop.contains(&placed.entry.path);
            let paths: Vec<_> = index.entries.iter().filter(kept).map(|placed| placed.entry.path.clone()).collect();
            assert_eq!(left.entries.iter().map(|placed| placed.entry.path.clone()).collect::<Vec<_>>(), paths);
            for path in paths {
                let same = before.read_path(&path).ok() == after.read_path(&path).ok();
                assert!(same, "{} without {dropped:?}", String::from_utf8_lossy(&path));
            }
            let links = |index: &Index| {
                index.entries.iter().filter(|placed| matches!(placed.entry.kind, Kind::Hardlink(_))).count()
            };
            if dropped == ["usr/big"] {
                assert_eq!(links(&left), 2, "the first link became the file, the others link to it");
                assert_eq!(left.find(b"usr/hard1").unwrap().entry.kind, Kind::File { size: 5 << 20 });
                assert_eq!(left.find(b"usr/hard3").unwrap().entry.kind, Kind::Hardlink(b"usr/hard1".to_vec()));
            }
            if dropped == ["not/there"] {
                assert!(left == index && out == bytes, "nothing dropped, nothing changed");
            }
        }
    }
}

#[test]
fn a_damaged_fragment_is_not_filtered() {
    let (index, mut bytes) = fragment(Compression::Zstd, &sample()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let error = filtered(&index, Cursor::new(&bytes), &BTreeSet::new(), Vec::new()).unwrap_err();
    assert!(matches!(error, LayerError::Changed { .. }), "{error}");
    bytes.push(0);
    assert!(filtered(&index, Cursor::new(&bytes), &BTreeSet::new(), Vec::new()).is_err());
}

#[test]
fn indexes_of_other_versions_and_damaged_ones_are_refused() {
    let (index, _) = fragment(Compression::Zstd, &sample()).unwrap();
    let bytes = index.encode();
    let mut newer = bytes.clone();
    newer[4] = 2;
    assert_eq!(Index::decode(&newer).unwrap_err().to_string(), "fragment index of version 2, this program knows 1");
    for length in 0..bytes.len() {
        assert!(Index::decode(&bytes[..length]).is_err(), "cut to {length} bytes");
    }
    assert!(Index::decode(&[&bytes[..], b"\0"].concat()).is_err());
    let lie = [&b"MKFI\x01\x01"[..], &[0; 32], &[0], &[0xff; 9], &[1]].concat();
    assert!(Index::decode(&lie).is_err(), "a huge count asks for no memory");
}

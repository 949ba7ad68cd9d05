//! The parsers under arbitrary and mutated bytes: they may refuse, never panic, never run away. The fuzz targets feed the same
//! entry points; this runs on every machine.

use std::io::Read;

use mokapot::base::Epoch;
use mokapot::domain::layer::{FragmentWriter, Index};
use mokapot::formats::compress::{Checksums, Codec, Compression};
use mokapot::formats::deb::DebReader;
use mokapot::formats::tar::{Entry, Kind, Limits, Reader, writer};
use proptest::prelude::*;

use crate::support::deb::Deb;

const LIMITS: Limits = Limits { entries: 1000, bytes: 1 << 20 };

fn read_tar(bytes: &[u8]) -> Option<Vec<(Entry, Vec<u8>)>> {
    let mut reader = Reader::new(bytes, LIMITS);
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry().ok()? {
        let mut content = Vec::new();
        reader.content().read_to_end(&mut content).ok()?;
        assert!(content.len() as u64 == entry.size());
        entries.push((entry, content));
    }
    Some(entries)
}

fn read_deb(bytes: &[u8]) -> Option<()> {
    let mut reader = DebReader::open(bytes, LIMITS, Checksums::Verify).ok()?;
    while reader.next_entry().ok()?.is_some() {}
    reader.finish().ok().map(drop)
}

/// Changes that keep most of the file: bytes set, a piece cut out, a piece doubled.
fn mutate(mut bytes: Vec<u8>, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    for (at, value, kind) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at % bytes.len();
        let end = (at + usize::from(*value)).min(bytes.len());
        match kind % 4 {
            0 | 1 => bytes[at] = *value,
            2 => drop(bytes.drain(at..end)),
            _ => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..8)
}

fn sample(codec: Codec) -> Deb {
    let mut special = Entry::new("usr/bin/tool", Kind::File { size: 4 }, 0o4755, 1 << 34);
    special.xattrs.insert("security.capability".into(), vec![1, 0, 0, 2]);
    Deb::new("sample", "1")
        .codec(codec)
        .control("conffiles", "/etc/a\n")
        .directory("etc")
        .file("etc/a", b"text")
        .symlink("etc/b", "a")
        .entry(special, b"tool")
        .file(&"long/".repeat(60), b"")
}

fn component() -> impl Strategy<Value = String> {
    "[a-zé.+_-]{1,60}"
        .prop_filter("not special", |name| !matches!(name.as_str(), "." | "..") && !name.starts_with(".wh."))
}

prop_compose! {
    fn entry()(
        path in prop::collection::vec(component(), 1..8),
        kind in 0..6,
        size in 0..2000_u64,
        mode in 0..0o10000_u32,
        uid: u32,
        gid: u32,
        mtime: i64,
        target in "[ -~é]{1,200}",
        xattr in prop::option::of((" |user\\.[a-z]{1,5}".prop_filter("a name", |name| name != " "), prop::collection::vec(any::<u8>(), 0..600))),
    ) -> Entry {
        let kind = match kind {
            0 => Kind::File { size },
            1 => Kind::Directory,
            2 => Kind::Symlink(target.into_bytes()),
            3 => Kind::CharDevice { major: mode, minor: uid >> 12 },
            4 => Kind::BlockDevice { major: 8, minor: mode },
            _ => Kind::Fifo,
        };
        let mut entry = Entry { path: path.join("/").into_bytes(), kind, mode, uid, gid, mtime, xattrs: Default::default() };
        entry.xattrs.extend(xattr);
        entry
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        read_tar(&bytes);
        read_deb(&bytes);
        read_deb(&[b"!<arch>\n", &bytes[..]].concat());
        let _ = Index::decode(&bytes);
        let _ = Index::decode(&[b"MKFI\x01", &bytes[..]].concat());
    }

    #[test]
    fn mutated_packages(changes in changes(), codec in 0..4_usize) {
        let codec = [Codec::None, Codec::Gzip, Codec::Xz, Codec::Zstd][codec];
        read_deb(&mutate(sample(codec).build(), &changes));
        read_tar(&mutate(sample(codec).data_tar(), &changes));
    }

    #[test]
    fn mutated_indexes(changes in changes()) {
        let mut writer = FragmentWriter::new(Compression::Zstd, Epoch::ZERO, Vec::new()).unwrap();
        for n in 0..20_usize {
            let content = vec![7; n * 10];
            let entry = Entry::new(format!("usr/share/{n}"), Kind::File { size: content.len() as u64 }, 0o644, 0);
            writer.push(&entry, &mut &content[..]).unwrap();
        }
        let (index, _) = writer.finish().unwrap();
        if let Ok(index) = Index::decode(&mutate(index.encode(), &changes)) {
            prop_assert_eq!(Index::decode(&index.encode()).unwrap(), index);
        }
    }

    #[test]
    fn what_the_writer_writes_the_reader_reads(entries in prop::collection::vec(entry(), 0..8)) {
        let mut bytes = Vec::new();
        for entry in &entries {
            writer::header(entry, &mut bytes).unwrap();
            let size = entry.size();
            bytes.resize(bytes.len() + usize::try_from(size).unwrap() + writer::padding(size), 0);
        }
        bytes.extend_from_slice(&writer::END);
        let read: Vec<Entry> = read_tar(&bytes).unwrap().into_iter().map(|(entry, _)| entry).collect();
        prop_assert_eq!(read, entries);
    }
}

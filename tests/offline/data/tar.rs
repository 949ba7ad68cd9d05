//! Archives as others write them, and as an attacker would.

use std::io::Read;

use mokapot::formats::tar::{Entry, Kind, Limits, Reader, TarError};

use crate::support::deb::{raw_header, seal};

const EMPTY: &[u8] = b"00000000000\0";

fn read(bytes: &[u8]) -> Result<Vec<(Entry, Vec<u8>)>, TarError> {
    let mut reader = Reader::new(bytes, Limits { entries: 100, bytes: 1 << 20 });
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        let mut content = Vec::new();
        reader.content().read_to_end(&mut content).map_err(|source| TarError::Read { offset: 0, source })?;
        entries.push((entry, content));
    }
    Ok(entries)
}

fn paths(bytes: &[u8]) -> Vec<String> {
    read(bytes).unwrap().iter().map(|(entry, _)| entry.shown()).collect()
}

fn refused(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// Blocks, and the end.
fn archive(blocks: &[Vec<u8>]) -> Vec<u8> {
    [blocks.concat(), vec![0; 1024]].concat()
}

fn file(name: &[u8]) -> Vec<u8> {
    raw_header(name, b'0', EMPTY, b"")
}

/// A header and its body, padded.
fn extension(typeflag: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = raw_header(b"extension", typeflag, format!("{:011o}\0", body.len()).as_bytes(), b"");
    bytes.extend_from_slice(body);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..).find(|length| rest + length.to_string().len() == *length).unwrap();
    format!("{length} {key}={value}\n").into_bytes()
}

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    extension(b'x', &records.iter().flat_map(|(key, value)| record(key, value)).collect::<Vec<u8>>())
}

#[test]
fn deb_28_paths_are_re_rooted_or_refused() {
    assert_eq!(paths(&archive(&[file(b"/etc/passwd"), file(b"./a"), file(b"C:\\x")])), ["/etc/passwd", "/a", "/C:\\x"]);
    for bad in [&b"./../../etc/x"[..], b"a/../../x", b".."] {
        let text = refused(&archive(&[file(b"fine"), file(bad)]));
        assert!(
            text.starts_with("tar archive at byte 512: path `") && text.ends_with("`..` leaves the tree"),
            "{text}"
        );
    }
    assert!(refused(&archive(&[pax(&[("path", "../x")]), file(b"x")])).ends_with("`..` leaves the tree"));
    assert!(refused(&archive(&[raw_header(b"x", b'1', EMPTY, b"../victim")])).ends_with("`..` leaves the tree"));
    assert_eq!(paths(&archive(&[file(b"./")])), ["/"], "a slash at the end is a directory");
    assert!(refused(&archive(&[file(b".")])).ends_with("the root can only be a directory"));
}

#[test]
fn deb_32_a_hard_link_to_itself() {
    let text = refused(&archive(&[raw_header(b"./x", b'1', EMPTY, b"/x")]));
    assert_eq!(text, "tar archive at byte 0: path `x`: a hard link to itself");
}

#[test]
fn deb_34_attributes() {
    let shipped = pax(&[
        ("SCHILY.xattr.security.capability", "cap"),
        ("SCHILY.xattr.user.note", "kept"),
        ("SCHILY.xattr.security.selinux", "a label of the machine that packed"),
        ("LIBARCHIVE.xattr.user.note", "a copy"),
    ]);
    let entries = read(&archive(&[shipped, file(b"x")])).unwrap();
    assert_eq!(entries[0].0.xattrs.keys().collect::<Vec<_>>(), ["security.capability", "user.note"]);
    for reserved in ["trusted.overlay.opaque", "trusted.overlay.redirect", "user.overlay.opaque"] {
        let header = pax(&[(&format!("SCHILY.xattr.{reserved}"), "y")]);
        assert!(refused(&archive(&[header, file(b"x")])).contains(reserved));
    }
    let mut set_id = file(b"x");
    set_id[100..108].copy_from_slice(b"0106755\0");
    seal(&mut set_id);
    assert_eq!(read(&archive(&[set_id])).unwrap()[0].0.mode, 0o6755);
}

#[test]
fn deb_35_a_pax_size_is_the_size() {
    let content = |text: &[u8]| [text, &vec![0; 512 - text.len()]].concat();
    // The ustar size says nothing, and the content looks like another entry.
    let hidden = archive(&[pax(&[("size", "512")]), file(b"outer"), file(b"inner"), file(b"after")]);
    assert_eq!(paths(&hidden), ["/outer", "/after"]);
    // The ustar size says a block, the pax size none.
    let phantom = archive(&[pax(&[("size", "0")]), raw_header(b"outer", b'0', b"00000001000\0", b""), file(b"inner")]);
    assert_eq!(paths(&phantom), ["/outer", "/inner"]);
    let shorter = archive(&[pax(&[("size", "3")]), raw_header(b"a", b'0', b"00000000004\0", b""), content(b"text")]);
    assert_eq!(read(&shorter).unwrap()[0].1, b"tex");
    // A pax size and a GNU long name before one entry: readers differ on which of the two the size is for.
    let both = archive(&[pax(&[("size", "512")]), extension(b'L', b"long\0"), file(b"x"), file(b"y")]);
    assert!(refused(&both).ends_with("a pax header and a GNU long name before one entry"));
}

#[test]
fn deb_37_ambiguous_mixes() {
    let pax_path = || pax(&[("path", "one")]);
    let long = || extension(b'L', b"two\0");
    let long_link = || extension(b'K', b"two\0");
    for mix in [
        vec![pax_path(), long()],
        vec![long(), pax_path()],
        vec![pax(&[("linkpath", "one")]), long_link()],
        vec![long_link(), pax(&[("linkpath", "one")])],
        vec![pax_path(), pax_path()],
        vec![long(), long()],
        vec![long_link(), long(), long_link()],
        vec![pax_path(), extension(b'g', &record("comment", "x"))],
        vec![extension(b'g', &record("path", "everything"))],
        vec![extension(b'g', &record("size", "0"))],
    ] {
        let text = refused(&archive(&[mix.concat(), file(b"x")]));
        assert!(text.contains(": ambiguous: "), "{text}");
    }
    assert_eq!(paths(&archive(&[long(), long_link(), raw_header(b"x", b'2', EMPTY, b"y")])), ["/two"]);
    let global = extension(b'g', &[record("comment", "a commit"), record("mtime", "7.9"), record("uid", "5")].concat());
    let entries = read(&archive(&[global, file(b"x"), pax(&[("uid", "6")]), file(b"y")])).unwrap();
    assert_eq!((entries[0].0.mtime, entries[0].0.uid, entries[1].0.uid), (7, 5, 6));
    assert!(refused(&archive(&[pax_path()])).ends_with("the archive ends after an extension header"));
    assert!(refused(&archive(&[raw_header(b"d", b'5', b"00000001000\0", b""), file(b"x")])).contains("ambiguous"));
    assert!(refused(&archive(&[raw_header(b"s/", b'2', EMPTY, b"t")])).contains("ambiguous"));
}

#[test]
fn deb_38_sparse_files() {
    assert!(refused(&archive(&[raw_header(b"x", b'S', EMPTY, b"")])).ends_with("sparse files are not supported"));
    for key in ["GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size", "GNU.sparse.realsize"] {
        assert!(refused(&archive(&[pax(&[(key, "1")]), file(b"x")])).ends_with("sparse files are not supported"));
    }
}

#[test]
fn deb_40_broken_headers_name_their_block() {
    let broken = |change: fn(&mut Vec<u8>)| {
        let mut block = file(b"x");
        change(&mut block);
        seal(&mut block);
        refused(&archive(&[file(b"fine"), block]))
    };
    assert_eq!(
        broken(|block| block[124..136].copy_from_slice(b"00000000008\0")),
        "tar archive at byte 512: the size field `00000000008` is no number in range"
    );
    assert!(broken(|block| block[108..116].copy_from_slice(b"00x0000\0")).contains("the uid field"));
    assert!(broken(|block| block[116..124].copy_from_slice(b"00000000")).contains("the gid field"));
    assert!(broken(|block| block[124] = 0xff).contains("the size field"));
    assert!(
        broken(|block| block[124..136].copy_from_slice(b"\x80\0\0\x01\0\0\0\0\0\0\0\0")).contains("the size field")
    );
    assert!(broken(|block| block[156] = b'X').ends_with("unknown entry type `X`"));
    assert!(broken(|block| block[156] = 0x1b).ends_with("unknown entry type `\\u{1b}`"));

    let mut wrong_sum = file(b"x");
    wrong_sum[0] = b'y';
    assert_eq!(refused(&archive(&[wrong_sum])), "tar archive at byte 0: the header's checksum is wrong");
    let long = raw_header(b"x", b'L', b"00100000000\0", b"");
    assert!(refused(&archive(&[long])).contains("more than the 1048576 allowed"));
    assert!(refused(&archive(&[extension(b'x', b"99 path=x\n"), file(b"x")])).contains("malformed pax header"));
}

#[test]
fn deb_41_the_end() {
    let one = [file(b"x")];
    assert!(refused(&one[0]).ends_with("cut short: no end-of-archive block"));
    assert!(refused(&[]).ends_with("cut short: no end-of-archive block"));
    assert_eq!(paths(&[one[0].clone(), vec![0; 512]].concat()), ["/x"]);
    assert_eq!(paths(&[archive(&one), b"garbage".to_vec()].concat()), ["/x"]);
    assert_eq!(paths(&[archive(&one), archive(&[file(b"second")])].concat()), ["/x"]);
    assert!(refused(&one[0][..300]).ends_with("cut short"));
    let cut_content = raw_header(b"x", b'0', b"00000001000\0", b"");
    assert!(refused(&[cut_content, vec![1; 100]].concat()).contains("cut short"));
}

#[test]
fn deb_44_names() {
    let names: [&[u8]; 4] = [b"caf\xe9", b"line\nbreak", b"\x1b[31mred", "e\u{301}/é".as_bytes()];
    let blocks: Vec<_> = names.iter().map(|name| file(name)).collect();
    let entries = read(&archive(&blocks)).unwrap();
    for ((entry, _), name) in entries.iter().zip(names) {
        assert_eq!(entry.path, name);
        assert!(entry.shown().chars().all(|c| !c.is_control()));
    }
    assert!(read(&archive(&[pax(&[("path", &"n".repeat(255))]), file(b"x")])).is_ok());
    assert!(refused(&archive(&[pax(&[("path", &"n".repeat(256))]), file(b"x")])).contains("longer than 255 bytes"));
    assert!(refused(&archive(&[pax(&[("path", &"d/".repeat(2100))]), file(b"x")])).contains("longer than 4095 bytes"));
}

#[test]
fn deb_46_times() {
    for (written, expected) in
        [("-5", -5), ("1099511627776", 1 << 40), ("12.999999999", 12), ("-0.5", -1), ("9223372036", 9_223_372_036)]
    {
        let entries = read(&archive(&[pax(&[("mtime", written)]), file(b"x")])).unwrap();
        assert_eq!(entries[0].0.mtime, expected, "{written}");
    }
    let mut before = file(b"x");
    before[136..148].copy_from_slice(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb");
    seal(&mut before);
    assert_eq!(read(&archive(&[before])).unwrap()[0].0.mtime, -5);
}

#[test]
fn deb_47_counts_and_sizes_are_capped() {
    let many: Vec<_> = (0..101).map(|n| file(format!("f{n}").as_bytes())).collect();
    assert!(refused(&archive(&many)).ends_with("more than 100 entries"));
    let huge = raw_header(b"x", b'0', b"\x80\0\0\0\0\0\x01\0\0\0\0\0", b"");
    assert_eq!(refused(&archive(&[huge])), "tar archive at byte 0: more than 1048576 bytes");
}

#[test]
fn deb_49_whiteouts() {
    for reserved in [&b".wh.passwd"[..], b"etc/.wh..wh..opq", b"etc/.wh.", b".wh.d/x"] {
        let text = refused(&archive(&[file(reserved)]));
        assert!(text.contains("mean deletions in an OCI layer"), "{text}");
        assert!(text.contains(&*String::from_utf8_lossy(reserved)), "{text}");
    }
    assert!(read(&archive(&[file(b".wharf")])).is_ok());
}

#[test]
fn old_and_gnu_headers() {
    let mut v7 = raw_header(b"usr/", 0, EMPTY, b"");
    v7[257..265].fill(0);
    seal(&mut v7);
    let mut gnu = file(b"new");
    gnu[257..265].copy_from_slice(b"ustar  \0");
    // Where POSIX has a prefix, GNU has times.
    gnu[345..356].copy_from_slice(b"14524770400");
    seal(&mut gnu);
    let mut prefixed = file(b"name");
    prefixed[345..348].copy_from_slice(b"a/b");
    seal(&mut prefixed);
    let entries = read(&archive(&[v7, gnu, prefixed])).unwrap();
    assert_eq!(entries[0].0.kind, Kind::Directory);
    assert_eq!(entries.iter().map(|(entry, _)| entry.shown()).collect::<Vec<_>>(), ["/usr", "/new", "/a/b/name"]);
}

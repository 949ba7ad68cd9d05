//! Whole packages, well formed and malformed. Ids name the rows of bad inputs that each test stands for.

use std::io::Read;

use mokapot::base::{Class, Fault};
use mokapot::formats::compress::{Checksums, Codec};
use mokapot::formats::deb::{DebError, DebReader};
use mokapot::formats::tar::{Entry, Kind, Limits};

use crate::support::deb::{self, Deb};

const CODECS: [Codec; 6] = [Codec::None, Codec::Gzip, Codec::Xz, Codec::Zstd, Codec::Bzip2, Codec::Lzma];

/// Paths and contents, read to the end of the file.
fn read(bytes: &[u8]) -> Result<Vec<(Entry, Vec<u8>)>, DebError> {
    let limits = Limits { entries: 1000, bytes: 4 << 20 };
    let mut reader = DebReader::open(bytes, limits, Checksums::Verify)?;
    let mut files = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        let mut content = Vec::new();
        reader
            .content()
            .read_to_end(&mut content)
            .map_err(|source| DebError::Read { member: "data".into(), source })?;
        files.push((entry, content));
    }
    reader.finish()?;
    Ok(files)
}

/// The error's text; its class is always that of broken bytes.
fn refused(bytes: &[u8]) -> String {
    let error = read(bytes).unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
    error.to_string()
}

fn sample() -> Deb {
    Deb::new("sample", "1.0-1")
        .control("postinst", "#!/bin/sh\nexit 0\n")
        .control("conffiles", "/etc/sample.conf\n")
        .control("md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/share/sample/empty\n")
        .control("triggers", "interest-noawait /usr/share/sample\n")
        .directory("")
        .directory("etc")
        .file("etc/sample.conf", b"key = value\n")
        .symlink("etc/link", "sample.conf")
        .hardlink("etc/hard", "etc/sample.conf")
        .file("usr/share/sample/empty", b"")
}

#[test]
fn every_compression_gives_the_same_package() {
    for codec in CODECS {
        let bytes = sample().codec(codec).build();
        let reader = DebReader::open(&bytes[..], Limits::default(), Checksums::Verify).unwrap();
        let control = reader.control();
        assert_eq!(control.package.name.as_str(), "sample");
        assert_eq!(control.conffiles[0].path, b"etc/sample.conf");
        assert_eq!(control.triggers[0].name, "/usr/share/sample");
        assert_eq!(control.md5sums.len(), 1);
        assert_eq!((control.files["postinst"].mode, control.files["postinst"].mtime), (0o755, deb::MTIME));
        assert!(control.files["postinst"].bytes.starts_with(b"#!/bin/sh"));
        let (control, rest) = reader.finish().unwrap();
        assert_eq!((control.stanza.get("Version"), rest), (Some("1.0-1"), &b""[..]));

        let files = read(&bytes).unwrap();
        let paths: Vec<String> = files.iter().map(|(entry, _)| entry.shown()).collect();
        assert_eq!(paths, ["/", "/etc", "/etc/sample.conf", "/etc/link", "/etc/hard", "/usr/share/sample/empty"]);
        assert_eq!(files[2].1, b"key = value\n");
        assert_eq!(files[4].0.kind, Kind::Hardlink(b"etc/sample.conf".to_vec()));
    }
}

#[test]
fn deb_01_02_files_that_are_no_package() {
    for bytes in [&b""[..], b"!<arch>", b"PK\x03\x04 and more", b"<html>404</html>"] {
        assert_eq!(refused(bytes), "not a Debian archive");
    }
    for old in [&b"0.939000\n100\n"[..], b"0.939", b"0.938000\n"] {
        assert_eq!(refused(old), "unsupported version of the Debian archive format: 0.93");
    }
}

#[test]
fn deb_04_05_each_member_once_and_in_order() {
    let sample = sample();
    let of = |change: fn(&mut Vec<(String, Vec<u8>)>)| refused(&sample.build_with(change));
    assert_eq!(of(|m| drop(m.remove(0))), "member `control.tar.gz` stands where `debian-binary` was expected");
    assert_eq!(of(|m| drop(m.remove(1))), "member `data.tar.gz` stands where `control.tar` was expected");
    assert_eq!(of(|m| drop(m.remove(2))), "member `data.tar` is missing");
    assert_eq!(of(|m| m.truncate(1)), "member `control.tar` is missing");
    assert_eq!(of(|m| m.clear()), "member `debian-binary` is missing");
    assert_eq!(of(|m| m.swap(1, 2)), "member `data.tar.gz` stands where `control.tar` was expected");
    for again in [0, 1, 2] {
        let bytes = sample.build_with(|members| members.push(members[again].clone()));
        let name = &sample.members()[again].0;
        assert_eq!(refused(&bytes), format!("member `{name}` occurs a second time"));
    }
    let other = of(|m| m.insert(2, ("control.tar.xz".into(), Vec::new())));
    assert_eq!(other, "member `control.tar.xz` stands where `data.tar` was expected");
    assert_eq!(
        of(|m| m.insert(1, ("extra".into(), Vec::new()))),
        "member `extra` stands where `control.tar` was expected"
    );

    let future = sample.build_with(|members| {
        members.insert(1, ("_later".into(), b"odd".to_vec()));
        members.push(("signature".into(), b"x".to_vec()));
    });
    assert_eq!(read(&future).unwrap().len(), 6);
}

#[test]
fn deb_07_format_versions() {
    let with = |text: &str| sample().build_with(|members| members[0].1 = text.as_bytes().to_vec());
    for good in ["2.0\n", "2.999\n", "2.0\nanother line\n"] {
        assert!(read(&with(good)).is_ok(), "{good} was refused");
    }
    for bad in ["3.0\n", "2.0", "2\n", "", "2.x\n", "12.0\n", " 2.0\n"] {
        assert!(refused(&with(bad)).starts_with("unsupported version of the Debian archive format: `"), "{bad}");
    }
    assert!(refused(&with(&format!("2.0\n{}", "x".repeat(5000)))).starts_with("unsupported version"));
}

#[test]
fn deb_08_10_member_headers_and_sizes() {
    let start = [&b"!<arch>\n"[..], deb::ar_header("debian-binary", "4").as_bytes(), b"2.0\n"].concat();
    let long_name = |size: &str| deb::ar_header("#1/13", size);
    for header in [
        deb::ar_header("control.tar.gz", "-60"),
        deb::ar_header("control.tar.gz", "12x"),
        deb::ar_header("control.tar.gz", ""),
        deb::ar_header("control.tar.gz", "+1"),
        deb::ar_header("", "4"),
        deb::ar_header("a b", "4"),
        deb::ar_header("//", "4"),
        long_name("12"),
        deb::ar_header("control.tar.gz", "4").replace('`', "'"),
        deb::ar_header("control.tar.gz", "4")[..40].to_owned(),
    ] {
        let bytes = [&start, header.as_bytes(), b"data"].concat();
        assert!(refused(&bytes).starts_with("invalid archive member header at byte 72: "), "{header}");
    }
    let huge = [&start, deb::ar_header("control.tar", "9999999999").as_bytes(), b"data"].concat();
    assert!(refused(&huge).contains("cut short"), "{}", refused(&huge));

    let whole = sample().build();
    let cut = refused(&whole[..whole.len() - 20]);
    assert!(cut.starts_with("data.tar.gz: ") && cut.contains("bytes expected"), "{cut}");
}

#[test]
fn deb_10_every_truncation_is_refused() {
    // A last byte of padding may be missing; nothing else.
    for codec in CODECS {
        let whole = sample().codec(codec).build();
        for length in 0..whole.len() - 1 {
            assert!(read(&whole[..length]).is_err(), "{codec:?} cut to {length} of {} bytes", whole.len());
        }
    }
}

#[test]
fn deb_11_names_of_compressions() {
    let named = |at: usize, name: &'static str| {
        refused(&sample().build_with(move |members| name.clone_into(&mut members[at].0)))
    };
    assert_eq!(named(2, "data.tar.bad"), "uses unknown compression for member `data.tar.bad`");
    assert_eq!(named(1, "control.tar.bz2"), "uses unknown compression for member `control.tar.bz2`");
    assert_eq!(named(1, "control.tar.lzma"), "uses unknown compression for member `control.tar.lzma`");
    assert!(named(2, "data.tar.xz").ends_with("expected xz data, found gzip"), "{}", named(2, "data.tar.xz"));
    assert!(named(2, "data.tar.lzma").ends_with("expected lzma data, found gzip"));
    // Uncompressed by its name: the gzip header is no tar header.
    assert!(named(2, "data.tar").contains("cut short") || named(2, "data.tar").contains("checksum"));

    let trailing = sample().codec(Codec::Lzma).build_with(|members| members[2].1.extend_from_slice(b"more"));
    assert_eq!(refused(&trailing), "4 bytes follow the compressed data of member `data.tar.lzma`");
}

#[test]
fn deb_13_bombs_stop_at_the_limit() {
    let zeros = vec![0; 64 << 20];
    for codec in [Codec::Gzip, Codec::Xz, Codec::Zstd] {
        let after_the_end = Deb::new("bomb", "1").codec(codec).build_with_data(&zeros);
        assert!(refused(&after_the_end).ends_with("more than 4194304 bytes"));
        let one_file = Deb::new("bomb", "1").codec(codec).file("zeros", &zeros).build();
        assert!(refused(&one_file).ends_with("more than 4194304 bytes"));
    }
    let frames = zstd::bulk::compress(b"", 1).unwrap().repeat(1_000_000);
    let empty_frames = Deb::new("bomb", "1").codec(Codec::Zstd).build_with(|members| members[2].1 = frames);
    assert!(refused(&empty_frames).ends_with("no end-of-archive block"));
}

#[test]
fn deb_14_memory_is_capped_and_the_header_value_named() {
    let mut window = zstd::bulk::compress(&[0; 4096], 1).unwrap();
    window[4] &= !0x20;
    window[5] = 0xa8;
    let bytes = Deb::new("greedy", "1").codec(Codec::Zstd).build_with(|members| members[2].1 = window);
    let text = refused(&bytes);
    assert!(text.ends_with("declares a window of 2147483648 bytes, more than the 134217728 bytes allowed"), "{text}");

    let mut options = liblzma::stream::LzmaOptions::new_preset(0).unwrap();
    options.dict_size(1 << 20);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma2(&options);
    let stream = liblzma::stream::Stream::new_stream_encoder(&filters, liblzma::stream::Check::None).unwrap();
    let mut xz = Vec::new();
    liblzma::read::XzEncoder::new_stream(&b"text"[..], stream).read_to_end(&mut xz).unwrap();
    // The dictionary's byte, and the checksum of the block header behind it.
    let header = 12..12 + 4 * (usize::from(xz[12]) + 1);
    let at = header.clone().find(|at| xz[*at] == 0x21 && xz[at + 1] == 1).unwrap() + 2;
    xz[at] = 37;
    let sum = libdeflater::crc32(&xz[header.start..header.end - 4]);
    xz[header.end - 4..header.end].copy_from_slice(&sum.to_le_bytes());
    let bytes = Deb::new("greedy", "1").codec(Codec::Xz).build_with(|members| members[2].1 = xz);
    let text = refused(&bytes);
    assert!(
        text.ends_with("declares a dictionary of 1610612736 bytes, more than the 75497472 bytes allowed"),
        "{text}"
    );
}

#[test]
fn deb_17_control_must_be_there_and_small() {
    let empty = deb::tar(&[]);
    assert_eq!(refused(&sample().build_with_control(&empty)), "control file `control`: it is missing");
    let blank = deb::tar(&[(Entry::new("control", Kind::File { size: 0 }, 0o644, 0), Vec::new())]);
    assert!(refused(&sample().build_with_control(&blank)).contains("no field at all"));
    let huge = vec![b'#'; (64 << 20) + 1];
    let huge = deb::tar(&[(Entry::new("templates", Kind::File { size: huge.len() as u64 }, 0o644, 0), huge)]);
    let text = refused(&sample().codec(Codec::Zstd).build_with_control(&huge));
    assert_eq!(text, "control file too large: 67108865 bytes, more than the 67108864 allowed");
}

#[test]
fn deb_19_fields_cannot_be_smuggled_in() {
    for injected in
        ["x\r\rPackage: evil\rStatus: install ok installed", "x\u{2028}Package: evil", "x\n\nPackage: evil\n"]
    {
        let text = refused(&Deb::new("sample", "1").field("Description", injected).build());
        assert!(text.starts_with("control file `control`: line "), "{text}");
    }
    let folded = Deb::new("sample", "1").field("Description", "x\n Package: evil").build();
    let reader = DebReader::open(&folded[..], Limits::default(), Checksums::Verify).unwrap();
    assert_eq!(reader.control().stanza.get("Package"), Some("sample"));
}

#[test]
fn deb_22_control_entries() {
    let entry = |path: &str, kind| Entry::new(path, kind, 0o644, 0);
    let with = |entry: Entry| refused(&sample().control_entry(entry, b"").build());
    assert_eq!(with(entry("control", Kind::File { size: 0 })), "control entry `control`: it occurs a second time");
    assert_eq!(
        with(entry("shadow", Kind::Symlink("/etc/shadow".into()))),
        "control entry `shadow`: only regular files are allowed"
    );
    assert_eq!(with(entry("a/b", Kind::File { size: 0 })), "control entry `a/b`: folders are not allowed");
    let outside = [deb::raw_header(b"../control", b'0', b"00000000000\0", b""), sample().control_tar()].concat();
    assert!(refused(&sample().build_with_control(&outside)).ends_with("path `../control`: `..` leaves the tree"));
}

#[test]
fn deb_26_conffiles() {
    for (bad, reason) in [
        ("etc/a\n", "line 1: `etc/a`: the path is not absolute"),
        ("/etc/a\n/etc/a\n", "line 2: `/etc/a`: it occurs a second time"),
        ("/etc/a", "line 1: the final newline is missing"),
        ("unknown /etc/a\n", "line 1: `unknown /etc/a`: unknown flag"),
    ] {
        let text = refused(&Deb::new("sample", "1").control("conffiles", bad).build());
        assert_eq!(text, format!("control file `conffiles`: {reason}"));
    }
}

#[test]
fn deb_47_counts_are_capped() {
    let many: Vec<_> =
        (0..1001).map(|n| (Entry::new(format!("f{n}"), Kind::File { size: 0 }, 0o644, 0), Vec::new())).collect();
    let text = refused(&Deb::new("many", "1").build_with_data(&deb::tar(&many)));
    assert!(text.ends_with("more than 1000 entries"), "{text}");
}

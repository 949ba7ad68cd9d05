//! A builder of `.deb` files: well-formed ones by default, and every way to be malformed that a test may want.

use std::io::Write;

use mokapot::formats::compress::Codec;
use mokapot::formats::tar::{Entry, Kind, writer};

/// The moment of every entry that is given none.
pub const MTIME: i64 = 1_700_000_000;

/// A package under construction.
#[derive(Clone, Debug)]
pub struct Deb {
    fields: Vec<(String, String)>,
    control: Vec<(Entry, Vec<u8>)>,
    data: Vec<(Entry, Vec<u8>)>,
    control_codec: Codec,
    data_codec: Codec,
}

impl Deb {
    /// A package of this name and version, for all architectures, with no files.
    pub fn new(name: &str, version: &str) -> Self {
        let fields = [
            ("Package", name),
            ("Version", version),
            ("Architecture", "all"),
            ("Maintainer", "Tests <tests@example.org>"),
            ("Description", "made by a test"),
        ];
        Self {
            fields: fields.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
            control: Vec::new(),
            data: Vec::new(),
            control_codec: Codec::Gzip,
            data_codec: Codec::Gzip,
        }
    }

    /// Sets a field of the control file.
    pub fn field(mut self, key: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => value.clone_into(old),
            None => self.fields.push((key.to_owned(), value.to_owned())),
        }
        self
    }

    /// How both archives are compressed; `control.tar` stays with gzip where it may not be so.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.data_codec = codec;
        self.control_codec = if matches!(codec, Codec::Bzip2 | Codec::Lzma) { Codec::Gzip } else { codec };
        self
    }

    /// Adds a file to `control.tar`: `postinst` and its kin are executable.
    pub fn control(self, name: &str, content: &str) -> Self {
        let script = matches!(name, "preinst" | "postinst" | "prerm" | "postrm" | "config");
        let mode = if script { 0o755 } else { 0o644 };
        self.control_entry(Entry::new(name, file(content.as_bytes()), mode, MTIME), content.as_bytes())
    }

    /// Adds any entry to `control.tar`.
    pub fn control_entry(mut self, entry: Entry, content: &[u8]) -> Self {
        self.control.push((entry, content.to_vec()));
        self
    }

    /// Ships a file.
    pub fn file(self, path: &str, content: &[u8]) -> Self {
        self.entry(Entry::new(path, file(content), 0o644, MTIME), content)
    }

    /// Ships a directory.
    pub fn directory(self, path: &str) -> Self {
        self.entry(Entry::new(path, Kind::Directory, 0o755, MTIME), b"")
    }

    /// Ships a symbolic link.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(Entry::new(path, Kind::Symlink(target.into()), 0o777, MTIME), b"")
    }

    /// Ships a hard link to a path shipped before.
    pub fn hardlink(self, path: &str, target: &str) -> Self {
        self.entry(Entry::new(path, Kind::Hardlink(target.into()), 0o644, MTIME), b"")
    }

    /// Ships any entry.
    pub fn entry(mut self, entry: Entry, content: &[u8]) -> Self {
        self.data.push((entry, content.to_vec()));
        self
    }

    /// The control file.
    pub fn stanza(&self) -> String {
        self.fields.iter().map(|(key, value)| format!("{key}: {value}\n")).collect()
    }

    /// The plain `control.tar`.
    pub fn control_tar(&self) -> Vec<u8> {
        let stanza = self.stanza();
        let root = (Entry::new("", Kind::Directory, 0o755, MTIME), Vec::new());
        let control = (Entry::new("control", file(stanza.as_bytes()), 0o644, MTIME), stanza.into_bytes());
        tar([root, control].iter().chain(&self.control))
    }

    /// The plain `data.tar`.
    pub fn data_tar(&self) -> Vec<u8> {
        tar(&self.data)
    }

    /// The members, in order: names and bytes.
    pub fn members(&self) -> Vec<(String, Vec<u8>)> {
        vec![
            ("debian-binary".into(), b"2.0\n".to_vec()),
            (name("control.tar", self.control_codec), compress(self.control_codec, &self.control_tar())),
            (name("data.tar", self.data_codec), compress(self.data_codec, &self.data_tar())),
        ]
    }

    /// The `.deb`.
    pub fn build(&self) -> Vec<u8> {
        ar(&self.members())
    }

    /// The `.deb`, after `change` had its way with the members.
    pub fn build_with(&self, change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Vec<u8> {
        let mut members = self.members();
        change(&mut members);
        ar(&members)
    }

    /// The `.deb` with this as its plain `data.tar`.
    pub fn build_with_data(&self, plain: &[u8]) -> Vec<u8> {
        self.build_with(|members| members[2].1 = compress(self.data_codec, plain))
    }

    /// The `.deb` with this as its plain `control.tar`.
    pub fn build_with_control(&self, plain: &[u8]) -> Vec<u8> {
        self.build_with(|members| members[1].1 = compress(self.control_codec, plain))
    }
}

fn file(content: &[u8]) -> Kind {
    Kind::File { size: content.len() as u64 }
}

fn name(stem: &str, codec: Codec) -> String {
    let ending = match codec {
        Codec::None => "",
        Codec::Gzip => ".gz",
        Codec::Xz => ".xz",
        Codec::Zstd => ".zst",
        Codec::Bzip2 => ".bz2",
        Codec::Lzma => ".lzma",
    };
    format!("{stem}{ending}")
}

/// A tar archive of these entries, with its end.
pub fn tar<'a>(entries: impl IntoIterator<Item = &'a (Entry, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (entry, content) in entries {
        writer::header(entry, &mut bytes).unwrap();
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len() + writer::padding(content.len() as u64), 0);
    }
    bytes.extend_from_slice(&writer::END);
    bytes
}

/// A raw header block, its checksum right: for entries that our own writer refuses to write.
pub fn raw_header(name: &[u8], typeflag: u8, size: &[u8], link: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    for (at, field) in [
        (0, name),
        (100, &b"0000644\0"[..]),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, size),
        (136, b"00000000000\0"),
        (156, &[typeflag]),
        (157, link),
        (257, b"ustar\x0000"),
    ] {
        block[at..at + field.len()].copy_from_slice(field);
    }
    seal(&mut block);
    block
}

/// Makes the checksum of a header block right.
pub fn seal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block[..512].iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// An `ar` archive of these members.
pub fn ar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        bytes.extend_from_slice(ar_header(name, &content.len().to_string()).as_bytes());
        bytes.extend_from_slice(content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// The header of an `ar` member, with any text as its size.
pub fn ar_header(name: &str, size: &str) -> String {
    format!("{name:<16}{MTIME:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, "100644")
}

/// The bytes, compressed.
pub fn compress(codec: Codec, plain: &[u8]) -> Vec<u8> {
    match codec {
        Codec::None => plain.to_vec(),
        Codec::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        Codec::Xz => liblzma::encode_all(plain, 1).unwrap(),
        Codec::Zstd => zstd::bulk::compress(plain, 1).unwrap(),
        Codec::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        Codec::Lzma => {
            let options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
            let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
            let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
    }
}

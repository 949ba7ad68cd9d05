//! Layers: a valid tar, verified inputs, digests that are pinned.

use std::io::{Cursor, Read};

use mokapot::base::{DiffId, Digest};
use mokapot::domain::layer::{LayerError, LayerWriter};
use mokapot::formats::compress::{Checksums, Codec, Compression, Decoder};
use mokapot::formats::tar::{Entry, Kind, Limits, Reader};

use super::fragment::{BOTH, epoch, file, fragment, noise, other, sample};

fn decompress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    let codec = match compression {
        Compression::Gzip => Codec::Gzip,
        Compression::Zstd => Codec::Zstd,
    };
    let mut plain = Vec::new();
    Decoder::new(codec, bytes, Checksums::Verify).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn a_layer_is_one_valid_tar_of_its_parts_in_order() {
    for compression in BOTH {
        let (first, first_bytes) = fragment(compression, &sample()).unwrap();
        let (second, second_bytes) = fragment(compression, &[file("opt/x", b"x")]).unwrap();
        let (empty, empty_bytes) = fragment(compression, &[other("var", Kind::Directory)]).unwrap();
        let directories = ["", "dev", "etc", "opt", "usr"].map(|path| other(path, Kind::Directory).0);

        let mut layer = LayerWriter::new(compression, epoch(), Vec::new()).unwrap();
        layer.push_all(&directories).unwrap();
        layer.fragment(&first, &mut &first_bytes[..]).unwrap();
        layer.fragment(&empty, &mut &empty_bytes[..]).unwrap();
        layer.fragment(&second, &mut &second_bytes[..]).unwrap();
        let (generated, content) = file("etc/ld.so.cache", &noise(1000, 3));
        layer.push(&generated, &mut &content[..]).unwrap();
        let (assembled, bytes) = layer.finish().unwrap();

        assert_eq!((assembled.digest, assembled.size), (Digest::of(&bytes), bytes.len() as u64));
        let plain = decompress(compression, &bytes);
        assert_eq!((assembled.diff_id, assembled.plain_size), (DiffId(Digest::of(&plain)), plain.len() as u64));
        assert!(plain.ends_with(&[0; 1024]) && plain.len().is_multiple_of(512));
        let at = bytes.windows(first_bytes.len()).position(|window| window == first_bytes);
        assert!(at.is_some(), "the fragment's bytes are in the layer as they are");

        let mut reader = Reader::new(&plain[..], Limits::default());
        let mut paths = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            paths.push(entry.shown());
        }
        let expected = "/ /dev /etc /opt /usr /etc/conf /etc/link /usr/big /usr/hard1 /usr/hard2 /usr/hard3 \
                        /usr/small /usr/second /dev/null /opt/x /etc/ld.so.cache";
        assert_eq!(paths.join(" "), expected);
    }
}

#[test]
fn an_empty_layer_is_an_empty_archive() {
    let (assembled, bytes) = LayerWriter::new(Compression::Gzip, epoch(), Vec::new()).unwrap().finish().unwrap();
    assert_eq!(decompress(Compression::Gzip, &bytes), [0; 1024]);
    assert_eq!(assembled.plain_size, 1024);
}

#[test]
fn layer_digests_are_pinned() {
    for (compression, expected) in [
        (Compression::Gzip, "sha256:2d2c09eff1a07ed223479f44c1d0b8fbfff4ac27df3beb3541de25af05617925"),
        (Compression::Zstd, "sha256:240d2070263d84a48bc1c11aa66a7b1b30368f12873f16a382d8e3785ad0cef6"),
    ] {
        let (index, bytes) = fragment(compression, &sample()).unwrap();
        let mut layer = LayerWriter::new(compression, epoch(), Vec::new()).unwrap();
        layer.push(&other("etc", Kind::Directory).0, &mut std::io::empty()).unwrap();
        layer.fragment(&index, &mut &bytes[..]).unwrap();
        let (assembled, _) = layer.finish().unwrap();
        assert_eq!(
            assembled.diff_id.to_string(),
            "sha256:12014d4e5551ec07ca819200649bdd26bbb5653f14a3a1e77cef54788c7511c8",
            "the tar of layers changed: if that is meant, raise tar::writer::FORMAT, say so in the changelog, pin this"
        );
        assert_eq!(
            assembled.digest.to_string(),
            expected,
            "the {compression} bytes of layers changed: if that is meant, raise compress::FORMAT (the encoder) or \
             layer::fragment::FORMAT (how members are cut), say so in the changelog, pin this"
        );
    }
}

#[test]
fn fragments_are_hashed_again_on_use() {
    let (index, bytes) = fragment(Compression::Zstd, &sample()).unwrap();
    let assemble = |bytes: &[u8]| {
        let mut layer = LayerWriter::new(Compression::Zstd, epoch(), Vec::new()).unwrap();
        layer.fragment(&index, &mut Cursor::new(bytes)).unwrap_err()
    };
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x40;
    for damaged in [&flipped[..], &bytes[..bytes.len() - 1], &[&bytes[..], b"x"].concat(), b""] {
        let error = assemble(damaged);
        assert!(matches!(error, LayerError::Changed { expected, .. } if expected == index.digest), "{error}");
    }

    let mut layer = LayerWriter::new(Compression::Gzip, epoch(), Vec::new()).unwrap();
    let error = layer.fragment(&index, &mut &bytes[..]).unwrap_err();
    assert!(matches!(error, LayerError::MixedCompression(_)), "{error}");
}

#[test]
fn times_of_generated_entries_are_clamped() {
    let late = Entry { mtime: i64::MAX, ..other("d", Kind::Directory).0 };
    let mut layer = LayerWriter::new(Compression::Zstd, epoch(), Vec::new()).unwrap();
    layer.push_all([&late]).unwrap();
    let (_, bytes) = layer.finish().unwrap();
    let plain = decompress(Compression::Zstd, &bytes);
    assert_eq!(Reader::new(&plain[..], Limits::default()).next_entry().unwrap().unwrap().mtime, 1_700_000_000);
}

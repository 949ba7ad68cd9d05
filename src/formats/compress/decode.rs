//! Streaming decoders for bytes that others compressed.
//!
//! Memory is bounded by what the decoders may allocate for a header's word: [`XZ_MEMORY`], [`ZSTD_WINDOW_LOG`]. How much
//! comes *out* is the caller's limit. Members, streams and frames one after the other are one text, as the formats say;
//! bytes after them that are no further one are an error.

use std::io::{self, BufRead, Read};

use super::window::{self, HEAD};
use super::{Codec, CompressError};

/// The most memory an xz or lzma decoder may take: `xz -9`, the largest preset, needs 65 MiB.
pub const XZ_MEMORY: u64 = 72 << 20;

/// The largest zstd window, as a power of two: 128 MiB, what `zstd --ultra -22` declares.
pub const ZSTD_WINDOW_LOG: u32 = 27;

/// What is to be done with the checksums inside compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksums {
    /// They are computed, and an error where they differ.
    Verify,
    /// These very bytes (the caller knows their digest) were verified before: where the codec allows it, as xz does,
    /// the time is saved.
    Known,
}

/// Reads the plain bytes of a compressed input.
///
/// Its errors hold a [`CompressError`] where the compressed bytes are at fault, and are the input's own otherwise.
pub struct Decoder<R: BufRead>(Inner<R>);

enum Inner<R: BufRead> {
    None(Head<R>),
    Gzip(flate2::bufread::MultiGzDecoder<Head<R>>),
    Xz(liblzma::bufread::XzDecoder<Head<R>>),
    Zstd(zstd::stream::read::Decoder<'static, Head<R>>),
    Bzip2(bzip2::bufread::MultiBzDecoder<Head<R>>),
    Lzma(liblzma::bufread::XzDecoder<Head<R>>),
}

/// Remembers the first bytes of an input, for errors, and whether the input itself failed.
struct Head<R> {
    input: R,
    bytes: [u8; HEAD],
    seen: usize,
    consumed: usize,
    failed: bool,
}

impl<R: BufRead> Decoder<R> {
    /// Decodes `input` as `codec` says, with or without a look at its checksums.
    ///
    /// # Errors
    /// When a decoder cannot be set up for want of memory.
    pub fn new(codec: Codec, input: R, checksums: Checksums) -> io::Result<Self> {
        use liblzma::stream::{CONCATENATED, IGNORE_CHECK, Stream};
        let head = Head { input, bytes: [0; HEAD], seen: 0, consumed: 0, failed: false };
        Ok(Self(match codec {
            Codec::None => Inner::None(head),
            Codec::Gzip => Inner::Gzip(flate2::bufread::MultiGzDecoder::new(head)),
            Codec::Xz => {
                let flags = match checksums {
                    Checksums::Verify => CONCATENATED,
                    Checksums::Known => CONCATENATED | IGNORE_CHECK,
                };
                let stream = Stream::new_stream_decoder(XZ_MEMORY, flags)?;
                Inner::Xz(liblzma::bufread::XzDecoder::new_stream(head, stream))
            }
            Codec::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(head)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Inner::Zstd(decoder)
            }
            Codec::Bzip2 => Inner::Bzip2(bzip2::bufread::MultiBzDecoder::new(head)),
            Codec::Lzma => {
                let stream = Stream::new_lzma_decoder(XZ_MEMORY)?;
                Inner::Lzma(liblzma::bufread::XzDecoder::new_stream(head, stream))
            }
        }))
    }

    /// The codec.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        match self.0 {
            Inner::None(_) => Codec::None,
            Inner::Gzip(_) => Codec::Gzip,
            Inner::Xz(_) => Codec::Xz,
            Inner::Zstd(_) => Codec::Zstd,
            Inner::Bzip2(_) => Codec::Bzip2,
            Inner::Lzma(_) => Codec::Lzma,
        }
    }

    /// Gives the input back, as far as it was read.
    pub fn into_inner(self) -> R {
        match self.0 {
            Inner::None(head) => head,
            Inner::Gzip(decoder) => decoder.into_inner(),
            Inner::Xz(decoder) | Inner::Lzma(decoder) => decoder.into_inner(),
            Inner::Zstd(decoder) => decoder.finish(),
            Inner::Bzip2(decoder) => decoder.into_inner(),
        }
        .input
    }

    fn head(&self) -> &Head<R> {
        match &self.0 {
            Inner::None(head) => head,
            Inner::Gzip(decoder) => decoder.get_ref(),
            Inner::Xz(decoder) | Inner::Lzma(decoder) => decoder.get_ref(),
            Inner::Zstd(decoder) => decoder.get_ref(),
            Inner::Bzip2(decoder) => decoder.get_ref(),
        }
    }

    /// Says in our words why decoding failed, unless the input itself did.
    fn explain(&self, error: io::Error) -> io::Error {
        let (codec, head) = (self.codec(), self.head());
        if head.failed || error.kind() == io::ErrorKind::Interrupted {
            return error;
        }
        let bytes = &head.bytes[..head.seen];
        let limit = match codec {
            Codec::Zstd => 1 << ZSTD_WINDOW_LOG,
            _ => XZ_MEMORY,
        };
        let found = Codec::sniff(bytes).filter(|found| *found != codec);
        let declared = window::declared(codec, bytes).filter(|declared| *declared > limit);
        let over = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<liblzma::stream::Error>())
            .is_some_and(|error| *error == liblzma::stream::Error::MemLimit);
        let ours = match (found, declared) {
            (Some(found), _) => CompressError::Mismatch { expected: codec, found },
            (None, Some(declared)) => CompressError::Memory { codec, declared, limit },
            (None, None) if over => CompressError::MemoryLater { codec, limit },
            (None, None) => CompressError::Broken { codec, reason: error.to_string() },
        };
        io::Error::new(io::ErrorKind::InvalidData, ours)
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = match &mut self.0 {
            Inner::None(head) => head.read(buffer),
            Inner::Gzip(decoder) => decoder.read(buffer),
            Inner::Xz(decoder) | Inner::Lzma(decoder) => decoder.read(buffer),
            Inner::Zstd(decoder) => decoder.read(buffer),
            Inner::Bzip2(decoder) => decoder.read(buffer),
        };
        result.map_err(|error| self.explain(error))
    }
}

impl<R: BufRead> Read for Head<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Head<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.input.fill_buf() {
            Ok(bytes) => {
                // What is looked at but not yet consumed counts too: a decoder may fail before it consumes anything.
                let space = &mut self.bytes[self.consumed..];
                let n = bytes.len().min(space.len());
                space[..n].copy_from_slice(&bytes[..n]);
                self.seen = self.seen.max(self.consumed + n);
                Ok(bytes)
            }
            Err(error) => {
                self.failed = error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }

    fn consume(&mut self, amount: usize) {
        self.consumed = self.consumed.saturating_add(amount).min(HEAD);
        self.input.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn decode(codec: Codec, bytes: &[u8]) -> Result<Vec<u8>, CompressError> {
        let mut plain = Vec::new();
        match Decoder::new(codec, bytes, Checksums::Verify).unwrap().read_to_end(&mut plain) {
            Ok(_) => Ok(plain),
            Err(error) => Err(error.get_ref().unwrap().downcast_ref::<CompressError>().unwrap().clone()),
        }
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn bzip2(plain: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn xz(plain: &[u8]) -> Vec<u8> {
        liblzma::encode_all(plain, 1).unwrap()
    }

    fn lzma(plain: &[u8], dictionary: u32) -> Vec<u8> {
        let mut options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
        options.dict_size(dictionary);
        let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
        let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(plain: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(plain, 1).unwrap()
    }

    #[test]
    fn members_one_after_the_other_are_one_text() {
        for (codec, encode) in [
            (Codec::Gzip, gzip as fn(&[u8]) -> Vec<u8>),
            (Codec::Xz, xz),
            (Codec::Zstd, zstd),
            (Codec::Bzip2, bzip2),
            (Codec::None, <[u8]>::to_vec),
        ] {
            let both = [encode(b"one "), encode(b""), encode(b"two")].concat();
            assert_eq!(decode(codec, &both).unwrap(), b"one two", "{codec:?}");
        }
        assert_eq!(decode(Codec::Lzma, &lzma(b"one", 1 << 16)).unwrap(), b"one");
    }

    #[test]
    fn cut_and_foreign_bytes_are_named() {
        let codecs: [(Codec, Vec<u8>); 5] = [
            (Codec::Gzip, gzip(b"text")),
            (Codec::Xz, xz(b"text")),
            (Codec::Zstd, zstd(b"text")),
            (Codec::Bzip2, bzip2(b"text")),
            (Codec::Lzma, lzma(b"text", 1 << 16)),
        ];
        for (codec, bytes) in &codecs {
            for cut in 1..bytes.len() {
                assert!(decode(*codec, &bytes[..cut]).is_err(), "{codec:?} cut at {cut}");
            }
            let garbage = [bytes, &b"garbage"[..]].concat();
            assert!(*codec == Codec::Lzma || decode(*codec, &garbage).is_err(), "{codec:?} with garbage");
            for (other, _) in codecs.iter().filter(|(other, _)| other != codec && *codec != Codec::Lzma) {
                let error = decode(*other, bytes).unwrap_err();
                assert_eq!(error, CompressError::Mismatch { expected: *other, found: *codec });
            }
        }
    }

    #[test]
    fn a_wrong_checksum_is_seen_unless_it_is_known_to_be_right() {
        let mut bytes = xz(b"text");
        let check = bytes.len() - 12 - 8 - 8; // footer, index, CRC-64
        bytes[check] ^= 1;
        let read = |checksums| {
            let mut plain = Vec::new();
            Decoder::new(Codec::Xz, &bytes[..], checksums).unwrap().read_to_end(&mut plain).map(|_| plain)
        };
        assert!(read(Checksums::Verify).is_err());
        assert_eq!(read(Checksums::Known).unwrap(), b"text");
    }

    #[test]
    fn memory_is_bounded_and_the_error_names_the_header_value() {
        let mut window = zstd(&[0; 1000]);
        window[4] &= !0x20;
        window[5] = 0xa8;
        let error = decode(Codec::Zstd, &window).unwrap_err().to_string();
        assert_eq!(error, "zstd data declares a window of 2147483648 bytes, more than the 134217728 bytes allowed");

        let error = decode(Codec::Lzma, &lzma(b"x", 1_536 << 20)).unwrap_err().to_string();
        assert_eq!(error, "lzma data declares a dictionary of 1610612736 bytes, more than the 75497472 bytes allowed");
    }

    #[test]
    fn an_input_that_fails_is_not_blamed_on_the_codec() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        for codec in [Codec::None, Codec::Gzip, Codec::Xz, Codec::Zstd, Codec::Bzip2, Codec::Lzma] {
            let mut decoder = Decoder::new(codec, io::BufReader::new(Broken), Checksums::Verify).unwrap();
            let error = decoder.read(&mut [0; 10]).unwrap_err();
            assert_eq!(error.to_string(), "the disk is gone", "{codec:?}");
        }
    }
}

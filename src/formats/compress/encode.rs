//! The encoder of our own bytes: one bounded plain buffer in, one independent gzip member or zstd frame out.
//!
//! Members may be written one after the other, so a layer is a concatenation. The output depends on the plain bytes and
//! on [`FORMAT`] alone: one thread, one call a member, no time, no name, and encoders whose choices do not depend on the CPU:
//!
//! | | encoder | level | header |
//! |---|---|---|---|
//! | gzip | libdeflate | 6 | no name, modification time 0, operating system 255 (unknown) |
//! | zstd | libzstd, one-shot | 3 (`dfast`, which has no SIMD variant of its match finder) | content size, no checksum, no dictionary |
//!
//! No checksum in zstd frames, because every stored blob is checked against its SHA-256.

use super::{CompressError, Compression};

/// The version of the encoded bytes. It stands for crate versions and levels as they are in this file and in
/// `Cargo.lock`; whatever changes one output byte must raise it, because cached fragments are keyed by it.
///
/// 1: libdeflate 1.26 level 6; libzstd 1.5.7 level 3.
pub const FORMAT: u32 = 1;

const GZIP_LEVEL: i32 = 6;
const ZSTD_LEVEL: i32 = 3;

/// Compresses members, with one context and one output buffer for all of them.
pub struct MemberEncoder {
    context: Context,
    out: Vec<u8>,
}

enum Context {
    Gzip(libdeflater::Compressor),
    Zstd(zstd::bulk::Compressor<'static>),
}

/// Decompresses members whose plain length is known, with one context for all of them.
pub struct MemberDecoder(Opposite);

enum Opposite {
    Gzip(libdeflater::Decompressor),
    Zstd(zstd::bulk::Decompressor<'static>),
}

impl MemberEncoder {
    /// An encoder for members of one kind.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new(compression: Compression) -> Result<Self, CompressError> {
        let context = match compression {
            Compression::Gzip => {
                let level =
                    libdeflater::CompressionLvl::new(GZIP_LEVEL).map_err(|_| fail(compression, &"no such level"))?;
                Context::Gzip(libdeflater::Compressor::new(level))
            }
            Compression::Zstd => {
                Context::Zstd(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|e| fail(compression, &e))?)
            }
        };
        Ok(Self { context, out: Vec::new() })
    }

    /// The member that holds `plain`. It stays valid until the next call.
    ///
    /// # Errors
    /// When memory is short.
    pub fn encode(&mut self, plain: &[u8]) -> Result<&[u8], CompressError> {
        let bound = match &mut self.context {
            Context::Gzip(context) => context.gzip_compress_bound(plain.len()),
            Context::Zstd(_) => zstd::zstd_safe::compress_bound(plain.len()),
        };
        if self.out.len() < bound {
            self.out.resize(bound, 0);
        }
        let length = match &mut self.context {
            Context::Gzip(context) => {
                context.gzip_compress(plain, &mut self.out).map_err(|e| fail(Compression::Gzip, &e))?
            }
            Context::Zstd(context) => {
                context.compress_to_buffer(plain, self.out.as_mut_slice()).map_err(|e| fail(Compression::Zstd, &e))?
            }
        };
        Ok(&self.out[..length])
    }
}

impl MemberDecoder {
    /// A decoder for members of one kind.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new(compression: Compression) -> Result<Self, CompressError> {
        Ok(Self(match compression {
            Compression::Gzip => Opposite::Gzip(libdeflater::Decompressor::new()),
            Compression::Zstd => Opposite::Zstd(zstd::bulk::Decompressor::new().map_err(|e| fail(compression, &e))?),
        }))
    }

    /// Fills `plain` from one member.
    ///
    /// # Errors
    /// When the member is broken, or holds more or fewer bytes than `plain` has room for.
    pub fn decode(&mut self, member: &[u8], plain: &mut [u8]) -> Result<(), CompressError> {
        let (codec, length) = match &mut self.0 {
            Opposite::Gzip(context) => {
                let codec = super::Codec::Gzip;
                (codec, context.gzip_decompress(member, plain).map_err(|e| broken(codec, &e))?)
            }
            Opposite::Zstd(context) => {
                let codec = super::Codec::Zstd;
                (codec, context.decompress_to_buffer(member, &mut *plain).map_err(|e| broken(codec, &e))?)
            }
        };
        if length == plain.len() {
            Ok(())
        } else {
            Err(broken(codec, &format!("a member of {length} bytes, where {} were expected", plain.len())))
        }
    }
}

fn fail(compression: Compression, reason: &dyn std::fmt::Display) -> CompressError {
    CompressError::Encode { compression, reason: reason.to_string() }
}

fn broken(codec: super::Codec, reason: &dyn std::fmt::Display) -> CompressError {
    CompressError::Broken { codec, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;

    /// Text, noise and zeros: each takes another way through the encoders.
    fn sample() -> Vec<u8> {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        let mut plain: Vec<u8> = (0..200_000).map(|_| noise() & 0x3f).collect();
        for line in 0..20_000 {
            plain.extend_from_slice(format!("line {line} of usr/share/doc/package-{}\n", line % 97).as_bytes());
        }
        plain.extend((0..50_000).map(|_| noise()));
        plain.resize(plain.len() + 300_000, 0);
        plain
    }

    #[test]
    fn the_encoders_output_is_pinned() {
        let plain = sample();
        for (compression, expected) in [
            (Compression::Gzip, "04781c62653e4717d832c4240360489fa9a9e5d8f066a7ab483fd3e415927668"),
            (Compression::Zstd, "36e06a2183f00e935b7bf2d8463c19a18ec64313402e26635ebfb2057cdfbfc6"),
        ] {
            let mut encoder = MemberEncoder::new(compression).unwrap();
            encoder.encode(b"a context that was used before must not matter").unwrap();
            let member = encoder.encode(&plain).unwrap().to_vec();
            assert_eq!(
                Digest::of(&member).hex(),
                expected,
                "the {compression} encoder's bytes changed: every image gets a new digest. If that is meant (a new \
                 crate version, another level), raise compress::FORMAT, say so in the changelog and pin this digest"
            );
            let mut back = vec![0; plain.len()];
            MemberDecoder::new(compression).unwrap().decode(&member, &mut back).unwrap();
            assert!(back == plain);
        }
    }

    #[test]
    fn gzip_headers_hold_no_time_and_no_system() {
        let mut encoder = MemberEncoder::new(Compression::Gzip).unwrap();
        assert_eq!(encoder.encode(b"x").unwrap()[..10], *b"\x1f\x8b\x08\0\0\0\0\0\0\xff");
    }

    #[test]
    fn members_of_another_length_are_refused() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let member = MemberEncoder::new(compression).unwrap().encode(b"four").unwrap().to_vec();
            let mut decoder = MemberDecoder::new(compression).unwrap();
            for wrong in [3, 5] {
                assert!(decoder.decode(&member, &mut vec![0; wrong]).is_err(), "{compression} into {wrong} bytes");
            }
            assert!(decoder.decode(&member[..member.len() - 1], &mut [0; 4]).is_err());
        }
    }
}

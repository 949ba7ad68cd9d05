//! Encoders for files that other programs read by themselves: documentation, and the members of packages. As everywhere, the
//! output depends on the plain bytes alone, not on the CPU or the number of threads.

use std::io::{self, Write};

use liblzma::stream::{Check, MtStreamBuilder};

use super::CompressError;

/// The version of these bytes; whatever changes one of them must raise it.
///
/// 1: libdeflate 1.26 level 12; liblzma 5.8 preset 6 in blocks of 8 MiB with CRC64.
pub const FORMAT: u32 = 1;

/// libdeflate's last level. Its header says "maximum compression", as Debian wants it of documentation (Policy §12.3).
const GZIP_LEVEL: i32 = 12;

/// What `xz` and `dpkg-deb` use.
const XZ_PRESET: u32 = 6;

/// Plain bytes of a block, each of which one thread compresses. Part of the format: it must not depend on the machine. The preset's
/// dictionary is as large, so that little is lost.
const XZ_BLOCK: u64 = 8 << 20;

/// `plain` as one gzip member, as small as it gets, with no name and no time.
///
/// # Errors
/// When memory is short.
pub fn gzip(plain: &[u8]) -> Result<Vec<u8>, CompressError> {
    let fail = |reason: &str| CompressError::Encode { compression: super::Compression::Gzip, reason: reason.into() };
    let level = libdeflater::CompressionLvl::new(GZIP_LEVEL).map_err(|_| fail("no such level"))?;
    let mut encoder = libdeflater::Compressor::new(level);
    let mut out = vec![0; encoder.gzip_compress_bound(plain.len())];
    let length = encoder.gzip_compress(plain, &mut out).map_err(|error| fail(&error.to_string()))?;
    out.truncate(length);
    Ok(out)
}

/// Compresses what is written to it as one xz stream, on `threads` threads at most.
pub struct XzWriter<W: Write>(liblzma::write::XzEncoder<W>);

impl<W: Write> XzWriter<W> {
    /// A stream to `out`.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new(out: W, threads: usize) -> Result<Self, CompressError> {
        // Even one thread takes this encoder: the other one cuts no blocks.
        let threads = u32::try_from(threads.clamp(1, 8)).unwrap_or(1);
        let stream = MtStreamBuilder::new()
            .threads(threads)
            .block_size(XZ_BLOCK)
            .preset(XZ_PRESET)
            .check(Check::Crc64)
            .encoder()
            .map_err(|error| CompressError::Xz { reason: error.to_string() })?;
        Ok(Self(liblzma::write::XzEncoder::new_stream(out, stream)))
    }

    /// Ends the stream and gives `out` back.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for XzWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `plain` as one xz stream.
///
/// # Errors
/// When memory is short.
pub fn xz(plain: &[u8]) -> Result<Vec<u8>, CompressError> {
    let fail = |error: io::Error| CompressError::Xz { reason: error.to_string() };
    let mut writer = XzWriter::new(Vec::new(), 1)?;
    writer.write_all(plain).map_err(fail)?;
    writer.finish().map_err(fail)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// More than a block, of long repetitions: xz is done with it in a moment.
    fn sample() -> Vec<u8> {
        let mut text = String::new();
        for page in 0..3_000_u32 {
            let _ = writeln!(text, "{page} {}", "the same on every page; ".repeat(200));
        }
        text.into_bytes()
    }

    #[test]
    fn threads_do_not_matter_and_headers_hold_no_time() {
        let plain = sample();
        assert!(plain.len() as u64 > XZ_BLOCK);
        let with = |threads| {
            let mut writer = XzWriter::new(Vec::new(), threads).unwrap();
            writer.write_all(&plain).unwrap();
            writer.finish().unwrap()
        };
        let one = with(1);
        assert!(one == with(2) && one == with(5));
        let gzip = gzip(&plain).unwrap();
        assert_eq!(gzip[..10], *b"\x1f\x8b\x08\0\0\0\0\0\x02\xff");
    }
}

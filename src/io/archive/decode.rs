//! Decompressing an index within the bounds that the signed Release sets.

use std::io::{self, BufReader, Read};

use crate::base::checksum::Checker;
use crate::formats::compress::{Checksums, Codec, Decoder};
use crate::formats::deb::IndexFile;

/// The most an index may decompress to where the Release does not say: ten times Debian's largest.
const MAX_PLAIN: u64 = 1 << 30;

/// Bytes of an index, decompressed, whose size and checksum are those of `plain` where it is given. The last `read`,
/// which returns 0, fails if they are not.
pub(super) struct Plain<R: Read> {
    inner: Decoder<BufReader<R>>,
    size: Option<u64>,
    limit: u64,
    seen: u64,
    check: Option<(Checker, crate::base::Checksum)>,
}

impl<R: Read> Plain<R> {
    /// Decompresses `input`.
    ///
    /// # Errors
    /// When the decoder cannot be set up.
    pub(super) fn new(input: R, codec: Codec, plain: Option<&IndexFile>) -> io::Result<Self> {
        let inner = Decoder::new(codec, BufReader::with_capacity(64 << 10, input), Checksums::Verify)?;
        let check = plain.and_then(IndexFile::checksum).map(|checksum| (checksum.checker(), checksum));
        let size = plain.map(|plain| plain.size);
        Ok(Self { inner, size, limit: size.unwrap_or(MAX_PLAIN), seen: 0, check })
    }

    fn finish(&mut self) -> io::Result<()> {
        let wrong = |text: String| Err(io::Error::new(io::ErrorKind::InvalidData, text));
        if let Some(size) = self.size.filter(|size| *size != self.seen) {
            return wrong(format!("decompresses to {} bytes, and the Release says {size}", self.seen));
        }
        match self.check.take().map(|(checker, expected)| (checker.finish(), expected)) {
            Some((got, expected)) if got != expected => {
                wrong(format!("decompresses to something that hashes to {got}, and the Release says {expected}"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.seen += n as u64;
        if self.seen > self.limit {
            let text = format!("decompresses to more than {} bytes, the most it may have", self.limit);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        if let Some((checker, _)) = &mut self.check {
            checker.update(&buffer[..n]);
        }
        if n == 0 && !buffer.is_empty() {
            self.finish()?;
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;
    use std::io::Write;

    fn decode(bytes: &[u8], codec: Codec, plain: Option<&IndexFile>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Plain::new(bytes, codec, plain)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn only_whole_and_right_streams_decode() {
        let text = b"Package: a\n".repeat(1000);
        let listed = IndexFile { size: text.len() as u64, sha256: Some(Digest::of(&text)), sha512: None };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(&text).unwrap();
        for (bytes, codec) in [(gzip.finish().unwrap(), Codec::Gzip), (xz.finish().unwrap(), Codec::Xz)] {
            assert_eq!(decode(&bytes, codec, Some(&listed)).unwrap(), text);
            assert_eq!(decode(&bytes, codec, None).unwrap(), text);
            assert!(decode(&bytes[..bytes.len() - 9], codec, None).is_err(), "truncated");
            assert!(decode(&[&bytes[..], b"garbage"].concat(), codec, None).is_err(), "trailing garbage");
            assert!(decode(b"<html></html>", codec, None).is_err(), "a web page");
            assert!(decode(b"", codec, None).is_err(), "nothing");
            for wrong in [
                IndexFile { size: listed.size - 1, ..listed },
                IndexFile { size: listed.size + 1, ..listed },
                IndexFile { sha256: Some(Digest::of(b"")), ..listed },
            ] {
                assert!(decode(&bytes, codec, Some(&wrong)).is_err(), "{wrong:?}");
            }
        }
    }
}

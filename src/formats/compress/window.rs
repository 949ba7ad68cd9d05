//! The memory that the first header of a compressed file asks for, so that an error can name it.

use super::Codec;

/// How many bytes from the start are enough to find it.
pub(super) const HEAD: usize = 64;

/// The dictionary or window size in bytes that `head` declares, where the codec has one and `head` is well formed.
pub(super) fn declared(codec: Codec, head: &[u8]) -> Option<u64> {
    match codec {
        Codec::Xz => xz(head),
        Codec::Zstd => zstd(head),
        Codec::Lzma => Some(little_endian(head.get(1..5)?)),
        Codec::None | Codec::Gzip | Codec::Bzip2 => None,
    }
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// The `.xz` file format 1.2.1, §3.1 (block header) and §5.3.1 (LZMA2).
fn xz(head: &[u8]) -> Option<u64> {
    const LZMA2: u64 = 0x21;
    let flags = *head.get(13)?;
    let mut rest = head.get(14..)?;
    for present in [flags & 0x40, flags & 0x80] {
        if present != 0 {
            variable(&mut rest)?;
        }
    }
    for _ in 0..=(flags & 3) {
        let (id, size) = (variable(&mut rest)?, variable(&mut rest)?);
        let properties = rest.get(..usize::try_from(size).ok()?)?;
        rest = &rest[properties.len()..];
        if id == LZMA2 {
            return match *properties.first()? {
                40 => Some(u64::from(u32::MAX)),
                bits @ 0..40 => Some((2 | u64::from(bits & 1)) << (bits / 2 + 11)),
                _ => None,
            };
        }
    }
    None
}

/// A multibyte integer of `.xz` (§1.2): seven bits a byte, the lowest first.
fn variable(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in 0..9 {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << (7 * shift);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// RFC 8878 §3.1.1.1: the window descriptor, or the content size of a single segment.
fn zstd(head: &[u8]) -> Option<u64> {
    let descriptor = *head.get(4)?;
    if descriptor & 0x20 == 0 {
        let window = *head.get(5)?;
        let base = 1_u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    let start = 5 + [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let value = little_endian(head.get(start..start + size)?);
    Some(if size == 2 { value + 256 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_read_where_the_formats_put_them() {
        assert_eq!(declared(Codec::Zstd, b"\x28\xb5\x2f\xfd\x00\xa8"), Some(1 << 31));
        assert_eq!(declared(Codec::Zstd, b"\x28\xb5\x2f\xfd\x60\x00\x01"), Some(512));
        assert_eq!(declared(Codec::Lzma, b"\x5d\x00\x00\x80\x00"), Some(8 << 20));
        let xz = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\0";
        assert_eq!(declared(Codec::Xz, xz), Some(8 << 20));
        let with_sizes_and_x86 = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x04\xc1\x80\x01\x05\x04\0\x21\x01\x28";
        assert_eq!(declared(Codec::Xz, with_sizes_and_x86), Some(u64::from(u32::MAX)));
        for codec in [Codec::Xz, Codec::Zstd, Codec::Lzma] {
            assert_eq!(declared(codec, b""), None);
        }
    }
}

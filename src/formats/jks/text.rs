//! Texts as `java.io.DataOutput.writeUTF` writes them: two bytes of length, then each UTF-16 unit in UTF-8, a NUL in two
//! bytes.

use super::JksError;

/// A text's bytes, its length before them.
pub(super) fn encode(text: &str) -> Result<Vec<u8>, JksError> {
    let mut out = vec![0, 0];
    for unit in text.encode_utf16() {
        let low = |shift: u16| u8::try_from(unit >> shift & 0x3f).unwrap_or_default() | 0x80;
        let high = |shift: u16, mark: u8| u8::try_from(unit >> shift).unwrap_or_default() | mark;
        match unit {
            1..0x80 => out.push(high(0, 0)),
            0 | 0x80..0x800 => out.extend([high(6, 0xc0), low(0)]),
            0x800.. => out.extend([high(12, 0xe0), low(6), low(0)]),
        }
    }
    let length = u16::try_from(out.len() - 2).map_err(|_| JksError::Content("a text longer than it can say"))?;
    if let Some(slot) = out.get_mut(..2) {
        slot.copy_from_slice(&length.to_be_bytes());
    }
    Ok(out)
}

/// The text of bytes without their length.
pub(super) fn decode(mut bytes: &[u8]) -> Result<String, JksError> {
    let bad = JksError::Content("a text that is none");
    let part = |byte: u8| if byte & 0xc0 == 0x80 { Ok(u16::from(byte & 0x3f)) } else { Err(bad) };
    let mut units = Vec::with_capacity(bytes.len());
    while let Some((first, rest)) = bytes.split_first() {
        let (unit, rest) = match (first, rest) {
            (0..0x80, rest) => (u16::from(*first), rest),
            (0xc0..0xe0, [second, rest @ ..]) => (u16::from(first & 0x1f) << 6 | part(*second)?, rest),
            (0xe0..0xf0, [second, third, rest @ ..]) => {
                (u16::from(first & 0x0f) << 12 | part(*second)? << 6 | part(*third)?, rest)
            }
            _ => return Err(bad),
        };
        units.push(unit);
        bytes = rest;
    }
    String::from_utf16(&units).map_err(|_| bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_java_s() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("a\0b", b"a\xc0\x80b"),
            ("ü€", b"\xc3\xbc\xe2\x82\xac"),
            ("\u{1f512}", b"\xed\xa0\xbd\xed\xb4\x92"),
        ] {
            let encoded = encode(text).unwrap();
            assert_eq!((&encoded[..2], &encoded[2..]), (&[0, u8::try_from(bytes.len()).unwrap()][..], bytes));
            assert_eq!(decode(bytes).unwrap(), text);
        }
        for bad in [&b"\xc3"[..], b"\xe2\x82", b"\xff", b"\xc3a", b"\xed\xa0\xbd"] {
            assert!(decode(bad).is_err(), "{bad:x?}");
        }
    }
}

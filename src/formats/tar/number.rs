//! The fields of a header block: octal and base-256 numbers, texts, the checksum.

use tar::Header;

use super::error::Problem;

/// A field's text: up to the first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The name in the header, joined with the prefix where it is a POSIX header.
pub(super) fn name(header: &Header) -> Result<Vec<u8>, Problem> {
    let name = text(&header.as_old().name);
    match header.as_ustar().map(|ustar| text(&ustar.prefix)) {
        Some(prefix) if !prefix.is_empty() => Ok([prefix, b"/", name].concat()),
        _ if name.is_empty() => Err(Problem::Path { path: Vec::new(), reason: "it is empty" }),
        _ => Ok(name.to_vec()),
    }
}

/// A number from 0 to 2⁶³-1.
pub(super) fn unsigned(field: &[u8], name: &'static str) -> Result<u64, Problem> {
    u64::try_from(signed(field, name)?).map_err(|_| wrong(field, name))
}

/// A number from 0 to 2³²-1.
pub(super) fn small(field: &[u8], name: &'static str) -> Result<u32, Problem> {
    u32::try_from(signed(field, name)?).map_err(|_| wrong(field, name))
}

/// A number: octal digits that end in a blank or NUL, or GNU's base-256. An empty field is 0, as old archives mean it.
pub(super) fn signed(field: &[u8], name: &'static str) -> Result<i64, Problem> {
    match field.first() {
        Some(0x80 | 0xff) => base_256(field),
        _ => octal(field),
    }
    .ok_or_else(|| wrong(field, name))
}

fn octal(field: &[u8]) -> Option<i64> {
    let start = field.iter().position(|byte| *byte != b' ').unwrap_or(field.len());
    let digits = &field[start..];
    let length = digits.iter().take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let (digits, end) = digits.split_at(length);
    // The number must end in this field, and nothing but blanks and NULs may follow.
    let ended = if start == field.len() { true } else { !end.is_empty() };
    if !ended || end.iter().any(|byte| !matches!(byte, 0 | b' ')) {
        return None;
    }
    digits.iter().try_fold(0_i64, |value, digit| value.checked_mul(8)?.checked_add(i64::from(digit - b'0')))
}

/// Two's complement, the first byte being only a mark: 0x80 for positive, 0xff for negative numbers.
fn base_256(field: &[u8]) -> Option<i64> {
    let (mark, bytes) = field.split_first()?;
    let negative = *mark == 0xff;
    let filler = if negative { 0xff } else { 0 };
    let (high, low) = bytes.split_at(bytes.len().saturating_sub(8));
    if high.iter().any(|byte| *byte != filler) {
        return None;
    }
    let mut value = [filler; 8];
    value[8 - low.len()..].copy_from_slice(low);
    let value = i64::from_be_bytes(value);
    (value.is_negative() == negative).then_some(value)
}

fn wrong(field: &[u8], name: &'static str) -> Problem {
    let end = field.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    Problem::Number { field: name, value: field[..end].to_vec() }
}

/// Compares the checksum field with the sum over the header, its own bytes counted as blanks.
pub(super) fn verify_checksum(header: &Header) -> Result<(), Problem> {
    let bytes = header.as_bytes();
    let field = &header.as_old().cksum;
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(*byte)).sum::<i64>();
    let expected = sum(bytes) - sum(field) + i64::from(b' ') * 8;
    match signed(field, "checksum") {
        Ok(written) if written == expected => Ok(()),
        _ => Err(Problem::Checksum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_form() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"        ", Some(0)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"00000648", None),
            (b"0000684\0", None),
            (b"00006440", None),
            (b"644 x\0\0\0", None),
            (b"-000001\0", None),
            (b"77777777777\0", Some((1 << 33) - 1)),
            (b"\x80\0\0\0\0\0\x01\0", Some(256)),
            (b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Some(i64::MAX)),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\0", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\x81\0\0\0\0\0\0\0", None),
        ] {
            assert_eq!(signed(field, "test").ok(), expected, "{field:?}");
        }
        assert!(small(b"\xff\xff\xff\xff\xff\xff\xff\xff", "uid").is_err());
        assert!(small(b"\x80\0\0\x01\0\0\0\0", "uid").is_err());
    }
}

//! The order of library names, in which numbers count as numbers: glibc's `_dl_cache_libcmp`.

use std::cmp::Ordering;

/// Compares two names.
pub(super) fn names(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        match (a.first(), b.first()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (left, right) = (number(&mut a), number(&mut b));
                if left != right {
                    return left.cmp(&right);
                }
            }
            (Some(x), _) if x.is_ascii_digit() => return Ordering::Greater,
            (Some(_), Some(y)) if y.is_ascii_digit() => return Ordering::Less,
            (Some(x), Some(y)) if x == y => {
                a = a.get(1..).unwrap_or_default();
                b = b.get(1..).unwrap_or_default();
            }
            (x, y) => return x.cmp(&y),
        }
    }
}

/// Takes the number at the start of a text.
fn number(text: &mut &[u8]) -> u64 {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.iter().fold(0, |number, digit| u64::wrapping_add(u64::wrapping_mul(number, 10), u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        assert_eq!(names(b"libx.so.9", b"libx.so.10"), Ordering::Less);
        assert_eq!(names(b"libx1.so", b"libx.so"), Ordering::Greater);
        assert_eq!(names(b"libx.so", b"libx.so"), Ordering::Equal);
        assert_eq!(names(b"libx", b"libx.so"), Ordering::Less);
    }
}

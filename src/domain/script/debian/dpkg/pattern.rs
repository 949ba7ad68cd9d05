//! glob(7) patterns as fnmatch(3) matches them without flags: `*` and `?` match `/` and leading dots.

/// Whether `text` matches `pattern`.
pub(in super::super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // The last star and where its match may go on, so that the work stays bounded by the product of the lengths.
    let (mut p, mut t, mut star) = (0, 0, None);
    loop {
        let step = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some(_) => text.get(t).and_then(|byte| one(pattern.get(p..).unwrap_or_default(), *byte)),
            None if t == text.len() => return true,
            None => None,
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                t += 1;
            }
            (None, Some((star_p, star_t))) if star_t < text.len() => {
                star = Some((star_p, star_t + 1));
                (p, t) = (star_p + 1, star_t + 1);
            }
            (None, _) => return false,
        }
    }
}

/// Whether a pattern has anything special.
pub(in super::super) fn is_pattern(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'))
}

/// The length of the pattern's first element if it matches a byte.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', literal, ..] => (*literal == byte).then_some(2),
        [b'[', rest @ ..] => match bracket(rest, byte) {
            Some((true, length)) => Some(length + 1),
            Some((false, _)) => None,
            None => (byte == b'[').then_some(1),
        },
        [literal, ..] => (*literal == byte).then_some(1),
        [] => None,
    }
}

/// A bracket expression after its `[`: whether it has the byte, and its length with the `]`. `None` when it has no end.
fn bracket(rest: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(rest.first(), Some(b'!' | b'^'));
    let mut at = usize::from(negated);
    let start = at;
    let mut found = false;
    loop {
        let low = *rest.get(at)?;
        if low == b']' && at > start {
            return Some((found != negated, at + 1));
        }
        match (rest.get(at + 1), rest.get(at + 2)) {
            (Some(b'-'), Some(high)) if *high != b']' => {
                found |= (low..=*high).contains(&byte);
                at += 3;
            }
            _ => {
                found |= low == byte;
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_fnmatch_does() {
        for (pattern, text, expected) in [
            ("*sh", "/bin/sh", true),
            ("/etc*", "/etc/a", true),
            ("a?c", "abc", true),
            ("a[b-d]c", "abc", true),
            ("a[!b-d]c", "abc", false),
            ("a[]]c", "a]c", true),
            ("a[b", "a[b", true),
            ("\\*", "*", true),
            ("*a*b*c", "xxaxxbxx", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}

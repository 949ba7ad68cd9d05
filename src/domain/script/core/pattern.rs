//! Shell patterns on whole names: fnmatch(3), by bytes.

/// Whether `name` is what `pattern` describes; `*` and `?` match any byte, a `/` and a leading `.` as well. `fold` ignores
/// the case of ASCII letters.
pub(in crate::domain::script) fn matches(pattern: &[u8], name: &[u8], fold: bool) -> bool {
    let (mut at, mut here) = (0, 0);
    // Where the last `*` stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let taken = match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, here));
                at += 1;
                continue;
            }
            None if here == name.len() => return true,
            None => None,
            Some(_) => name.get(here).and_then(|byte| single(pattern.get(at..)?, *byte, fold)),
        };
        if let Some(length) = taken {
            at += length;
            here += 1;
        } else if let Some((after, from)) = star.filter(|(_, from)| *from < name.len()) {
            star = Some((after, from + 1));
            (at, here) = (after, from + 1);
        } else {
            return false;
        }
    }
}

/// Matches one byte against the start of a pattern; how long that start is.
fn single(pattern: &[u8], byte: u8, fold: bool) -> Option<usize> {
    let same = |one: u8, other: u8| one == other || fold && one.eq_ignore_ascii_case(&other);
    match pattern {
        [b'?', ..] => Some(1),
        [b'[', rest @ ..] => match bracket(rest, byte, fold) {
            Some((true, length)) => Some(length + 1),
            Some((false, _)) => None,
            None => same(b'[', byte).then_some(1),
        },
        [b'\\', escaped, ..] => same(*escaped, byte).then_some(2),
        [literal, ..] => same(*literal, byte).then_some(1),
        [] => None,
    }
}

/// Matches what follows a `[`; `None` where no `]` ends it.
fn bracket(rest: &[u8], byte: u8, fold: bool) -> Option<(bool, usize)> {
    let negated = matches!(rest.first(), Some(b'!' | b'^'));
    let start = usize::from(negated);
    let (mut at, mut found) = (start, false);
    let candidates = [
        byte,
        if fold { byte.to_ascii_lowercase() } else { byte },
        if fold { byte.to_ascii_uppercase() } else { byte },
    ];
    loop {
        let mut low = *rest.get(at)?;
        if low == b']' && at > start {
            return Some((found != negated, at + 1));
        }
        if low == b'['
            && let Some(class) = rest.get(at + 1..).filter(|rest| rest.starts_with(b":"))
            && let Some(end) = class.windows(2).skip(1).position(|pair| pair == b":]")
        {
            let name = class.get(1..=end).unwrap_or_default();
            found |= candidates.iter().any(|byte| in_class(name, *byte));
            at += end + 4;
            continue;
        }
        at += 1;
        if low == b'\\' {
            low = *rest.get(at)?;
            at += 1;
        }
        let mut high = low;
        if rest.get(at) == Some(&b'-') && rest.get(at + 1).is_some_and(|next| *next != b']') {
            high = *rest.get(at + 1)?;
            at += 2;
            if high == b'\\' {
                high = *rest.get(at)?;
                at += 1;
            }
        }
        found |= candidates.iter().any(|byte| (low..=high).contains(byte));
    }
}

/// Whether a byte is in the POSIX class of this name, in the C locale (`isalpha`(3) and kin); no byte is in an unknown one.
pub(in crate::domain::script) fn in_class(name: &[u8], byte: u8) -> bool {
    match name {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => byte.is_ascii_whitespace() || byte == 0x0b,
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_fnmatch() {
        for (pattern, name, matched) in [
            ("*", "", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcdf", false),
            ("?b", "ab", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]a]", "]", true),
            ("[[:digit:]_]*", "_9", true),
            ("[[:digit:]]", "a", false),
            ("[a", "[a", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("*.so.*", "libz.so.1.2", true),
            ("", "a", false),
            ("[a-]", "-", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes(), false), matched, "{pattern} {name}");
        }
        assert!(matches(b"*.PEM", b"a.pem", true) && matches(b"[A]", b"a", true));
    }
}

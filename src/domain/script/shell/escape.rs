//! Backslashes in `echo`, `printf` and `$'…'`.

/// How an escape may be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// dash's `echo`, and `%b`: `\0` and up to three octal digits, `\c`.
    Echo,
    /// bash's `echo -e`: `\e` and `\xHH` as well.
    BashEcho,
    /// dash's `printf` format: up to three octal digits.
    Format,
    /// bash's `printf` format and `$'…'`.
    Ansi,
}

/// Text with its escapes replaced, and whether a `\c` ended it.
pub(super) fn unescape(text: &[u8], dialect: Dialect) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some((escape, tail)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = tail;
        let bash = matches!(dialect, Dialect::BashEcho | Dialect::Ansi);
        let echo = matches!(dialect, Dialect::Echo | Dialect::BashEcho);
        match escape {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'\\' => out.push(b'\\'),
            b'e' | b'E' if bash => out.push(27),
            b'\'' | b'"' | b'?' if dialect == Dialect::Ansi => out.push(*escape),
            b'c' if echo => return (out, true),
            b'0' if echo => out.push(octal(&mut rest, 3)),
            b'1'..=b'7' if dialect == Dialect::Echo => {
                rest = rest_from(text, rest.len() + 1);
                out.push(octal(&mut rest, 3));
            }
            b'0'..=b'7' if !echo => {
                rest = rest_from(text, rest.len() + 1);
                out.push(octal(&mut rest, 3));
            }
            b'x' if bash => {
                let digits = rest.iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
                let value = rest.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
                match value.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(value) => {
                        out.push(value);
                        rest = rest.get(digits..).unwrap_or_default();
                    }
                    None => out.extend(b"\\x"),
                }
            }
            _ => {
                out.push(b'\\');
                out.push(*escape);
            }
        }
    }
    (out, false)
}

/// bash's `$'…'`.
pub(super) fn ansi(text: &[u8]) -> Vec<u8> {
    unescape(text, Dialect::Ansi).0
}

fn rest_from(text: &[u8], left: usize) -> &[u8] {
    text.get(text.len().saturating_sub(left)..).unwrap_or_default()
}

fn octal(rest: &mut &[u8], most: usize) -> u8 {
    let mut value = 0u32;
    for _ in 0..most {
        match rest.split_first() {
            Some((digit @ b'0'..=b'7', tail)) => {
                value = value * 8 + u32::from(digit - b'0');
                *rest = tail;
            }
            _ => break,
        }
    }
    value.to_le_bytes()[0]
}

//! A recipe's text as it came from a file, and places in it.

use crate::base::redact;

/// The largest recipe that is read, in bytes.
pub const MAX_BYTES: u64 = 1 << 20;

/// One recipe file: UTF-8 with or without a byte order mark, lines ended by LF or CRLF (kept as LF, so that a checkout's line
/// ends change nothing).
#[derive(Clone, Debug)]
pub(in crate::domain) struct Source {
    /// The file's name, as errors show it and as names of other files are relative to.
    pub(in crate::domain) name: String,
    /// Its text.
    pub(in crate::domain) text: String,
}

/// A range of bytes in one file of the `extends` chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// Position in the chain: 0 is the recipe itself, 1 what it extends, and so on.
    pub file: usize,
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Source {
    /// Takes a file's bytes in.
    ///
    /// # Errors
    /// With what is wrong and how to mend it, and a source to show it in: too large, or not UTF-8.
    pub(in crate::domain) fn decode(name: &str, bytes: &[u8]) -> Result<Self, (Self, Span, String, String)> {
        let source = |text: String| Self { name: redact::printable(name), text };
        let refuse = |message: &str, hint: &str| {
            Err((source(String::new()), Span::default(), message.to_owned(), hint.to_owned()))
        };
        let save = "save it as UTF-8; a byte order mark and CRLF line ends are accepted";
        if bytes.len() as u64 > MAX_BYTES {
            return refuse(
                &format!("the recipe is larger than the limit of {MAX_BYTES} bytes"),
                "name large contents as files with `source`",
            );
        }
        match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return refuse("the file is UTF-16, not UTF-8", save),
            [_, 0, _, 0, ..] | [0, _, 0, _, ..] => {
                return refuse("the file is UTF-16 without a byte order mark, not UTF-8", save);
            }
            _ => {}
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(source(text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n"))),
            Err(error) => {
                let start = error.valid_up_to();
                let byte = bytes.get(start).copied().unwrap_or_default();
                let span = Span { file: 0, start, end: start + '\u{fffd}'.len_utf8() };
                let message = format!("the file is not UTF-8: byte 0x{byte:02x} (Latin-1?)");
                Err((source(String::from_utf8_lossy(bytes).into_owned()), span, message, save.to_owned()))
            }
        }
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub(in crate::domain) fn position(&self, byte: usize) -> (usize, usize) {
        let mut end = byte.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(..end).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before.get(line_start..).unwrap_or_default().chars().count() + 1)
    }

    /// A line's text, counted from 1.
    pub(in crate::domain) fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number.saturating_sub(1)).unwrap_or_default()
    }
}

//! Keeping secrets out of every text, and foreign text from playing tricks on a terminal.

use std::fmt;

/// A password, token or key: usable, never printable.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// `url` without user, password, query and fragment: what an error or a log may show (signed URLs hold keys in the query).
#[must_use]
pub fn url(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let bare = &url[..end];
    let Some((scheme, rest)) = bare.split_once("://") else {
        return printable(bare);
    };
    let authority = rest.find('/').unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    printable(&format!("{scheme}://{}", &rest[host..]))
}

/// Foreign text made safe to print: control characters (terminal escapes among them) and bidirectional overrides are escaped.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let tricky =
            c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if tricky { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// A path or name of bytes made safe to print: invalid UTF-8 shows as `\xNN`.
#[must_use]
pub fn printable_bytes(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(&printable(chunk.valid()));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_their_secrets() {
        assert_eq!(url("https://me:pass@host:8443/a/b?X-Amz-Signature=1#f"), "https://host:8443/a/b");
        assert_eq!(url("https://a@b:p@host/x"), "https://host/x");
        assert_eq!(url("http://host"), "http://host");
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }

    #[test]
    fn escapes_do_not_reach_the_terminal() {
        assert_eq!(printable("a\x1b[31mb\nc\u{202e}"), "a\\u{1b}[31mb\\nc\\u{202e}");
        assert_eq!(printable_bytes(b"caf\xe9/\xc3\xa9"), "caf\\xe9/é");
    }
}

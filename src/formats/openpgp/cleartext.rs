//! The cleartext signature framework, RFC 9580 §7, read strictly.
//!
//! ```text
//! -----BEGIN PGP SIGNED MESSAGE-----
//! Hash: SHA256
//!
//! text, in which each line that starts with a dash has `- ` in front
//! -----BEGIN PGP SIGNATURE-----
//!
//! base64
//! -----END PGP SIGNATURE-----
//! ```
//!
//! Nothing may stand before, after or between: text there is not signed, and readers that skipped it were fooled
//! (CVE-2013-1051). The text handed on is made from the very lines that are hashed, with the trailing blanks that the
//! signature does not cover taken off, so that what is parsed is what was signed.

use super::error::OpenPgpError;

/// A cleartext-signed message, taken apart. Nothing in it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleartext {
    /// What is signed: lines that end in `\n`, unescaped, without trailing blanks.
    pub text: String,
    /// What is hashed: the same lines parted by CR LF, without one at the end.
    pub hashed: String,
    /// The armoured signatures.
    pub armour: String,
}

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
pub(super) const BEGIN_SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
pub(super) const END_SIGNATURE: &str = "-----END PGP SIGNATURE-----";

/// Takes a message apart.
///
/// # Errors
/// [`OpenPgpError::Unsigned`] for a text that is no such message, [`OpenPgpError::Frame`] for one that is not exactly of
/// the form above.
pub fn parse(message: &[u8]) -> Result<Cleartext, OpenPgpError> {
    let frame = |line, reason| OpenPgpError::Frame { line, reason };
    let message = std::str::from_utf8(message).map_err(|e| {
        let before = message.get(..e.valid_up_to()).unwrap_or_default();
        frame(before.iter().filter(|c| **c == b'\n').count() + 1, "not UTF-8")
    })?;
    if !message.contains(BEGIN) {
        return Err(OpenPgpError::Unsigned);
    }
    let mut lines = Lines { rest: message, number: 0 };
    if lines.next()? != Some(BEGIN) {
        return Err(frame(1, "text before the signed message"));
    }
    loop {
        match lines.next()? {
            Some("") => break,
            Some(line) if line.starts_with("Hash: ") => {}
            _ => return Err(frame(lines.number, "only `Hash` may stand before the signed text")),
        }
    }
    let mut signed = Vec::new();
    loop {
        match lines.next()? {
            Some(BEGIN_SIGNATURE) => break,
            Some(line) if line.starts_with('-') => match line.strip_prefix("- ") {
                Some(escaped) => signed.push(escaped),
                None => return Err(frame(lines.number, "a line that starts with a dash is not escaped")),
            },
            Some(line) => signed.push(line),
            None => return Err(frame(lines.number, "the message ends without a signature")),
        }
    }
    let armour = armour(&mut lines)?;
    let (mut text, mut hashed) = (String::with_capacity(message.len()), String::with_capacity(message.len()));
    for (at, line) in signed.iter().map(|line| line.trim_end_matches([' ', '\t'])).enumerate() {
        if at > 0 {
            hashed.push_str("\r\n");
        }
        hashed.push_str(line);
        text.push_str(line);
        text.push('\n');
    }
    Ok(Cleartext { text, hashed, armour })
}

/// The one armoured block that a detached signature file must be.
///
/// # Errors
/// [`OpenPgpError::Frame`] when anything stands beside it.
pub(super) fn parse_detached(file: &str) -> Result<String, OpenPgpError> {
    let mut lines = Lines { rest: file, number: 0 };
    if lines.next()? != Some(BEGIN_SIGNATURE) {
        return Err(OpenPgpError::Frame { line: 1, reason: "text before the signature" });
    }
    armour(&mut lines)
}

/// The lines from after `BEGIN` to `END`, after which nothing but empty lines may come.
fn armour(lines: &mut Lines<'_>) -> Result<String, OpenPgpError> {
    let mut armour = format!("{BEGIN_SIGNATURE}\n");
    loop {
        match lines.next()? {
            Some(END_SIGNATURE) => break,
            Some(line) if line.starts_with('-') => {
                return Err(OpenPgpError::Frame { line: lines.number, reason: "a dash inside the signature" });
            }
            Some(line) => {
                armour.push_str(line);
                armour.push('\n');
            }
            None => return Err(OpenPgpError::Frame { line: lines.number, reason: "the signature has no end" }),
        }
    }
    armour.push_str(END_SIGNATURE);
    armour.push('\n');
    while let Some(line) = lines.next()? {
        if !line.is_empty() {
            return Err(OpenPgpError::Frame { line: lines.number, reason: "text after the signature" });
        }
    }
    Ok(armour)
}

/// Lines without their `\n` or `\r\n`. A carriage return elsewhere, which some would take for a line's end and some
/// not, is an error; so is a null.
struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<Option<&'a str>, OpenPgpError> {
        self.number += 1;
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains(['\r', '\0', '\u{b}', '\u{c}']) {
            return Err(OpenPgpError::Frame { line: self.number, reason: "a control character" });
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: x \t\n- -dash\n\n-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn the_text_is_what_is_hashed() {
        let parsed = parse(GOOD.as_bytes()).unwrap();
        assert_eq!(parsed.text, "Origin: x\n-dash\n\n");
        assert_eq!(parsed.hashed, "Origin: x\r\n-dash\r\n");
        assert_eq!(parse(GOOD.replace('\n', "\r\n").as_bytes()).unwrap(), parsed);
    }

    #[test]
    fn nothing_stands_beside_the_message() {
        for (bad, wanted) in [
            (format!("Evil: yes\n{GOOD}"), "text before"),
            (format!("\n{GOOD}"), "text before"),
            (format!("{GOOD}Evil: yes\n"), "text after"),
            (format!("{GOOD}{GOOD}"), "text after"),
            (GOOD.replace("Hash: SHA256", "Evil: yes"), "only `Hash`"),
            (GOOD.replace("- -dash", "-dash"), "not escaped"),
            (GOOD.replace("Origin: x", "Origin: x\rEvil: yes"), "control character"),
            (GOOD.replace("-----END PGP SIGNATURE-----\n", ""), "no end"),
            (GOOD.replace("-----BEGIN PGP SIGNATURE-----", "----- BEGIN PGP SIGNATURE-----"), "not escaped"),
        ] {
            let error = parse(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error} is not about {wanted}");
        }
        assert_eq!(parse(b"Origin: x\n"), Err(OpenPgpError::Unsigned));
        assert_eq!(parse(b"<html></html>"), Err(OpenPgpError::Unsigned));
    }
}

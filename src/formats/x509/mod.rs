//! The hash of a certificate's subject, by which OpenSSL finds it in a folder: `X509_NAME_hash_ex`(3).
//!
//! It is the first four bytes, little endian, of the SHA-1 of the name in its canonical form: each set of attributes in
//! turn without the sequence around them; strings in UTF-8, ASCII letters small, white space at the ends gone and between
//! words one blank.

mod der;
mod first;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

pub use der::DerError;
use der::{Reader, element};
pub use first::first_certificate;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;

/// The certificates in a text in PEM, as DER; what is not a certificate is left out.
///
/// # Errors
/// When a certificate's text is no Base64, or has no end.
pub fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, DerError> {
    let mut found = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    for line in pem.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end) {
        match &mut open {
            None if matches!(line, b"-----BEGIN CERTIFICATE-----" | b"-----BEGIN X509 CERTIFICATE-----") => {
                open = Some(Vec::new());
            }
            None => {}
            Some(text) if line.starts_with(b"-----END ") => {
                found.push(STANDARD.decode(text).map_err(|_| DerError("no Base64"))?);
                open = None;
            }
            Some(text) => text.extend_from_slice(line),
        }
    }
    if open.is_some() { Err(DerError("no end line")) } else { Ok(found) }
}

/// The SHA-1 of a certificate's bytes.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> [u8; 20] {
    Sha1::digest(certificate).into()
}

/// The hash of a certificate's subject.
///
/// # Errors
/// When the bytes are no certificate.
pub fn subject_hash(certificate: &[u8]) -> Result<u32, DerError> {
    let mut certificate = Reader(Reader(certificate).expect(SEQUENCE)?.content);
    let mut body = Reader(certificate.expect(SEQUENCE)?.content);
    // Version (where it is written), serial number, algorithm, issuer, validity.
    let first = body.next()?.ok_or(DerError("cut short"))?;
    if first.tag == 0xa0 {
        body.next()?;
    }
    for _ in 0..3 {
        body.expect(SEQUENCE)?;
    }
    let mut sets = Reader(body.expect(SEQUENCE)?.content);
    let mut canonical = Vec::new();
    while let Some(set) = sets.next()? {
        canonical.extend(canonical_set(set.content)?);
    }
    let [a, b, c, d, ..] = Sha1::digest(&canonical)[..] else { return Err(DerError("no hash")) };
    Ok(u32::from_le_bytes([a, b, c, d]))
}

/// A set of attributes, sorted by their bytes as DER has it.
fn canonical_set(content: &[u8]) -> Result<Vec<u8>, DerError> {
    let mut attributes = Vec::new();
    let mut rest = Reader(content);
    while let Some(attribute) = rest.next()? {
        let mut parts = Reader(attribute.content);
        let kind = parts.expect(OBJECT)?;
        let value = parts.next()?.ok_or(DerError("cut short"))?;
        let value = match text(value.tag, value.content)? {
            Some(text) => element(UTF8, plain(&text).as_bytes()),
            None => value.whole.to_vec(),
        };
        attributes.push(element(SEQUENCE, &[kind.whole, &value].concat()));
    }
    attributes.sort();
    Ok(element(SET, &attributes.concat()))
}

/// The text of a string; `None` for what OpenSSL leaves as it is.
fn text(tag: u8, content: &[u8]) -> Result<Option<String>, DerError> {
    let wide = |width: usize| -> Result<String, DerError> {
        let numbers = content.chunks(width).map(|unit| unit.iter().fold(0, |n, byte| n << 8 | u32::from(*byte)));
        numbers.map(char::from_u32).collect::<Option<String>>().ok_or(DerError("a string that is no text"))
    };
    Ok(Some(match tag {
        UTF8 => std::str::from_utf8(content).map_err(|_| DerError("a string that is no UTF-8"))?.to_owned(),
        // Printable, Teletex, IA5 and Visible: a byte a character.
        0x13 | 0x14 | 0x16 | 0x1a => content.iter().map(|byte| char::from(*byte)).collect(),
        0x1e => wide(2)?,
        0x1c => wide(4)?,
        _ => return Ok(None),
    }))
}

/// Small ASCII letters, single blanks.
fn plain(text: &str) -> String {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let words: Vec<&str> = text.split(blank).filter(|word| !word.is_empty()).collect();
    words.join(" ").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate's skeleton with one attribute in its subject.
    fn certificate(tag: u8, name: &[u8]) -> Vec<u8> {
        let attribute = element(SEQUENCE, &[element(OBJECT, &[0x55, 4, 3]), element(tag, name)].concat());
        let subject = element(SEQUENCE, &element(SET, &attribute));
        let empty = element(SEQUENCE, b"");
        let body = [element(0xa0, &element(2, &[2])), element(2, &[1]), empty.clone(), empty.clone(), empty, subject];
        element(SEQUENCE, &element(SEQUENCE, &body.concat()))
    }

    #[test]
    fn names_that_differ_in_form_only_have_one_hash() {
        let hash = |tag, name: &[u8]| subject_hash(&certificate(tag, name)).unwrap();
        assert_eq!(hash(0x13, b"  My  CA "), hash(UTF8, b"my ca"));
        assert_eq!(hash(0x1e, b"\0m\0y\0 \0c\0a"), hash(UTF8, b"MY CA"));
        assert_ne!(hash(UTF8, b"my ca"), hash(UTF8, b"myca"));
        assert_ne!(hash(0x17, b"my ca"), hash(UTF8, b"my ca"));
    }

    #[test]
    fn whatever_is_cut_is_an_error() {
        let whole = certificate(0x13, b"CA");
        for end in 0..whole.len() {
            assert!(subject_hash(&whole[..end]).is_err(), "{end}");
        }
        assert!(certificates(b"-----BEGIN CERTIFICATE-----\nAAAA\n").is_err());
        assert_eq!(certificates(b"# none\n").unwrap(), Vec::<Vec<u8>>::new());
    }
}

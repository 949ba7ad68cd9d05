//! The certificate that Java finds in a file: `CertificateFactory.generateCertificate` of the provider `SUN`.
//!
//! A file that starts with a sequence's tag is DER. In any other the first block is taken, whatever it says it is: five
//! hyphens at the start of a line, the rest of that line, Base64 up to the next hyphen.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::der::{DerError, Reader};
use super::{SEQUENCE, subject_hash};

/// Java's decoder asks for neither padding nor zeros in what is left over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

const MARK: &[u8] = b"-----";
const BIT_STRING: u8 = 0x03;

/// The DER of the first certificate in a file.
///
/// # Errors
/// When there is none, or it is no certificate.
pub fn first_certificate(file: &[u8]) -> Result<Vec<u8>, DerError> {
    let der =
        if file.first() == Some(&SEQUENCE) { Reader(file).expect(SEQUENCE)?.whole.to_vec() } else { block(file)? };
    check(&der)?;
    Ok(der)
}

fn block(file: &[u8]) -> Result<Vec<u8>, DerError> {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let starts_line = |at: usize| at.checked_sub(1).and_then(|before| file.get(before)).is_none_or(ends);
    let is_mark = |at: &usize| file.get(*at..).is_some_and(|rest| rest.starts_with(MARK)) && starts_line(*at);
    let start = (0..file.len()).find(is_mark).ok_or(DerError("Empty input"))?;
    let rest = file.get(start..).unwrap_or_default();
    let line = rest.iter().position(ends).ok_or(DerError("Incomplete data"))?;
    let (header, rest) = rest.split_at_checked(line).ok_or(DerError("Incomplete data"))?;
    let end = rest.iter().position(|byte| *byte == b'-').ok_or(DerError("Incomplete data"))?;
    let (data, footer) = rest.split_at_checked(end).ok_or(DerError("Incomplete data"))?;
    let footer = footer.split(ends).next().unwrap_or_default();
    let named = |line: &'static [u8], text: &[u8]| {
        text.trim_ascii_end().strip_prefix(line).and_then(|name| name.strip_suffix(MARK)).map(<[u8]>::to_vec)
    };
    match (named(b"-----BEGIN ", header), named(b"-----END ", footer)) {
        (Some(one), Some(other)) if one == other => {}
        _ => return Err(DerError("Header and footer do not match")),
    }
    let data: Vec<u8> = data.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(data).map_err(|_| DerError("no Base64"))
}

/// Whether bytes have a certificate's parts, and nothing after them.
fn check(der: &[u8]) -> Result<(), DerError> {
    let mut outer = Reader(der);
    let mut certificate = Reader(outer.expect(SEQUENCE)?.content);
    certificate.expect(SEQUENCE)?;
    certificate.expect(SEQUENCE)?;
    certificate.expect(BIT_STRING)?;
    if outer.0.is_empty() && certificate.0.is_empty() {
        subject_hash(der).map(drop)
    } else {
        Err(DerError("bytes after its end"))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::der::element;
    use super::*;

    fn certificate() -> Vec<u8> {
        let empty = element(SEQUENCE, b"");
        let body = [&element(2, &[1])[..], &empty, &empty, &empty, &empty].concat();
        element(SEQUENCE, &[element(SEQUENCE, &body), empty, element(BIT_STRING, &[0])].concat())
    }

    fn pem(name: &str) -> String {
        format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", STANDARD.encode(certificate()))
    }

    #[test]
    fn the_first_block_is_taken_whatever_comes_before() {
        let other = pem("CERTIFICATE");
        for file in [
            other.clone(),
            pem("ANYTHING"),
            other.replace('\n', "\r\n"),
            other.replace('=', ""),
            format!("some - text -----\n{other}{}", pem("X").replace('A', "!")),
        ] {
            assert_eq!(first_certificate(file.as_bytes()).unwrap(), certificate(), "{file}");
        }
        assert_eq!(first_certificate(&[certificate(), vec![1]].concat()).unwrap(), certificate());
    }

    #[test]
    fn what_java_refuses_is_an_error() {
        let good = pem("CERTIFICATE");
        for file in [
            String::new(),
            "no certificate\n".into(),
            format!(" {good}"),
            good.replace("END CERT", "END KEY"),
            good.replace('\n', ""),
            good.replace("-----END", ""),
            good.replace("MA", "M!"),
            good.replace("MA", "AA"),
        ] {
            assert!(first_certificate(file.as_bytes()).is_err(), "{file}");
        }
        let long = [certificate(), vec![0]].concat();
        let long = format!("-----BEGIN X-----\n{}\n-----END X-----\n", STANDARD.encode(long));
        assert_eq!(first_certificate(long.as_bytes()), Err(DerError("bytes after its end")));
        let whole = certificate();
        for end in 0..whole.len() {
            assert!(first_certificate(&whole[..end]).is_err(), "{end}");
        }
    }
}

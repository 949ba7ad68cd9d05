//! From a signed text and a keyring to a text that can be trusted, or a list of reasons.

use std::io::Cursor;

use pgp::armor::{BlockType, Dearmor};
use pgp::composed::SignedPublicKey;
use pgp::packet::{Packet, PacketParser, Signature, SignatureType};
use pgp::types::{KeyDetails, VerifyingKey};

use super::cleartext::{self, BEGIN_SIGNATURE};
use super::error::{Issuer, OpenPgpError, Refusal};
use super::keyring::Keyring;
use super::policy;
use crate::base::Epoch;

/// More signatures than any archive makes.
const MAX_SIGNATURES: usize = 32;

/// Who made a good signature.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    /// The fingerprint of the pinned primary key, in upper-case hexadecimal digits.
    pub key: String,
    /// The fingerprint of the key that signed: the same, or one of its subkeys.
    pub signing_key: String,
    /// The first user ID of the key.
    pub user: String,
    /// When it was made, by its own words.
    pub made: Epoch,
}

/// A text with at least one good signature of a pinned key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The text, and nothing that was not signed.
    pub text: String,
    /// Whose good signatures it has; never empty, each key once.
    pub signers: Vec<Signer>,
    /// The other signatures, and why they do not count.
    pub ignored: Vec<Refusal>,
}

/// Verifies a cleartext-signed message, such as `InRelease`, at the moment `now`.
///
/// # Errors
/// When it is not signed, not exactly one such message, or without a good signature of a pinned key.
pub fn verify_cleartext(message: &[u8], keyring: &Keyring, now: Epoch) -> Result<Verified, OpenPgpError> {
    let message = cleartext::parse(message)?;
    let signatures = signatures_of_armour(&message.armour)?;
    judge(message.text, message.hashed.as_bytes(), &signatures, keyring, now)
}

/// Verifies `text`, such as `Release`, by a file of detached signatures, such as `Release.gpg`, armoured or binary.
///
/// # Errors
/// As [`verify_cleartext`]; and when the text is not UTF-8.
pub fn verify_detached(text: &[u8], signature: &[u8], keyring: &Keyring, now: Epoch) -> Result<Verified, OpenPgpError> {
    // Binary packets start with a byte that no text starts with.
    let signatures = if signature.first().is_some_and(|byte| byte & 0x80 != 0) {
        signatures_of_packets(signature)?
    } else {
        let armoured = std::str::from_utf8(signature).ok().filter(|s| s.contains(BEGIN_SIGNATURE));
        signatures_of_armour(&cleartext::parse_detached(armoured.ok_or(OpenPgpError::Unsigned)?)?)?
    };
    let hashed = text;
    let text = std::str::from_utf8(text).map_err(|_| OpenPgpError::Frame { line: 1, reason: "not UTF-8" })?;
    judge(text.to_owned(), hashed, &signatures, keyring, now)
}

fn signatures_of_armour(armour: &str) -> Result<Vec<Signature>, OpenPgpError> {
    let mut reader = Dearmor::new(Cursor::new(armour.as_bytes()));
    reader.read_header().map_err(malformed)?;
    if reader.typ != Some(BlockType::Signature) {
        return Err(OpenPgpError::Signature("the armour holds something else".into()));
    }
    let mut packets = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut packets).map_err(|e| OpenPgpError::Signature(e.to_string()))?;
    signatures_of_packets(&packets)
}

fn signatures_of_packets(bytes: &[u8]) -> Result<Vec<Signature>, OpenPgpError> {
    let mut signatures = Vec::new();
    for packet in PacketParser::new(Cursor::new(bytes)) {
        match packet.map_err(malformed)? {
            Packet::Signature(signature) => signatures.push(signature),
            other => return Err(OpenPgpError::Signature(format!("a packet of another kind: {:?}", tag(&other)))),
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(OpenPgpError::Signature(format!("more than {MAX_SIGNATURES} signatures")));
        }
    }
    if signatures.is_empty() { Err(OpenPgpError::Unsigned) } else { Ok(signatures) }
}

fn tag(packet: &Packet) -> pgp::types::Tag {
    pgp::packet::PacketTrait::tag(packet)
}

fn malformed(error: pgp::errors::Error) -> OpenPgpError {
    OpenPgpError::Signature(error.to_string())
}

fn judge(
    text: String,
    hashed: &[u8],
    signatures: &[Signature],
    keyring: &Keyring,
    now: Epoch,
) -> Result<Verified, OpenPgpError> {
    let (mut signers, mut ignored) = (Vec::<Signer>::new(), Vec::new());
    for signature in signatures {
        match check(signature, hashed, keyring, now.seconds()) {
            Ok(signer) if signers.iter().any(|known| known.key == signer.key) => {}
            Ok(signer) => signers.push(signer),
            Err(refusal) => ignored.push(refusal),
        }
    }
    if signers.is_empty() {
        return Err(OpenPgpError::Untrusted { refused: ignored, pinned: keyring.fingerprints() });
    }
    signers.sort();
    Ok(Verified { text, signers, ignored })
}

/// Checks one signature against the keys it may be of.
fn check(signature: &Signature, hashed: &[u8], keyring: &Keyring, now: i64) -> Result<Signer, Refusal> {
    let mut refusal = Refusal { issuer: issuer(signature), reason: "the key is not pinned".into(), known: false };
    for key in &keyring.keys {
        if names(signature, key) {
            match check_by(signature, hashed, &key.primary_key, now, || policy::check_primary(key, now, true)) {
                Ok(made) => return Ok(signer(key, &key.primary_key, made)),
                Err(reason) => (refusal.reason, refusal.known) = (reason, true),
            }
        }
        for subkey in key.public_subkeys.iter().filter(|subkey| names(signature, &subkey.key)) {
            let fit = || policy::check_primary(key, now, false).and_then(|()| policy::check_subkey(key, subkey, now));
            match check_by(signature, hashed, &subkey.key, now, fit) {
                Ok(made) => return Ok(signer(key, &subkey.key, made)),
                Err(reason) => (refusal.reason, refusal.known) = (reason, true),
            }
        }
    }
    Err(refusal)
}

/// Checks one signature against one key. Returns when it was made.
fn check_by(
    signature: &Signature,
    hashed: &[u8],
    key: &impl VerifyingKey,
    now: i64,
    fit: impl FnOnce() -> Result<(), String>,
) -> Result<Epoch, String> {
    policy::check_hash(signature.hash_alg())?;
    policy::check_key(key)?;
    if !matches!(signature.typ(), Some(SignatureType::Text | SignatureType::Binary)) {
        return Err("no signature over a document".into());
    }
    fit()?;
    let made = signature.created().ok_or("it does not say when it was made")?.as_secs();
    if let Some(life) = signature.signature_expiration_time()
        && life.as_secs() > 0
        && i64::from(made) + i64::from(life.as_secs()) <= now
    {
        return Err("the signature has expired".into());
    }
    signature.verify(key, hashed).map_err(|_| "BAD signature: the text is not what was signed")?;
    Epoch::try_from(i64::from(made)).map_err(|e| e.to_string())
}

/// Whether a signature names the key as its maker, or names nobody.
fn names(signature: &Signature, key: &impl KeyDetails) -> bool {
    let (prints, ids) = (signature.issuer_fingerprint(), signature.issuer_key_id());
    match (prints.is_empty(), ids.is_empty()) {
        (true, true) => true,
        (false, _) => prints.iter().any(|print| **print == key.fingerprint()),
        (true, false) => ids.iter().any(|id| **id == key.legacy_key_id()),
    }
}

fn issuer(signature: &Signature) -> Issuer {
    let print = signature.issuer_fingerprint().first().map(|print| format!("{print:X}"));
    let id = signature.issuer_key_id().first().map(|id| hex::encode_upper(id.as_ref()));
    Issuer(print.or(id).unwrap_or_default())
}

fn signer(key: &SignedPublicKey, signing: &impl KeyDetails, made: Epoch) -> Signer {
    let user = key.details.users.first().map(|user| String::from_utf8_lossy(user.id.id()).into_owned());
    Signer {
        key: format!("{:X}", key.fingerprint()),
        signing_key: format!("{:X}", signing.fingerprint()),
        user: crate::base::redact::printable(&user.unwrap_or_default()),
        made,
    }
}

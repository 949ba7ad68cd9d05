//! What a signature must be made with, and what a key must be like, to count.

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{PublicSubkey, Signature, SignatureType, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{EcdsaPublicParams, KeyDetails, PublicParams, Tag};

use pgp::composed::{SignedPublicKey, SignedPublicSubKey};

/// The least size of an RSA modulus in bits.
const LEAST_RSA: u16 = 2048;

/// Checks the hash function of a signature.
///
/// # Errors
/// With the reason, which names the function.
pub(super) fn check_hash(hash: Option<HashAlgorithm>) -> Result<(), String> {
    match hash {
        Some(
            HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512,
        ) => Ok(()),
        Some(weak) => Err(format!("made with {weak}, which is too weak")),
        None => Err("of an unknown version".into()),
    }
}

/// Checks the algorithm and strength of a key.
///
/// # Errors
/// With the reason, which names the algorithm.
pub(super) fn check_key(key: &impl KeyDetails) -> Result<(), String> {
    match key.public_params() {
        // The first two bytes of a multi-precision integer are its length in bits (RFC 9580 §3.2).
        PublicParams::RSA(params) => match params.to_bytes().ok().and_then(|b| b.first_chunk().copied()) {
            Some(bits) if u16::from_be_bytes(bits) >= LEAST_RSA => Ok(()),
            Some(bits) => {
                Err(format!("RSA of {} bits is too weak: {LEAST_RSA} is the least", u16::from_be_bytes(bits)))
            }
            None => Err("an RSA key that cannot be read".into()),
        },
        PublicParams::EdDSALegacy(_) | PublicParams::Ed25519(_) | PublicParams::Ed448(_) => Ok(()),
        PublicParams::ECDSA(
            EcdsaPublicParams::P256 { .. } | EcdsaPublicParams::P384 { .. } | EcdsaPublicParams::P521 { .. },
        ) => Ok(()),
        _ => Err(format!("{:?} keys are not accepted", key.algorithm())),
    }
}

/// Checks that a primary key may be trusted at `now` (seconds since 1970), and may sign where `signs`.
///
/// # Errors
/// With the reason.
pub(super) fn check_primary(key: &SignedPublicKey, now: i64, signs: bool) -> Result<(), String> {
    let primary = &key.primary_key;
    if key.details.revocation_signatures.iter().any(|revocation| revocation.verify_key(primary).is_ok()) {
        return Err("the key is revoked".into());
    }
    // The newest valid self-signature decides: a direct one, or one over a user ID.
    let direct = key.details.direct_signatures.iter().filter(|s| s.typ() == Some(SignatureType::Key));
    let direct = direct.filter(|s| s.verify_key(primary).is_ok());
    let over_ids = key.details.users.iter().flat_map(|user| {
        let revoked = user.signatures.iter().any(|s| {
            s.typ() == Some(SignatureType::CertRevocation)
                && s.verify_certification(primary, Tag::UserId, &user.id).is_ok()
        });
        user.signatures.iter().filter(move |s| {
            !revoked && s.is_certification() && s.verify_certification(primary, Tag::UserId, &user.id).is_ok()
        })
    });
    let newest = direct.chain(over_ids).filter(|s| made(s) <= now).max_by_key(|s| made(s));
    let own = newest.ok_or("the key has no valid self-signature")?;
    check_life("the key", i64::from(primary.created_at().as_secs()), own, now)?;
    if signs && key_flags(own).is_some_and(|flags| !flags) {
        return Err("the key may not sign".into());
    }
    Ok(())
}

/// Checks that a subkey is bound to its primary key, may sign, and is neither revoked nor expired at `now`.
///
/// # Errors
/// With the reason.
pub(super) fn check_subkey(key: &SignedPublicKey, subkey: &SignedPublicSubKey, now: i64) -> Result<(), String> {
    let valid = |kind: SignatureType| {
        let of_kind = subkey.signatures.iter().filter(move |s| s.typ() == Some(kind));
        of_kind.filter(|s| s.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok())
    };
    if valid(SignatureType::SubkeyRevocation).next().is_some() {
        return Err("the subkey is revoked".into());
    }
    let newest = valid(SignatureType::SubkeyBinding).filter(|s| made(s) <= now).max_by_key(|s| made(s));
    let binding = newest.ok_or("the subkey is not bound to its key")?;
    if key_flags(binding) != Some(true) || !binds_back(binding, key, &subkey.key) {
        return Err("the subkey may not sign".into());
    }
    check_life("the subkey", i64::from(subkey.key.created_at().as_secs()), binding, now)
}

/// When a signature was made; before everything where it does not say.
pub(super) fn made(signature: &Signature) -> i64 {
    signature.created().map_or(i64::MIN, |time| i64::from(time.as_secs()))
}

/// Whether the subkey has signed that it belongs to the key, as signing subkeys must (RFC 9580 §10.1.5).
fn binds_back(binding: &Signature, key: &SignedPublicKey, subkey: &PublicSubkey) -> bool {
    binding.embedded_signature().is_some_and(|back| back.verify_primary_key_binding(subkey, &key.primary_key).is_ok())
}

fn check_life(what: &str, created: i64, own: &Signature, now: i64) -> Result<(), String> {
    if created > now {
        return Err(format!("{what} is from the future"));
    }
    match own.key_expiration_time().map(|life| i64::from(life.as_secs())) {
        Some(life) if life > 0 && created + life <= now => Err(format!("{what} has expired")),
        _ => Ok(()),
    }
}

/// Whether the key flags let it sign; nothing where there are no flags.
fn key_flags(signature: &Signature) -> Option<bool> {
    signature.config()?.hashed_subpackets().find_map(|packet| match &packet.data {
        SubpacketData::KeyFlags(flags) => Some(flags.sign()),
        _ => None,
    })
}

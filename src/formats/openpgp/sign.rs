//! Signing as Debian archives are signed: a cleartext-signed message (`InRelease`) and an armoured detached signature (`Release.gpg`).
//!
//! | Question | Choice | Reason |
//! |---|---|---|
//! | signatures | version 4 (RFC 9580 §5.2.3), SHA-512 | `gpgv` of every Debian reads them |
//! | which key | the newest signing subkey that may sign and whose secret part is there, else the primary key | as `gpg` |
//! | time of the signature | an argument | no clock is read here |
//! | randomness | none: the algorithms that are accepted need none, or derive what they need from key and text (RFC 6979) | the same text, key and time give the same signature |
//!
//! What may sign is what [`super::verify`] would accept: the policy is the same.

use std::io::Cursor;

use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, Deserializable, DetachedSignature, SignedPublicKey, SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyDetails, KeyVersion, Password, SigningKey as Signs, Timestamp};

use super::keyring::Keyring;
use super::policy;
use crate::base::redact::Secret;
use crate::base::{Class, Epoch, Fault};

/// More than any key.
const MAX_BYTES: usize = 1 << 20;

const BEGIN: &str = "-----BEGIN PGP PRIVATE KEY BLOCK-----";

/// A secret key that can sign, unlocked.
pub struct SigningKey {
    key: SignedSecretKey,
    public: SignedPublicKey,
    /// The subkey that signs; none where the primary key does.
    subkey: Option<usize>,
    password: Password,
}

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The file holds no secret key.
    #[error("it is no OpenPGP secret key: {0}")]
    Malformed(String),
    /// The file holds the public half.
    #[error("it is a public key, which cannot sign")]
    Public,
    /// The file holds several keys.
    #[error("it holds {0} secret keys, and which one is to sign is not said")]
    Several(usize),
    /// The key is locked.
    #[error("the key is protected, and there is no passphrase")]
    Locked,
    /// The passphrase is wrong.
    #[error("the passphrase does not open the key")]
    Passphrase,
    /// None of the key's parts may or can sign.
    #[error("nothing in it may sign: {0}")]
    Unfit(String),
    /// The signature cannot be made.
    #[error("cannot sign: {0}")]
    Failed(String),
}

impl SigningKey {
    /// Reads a key as `gpg --export-secret-keys` writes it, armoured or binary, opens it, and sees that it may sign at `now`.
    ///
    /// # Errors
    /// When it is no secret key, more than one, locked, or may not sign.
    pub fn parse(bytes: &[u8], passphrase: Option<&Secret>, now: Epoch) -> Result<Self, SignError> {
        let mut keys = secret_keys(bytes)?;
        let key = match (keys.pop(), keys.len()) {
            (Some(key), 0) => key,
            (_, more) => return Err(SignError::Several(more + 1)),
        };
        let public = key.to_public_key();
        let password = passphrase.map_or_else(Password::empty, |secret| Password::from(secret.expose()));
        let mut this = Self { key, public, subkey: None, password };
        let mut subkeys: Vec<usize> = (0..this.key.secret_subkeys.len()).collect();
        subkeys.sort_by_key(|at| std::cmp::Reverse(this.key.secret_subkeys[*at].key.created_at().as_secs()));
        let mut reasons = Vec::new();
        for subkey in subkeys.into_iter().map(Some).chain([None]) {
            if let Err(reason) = this.fits(subkey, now.seconds()) {
                reasons.push(reason);
                continue;
            }
            this.subkey = subkey;
            match this.sign(b"", SignatureType::Binary, now) {
                Ok(_) => return Ok(this),
                Err(_) if this.is_locked() && passphrase.is_none() => return Err(SignError::Locked),
                Err(_) if this.is_locked() => return Err(SignError::Passphrase),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        Err(SignError::Unfit(reasons.join("; ")))
    }

    /// The public half, for whoever verifies.
    #[must_use]
    pub fn keyring(&self) -> Keyring {
        Keyring { keys: vec![self.public.clone()] }
    }

    /// The fingerprint of the primary key, in upper-case hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{:X}", self.public.fingerprint())
    }

    /// `text` as a cleartext-signed message.
    ///
    /// # Errors
    /// When the signature cannot be made.
    pub fn cleartext(&self, text: &str, at: Epoch) -> Result<String, SignError> {
        // The end of the last line is not part of what is signed.
        let text = text.strip_suffix('\n').unwrap_or(text);
        let message = CleartextSignedMessage::new_many(text, |normal| {
            let signature = self.sign(normal.as_bytes(), SignatureType::Text, at);
            signature.map(|signature| vec![signature]).map_err(|error| std::io::Error::other(error).into())
        });
        message.and_then(|message| message.to_armored_string(ArmorOptions::default())).map_err(failed)
    }

    /// A detached signature of `text`, armoured.
    ///
    /// # Errors
    /// When the signature cannot be made.
    pub fn detached(&self, text: &str, at: Epoch) -> Result<String, SignError> {
        let signature = self.sign(text.as_bytes(), SignatureType::Binary, at)?;
        DetachedSignature::new(signature).to_armored_string(ArmorOptions::default()).map_err(failed)
    }

    /// Whether a part of the key may sign.
    fn fits(&self, subkey: Option<usize>, now: i64) -> Result<(), String> {
        let Some(at) = subkey else {
            return policy::check_primary(&self.public, now, true)
                .and_then(|()| policy::check_key(&self.key.primary_key))
                .and_then(|()| is_version_4(&self.key.primary_key));
        };
        let subkey = self.key.secret_subkeys[at].signed_public_key();
        policy::check_primary(&self.public, now, false)?;
        policy::check_subkey(&self.public, &subkey, now)?;
        policy::check_key(&subkey.key)?;
        is_version_4(&subkey.key)
    }

    fn is_locked(&self) -> bool {
        match self.subkey {
            Some(at) => self.key.secret_subkeys[at].key.secret_params().is_encrypted(),
            None => self.key.primary_key.secret_params().is_encrypted(),
        }
    }

    fn sign(&self, data: &[u8], kind: SignatureType, at: Epoch) -> Result<Signature, SignError> {
        match self.subkey {
            Some(subkey) => sign_with(&self.key.secret_subkeys[subkey].key, &self.password, data, kind, at),
            None => sign_with(&self.key.primary_key, &self.password, data, kind, at),
        }
    }
}

fn sign_with(
    key: &impl Signs,
    password: &Password,
    data: &[u8],
    kind: SignatureType,
    at: Epoch,
) -> Result<Signature, SignError> {
    let seconds = u32::try_from(at.seconds()).map_err(|_| SignError::Failed(format!("{at} is past 2106")))?;
    let mut config = SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha512);
    let packet = |data| Subpacket::regular(data).map_err(failed);
    config.hashed_subpackets = vec![
        packet(SubpacketData::SignatureCreationTime(Timestamp::from_secs(seconds)))?,
        packet(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
    ];
    config.unhashed_subpackets = vec![packet(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
    config.sign(key, password, data).map_err(failed)
}

fn is_version_4(key: &impl KeyDetails) -> Result<(), String> {
    if key.version() == KeyVersion::V4 { Ok(()) } else { Err("only keys of version 4 are known to apt".into()) }
}

/// The secret keys of a file; never none.
fn secret_keys(bytes: &[u8]) -> Result<Vec<SignedSecretKey>, SignError> {
    let malformed = |error: pgp::errors::Error| SignError::Malformed(error.to_string());
    if bytes.len() > MAX_BYTES {
        return Err(SignError::Malformed(format!("more than {MAX_BYTES} bytes")));
    }
    let keys: Result<Vec<SignedSecretKey>, pgp::errors::Error> = match std::str::from_utf8(bytes) {
        // Of several blocks the parser would read the first.
        Ok(text) if text.matches(BEGIN).count() > 1 => return Err(SignError::Several(text.matches(BEGIN).count())),
        Ok(text) if text.contains(BEGIN) => {
            let (keys, _) = SignedSecretKey::from_armor_many(Cursor::new(text)).map_err(malformed)?;
            keys.collect()
        }
        _ => SignedSecretKey::from_bytes_many(Cursor::new(bytes)).and_then(Iterator::collect),
    };
    match keys {
        Ok(keys) if !keys.is_empty() => Ok(keys),
        _ if Keyring::parse(bytes).is_ok() => Err(SignError::Public),
        Ok(_) => Err(SignError::Malformed("there is none in it".into())),
        Err(error) => Err(malformed(error)),
    }
}

fn failed(error: pgp::errors::Error) -> SignError {
    SignError::Failed(error.to_string())
}

impl Fault for SignError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Malformed(_) | Self::Public | Self::Several(_) => {
                "export one with `gpg --armor --export-secret-keys FINGERPRINT`".into()
            }
            Self::Locked => "set MOKAPOT_KEY_PASSPHRASE".into(),
            Self::Passphrase => "MOKAPOT_KEY_PASSPHRASE holds another one".into(),
            Self::Unfit(_) => {
                "a key that signs is RSA of 2048 bits or more, Ed25519, Ed448 or ECDSA, not expired".into()
            }
            Self::Failed(_) => return None,
        })
    }
}

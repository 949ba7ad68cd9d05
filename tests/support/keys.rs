//! OpenPGP keys made in code, the same on every run, and signatures by them.

use mokapot::formats::openpgp::Keyring;
use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, KeyType, SignedKeyDetails, SignedPublicKey, SignedPublicSubKey,
    SignedSecretKey, SignedSecretSubKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    KeyFlags, PacketTrait, PubKeyInner, PublicKey, PublicSubkey, SecretKey, SecretSubkey, Signature, SignatureConfig,
    SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::ser::Serialize;
use pgp::types::{
    Duration, KeyDetails, KeyVersion, Password, S2kParams, SecretParams, SignedUser, SigningKey, Tag, Timestamp,
};
use rand_core::{CryptoRng, RngCore};

/// When all test keys were made: 2020-09-13.
pub const MADE: u32 = 1_600_000_000;

/// When all test signatures are made: 2026-01-01.
pub const SIGNED: u32 = 1_767_225_600;

/// What a key is like.
#[derive(Clone)]
pub struct Spec {
    pub kind: KeyType,
    /// Seconds from [`MADE`] until it expires.
    pub life: Option<u32>,
    pub revoked: bool,
    /// Signs with a subkey, that may or may not say that it belongs to the key.
    pub subkey: Option<Subkey>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subkey {
    Good,
    WithoutBackSignature,
    Revoked,
    Expired,
}

/// A key that signs.
pub struct Key {
    primary: SecretKey,
    subkey: Option<SecretSubkey>,
    pub public: SignedPublicKey,
}

impl Default for Spec {
    fn default() -> Self {
        Self { kind: KeyType::Ed25519Legacy, life: None, revoked: false, subkey: None }
    }
}

impl Key {
    /// An Ed25519 key as GnuPG makes them.
    pub fn new(seed: u64) -> Self {
        Self::of(seed, &Spec::default())
    }

    pub fn of(seed: u64, spec: &Spec) -> Self {
        let mut rng = Seeded(seed);
        let (inner, secret) = parts(&spec.kind, &mut rng);
        let primary = SecretKey::new(PublicKey::from_inner(inner).unwrap(), secret).unwrap();
        let user = UserId::from_str(Default::default(), format!("Test Archive Key {seed} <ftp@example.org>")).unwrap();
        let life = spec.life.map(|life| SubpacketData::KeyExpirationTime(Duration::from_secs(life)));
        let config =
            config(&primary, SignatureType::CertPositive, flags(spec.subkey.is_none()).into_iter().chain(life));
        let own =
            config.sign_certification(&primary, primary.public_key(), &Password::empty(), Tag::UserId, &user).unwrap();
        let revocation = spec.revoked.then(|| {
            let config = self::config(&primary, SignatureType::KeyRevocation, []);
            config.sign_key(&primary, &Password::empty(), primary.public_key()).unwrap()
        });
        let details = SignedKeyDetails::new(
            revocation.into_iter().collect(),
            Vec::new(),
            vec![SignedUser::new(user, vec![own])],
            Vec::new(),
        );
        let (subkey, signed_subkey) = spec.subkey.map(|kind| bound_subkey(&primary, kind, &mut rng)).unzip();
        let subkeys: Vec<SignedPublicSubKey> = signed_subkey.into_iter().collect();
        let public = SignedPublicKey::new(primary.public_key().clone(), details, subkeys);
        Self { primary, subkey, public }
    }

    pub fn fingerprint(&self) -> String {
        format!("{:X}", self.public.fingerprint())
    }

    pub fn armoured(&self) -> String {
        self.public.to_armored_string(ArmorOptions::default()).unwrap()
    }

    pub fn binary(&self) -> Vec<u8> {
        self.public.to_bytes().unwrap()
    }

    pub fn keyring(&self) -> Keyring {
        Keyring::parse(&self.binary()).unwrap()
    }

    /// The secret key, armoured as `gpg --export-secret-keys` gives it; protected where there is a passphrase.
    pub fn secret(&self, passphrase: Option<&str>) -> String {
        let mut primary = self.primary.clone();
        let mut subkey = self.subkey.clone();
        if let Some(passphrase) = passphrase {
            let s2k = || S2kParams::new_default(Seeded(1), KeyVersion::V4);
            let password = Password::from(passphrase);
            primary.set_password_with_s2k(&password, s2k()).unwrap();
            subkey.iter_mut().for_each(|subkey| subkey.set_password_with_s2k(&password, s2k()).unwrap());
        }
        let signatures = self.public.public_subkeys.first().map(|subkey| subkey.signatures.clone()).unwrap_or_default();
        let subkeys = subkey.map(|subkey| SignedSecretSubKey::new(subkey, signatures)).into_iter().collect();
        let key = SignedSecretKey::new(primary, self.public.details.clone(), Vec::new(), subkeys);
        key.to_armored_string(ArmorOptions::default()).unwrap()
    }

    /// A signature over bytes as they are.
    pub fn sign(&self, data: &[u8], kind: SignatureType, hash: HashAlgorithm) -> Signature {
        match &self.subkey {
            Some(subkey) => sign_with(subkey, data, kind, hash),
            None => sign_with(&self.primary, data, kind, hash),
        }
    }

    /// A cleartext-signed message.
    pub fn cleartext(&self, text: &str) -> String {
        cleartext(&[self], text, HashAlgorithm::Sha512)
    }

    /// An armoured detached signature.
    pub fn detached(&self, text: &str) -> String {
        let signature = self.sign(text.as_bytes(), SignatureType::Binary, HashAlgorithm::Sha512);
        pgp::composed::DetachedSignature::new(signature).to_armored_string(ArmorOptions::default()).unwrap()
    }

    /// A binary detached signature.
    pub fn detached_binary(&self, text: &str) -> Vec<u8> {
        let signature = self.sign(text.as_bytes(), SignatureType::Binary, HashAlgorithm::Sha512);
        let mut bytes = Vec::new();
        signature.to_writer_with_header(&mut bytes).unwrap();
        bytes
    }
}

/// One message with the signatures of several keys.
pub fn cleartext(keys: &[&Key], text: &str, hash: HashAlgorithm) -> String {
    // The last line's end is not part of what is signed.
    let text = text.strip_suffix('\n').unwrap_or(text);
    CleartextSignedMessage::new_many(text, |normal| {
        Ok(keys.iter().map(|key| key.sign(normal.as_bytes(), SignatureType::Text, hash)).collect())
    })
    .unwrap()
    .to_armored_string(ArmorOptions::default())
    .unwrap()
}

fn sign_with(key: &impl SigningKey, data: &[u8], kind: SignatureType, hash: HashAlgorithm) -> Signature {
    let mut config = self::config(key, kind, []);
    config.hash_alg = hash;
    config.hashed_subpackets[0] = at(SIGNED);
    config.sign(key, &Password::empty(), data).unwrap()
}

fn bound_subkey(primary: &SecretKey, kind: Subkey, rng: &mut Seeded) -> (SecretSubkey, SignedPublicSubKey) {
    let (inner, secret) = parts(&KeyType::Ed25519Legacy, rng);
    let secret = SecretSubkey::new(PublicSubkey::from_inner(inner).unwrap(), secret).unwrap();
    let public = secret.public_key().clone();
    let mut data: Vec<SubpacketData> = flags(true).to_vec();
    if kind != Subkey::WithoutBackSignature {
        let back = config(&secret, SignatureType::KeyBinding, []);
        let back = back.sign_primary_key_binding(&secret, &public, &Password::empty(), primary.public_key()).unwrap();
        data.push(SubpacketData::EmbeddedSignature(Box::new(back)));
    }
    if kind == Subkey::Expired {
        data.push(SubpacketData::KeyExpirationTime(Duration::from_secs(1)));
    }
    let bind = |typ, data: Vec<SubpacketData>| {
        let config = config(primary, typ, data);
        config.sign_subkey_binding(primary, primary.public_key(), &Password::empty(), &public).unwrap()
    };
    let mut signatures = vec![bind(SignatureType::SubkeyBinding, data)];
    if kind == Subkey::Revoked {
        signatures.push(bind(SignatureType::SubkeyRevocation, Vec::new()));
    }
    (secret, SignedPublicSubKey::new(public.clone(), signatures))
}

fn flags(sign: bool) -> [SubpacketData; 1] {
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(sign);
    [SubpacketData::KeyFlags(flags)]
}

fn at(time: u32) -> Subpacket {
    Subpacket::regular(SubpacketData::SignatureCreationTime(Timestamp::from_secs(time))).unwrap()
}

fn config(key: &impl SigningKey, typ: SignatureType, more: impl IntoIterator<Item = SubpacketData>) -> SignatureConfig {
    let mut config = SignatureConfig::v4(typ, key.algorithm(), HashAlgorithm::Sha512);
    let issuer = Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint())).unwrap();
    config.hashed_subpackets = vec![at(MADE), issuer];
    config.hashed_subpackets.extend(more.into_iter().map(|data| Subpacket::regular(data).unwrap()));
    config
}

/// The public and the secret part of a new key.
fn parts(kind: &KeyType, rng: &mut Seeded) -> (PubKeyInner, SecretParams) {
    let (public, secret) = kind.generate(&mut *rng).unwrap();
    let inner = PubKeyInner::new(KeyVersion::V4, kind.to_alg(), Timestamp::from_secs(MADE), None, public).unwrap();
    (inner, secret)
}

/// Random numbers that are the same on every run (SplitMix64): good for tests, and for nothing else.
struct Seeded(u64);

impl RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Seeded {}

/// The smallest size of DSA keys.
pub fn dsa_size() -> pgp::composed::DsaKeySize {
    pgp::composed::DsaKeySize::B1024
}

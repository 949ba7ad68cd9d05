//! Signatures of keys made here: which count, which do not, and what the refusal says.

use mokapot::base::redact::Secret;
use mokapot::base::{Class, Epoch, Fault};
use mokapot::formats::openpgp::{Keyring, OpenPgpError, SignError, SigningKey, verify_cleartext, verify_detached};
use pgp::composed::KeyType;
use pgp::crypto::hash::HashAlgorithm;
use proptest::prelude::*;

use crate::support::keys::{self, Key, SIGNED, Spec, Subkey};

const TEXT: &str = "Origin: Fake\n-dashed\n\n  indented\nlast\n";

fn now() -> Epoch {
    Epoch::try_from(i64::from(SIGNED) + 60).unwrap()
}

fn refused(message: &str, keyring: &Keyring) -> OpenPgpError {
    let error = verify_cleartext(message.as_bytes(), keyring, now()).unwrap_err();
    assert_eq!(error.class(), Class::Trust);
    error
}

#[test]
fn good_signatures_of_each_kind_of_key() {
    let kinds = [KeyType::Ed25519Legacy, KeyType::Ed25519, KeyType::Rsa(2048), KeyType::Ed448];
    for (seed, kind) in (1..).zip(kinds) {
        let key = Key::of(seed, &Spec { kind, ..Spec::default() });
        let verified = verify_cleartext(key.cleartext(TEXT).as_bytes(), &key.keyring(), now()).unwrap();
        assert_eq!(verified.text, TEXT);
        assert_eq!(verified.signers[0].key, key.fingerprint());
        let armoured = Keyring::parse(key.armoured().as_bytes()).unwrap();
        verify_detached(TEXT.as_bytes(), key.detached(TEXT).as_bytes(), &armoured, now()).unwrap();
        verify_detached(TEXT.as_bytes(), &key.detached_binary(TEXT), &armoured, now()).unwrap();
    }
}

#[test]
fn unknown_keys_are_named_beside_the_pinned_ones() {
    let (pinned, stranger) = (Key::new(1), Key::new(2));
    let error = refused(&stranger.cleartext(TEXT), &pinned.keyring());
    let text = error.to_string();
    assert!(text.contains(&stranger.fingerprint()) && text.contains(&pinned.fingerprint()), "{text}");
    assert!(text.contains("not pinned"), "{text}");
}

#[test]
fn one_trusted_signature_among_others_is_enough() {
    let three = [Key::new(1), Key::new(2), Key::new(3)];
    let message = keys::cleartext(&[&three[0], &three[1], &three[2]], TEXT, HashAlgorithm::Sha512);
    let verified = verify_cleartext(message.as_bytes(), &three[1].keyring(), now()).unwrap();
    assert_eq!(verified.signers.iter().map(|s| s.key.clone()).collect::<Vec<_>>(), [three[1].fingerprint()]);
    assert_eq!(verified.ignored.len(), 2);
}

#[test]
fn one_key_that_signs_twice_is_one_signer() {
    let key = Key::new(1);
    let message = keys::cleartext(&[&key, &key], TEXT, HashAlgorithm::Sha256);
    assert_eq!(verify_cleartext(message.as_bytes(), &key.keyring(), now()).unwrap().signers.len(), 1);
}

#[test]
fn weak_algorithms_are_refused_by_name() {
    let key = Key::of(1, &Spec { kind: KeyType::Rsa(2048), ..Spec::default() });
    for (hash, name) in [(HashAlgorithm::Sha1, "SHA1"), (HashAlgorithm::Md5, "MD5")] {
        let error = refused(&keys::cleartext(&[&key], TEXT, hash), &key.keyring()).to_string();
        assert!(error.contains(name), "{error}");
    }
    let weak = Key::of(2, &Spec { kind: KeyType::Rsa(1024), ..Spec::default() });
    let error = refused(&weak.cleartext(TEXT), &weak.keyring()).to_string();
    assert!(error.contains("RSA of 1024 bits"), "{error}");
    let dsa = KeyType::Dsa(keys::dsa_size());
    let dsa = Key::of(3, &Spec { kind: dsa, ..Spec::default() });
    let error = refused(&dsa.cleartext(TEXT), &dsa.keyring()).to_string();
    assert!(error.contains("DSA keys are not accepted"), "{error}");
}

#[test]
fn keys_that_ended_do_not_count() {
    for (spec, wanted) in [
        (Spec { life: Some(1000), ..Spec::default() }, "the key has expired"),
        (Spec { revoked: true, ..Spec::default() }, "the key is revoked"),
        (Spec { subkey: Some(Subkey::Revoked), ..Spec::default() }, "the subkey is revoked"),
        (Spec { subkey: Some(Subkey::Expired), ..Spec::default() }, "the subkey has expired"),
        (Spec { subkey: Some(Subkey::WithoutBackSignature), ..Spec::default() }, "the subkey may not sign"),
    ] {
        let key = Key::of(1, &spec);
        let error = refused(&key.cleartext(TEXT), &key.keyring()).to_string();
        assert!(error.contains(wanted), "{error} is not about {wanted}");
    }
    let key = Key::of(1, &Spec { subkey: Some(Subkey::Good), ..Spec::default() });
    let verified = verify_cleartext(key.cleartext(TEXT).as_bytes(), &key.keyring(), now()).unwrap();
    assert_ne!(verified.signers[0].key, verified.signers[0].signing_key);
    let before = Epoch::try_from(i64::from(keys::MADE) - 1).unwrap();
    assert!(verify_cleartext(key.cleartext(TEXT).as_bytes(), &key.keyring(), before).is_err());
}

#[test]
fn changed_text_is_a_bad_signature() {
    let key = Key::new(1);
    let message = key.cleartext(TEXT);
    let error = refused(&message.replace("Fake", "Evil"), &key.keyring()).to_string();
    assert!(error.contains("BAD signature"), "{error}");
    let other = verify_detached(b"Origin: Evil\n", key.detached(TEXT).as_bytes(), &key.keyring(), now());
    assert!(other.unwrap_err().to_string().contains("BAD signature"));
}

#[test]
fn blanks_and_line_ends_that_are_not_signed_are_not_parsed() {
    let key = Key::new(1);
    let message = key.cleartext(TEXT).replace("Origin: Fake\n", "Origin: Fake \t\r\n");
    assert_eq!(verify_cleartext(message.as_bytes(), &key.keyring(), now()).unwrap().text, TEXT);
    let smuggled = key.cleartext(TEXT).replace("Origin: Fake\n", "Origin: Fake\r\r\n");
    assert!(matches!(refused(&smuggled, &key.keyring()), OpenPgpError::Frame { line: 4, .. }));
}

#[test]
fn nothing_beside_the_signed_message() {
    let key = Key::new(1);
    let message = key.cleartext(TEXT);
    let inner = message.replace("-----BEGIN PGP SIGNATURE-----", "Evil: yes\n-----BEGIN PGP SIGNATURE-----");
    for bad in [
        format!("Evil: yes\n{message}"),
        format!("{message}Evil: yes\n"),
        format!("{message}{message}"),
        format!("{message}\n\n{message}"),
        inner,
        message.replace("Hash: SHA512", "Evil: yes"),
        message.replace("- -dashed", "-dashed"),
        message.replace("-----END PGP SIGNATURE-----\n", ""),
    ] {
        refused(&bad, &key.keyring());
    }
    let detached = key.detached(TEXT);
    for bad in [
        format!("Evil: yes\n{detached}"),
        format!("{detached}Evil: yes\n"),
        format!("{detached}{detached}"),
        String::new(),
    ] {
        assert!(verify_detached(TEXT.as_bytes(), bad.as_bytes(), &key.keyring(), now()).is_err(), "{bad}");
    }
    let mut packets = key.detached_binary(TEXT);
    packets.extend(key.binary());
    assert!(verify_detached(TEXT.as_bytes(), &packets, &key.keyring(), now()).is_err());
}

#[test]
fn texts_that_are_not_signed() {
    let key = Key::new(1);
    for bad in ["", "Origin: Debian\n", "<!DOCTYPE html><html>pay here</html>"] {
        assert_eq!(refused(bad, &key.keyring()), OpenPgpError::Unsigned);
    }
    let empty =
        "-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n";
    refused(empty, &key.keyring());
}

#[test]
fn keyrings_that_are_none() {
    for bad in [&b""[..], b"hello", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", &[0x99, 0xff, 0xff]] {
        let error = Keyring::parse(bad).unwrap_err();
        assert_eq!(error.class(), Class::Recipe, "{error}");
    }
    let both = format!("{}\n{}", Key::new(1).armoured(), Key::new(2).armoured());
    assert_eq!(Keyring::parse(both.as_bytes()).unwrap().fingerprints().len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens to a message, what comes out is what went in, or nothing.
    #[test]
    fn a_flipped_bit_changes_nothing_or_is_refused(at in 0usize..1000, bit in 0u8..8) {
        let key = Key::new(1);
        let mut message = key.cleartext(TEXT).into_bytes();
        let at = at % message.len();
        message[at] ^= 1 << bit;
        if let Ok(verified) = verify_cleartext(&message, &key.keyring(), now()) {
            prop_assert_eq!(verified.text, TEXT);
        }
    }

    #[test]
    fn any_text_survives_signing(lines in proptest::collection::vec("[ -~]{0,20}", 1..8)) {
        let key = Key::new(1);
        let text: String = lines.iter().map(|line| format!("{}\n", line.trim_end())).collect();
        prop_assert_eq!(verify_cleartext(key.cleartext(&text).as_bytes(), &key.keyring(), now()).unwrap().text, text);
    }

    #[test]
    fn no_bytes_break_the_parsers(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let key = Key::new(1);
        prop_assert!(verify_cleartext(&bytes, &key.keyring(), now()).is_err());
        prop_assert!(verify_detached(b"", &bytes, &key.keyring(), now()).is_err());
        let _ = Keyring::parse(&bytes);
    }
}

#[test]
fn what_is_signed_is_verified_and_is_the_same_each_time() {
    let spec = |kind| Spec { kind, ..Spec::default() };
    let specs = [
        spec(KeyType::Ed25519Legacy),
        spec(KeyType::Ed25519),
        spec(KeyType::Rsa(2048)),
        spec(KeyType::Ed448),
        spec(KeyType::ECDSA(pgp::crypto::ecc_curve::ECCCurve::P256)),
        Spec { subkey: Some(Subkey::Good), ..Spec::default() },
        Spec { subkey: Some(Subkey::Revoked), ..Spec::default() },
    ];
    for (seed, spec) in (1..).zip(specs) {
        let key = Key::of(seed, &spec);
        for passphrase in [None, Some("open sesame")] {
            let secret = passphrase.map(Secret::new);
            let parsed = SigningKey::parse(key.secret(passphrase).as_bytes(), secret.as_ref(), now());
            if spec.subkey == Some(Subkey::Revoked) {
                // Of such a key neither part may sign.
                assert!(matches!(parsed, Err(SignError::Unfit(reason)) if reason.contains("the subkey is revoked")));
                continue;
            }
            let signing = parsed.unwrap_or_else(|error| panic!("{seed}: {error}"));
            assert_eq!(signing.fingerprint(), key.fingerprint());
            let message = signing.cleartext(TEXT, now()).unwrap();
            let verified = verify_cleartext(message.as_bytes(), &key.keyring(), now()).unwrap();
            assert_eq!((verified.text.as_str(), verified.signers[0].made), (TEXT, now()));
            assert_eq!(verified.signers[0].signing_key == key.fingerprint(), spec.subkey.is_none());
            let detached = signing.detached(TEXT, now()).unwrap();
            verify_detached(TEXT.as_bytes(), detached.as_bytes(), &key.keyring(), now()).unwrap();
            assert_eq!(
                (signing.cleartext(TEXT, now()).unwrap(), signing.detached(TEXT, now()).unwrap()),
                (message, detached)
            );
            verify_detached(b"other", signing.detached(TEXT, now()).unwrap().as_bytes(), &signing.keyring(), now())
                .unwrap_err();
        }
    }
}

#[test]
fn keys_that_may_not_sign_do_not() {
    let refused = |secret: &str, passphrase: Option<&str>| {
        SigningKey::parse(secret.as_bytes(), passphrase.map(Secret::new).as_ref(), now()).err().unwrap()
    };
    let locked = Key::new(1).secret(Some("open sesame"));
    assert_eq!(refused(&locked, None), SignError::Locked);
    assert_eq!(refused(&locked, Some("open barley")), SignError::Passphrase);
    assert_eq!(refused(&Key::new(1).armoured(), None), SignError::Public);
    for (spec, reason) in [
        (Spec { life: Some(10), ..Spec::default() }, "expired"),
        (Spec { revoked: true, ..Spec::default() }, "revoked"),
        (Spec { kind: KeyType::Rsa(1024), ..Spec::default() }, "1024 bits is too weak"),
        (Spec { subkey: Some(Subkey::WithoutBackSignature), ..Spec::default() }, "may not sign"),
        (Spec { subkey: Some(Subkey::Expired), ..Spec::default() }, "expired"),
    ] {
        let error = refused(&Key::of(5, &spec).secret(None), None);
        assert!(matches!(&error, SignError::Unfit(text) if text.contains(reason)), "{error}");
    }
    for text in ["", "no key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n"] {
        assert!(matches!(refused(text, None), SignError::Malformed(_)), "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_are_a_key_by_chance(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(SigningKey::parse(&bytes, None, now()).is_err());
    }
}

//! No bytes break the readers of signed texts, signatures and keyrings; nothing unsigned is ever taken for signed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mokapot::base::Epoch;
use mokapot::formats::openpgp::{Keyring, cleartext, verify_detached};

/// A key that signs nothing: made once, its secret part forgotten.
static KEYRING: LazyLock<Keyring> = LazyLock::new(|| Keyring::parse(include_bytes!("openpgp.key")).expect("a key"));

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = cleartext::parse(bytes) {
        assert!(message.text.lines().eq(message.hashed.split("\r\n")) || message.hashed.is_empty());
    }
    let _ = Keyring::parse(bytes);
    assert!(verify_detached(b"text", bytes, &KEYRING, Epoch::ZERO).is_err());
});

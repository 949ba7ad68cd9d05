//! Signatures as Debian archives make them: cleartext-signed and detached OpenPGP signatures (RFC 9580, on the `pgp`
//! crate), checked against a keyring that the user pinned.
//!
//! The policy: at least one good signature by a key, or a signing subkey, of the keyring that is neither revoked nor
//! expired; made with SHA-2 or SHA-3 by RSA of 2048 bits or more, Ed25519, Ed448 or ECDSA. Signatures of other keys beside
//! it do no harm: archives sign with the keys of several releases.

pub mod cleartext;
pub mod error;
pub mod keyring;
mod policy;
pub mod sign;
pub mod verify;

pub use error::{Issuer, OpenPgpError, Refusal};
pub use keyring::Keyring;
pub use sign::{SignError, SigningKey};
pub use verify::{Signer, Verified, verify_cleartext, verify_detached};

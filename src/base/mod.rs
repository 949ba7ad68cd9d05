//! Floor 0: small types that every other floor may use. They know no format, no disk and no network.

pub mod checksum;
pub mod digest;
pub mod epoch;
pub mod fault;
pub mod platform;
pub mod progress;
pub mod redact;

pub use checksum::Checksum;
pub use digest::{DiffId, Digest, Hasher};
pub use epoch::Epoch;
pub use fault::{Class, Fault};
pub use platform::{Arch, Platform};
pub use progress::{Event, Phase, Progress};

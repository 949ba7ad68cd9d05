//! Apt archives: signed metadata, package indexes, and where packages are.
//!
//! ```text
//! ROOT/dists/SUITE/InRelease                                      signed; lists the checksums of the indexes
//! ROOT/dists/SUITE/COMPONENT/binary-ARCH/Packages.xz              lists the checksums of the packages
//! ROOT/dists/SUITE/COMPONENT/binary-ARCH/by-hash/SHA256/HEX       the same, under a name that never changes
//! ROOT/pool/…                                                     the packages
//! ```
//!
//! Nothing is used that a pinned key did not vouch for: [`open`] checks the signature, that it is the suite that was
//! asked for, and that it is neither stale nor from the future; [`SignedRelease::index`] names the index files with
//! their checksums; [`Index::read`] reads one of them, decompressed within the bounds that the signed list sets.

pub mod decode;
pub mod error;
pub mod freshness;
pub mod index;
pub mod packages;
pub mod suite;

pub use error::{ArchiveError, Reason};
pub use freshness::Freshness;
pub use index::{Index, Variant};
pub use packages::Visit;
pub use suite::{SignedRelease, Source, below, open};

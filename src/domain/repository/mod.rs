//! Apt repositories of ours: what a suite lists, what a publish makes of it, and the state that publishers share.
//!
//! ```text
//! pool/COMPONENT/PREFIX/SOURCE/NAME_VERSION_ARCH.deb           the packages; shared by all suites
//! dists/SUITE/InRelease, Release, Release.gpg                  signed; written last
//! dists/SUITE/COMPONENT/binary-ARCH/Packages{,.gz,.xz}         what the suite has
//! dists/SUITE/COMPONENT/Contents-ARCH{,.gz}                    whose file a path is
//! …/by-hash/SHA256/HEX                                         beside each index: the same bytes under a name that never changes
//! mokapot-repository.json                                      the state: see [`State`]
//! ```
//!
//! ```text
//! index of a suite + packages ──plan──▶ index, changes ──index_files, release──▶ bytes ──State::advance──▶ the next state
//! ```
//!
//! # What a reader sees
//!
//! `apt` (1.2 and later) and [`crate::io::archive`] fetch `InRelease`, and then indexes by their hash, since it says `Acquire-By-Hash`; so
//! whoever has one `InRelease` reads one state, the one before included: its files are kept until the next but one is there. Clients that
//! know no `InRelease` fetch `Release` and `Release.gpg`, and such that know no by-hash `Packages`: while a publish replaces one after the
//! other, these may meet a mixture, see that checksums or the signature do not fit, and have to ask again.

mod contents;
mod error;
mod index_files;
mod listing;
mod name;
mod plan;
mod state;

pub use contents::Contents;
pub use error::{RepositoryError, StateError};
pub use index_files::{IndexFiles, Role, by_hash, index_files, release};
pub use listing::{Listed, Listing};
pub use name::{ComponentName, SuiteName};
pub use plan::{Addition, Change, Changes, Options, SuiteIndex, plan};
pub use state::{Documents, Generation, Past, STATE_FILE, State, Suite};

use crate::base::Arch;

/// The architectures that every suite has.
pub const ARCHITECTURES: [Arch; 2] = [Arch::Amd64, Arch::Arm64];

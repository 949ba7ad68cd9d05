//! What `dpkg` does, over a [tree](super::rootfs) in memory: unpack order, overwriting, conffiles, the package database.
//!
//! Sources: dpkg(1), deb(5), deb-control(5), deb-conffiles(5), deb-triggers(5), Debian Policy §6.6 and §7.6, and the
//! behaviour of dpkg 1.21 and 1.22, with which the tests compare.
//!
//! ```text
//! .deb ──deb::read──▶ entries, database files (into a fragment), Facts
//! packages ──order──▶ order ──unpack──▶ Tree ──database──▶ /var/lib/dpkg             (scripts only listed)
//! packages ──plan──▶ calls of dpkg ──dpkg_order──▶ steps ──dance──▶ Tree, scripts run  (scripts interpreted)
//! ```

pub mod accounts;
mod apt_order;
mod apt_steps;
pub mod conditions;
pub mod dance;
pub mod dance_error;
pub mod database;
pub mod deb;
pub mod dpkg_order;
pub mod error;
pub mod facts;
pub mod files;
pub mod finish;
pub mod info;
pub mod installed;
mod machine_code;
pub mod maintscript;
pub mod order;
mod overrides;
pub mod plan;
mod relations;
pub mod stanza;
pub mod unpack;

pub use accounts::{AccountError, Accounts, Group, User};
pub use conditions::Condition;
pub use dance::{Dance, RunScript};
pub use dance_error::DanceError;
pub use database::State;
pub use dpkg_order::{Dpkg, Step, Stuck};
pub use error::InstallError;
pub use facts::{Conffile, Facts, Interest, Library, Script};
pub use files::RecipeFile;
pub use finish::finish;
pub use installed::Installed;
pub use order::unpack_order;
pub use plan::{Call, plan};
pub use unpack::{Part, Shipment, Unpacked, unpack, unpack_one};

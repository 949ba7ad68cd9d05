//! Debian's formats: versions, control data, relations, package indexes.
//!
//! Sources: deb-version(7), deb822(5), deb-control(5), Debian Policy chapters 5 and 7.

pub mod deb822;
pub mod package;
pub mod relation;
pub mod version;

pub use deb822::{Stanza, StanzaReader};
pub use package::{Architecture, MultiArch, Package, PackageName, PoolFile};
pub use relation::{Alternatives, Operator, Relation};
pub use version::Version;

//! Debian's formats: versions, control data, relations, package indexes, what is asked of them, and the package file itself.
//!
//! Sources: deb-version(7), deb822(5), deb-control(5), deb(5), Debian Policy chapters 5 and 7.

pub mod ar;
pub mod archive;
pub mod control;
pub mod deb822;
pub mod error;
pub mod package;
pub mod priority;
pub mod relation;
pub mod release;
mod release_text;
pub mod selection;
pub mod variant;
pub mod version;
pub mod writer;

pub use archive::DebReader;
pub use control::{Conffile, Control, ControlFile, Trigger, TriggerAction, parse_triggers};
pub use deb822::{Stanza, StanzaReader};
pub use error::DebError;
pub use package::{Architecture, MultiArch, Package, PackageName, PoolFile};
pub use priority::{ParsePriorityError, Priority};
pub use relation::{Alternatives, Operator, Relation};
pub use release::{IndexFile, Release};
pub use selection::{ParseSelectionError, Selection, Wanted};
pub use variant::Variant;
pub use version::Version;
pub use writer::DataCompression;

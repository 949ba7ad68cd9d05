//! Python packages: which wheels a recipe needs, and how they lie in a tree.
//!
//! ```text
//! requirements + index pages + METADATA ──resolve──▶ a version of each package, and a wheel of it for every platform
//! a wheel ──install──▶ the entries that pip would leave, streamed ──▶ fragment ──lay──▶ Tree
//! ```
//!
//! Only wheels are taken: building from source would run foreign code. Resolving is pure: what is not known yet (a project's page, a
//! wheel's METADATA) is answered with [`Step::Wanted`], and whoever can fetch asks again.

mod compatible;
mod error;
mod explain;
mod install;
mod interpreter;
mod lay;
mod provider;
mod requirements;
mod resolve;
mod scheme;
mod scripts;

pub use compatible::Environment;
pub use error::PythonError;
pub use install::{Install, install};
pub use interpreter::Interpreter;
pub use lay::{Laid, LayError, lay};
pub use requirements::{Hashed, parse as parse_requirements};
pub use resolve::{Choice, Known, Project, Request, Resolved, Step, Want, resolve};
pub use scheme::Scheme;

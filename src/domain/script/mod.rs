//! Maintainer scripts.

pub mod ledger;

pub use ledger::{Interpreter, Ledger, Row, Status};

//! The lines that a script reached.

use crate::domain::script::stop::Site;

/// Commands in the order they ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// One for each simple command.
    pub lines: Vec<Reached>,
}

/// A command that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Where it stands.
    pub site: Site,
    /// How many effects there were before it: those up to the next line's number are its own.
    pub effects: usize,
}

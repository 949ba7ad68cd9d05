//! The interpreter against the real programs.

mod shell;

//! The interpreter against the real programs.

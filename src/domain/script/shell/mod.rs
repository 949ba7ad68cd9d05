//! The POSIX shell, as `dash` executes it.

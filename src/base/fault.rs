//! What every error of the program can tell: the class that decides the exit code, and the remedy.

/// The kind of a failure, as a caller in a script would want to tell them apart. `cli/exit.rs` gives each its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The command line asks for something that cannot be.
    Usage,
    /// A recipe, or a file it names, is wrong.
    Recipe,
    /// A lockfile is missing, stale or wrong.
    Lock,
    /// No set of packages satisfies the request, or those that do own the same file and cannot be installed together.
    Unsatisfiable,
    /// Bytes are not what their digest, size or format says.
    Integrity,
    /// A signature is missing, bad, or of a key that is not pinned.
    Trust,
    /// Metadata is expired, from the future, or older than what was seen before.
    Freshness,
    /// A server did not answer, or answered with an error.
    Network,
    /// A disk did not do what it was asked.
    Storage,
    /// A rule of the recipe or the environment forbids it.
    Policy,
    /// Somebody else changed the same thing first.
    Conflict,
}

/// An error that knows its class and, where there is one, the way out.
///
/// The text (`Display`) is lower case and says what failed, on what, and why; it never holds a secret.
pub trait Fault: std::error::Error {
    /// Decides the exit code.
    fn class(&self) -> Class;

    /// What the reader can do about it: one or a few lines, printed after `hint:`.
    fn hint(&self) -> Option<String> {
        None
    }
}

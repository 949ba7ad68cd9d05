//! Typed events of long work. Rooms emit them, only `cli` draws them, tests record them.

use std::fmt;

/// A part of the work, in the order in which a build goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Fetching signed metadata and package indexes; counted in bytes.
    Indexes,
    /// Choosing packages; counted in packages.
    Resolve,
    /// Downloading locked inputs; counted in bytes.
    Fetch,
    /// Packages into fragments; counted in bytes of the packages.
    Unpack,
    /// Files into a package of ours; counted in bytes of the files.
    Package,
    /// Fragments into layers; counted in bytes of the fragments.
    Layers,
    /// Blobs to a registry; counted in bytes.
    Push,
    /// Packages and indexes to an apt repository; counted in bytes.
    Publish,
    /// Blobs from a registry; counted in bytes.
    Pull,
    /// Re-hashing a store or a layout; counted in bytes.
    Verify,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A phase begins; `total` is in the phase's unit, where it is known.
    Begin {
        /// Which phase.
        phase: Phase,
        /// How much there is to do.
        total: Option<u64>,
    },
    /// More of a phase is done.
    Advance {
        /// Which phase.
        phase: Phase,
        /// How much more, in the phase's unit.
        amount: u64,
    },
    /// A phase is over.
    End {
        /// Which phase.
        phase: Phase,
    },
    /// One thing a person wants to know, such as an input that was replaced.
    Note(String),
    /// One thing a person should worry about.
    Warning(String),
}

/// Where events go. Called from many threads.
pub trait Progress: Send + Sync {
    /// Takes one event; must be quick.
    fn emit(&self, event: Event);
}

/// Events nobody wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn emit(&self, _: Event) {}
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Indexes => "indexes",
            Self::Resolve => "resolve",
            Self::Fetch => "fetch",
            Self::Unpack => "unpack",
            Self::Package => "package",
            Self::Layers => "layers",
            Self::Push => "push",
            Self::Publish => "publish",
            Self::Pull => "pull",
            Self::Verify => "verify",
        })
    }
}

//! How much one script may do, so that hostile ones end.

use super::stop::{Stop, StopKind};

/// The most that one maintainer script may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Commands, loop turns and applets' own turns.
    pub steps: u64,
    /// Bytes written to streams and files, and held in variables, over the whole run. What is read of files counts an eighth:
    /// it is work, but takes no room.
    pub bytes: u64,
    /// Functions, subshells, sourced files and started programs inside each other.
    pub depth: u32,
}

impl Default for Limits {
    /// Far beyond what any real script needs.
    fn default() -> Self {
        Self { steps: 20_000_000, bytes: 1 << 30, depth: 200 }
    }
}

/// What is left of [`Limits`].
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    steps: u64,
    bytes: u64,
    depth: u32,
}

impl Budget {
    /// All of `limits`.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, steps: 0, bytes: 0, depth: 0 }
    }

    /// Steps taken so far.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Bytes taken so far.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.bytes
    }

    /// Takes `n` steps.
    ///
    /// # Errors
    /// When none are left.
    pub fn step(&mut self, n: u64) -> Result<(), Stop> {
        self.steps = self.steps.saturating_add(n);
        if self.steps > self.limits.steps {
            return Err(StopKind::Steps(self.limits.steps).into());
        }
        self.bytes(0)
    }

    /// Takes `n` bytes; where they are not left, the next step fails.
    pub const fn charge(&mut self, n: usize) {
        self.bytes = self.bytes.saturating_add(n as u64);
    }

    /// Takes `n` bytes.
    ///
    /// # Errors
    /// When they are not left.
    pub fn bytes(&mut self, n: usize) -> Result<(), Stop> {
        self.bytes = self.bytes.saturating_add(n as u64);
        if self.bytes > self.limits.bytes { Err(StopKind::Bytes(self.limits.bytes).into()) } else { Ok(()) }
    }

    /// Whether `n` more bytes are left; they are not taken.
    ///
    /// # Errors
    /// When they are not.
    pub fn fits(&self, n: usize) -> Result<(), Stop> {
        self.clone().bytes(n)
    }

    /// Goes one level deeper; [`Budget::leave`] goes back.
    ///
    /// # Errors
    /// When that is too deep.
    pub fn enter(&mut self) -> Result<(), Stop> {
        if self.depth >= self.limits.depth {
            return Err(StopKind::Depth(self.limits.depth).into());
        }
        self.depth += 1;
        Ok(())
    }

    /// Comes back from one level.
    pub const fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

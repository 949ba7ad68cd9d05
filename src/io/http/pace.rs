//! Noticing transfers that crawl.

use std::time::Duration;

use tokio::time::Instant;

use super::error::Cause;

/// Slower than this many bytes in a window is as good as nothing.
const CRAWL: u64 = 1024;

/// Notices a transfer that crawls: a byte now and then keeps a plain timeout from ever firing.
pub(super) struct Pace {
    window: Duration,
    since: Instant,
    received: u64,
}

impl Pace {
    pub(super) fn new(window: Duration) -> Self {
        Self { window, since: Instant::now(), received: 0 }
    }

    /// Counts `more` bytes.
    ///
    /// # Errors
    /// [`Cause::Stalled`] when a whole window has brought next to nothing.
    pub(super) fn check(&mut self, more: u64) -> Result<(), Cause> {
        self.received += more;
        if self.since.elapsed() < self.window {
            return Ok(());
        }
        if self.received < CRAWL {
            return Err(Cause::Stalled { window: self.window, received: self.received });
        }
        *self = Self::new(self.window);
        Ok(())
    }
}

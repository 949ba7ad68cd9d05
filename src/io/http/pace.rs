//! Noticing transfers that stall or crawl.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::error::Cause;

/// Fewer bytes than this in a window are as good as none.
const CRAWL: u64 = 1024;

/// Notices a transfer that brings next to nothing: a byte now and then keeps a plain timeout from ever firing. Only the
/// time spent waiting counts, so a slow partner at our other end does no harm.
pub struct Pace {
    window: Duration,
    left: Duration,
    moved: u64,
}

impl Pace {
    /// Allows `window` for every so many bytes.
    #[must_use]
    pub const fn new(window: Duration) -> Self {
        Self { window, left: window, moved: 0 }
    }

    /// Waits for `step`, as long as the window allows.
    ///
    /// # Errors
    /// [`Cause::Stalled`] when a whole window of waiting has brought next to nothing.
    pub async fn watch<T>(&mut self, step: impl Future<Output = T>) -> Result<T, Cause> {
        let begin = Instant::now();
        let outcome = timeout(self.left, step).await;
        self.left = self.left.saturating_sub(begin.elapsed());
        outcome.map_err(|_| Cause::Stalled { window: self.window, received: self.moved })
    }

    /// Counts bytes that have moved; enough of them open a new window.
    pub const fn count(&mut self, bytes: u64) {
        self.moved += bytes;
        if self.moved >= CRAWL {
            (self.moved, self.left) = (0, self.window);
        }
    }
}

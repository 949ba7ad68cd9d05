//! Signals: a run that is told to stop leaves no temporary file and ends with 128 + the signal, whatever it is doing.
//!
//! Work that waits is dropped, which cleans up after it. Work that computes or blocks (hashing, compressing, waiting for
//! another process's lock) cannot be dropped half-way: it gets [`GRACE`], then its unfinished files are removed and the
//! process ends under it. Nothing has its final name before it is complete, so that does no harm.

use std::fs::File;
use std::future::{Future, poll_fn};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::exit;
use super::output::Output;
use crate::io::unfinished;
use crate::ops::Error;

/// How long work may go on after a signal.
const GRACE: Duration = Duration::from_millis(500);

/// More than what watching, and the runtime of the work, keep open by themselves.
const DESCRIPTORS: usize = 16;

/// The signals that ask this process to end, watched from the start to the end of a run by a thread of their own.
pub(super) struct Signals {
    came: watch::Receiver<Option<i32>>,
    /// How many milliseconds the work at hand needs on top of [`GRACE`] to end in good order.
    patience: Arc<AtomicU64>,
}

impl Signals {
    /// Watches from now on, so that no signal is met by the system's own answer to it. `output` tells what became of the run
    /// when it is ended in the middle of its work.
    ///
    /// # Errors
    /// When the system gives no thread, or nothing to watch with.
    pub(super) fn watch(output: Output) -> Result<Self, Error> {
        let cannot = |source| Error::Runtime { source };
        // The runtime panics where it gets no descriptors; so it is asked first whether there are as many as it takes.
        (0..DESCRIPTORS).map(|_| File::open("/dev/null")).collect::<io::Result<Vec<File>>>().map_err(cannot)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        let first = {
            let _inside = runtime.enter();
            first()
        };
        let (tell, came) = watch::channel(None);
        let patience = Arc::new(AtomicU64::new(0));
        let wanted = Arc::clone(&patience);
        let watching = async move {
            let signal = first.await;
            let _ = tell.send(Some(signal));
            tokio::time::sleep(GRACE + Duration::from_millis(wanted.load(Ordering::Relaxed))).await;
            let error = Error::Interrupted { signal };
            unfinished::remove_all();
            output.failure(&error);
            std::process::exit(exit::code(&error).into());
        };
        thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(watching)).map_err(cannot)?;
        Ok(Self { came, patience })
    }

    /// The number of the signal that came, once one did.
    pub(super) async fn came(&self) -> i32 {
        match self.came.clone().wait_for(Option::is_some).await.as_deref() {
            Ok(Some(signal)) => *signal,
            _ => std::future::pending().await,
        }
    }

    /// Runs `work` on a runtime of its own until it is done or a signal comes. After a signal it may go on for `patience`, if
    /// it listens to [`Signals::came`] itself to end in good order.
    pub(super) fn run<T>(&self, patience: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let runtime: Runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|source| Error::Runtime { source })?;
        let milliseconds = u64::try_from(patience.as_millis()).unwrap_or_default();
        self.patience.store(milliseconds, Ordering::Relaxed);
        let outcome = runtime.block_on(async {
            tokio::pin!(work);
            tokio::select! {
                biased;
                // Work that listens to signals itself ends with an error of its own; the signal is why.
                result = &mut work => match *self.came.borrow() {
                    Some(signal) if result.is_err() => Err(Error::Interrupted { signal }),
                    _ => result,
                },
                signal = self.came() => {
                    let _ = tokio::time::timeout(patience, work).await;
                    Err(Error::Interrupted { signal })
                }
            }
        });
        self.patience.store(0, Ordering::Relaxed);
        if matches!(outcome, Err(Error::Interrupted { .. })) {
            // Threads that wait for somebody else's lock would be waited for.
            runtime.shutdown_timeout(GRACE / 4);
            unfinished::remove_all();
        }
        outcome
    }
}

/// The number of the first signal that comes. They are watched from the call on, not from the first poll.
fn first() -> impl Future<Output = i32> + Send + 'static {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut watched: Vec<(i32, Signal)> =
        kinds.into_iter().filter_map(|kind| Some((kind.as_raw_value(), signal(kind).ok()?))).collect();
    poll_fn(move |context| {
        let came =
            watched.iter_mut().find_map(|(number, signal)| signal.poll_recv(context).is_ready().then_some(*number));
        came.map_or(Poll::Pending, Poll::Ready)
    })
}

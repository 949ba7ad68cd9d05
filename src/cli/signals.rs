//! Signals: a run that is told to stop drops its work, which removes its temporary files, and ends with 128 + the signal.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use crate::ops::Error;

/// Runs `work` on a runtime of its own until it is done or a signal comes.
///
/// Blocking work (hashing, compressing) cannot be dropped half-way; temporary files of it are removed by the next run, and
/// nothing has its final name yet.
pub(super) fn run<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| Error::Runtime { source })?;
    runtime.block_on(async {
        // Watched before the work begins, so that a signal is never met by the system's own answer to it.
        let mut watched = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
            .map(|kind| (kind.as_raw_value(), signal(kind)));
        let [interrupt, terminate, hangup] = watched.each_mut().map(|(number, signals)| async move {
            match signals {
                Ok(signals) => drop(signals.recv().await),
                Err(_) => std::future::pending().await,
            }
            *number
        });
        tokio::select! {
            result = work => result,
            number = interrupt => Err(Error::Interrupted { signal: number }),
            number = terminate => Err(Error::Interrupted { signal: number }),
            number = hangup => Err(Error::Interrupted { signal: number }),
        }
    })
}

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
        let watch = async |kind: SignalKind| match signal(kind) {
            Ok(mut signals) => {
                signals.recv().await;
                kind.as_raw_value()
            }
            Err(_) => std::future::pending().await,
        };
        tokio::select! {
            result = work => result,
            number = watch(SignalKind::interrupt()) => Err(Error::Interrupted { signal: number }),
            number = watch(SignalKind::terminate()) => Err(Error::Interrupted { signal: number }),
            number = watch(SignalKind::hangup()) => Err(Error::Interrupted { signal: number }),
        }
    })
}

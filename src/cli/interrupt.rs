//! Ctrl-C and SIGTERM while a plan is made under a lock, and while it is carried out.

use std::io::{self, Write};
use std::process;
#[cfg(unix)]
use std::task::Poll;

use crate::api::Connection;
use crate::apply::Stop;

use super::error::Exit;

/// Listens until it is dropped: the first signal asks to stop, the second ends the program at once.
pub(super) struct Listener(tokio::task::JoinHandle<()>);

impl Listener {
    /// Starts to listen.
    pub(super) fn start(stop: Stop, connection: Connection, mut signals: Signals) -> Listener {
        Listener(tokio::spawn(async move {
            signals.next().await;
            stop.request();
            connection.stop().cancel();
            tell("Stopping: requests under way are finished and recorded. Once more ends at once.");
            signals.next().await;
            process::exit(i32::from(Exit::Interrupted.code()));
        }))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The terminal is in use by the command that is being stopped.
fn tell(message: &str) {
    // Nobody may be there to read it any more.
    let _ = writeln!(io::stderr(), "{message}");
}

/// The signals, heard from its making on without a gap: none is lost between the first and the second.
#[cfg(unix)]
pub(super) struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    /// Begins to hear.
    pub(super) fn new() -> Signals {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Signals(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    /// Waits for one.
    pub(super) async fn next(&mut self) {
        std::future::poll_fn(|context| match self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// The signals.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Begins to hear.
    pub(super) fn new() -> Signals {
        Signals
    }

    /// Waits for one.
    pub(super) async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

//! Ctrl-C and SIGTERM while a plan is carried out.

use std::io::{self, Write};
use std::process;
#[cfg(unix)]
use std::task::Poll;

use crate::apply::Stop;

use super::error::Exit;

/// Listens until it is dropped: the first signal asks to stop, the second ends the program at once.
pub(super) struct Listener(tokio::task::JoinHandle<()>);

impl Listener {
    /// Starts to listen.
    pub(super) fn start(stop: Stop) -> Listener {
        // Heard from here on without a gap: none is lost between the first and the second.
        let mut signals = Signals::new();
        Listener(tokio::spawn(async move {
            signals.next().await;
            stop.request();
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

#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    fn new() -> Signals {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Signals(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| match self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Signals {
        Signals
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

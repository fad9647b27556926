//! Ctrl-C and SIGTERM while a plan is carried out.

use std::process;

use crate::apply::Stop;

use super::error::Exit;

/// Listens until it is dropped: the first signal asks to stop, the second ends the program at once.
pub(super) struct Listener(tokio::task::JoinHandle<()>);

impl Listener {
    /// Starts to listen.
    pub(super) fn start(stop: Stop) -> Listener {
        Listener(tokio::spawn(async move {
            wait().await;
            stop.request();
            tell("Stopping: requests under way are finished and recorded. Once more ends at once.");
            wait().await;
            process::exit(i32::from(Exit::Interrupted.code()));
        }))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[allow(clippy::print_stderr, reason = "the terminal is in use by the command that is being stopped")]
fn tell(message: &str) {
    eprintln!("{message}");
}

/// Waits for a signal.
#[cfg(unix)]
pub(super) async fn wait() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// Waits for a signal.
#[cfg(not(unix))]
pub(super) async fn wait() {
    let _ = tokio::signal::ctrl_c().await;
}

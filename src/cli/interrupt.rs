//! Ctrl-C, SIGTERM and SIGHUP.
//!
//! They are heard on a thread of their own: what the program is doing, be it to wait for somebody who does not read its
//! output, never keeps the second signal from ending it.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio_util::sync::CancellationToken;

use super::failure::{CommandFailure, Exit};
use super::reporter::Reporter;
use crate::diagnostic::ProblemCode;

/// Signals that follow one another sooner are one: a terminal and a CI system may both send them, or twice.
const APART: Duration = Duration::from_secs(1);

/// The wish to stop: the first signal asks for it, a second one ends the program at once. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Interrupt {
    asked: CancellationToken,
    /// Whether requests that change something may be under way.
    writing: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens from now on until the program ends.
    pub(super) fn listen(reporter: Reporter) -> Interrupt {
        let interrupt = Interrupt { asked: CancellationToken::new(), writing: Arc::default() };
        let listener = interrupt.clone();
        let (is_listening, listens) = mpsc::channel();
        // Where there is no thread, a signal does what it does to every program.
        let _ = thread::Builder::new().name("signals".to_owned()).spawn(move || listener.hear(is_listening, reporter));
        let _ = listens.recv();
        interrupt
    }

    /// Returns what is cancelled by the first signal.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.asked
    }

    /// Says that from now on a stop has to wait for what is under way.
    pub(super) fn begin_to_write(&self) {
        self.writing.store(true, Ordering::SeqCst);
    }

    /// Returns whether somebody asked to stop.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_cancelled()
    }

    /// Fails where somebody asked to stop, and nothing was changed yet.
    pub(super) fn check(&self) -> Result<(), CommandFailure> {
        match self.is_asked() {
            true => Err(interrupted()),
            false => Ok(()),
        }
    }

    /// Ends what changes nothing at the first signal.
    pub(super) async fn unless_asked<T>(
        &self,
        work: impl Future<Output = Result<T, CommandFailure>>,
    ) -> Result<T, CommandFailure> {
        tokio::select! {
            biased;
            () = self.asked.cancelled() => Err(interrupted()),
            done = work => done,
        }
    }

    fn hear(self, is_listening: mpsc::Sender<()>, reporter: Reporter) {
        let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let mut signals = Signals::new();
            let _too_large = hear_too_large();
            drop(is_listening);
            signals.next().await;
            let first = Instant::now();
            self.asked.cancel();
            if self.writing.load(Ordering::SeqCst) {
                // On a thread of its own: nobody may be there to read it, and the next signal is to be heard.
                let told = "Stopping: requests under way are finished and recorded. Once more ends at once.";
                let _ = thread::Builder::new().spawn(move || reporter.aside(told));
            }
            loop {
                signals.next().await;
                if first.elapsed() >= APART {
                    process::exit(i32::from(Exit::Interrupted.code()));
                }
            }
        });
    }
}

fn interrupted() -> CommandFailure {
    CommandFailure::new("interrupted: nothing was changed").code(ProblemCode::Interrupted)
}

/// The signals, heard from its making on without a gap: none is lost between the first and the second.
#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    fn new() -> Signals {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Signals(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let heard = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if heard { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

/// The number of the signal: the same on Linux, macOS and the BSDs, but for one family of processors.
#[cfg(unix)]
const SIGXFSZ: i32 = if cfg!(any(target_arch = "mips", target_arch = "mips64")) { 31 } else { 25 };

/// Hears the signal by which a file that grows beyond a limit ends a program: heard, it leaves an error of the write.
#[cfg(unix)]
fn hear_too_large() -> Option<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(SIGXFSZ)).ok()
}

#[cfg(not(unix))]
fn hear_too_large() {}

/// The signals.
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

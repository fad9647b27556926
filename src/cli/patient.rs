//! A stream that nobody may be ready to read yet.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

/// How long to wait before a stream is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits where a stream would rather be asked again.
///
/// Whoever started the program may have set its streams so, as some shells and CI systems do for reasons of their own: a
/// document would be cut where its reader is slow.
#[derive(Debug)]
pub(super) struct Patient<W>(pub(super) W);

impl<W> Patient<W> {
    fn ask<T>(&mut self, work: impl Fn(&mut W) -> io::Result<T>) -> io::Result<T> {
        loop {
            match work(&mut self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
                result => return result,
            }
        }
    }
}

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.ask(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.ask(Write::flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes three bytes every second time.
    struct Reluctant {
        taken: Vec<u8>,
        is_ready: bool,
    }

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.flush()?;
            let taken = bytes.len().min(3);
            self.taken.extend(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.is_ready = !self.is_ready;
            if self.is_ready { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        }
    }

    #[test]
    fn everything_is_written_in_the_end() {
        let mut stream = Patient(Reluctant { taken: Vec::new(), is_ready: false });
        write!(stream, "a document and a tail").expect("it can be written");
        stream.flush().expect("it can be flushed");
        assert_eq!(stream.0.taken, b"a document and a tail");
    }
}

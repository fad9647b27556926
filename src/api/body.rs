//! The body of an answer: bounded, and where it is long, read while it arrives instead of being held as a whole.

use std::io;

use reqwest::Response;
use tokio::sync::mpsc;

use super::client;
use super::error::Stage;
use super::settings::Settings;
use super::url::ApiUrl;

/// From this length on, a list is read while it arrives; a shorter one is not worth a thread.
const LONG: usize = 256 << 10;
/// The chunks that wait at most to be read.
const CHUNKS: usize = 4;

/// Reads an answer from its bytes, on a thread that may wait for them.
pub(super) type Decode<T> = Box<dyn FnOnce(&mut dyn io::Read) -> Result<T, Stage> + Send>;

/// A body that arrives.
pub(super) struct Body<'a> {
    response: Response,
    /// The most bytes that are read.
    most: usize,
    received: usize,
    has_ended: bool,
    url: &'a ApiUrl,
    settings: &'a Settings,
}

impl<'a> Body<'a> {
    /// Begins to read the body of an answer, of at most so many bytes.
    pub(super) fn of(response: Response, most: usize, url: &'a ApiUrl, settings: &'a Settings) -> Body<'a> {
        Body { response, most, received: 0, has_ended: false, url, settings }
    }

    fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    fn too_long(&self) -> Stage {
        Stage::Unreadable {
            status: self.status(),
            reason: format!("the answer is longer than {} MiB", self.most >> 20),
        }
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Stage> {
        let chunk = self.response.chunk().await;
        let chunk = chunk.map_err(|error| client::failure(&error, self.url, self.settings, Some(self.status())))?;
        self.received += chunk.as_ref().map_or(0, |chunk| chunk.len());
        self.has_ended = chunk.is_none();
        if self.received > self.most {
            return Err(self.too_long());
        }
        Ok(chunk.map(Vec::from))
    }

    /// Adds what arrives to `body` until it has so many bytes and more, or the answer ends.
    async fn fill(&mut self, body: &mut Vec<u8>, length: usize) -> Result<(), Stage> {
        let promised = self.response.content_length().unwrap_or(0);
        let promised = usize::try_from(promised).ok().filter(|promised| *promised <= self.most);
        let promised = promised.ok_or_else(|| self.too_long())?;
        body.reserve(promised.min(length).saturating_sub(body.len()));
        while body.len() < length && !self.has_ended {
            body.extend_from_slice(&self.chunk().await?.unwrap_or_default());
        }
        Ok(())
    }

    /// Reads the body as a whole.
    pub(super) async fn whole<T>(mut self, read: impl Fn(u16, &[u8]) -> Result<T, Stage>) -> Result<T, Stage> {
        let mut body = Vec::new();
        self.fill(&mut body, usize::MAX).await?;
        read(self.status(), &body)
    }

    /// Reads the body as a whole, unless it is a long object under a good status: that is read by `decode`.
    pub(super) async fn whole_or_arriving<T: Send + 'static>(
        mut self,
        read: impl Fn(u16, &[u8]) -> Result<T, Stage>,
        decode: Decode<T>,
    ) -> Result<T, Stage> {
        let mut body = Vec::new();
        self.fill(&mut body, LONG).await?;
        let is_object = body.trim_ascii_start().starts_with(b"{");
        if self.status() == 200 && is_object && !self.has_ended {
            return self.arriving(body, decode).await;
        }
        self.fill(&mut body, usize::MAX).await?;
        read(self.status(), &body)
    }

    async fn arriving<T: Send + 'static>(mut self, begun: Vec<u8>, decode: Decode<T>) -> Result<T, Stage> {
        let (sender, next) = mpsc::channel(CHUNKS);
        let decoding = tokio::task::spawn_blocking(move || decode(&mut Chunks { next, chunk: begun, read: 0 }));
        while let Some(chunk) = self.chunk().await? {
            // It has seen enough: what came is not what is described.
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
        drop(sender);
        let status = self.status();
        let stopped = |_| Stage::Unreadable { status, reason: "reading it was stopped".to_owned() };
        decoding.await.map_err(stopped)?
    }
}

/// The chunks of a body as bytes to be read.
struct Chunks {
    next: mpsc::Receiver<Vec<u8>>,
    chunk: Vec<u8>,
    read: usize,
}

impl io::Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() {
            let Some(chunk) = self.next.blocking_recv() else { return Ok(0) };
            (self.chunk, self.read) = (chunk, 0);
        }
        let length = buffer.len().min(self.chunk.len() - self.read);
        buffer[..length].copy_from_slice(&self.chunk[self.read..][..length]);
        self.read += length;
        Ok(length)
    }
}

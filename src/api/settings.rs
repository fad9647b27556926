//! How requests are sent.

use std::time::Duration;

use super::proxies::Proxies;

/// How requests are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests under way at once.
    pub concurrency: usize,
    /// How often a request that may be sent again is sent again.
    pub retries: u32,
    /// The time for one request, its retries not counted.
    pub timeout: Duration,
    /// How long a request waits in all because the API asks to slow down; that uses up none of its retries.
    pub patience: Duration,
    /// The proxy for requests that leave this machine; none unless the caller says so.
    pub proxies: Proxies,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            concurrency: 16,
            retries: 4,
            timeout: Duration::from_secs(30),
            patience: Duration::from_secs(300),
            proxies: Proxies::default(),
        }
    }
}

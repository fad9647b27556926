//! The event that GitHub describes in a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

/// The part of GitHub's event that tells the commit of a pull request.
#[derive(Deserialize)]
struct Event {
    pull_request: PullRequest,
}

#[derive(Deserialize)]
struct PullRequest {
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
}

/// The most bytes of an event that are read; GitHub's have some ten thousand.
const MAX_EVENT: u64 = 1 << 20;

/// Reads the commit of a pull request from the event that GitHub describes in a file: `GITHUB_SHA` is a merge commit
/// then, which the pull request does not show.
pub(super) fn head_of_pull_request(event: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(event).ok()?.take(MAX_EVENT).read_to_string(&mut text).ok()?;
    let event: Event = serde_json::from_str(&text).ok()?;
    Some(event.pull_request.head.sha)
}

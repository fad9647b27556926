//! What every comment has: a first line by which a bot finds it, a heading, and what it was made for.

use super::commit::Commit;
use super::escape::{MAX_TAG, code, escape, short};
use super::title::Title;

/// The first line of a comment without a title, by which a bot finds it to replace it.
pub const MARKER: &str = "<!-- shardctl -->";
/// The most characters that are written; GitHub takes 65,536.
pub const MAX_CHARACTERS: usize = 64_000;

/// So many manifests are named at most.
const MAX_MANIFESTS: usize = 5;

/// What a comment is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its name, where there are several comments for several manifests.
    pub title: Option<Title>,
    /// The commit that it was made for.
    pub commit: Option<Commit>,
    /// The manifests that it is about, as they were named.
    pub manifests: Vec<String>,
    /// The command that shows everything that a comment has no room for.
    pub shows_all: String,
    /// The command that shows what was carried out.
    pub shows_runs: String,
}

impl Default for Comment {
    fn default() -> Comment {
        let (shows_all, shows_runs) = ("shardctl plan -v".to_owned(), "shardctl history -v".to_owned());
        Comment { title: None, commit: None, manifests: Vec::new(), shows_all, shows_runs }
    }
}

impl Comment {
    /// Writes the first line and the heading, as in `## shardctl plan (prod): 1 order to change`.
    pub(in crate::render) fn heading(&self, command: &str, what: &str) -> String {
        let title = self.title.as_ref().map(|title| escape(&title.to_string()));
        let command = if command.is_empty() { String::new() } else { format!(" {command}") };
        let named = title.map(|title| format!(" ({title})")).unwrap_or_default();
        let mut heading = format!("{}\n## shardctl{command}{named}: {what}\n\n", self.marker());
        let made_for: Vec<String> = self.commit().into_iter().chain(self.manifests()).collect();
        if !made_for.is_empty() {
            heading.push_str(&format!("<sub>for {}</sub>\n\n", made_for.join(", ")));
        }
        heading
    }

    fn commit(&self) -> Option<String> {
        self.commit.as_ref().map(|commit| format!("commit {commit}"))
    }

    fn manifests(&self) -> Option<String> {
        let names: Vec<String> = self.manifests.iter().map(|name| code(&short(name, MAX_TAG))).collect();
        let more = names.len().saturating_sub(MAX_MANIFESTS);
        match &names[..] {
            [] => None,
            [name] => Some(format!("manifest {name}")),
            _ if more == 0 => Some(format!("manifests {}", names.join(", "))),
            _ => Some(format!("manifests {} and {more} more", names[..MAX_MANIFESTS].join(", "))),
        }
    }

    fn marker(&self) -> String {
        match &self.title {
            Some(title) => format!("<!-- shardctl:{title} -->"),
            None => MARKER.to_owned(),
        }
    }
}

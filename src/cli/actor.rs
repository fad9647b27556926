//! Who runs the program, and for which commit, as the usual variables of CI systems say, else the user and the machine:
//! for the history, and the commit for comments, too.
//!
//! What they say is text from outside: it is shortened, and what is no commit or no URL is left out.

use std::fs;

use url::Url;

use crate::document::{ActorDocument, ActorSource};

/// The longest name that is kept.
const MAX_NAME: usize = 200;
/// The longest URL that is kept.
const MAX_URL: usize = 500;

/// Says what a variable of the environment holds.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How a CI system names itself, who started it, the commit and the run; of several variables the first counts that is set.
struct System {
    source: ActorSource,
    /// A variable that is set where it runs, and what it then says; empty: anything but `false`.
    mark: (&'static str, &'static str),
    names: &'static [&'static str],
    /// The head of a merge or pull request, where the commit that is checked out is one that merges it.
    heads: &'static [&'static str],
    commits: &'static [&'static str],
    url: fn(Variables<'_>) -> Option<String>,
}

const SYSTEMS: &[System] = &[
    System {
        source: ActorSource::Github,
        mark: ("GITHUB_ACTIONS", "true"),
        names: &["GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"],
        // A file tells it: `GITHUB_EVENT_PATH`.
        heads: &[],
        commits: &["GITHUB_SHA"],
        url: |get| {
            let [server, repository, run] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(get);
            Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
        },
    },
    System {
        source: ActorSource::Gitlab,
        mark: ("GITLAB_CI", "true"),
        names: &["GITLAB_USER_LOGIN"],
        heads: &["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"],
        commits: &["CI_COMMIT_SHA"],
        url: |get| get("CI_JOB_URL").or_else(|| get("CI_PIPELINE_URL")),
    },
    System {
        source: ActorSource::Ci,
        mark: ("BUILDKITE", "true"),
        names: &["BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_AUTHOR"],
        heads: &[],
        commits: &["BUILDKITE_COMMIT"],
        url: |get| get("BUILDKITE_BUILD_URL"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("CIRCLECI", "true"),
        names: &["CIRCLE_USERNAME"],
        heads: &[],
        commits: &["CIRCLE_SHA1"],
        url: |get| get("CIRCLE_BUILD_URL"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("JENKINS_URL", ""),
        names: &["BUILD_USER_ID", "BUILD_USER", "CHANGE_AUTHOR"],
        heads: &[],
        commits: &["GIT_COMMIT"],
        url: |get| get("BUILD_URL"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("BITBUCKET_BUILD_NUMBER", ""),
        names: &["BITBUCKET_STEP_TRIGGERER_UUID"],
        heads: &[],
        commits: &["BITBUCKET_COMMIT"],
        url: |get| {
            let [repository, run] = ["BITBUCKET_REPO_FULL_NAME", "BITBUCKET_BUILD_NUMBER"].map(get);
            Some(format!("https://bitbucket.org/{}/pipelines/results/{}", repository?, run?))
        },
    },
    System {
        source: ActorSource::Ci,
        mark: ("TF_BUILD", ""),
        names: &["BUILD_REQUESTEDFOR"],
        heads: &["SYSTEM_PULLREQUEST_SOURCECOMMITID"],
        commits: &["BUILD_SOURCEVERSION"],
        url: |get| {
            let [server, project, run] =
                ["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID"].map(get);
            let mut url = Url::parse(&server?).ok()?;
            // A project's name may hold blanks, and more that a URL does not.
            url.path_segments_mut().ok()?.pop_if_empty().extend([project?.as_str(), "_build", "results"]);
            url.query_pairs_mut().append_pair("buildId", &run?);
            Some(url.into())
        },
    },
    System {
        source: ActorSource::Ci,
        mark: ("TRAVIS", "true"),
        names: &[],
        heads: &["TRAVIS_PULL_REQUEST_SHA"],
        commits: &["TRAVIS_COMMIT"],
        url: |get| get("TRAVIS_JOB_WEB_URL").or_else(|| get("TRAVIS_BUILD_WEB_URL")),
    },
    System {
        source: ActorSource::Ci,
        mark: ("CODEBUILD_BUILD_ID", ""),
        names: &["CODEBUILD_INITIATOR"],
        heads: &[],
        commits: &["CODEBUILD_RESOLVED_SOURCE_VERSION"],
        url: |get| get("CODEBUILD_BUILD_URL"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("TEAMCITY_VERSION", ""),
        names: &[],
        heads: &[],
        commits: &["BUILD_VCS_NUMBER"],
        url: |get| get("BUILD_URL"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("DRONE", "true"),
        names: &["DRONE_BUILD_TRIGGER", "DRONE_COMMIT_AUTHOR"],
        heads: &[],
        commits: &["DRONE_COMMIT_SHA", "DRONE_COMMIT"],
        url: |get| get("DRONE_BUILD_LINK"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("CI", "woodpecker"),
        names: &["CI_PIPELINE_AUTHOR", "CI_COMMIT_AUTHOR"],
        heads: &[],
        commits: &["CI_COMMIT_SHA"],
        url: |get| get("CI_PIPELINE_URL").or_else(|| get("CI_BUILD_LINK")),
    },
    System { source: ActorSource::Ci, mark: ("CI", ""), names: &[], heads: &[], commits: &[], url: |_| None },
];

/// Says who runs the program; `variables` gives those that are set, `head` the head of a pull request where a file tells it.
pub(super) fn actor(variables: impl Fn(&str) -> Option<String>, head: Option<String>) -> ActorDocument {
    let get = |name: &str| variables(name).filter(|value| !value.trim().is_empty());
    let get: Variables<'_> = &get;
    let first = |names: &[&str]| names.iter().find_map(|name| get(name));
    let system = SYSTEMS.iter().find(|system| system.is_here(get));
    ActorDocument {
        source: system.map_or(ActorSource::Local, |system| system.source),
        name: system.and_then(|system| first(system.names)).or_else(|| user_and_machine(get)).map(shortened),
        commit: head.filter(|commit| is_commit(commit)).or_else(|| commit(system, get)),
        url: system.and_then(|system| (system.url)(get)).and_then(|url| page(&url)),
    }
}

impl System {
    fn is_here(&self, get: Variables<'_>) -> bool {
        let (name, value) = self.mark;
        get(name).is_some_and(|says| if value.is_empty() { says != "false" } else { says.eq_ignore_ascii_case(value) })
    }
}

/// Returns the commit: as the system says that is here, else as any other says, since a job may well run in a container
/// that was given that variable and no other.
fn commit(here: Option<&System>, get: Variables<'_>) -> Option<String> {
    let here = here.into_iter().flat_map(|system| [system.heads, system.commits]);
    let heads = SYSTEMS.iter().map(|system| system.heads);
    let names = here.chain(heads).chain(SYSTEMS.iter().map(|system| system.commits)).flatten();
    names.filter_map(|name| get(name)).find(|commit| is_commit(commit))
}

fn user_and_machine(get: Variables<'_>) -> Option<String> {
    let user = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(get);
    // A shell keeps HOSTNAME to itself more often than not.
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    let machine =
        kernel.filter(|name| !name.is_empty()).or_else(|| ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(get));
    match (user, machine) {
        (Some(user), Some(machine)) => Some(format!("{user}@{machine}")),
        (user, machine) => user.or(machine),
    }
}

fn shortened(name: String) -> String {
    name.trim().chars().take(MAX_NAME).collect()
}

/// Returns whether a text is a commit of git, by SHA-1 or SHA-256, whole or in however short; or a number of another
/// system's.
fn is_commit(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the address of a page as one writes it, with what no URL holds escaped; nothing where it is none, or holds a
/// secret.
fn page(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_secret = !url.username().is_empty() || url.password().is_some();
    let is_page = matches!(url.scheme(), "http" | "https") && url.has_host() && !is_secret;
    Some(String::from(url)).filter(|url| is_page && url.len() <= MAX_URL)
}

#[cfg(test)]
mod tests;

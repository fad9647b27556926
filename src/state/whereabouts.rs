//! Who this process is, in words that help somebody else to find it.

use std::env;
use std::fs;

/// Where CI systems say which run this is.
const RUN_VARIABLES: [&str; 4] = ["CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL"];

/// Describes this process: its id, its machine and, in CI, the run.
pub(super) fn this_process() -> String {
    let run = ci_run().map(|run| format!(" ({run})")).unwrap_or_default();
    format!("process {} on {}{run}", std::process::id(), machine())
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn machine() -> String {
    // A shell keeps HOSTNAME to itself more often than not.
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    let name = kernel.filter(|name| !name.is_empty());
    name.or_else(|| variable("HOSTNAME")).or_else(|| variable("COMPUTERNAME")).unwrap_or("an unnamed host".to_owned())
}

fn ci_run() -> Option<String> {
    let github = || {
        let [server, repository, run] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(variable);
        Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
    };
    github().or_else(|| RUN_VARIABLES.into_iter().find_map(variable))
}

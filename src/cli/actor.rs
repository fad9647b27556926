//! Who runs the program, and for which commit, as the usual variables of CI systems say, else the user and the machine.
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
    commits: &'static [&'static str],
    url: fn(Variables<'_>) -> Option<String>,
}

const SYSTEMS: &[System] = &[
    System {
        source: ActorSource::Github,
        mark: ("GITHUB_ACTIONS", "true"),
        names: &["GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"],
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
        commits: &["CI_COMMIT_SHA"],
        url: |get| get("CI_JOB_URL").or_else(|| get("CI_PIPELINE_URL")),
    },
    System {
        source: ActorSource::Ci,
        mark: ("BUILDKITE", "true"),
        names: &["BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_AUTHOR"],
        commits: &["BUILDKITE_COMMIT"],
        url: |get| get("BUILDKITE_BUILD_URL"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("CIRCLECI", "true"),
        names: &["CIRCLE_USERNAME"],
        commits: &["CIRCLE_SHA1"],
        url: |get| get("CIRCLE_BUILD_URL"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("JENKINS_URL", ""),
        names: &["BUILD_USER_ID", "BUILD_USER", "CHANGE_AUTHOR"],
        commits: &["GIT_COMMIT"],
        url: |get| get("BUILD_URL"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("BITBUCKET_BUILD_NUMBER", ""),
        names: &["BITBUCKET_STEP_TRIGGERER_UUID"],
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
        commits: &["BUILD_SOURCEVERSION"],
        url: |get| {
            let [server, project, run] =
                ["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID"].map(get);
            let server = server?;
            Some(format!("{}/{}/_build/results?buildId={}", server.trim_end_matches('/'), project?, run?))
        },
    },
    System {
        source: ActorSource::Ci,
        mark: ("DRONE", "true"),
        names: &["DRONE_BUILD_TRIGGER", "DRONE_COMMIT_AUTHOR"],
        commits: &["DRONE_COMMIT_SHA", "DRONE_COMMIT"],
        url: |get| get("DRONE_BUILD_LINK"),
    },
    System {
        source: ActorSource::Ci,
        mark: ("CI", "woodpecker"),
        names: &["CI_PIPELINE_AUTHOR", "CI_COMMIT_AUTHOR"],
        commits: &["CI_COMMIT_SHA"],
        url: |get| get("CI_PIPELINE_URL").or_else(|| get("CI_BUILD_LINK")),
    },
    System { source: ActorSource::Ci, mark: ("CI", ""), names: &[], commits: &[], url: |_| None },
];

/// Says who runs the program; `variables` gives those that are set and not empty.
pub(super) fn actor(variables: impl Fn(&str) -> Option<String>) -> ActorDocument {
    let get = |name: &str| variables(name).filter(|value| !value.trim().is_empty());
    let get: Variables<'_> = &get;
    let first = |names: &[&str]| names.iter().find_map(|name| get(name));
    let system = SYSTEMS.iter().find(|system| system.is_here(get));
    ActorDocument {
        source: system.map_or(ActorSource::Local, |system| system.source),
        name: system.and_then(|system| first(system.names)).or_else(|| user_and_machine(get)).map(shortened),
        commit: system.and_then(|system| first(system.commits)).filter(|commit| is_commit(commit)),
        url: system.and_then(|system| (system.url)(get)).filter(|url| is_page(url)),
    }
}

impl System {
    fn is_here(&self, get: Variables<'_>) -> bool {
        let (name, value) = self.mark;
        get(name).is_some_and(|says| if value.is_empty() { says != "false" } else { says.eq_ignore_ascii_case(value) })
    }
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

/// Returns whether a text is a commit of git, by SHA-1 or SHA-256, whole or in short.
fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns whether a text is the address of a page, without anything secret.
fn is_page(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_secret = !url.username().is_empty() || url.password().is_some();
    text.len() <= MAX_URL && matches!(url.scheme(), "http" | "https") && url.has_host() && !is_secret
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> ActorDocument {
        actor(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    /// The variables of a CI system, which one it is, and where it shows the run.
    type Row<'a> = (&'a [(&'a str, &'a str)], ActorSource, &'a str);

    const SHA: &str = "4f3a9c0000000000000000000000000000000000";

    #[test]
    fn every_ci_system_says_who_which_commit_and_where() {
        let page = "https://ci.example/run/7";
        let github = ("GITHUB_SERVER_URL", "https://github.com");
        let rows: &[Row<'_>] = &[
            (
                &[
                    ("GITHUB_ACTIONS", "true"),
                    ("CI", "true"),
                    ("GITHUB_ACTOR", "ann"),
                    ("GITHUB_SHA", SHA),
                    github,
                    ("GITHUB_REPOSITORY", "us/infra"),
                    ("GITHUB_RUN_ID", "7"),
                ],
                ActorSource::Github,
                "https://github.com/us/infra/actions/runs/7",
            ),
            (
                &[("GITLAB_CI", "true"), ("GITLAB_USER_LOGIN", "ann"), ("CI_COMMIT_SHA", SHA), ("CI_JOB_URL", page)],
                ActorSource::Gitlab,
                page,
            ),
            (
                &[
                    ("BUILDKITE", "true"),
                    ("BUILDKITE_BUILD_CREATOR", "ann"),
                    ("BUILDKITE_COMMIT", SHA),
                    ("BUILDKITE_BUILD_URL", page),
                ],
                ActorSource::Ci,
                page,
            ),
            (
                &[("CIRCLECI", "true"), ("CIRCLE_USERNAME", "ann"), ("CIRCLE_SHA1", SHA), ("CIRCLE_BUILD_URL", page)],
                ActorSource::Ci,
                page,
            ),
            (
                &[
                    ("JENKINS_URL", "https://ci.example"),
                    ("CHANGE_AUTHOR", "ann"),
                    ("GIT_COMMIT", SHA),
                    ("BUILD_URL", page),
                ],
                ActorSource::Ci,
                page,
            ),
            (
                &[
                    ("BITBUCKET_BUILD_NUMBER", "7"),
                    ("BITBUCKET_STEP_TRIGGERER_UUID", "ann"),
                    ("BITBUCKET_COMMIT", SHA),
                    ("BITBUCKET_REPO_FULL_NAME", "us/infra"),
                ],
                ActorSource::Ci,
                "https://bitbucket.org/us/infra/pipelines/results/7",
            ),
            (
                &[
                    ("TF_BUILD", "True"),
                    ("BUILD_REQUESTEDFOR", "ann"),
                    ("BUILD_SOURCEVERSION", SHA),
                    ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.azure.com/us/"),
                    ("SYSTEM_TEAMPROJECT", "infra"),
                    ("BUILD_BUILDID", "7"),
                ],
                ActorSource::Ci,
                "https://dev.azure.com/us/infra/_build/results?buildId=7",
            ),
            (
                &[
                    ("DRONE", "true"),
                    ("DRONE_COMMIT_AUTHOR", "ann"),
                    ("DRONE_COMMIT_SHA", SHA),
                    ("DRONE_BUILD_LINK", page),
                ],
                ActorSource::Ci,
                page,
            ),
            (
                &[("CI", "woodpecker"), ("CI_COMMIT_AUTHOR", "ann"), ("CI_COMMIT_SHA", SHA), ("CI_PIPELINE_URL", page)],
                ActorSource::Ci,
                page,
            ),
        ];
        for (variables, source, url) in rows {
            let expected = ActorDocument {
                source: *source,
                name: Some("ann".to_owned()),
                commit: Some(SHA.to_owned()),
                url: Some((*url).to_owned()),
            };
            assert_eq!(of(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn without_a_known_system_it_is_the_user_on_the_machine() {
        for (variables, source) in [
            (&[("USER", "ann")][..], ActorSource::Local),
            (&[("LOGNAME", "ann"), ("USER", " ")], ActorSource::Local),
            (&[("USER", "ann"), ("CI", "false"), ("GITHUB_ACTIONS", "")], ActorSource::Local),
            (&[("USER", "ann"), ("CI", "1")], ActorSource::Ci),
        ] {
            let ActorDocument { source: found, name, commit, url } = of(variables);
            let name = name.expect("a name");
            assert!(name == "ann" || name.starts_with("ann@"), "{name}");
            assert_eq!((found, commit, url), (source, None, None), "{variables:?}");
        }
    }

    #[test]
    fn what_is_no_commit_or_no_page_is_left_out_and_names_are_short() {
        let long = "x".repeat(10_000);
        let far = format!("https://ci.example/{long}");
        for (commit, url) in [
            ("unknown", "javascript:alert(1)"),
            ("4f3a9c", "https://ann:secret@ci.example/run"),
            ("4f3a9c0\n", "file:///etc/passwd"),
            ("", "no page"),
            (long.as_str(), far.as_str()),
        ] {
            let found = of(&[
                ("GITLAB_CI", "true"),
                ("GITLAB_USER_LOGIN", &long),
                ("CI_COMMIT_SHA", commit),
                ("CI_JOB_URL", url),
            ]);
            assert_eq!((found.commit, found.url), (None, None), "{commit} {url}");
            assert_eq!(found.name.map(|name| name.len()), Some(MAX_NAME));
        }
    }
}

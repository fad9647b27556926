//! What the variables of CI systems say.

use super::*;

fn of(variables: &[(&str, &str)]) -> ActorDocument {
    of_pull_request(variables, None)
}

fn of_pull_request(variables: &[(&str, &str)], head: Option<&str>) -> ActorDocument {
    let head = head.map(str::to_owned);
    actor(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()), head)
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
                ("SYSTEM_TEAMPROJECT", "our infra/#1"),
                ("BUILD_BUILDID", "7"),
            ],
            ActorSource::Ci,
            "https://dev.azure.com/us/our%20infra%2F%231/_build/results?buildId=7",
        ),
        (
            &[("TRAVIS", "true"), ("USER", "ann"), ("TRAVIS_COMMIT", SHA), ("TRAVIS_BUILD_WEB_URL", page)],
            ActorSource::Ci,
            page,
        ),
        (
            &[
                ("CODEBUILD_BUILD_ID", "infra:7"),
                ("CODEBUILD_INITIATOR", "ann"),
                ("CODEBUILD_RESOLVED_SOURCE_VERSION", SHA),
                ("CODEBUILD_BUILD_URL", page),
            ],
            ActorSource::Ci,
            page,
        ),
        (
            &[("TEAMCITY_VERSION", "2026.1"), ("USER", "ann"), ("BUILD_VCS_NUMBER", SHA), ("BUILD_URL", page)],
            ActorSource::Ci,
            page,
        ),
        (
            &[("DRONE", "true"), ("DRONE_COMMIT_AUTHOR", "ann"), ("DRONE_COMMIT_SHA", SHA), ("DRONE_BUILD_LINK", page)],
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
        let ActorDocument { source: found, name, commit, url: shown } = of(variables);
        assert_eq!((found, commit.as_deref(), shown.as_deref()), (*source, Some(SHA), Some(*url)), "{variables:?}");
        // Where a system does not say who started it, it is the user on the machine.
        let name = name.expect("a name");
        let is_user = variables.contains(&("USER", "ann")) && name.starts_with("ann@");
        assert!(name == "ann" || is_user, "{variables:?}: {name}");
    }
}

#[test]
fn the_head_of_a_pull_request_counts_more_than_what_merges_it() {
    let merge = "0123456789abcdef";
    for (variables, head) in [
        (&[("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", merge)][..], Some(SHA)),
        (&[("GITLAB_CI", "true"), ("CI_COMMIT_SHA", merge), ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", SHA)], None),
        (&[("TF_BUILD", "True"), ("BUILD_SOURCEVERSION", merge), ("SYSTEM_PULLREQUEST_SOURCECOMMITID", SHA)], None),
        (&[("TRAVIS", "true"), ("TRAVIS_COMMIT", merge), ("TRAVIS_PULL_REQUEST_SHA", SHA)], None),
        // What the system says that is here counts before what another one would say, and what is no commit does not.
        (&[("GITLAB_CI", "true"), ("CI_COMMIT_SHA", SHA), ("GIT_COMMIT", merge)], None),
        (&[("BUILDKITE", "true"), ("BUILDKITE_COMMIT", "HEAD"), ("GIT_COMMIT", SHA)], Some("no commit")),
    ] {
        assert_eq!(of_pull_request(variables, head).commit.as_deref(), Some(SHA), "{variables:?}");
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
        ("4f3a9c?", "https://ann:secret@ci.example/run"),
        ("4f3a9c0\n", "file:///etc/passwd"),
        ("", "no page"),
        (long.as_str(), far.as_str()),
    ] {
        let found =
            of(&[("GITLAB_CI", "true"), ("GITLAB_USER_LOGIN", &long), ("CI_COMMIT_SHA", commit), ("CI_JOB_URL", url)]);
        assert_eq!((found.commit, found.url), (None, None), "{commit} {url}");
        assert_eq!(found.name.map(|name| name.len()), Some(MAX_NAME));
    }
}

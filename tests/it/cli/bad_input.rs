//! Bad input: one sentence on stderr, status 1, nothing changed.

use std::fs;
use std::process::Command;

use shardctl::state::{Directory, Place as _};

use super::{EXAMPLE_ACCOUNT, EXAMPLE_MANIFEST, Ran, Shardctl};
use crate::rig::temporary_directory;

/// Runs an apply that must fail before it changes anything.
fn fails(shardctl: &Shardctl, remark: &str, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
    let before = shardctl.writes().len();
    let run = shardctl.remark(remark).run_with(&[&["apply", "--apply"], arguments].concat(), change).exits(1);
    assert_eq!(run.stdout, "", "{remark}");
    assert!(run.stderr.starts_with("error"), "{remark}: {}", run.stderr);
    assert_eq!(shardctl.writes().len(), before, "{remark}");
    run
}

fn nothing(_: &mut Command) {}

#[test]
fn manifests() {
    let shardctl = Shardctl::new(EXAMPLE_ACCOUNT).file(".git/HEAD", "");
    fails(&shardctl, "No manifest", &[], nothing);
    fails(&shardctl, "No such file", &["-f", "orders/eu.yaml"], nothing);
    fs::create_dir(shardctl.path("orders")).expect("a directory");
    fails(&shardctl, "A directory without manifests", &["-f", "orders"], nothing);
    shardctl.write("shardctl.yaml", "version: 1\n");
    fails(&shardctl, "A manifest without orders", &[], nothing);
    shardctl.write("shardctl.yaml", "");
    fails(&shardctl, "An empty file", &[], nothing);
    fails(&shardctl, "One of two is missing", &["-f", "shardctl.yaml", "-f", "us.yaml"], nothing);
    assert!(shardctl.control().requests().is_empty());
    shardctl.snapshot("bad-manifest");
}

#[test]
fn where_there_is_no_manifest_the_way_to_one_is_told() {
    let deep = "a/b/c/d/e/f/g/h/i";
    let shardctl =
        Shardctl::new(EXAMPLE_ACCOUNT).file(".git/HEAD", "").file(&format!("{deep}/x"), "").file("b/c/x", "");
    let help = |directory: &str, line: &str| {
        let below = |command: &mut Command| _ = command.current_dir(shardctl.path(directory));
        let run = shardctl.run_with(&line.split(' ').collect::<Vec<_>>(), below).exits(1);
        assert!(run.stderr.starts_with("error: there is no manifest at `"), "{line}: {}", run.stderr);
        run.stderr.split_once("\n  help: ").map(|(_, help)| help.trim_end().to_owned())
    };
    let import = "`shardctl import --all --into shardctl.yaml` writes one";
    for command in ["validate", "plan", "apply --apply"] {
        assert_eq!(help(".", command).as_deref(), Some(import), "{command}");
        assert_eq!(help(".", &format!("{command} -f eu.yaml")), None, "{command}");
    }
    for command in ["status", "forecast"] {
        assert_eq!(help(".", command), Some(format!("{import}; `--all` needs none")), "{command}");
        assert_eq!(help(".", &format!("{command} -f eu.yaml")).as_deref(), Some("`--all` needs none"), "{command}");
    }
    shardctl.write("shardctl.yaml", EXAMPLE_MANIFEST);
    let there = "there is one at ../../shardctl.yaml: `-f ../../shardctl.yaml` takes it";
    assert_eq!(help("b/c", "plan").as_deref(), Some(there));
    assert_eq!(help("b/c", "status"), Some(format!("{there}; `--all` needs none")));
    assert_eq!(help(deep, "plan").as_deref(), Some(import), "nine levels up");
    assert!(help(&deep[..deep.len() - 2], "plan").expect("eight levels up").starts_with("there is one at ../../../"));
    shardctl.write("b/.git", "gitdir: elsewhere");
    assert_eq!(help("b/c", "plan").as_deref(), Some(import), "another repository");
    assert!(shardctl.control().requests().is_empty());
}

/// A pull request can put a link in the place of a manifest, and a problem shows the line that it is at.
#[cfg(unix)]
#[test]
fn links_that_lead_elsewhere() {
    let shardctl = Shardctl::example();
    let link = |name: &str, target: &std::path::Path| {
        let _ = fs::remove_file(shardctl.path(name));
        std::os::unix::fs::symlink(target, shardctl.path(name)).expect("a link");
    };
    let elsewhere = temporary_directory();
    let secret = elsewhere.path().join("credentials.yaml");
    fs::write(&secret, "aws_secret_access_key: canary").expect("a file");

    link("manifest.yaml", "/proc/self/environ".as_ref());
    fails(&shardctl, "The environment", &["-f", "manifest.yaml"], nothing);
    link("manifest.yaml", &secret);
    fails(&shardctl, "A file from elsewhere", &["-f", "manifest.yaml"], nothing);
    fs::create_dir_all(shardctl.path("named")).expect("a directory");
    shardctl.write(".git/config", "extraheader: canary");
    link("manifest.yaml", ".git/config".as_ref());
    fails(&shardctl, "What git keeps to itself", &["-f", "manifest.yaml"], nothing);
    link("orders", elsewhere.path());
    fails(&shardctl, "A directory from elsewhere", &["-f", "orders"], nothing);
    fails(&shardctl, "By its whole path", &["-f", &shardctl.path("orders").display().to_string()], nothing);
    // The log of a CI run takes a line for a command that begins with two colons.
    link("named/a\n::warning::b.yaml", &secret);
    fails(&shardctl, "A name with a line break", &["-f", "named"], nothing);
    shardctl.snapshot("bad-link");
    assert!(!fs::read_to_string("tests/cli/bad-link.txt").expect("the snapshot").contains("canary"));

    // Links inside the repository are as good as files, wherever in it they are used.
    fs::create_dir_all(shardctl.path("envs/eu")).expect("directories");
    link("envs/eu/shardctl.yaml", &shardctl.path("shardctl.yaml"));
    let below = |command: &mut Command| {
        command.current_dir(shardctl.path("envs/eu"));
    };
    shardctl.run_with(&["validate"], below).exits(0);
    shardctl.run(&["validate", "-f", "envs/eu"]).exits(0);
    // What is named from elsewhere is the user's own choice.
    shardctl.write("shardctl.yaml", "version: 1\n");
    fs::write(&secret, EXAMPLE_MANIFEST).expect("a file");
    shardctl.run(&["validate", "-f", &secret.display().to_string()]).exits(0);
    let name = elsewhere.path().file_name().expect("a name").display();
    for path in [format!("../{name}/credentials.yaml"), format!("../{name}")] {
        shardctl.run(&["validate", "-f", &path]).exits(0);
    }
    let below = |command: &mut Command| {
        command.current_dir(shardctl.path("envs/eu"));
    };
    shardctl.run_with(&["validate", "-f", "../../orders"], below).exits(1);
    fs::create_dir(elsewhere.path().join("eu")).expect("a directory");
    fs::copy(&secret, elsewhere.path().join("eu/a.yaml")).expect("a file");
    for path in ["../../orders/eu".to_owned(), shardctl.path("orders/eu").display().to_string()] {
        let run = shardctl.run_with(&["validate", "-f", &path], below).exits(1);
        assert!(run.stderr.contains("leads by a link out of the repository"), "{}", run.stderr);
    }
    shardctl.write("shardctl.yaml", EXAMPLE_MANIFEST);
    fs::remove_file(shardctl.path("manifest.yaml")).expect("the link");
    shardctl.run_with(&["validate", "-f", "../.."], below).exits(0);
}

#[test]
fn a_manifest_that_holds_the_token_is_not_shown() {
    let shardctl = Shardctl::new(EXAMPLE_ACCOUNT);
    shardctl.write("token", super::TOKEN);
    let commands = [&["validate"][..], &["plan"], &["status"], &["apply", "--format", "markdown"]];
    for text in ["version: 1\ntoken: TOKEN\n", "version: 1\norders: {48213: {tag: x-TOKEN-y}}\n"] {
        shardctl.write("token.yaml", &text.replace("TOKEN", super::TOKEN));
        for (by_file, command) in commands.into_iter().flat_map(|command| [(false, command), (true, command)]) {
            if by_file && command == ["validate"] {
                continue;
            }
            let place = if by_file { &["--token-file", "token"][..] } else { &[] };
            let run = shardctl.run_with(&[command, &["-f", "token.yaml"], place].concat(), |command| {
                if by_file {
                    command.env_remove("PROXYSHARD_TOKEN");
                }
            });
            let said = if command.contains(&"markdown") { "holds the API token" } else { "" };
            assert!(run.stdout.contains(said) && run.status == Some(1), "{command:?}: {}", run.stdout);
            assert_eq!(run.stdout.is_empty(), said.is_empty(), "{command:?}");
            assert!(run.stderr.starts_with("error: the manifest `token.yaml` holds the API token\n"), "{}", run.stderr);
        }
    }
    assert!(shardctl.control().requests().is_empty());
}

#[test]
fn tokens() {
    let shardctl = Shardctl::example();
    fails(&shardctl, "No token", &[], |command| {
        command.env_remove("PROXYSHARD_TOKEN");
    });
    fails(&shardctl, "An empty token", &[], |command| {
        command.env("PROXYSHARD_TOKEN", " ");
    });
    fails(&shardctl, "Two words", &[], |command| {
        command.env("PROXYSHARD_TOKEN", "Bearer x");
    });
    fails(&shardctl, "No such file", &["--token-file", "token"], nothing);
    shardctl.write("token", "\n");
    fails(&shardctl, "An empty file", &["--token-file", "token"], nothing);
    fs::write(shardctl.path("token"), [0xff, 0xfe]).expect("a file");
    fails(&shardctl, "Not text", &["--token-file", "token"], nothing);
    fails(&shardctl, "A directory", &["--token-file", "."], nothing);
    assert!(shardctl.control().requests().is_empty());
    let refused = |command: &mut Command| {
        command.env("PROXYSHARD_TOKEN", "an-0ld-token");
    };
    let run = fails(&shardctl, "A token that the API does not know", &[], refused);
    assert!(!run.stderr.contains("an-0ld-token"));
    shardctl.snapshot("bad-token");
}

#[test]
fn a_token_file_may_end_with_a_line_break() {
    let shardctl = Shardctl::example();
    shardctl.write("token", &format!("{}\r\n", super::TOKEN));
    let stale = |command: &mut Command| {
        command.env("PROXYSHARD_TOKEN", "an-0ld-token");
    };
    shardctl.run_with(&["plan", "--token-file", "token"], stale).exits(0);
}

#[test]
fn api_urls() {
    let shardctl = Shardctl::example();
    for url in [
        "http://user-api.proxyshard.com",
        "http://10.1.2.3:4010",
        "user-api.proxyshard.com",
        "ftp://127.0.0.1",
        "https://me:passw0rd@user-api.proxyshard.com",
        "https://user-api.proxyshard.com/?key=1",
        "",
    ] {
        let run = fails(&shardctl, "Refused before the token leaves", &["--api-url", url], nothing);
        assert!(!run.stderr.contains("passw0rd"), "{}", run.stderr);
    }
    assert!(shardctl.control().requests().is_empty());
    let text = "A flag beats the environment";
    let elsewhere = |command: &mut Command| {
        command.env("PROXYSHARD_API_URL", "http://10.1.2.3");
    };
    let url = shardctl.url();
    shardctl.remark(text).run_with(&["plan", "--order", "49100", "--api-url", &url], elsewhere).exits(0);
    shardctl.snapshot("bad-api-url");
}

#[test]
fn an_empty_variable_says_nothing() {
    let shardctl = Shardctl::new(EXAMPLE_ACCOUNT).file("shardctl.yaml", "version: 1\n");
    let run = shardctl.run_with(&["plan", "--format", "json"], |command| {
        command.env("PROXYSHARD_API_URL", "");
    });
    assert_eq!(run.exits(1).json()["api_url"], "https://user-api.proxyshard.com");
}

#[test]
fn places_for_the_state() {
    let shardctl = Shardctl::example().file("file", "");
    fails(&shardctl, "A file", &["--state", "file"], nothing);
    fails(&shardctl, "Below a file", &["--state", "file/state"], nothing);
    fails(&shardctl, "Nowhere", &["--state", ""], nothing);
    fails(&shardctl, "Another scheme", &["--state", "ftp://example.com/state"], nothing);
    for action in [&["list"][..], &["show", "48213"], &["forget", "48213"]] {
        let arguments = [&["state"], action, &["--state", "file"]].concat();
        shardctl.run(&arguments).exits(1);
    }
    assert_eq!(fs::read(shardctl.path("file")).expect("the file"), b"");
    shardctl.snapshot("bad-state-place");
}

#[test]
fn damaged_records() {
    let shardctl = Shardctl::example();
    shardctl.aside(&["apply", "--apply", "--order", "49100"]).exits(0);
    let good = fs::read_to_string(shardctl.path("shardctl.state/49100.json")).expect("a record");
    let rows = [
        ("A record that is cut short", good[..good.len() / 2].to_owned()),
        ("An empty record", String::new()),
        ("A record of another order", good.replace("49100", "49101")),
        ("A record of a later version", good.replace("\"format_version\": 1", "\"format_version\": 2")),
        ("A record with a merge conflict", format!("<<<<<<< HEAD\n{good}=======\n")),
    ];
    for (remark, text) in rows {
        shardctl.write("shardctl.state/49100.json", &text);
        let before = shardctl.writes().len();
        shardctl.remark(remark).run(&["apply", "--apply", "--order", "49100"]).exits(1);
        assert_eq!(shardctl.writes().len(), before, "{remark}");
        let kept = fs::read_to_string(shardctl.path("shardctl.state/49100.json")).expect("a record");
        assert_eq!(kept, text, "never silently replaced");
    }
    shardctl.remark("The way out:").run(&["state", "forget", "49100"]).exits(0);
    shardctl.run(&["apply", "--apply", "--order", "49100"]).exits(0);
    shardctl.snapshot("bad-state-damaged");
}

#[test]
fn two_at_once() {
    let shardctl = Shardctl::example();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lock = runtime.block_on(Directory::new(shardctl.path("shardctl.state")).lock());
    let lock = lock.expect("the lock");
    let run = fails(&shardctl, "While another apply runs", &[], nothing);
    assert!(run.stderr.contains(&format!("process {}", std::process::id())), "{}", run.stderr);
    assert!(shardctl.control().requests().is_empty(), "fails at once");
    shardctl.write("shardctl.state/48213.json", "{}");
    shardctl.run(&["state", "forget", "48213"]).exits(1);
    fs::remove_file(shardctl.path("shardctl.state/48213.json")).expect("not forgotten");
    shardctl.remark("A plan needs no lock").run(&["plan", "--order", "49100"]).exits(0);
    drop(lock);
    shardctl.snapshot("two-at-once");
    shardctl.write("shardctl.yaml", EXAMPLE_MANIFEST);
    shardctl.run(&["apply", "--apply"]).exits(0);
}

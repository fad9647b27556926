//! What must never be told, and where it is looked for.

use std::fs;
use std::path::Path;

use shardctl::api::{Connection, Reader, Settings, Token, Writer};

use super::{PASSWORD, TOKEN, USER};

/// Searches every file below a directory: the state, the plans, and what was printed.
#[track_caller]
pub fn search(directory: impl AsRef<Path>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => search(path),
            false => assert_none(&path, &fs::read(&path).expect("a file")),
        }
    }
}

#[track_caller]
fn assert_none(place: &Path, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // The simulated API makes user names and passwords of the last two forms.
    for secret in [TOKEN, USER, PASSWORD, "user-", "secret-"] {
        assert!(!text.contains(secret), "{secret} in {}: {text}", place.display());
    }
}

#[test]
fn nothing_that_holds_the_token_shows_it() {
    let token = Token::new(TOKEN).expect("a good token");
    let url = "http://127.0.0.1:9".parse().expect("a good URL");
    let connection = Connection::new(url, token.clone(), Settings::default()).expect("a connection");
    let (reader, writer) = (Reader::new(connection.clone()), Writer::new(connection.clone()));
    let shown = [
        format!("{token:?} {token:#?}"),
        format!("{connection:?} {connection:#?}"),
        format!("{:?} {:#?}", connection.settings(), connection.settings()),
        format!("{reader:?} {reader:#?}"),
        format!("{writer:?} {writer:#?}"),
    ];
    for text in shown {
        assert!(!text.contains(TOKEN), "{text}");
    }
    for bad in [format!("{TOKEN}\n{TOKEN}"), format!("{TOKEN} {TOKEN}"), format!("{TOKEN}\u{e9}")] {
        let error = Token::new(&bad).expect_err("no token");
        assert!(!format!("{error} {error:?}").contains(TOKEN), "{error:?}");
    }
}

/// What every user of the machine may read about a program that runs.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_runs_shows_the_token_to_nobody_and_starts_no_other() {
    use crate::rig::Rig;
    use serde_json::json;
    use std::process::Stdio;

    for by_file in [true, false] {
        let rig = Rig::new(super::ACCOUNT, super::AFTER).await;
        rig.write("token", TOKEN);
        rig.break_with(json!([{"operation": "active", "hold": true, "times": 0}]));
        let mut command = rig.command(&["apply", "--apply", "-vvv"]);
        if by_file {
            command.env_remove("PROXYSHARD_TOKEN").args(["--token-file", "token"]);
        }
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the built program");
        rig.struck().await;
        let place = |name: &str| Path::new("/proc").join(child.id().to_string()).join(name);
        let seen = |name: &str| fs::read(place(name)).expect("a process that waits");
        assert!(seen("cmdline").starts_with(env!("CARGO_BIN_EXE_shardctl").as_bytes()));
        assert_none(&place("cmdline"), &seen("cmdline"));
        if by_file {
            assert_none(&place("environ"), &seen("environ"));
        }
        assert_eq!(children(child.id()), Vec::<String>::new());
        assert!(children(std::process::id()).contains(&child.id().to_string()), "children are seen");
        child.kill().expect("a process that can be ended");
        child.wait().expect("its end");
    }
}

/// Lists the processes that a process started and that still are.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<String> {
    let line = format!("PPid:\t{parent}");
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let started = processes.filter(|process| {
        // Processes end while they are listed.
        let status = fs::read_to_string(process.path().join("status")).unwrap_or_default();
        status.lines().any(|field| field == line)
    });
    started.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
}

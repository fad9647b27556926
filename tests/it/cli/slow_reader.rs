//! Stdout that would rather be asked again, and stdout that fails.
#![cfg(unix)]

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::Shardctl;

/// More than any socket or pipe holds that nobody reads.
const PROBLEMS: usize = 10_000;

#[test]
fn a_document_is_whole_however_slowly_it_is_read() {
    let wrong: String = (1..=PROBLEMS).map(|id| format!("  {id}: {{prunes: false}}\n")).collect();
    let shardctl = Shardctl::new("").file("shardctl.yaml", &format!("version: 1\norders:\n{wrong}"));
    let (mut reader, writer) = UnixStream::pair().expect("two ends");
    writer.set_nonblocking(true).expect("a stream that does not wait");
    let mut command = shardctl.command(&["validate", "--format", "json", "-q"]);
    let mut child = command.stdout(OwnedFd::from(writer)).stderr(Stdio::null()).spawn().expect("the program runs");
    drop(command);
    let (mut document, mut piece) = (Vec::new(), [0; 16 << 10]);
    while let Ok(length @ 1..) = reader.read(&mut piece) {
        document.extend(&piece[..length]);
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(child.wait().expect("its end").code(), Some(1));
    let document: Value = serde_json::from_slice(&document).expect("a whole document");
    assert_eq!(document["problems"].as_array().map(Vec::len), Some(PROBLEMS));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_of_every_command() {
    let shardctl = Shardctl::small();
    for arguments in [
        &["completions", "bash"][..],
        &["completions", "fish"],
        &["man"],
        &["schema", "plan"],
        &["validate", "--format", "json"],
        &["plan", "--format", "json"],
    ] {
        let full = File::options().write(true).open("/dev/full").expect("a device");
        let run = shardctl.run_with(arguments, |command| _ = command.stdout(full));
        let run = run.exits(1);
        assert!(run.stderr.starts_with("error: the output could not be written"), "{arguments:?}: {}", run.stderr);
    }
    let full = File::options().write(true).open("/dev/full").expect("a device");
    let apply = ["apply", "--apply", "--format", "json"];
    let run = shardctl.run_with(&apply, |command| _ = command.stdout(full)).exits(0);
    assert!(run.stderr.starts_with("error: the output could not be written"), "{}", run.stderr);
}

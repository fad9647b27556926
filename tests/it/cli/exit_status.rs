//! Output that cannot be written.

use std::fs::File;
use std::process::{Command, Stdio};

use super::Shardctl;
use crate::rig::Ran;

/// Runs the program with a full disk, or with a reader that has gone away, in place of its stdout.
fn run(shardctl: &Shardctl, arguments: &[&str], stdout: impl Into<Stdio>) -> Ran {
    let mut command: Command = shardctl.command(arguments);
    shardctl.finish(
        command.stdout(stdout).stderr(Stdio::piped()).spawn().expect("it runs").wait_with_output().expect("an end"),
    )
}

fn full() -> File {
    File::options().write(true).open("/dev/full").expect("a system with /dev/full")
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let shardctl = Shardctl::example();
    for arguments in
        [&["plan"][..], &["plan", "--format", "json"], &["validate"], &["schema", "plan"], &["import", "48213"]]
    {
        let run = run(&shardctl, arguments, full()).exits(1);
        assert_eq!(run.stderr, "error: the output could not be written: no space left on device\n", "{arguments:?}");
    }
    run(&shardctl, &["apply", "--apply"], full()).exits(1);
    assert!(shardctl.writes().is_empty(), "what cannot be shown is not carried out");
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_carried_out_is_not_called_a_failure() {
    let shardctl = Shardctl::example();
    let run = run(&shardctl, &["apply", "--apply", "--format", "json"], full()).exits(0);
    assert_eq!(run.stderr, "error: the output could not be written: no space left on device\n");
    shardctl.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[cfg(unix)]
#[test]
fn what_was_done_and_not_read_can_be_read_later() {
    let told = "warning: the report was not read to its end; `shardctl history -f shardctl.yaml` shows what was done\n";
    for format in ["text", "json", "markdown"] {
        let shardctl = Shardctl::example();
        let apply = &["apply", "--apply", "--format", format, "-f", "shardctl.yaml"];
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ran = run(&shardctl, apply, writer).exits(0);
        assert_eq!(ran.stderr, told);
        assert!(shardctl.run(&["history", "-f", "shardctl.yaml"]).exits(0).stdout.contains("charged"));
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        assert_eq!(run(&shardctl, apply, writer).exits(0).stderr, "", "nothing was done");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_gone_away_is_no_failure() {
    let shardctl = Shardctl::example();
    for arguments in [&["plan"][..], &["schema", "plan"], &["completions", "bash"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let run = run(&shardctl, arguments, writer).exits(0);
        assert_eq!(run.stderr, "", "{arguments:?}");
    }
}

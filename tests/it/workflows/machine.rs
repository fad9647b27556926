//! A machine of a workflow: directories, programs that do as they are told, and the action's scripts run on it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::recipes::read_yaml;

/// A temporary directory with programs of its own in `bin`.
pub struct Machine(tempfile::TempDir);

impl Machine {
    pub fn new() -> Machine {
        let machine = Machine(tempfile::tempdir().unwrap());
        for folder in ["bin", "temp"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        machine
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Puts a program there, made of lines for a shell.
    pub fn program(&self, name: &str, script: &str) {
        fs::write(self.path(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs lines of a shell in the directory.
    pub fn sh(&self, script: &str) {
        assert!(Command::new("sh").args(["-c", script]).current_dir(self.0.path()).status().unwrap().success());
    }

    /// Returns a text, or none where the file is not there.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Returns a step of the action as a runner starts it: what the step says to run, in a shell that ends at the first
    /// failure, and the inputs with their defaults.
    pub fn step(&self, name: &str) -> Command {
        let action = read_yaml(std::path::Path::new("action.yml"));
        let steps = action["runs"]["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
        command.current_dir(self.0.path()).env_clear();
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display()));
        for (variable, value) in step["env"].as_object().unwrap() {
            let input = value.as_str().unwrap().trim_start_matches("${{ inputs.").trim_end_matches(" }}");
            command.env(variable, action["inputs"][input]["default"].as_str().unwrap_or_default());
        }
        command.env("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR")).env("RUNNER_OS", "Linux");
        command.env("RUNNER_TEMP", self.path("temp")).env("GITHUB_PATH", self.path("github-path"));
        command.env("GITHUB_OUTPUT", self.path("output")).env("GITHUB_STEP_SUMMARY", self.path("summary"));
        command.env("GITHUB_SERVER_URL", "https://git.example").env("GITHUB_REPOSITORY", "some/where");
        command.env("GITHUB_RUN_ID", "42");
        command
    }

    /// Returns an output of the last step, or none.
    pub fn output(&self, name: &str) -> Option<String> {
        let outputs = self.text("output");
        let values = outputs.lines().filter_map(|line| line.split_once('='));
        values.rev().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }
}

/// Returns what a step said, on both sides, and whether it went well.
pub fn said(output: &Output) -> (bool, String) {
    let both = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    (output.status.success(), both.concat())
}

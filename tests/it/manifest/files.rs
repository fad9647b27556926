//! Which files are read, and what is said where that fails.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};
use std::thread;

use shardctl::manifest::ManifestWarning;
use tempfile::TempDir;

use super::*;
use crate::rig::program;

const ORDER: &str = "version: 1\norders:\n  48213:\n";

/// Makes a directory with the files named, each a manifest of nothing but `version`.
fn directory(names: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in names {
        fs::write(directory.path().join(name), "version: 1\n").unwrap();
    }
    directory
}

/// Lists the names of the files that are read, without the directory.
fn names(directory: &TempDir, paths: &[PathBuf]) -> Vec<String> {
    let manifest = manifest::load(paths).unwrap();
    let prefix = format!("{}/", directory.path().display());
    manifest.sources.iter().map(|(_, file)| file.name.replace(&prefix, "")).collect()
}

fn error(path: &Path) -> String {
    let error = manifest::load(&[path.to_owned()]).unwrap_err();
    error.to_string().replace(&path.display().to_string(), "PATH")
}

#[test]
fn a_directory_stands_for_its_manifests_in_name_order() {
    let directory = directory(&["b.yaml", "a.yml", "c.yaml", "notes.txt", "d.yaml.bak", ".hidden.yaml", "yaml"]);
    fs::create_dir_all(directory.path().join("below.yaml")).unwrap();
    fs::write(directory.path().join("below.yaml/e.yaml"), "").unwrap();
    assert_eq!(names(&directory, &[directory.path().to_owned()]), ["a.yml", "b.yaml", "c.yaml"]);
}

#[test]
fn a_file_is_read_once_however_it_is_reached() {
    let directory = directory(&["a.yaml", "b.yaml"]);
    let b = directory.path().join("b.yaml");
    let paths = [b.clone(), directory.path().to_owned(), directory.path().join(".").join("a.yaml"), b];
    assert_eq!(names(&directory, &paths), ["b.yaml", "a.yaml"]);
}

/// Runs `validate` with a text as its standard input.
fn validate(arguments: &[&str], input: &str) -> Output {
    let mut command = program(Path::new("."), &[&["validate"], arguments].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    // One that ends without reading closes the pipe.
    _ = running.stdin.take().unwrap().write_all(input.as_bytes());
    running.wait_with_output().unwrap()
}

#[test]
fn standard_input_is_a_manifest_too() {
    let ran = validate(&["-f", "-"], ORDER);
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), "The manifest is valid: 1 order, 0 IPs.\n");
    let directory = directory(&["a.yaml"]);
    let ran = validate(&["-f", directory.path().to_str().unwrap(), "-f", "-"], &format!("{ORDER}    prune: 1\n"));
    let shown = String::from_utf8(ran.stderr).unwrap();
    assert!(shown.contains("--> -:4:12\n"), "{shown}");
}

#[test]
fn standard_input_is_named_once() {
    let ran = validate(&["-f", "-", "-f", "-"], ORDER);
    let shown = String::from_utf8(ran.stderr).unwrap();
    let expected = "`-f -` stands for standard input, which can be read once only: name it once";
    assert!(!ran.status.success() && shown.contains(expected), "{shown}");
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_pipe_in_a_directory_holds_nobody_up() {
    for through_a_link in [false, true] {
        let directory = directory(&["a.yaml"]);
        let (pipe, entry) = (directory.path().join("pipe"), directory.path().join("b.yaml"));
        make_pipe(if through_a_link { &pipe } else { &entry });
        if through_a_link {
            symlink(&pipe, &entry).unwrap();
        }
        let error = error(directory.path());
        snapbox::assert_data_eq!(
            error,
            snapbox::str![
                "`PATH/b.yaml` is no file: of what a directory holds only files are read; remove it, or name it by a `-f` of its own"
            ]
        );
    }
}

#[test]
fn a_pipe_that_is_named_is_read() {
    let directory = directory(&[]);
    let pipe = directory.path().join("pipe");
    make_pipe(&pipe);
    let writer = thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, ORDER).unwrap()
    });
    let manifest = manifest::load(&[pipe]).unwrap();
    writer.join().unwrap();
    assert!(manifest.desired.is_some());
}

#[test]
fn a_link_that_stays_inside_is_read() {
    let directory = directory(&["a.yaml"]);
    fs::write(directory.path().join("orders.txt"), ORDER).unwrap();
    symlink("orders.txt", directory.path().join("b.yaml")).unwrap();
    assert_eq!(names(&directory, &[directory.path().to_owned()]), ["a.yaml", "b.yaml"]);
}

/// Lists the directories that are said not to be read, with the number of files.
fn left_out(directory: &TempDir, paths: &[&str]) -> Vec<(String, usize)> {
    let paths: Vec<_> = paths.iter().map(|path| directory.path().join(path)).collect();
    let named = |warning: &ManifestWarning| {
        let ManifestWarning::NotRead { directory: left_out, files } = warning;
        (left_out.strip_prefix(directory.path()).unwrap().display().to_string(), *files)
    };
    manifest::load(&paths).unwrap().warnings.iter().map(named).collect()
}

#[test]
fn manifests_in_a_subdirectory_are_said_not_to_be_read() {
    let directory = directory(&["a.yaml"]);
    let names =
        ["us/b.yaml", "eu/c.yml", "eu/d.yaml", "eu/deep/e.yaml", ".git/f.yaml", "shardctl.state/g.yaml", "docs/h.md"];
    for path in names.map(|name| directory.path().join(name)) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "version: 1\n").unwrap();
    }
    let [eu, us] = [("eu".to_owned(), 2), ("us".to_owned(), 1)];
    assert_eq!(left_out(&directory, &[""]), [eu.clone(), us.clone()]);
    assert_eq!(left_out(&directory, &["", "us"]), [eu]);
    assert_eq!(left_out(&directory, &["", "eu/c.yml", "us/b.yaml"]), [("eu".to_owned(), 1)]);
    assert_eq!(left_out(&directory, &["a.yaml"]), []);
    let warning = &manifest::load(&[directory.path().to_owned()]).unwrap().warnings[0];
    snapbox::assert_data_eq!(
        warning.to_string().replace(directory.path().to_str().unwrap(), "PATH"),
        snapbox::str![
            "2 files in the subdirectory `PATH/eu` look like manifests and are not read: a directory stands for what is directly in it; add `-f` with that path to read more"
        ]
    );
}

#[test]
fn the_path_of_a_file_is_known_however_it_is_named() {
    let manifest = manifest::load(&[PathBuf::from("tests/../tests/manifest/valid-every-field")]).unwrap();
    let file = manifest.sources.iter().next().unwrap().1;
    assert_eq!(file.name, "tests/../tests/manifest/valid-every-field/shardctl.yaml");
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifest/valid-every-field/shardctl.yaml");
    assert_eq!(file.path, Some(whole.canonicalize().unwrap()));
    assert_eq!(parsed(ORDER).sources.iter().next().unwrap().1.path, None);
}

#[test]
fn the_name_of_a_file_cannot_get_out_of_its_quotes() {
    let shown = manifest::load(&[PathBuf::from("no\u{1b}`where`\n.yaml")]).unwrap_err().to_string();
    assert!(shown.starts_with("there is no manifest at `no\\u{1b}\\u{60}where\\u{60}\\n.yaml`: "), "{shown}");
}

#[test]
fn a_path_that_leads_nowhere_is_named() {
    let missing = error(Path::new("tests/manifest/nowhere.yaml"));
    snapbox::assert_data_eq!(
        missing,
        snapbox::str![
            "there is no manifest at `PATH`: the default is `shardctl.yaml` in the working directory, and `-f PATH` names another file or a directory"
        ]
    );
}

#[test]
fn a_directory_without_manifests_is_an_error() {
    let directory = directory(&["notes.txt"]);
    snapbox::assert_data_eq!(
        error(directory.path()),
        snapbox::str!["the directory `PATH` holds no manifest: no file in it is named `*.yaml` or `*.yml`"]
    );
}

#[test]
fn the_reason_of_the_operating_system_is_told_in_words() {
    let below_a_file = error(Path::new("tests/manifest/valid-every-field/shardctl.yaml/a.yaml"));
    snapbox::assert_data_eq!(below_a_file, snapbox::str!["cannot read the manifest `PATH`: not a directory"]);
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let directory = directory(&[]);
    let path = directory.path().join("a.yaml");
    File::create(&path).unwrap().set_len(manifest::MAX_FILE_BYTES + 1).unwrap();
    snapbox::assert_data_eq!(
        error(&path),
        snapbox::str!["the manifest `PATH` is larger than 256 MiB: split it into several files"]
    );
}

#[test]
fn a_file_that_is_not_text_hides_no_problem_of_the_others() {
    let directory = directory(&[]);
    fs::write(directory.path().join("a.yaml"), b"version: 1\norders: {1: {tag: \"\xff\xfe\"}}\xf0").unwrap();
    fs::write(directory.path().join("b.yaml"), format!("{ORDER}    prune: 1\n")).unwrap();
    let manifest = manifest::load(&[directory.path().to_owned()]).unwrap();
    assert_sound(&manifest, directory.path());
    let codes: Vec<_> = manifest.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [ProblemCode::ManifestSyntax, ProblemCode::InvalidValue]);
    let place = manifest.sources.locate(manifest.problems[0].primary.as_ref().unwrap().span).1;
    assert_eq!(place, Position { line: 2, column: 20 });
}

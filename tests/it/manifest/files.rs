//! Which files are read, and what is said where that fails.

use std::fs::{self, File};

use tempfile::TempDir;

use super::*;

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

//! The project's address is said once, and what cannot ask for it agrees.

use std::fs;
use std::path::Path;

/// The address as long as nobody knows it.
const UNKNOWN: &str = "OWNER/shardctl";

/// What names the address, and how.
const FILES: [(&str, &str); 4] = [
    ("SECURITY.md", "--repo ADDRESS`"),
    ("examples/ci/github-actions.yml", "uses: ADDRESS@"),
    ("examples/ci/pre-commit-config.yaml", "https://github.com/ADDRESS\n"),
    (".github/CODEOWNERS", "@OWNER/maintainers"),
];

/// Returns the address that the `Cargo.toml` in a directory has, as a setting or as what stands for one.
pub fn of(directory: &Path) -> String {
    let text = fs::read_to_string(directory.join("Cargo.toml")).unwrap();
    let lines = text.lines().map(|line| line.trim_start_matches("# "));
    let urls = lines.filter_map(|line| line.strip_prefix("repository = \"https://github.com/"));
    let [address] = urls.collect::<Vec<_>>()[..] else { panic!("one address") };
    address.trim_end_matches('"').to_owned()
}

#[track_caller]
fn agrees(directory: &Path, address: &str) {
    let (owner, _) = address.split_once('/').unwrap();
    assert_eq!(of(directory), address);
    for (file, words) in FILES {
        let text = fs::read_to_string(directory.join(file)).unwrap().replace("\r\n", "\n");
        let words = words.replace("ADDRESS", address).replace("OWNER", owner);
        assert!(text.contains(&words), "{file}: {words}");
        assert!(address == UNKNOWN || !text.contains("OWNER"), "{file} has what stands for an owner");
    }
}

#[test]
fn it_is_the_same_wherever_it_stands() {
    agrees(Path::new("."), &of(Path::new(".")));
}

#[cfg(unix)]
#[test]
fn one_script_sets_it_everywhere_and_again_after_a_move() {
    let directory = tempfile::tempdir().unwrap();
    let copied = FILES.map(|(file, _)| file);
    let gitlab = "examples/ci/gitlab-ci.yml";
    for file in copied.into_iter().chain([gitlab, "Cargo.toml", ".ci/set-repository"]) {
        let to = directory.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
    let set = |address: &str| {
        let script = directory.path().join(".ci/set-repository");
        std::process::Command::new(script).arg(address).output().unwrap().status.success()
    };
    for address in ["some-where/shardctl", "else/where.else"] {
        assert!(set(address));
        agrees(directory.path(), address);
    }
    assert!(!set("https://github.com/some/where") && !set("nowhere"));
    agrees(directory.path(), "else/where.else");
    for file in [gitlab, "examples/ci/github-actions.yml"] {
        let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
        assert_eq!(lines(&directory.path().join(file)), lines(Path::new(file)), "{file}");
    }
}

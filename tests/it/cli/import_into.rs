//! `shardctl import --into FILE`.

use std::fs;

use shardctl::sandbox::Tells;

use super::Shardctl;

const ACCOUNT: &str = "
orders:
  1: {tag: eu, until: 2999-12-01, p0f_slots: 2, proxies: {203.0.113.10: , 203.0.113.12: }}
  2: {tag: us, until: 2999-12-01, proxies: {198.51.100.7: , 198.51.100.8: }}
  3: {tag: asia, until: 2999-12-01, proxies: {192.0.2.1: }}
";

fn manifest(shardctl: &Shardctl) -> String {
    fs::read_to_string(shardctl.path("shardctl.yaml")).expect("a manifest")
}

#[test]
fn what_changed_is_edited_and_nothing_else() {
    let before = "# ours\nversion: 1\n\norders:\n  1:   # Europe\n    p0f_slots: 2\n    keep:\n      203.0.113.10: \
                  'win11'   # the first\n      203.0.113.11:\n  2: {keep: {198.51.100.7: }}\n";
    let shardctl = Shardctl::new(ACCOUNT).file("shardctl.yaml", before);
    let run = shardctl.run(&["import", "--all", "--into", "shardctl.yaml"]).exits(0);
    assert_eq!(run.stdout, "");
    let changes = ["order 1: 203.0.113.11 removed", "order 1: 203.0.113.12 added", "order 2: 198.51.100.8 added"];
    let listed: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(listed, [&changes[..], &["order 3 added"]].concat());
    let after = manifest(&shardctl);
    let kept = "# ours\nversion: 1\n\norders:\n  1:   # Europe\n    p0f_slots: 2\n    keep:\n      203.0.113.10: \
                'win11'   # the first\n      203.0.113.12:\n  2: {keep: {198.51.100.7: , 198.51.100.8: null}}\n  3:\n";
    assert!(after.starts_with(kept), "{after}");
    shardctl.run(&["validate"]).exits(0);
    let run = shardctl.run(&["import", "--all", "--into", "shardctl.yaml"]).exits(0);
    assert!(run.stderr.starts_with("Nothing was changed"), "{}", run.stderr);
    assert_eq!(manifest(&shardctl), after);
    assert!(shardctl.writes().is_empty());
}

#[test]
fn a_manifest_that_is_not_there_is_made_as_it_is_printed() {
    let shardctl = Shardctl::new(ACCOUNT);
    let printed = shardctl.run(&["import", "1", "3"]).exits(0).stdout;
    let run = shardctl.run(&["import", "1", "3", "--into", "shardctl.yaml"]).exits(0);
    assert_eq!(run.stderr, "order 1 added\norder 3 added\n");
    assert_eq!(manifest(&shardctl), printed);
    // One that declares no order yet gets some.
    shardctl.write("shardctl.yaml", "version: 1\n");
    shardctl.run(&["import", "3", "--into", "shardctl.yaml"]).exits(0);
    shardctl.run(&["validate"]).exits(0);
}

#[test]
fn what_cannot_be_edited_stays_as_it_is() {
    for (text, words, why) in [
        ("version: 1\norders: {1: {p0f_slots: many}}\n", "1", "the manifest has 1 problem"),
        ("version: 1\norders: {1: {keep: {203.0.113.99: }}}\n", "1 9", "order 9 could not be read"),
        ("version: 1\norders: {1: {prune: false, keep: {203.0.113.99: }}}\n", "1", "an empty `keep` is no valid one"),
    ] {
        let shardctl = Shardctl::new(ACCOUNT).file("shardctl.yaml", text);
        let words: Vec<&str> = ["import", "--into", "shardctl.yaml"].into_iter().chain(words.split(' ')).collect();
        let run = shardctl.run(&words).exits(1);
        assert!(run.stderr.contains(why), "{}", run.stderr);
        assert_eq!(manifest(&shardctl), text);
        assert_eq!(fs::read_dir(shardctl.path("")).expect("a directory").count(), 1, "nothing is left beside it");
    }
    let shardctl = Shardctl::new(ACCOUNT);
    for path in [".", "-", "nowhere/shardctl.yaml"] {
        shardctl.run(&["import", "1", "--into", path]).exits(1);
    }
    assert_eq!(fs::read_dir(shardctl.path("")).expect("a directory").count(), 0);
}

#[test]
fn what_is_not_managed_is_not_listed() {
    let text = "version: 1\norders:\n  1: {prune: false, keep: {203.0.113.10: }}\n  2: {keep: {198.51.100.0/24: win11}}\n  \
                3: {tag: asia}\n";
    let shardctl = Shardctl::new(ACCOUNT).file("shardctl.yaml", text);
    let run = shardctl.run(&["import", "--all", "--into", "shardctl.yaml"]).exits(0);
    assert!(run.stderr.starts_with("Nothing was changed"), "{}", run.stderr);
    assert_eq!(manifest(&shardctl), text);
}

#[test]
fn what_is_marked_to_go_is_not_listed_again() {
    let text = "version: 1\norders:\n  2:\n    keep:\n      198.51.100.7:\n";
    for tells in [Tells::default(), Tells::older()] {
        let shardctl = Shardctl::new(ACCOUNT).file("shardctl.yaml", text);
        shardctl.control().set_tells(tells);
        shardctl.run(&["apply", "--apply", "--allow-removals", "1"]).exits(0);
        shardctl.run(&["import", "2", "--into", "shardctl.yaml"]).exits(0);
        assert_eq!(manifest(&shardctl), text);
    }
}

#[test]
fn an_order_that_stands_in_another_file_of_the_manifest_is_left_there() {
    let (eu, us) =
        ("version: 1\norders: {1: {keep: {203.0.113.10: }}}\n", "version: 1\norders: {2: {keep: {198.51.100.7: }}}\n");
    for paths in [&["-f", "manifests"][..], &["-f", "manifests/eu.yaml", "-f", "manifests/us.yaml"]] {
        let shardctl = Shardctl::new(ACCOUNT).file("manifests/eu.yaml", eu).file("manifests/us.yaml", us);
        let read = |name: &str| fs::read_to_string(shardctl.path(name)).expect("a manifest");
        let import = |file: &str| shardctl.run(&[&["import", "--all", "--into", file], paths].concat()).exits(0);
        let run = import("manifests/eu.yaml");
        let said = ["order 2 stands in `manifests/us.yaml`, which is left as it is"];
        let changes = ["order 1: 203.0.113.12 added", "order 3 added"];
        assert_eq!(run.stderr.lines().collect::<Vec<_>>(), [&[&*format!("note: {}", said[0])], &changes[..]].concat());
        assert!(read("manifests/us.yaml") == us && read("manifests/eu.yaml").contains(" 3: {"));
        shardctl.run(&["validate", "-f", "manifests"]).exits(0);
        // Nothing is left for a new file.
        let run = import("manifests/new.yaml");
        assert!(run.stderr.ends_with("Nothing was changed: no line had to be added or removed.\n"), "{}", run.stderr);
        assert!(!shardctl.path("manifests/new.yaml").exists());
    }
    let shardctl = Shardctl::new(ACCOUNT).file("us.yaml", "version: 1\norders: {2: {keps: {}}}\n");
    let run = shardctl.run(&["import", "--all", "--into", "eu.yaml", "-f", "us.yaml"]).exits(1);
    assert!(run.stderr.contains("unknown_field") && !shardctl.path("eu.yaml").exists(), "{}", run.stderr);
}

#[test]
fn signatures_for_which_there_is_no_slot_are_left_out_and_said() {
    let account =
        "orders: {1: {p0f_slots: 2, proxies: {203.0.113.10: win11, 203.0.113.12: macos}}, 2: {proxies: {192.0.2.1: }}}";
    let text = "version: 1\norders:\n  1:\n    p0f_slots: 1\n    keep:\n      203.0.113.10: win11\n";
    let shardctl = Shardctl::new(account).file("shardctl.yaml", text);
    let run = shardctl.run(&["import", "--all", "--into", "shardctl.yaml"]).exits(0);
    let remark = "warning: order 1: `p0f_slots: 1` is too small for the signatures of what was added, which are left out: \
                  set it to 2 or more, and write 203.0.113.12: macos";
    let said = ["order 1: 203.0.113.12 added", "order 2 added", remark];
    assert_eq!(run.stderr.lines().collect::<Vec<_>>(), said);
    assert!(manifest(&shardctl).starts_with(&format!("{text}      203.0.113.12:\n")), "{}", manifest(&shardctl));
    shardctl.run(&["validate"]).exits(0);
    // Where the slots suffice, nothing is left out.
    shardctl.write("shardctl.yaml", &text.replace("p0f_slots: 1", "p0f_slots: 2"));
    shardctl.run(&["import", "1", "--into", "shardctl.yaml"]).exits(0);
    assert!(manifest(&shardctl).ends_with("      203.0.113.12: macos\n"), "{}", manifest(&shardctl));
}

#[cfg(unix)]
#[test]
fn the_mode_and_the_link_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let shardctl = Shardctl::new(ACCOUNT).file("there.yaml", "version: 1\norders: {1: {}}\n");
    fs::set_permissions(shardctl.path("there.yaml"), fs::Permissions::from_mode(0o640)).expect("a mode");
    symlink("there.yaml", shardctl.path("link.yaml")).expect("a link");
    shardctl.run(&["import", "3", "--into", "link.yaml"]).exits(0);
    assert!(fs::symlink_metadata(shardctl.path("link.yaml")).expect("a link").is_symlink());
    let metadata = fs::metadata(shardctl.path("there.yaml")).expect("a file");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
}

/// Several imports into one file, each of another order: whoever says that it was added has added it.
#[cfg(unix)]
#[test]
fn imports_into_one_file_at_once_lose_nothing() {
    let account = "orders: {1: {proxies: {203.0.113.1: }}, 2: {proxies: {203.0.113.2: }}, 3: {proxies: {203.0.113.3: }}, 4: {proxies: {203.0.113.4: }}}";
    for _ in 0..3 {
        let shardctl = Shardctl::new(account);
        shardctl.aside(&["import", "4", "--into", "m.yaml"]).exits(0);
        let ids = ["1", "2", "3"];
        let started = ids.map(|id| {
            let mut command = shardctl.command(&["import", id, "--into", "m.yaml"]);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
            command.spawn().expect("the program")
        });
        let ends = started.map(|child| child.wait_with_output().expect("its end"));
        let text = std::fs::read_to_string(shardctl.path("m.yaml")).expect("a manifest");
        for (id, end) in ids.iter().zip(ends) {
            let stderr = String::from_utf8_lossy(&end.stderr);
            assert_eq!(text.contains(&format!("\n  {id}:\n")), end.status.success(), "{id}: {stderr}\n{text}");
            assert!(end.status.success() || stderr.contains("was changed while the orders were read"), "{stderr}");
        }
        shardctl.aside(&["validate", "-f", "m.yaml"]).exits(0);
    }
}

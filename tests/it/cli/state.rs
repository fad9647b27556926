//! `shardctl state`.

use serde_json::json;

use super::{SMALL_MANIFEST, Shardctl};

#[test]
fn what_is_recorded_is_shown_and_dropped() {
    let shardctl = Shardctl::example();
    shardctl.remark("Before anything was applied:").run(&["state", "list"]).exits(0);
    shardctl.run(&["state", "show", "48977"]).exits(1);
    shardctl.aside(&["apply", "--apply"]).exits(0);
    shardctl.run(&["state", "list"]).exits(0);
    shardctl.run(&["state", "show", "48977"]).exits(0);
    shardctl.run(&["state", "forget", "48977"]).exits(0);
    shardctl.run(&["state", "forget", "48977"]).exits(0);
    shardctl.run(&["state", "list"]).exits(0);
    shardctl.run(&["plan", "--order", "48977"]).exits(0);
    shardctl.snapshot("state");
}

#[test]
fn no_token_is_needed() {
    let shardctl = Shardctl::example();
    shardctl.run(&["apply", "--apply"]).exits(0);
    for action in [&["list"][..], &["show", "49100"], &["forget", "49100"]] {
        let arguments = [&["state"], action].concat();
        shardctl
            .run_with(&arguments, |command| {
                command.env_remove("PROXYSHARD_TOKEN");
            })
            .exits(0);
    }
}

#[test]
fn the_state_is_beside_the_manifest_or_where_it_is_said() {
    let shardctl = Shardctl::example();
    let manifest = std::fs::read_to_string(shardctl.path("shardctl.yaml")).expect("a manifest");
    shardctl.write("fleet/a.yaml", &manifest);
    let orders = ["apply", "--apply", "--order", "49100"];
    shardctl.run(&[&orders[..], &["-f", "fleet"]].concat()).exits(0);
    assert!(shardctl.path("fleet/shardctl.state/49100.json").exists());
    shardctl.run(&[&orders[..], &["-f", "fleet/a.yaml"]].concat()).exits(0);
    assert_eq!(shardctl.run(&["state", "list", "-f", "fleet/a.yaml"]).exits(0).stdout, "49100\n");
    let elsewhere = shardctl.path("elsewhere");
    let set = |command: &mut std::process::Command| {
        command.env("SHARDCTL_STATE", &elsewhere);
    };
    shardctl.run_with(&orders, set).exits(0);
    assert!(elsewhere.join("49100.json").exists());
    shardctl.run_with(&[&orders[..], &["--state", "flag"]].concat(), set).exits(0);
    assert!(shardctl.path("flag/49100.json").exists(), "a flag beats the environment");
    assert!(!shardctl.path("shardctl.state").exists());
}

#[test]
fn a_record_of_another_api_is_not_used() {
    let shardctl = Shardctl::example();
    shardctl.aside(&["apply", "--apply"]).exits(0);
    let url = shardctl.url().replace("127.0.0.1", "localhost");
    let writes = shardctl.writes().len();
    shardctl.run_with(&["apply", "--apply", "--order", "49100"], |command| {
        command.env("PROXYSHARD_API_URL", &url);
    });
    assert_eq!(shardctl.writes().len(), writes);
    shardctl.snapshot("state-of-another-api");
}

/// A hint that is followed to the letter helps.
#[test]
fn the_hint_to_forget_a_record_names_the_place_in_use() {
    let shardctl = Shardctl::small();
    let manifest = std::fs::read_to_string(shardctl.path("shardctl.yaml")).expect("a manifest");
    shardctl.write("my envs/eu.yaml", &manifest);
    let rows: [(&[&str], &str, &str); 4] = [
        (&[], "shardctl.state", ""),
        (&["-f", "my envs/eu.yaml"], "my envs/shardctl.state", " -f 'my envs/eu.yaml'"),
        (&["--state", "records"], "records", " --state records"),
        (&["-f", "my envs/eu.yaml", "--state", "records"], "records", " --state records"),
    ];
    for (place, directory, flags) in rows {
        for command in [&["plan"][..], &["apply"], &["apply", "--apply"]] {
            shardctl.write(&format!("{directory}/1.json"), "{");
            let run = shardctl.aside(&[command, place, &["--format", "json"]].concat()).exits(1);
            let help = run.json()["orders"][0]["problems"][0]["help"].as_str().expect("help").to_owned();
            assert!(help.contains(&format!("`shardctl state forget 1{flags}`")), "{place:?}: {help}");
        }
        let forget = shardctl.aside(&[&["state", "forget", "1"], place].concat()).exits(0);
        assert!(forget.stderr.contains("Forgot order 1"), "{}", forget.stderr);
    }
}

#[test]
fn a_record_that_nothing_is_wrong_with_is_not_to_be_forgotten() {
    let shardctl = Shardctl::small();
    let record = |version: u32, url: &str| {
        json!({"api_url": url, "format_version": version, "order_id": 1, "purchase": null}).to_string()
    };
    for record in [record(99, &shardctl.url()), record(1, "https://another.example.com")] {
        shardctl.write("shardctl.state/1.json", &record);
        let problem = shardctl.aside(&["plan", "--format", "json"]).exits(1).json()["orders"][0]["problems"][0].clone();
        let help = problem["help"].as_str().expect("help");
        assert!(!help.contains("forget") && help.contains("--state"), "{problem:#}");
    }
}

/// A default would depend on which of them is named first: a purchase could be forgotten by turning them round.
#[test]
fn several_directories_and_standard_input_have_no_default_place() {
    let shardctl = Shardctl::small().file("a/shardctl.yaml", SMALL_MANIFEST).file("b/other.yaml", "version: 1\n");
    let nowhere = "there is no default";
    let mut all = vec![["-f", "a", "-f", "b"], ["-f", "b/other.yaml", "-f", "a"], ["-f", "-", "-f", "b"]];
    if cfg!(unix) {
        all.extend([["-f", "/dev/stdin", "-f", "b"], ["-f", "/dev/fd/0", "-f", "/dev/fd/0"]]);
    }
    for paths in all {
        let with_input = |words: &[&str]| {
            let input = std::fs::File::open(shardctl.path("shardctl.yaml")).expect("a manifest");
            shardctl.run_with(&[words, &paths].concat(), |command| _ = command.stdin(input))
        };
        let plan = with_input(&["plan", "--format", "json"]).exits(1);
        assert_eq!(plan.json()["problems"][0]["code"], "state_unavailable", "{paths:?}: {plan:?}");
        assert!(plan.stderr.contains(nowhere) && plan.stderr.contains("--state"), "{plan:?}");
        assert!(with_input(&["apply", "--apply"]).exits(1).stderr.contains(nowhere), "{paths:?}");
        assert!(shardctl.writes().is_empty(), "{paths:?}");
        with_input(&["plan", "--state", "records"]).exits(0);
    }
}

//! `shardctl sandbox`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use shardctl::sandbox::{Account, CONTROL_PATHS, FaultRule};

use super::{EXAMPLE_ACCOUNT, Shardctl, TOKEN, with_token};
use crate::readme::code_spans;

#[test]
fn its_first_line_says_where_it_listens() {
    let shardctl = Shardctl::example().file("account.yaml", &with_token(EXAMPLE_ACCOUNT));
    let mut command = shardctl.command(&["sandbox", "--account", "account.yaml", "--listen", "127.0.0.1:0"]);
    // It is the API and asks nobody for a token.
    command.env_remove("PROXYSHARD_TOKEN");
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("an output")).read_line(&mut line).expect("a line");
    let url = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
    assert!(url.starts_with("http://127.0.0.1:") && !url.ends_with(":0"), "{url}");
    let mut said = BufReader::new(process.stderr.take().expect("an error output")).lines().skip(1);
    let mut variable = || said.next().expect("a line").expect("text").trim_start().to_owned();
    let variables = [variable(), variable()];
    assert_eq!(variables, [format!("export PROXYSHARD_API_URL={url}"), format!("export PROXYSHARD_TOKEN={TOKEN}")]);
    shardctl.run(&["plan", "--api-url", url]).exits(0);
    process.kill().expect("still serving");
    process.wait().expect("an end");
    assert!(shardctl.control().requests().is_empty(), "a flag beats the environment");
}

#[test]
fn what_it_cannot_serve() {
    let shardctl = Shardctl::example().file("account-empty.yaml", "token: ''\n");
    shardctl.write("account-wrong.yaml", "orders: {1: {p0f_slot: 3}}\n");
    shardctl.write("account.yaml", &format!("token: {TOKEN}\n"));
    let taken = shardctl.url().replace("http://", "");
    let rows = [
        ("missing.yaml", "127.0.0.1:0"),
        ("account-empty.yaml", "127.0.0.1:0"),
        ("account-wrong.yaml", "127.0.0.1:0"),
        ("account.yaml", "0.0.0.0:0"),
        ("account.yaml", "localhost"),
    ];
    for (account, listen) in rows {
        shardctl.run(&["sandbox", "--account", account, "--listen", listen]).exits(1);
    }
    shardctl.snapshot("sandbox-refused");
    let run = shardctl.run(&["sandbox", "--account", "account.yaml", "--listen", &taken]).exits(1);
    assert!(run.stderr.contains(&taken), "{}", run.stderr);
}

#[test]
fn its_help_has_every_field_and_every_word() {
    let shardctl = Shardctl::new("");
    let help = shardctl.run(&["sandbox", "--help"]).exits(0).stdout;
    shardctl.run(&["man", "man1"]).exits(0);
    let page = fs::read_to_string(shardctl.path("man1/shardctl-sandbox.1")).expect("a page").replace("\\-", "-");
    let refused = |text: &str| Account::from_yaml(text).expect_err("no such field").to_string();
    let mut words: Vec<String> = CONTROL_PATHS.iter().map(|path| path.path.to_owned()).collect();
    let fault = serde_json::from_str::<FaultRule>("{\"x\": 1}").expect_err("no such field").to_string();
    for message in [
        refused("{x: 1}"),
        refused("orders: {1: {x: 1}}"),
        refused("orders: {1: {proxies: {192.0.2.1: {x: 1}}}}"),
        refused("tells: [x]"),
        fault,
    ] {
        let (_, expected) = message.split_once("expected one of ").expect("what there is");
        words.extend(code_spans(expected));
    }
    assert!(words.len() > 70, "{words:?}");
    for word in words {
        let is_there =
            |text: &str| text.split(|c: char| !c.is_alphanumeric() && !"_/".contains(c)).any(|one| one == word);
        assert!(is_there(&help) && is_there(&page), "{word}");
    }
    // The account file that is shown says of each field what it is without it.
    let (_, file) = help.split_once("left out:\n").expect("the account file");
    let shown = Account::from_yaml(file.split("\n\n").next().expect("its end")).expect("an account");
    let bare = Account::from_yaml("orders: {48213: {proxies: {203.0.113.10: , 203.0.113.11: }}}").expect("an account");
    assert_eq!(format!("{shown:?}"), format!("{bare:?}"));
}

//! `shardctl sandbox`.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::{EXAMPLE_ACCOUNT, Shardctl, TOKEN, with_token};

#[test]
fn its_first_line_says_where_it_listens() {
    let shardctl = Shardctl::example().file("account.yaml", &with_token(EXAMPLE_ACCOUNT));
    let mut command = shardctl.command(&["sandbox", "--account", "account.yaml", "--listen", "127.0.0.1:0"]);
    // It is the API and asks nobody for a token.
    command.env_remove("PROXYSHARD_TOKEN");
    let mut process = command.stdout(Stdio::piped()).spawn().expect("the program runs");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("an output")).read_line(&mut line).expect("a line");
    let url = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
    assert!(url.starts_with("http://127.0.0.1:") && !url.ends_with(":0"), "{url}");
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

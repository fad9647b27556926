//! The action's comment: made or replaced, only its own, never empty.

use std::fs;

use serde_json::json;
use shardctl::render::markdown::MARKER;

use super::machine::{Machine, said};

/// A comment: its id, whether this account wrote it, and its text.
type Comment = (&'static str, bool, &'static str);

/// A machine whose `gh` has comments and answers questions for them as they are asked; it writes down all else.
fn machine(comments: &[Comment]) -> Machine {
    let machine = Machine::new();
    let nodes = comments.iter().map(|(id, own, body)| json!({"id": id, "viewerDidAuthor": own, "body": body}));
    let answer = json!({"data": {"repository": {"pullRequest": {"comments": {"nodes": nodes.collect::<Vec<_>>()}}}}});
    fs::write(machine.path("comments"), answer.to_string()).unwrap();
    let gh = r#"case "$*" in
  *--paginate*)
    while [ "$1" != --jq ]; do shift; done
    exec jq -r "$2" comments ;;
  *updateIssueComment*) echo replaced > did ;;
  "pr comment"*) echo "made $3" > did ;;
  *) exit 9 ;;
esac
for word; do
  case $previous$word in
    body=@*) cp "${word#body=@}" body ;;
    --body-file*) [ "$word" = --body-file ] || cp "$word" body ;;
    id=*) echo "$word" >> did ;;
  esac
  previous=; [ "$word" != --body-file ] || previous=$word
done"#;
    machine.program("bin/gh", gh);
    machine
}

/// Comments with what a command printed, or without that where nothing is named.
fn comment(machine: &Machine, title: &str, markdown: Option<&str>) -> (bool, String) {
    let mut step = machine.step("Comment");
    step.env("NUMBER", "7").env("COMMIT", "f00d").env("INPUT_COMMAND", "plan").env("INPUT_TITLE", title);
    if let Some(text) = markdown {
        fs::write(machine.path("plan.md"), text).unwrap();
        step.env("MARKDOWN", machine.path("plan.md"));
    }
    said(&step.output().unwrap())
}

#[test]
fn it_is_made_where_there_is_none_of_its_own_and_replaced_where_there_is_one() {
    let titled = "<!-- shardctl:EU west -->";
    let hello = ("IC_1", true, "Hello\n<!-- shardctl -->");
    let (plain, west) =
        (("IC_2", true, "<!-- shardctl -->\r\n## Old"), ("IC_3", true, "<!-- shardctl:EU west -->\n## Old"));
    let others = ("IC_4", false, "<!-- shardctl -->\n## Old");
    let rows: [(&[Comment], &str, &str, &str); 6] = [
        (&[], "", MARKER, "made 7\n"),
        (&[hello], "", MARKER, "made 7\n"),
        (&[others], "", MARKER, "made 7\n"),
        (&[hello, others, plain, west], "", MARKER, "replaced\nid=IC_2\n"),
        (&[plain], "EU west", titled, "made 7\n"),
        (&[plain, west], "EU west", titled, "replaced\nid=IC_3\n"),
    ];
    for (comments, title, marker, did) in rows {
        let machine = machine(comments);
        let (is_well, said) = comment(&machine, title, Some(&format!("{marker}\n## A plan\n")));
        assert!(is_well, "{comments:?} {title:?}: {said}");
        assert_eq!(machine.text("did"), did, "{comments:?} {title:?}");
        let of = "Of commit f00d, in [this run](https://git.example/some/where/actions/runs/42).";
        assert_eq!(machine.text("body"), format!("{marker}\n## A plan\n\n{of}\n"));
    }
}

#[test]
fn it_is_never_empty() {
    for (markdown, expected) in
        [(None, "It could not be run"), (Some(""), "It could not be run"), (Some("Cut off"), "Cut off")]
    {
        let machine = machine(&[("IC_2", true, MARKER)]);
        let (is_well, said) = comment(&machine, "", markdown);
        assert!(is_well, "{said}");
        assert_eq!(machine.text("did"), "replaced\nid=IC_2\n");
        let body = machine.text("body");
        assert!(body.starts_with(MARKER) && body.contains(expected) && body.contains("f00d"), "{body}");
    }
}

#[test]
fn a_comment_that_cannot_be_posted_is_a_failure() {
    let machine = machine(&[]);
    machine.program("bin/gh", "echo 'Resource not accessible by integration' >&2; exit 1");
    let (is_well, said) = comment(&machine, "", Some(MARKER));
    assert!(!is_well && said.contains("not accessible"), "{said}");
}

#[test]
fn a_run_that_belongs_to_no_pull_request_makes_none() {
    let machine = machine(&[]);
    let (is_well, said) = said(&machine.step("Comment").env("NUMBER", "").output().unwrap());
    assert!(is_well && said.starts_with("::notice"), "{said}");
    assert_eq!(machine.text("did"), "");
}

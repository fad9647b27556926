//! The rooms of the program keep to the table in `ARCHITECTURE.md`, and what never happens does not happen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A line of code, without what stands behind `//`.
struct Line {
    /// The path below `src` with slashes, and the number of the line.
    place: String,
    room: String,
    code: String,
}

/// Reads the code of all files below `src` but the two roots, which only put the rooms together.
fn code() -> Vec<Line> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lines = Vec::new();
    let mut directories = vec![source.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let file = path.strip_prefix(&source).expect("below src").to_string_lossy().replace('\\', "/");
            if !["lib.rs", "main.rs"].contains(&file.as_str()) {
                lines.extend(lines_of(&file, &fs::read_to_string(&path).expect("text")));
            }
        }
    }
    lines.sort_by(|one, other| one.place.cmp(&other.place));
    lines
}

fn lines_of(file: &str, text: &str) -> Vec<Line> {
    let room = file.split('/').next().unwrap_or(file).trim_end_matches(".rs").to_owned();
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    let numbered = text.lines().zip(1..);
    numbered
        .map(|(line, number)| Line { place: format!("src/{file}:{number}"), room: room.clone(), code: code(line) })
        .collect()
}

/// Reads which rooms a room may use.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../../ARCHITECTURE.md");
    let rooms = text.lines().skip_while(|line| !line.starts_with("| room |")).skip(2);
    let rooms = rooms.take_while(|line| line.starts_with('|'));
    let names = |cell: &str| -> BTreeSet<String> {
        let quoted = cell.split('`').skip(1).step_by(2);
        quoted.map(|name| name.trim_end_matches('/').trim_end_matches(".rs").to_owned()).collect()
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').collect();
        let room = names(cells[1]).pop_first().expect("a room");
        (room, names(cells[3]))
    };
    rooms.map(row).collect()
}

/// Returns the rooms that a line of code names.
fn named(code: &str) -> Vec<&str> {
    let ends = |rest: &str| rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    code.split("crate::").skip(1).map(|rest| &rest[..ends(rest)]).collect()
}

#[test]
fn a_room_uses_only_what_the_table_allows() {
    let table = table();
    assert!(table.len() > 8, "{table:?}");
    let lines = code();
    let rooms: BTreeSet<&String> = lines.iter().map(|line| &line.room).collect();
    assert_eq!(rooms, table.keys().collect(), "every room stands in the table, and nothing else");
    for Line { place, room, code } in &lines {
        assert!(!code.contains("super::super::"), "{place}: a path that climbs out of its room: {code}");
        for other in named(code) {
            // The command line may use everything.
            let allowed = other == room || room == "cli" || table[room].contains(other);
            // `pub(in crate::cli)` of a room names itself; `crate::{…}` names nothing that could be checked.
            assert!(allowed, "{place}: `{room}` may not use `{other}`: {}", code.trim());
        }
    }
}

/// A file's path as its module is named: `plan::belief` for `src/plan/belief.rs`.
fn module(place: &str) -> String {
    let file = place.split(':').next().unwrap_or_default();
    file.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::")
}

/// Returns the code of each file, without the tests that stand at its end. What puts a room together is left out: a
/// `mod.rs` names all files of its room.
fn files(lines: &[Line]) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.place.contains("/mod.rs:")) {
        let text = files.entry(module(&line.place)).or_default();
        text.push_str(line.code.trim());
        text.push('\n');
    }
    files.values_mut().for_each(|text| text.truncate(text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len())));
    files
}

/// Returns the paths that a file's code names by `super::` and `crate::`, as paths from the root: each name of a list in
/// braces makes one of its own.
fn paths(module: &str, text: &str) -> Vec<String> {
    let around = module.rsplit_once("::").map_or("", |(around, _)| around);
    let mut paths = Vec::new();
    for (word, base) in [("super::", format!("{around}::")), ("crate::", String::new())] {
        for rest in text.split(word).skip(1) {
            let end = rest.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).unwrap_or(rest.len());
            let (path, behind) = rest.split_at(end);
            match behind.strip_prefix('{') {
                Some(list) => {
                    let list = list.split([';', '}']).next().unwrap_or_default();
                    paths.extend(list.split([',', '{']).map(|name| format!("{base}{path}{}", name.trim())));
                }
                None => paths.push(format!("{base}{path}")),
            }
        }
    }
    paths
}

/// Returns which files each file uses.
fn uses(files: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let file_of = |path: &str| {
        let mut path = path;
        loop {
            match (files.get_key_value(path), path.rsplit_once("::")) {
                (Some((file, _)), _) => return Some(file.as_str()),
                (None, Some((shorter, _))) => path = shorter,
                (None, None) => return None,
            }
        }
    };
    let used = |(module, text): (&'_ String, &String)| {
        let paths = paths(module, text);
        paths.iter().filter_map(|path| file_of(path)).filter(|file| file != module).collect()
    };
    files.iter().map(|file| (file.0.as_str(), used(file))).collect()
}

/// Leaves those files that are in a circle, or between two of them.
fn circles<'a>(mut uses: BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    loop {
        let before = uses.len();
        let using: BTreeSet<&str> = uses.keys().copied().collect();
        uses.values_mut().for_each(|used| used.retain(|file| using.contains(file)));
        uses.retain(|_, used| !used.is_empty());
        let used: BTreeSet<&str> = uses.values().flatten().copied().collect();
        uses.retain(|file, _| used.contains(file));
        if uses.len() == before {
            return uses;
        }
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let files = files(&code());
    let uses = uses(&files);
    assert!(uses["plan::belief"].contains("plan::rows"), "{:?}", uses["plan::belief"]);
    let circles = circles(uses);
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_circle_is_found_and_what_only_leads_to_it_is_not() {
    let text = |text: &str| text.to_owned();
    let files = BTreeMap::from([
        (text("room::one"), text("use super::two::Two;\nuse crate::room::four;")),
        (text("room::two"), text("use super::{\nfour::Four,\nthree::Three,\n};")),
        (text("room::three"), text("fn one() -> super::one::One {}")),
        (text("room::four"), text("use crate::other::Four;")),
        (text("room::five"), text("use super::one;")),
    ]);
    let circles = circles(uses(&files));
    assert_eq!(circles.into_keys().collect::<Vec<_>>(), ["room::one", "room::three", "room::two"]);
}

#[test]
fn only_an_apply_makes_a_writer() {
    let makers: BTreeSet<String> = code()
        .into_iter()
        .filter(|line| line.code.replace("BufWriter", "").contains("Writer::new"))
        .map(|line| line.place.split(':').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(makers, BTreeSet::from(["src/cli/commands/apply.rs".to_owned()]));
}

/// CI has no keyboard; a manifest may come from another program by `-f -`.
#[test]
fn nobody_is_asked_anything() {
    let asks = |line: &Line| line.code.contains("stdin") || line.code.contains("read_line");
    let places = code().into_iter().filter(asks).map(|line| line.place);
    let places: Vec<String> = places.filter(|place| !place.starts_with("src/manifest/read/files.rs:")).collect();
    assert!(places.is_empty(), "{places:?}");
}

/// No test can cut the power: a record is synced before it takes its place, and its place after that.
#[test]
fn a_record_is_durable_before_anything_goes_on() {
    let source = include_str!("../../src/state/files.rs");
    let (_, replace) = source.split_once("fn replace(").expect("the function that writes a record");
    let steps = ["write_all(", ".sync_all()", ".persist(", "sync_directory("];
    let places: Vec<Option<usize>> = steps.iter().map(|step| replace.find(step)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{steps:?} at {places:?}");
}

#[test]
fn nobody_is_told_that_it_is_a_dry_run() {
    for Line { place, room, code } in code() {
        let told = code.contains("dry_run:") || code.contains("is_dry_run") || code.contains("dry: bool");
        assert!(!told, "{place}: without a Writer nothing can be written: {code}");
        assert!(room == "cli" || !code.contains("fn dry_run"), "{place}: {code}");
    }
}

#[test]
fn a_plan_is_made_of_data_alone() {
    let impure = ["::now()", "std::env", "std::fs", "std::time::Instant", "SystemTime", "tokio", "async ", "random"];
    for Line { place, code, .. } in code().into_iter().filter(|line| line.room == "plan" || line.room == "model") {
        let found = impure.iter().find(|word| code.contains(*word));
        assert_eq!(found, None, "{place}: {code}");
    }
}

/// So that there is no other environment that the token could stand in.
#[test]
fn no_other_program_is_started() {
    for Line { place, code, .. } in code() {
        let starts =
            ["process::Command", "Command::new", "exec(", "spawn_process"].iter().any(|word| code.contains(word));
        assert!(!starts, "{place}: {code}");
    }
    let features = include_str!("../../Cargo.toml");
    assert!(!features.contains("\"process\""), "the runtime can start programs");
}

#[test]
fn no_answer_has_a_place_for_a_password() {
    for Line { place, room, code } in code() {
        // A URL may hold one, and is refused for it.
        let reads_answers = ["api", "live", "model"].contains(&&*room) && !place.starts_with("src/api/url.rs");
        let secret = ["username", "password"].iter().any(|word| code.contains(word));
        assert!(!secret || !reads_answers, "{place}: {code}");
    }
}

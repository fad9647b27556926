//! The properties of the fuzz targets, without a fuzzer: for the seeds, for the files of the cases, and for a few
//! mutations of both.
//!
//! What fuzzing found to break something is a file in `fuzz/seeds/TARGET/`; a new seed is a new file, no code.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, panic};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

pub mod properties;

/// A fuzz target: its name, the property, which files of the cases are inputs of it, and how many mutations are tried.
struct Target {
    name: &'static str,
    property: fn(&[u8]),
    is_input: fn(&Path) -> bool,
    mutations: u32,
}

const TARGETS: [Target; 4] = [
    Target {
        name: "manifest",
        property: properties::manifest,
        is_input: |path| path.extension().is_some_and(|extension| extension == "yaml"),
        mutations: 600,
    },
    Target { name: "answer", property: properties::answer, is_input: |_| false, mutations: 2000 },
    Target {
        name: "state",
        property: properties::state,
        is_input: |path| path.parent().is_some_and(|parent| parent.ends_with("state")),
        mutations: 2000,
    },
    Target { name: "plan", property: properties::plan, is_input: |path| path.ends_with("plan.json"), mutations: 600 },
];

impl Target {
    fn inputs(&self) -> Vec<PathBuf> {
        let seeds = Path::new("fuzz/seeds").join(self.name);
        // The package that is published leaves `fuzz/` out, which is a package of its own.
        let seeds = if Path::new("fuzz").is_dir() { files_below(&seeds) } else { Vec::new() };
        let cases = ["tests/manifest", "tests/cases"].map(|folder| files_below(Path::new(folder)));
        let cases = cases.into_iter().flatten().filter(|path| (self.is_input)(path));
        seeds.into_iter().chain(cases).collect()
    }
}

#[test]
fn every_seed_and_every_case_holds() {
    for target in TARGETS {
        for input in target.inputs() {
            let bytes = fs::read(&input).expect("a file");
            let held = panic::catch_unwind(|| (target.property)(&bytes));
            assert!(held.is_ok(), "{} breaks a property, see above", input.display());
        }
    }
}

#[test]
fn mutations_of_seeds_and_cases_hold() {
    for target in TARGETS {
        let inputs = target.inputs();
        let inputs: Vec<_> = inputs.iter().map(|input| Bytes(fs::read(input).expect("a file"))).collect();
        if inputs.is_empty() {
            continue;
        }
        let mutated = (select(inputs.clone()), vec(any_mutation(inputs), 1..5));
        proptest!(tries(target.mutations), |((input, mutations) in mutated)| {
            let bytes = mutations.iter().fold(input.0, |bytes, mutation| mutation.apply(bytes));
            (target.property)(&bytes);
        });
    }
}

/// Has a property tried so many times, or as many as `PROPTEST_CASES` says.
pub fn tries(by_default: u32) -> ProptestConfig {
    let cases =
        env::var("PROPTEST_CASES").map_or(by_default, |cases| cases.parse().expect("PROPTEST_CASES is a number"));
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// Lists the files below a folder, in order.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Bytes that show themselves as text.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// A change to bytes, without any regard for what they mean.
#[derive(Debug, Clone)]
enum Mutation {
    Flip { at: Index, bit: u8 },
    Insert { at: Index, bytes: Bytes },
    Remove { at: Index, length: usize },
    Repeat { at: Index, length: usize },
    Exchange { at: Index, length: usize, bytes: Bytes },
    CutOff { at: Index },
}

fn any_mutation(inputs: Vec<Bytes>) -> impl Strategy<Value = Mutation> {
    let piece = (select(inputs), any::<Index>(), 1..40_usize);
    let piece = piece.prop_map(|(input, at, length)| input.0[stretch(&input.0, at, length)].to_vec());
    let bytes =
        prop_oneof![3 => piece, 1 => vec(any::<u8>(), 1..4), 1 => any::<char>().prop_map(|c| c.to_string().into())];
    let bytes = bytes.prop_map(Bytes);
    let (at, length) = (any::<Index>(), 1..20_usize);
    prop_oneof![
        2 => (at.clone(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip { at, bit }),
        3 => (at.clone(), bytes.clone()).prop_map(|(at, bytes)| Mutation::Insert { at, bytes }),
        2 => (at.clone(), length.clone()).prop_map(|(at, length)| Mutation::Remove { at, length }),
        1 => (at.clone(), 1..200_usize).prop_map(|(at, length)| Mutation::Repeat { at, length }),
        3 => (at.clone(), length, bytes).prop_map(|(at, length, bytes)| Mutation::Exchange { at, length, bytes }),
        1 => at.prop_map(|at| Mutation::CutOff { at }),
    ]
}

impl Mutation {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Mutation::Flip { at, bit } => {
                let range = stretch(&bytes, *at, 1);
                bytes[range].iter_mut().for_each(|byte| *byte ^= 1 << bit);
            }
            Mutation::Insert { at, bytes: piece } => {
                let start = stretch(&bytes, *at, 0).start;
                _ = bytes.splice(start..start, piece.0.iter().copied());
            }
            Mutation::Remove { at, length } => _ = bytes.drain(stretch(&bytes, *at, *length)),
            Mutation::Repeat { at, length } => {
                let range = stretch(&bytes, *at, *length);
                let piece = bytes[range.clone()].to_vec();
                _ = bytes.splice(range.start..range.start, piece);
            }
            Mutation::Exchange { at, length, bytes: piece } => {
                _ = bytes.splice(stretch(&bytes, *at, *length), piece.0.iter().copied());
            }
            Mutation::CutOff { at } => bytes.truncate(stretch(&bytes, *at, 0).start),
        }
        bytes
    }
}

/// Returns at most `length` bytes from a place on.
fn stretch(bytes: &[u8], at: Index, length: usize) -> Range<usize> {
    let start = at.index(bytes.len() + 1);
    start..bytes.len().min(start + length)
}

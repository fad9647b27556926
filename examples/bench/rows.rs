//! The rows of the table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::manifest;
use shardctl::model::{LiveOrder, Observed, ProxyIp, Recorded};
use shardctl::plan::{Options, plan};
use shardctl::sandbox::{Account, Sandbox};

use super::Wanted;
use super::measure::{Run, exponent, in_turn, time};
use super::one_order::memory_of_one_order;
use super::unchanged::plan_with_nothing_to_do;
use super::world::{Size, TOKEN, World, shardctl};

/// One line of the table.
pub struct Row {
    pub what: &'static str,
    pub goal: String,
    pub measured: String,
    pub met: bool,
}

type Measure = fn(&Wanted) -> Result<Vec<Row>>;

const MEASURES: &[(&str, Measure)] = &[
    ("plan", plan_of_1000_orders),
    ("latency", plan_with_latency),
    ("requests", requests),
    ("unchanged", plan_with_nothing_to_do),
    ("memory", memory_of_10000_orders),
    ("one-order", memory_of_one_order),
    ("growth", growth),
    ("diff", diff_alone),
    ("validate", validate),
    ("apply", apply),
    ("start", start),
    ("size", size_of_the_binary),
];

pub fn run(wanted: &Wanted) -> Result<bool> {
    println!("| what | goal | measured | |\n| --- | --- | --- | --- |");
    let mut met = true;
    for (name, measure) in MEASURES {
        if wanted.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        for row in measure(wanted)? {
            met &= row.met;
            println!(
                "| {} | {} | {} | {} |",
                row.what,
                row.goal,
                row.measured,
                if row.met { "met" } else { "not met" }
            );
        }
    }
    Ok(met)
}

pub fn at_most(what: &'static str, goal: f64, against: &str, ratio: f64, detail: &str) -> Row {
    Row {
        what,
        goal: format!("at most {goal} x {against}"),
        measured: format!("{ratio:.2} ({detail})"),
        met: ratio <= goal,
    }
}

pub fn plan_run(world: &World) -> Result<Run> {
    plan_of(&world.path("shardctl.yaml"), &world.path("state"), &world.url)
}

pub fn plan_of(manifest: &Path, state: &Path, url: &str) -> Result<Run> {
    let (program, manifest, state) =
        (shardctl()?.display().to_string(), manifest.display().to_string(), state.display().to_string());
    let flags =
        ["plan", "--manifest", &manifest, "--state", &state, "--api-url", url, "--timeout", "300"].map(str::to_owned);
    let mut run = Run::new(std::iter::once(program).chain(flags));
    run.environment.push(("PROXYSHARD_TOKEN".to_owned(), TOKEN.to_owned()));
    Ok(run)
}

pub fn raw_client(world: &World) -> Result<Run> {
    let list = world.list_reads()?.display().to_string();
    Ok(Run::new(["curl", "--silent", "--fail", "--parallel", "--parallel-max", "16", "--config", &list]))
}

fn events_run(world: &World) -> Result<Run> {
    let this = std::env::current_exe()?.display().to_string();
    Ok(Run::new([this, "role:events".to_owned(), world.path("shardctl.yaml").display().to_string()]))
}

fn plan_of_1000_orders(wanted: &Wanted) -> Result<Vec<Row>> {
    let world = World::start(Size { orders: 1000, ips: 100 }, 0)?;
    let (ours, raw, events) = (plan_run(&world)?, raw_client(&world)?, events_run(&world)?);
    let taken = in_turn(wanted.runs, &[&|| ours.once(), &|| raw.once(), &|| events.once()])?;
    let [ours, raw, events] = taken[..] else { return Ok(Vec::new()) };
    let detail = |figure: fn(&super::measure::Usage) -> f64| {
        format!("{:.3} s against {:.3} + {:.3} s", figure(&ours), figure(&raw), figure(&events))
    };
    Ok(vec![
        at_most(
            "`plan`, 1,000 orders of 100 IPs: wall time",
            1.3,
            "raw client + event parser",
            ours.wall / (raw.wall + events.wall),
            &detail(|usage| usage.wall),
        ),
        at_most(
            "the same: CPU time",
            2.0,
            "raw client + event parser",
            ours.cpu / (raw.cpu + events.cpu),
            &detail(|usage| usage.cpu),
        ),
    ])
}

fn plan_with_latency(wanted: &Wanted) -> Result<Vec<Row>> {
    let world = World::start(Size { orders: 1000, ips: 100 }, 50)?;
    let ours = plan_run(&world)?;
    let taken = in_turn(wanted.runs.min(3), &[&|| ours.once()])?;
    let least = 2000.0 / 16.0 * 0.05;
    let detail = format!("{:.3} s against {least:.3} s", taken[0].wall);
    Ok(vec![at_most(
        "the same with 50 ms added to every answer",
        1.1,
        "requests / 16 x 50 ms",
        taken[0].wall / least,
        &detail,
    )])
}

fn requests(_wanted: &Wanted) -> Result<Vec<Row>> {
    let size = Size { orders: 100, ips: 10 };
    let declared = size.manifest();
    let bought = declared.replace("p0f_slots: 10", "p0f_slots: 15");
    let only_ips = declared.replace("    p0f_slots: 10\n", "").replace(": linux", ":");
    let of = |manifest: &str| -> Result<f64> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("shardctl.yaml");
        fs::write(&path, format!("{manifest}limits: {{max_charge_cents: 1000000000}}\n"))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let sandbox =
            runtime.block_on(Sandbox::bind(Account::from_yaml(&size.account())?, ([127, 0, 0, 1], 0).into()))?;
        let _inside = runtime.enter();
        let running = sandbox.spawn();
        plan_of(&path, &folder.path().join("state"), &running.url())?.once()?;
        Ok(running.control().requests().len() as f64 / f64::from(size.orders))
    };
    let (same, more, ips) = (of(&declared)?, of(&bought)?, of(&only_ips)?);
    let wallet = 1.0 / f64::from(size.orders);
    Ok(vec![Row {
        what: "requests of a plan for each order",
        goal: "2; 3 where something is bought, and one for the wallet; 2 where only IPs are declared".to_owned(),
        measured: format!("{same}; {more} (100 orders); {ips}"),
        met: (same, more, ips) == (2.0, 3.0 + wallet, 2.0),
    }])
}

fn memory_of_10000_orders(wanted: &Wanted) -> Result<Vec<Row>> {
    let world = World::start(Size { orders: 10_000, ips: 100 }, 0)?;
    let ours = plan_run(&world)?;
    let taken = in_turn(wanted.runs.min(3), &[&|| ours.once()])?;
    let bound = 30e6 + 200.0 * 1e6;
    let peak = taken[0].peak_bytes;
    Ok(vec![Row {
        what: "peak memory of `plan`, 10,000 orders of 100 IPs",
        goal: "at most 30 MB + 200 bytes an IP".to_owned(),
        measured: format!("{:.0} MB, {:.0} bytes an IP over 30 MB", peak / 1e6, (peak - 30e6) / 1e6),
        met: peak <= bound,
    }])
}

fn growth(wanted: &Wanted) -> Result<Vec<Row>> {
    let orders: Vec<Size> = [10, 100, 1000, 10_000].map(|orders| Size { orders, ips: 100 }).into();
    let ips: Vec<Size> = [1000, 10_000, 100_000].map(|ips| Size { orders: 1, ips }).into();
    let mut rows = Vec::new();
    for (what, sizes) in [
        ("growth with the number of orders, 10^3 to 10^6 IPs", orders),
        ("growth with the IPs of one order, 10^3 to 10^5", ips),
    ] {
        let mut points = Vec::new();
        for size in sizes {
            let world = World::start(size, 0)?;
            let ours = plan_run(&world)?;
            let taken = in_turn(wanted.runs.min(3), &[&|| ours.once()])?;
            points.push((f64::from(size.orders * size.ips), taken[0]));
        }
        let of = |figure: fn(&super::measure::Usage) -> f64| {
            exponent(&points.iter().map(|(size, usage)| (*size, figure(usage))).collect::<Vec<_>>())
        };
        let (wall, cpu, memory) = (of(|usage| usage.wall), of(|usage| usage.cpu), of(|usage| usage.peak_bytes));
        rows.push(Row {
            what,
            goal: "fitted exponent at most 1.05".to_owned(),
            measured: format!("wall {wall:.2}, CPU {cpu:.2}, memory {memory:.2}"),
            met: wall.max(cpu).max(memory) <= 1.05,
        });
    }
    Ok(rows)
}

fn diff_alone(wanted: &Wanted) -> Result<Vec<Row>> {
    let size = Size { orders: 10_000, ips: 100 };
    let mut sources = SourceMap::default();
    sources.add(SourceFile::new("shardctl.yaml", size.manifest()));
    let desired = manifest::parse(sources).desired.context("the manifest is not valid")?;
    let mut observed = BTreeMap::new();
    for (order_id, order) in &desired.orders {
        let active: BTreeSet<ProxyIp> = order.keep.iter().flat_map(|keep| keep.addresses.keys().copied()).collect();
        let record = Recorded {
            signatures: order.signatures().collect(),
            del_np: active.iter().map(|ip| (*ip, false)).collect(),
            ..Recorded::default()
        };
        let tag = order.tag.as_ref().map(|tag| tag.value.clone());
        let live = LiveOrder { tag, slots: Some(size.ips), ..LiveOrder::of_ips(active) };
        observed.insert(*order_id, Observed { live: Ok(live), recorded: Ok(record) });
    }
    let options = Options::at(Timestamp::UNIX_EPOCH);
    ensure!(!plan(&desired, &observed, &options).is_blocked(), "the plan is blocked");
    let ours = time(wanted.runs, || plan(&desired, &observed, &options));
    let clone = time(wanted.runs, || (desired.clone(), observed.clone()));
    let detail = format!("{ours:.3} s against {clone:.3} s");
    Ok(vec![at_most("the diff alone, 1,000,000 IPs", 2.0, "cloning the same maps", ours / clone, &detail)])
}

fn validate(wanted: &Wanted) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let manifest = folder.path().join("shardctl.yaml");
    let text = Size { orders: 4000, ips: 100 }.manifest();
    fs::write(&manifest, &text)?;
    let manifest = manifest.display().to_string();
    let ours = Run::new([shardctl()?.display().to_string(), "validate".to_owned(), "-f".to_owned(), manifest.clone()]);
    let events = Run::new([std::env::current_exe()?.display().to_string(), "role:events".to_owned(), manifest]);
    let taken = in_turn(wanted.runs, &[&|| ours.once(), &|| events.once()])?;
    let detail = format!("{:.3} s against {:.3} s", taken[0].wall, taken[1].wall);
    let files = taken[0].peak_bytes / text.len() as f64;
    Ok(vec![
        at_most("`validate`, 400,000 IP lines", 1.3, "the event parser", taken[0].wall / taken[1].wall, &detail),
        at_most("the same: peak memory", 8.0, "the file", files, &format!("{:.0} MB", taken[0].peak_bytes / 1e6)),
    ])
}

fn apply(wanted: &Wanted) -> Result<Vec<Row>> {
    let world = World::start(Size { orders: 1000, ips: 20 }, 0)?;
    let mut ours = plan_run(&world)?;
    ours.words[1] = "apply".to_owned();
    ours.words.push("--apply".to_owned());
    let state = world.path("state");
    let apply = || {
        // Each run starts with nothing recorded, so that each makes the same writes.
        let _ = fs::remove_dir_all(&state);
        ours.once()
    };
    let this = std::env::current_exe()?.display().to_string();
    let raw = Run::new([this.clone(), "role:writes".to_owned(), world.url.clone(), "1000".to_owned(), "20".to_owned()]);
    let folder = world.path("replaced").display().to_string();
    // As many replacements as shardctl makes: the API tells the signatures that the first run set, and no marks.
    let files =
        Run::new([this, "role:replace".to_owned(), folder, "1000".to_owned(), "1".to_owned(), "1400".to_owned()]);
    let taken = in_turn(wanted.runs, &[&apply, &|| raw.once(), &|| files.once()])?;
    let (least, ours) = (taken[1].wall + taken[2].wall, taken[0].wall);
    let detail = format!("{ours:.3} s against {:.3} + {:.3} s", taken[1].wall, taken[2].wall);
    Ok(vec![at_most(
        "`apply` of 1,000 orders, a write each",
        1.5,
        "raw client + file replacements",
        ours / least,
        &detail,
    )])
}

fn start(wanted: &Wanted) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let (source, empty) = (folder.path().join("empty.rs"), folder.path().join("empty"));
    fs::write(&source, "fn main() {}\n")?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    ensure!(Command::new(rustc).arg("-O").arg(&source).arg("-o").arg(&empty).status()?.success(), "rustc failed");
    let manifest = folder.path().join("shardctl.yaml");
    fs::write(&manifest, Size { orders: 2, ips: 4 }.manifest())?;
    let program = shardctl()?.display().to_string();
    let version = Run::new([program.clone(), "--version".to_owned()]);
    let small = Run::new([program, "validate".to_owned(), "-f".to_owned(), manifest.display().to_string()]);
    let empty = Run::new([empty.display().to_string()]);
    let taken = in_turn(wanted.runs.max(40), &[&|| version.once(), &|| small.once(), &|| empty.once()])?;
    let row = |what, index: usize| {
        let detail = format!("{:.2} ms against {:.2} ms", taken[index].wall * 1e3, taken[2].wall * 1e3);
        at_most(what, 2.0, "an empty Rust program", taken[index].wall / taken[2].wall, &detail)
    };
    Ok(vec![row("`--version`", 0), row("`validate` of a small file", 1)])
}

fn size_of_the_binary(_wanted: &Wanted) -> Result<Vec<Row>> {
    let megabytes = fs::metadata(shardctl()?)?.len() as f64 / 1e6;
    Ok(vec![Row {
        what: "binary, stripped release",
        goal: "at most 12 MB".to_owned(),
        measured: format!("{megabytes:.1} MB"),
        met: megabytes <= 12.0,
    }])
}

//! What one large order takes.

use std::fs;

use anyhow::Result;

use super::Wanted;
use super::measure::{Run, in_turn};
use super::rows::{Row, plan_run};
use super::world::{Size, World};

const SIZE: Size = Size { orders: 1, ips: 40_000 };

/// The peak of a first plan, of a plan with nothing to do, and of an import.
pub fn memory_of_one_order(wanted: &Wanted) -> Result<Vec<Row>> {
    let world = World::start(SIZE, 0)?;
    let first = plan_run(&world)?;
    let state = world.path("state");
    let first_plan = || {
        let _ = fs::remove_dir_all(&state);
        first.once()
    };
    let mut rows = vec![row("peak memory of a first `plan`, one order of 40,000 IPs", wanted, &first_plan)?];
    world.apply()?;
    rows.push(row("the same with nothing to do", wanted, &|| first.once())?);
    rows.push(row("the same: `import`", wanted, &|| import(&first).once())?);
    Ok(rows)
}

/// Makes an import of a plan's command line: it knows no manifest.
fn import(plan: &Run) -> Run {
    let mut run = plan.clone();
    let manifest = run.words.iter().position(|word| word == "--manifest").expect("a plan names its manifest");
    run.words.drain(manifest..manifest + 2);
    run.words[1] = "import".to_owned();
    run.words.extend(SIZE.order_ids().map(|order| order.to_string()));
    run
}

fn row(what: &'static str, wanted: &Wanted, run: &dyn Fn() -> Result<super::measure::Usage>) -> Result<Row> {
    let peak = in_turn(wanted.runs.min(3), &[run])?[0].peak_bytes;
    let ips = f64::from(SIZE.ips);
    Ok(Row {
        what,
        goal: "at most 30 MB + 200 bytes an IP".to_owned(),
        measured: format!("{:.1} MB, {:.0} bytes an IP over 30 MB", peak / 1e6, (peak - 30e6) / ips),
        met: peak <= 30e6 + 200.0 * ips,
    })
}

//! What a plan takes where nothing is to be done: the run that is made most often.

use anyhow::Result;

use super::Wanted;
use super::measure::in_turn;
use super::rows::{Row, at_most, plan_run, raw_client};
use super::world::{Size, World};

pub fn plan_with_nothing_to_do(wanted: &Wanted) -> Result<Vec<Row>> {
    let sizes = [
        ("`plan` with nothing to do, 1,000 orders of 100 IPs: wall time", Size { orders: 1000, ips: 100 }),
        ("the same, one order of 40,000 IPs", Size { orders: 1, ips: 40_000 }),
    ];
    let row = |(what, size)| {
        let world = World::start(size, 0)?;
        world.apply()?;
        let (ours, raw) = (plan_run(&world)?, raw_client(&world)?);
        let taken = in_turn(wanted.runs, &[&|| ours.once(), &|| raw.once()])?;
        let detail = format!("{:.3} s against {:.3} s", taken[0].wall, taken[1].wall);
        Ok(at_most(what, 5.0, "raw client", taken[0].wall / taken[1].wall, &detail))
    };
    sizes.into_iter().map(row).collect()
}

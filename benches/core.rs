//! What shardctl does between the network and the terminal: `cargo bench`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hint::black_box;
use std::io;
use std::net::Ipv4Addr;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use granit_parser::Parser;
use jiff::Timestamp;
use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::document::{self, Basis, PlanDocument, PlanView};
use shardctl::manifest;
use shardctl::model::{Desired, Foreign, LiveOrder, Observations, Observed, ProxyIp, Recorded};
use shardctl::plan::{Options, Plan, plan};
use shardctl::render::{Shown, markdown, text};

const ORDERS: u32 = 100;
const IPS: u32 = 100;

/// A world of 10,000 IPs, all declared and live.
struct World {
    desired: Desired,
    observed: Observations,
    sources: SourceMap,
    options: Options,
}

fn manifest_text() -> String {
    let mut text = String::from("version: 1\norders:\n");
    for order in 0..ORDERS {
        let _ = write!(text, "  {}:\n    tag: order\n    p0f_slots: {IPS}\n    keep:\n", 1000 + order);
        for ip in 0..IPS {
            let _ = writeln!(text, "      {}: linux", Ipv4Addr::from(0x0A00_0000 + order * IPS + ip));
        }
    }
    text
}

fn sources() -> SourceMap {
    let mut sources = SourceMap::default();
    sources.add(SourceFile::new("shardctl.yaml", manifest_text()));
    sources
}

impl World {
    /// Makes a world in which everything is recorded, or nothing is.
    fn new(known: bool) -> World {
        let desired = manifest::parse(sources()).desired.expect("the manifest is valid");
        let mut observed = BTreeMap::new();
        for (order_id, order) in &desired.orders {
            let active: BTreeSet<ProxyIp> = order.keep.iter().flat_map(|keep| keep.addresses.keys().copied()).collect();
            let mut record = Recorded::default();
            if known {
                record.signatures = order.signatures().collect();
                record.del_np = active.iter().map(|ip| (*ip, false)).collect();
            }
            let tag = Some(Foreign::from("order"));
            let live = LiveOrder { tag, slots: Some(IPS), ..LiveOrder::of_ips(active) };
            observed.insert(*order_id, Observed { live: Ok(live), recorded: Ok(record) });
        }
        World { desired, observed, sources: sources(), options: Options::at(Timestamp::UNIX_EPOCH) }
    }

    fn plan(&self) -> Plan {
        plan(&self.desired, &self.observed, &self.options)
    }
}

fn parse(criterion: &mut Criterion) {
    let text = manifest_text();
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("bare events", |bencher| bencher.iter(|| Parser::new_from_str(black_box(&text)).count()));
    group.bench_function("manifest", |bencher| bencher.iter_batched(sources, manifest::parse, BatchSize::LargeInput));
    group.finish();
}

fn diff(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("diff");
    group.throughput(Throughput::Elements(u64::from(ORDERS * IPS)));
    for (name, known) in [("everything recorded", true), ("nothing recorded", false)] {
        let world = World::new(known);
        group.bench_function(name, |bencher| bencher.iter(|| black_box(&world).plan()));
    }
    let world = World::new(true);
    group.bench_function("cloning the same maps", |bencher| {
        bencher.iter(|| (world.desired.clone(), world.observed.clone()));
    });
    group.finish();
}

fn render(criterion: &mut Criterion) {
    let world = World::new(false);
    let plan = world.plan();
    let World { desired, options, sources, .. } = &world;
    let view = PlanView { plan: &plan, basis: Basis::Declared(desired), options, sources, api_url: "http://127.0.0.1" };
    let shown = Shown { view, verbose: false, shows_all: "shardctl plan -v" };
    let mut group = criterion.benchmark_group("render");
    group.throughput(Throughput::Elements(u64::from(ORDERS * IPS)));
    group.bench_function("text", |bencher| bencher.iter(|| text::plan(&mut io::sink(), &shown)));
    group.bench_function("markdown", |bencher| {
        bencher.iter(|| {
            markdown::plan(&mut io::sink(), &shown, markdown::Invocation::Plan, &markdown::Comment::default())
        });
    });
    group
        .bench_function("JSON", |bencher| bencher.iter(|| document::write(&mut io::sink(), &PlanDocument::new(&view))));
    group.finish();
}

criterion_group!(benches, parse, diff, render);
criterion_main!(benches);

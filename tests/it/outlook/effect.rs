//! What a plan does to the price of an order's next renewal.

use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::manifest;
use shardctl::model::{Cents, LiveOrder, Observed, OtherAddon, PendingChange, Quote, Recorded};
use shardctl::outlook::{PriceEffect, price_effect};
use shardctl::plan::{self, Options};

use super::{NOW, changed, id, ips, moment, order};

/// Plans what is declared of an order, and says what that does to the price; all IPs but the last `leaving` are kept.
#[track_caller]
fn effect(order: &Observed, declared: &str, leaving: usize) -> Option<PriceEffect> {
    let keep: Vec<String> = ips(60).iter().take(60 - leaving).map(|ip| format!("{ip}: ")).collect();
    let text = format!(
        "{{version: 1, limits: {{max_charge_cents: 9999}}, orders: {{1: {{{declared}, keep: {{{}}}}}}}}}",
        keep.join(", ")
    );
    let mut sources = SourceMap::default();
    sources.add(SourceFile::new("shardctl.yaml", text));
    let desired = manifest::parse(sources).desired.expect("a valid manifest");
    let observed = [(id(1), order.clone())].into();
    let plan = plan::plan(&desired, &observed, &Options::at(moment(NOW)));
    assert_eq!(plan.problems().count(), 0, "{plan:?}");
    price_effect(&plan.orders[0])
}

#[test]
fn a_plan_changes_the_price_of_the_renewal_by_what_it_does() {
    type Change = fn(&mut LiveOrder, &mut Recorded);
    let unchanged: Change = |_, _| {};
    let two_marked: Change = |_, recorded| recorded.del_np.extend(ips(60).into_iter().skip(58).map(|ip| (ip, true)));
    let shown: Change = |live, recorded| {
        recorded.del_np.extend(ips(60).into_iter().skip(58).map(|ip| (ip, true)));
        (live.detail.quantity, live.detail.price_paid) = (Some(58), Some(Cents(6960)));
    };
    let marked_elsewhere: Change =
        |live, _| (live.detail.quantity, live.detail.price_paid) = (Some(58), Some(Cents(6960)));
    let taken_back_elsewhere: Change = |live, recorded| {
        recorded.del_np.extend(ips(60).into_iter().skip(57).map(|ip| (ip, true)));
        (live.detail.quantity, live.detail.price_paid) = (Some(59), Some(Cents(7080)));
    };
    let another_addon: Change = |live, _| {
        let addon = OtherAddon { qty: Some(1), price_per_unit: Some(Cents(1000)), pending: Some(None) };
        (live.detail.other_addons, live.detail.addons_price_paid) = (Some(vec![addon]), Some(Cents(1600)));
    };
    let another_untold: Change = |live, _| live.detail.other_addons = Some(vec![OtherAddon::default()]);
    let slot_less: Change = |live, _| live.detail.pending = Some(Some(PendingChange::Downgrade { next_qty: 3 }));
    let priced: Change = |live, _| {
        live.quote = Some(Quote { add_qty: 2, price_per_unit: Cents(200), charge: Cents(400) });
    };
    let switched_off: Change = |live, _| live.detail.auto_renewal = Some(false);
    let untold: Change = |live, _| live.detail.price_paid = None;
    /// What is so, what is declared, how many IPs are not kept, and the effect in cents.
    type Row = (&'static str, Change, &'static str, usize, Option<(u64, u64, bool)>);
    let rows: [Row; 15] = [
        ("nothing", unchanged, "p0f_slots: 4", 0, None),
        ("two IPs leave", unchanged, "p0f_slots: 4", 2, Some((7800, 7560, true))),
        ("two were marked before", two_marked, "p0f_slots: 4", 2, None),
        ("two are to stay after all", shown, "p0f_slots: 4", 0, Some((7560, 7800, true))),
        (
            "one more leaves, where two were marked elsewhere",
            marked_elsewhere,
            "p0f_slots: 4",
            1,
            Some((7560, 7440, true)),
        ),
        (
            "three are to stay after all, two of which do already",
            taken_back_elsewhere,
            "p0f_slots: 4",
            0,
            Some((7680, 7800, true)),
        ),
        ("two IPs leave, and another add-on stays", another_addon, "p0f_slots: 4", 2, Some((8800, 8560, true))),
        ("nobody tells the price of another add-on", another_untold, "p0f_slots: 4", 2, None),
        ("a slot less", unchanged, "p0f_slots: 3", 0, Some((7800, 7650, true))),
        ("a slot less was scheduled, and is not wanted", slot_less, "p0f_slots: 4", 0, Some((7650, 7800, true))),
        ("two slots are bought, at the price of today", priced, "p0f_slots: 6", 0, Some((7800, 8400, true))),
        ("it ends", unchanged, "auto_renewal: false", 0, Some((7800, 0, false))),
        ("it goes on after all", switched_off, "auto_renewal: true", 0, Some((0, 7800, false))),
        ("it ends anyway", switched_off, "p0f_slots: 4", 2, None),
        ("nobody tells the price", untold, "p0f_slots: 4", 2, None),
    ];
    for (what, change, declared, leaving, expected) in rows {
        let expected =
            expected.map(|(now, then, estimated)| PriceEffect { now: Cents(now), then: Cents(then), estimated });
        assert_eq!(effect(&changed(order(), change), declared, leaving), expected, "{what}");
    }
}

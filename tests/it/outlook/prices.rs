//! What a renewal changes and costs: the vendor's own number where it shows what changes, an estimate where it does
//! not, and nothing at all where something is unknown.

use shardctl::model::{Cents, LiveOrder, PendingChange, PurchaseIntent, Recorded};

use super::{NOW, changed, ips, moment, order, renewal_of};

type Change = fn(&mut LiveOrder, &mut Recorded);
/// What is so, and what it comes to.
type Row<T> = (&'static str, Change, T);

/// Marks the last two IPs to go.
fn two_leave(_: &mut LiveOrder, recorded: &mut Recorded) {
    recorded.del_np.extend(ips(60).into_iter().skip(58).map(|ip| (ip, true)));
}

fn fewer_slots(live: &mut LiveOrder, _: &mut Recorded) {
    live.detail.pending = Some(Some(PendingChange::Downgrade { next_qty: 3 }));
}

#[test]
fn a_price_is_told_estimated_or_unknown() {
    let told = |cents| (Some(cents), false);
    let estimated = |cents| (Some(cents), true);
    let unknown = (None, false);
    let rows: &[Row<(Option<u64>, bool)>] = &[
        ("nothing changes", |_, _| {}, told(7800)),
        (
            "two IPs leave, and the vendor's price shows it",
            |live, recorded| {
                two_leave(live, recorded);
                (live.detail.quantity, live.detail.price_paid) = (Some(58), Some(Cents(6960)));
            },
            told(7560),
        ),
        ("two IPs leave, and the vendor's price is the old one", two_leave, estimated(7560)),
        (
            "they and a slot leave, as in the contract",
            |live, recorded| {
                two_leave(live, recorded);
                fewer_slots(live, recorded);
            },
            estimated(7410),
        ),
        ("a slot less is scheduled", fewer_slots, estimated(7650)),
        ("all slots are to go", |live, _| live.detail.pending = Some(Some(PendingChange::Cancel {})), estimated(7200)),
        (
            "the record knows of no marks, and the vendor's number says that two go",
            |live, _| (live.detail.quantity, live.detail.price_paid) = (Some(58), Some(Cents(6960))),
            told(7560),
        ),
        (
            "the record says that two go, and the vendor's number that one does",
            |live, recorded| {
                two_leave(live, recorded);
                (live.detail.quantity, live.detail.price_paid) = (Some(59), Some(Cents(7080)));
            },
            told(7680),
        ),
        (
            "a share is rounded up",
            |live, recorded| {
                two_leave(live, recorded);
                live.detail.price_paid = Some(Cents(7201));
            },
            estimated(6961 + 600),
        ),
        (
            "slots were bought at two prices, and renew at the last one",
            |live, _| live.detail.addons_price_paid = Some(Cents(550)),
            estimated(7800),
        ),
        (
            "the vendor counts more than the active IPs, and none leaves",
            |live, _| live.detail.quantity = Some(64),
            told(7800),
        ),
        (
            "nobody knows the marks, and the vendor's number says that two go",
            |live, recorded| {
                recorded.del_np.clear();
                (live.detail.quantity, live.detail.price_paid) = (Some(58), Some(Cents(6960)));
            },
            told(7560),
        ),
        (
            "nobody knows the marks, nor how many IPs the price is for",
            |live, recorded| {
                recorded.del_np.clear();
                live.detail.quantity = None;
            },
            estimated(7800),
        ),
        (
            "two IPs leave, and nobody says how many the price is for",
            |live, recorded| {
                two_leave(live, recorded);
                live.detail.quantity = None;
            },
            estimated(7800),
        ),
        ("the vendor's number is none", |live, _| live.detail.quantity = Some(0), estimated(7800)),
        (
            "there is no active IP",
            |live, recorded| {
                live.active.clear();
                recorded.del_np.clear();
            },
            told(7800),
        ),
        ("no price of a slot is told, and none changes", |live, _| live.detail.slot_price = None, told(7800)),
        (
            "no price of a slot is told, and one goes",
            |live, recorded| {
                fewer_slots(live, recorded);
                live.detail.slot_price = None;
            },
            estimated(7650),
        ),
        ("no price of the add-ons is told", |live, _| live.detail.addons_price_paid = None, estimated(7800)),
        (
            "no price of slots is told at all",
            |live, _| (live.detail.slot_price, live.detail.addons_price_paid) = (None, None),
            unknown,
        ),
        (
            "there are no slots, and no price of them",
            |live, _| {
                (live.slots, live.detail.slot_price, live.detail.addons_price_paid) = (Some(0), None, None);
            },
            told(7200),
        ),
        ("no price is told", |live, _| live.detail.price_paid = None, unknown),
        ("nobody says how many slots there are", |live, _| live.slots = None, unknown),
        ("nobody says what is scheduled", |live, _| live.detail.pending = None, unknown),
        (
            "a purchase is under way",
            |_, recorded| {
                recorded.purchase = Some(PurchaseIntent { from_qty: 4, add_qty: 2, when: moment(NOW) });
            },
            unknown,
        ),
        (
            "it does not renew by itself, whatever is unknown",
            |live, _| (live.detail.auto_renewal, live.detail.price_paid) = (Some(false), None),
            told(0),
        ),
    ];
    for (what, change, (after, estimated)) in rows {
        let price = renewal_of(changed(order(), change)).price;
        assert_eq!((price.after, price.estimated), (after.map(Cents), *estimated), "{what}");
    }
}

#[test]
fn the_numbers_after_the_renewal_are_what_is_live_and_recorded() {
    let rows: &[Row<(Option<usize>, Option<u32>)>] = &[
        ("nothing changes", |_, _| {}, (Some(60), Some(4))),
        ("two IPs leave", two_leave, (Some(58), Some(4))),
        ("a slot less", fewer_slots, (Some(60), Some(3))),
        (
            "nobody knows the marks, and the vendor's number says that two go",
            |live, recorded| {
                recorded.del_np.clear();
                live.detail.quantity = Some(58);
            },
            (Some(58), Some(4)),
        ),
        (
            "nobody knows them, nor a number",
            |live, recorded| {
                recorded.del_np.clear();
                live.detail.quantity = None;
            },
            (None, Some(4)),
        ),
        (
            "the vendor's number shows no marks: two are known to go",
            |live, recorded| {
                recorded.del_np.clear();
                two_leave(live, recorded);
                live.detail.quantity = Some(60);
            },
            (Some(58), Some(4)),
        ),
        (
            "two are recorded to go, and the vendor's number says that one does",
            |live, recorded| {
                two_leave(live, recorded);
                live.detail.quantity = Some(59);
            },
            (Some(59), Some(4)),
        ),
        (
            "none is recorded to go, and the vendor's number says that two do",
            |live, _| live.detail.quantity = Some(58),
            (Some(58), Some(4)),
        ),
        (
            "the vendor's number is none: one at least stays",
            |live, _| live.detail.quantity = Some(0),
            (Some(60), Some(4)),
        ),
        ("nobody says what is scheduled", |live, _| live.detail.pending = None, (Some(60), None)),
        ("it ends", |live, _| live.detail.auto_renewal = Some(false), (Some(0), Some(0))),
    ];
    for (what, change, after) in rows {
        let renewal = renewal_of(changed(order(), change));
        assert_eq!((renewal.ips.after, renewal.slots.after), *after, "{what}");
        assert_eq!(renewal.ips.now, Some(60), "{what}");
    }
}

#[test]
fn the_price_now_is_what_the_vendor_tells() {
    let rows: &[(Change, Option<u64>)] = &[
        (|_, _| {}, Some(7800)),
        (two_leave, Some(7800)),
        (|live, _| live.detail.auto_renewal = Some(false), Some(7800)),
        (|live, _| live.detail.price_paid = None, None),
        (|live, _| live.detail.addons_price_paid = None, Some(7800)),
        (|live, _| (live.detail.addons_price_paid, live.slots) = (None, None), None),
        (|live, _| (live.detail.addons_price_paid, live.slots) = (None, Some(0)), Some(7200)),
    ];
    for (nth, (change, now)) in rows.iter().enumerate() {
        assert_eq!(renewal_of(changed(order(), change)).price.now, now.map(Cents), "row {nth}");
    }
}

#[test]
fn amounts_that_no_wallet_holds_stay_at_the_largest_number() {
    let price = renewal_of(changed(order(), |live, recorded| {
        two_leave(live, recorded);
        live.detail.price_paid = Some(Cents(u64::MAX));
        live.detail.slot_price = Some(Cents(u64::MAX));
    }));
    assert_eq!(price.price.after, Some(Cents(u64::MAX)));
    assert_eq!((price.covered, price.wallet_after_cents), (Some(false), Some(100_000 - i64::MAX)));
}

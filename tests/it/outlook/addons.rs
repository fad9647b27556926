//! What add-ons that shardctl does not manage add to the price of a renewal: all that they cost, and never nothing where
//! nobody says what that is.

use shardctl::model::{Cents, LiveOrder, OtherAddon, PendingChange};

use super::{changed, order, renewal_of};

/// Ten for 1.00 each, nothing scheduled.
const TEN: OtherAddon = OtherAddon { qty: Some(10), price_per_unit: Some(Cents(100)), pending: Some(None) };
const UNPRICED: OtherAddon = OtherAddon { price_per_unit: None, ..TEN };
const UNTOLD: OtherAddon = OtherAddon { qty: None, price_per_unit: None, pending: None };

fn downgraded(addon: OtherAddon, next_qty: u32) -> OtherAddon {
    OtherAddon { pending: Some(Some(PendingChange::Downgrade { next_qty })), ..addon }
}

fn cancelled(addon: OtherAddon) -> OtherAddon {
    OtherAddon { pending: Some(Some(PendingChange::Cancel {})), ..addon }
}

/// What is so, the add-ons beside the slots, what all add-ons are said to cost, and the price now, that after the renewal
/// and whether that is estimated. The IPs cost 72.00 and the slots 6.00.
type Row = (&'static str, Vec<OtherAddon>, Option<u64>, (Option<u64>, Option<u64>, bool));

#[test]
fn every_add_on_is_charged_at_the_renewal() {
    let rows: [Row; 15] = [
        ("there is none", vec![], Some(600), (Some(7800), Some(7800), false)),
        ("one with a price", vec![TEN], Some(1600), (Some(8800), Some(8800), false)),
        ("two with a price", vec![TEN, TEN], Some(2600), (Some(9800), Some(9800), false)),
        ("nobody says what they cost in all", vec![TEN], None, (Some(8800), Some(8800), true)),
        ("the vendor's sum does not show it", vec![TEN], Some(600), (Some(7800), Some(8800), true)),
        ("fewer are scheduled", vec![downgraded(TEN, 4)], Some(1600), (Some(8800), Some(8200), true)),
        ("it is cancelled", vec![cancelled(TEN)], Some(1600), (Some(8800), Some(7800), true)),
        (
            "one without a price is what the sum leaves over",
            vec![UNPRICED],
            Some(1600),
            (Some(8800), Some(8800), false),
        ),
        ("of that, fewer are scheduled", vec![downgraded(UNPRICED, 4)], Some(1600), (Some(8800), Some(8200), true)),
        ("that is cancelled", vec![cancelled(UNPRICED)], Some(1600), (Some(8800), Some(7800), true)),
        ("two share what is left over", vec![UNPRICED, UNPRICED], Some(1600), (Some(8800), Some(8800), false)),
        ("nothing is left over, which is no price", vec![UNPRICED], Some(600), (Some(7800), None, false)),
        ("there is no sum, either", vec![UNPRICED], None, (None, None, false)),
        (
            "nobody says what is scheduled",
            vec![OtherAddon { pending: None, ..TEN }],
            Some(1600),
            (Some(8800), None, false),
        ),
        ("nobody says anything", vec![UNTOLD], Some(1600), (Some(8800), None, false)),
    ];
    for (what, others, paid, (now, after, estimated)) in rows {
        let price = renewal_of(changed(order(), |live, _| {
            live.detail.other_addons = Some(others);
            live.detail.addons_price_paid = paid.map(Cents);
        }))
        .price;
        let expected = (now.map(Cents), after.map(Cents), estimated);
        assert_eq!((price.now, price.after, price.estimated), expected, "{what}");
    }
}

#[test]
fn slots_and_others_are_told_apart_where_it_is_possible() {
    type Change = fn(&mut LiveOrder);
    let rows: [(&str, Change, Option<u64>); 5] = [
        ("neither has a price, and nothing changes", |live| live.detail.slot_price = None, Some(8800)),
        (
            "neither has a price, and a slot goes",
            |live| {
                live.detail.slot_price = None;
                live.detail.pending = Some(Some(PendingChange::Downgrade { next_qty: 3 }));
            },
            None,
        ),
        (
            "the slots go, and the other stays",
            |live| live.detail.pending = Some(Some(PendingChange::Cancel {})),
            Some(8200),
        ),
        (
            "there are no slots, and something is paid for that nobody names",
            |live| {
                (live.slots, live.detail.slot_price, live.detail.other_addons) = (Some(0), None, None);
            },
            None,
        ),
        ("it ends, whatever it has", |live| live.detail.auto_renewal = Some(false), Some(0)),
    ];
    for (what, change, after) in rows {
        let price = renewal_of(changed(order(), |live, _| {
            live.detail.other_addons = Some(vec![UNPRICED]);
            live.detail.addons_price_paid = Some(Cents(1600));
            change(live);
        }))
        .price;
        assert_eq!(price.after, after.map(Cents), "{what}");
    }
}

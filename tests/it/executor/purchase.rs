//! The states of a purchase as a table, without a network.

use shardctl::api::{ApiError, Endpoint, Stage};
use shardctl::apply::purchase::{PlannedPurchase, PurchaseEvent, PurchaseStage};
use shardctl::model::{Cents, LiveSlots, NoQuote, PendingChange, Quote, SlotsTold};

const PRICE: Quote = Quote { add_qty: 2, price_per_unit: Cents(150), charge: Cents(300) };
const QUOTING: PurchaseStage = PurchaseStage::Quoting { intended: false };
const PLANNED: PlannedPurchase = PlannedPurchase { from_qty: 2, quote: PRICE };

fn error(stage: Stage) -> ApiError {
    ApiError::once(Endpoint::PurchaseAddon, stage)
}

fn refused(status: u16) -> ApiError {
    error(Stage::Refused { status, message: "No".into(), from_api: true, retry_after: None })
}

fn no_answer() -> ApiError {
    error(Stage::NoAnswer { reason: "the connection broke".into(), status: None })
}

fn quoted(current_qty: u32, charge: Option<u64>) -> PurchaseEvent {
    let quote = charge.map(|charge| Quote { charge: Cents(charge), ..PRICE }).ok_or(NoQuote::NotShown);
    PurchaseEvent::Quoted(Ok(LiveSlots { current_qty, quote }))
}

fn slots(qty: u32) -> SlotsTold {
    SlotsTold { qty: Some(qty), pending: Some(None) }
}

fn reading(reason: &str) -> PurchaseStage {
    PurchaseStage::ReadingBack { reason: reason.to_owned() }
}

fn not_bought(reason: &str, intended: bool) -> PurchaseStage {
    PurchaseStage::NotBought { reason: format!("nothing was bought: {reason}"), intended }
}

#[test]
fn transitions() {
    let pending = SlotsTold { qty: Some(4), pending: Some(Some(PendingChange::Downgrade { next_qty: 1 })) };
    let rows = [
        // The price is quoted again.
        (QUOTING, quoted(2, Some(300)), PurchaseStage::Intending),
        (QUOTING, quoted(2, Some(299)), PurchaseStage::Intending),
        (QUOTING, quoted(2, Some(301)), not_bought("the price is 301 cents now, the plan shows 300", false)),
        (QUOTING, quoted(2, None), not_bought("the API shows no price any more", false)),
        (QUOTING, quoted(1, Some(300)), not_bought("the order has 1 slots now, the plan was made for 2", false)),
        (QUOTING, quoted(3, Some(300)), not_bought("the order has 3 slots now, the plan was made for 2", false)),
        (QUOTING, PurchaseEvent::Quoted(Err(refused(500))), not_bought("addons/purchase: refused with 500: No", false)),
        // The user may stop it until it is sent.
        (PurchaseStage::Intending, PurchaseEvent::Interrupted, not_bought("interrupted", false)),
        (PurchaseStage::Sending, PurchaseEvent::Interrupted, not_bought("interrupted", true)),
        (PurchaseStage::Quoting { intended: true }, PurchaseEvent::Interrupted, not_bought("interrupted", true)),
        (reading("x"), PurchaseEvent::Interrupted, reading("x")),
        // Its price grew old while it waited for its turn: it is quoted again, and held against the plan.
        (PurchaseStage::Sending, PurchaseEvent::PriceTooOld, PurchaseStage::Quoting { intended: true }),
        (PurchaseStage::Quoting { intended: true }, quoted(2, Some(300)), PurchaseStage::Sending),
        (
            PurchaseStage::Quoting { intended: true },
            quoted(2, Some(301)),
            not_bought("the price is 301 cents now, the plan shows 300", true),
        ),
        (
            QUOTING,
            PurchaseEvent::Quoted(Ok(LiveSlots { current_qty: 2, quote: Err(NoQuote::NotAboveZero) })),
            not_bought("the price is not above zero", false),
        ),
        // An answer that tells no number is no denial.
        (
            PurchaseStage::Sending,
            PurchaseEvent::Answered(Ok(SlotsTold::default())),
            PurchaseStage::Bought { told: SlotsTold::default() },
        ),
        // The intent is stored.
        (PurchaseStage::Intending, PurchaseEvent::Stored(Ok(())), PurchaseStage::Sending),
        (PurchaseStage::Intending, PurchaseEvent::Stored(Err("disk full".to_owned())), not_bought("disk full", false)),
        // It is sent, once.
        (PurchaseStage::Sending, PurchaseEvent::Answered(Ok(slots(4))), PurchaseStage::Bought { told: slots(4) }),
        (PurchaseStage::Sending, PurchaseEvent::Answered(Ok(slots(5))), PurchaseStage::Bought { told: slots(5) }),
        (PurchaseStage::Sending, PurchaseEvent::Answered(Ok(pending)), PurchaseStage::Bought { told: pending }),
        (PurchaseStage::Sending, PurchaseEvent::Answered(Ok(slots(3))), reading("the answer shows 3 slots, not 4")),
        (
            PurchaseStage::Sending,
            PurchaseEvent::Answered(Err(refused(400))),
            not_bought("addons/purchase: refused with 400: No", true),
        ),
        (
            PurchaseStage::Sending,
            PurchaseEvent::Answered(Err(refused(500))),
            reading("addons/purchase: refused with 500: No"),
        ),
        (
            PurchaseStage::Sending,
            PurchaseEvent::Answered(Err(refused(408))),
            reading("addons/purchase: refused with 408: No"),
        ),
        (
            PurchaseStage::Sending,
            PurchaseEvent::Answered(Err(refused(202))),
            reading("addons/purchase: refused with 202: No"),
        ),
        (
            PurchaseStage::Sending,
            PurchaseEvent::Answered(Err(no_answer())),
            reading("addons/purchase: no answer: the connection broke"),
        ),
        // The slots are read until they show it, or the time is over.
        (reading("x"), PurchaseEvent::SlotsRead(Ok(4)), PurchaseStage::Found { qty: 4 }),
        (reading("x"), PurchaseEvent::SlotsRead(Ok(5)), PurchaseStage::Found { qty: 5 }),
        (reading("x"), PurchaseEvent::SlotsRead(Ok(3)), reading("x")),
        (reading("x"), PurchaseEvent::SlotsRead(Err(no_answer())), reading("x")),
        (
            reading("x"),
            PurchaseEvent::TimeUp,
            PurchaseStage::Unknown {
                reason: "x; the slots did not show 4 in time: it may or may not have been bought".to_owned(),
            },
        ),
    ];
    for (state, event, expected) in rows {
        assert_eq!(state.clone().next(PLANNED, event.clone()), expected, "{state:?} {event:?}");
    }
}

/// Every kind of event, so that each state meets those that it does not wait for.
fn events() -> Vec<PurchaseEvent> {
    vec![
        quoted(2, Some(300)),
        PurchaseEvent::Stored(Ok(())),
        PurchaseEvent::Stored(Err("disk full".to_owned())),
        PurchaseEvent::Answered(Ok(slots(4))),
        PurchaseEvent::Answered(Err(no_answer())),
        PurchaseEvent::PriceTooOld,
        PurchaseEvent::SlotsRead(Ok(4)),
        PurchaseEvent::TimeUp,
        PurchaseEvent::Interrupted,
    ]
}

#[test]
fn an_end_is_an_end() {
    let ends = [
        PurchaseStage::Bought { told: slots(4) },
        PurchaseStage::Found { qty: 4 },
        not_bought("x", true),
        PurchaseStage::Unknown { reason: "x".to_owned() },
    ];
    for end in ends {
        for event in events() {
            assert_eq!(end.clone().next(PLANNED, event), end);
        }
    }
}

#[test]
fn it_is_sent_only_after_the_intent_was_stored_and_never_again() {
    let states = [
        PurchaseStage::Quoting { intended: true },
        QUOTING,
        PurchaseStage::Intending,
        PurchaseStage::Sending,
        reading("x"),
        PurchaseStage::Found { qty: 4 },
    ];
    for state in states {
        for event in events() {
            let next = state.clone().next(PLANNED, event.clone());
            let stays = state == PurchaseStage::Sending && next == state;
            let stored = state == PurchaseStage::Intending && event == PurchaseEvent::Stored(Ok(()));
            let quoted_again = state == PurchaseStage::Quoting { intended: true };
            assert!(next != PurchaseStage::Sending || stays || stored || quoted_again, "{state:?} {event:?}");
        }
    }
}

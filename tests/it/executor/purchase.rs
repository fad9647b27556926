//! The states of a purchase as a table, without a network.

use shardctl::api::{ApiError, Endpoint, Stage};
use shardctl::apply::purchase::{Event, Planned, State};
use shardctl::model::{Cents, LiveSlots, NoQuote, PendingChange, Quote, RecordedSlots};

const PRICE: Quote = Quote { add_qty: 2, price_per_unit: Cents(150), charge: Cents(300) };
const PLANNED: Planned = Planned { from_qty: 2, quote: PRICE };

fn error(stage: Stage) -> ApiError {
    ApiError::once(Endpoint::PurchaseAddon, stage)
}

fn refused(status: u16) -> ApiError {
    error(Stage::Refused { status, message: "No".into(), from_api: true, retry_after: None })
}

fn no_answer() -> ApiError {
    error(Stage::NoAnswer { reason: "the connection broke".into(), status: None })
}

fn quoted(current_qty: u32, charge: Option<u64>) -> Event {
    let quote = charge.map(|charge| Quote { charge: Cents(charge), ..PRICE }).ok_or(NoQuote::NotShown);
    Event::Quoted(Ok(LiveSlots { current_qty, quote }))
}

fn slots(qty: u32) -> RecordedSlots {
    RecordedSlots { qty, pending: None }
}

fn reading(reason: &str) -> State {
    State::ReadingBack { reason: reason.to_owned() }
}

fn not_bought(reason: &str, intended: bool) -> State {
    State::NotBought { reason: format!("nothing was bought: {reason}"), intended }
}

#[test]
fn transitions() {
    let pending = RecordedSlots { qty: 4, pending: Some(PendingChange::Downgrade { next_qty: 1 }) };
    let rows = [
        // The price is quoted again.
        (State::Quoting, quoted(2, Some(300)), State::Intending),
        (State::Quoting, quoted(2, Some(299)), State::Intending),
        (State::Quoting, quoted(2, Some(301)), not_bought("the price is 301 cents now, the plan shows 300", false)),
        (State::Quoting, quoted(2, None), not_bought("the API shows no price any more", false)),
        (State::Quoting, quoted(1, Some(300)), not_bought("the order has 1 slots now, the plan was made for 2", false)),
        (State::Quoting, quoted(3, Some(300)), not_bought("the order has 3 slots now, the plan was made for 2", false)),
        (State::Quoting, Event::Quoted(Err(refused(500))), not_bought("addons/purchase: refused with 500: No", false)),
        // The user may stop it until it is sent.
        (State::Intending, Event::Interrupted, not_bought("interrupted", false)),
        (State::Sending, Event::Interrupted, not_bought("interrupted", true)),
        (reading("x"), Event::Interrupted, reading("x")),
        // The intent is stored.
        (State::Intending, Event::Stored(Ok(())), State::Sending),
        (State::Intending, Event::Stored(Err("disk full".to_owned())), not_bought("disk full", false)),
        // It is sent, once.
        (State::Sending, Event::Answered(Ok(slots(4))), State::Bought { slots: slots(4) }),
        (State::Sending, Event::Answered(Ok(slots(5))), State::Bought { slots: slots(5) }),
        (State::Sending, Event::Answered(Ok(pending)), State::Bought { slots: pending }),
        (State::Sending, Event::Answered(Ok(slots(3))), reading("the answer shows 3 slots, not 4")),
        (State::Sending, Event::Answered(Err(refused(400))), not_bought("addons/purchase: refused with 400: No", true)),
        (State::Sending, Event::Answered(Err(refused(500))), reading("addons/purchase: refused with 500: No")),
        (State::Sending, Event::Answered(Err(refused(408))), reading("addons/purchase: refused with 408: No")),
        (State::Sending, Event::Answered(Err(refused(202))), reading("addons/purchase: refused with 202: No")),
        (
            State::Sending,
            Event::Answered(Err(no_answer())),
            reading("addons/purchase: no answer: the connection broke"),
        ),
        // The slots are read until they show it, or the time is over.
        (reading("x"), Event::SlotsRead(Ok(4)), State::Found),
        (reading("x"), Event::SlotsRead(Ok(5)), State::Found),
        (reading("x"), Event::SlotsRead(Ok(3)), reading("x")),
        (reading("x"), Event::SlotsRead(Err(no_answer())), reading("x")),
        (
            reading("x"),
            Event::TimeUp,
            State::Unknown {
                reason: "x; the slots did not show 4 in time: it may or may not have been bought".to_owned(),
            },
        ),
    ];
    for (state, event, expected) in rows {
        assert_eq!(state.clone().next(PLANNED, event.clone()), expected, "{state:?} {event:?}");
    }
}

/// Every kind of event, so that each state meets those that it does not wait for.
fn events() -> Vec<Event> {
    vec![
        quoted(2, Some(300)),
        Event::Stored(Ok(())),
        Event::Stored(Err("disk full".to_owned())),
        Event::Answered(Ok(slots(4))),
        Event::Answered(Err(no_answer())),
        Event::SlotsRead(Ok(4)),
        Event::TimeUp,
        Event::Interrupted,
    ]
}

#[test]
fn an_end_is_an_end() {
    let ends = [
        State::Bought { slots: slots(4) },
        State::Found,
        not_bought("x", true),
        State::Unknown { reason: "x".to_owned() },
    ];
    for end in ends {
        for event in events() {
            assert_eq!(end.clone().next(PLANNED, event), end);
        }
    }
}

#[test]
fn it_is_sent_only_after_the_intent_was_stored_and_never_again() {
    let states = [State::Quoting, State::Intending, State::Sending, reading("x"), State::Found];
    for state in states {
        for event in events() {
            let next = state.clone().next(PLANNED, event.clone());
            let stays = state == State::Sending && next == state;
            let stored = state == State::Intending && event == Event::Stored(Ok(()));
            assert!(next != State::Sending || stays || stored, "{state:?} {event:?}");
        }
    }
}

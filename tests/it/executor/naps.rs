//! A process that is put to sleep between the decision to buy and the purchase: by its system, or because a place that
//! keeps the lock takes its time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use serde_json::json;
use shardctl::model::Cents;
use shardctl::state::{Lock, StoreError};

use super::{ACCOUNT, Watched, World, id, results};

const ONE_MORE: &str = "\n  1: {p0f_slots: 4}\n";
const NAP: Duration = Duration::from_millis(120);

/// A lock that is asked between the intent and the purchase, where the process falls asleep.
struct Sleepy<'a> {
    store: &'a Watched,
    /// How often it still does.
    naps: AtomicUsize,
    /// What happens in the world meanwhile.
    meanwhile: &'a (dyn Fn() + Sync),
}

impl Lock for Sleepy<'_> {
    fn ensure_held_for(&self, _duration: Duration) -> BoxFuture<'_, Result<(), StoreError>> {
        let intended = self.store.lock().stored.get(&id(1)).is_some_and(|recorded| recorded.purchase.is_some());
        let falls_asleep = |naps: usize| if intended && naps > 0 { Some(naps - 1) } else { None };
        if self.naps.fetch_update(Ordering::SeqCst, Ordering::SeqCst, falls_asleep).is_err() {
            return ready(Ok(())).boxed();
        }
        async {
            tokio::time::sleep(NAP).await;
            (self.meanwhile)();
            Ok(())
        }
        .boxed()
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }
}

/// A price counts from when it was asked for: an answer that took long arrives old.
#[tokio::test]
async fn a_price_whose_answer_took_long_is_asked_for_again() {
    let late =
        |times| json!([{"operation": "calculate", "delay_ms": NAP.as_millis(), "when": "after", "times": times}]);
    let too_slow = "failed: nothing was bought: whenever its price had arrived, it was more than ten seconds old; the API \
                    or the machine is too slow";
    for (times, result, charged) in [(1, "done", 150), (0, too_slow, 0)] {
        let mut world = World::open(ACCOUNT).await;
        world.settings.quote_freshness = NAP / 2;
        let plan = world.plan(ONE_MORE).await;
        let asked = || world.control().requests().iter().filter(|it| it.path.ends_with("/calculate")).count();
        let before = asked();
        world.break_with(late(times));
        let report = world.carry_out(&plan).await;
        assert_eq!(results(&report, 1), ["done", result], "{times}");
        assert_eq!(report.charged(), Cents(charged));
        assert!(asked() - before > 1, "it was asked for again");
    }
}

struct Nap<'a> {
    naps: usize,
    quote_freshness: Duration,
    intent_freshness: Duration,
    meanwhile: &'a (dyn Fn(&World) + Sync),
    /// What comes of the purchase.
    result: &'a str,
    charged: u64,
}

#[tokio::test]
async fn what_grew_old_meanwhile_is_not_relied_on() {
    let (short, long) = (NAP / 2, Duration::from_secs(60));
    let dearer = |world: &World| world.control().with_account(|account| account.slot_price_cents = Cents(151));
    let bought = |world: &World| {
        world.control().with_account(|account| account.orders.get_mut(&id(1)).expect("the order").p0f_slots = 4);
    };
    let napping = Nap {
        naps: 1,
        quote_freshness: short,
        intent_freshness: long,
        meanwhile: &|_| {},
        result: "done",
        charged: 150,
    };
    let rows = [
        Nap { naps: 0, ..napping },
        Nap { ..napping },
        Nap { naps: 3, ..napping },
        Nap {
            meanwhile: &dearer,
            result: "failed: nothing was bought: the price is 151 cents now, the plan shows 150",
            charged: 0,
            ..napping
        },
        Nap {
            meanwhile: &bought,
            result: "failed: nothing was bought: the order has 4 slots now, the plan was made for 3",
            charged: 0,
            ..napping
        },
        Nap {
            quote_freshness: long,
            intent_freshness: short,
            result: "failed: nothing was bought: addons/purchase: not sent: it took more than a minute to send it, \
                     and another apply may be at work: run again",
            charged: 0,
            ..napping
        },
        // Whatever it does, it ends.
        Nap {
            naps: usize::MAX,
            result: "failed: nothing was bought: whenever its price had arrived, it was more than ten seconds old; the \
                     API or the machine is too slow",
            charged: 0,
            ..napping
        },
    ];
    for Nap { naps, quote_freshness, intent_freshness, meanwhile, result, charged } in rows {
        let mut world = World::open(ACCOUNT).await;
        world.settings.quote_freshness = quote_freshness;
        world.settings.intent_freshness = intent_freshness;
        let plan = world.plan(ONE_MORE).await;
        world.store.look_away();
        let meanwhile = || meanwhile(&world);
        let lock = Sleepy { store: &world.store, naps: AtomicUsize::new(naps), meanwhile: &meanwhile };
        let report = world.carry_out_under(&lock, &plan).await;
        assert_eq!(results(&report, 1), ["done", result], "{naps} naps");
        let charges: u64 =
            world.control().with_account(|account| account.charges.iter().map(|charge| charge.charge_cents.0).sum());
        assert_eq!((report.charged().0, charges), (charged, charged), "{result}");
        assert_eq!(world.recorded(1).purchase, None, "what was not bought leaves no intent: {result}");
        world.break_with(json!([]));
        if charged > 0 {
            world.converges(ONE_MORE).await;
        }
    }
}

//! Servers that tell everything, nothing, or anything between, and another thing from run to run: what is declared holds in
//! the end, what was bought was charged once, and nothing is left to do.

use futures_util::{StreamExt, stream};
use shardctl::sandbox::{Account, Tell, Tells};

use crate::money::random::Dice;
use crate::rig::{MANIFEST, Rig};
use crate::sweep::{ACCOUNT, AFTER, BEFORE, declared};

/// Worlds that a test has under way at once.
const AT_ONCE: usize = 6;
/// Worlds whose servers tell whatever chance says.
const CHANCES: u64 = 24;

/// What the server tells at the first apply, at the second, and at the last look.
type World = [Tells; 3];

/// Everything and nothing, in every order; all but one thing; and what chance says.
fn worlds() -> Vec<World> {
    let whole = [Tells::everything(), Tells::older(), Tells::nothing()];
    let mut worlds: Vec<World> = Vec::new();
    for first in &whole {
        for second in &whole {
            worlds.push([first.clone(), second.clone(), first.clone()]);
        }
    }
    for left_out in Tell::ALL {
        let tells: Tells = Tell::ALL.into_iter().filter(|tell| *tell != left_out).collect();
        worlds.push([Tells::everything(), tells.clone(), tells]);
    }
    // The same numbers in every run, so that a failure comes again.
    let mut dice = Dice::new(0x5EED);
    worlds.extend((0..CHANCES).map(|_| [tells(&mut dice), tells(&mut dice), tells(&mut dice)]));
    worlds
}

/// Tells each thing, or not, by chance.
fn tells(dice: &mut Dice) -> Tells {
    Tell::ALL.into_iter().filter(|_| dice.one_in(2)).collect()
}

#[tokio::test]
async fn whatever_is_told_the_declared_holds_in_the_end_and_is_charged_once() {
    let worlds = worlds();
    assert!(worlds.len() > 50);
    stream::iter(worlds).for_each_concurrent(AT_ONCE, survives).await;
}

async fn survives([first, second, last]: World) {
    let mut account = Account::from_yaml(ACCOUNT).expect("a valid account");
    account.tells = first.clone();
    let rig = Rig::with_account(account, BEFORE).await;
    rig.complete(&[]).await;
    rig.nothing_left().await;
    rig.write(MANIFEST, AFTER);
    rig.control().set_tells(second.clone());
    rig.complete(&[]).await;
    let words = format!("{first:?}, then {second:?}, then {last:?}");
    assert_eq!(rig.truth(), declared(), "{words}");
    rig.nothing_left().await;
    // What is told no longer is recorded, and what is told anew is as it was recorded.
    rig.control().set_tells(last);
    rig.nothing_left().await;
    assert_eq!(rig.truth(), declared(), "{words}");
    rig.check_records();
}

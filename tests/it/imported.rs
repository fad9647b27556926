//! A manifest that was imported plans to nothing but assertions, whatever the account looks like.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::manifest;
use shardctl::model::{
    Desired, LiveOrder, LiveSlots, OrderId, PendingChange, ProxyIp, Recorded, RecordedSlots, Renewal, Signature,
};
use shardctl::plan::{self, Inputs, Operation, Options, Plan};
use shardctl::render::import::{self, Imported};
use shardctl::render::problem;

fn tags() -> impl Strategy<Value = String> {
    let pieces = [
        "eu",
        " ",
        "-",
        "- ",
        "#",
        " #",
        ":",
        ": ",
        "'",
        "\"",
        "\\",
        "|",
        ">",
        "&a",
        "*a",
        "!x",
        "%",
        "@",
        "`",
        "{",
        "}",
        "[",
        "]",
        ",",
        "?",
        "~",
        "null",
        "yes",
        "No",
        "12",
        "1e3",
        "0x1",
        ".5",
        "2026-12-01",
        "<<",
        "=",
        "---",
        "...",
        "\t",
        "\n",
        "\r\n",
        "\u{0}",
        "\u{7}",
        "\u{1b}[2J",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{2028}",
        "\u{2029}",
        "\u{202e}",
        "\u{feff}",
        "\u{fffe}",
        "é",
        "日本",
        "🦀",
        "\u{e000}",
        "\u{10ffff}",
    ];
    vec(select(pieces.to_vec()), 0..5).prop_map(|pieces| pieces.concat())
}

fn addresses() -> impl Strategy<Value = ProxyIp> {
    let addresses = ["203.0.113.10", "203.0.113.9", "2001:db8::1", "2001:db8::", "::1", "::ffff:1:2", "fe80::a", "1::"];
    select(addresses.to_vec()).prop_map(|address| address.parse().unwrap())
}

#[derive(Debug, Clone)]
struct Account {
    live: LiveOrder,
    recorded: Recorded,
}

fn accounts() -> impl Strategy<Value = Account> {
    let pending = prop_oneof![
        Just(None),
        Just(Some(PendingChange::Cancel {})),
        (1..4u32).prop_map(|next_qty| Some(PendingChange::Downgrade { next_qty })),
    ];
    let records = (
        btree_map(addresses(), select(Signature::ALL.to_vec()), 0..6),
        btree_map(addresses(), any::<bool>(), 0..8),
        of((0..6u32, pending).prop_map(|(qty, pending)| {
            // A downgrade is to less.
            let pending = pending.filter(|pending: &PendingChange| pending.next_qty() < qty);
            RecordedSlots { qty, pending }
        })),
    );
    let lives = (of(tags()), of(select(vec!["2026-12-01", "soon\u{1b}[2J"])), btree_set(addresses(), 0..8), 0..6u32);
    (lives, records).prop_map(|((tag, until, active, slots), (signatures, del_np, recorded_slots))| {
        let slots = Some(LiveSlots { current_qty: slots, quote: None });
        let live = LiveOrder { tag, renewal: until.map(Renewal::parse), active, slots };
        Account { live, recorded: Recorded { signatures, del_np, slots: recorded_slots, ..Recorded::default() } }
    })
}

fn import(accounts: &[Account]) -> String {
    let orders: Vec<Imported<'_>> = (1..)
        .zip(accounts)
        .map(|(id, Account { live, recorded })| Imported { order_id: OrderId::new(id).unwrap(), live, recorded })
        .collect();
    let mut bytes = Vec::new();
    import::manifest(&mut bytes, &orders, Timestamp::UNIX_EPOCH).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn read(text: &str) -> Desired {
    let mut sources = SourceMap::default();
    sources.add(SourceFile::new("shardctl.yaml", text));
    let manifest = manifest::parse(sources);
    let problems = problem::problems(&manifest.problems, &manifest.sources, false);
    manifest.desired.unwrap_or_else(|| panic!("{problems}\n{text}"))
}

fn make_plan(accounts: &[Account], desired: &Desired) -> Plan {
    let ids = || (1..).map(|id| OrderId::new(id).unwrap());
    let live: BTreeMap<_, _> = ids().zip(accounts).map(|(id, account)| (id, Ok(account.live.clone()))).collect();
    let recorded: BTreeMap<_, _> =
        ids().zip(accounts).map(|(id, account)| (id, Ok(account.recorded.clone()))).collect();
    let options = Options::at(Timestamp::UNIX_EPOCH);
    plan::plan(&Inputs { desired, live: &live, recorded: &recorded, options: &options })
}

/// Tells whether signatures hold more slots than there are, now or after the renewal: no manifest mends that.
fn has_too_few_slots(Account { live, recorded }: &Account) -> bool {
    let held = live.active.iter().filter(|ip| recorded.signatures.contains_key(ip)).count();
    held > live.slots.map_or(0, |slots| slots.current_qty) as usize
}

proptest! {
    #[test]
    fn what_is_imported_plans_to_nothing_but_assertions(accounts in vec(accounts(), 1..4)) {
        let text = import(&accounts);
        let desired = read(&text);
        for (declared, account) in desired.orders.values().zip(&accounts) {
            let tag = declared.tag.as_ref().map(|tag| tag.value.raw().to_owned());
            prop_assert_eq!(&tag, &account.live.tag.clone().filter(|tag| !tag.is_empty()));
        }
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
        prop_assume!(!accounts.iter().any(has_too_few_slots));
        let plan = make_plan(&accounts, &desired);
        prop_assert!(!plan.is_blocked(), "{:?}\n{text}", plan.problems().collect::<Vec<_>>());
        for operation in plan.orders.iter().flat_map(|order| &order.operations) {
            let asserted = match operation {
                Operation::CancelDowngrade { pending } => pending.is_none(),
                Operation::SetDelNp { items } => items.iter().all(|item| !item.to && item.from.is_none()),
                _ => false,
            };
            prop_assert!(asserted, "{operation:?}\n{text}");
        }
    }

    #[test]
    fn a_tag_is_written_on_one_line(tag in tags()) {
        let live = LiveOrder { tag: Some(tag), renewal: None, active: BTreeSet::new(), slots: None };
        let account = Account { live, recorded: Recorded::default() };
        let lines = |account: &Account| import(std::slice::from_ref(account)).lines().count();
        let plain = Account { live: LiveOrder { tag: Some("eu".to_owned()), ..account.live.clone() }, ..account.clone() };
        let none = usize::from(account.live.tag.as_deref() == Some(""));
        prop_assert_eq!(lines(&account) + none, lines(&plain));
    }
}

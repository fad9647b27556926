//! A manifest that was imported plans to nothing but assertions, whatever the account looks like.

#![allow(clippy::unwrap_used)]

use jiff::Timestamp;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::manifest;
use shardctl::model::{
    Desired, Foreign, LiveIp, LiveOrder, LiveSignature, Observed, OrderId, PendingChange, ProxyIp, Recorded,
    RecordedSlots, Renewal, Signature,
};
use shardctl::plan::{self, Options, Plan, Seen, Step};
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
        let (tag, renewal) = (tag.map(Foreign::new), until.map(Renewal::parse));
        let live = LiveOrder { tag, renewal, slots: Some(slots), ..LiveOrder::of_ips(active) };
        Account { live, recorded: Recorded { signatures, del_np, slots: recorded_slots, ..Recorded::default() } }
    })
}

fn import(accounts: &[Account]) -> String {
    let see = |account: &Account| Seen::new(&account.live, &account.recorded, Timestamp::UNIX_EPOCH, false);
    let seen: Vec<Seen> = accounts.iter().map(see).collect();
    let orders: Vec<Imported<'_>> = (1..)
        .zip(accounts)
        .zip(&seen)
        .map(|((id, account), seen)| Imported {
            order_id: OrderId::new(id).unwrap(),
            live: &account.live,
            seen,
            as_of: Timestamp::UNIX_EPOCH,
        })
        .collect();
    let mut bytes = Vec::new();
    import::manifest(&mut bytes, &orders).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn read(text: &str) -> Desired {
    let mut sources = SourceMap::default();
    sources.add(SourceFile::new("shardctl.yaml", text));
    let manifest = manifest::parse(sources);
    let problems = problem::problems(&manifest.problems, &manifest.sources, false);
    manifest.desired.unwrap_or_else(|| panic!("{problems}\n{text}"))
}

/// Returns whether `yamllint` finds nothing in a line by its default rules; a tag is as long as it is.
fn is_tidy(line: &str) -> bool {
    let fits = line.chars().count() <= 80 || line.trim_start().starts_with("tag: ");
    let remark = line.find('#').filter(|at| !line[..*at].trim().is_empty() && !line.contains("tag: "));
    fits && line.trim_end() == line
        && remark.is_none_or(|at| line[..at].ends_with("  ") && line[at..].starts_with("# "))
}

fn make_plan(accounts: &[Account], desired: &Desired) -> Plan {
    let ids = || (1..).map(|id| OrderId::new(id).unwrap());
    let observe =
        |account: &Account| Observed { live: Ok(account.live.clone()), recorded: Ok(account.recorded.clone()) };
    let observed = ids().zip(accounts.iter().map(observe)).collect();
    plan::plan(desired, &observed, &Options::at(Timestamp::UNIX_EPOCH))
}

/// Returns whether signatures hold more slots than there are, now or after the renewal: no manifest mends that.
fn has_too_few_slots(Account { live, recorded }: &Account) -> bool {
    let held = live.active.keys().filter(|ip| recorded.signatures.contains_key(ip)).count();
    held > live.slots.unwrap_or(0) as usize
}

proptest! {
    #[test]
    fn what_is_imported_plans_to_nothing_but_assertions(accounts in vec(accounts(), 1..4)) {
        let text = import(&accounts);
        let desired = read(&text);
        for (declared, account) in desired.orders.values().zip(&accounts) {
            let tag = declared.tag.as_ref().map(|tag| tag.value.clone());
            prop_assert_eq!(&tag, &account.live.tag.clone().filter(|tag| !tag.raw().is_empty()));
        }
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
        for line in text.lines() {
            prop_assert!(is_tidy(line), "{line}");
        }
        prop_assume!(!accounts.iter().any(has_too_few_slots));
        let plan = make_plan(&accounts, &desired);
        prop_assert!(!plan.is_blocked(), "{:?}\n{text}", plan.problems().collect::<Vec<_>>());
        for operation in plan.orders.iter().flat_map(|order| &order.steps) {
            let asserted = match operation {
                Step::CancelDowngrade { pending } => pending.is_none(),
                Step::SetDelNp { items } => items.iter().all(|item| !item.to && item.from.is_none()),
                _ => false,
            };
            prop_assert!(asserted, "{operation:?}\n{text}");
        }
    }

    #[test]
    fn a_tag_is_written_on_one_line(tag in tags()) {
        let live = LiveOrder { tag: Some(Foreign::new(tag)), ..LiveOrder::of_ips([]) };
        let account = Account { live, recorded: Recorded::default() };
        let lines = |account: &Account| import(std::slice::from_ref(account)).lines().count();
        let plain = Account { live: LiveOrder { tag: Some(Foreign::from("eu")), ..account.live.clone() }, ..account.clone() };
        let none = usize::from(account.live.tag.as_ref().is_some_and(|tag| tag.raw().is_empty()));
        prop_assert_eq!(lines(&account) + none, lines(&plain));
    }
}

/// Imports one order with two IPs, of which the API tells so much.
fn import_of(quantity: Option<u32>, marks: &[(&str, bool)], signatures: [Option<LiveSignature>; 2]) -> String {
    let ips = ["203.0.113.10", "203.0.113.11"].map(|ip| ip.parse::<ProxyIp>().unwrap());
    let mut live = LiveOrder { slots: Some(2), renewal: Some(Renewal::parse("")), ..LiveOrder::of_ips(ips) };
    live.detail.quantity = quantity;
    for (ip, signature) in ips.iter().zip(signatures) {
        live.active.insert(*ip, LiveIp { signature, ..LiveIp::default() });
    }
    let del_np = marks.iter().map(|(ip, leaves)| (ip.parse().unwrap(), *leaves)).collect();
    import(&[Account { live, recorded: Recorded { del_np, ..Recorded::default() } }])
}

#[test]
fn what_the_first_apply_does_to_marks_is_said() {
    let known = [("203.0.113.10", false), ("203.0.113.11", false)];
    for (quantity, marks, said) in [
        (None, &[][..], Some("    # As of 1970-01-01: the first apply marks 2 IPs to stay: ")),
        (Some(2), &[], Some("    # As of 1970-01-01: the first apply marks 2 IPs to stay: ")),
        (Some(1), &[], Some("    # As of 1970-01-01: CAREFUL: 1 IP seems to be marked to go, ")),
        (Some(0), &[], Some("    # As of 1970-01-01: CAREFUL: 2 IPs seem to be marked to go, ")),
        (None, &known[..1], Some("    # As of 1970-01-01: the first apply marks 1 IP to stay: ")),
        (Some(1), &[("203.0.113.10", true)], Some("    # As of 1970-01-01: the first apply marks 1 IP to stay: ")),
        (Some(1), &known, None),
    ] {
        let text = import_of(quantity, marks, [None, None]);
        match said {
            Some(said) => assert!(text.contains(said), "{quantity:?} {marks:?}\n{text}"),
            None => assert!(!text.contains("marked to go") && !text.contains("first apply marks"), "{text}"),
        }
        assert!(!text.contains("renews"), "there is no date: {text}");
    }
}

#[test]
fn signatures_are_remarked_on_once_and_foreign_words_at_their_ip() {
    let text = import_of(None, &[], [None, None]);
    assert!(text.contains("    # The signatures of 2 IPs are unknown, and not managed here.\n"), "{text}");
    let foreign = LiveSignature::Other(Box::new("free#bsd\u{1b}[2J and so on and on".into()));
    let text = import_of(None, &[], [Some(foreign), Some(LiveSignature::None)]);
    assert!(
        text.contains("\n      203.0.113.10:  # signature free#bsd\\u{1b}[2J an…\n      203.0.113.11:\n"),
        "{text}"
    );
    read(&text);
}

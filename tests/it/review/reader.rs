//! Reads a comment as a person does: nothing but its text is known.

use std::collections::BTreeMap;

use shardctl::model::OrderId;

/// What a comment says.
#[derive(Debug, Default)]
pub struct Review {
    pub charge: Option<String>,
    pub ips_leaving: usize,
    pub left_out: Option<String>,
    pub orders: BTreeMap<OrderId, Told>,
}

/// What a comment says of an order.
#[derive(Debug, Default)]
pub struct Told {
    pub charge: Option<String>,
    pub leaves_on: Option<String>,
    pub changed_elsewhere: usize,
    leaving: Vec<u32>,
    takes_slot: Vec<u32>,
}

/// What the lines that follow list.
#[derive(Clone, Copy, PartialEq)]
enum Listing {
    Nothing,
    Leaving,
    Slots,
}

impl Review {
    pub fn leaving(&self) -> BTreeMap<OrderId, Vec<u32>> {
        self.lists(|told| &told.leaving)
    }

    pub fn takes_slot(&self) -> BTreeMap<OrderId, Vec<u32>> {
        self.lists(|told| &told.takes_slot)
    }

    fn lists(&self, list: impl Fn(&Told) -> &Vec<u32>) -> BTreeMap<OrderId, Vec<u32>> {
        let lists = self.orders.iter().map(|(id, told)| (*id, list(told).clone()));
        lists.filter(|(_, ips)| !ips.is_empty()).collect()
    }
}

/// Reads a comment line by line.
pub fn read(comment: &str) -> Review {
    let mut review = Review::default();
    let mut order = None;
    let mut listing = Listing::Nothing;
    for line in comment.lines().skip(2) {
        if let Some(title) = title(line) {
            let (id, told) = read_title(title);
            order = Some(id);
            review.orders.insert(id, told);
            continue;
        }
        let told = order.and_then(|id| review.orders.get_mut(&id));
        match told {
            Some(told) => listing = read_line(told, line, listing),
            None => read_head(&mut review, line),
        }
    }
    review
}

fn title(line: &str) -> Option<&str> {
    line.split_once("<summary>order ").map(|(_, title)| title).or_else(|| line.strip_prefix("- order "))
}

fn read_head(review: &mut Review, line: &str) {
    if line.contains(" operation") && !line.starts_with('>') {
        let charge = between(line, "**charges ", " now**").or_else(|| between(line, "**would charge ", "**"));
        review.charge = charge.map(str::to_owned);
        review.ips_leaving = line.split("; **").find_map(leaving).unwrap_or(0);
    }
    let left_out = line.strip_prefix("> **Not everything fits into this comment.** ").map(str::to_owned);
    review.left_out = review.left_out.take().or(left_out);
}

/// Reads how many IPs leave.
fn leaving(part: &str) -> Option<usize> {
    let (number, rest) = part.split_once(" IP")?;
    rest.contains(" leave").then(|| number.parse().unwrap())
}

fn read_title(title: &str) -> (OrderId, Told) {
    let id = title.split([' ', ':']).next().unwrap().parse().unwrap();
    let told = Told {
        charge: title.split_once(" p0f slot").and_then(|_| bought(title)),
        leaves_on: title.split("<b>").find_map(|part| leaves_on(part.split("</b>").next()?)),
        changed_elsewhere: title
            .split(", ")
            .find_map(|part| part.split_once(" thing").filter(|(_, rest)| rest.contains("changed elsewhere")))
            .map_or(0, |(number, _)| number.parse().unwrap()),
        ..Told::default()
    };
    (id, told)
}

/// Reads what is paid for slots, as in `buys 1 p0f slot for 1.50`.
fn bought(title: &str) -> Option<String> {
    let bought = title.split(", ").find(|part| part.contains("buys ") || part.contains("would buy "))?;
    let paid = bought.rsplit_once(" for ")?.1;
    Some(paid.trim_end_matches(|end: char| !end.is_ascii_digit()).trim_end_matches("</b").to_owned())
}

/// Reads when IPs leave.
fn leaves_on(part: &str) -> Option<String> {
    let behind = part.split_once(" leave")?.1.split_once(" on ")?.1;
    Some(behind.split_once(" UTC")?.0.to_owned() + " UTC")
}

/// Reads a line about an order, and returns what the next ones list.
fn read_line(told: &mut Told, line: &str, listing: Listing) -> Listing {
    if let Some((what, list)) = line.strip_prefix("  - ").and_then(|item| item.split_once(": ")) {
        let day = leaves_on(what);
        told.leaves_on = told.leaves_on.take().or(day);
        match what {
            _ if what.contains(" leave") => told.leaving.extend(ips(list.trim_matches('`'))),
            _ if what.contains("a slot for good") => told.takes_slot.extend(ips(list.trim_matches('`'))),
            // One code span where it is about IPs.
            "changed elsewhere" => told.changed_elsewhere += between(list, "`", "`").map_or(1, |list| ips(list).len()),
            _ => panic!("{line}"),
        }
    } else if let Some((ip, change)) = line.trim().split_once("  ").filter(|(_, change)| change.contains(" -> ")) {
        let listed = match change {
            _ if change.contains("-> leaves") => Listing::Leaving,
            _ if change.contains("a slot for good") => Listing::Slots,
            _ => Listing::Nothing,
        };
        if change.ends_with(':') {
            return listed;
        }
        add(told, listed, ip);
    } else if line.starts_with("     ") {
        add(told, listing, line);
        return listing;
    }
    Listing::Nothing
}

fn add(told: &mut Told, listing: Listing, list: &str) {
    match listing {
        Listing::Leaving => told.leaving.extend(ips(list)),
        Listing::Slots => told.takes_slot.extend(ips(list)),
        Listing::Nothing => {}
    }
}

/// Reads a list of addresses and ranges of them; where the first three numbers are left out, they are as before.
fn ips(list: &str) -> Vec<u32> {
    let mut before = String::new();
    let mut all = Vec::new();
    // Behind a list that is cut short stands how many more there are.
    let list = list.split('`').next().unwrap();
    for item in list.trim().trim_end_matches(',').split(", ") {
        let item = item.trim().split(" (").next().unwrap();
        let (first, last) = item.split_once('–').unwrap_or((item, item));
        let first = whole(first, &before);
        before = whole(last, &first);
        all.extend(number(&first)..=number(&before));
    }
    all
}

fn whole(address: &str, before: &str) -> String {
    match address.strip_prefix('.') {
        Some(last) => format!("{}.{last}", before.rsplit_once('.').unwrap().0),
        None => address.to_owned(),
    }
}

fn number(address: &str) -> u32 {
    address.parse::<std::net::Ipv4Addr>().unwrap_or_else(|_| panic!("{address:?}")).into()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(found, _)| found)
}

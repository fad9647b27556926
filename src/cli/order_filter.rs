//! Which orders a command is about: by id, all of the account, or those that `--order` fits, by id or by tag.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use clap::Args;
use clap_complete::ArgValueCandidates;

use super::completion;
use super::failure::CommandFailure;
use crate::diagnostic::ProblemCode;
use crate::model::{Desired, Foreign, Observations, Observed, OrderId, ReadFailure};
use crate::reconcile::Pass;
use crate::render::forecast::Scope;

/// The most orders that are listed where a filter fits none.
const MOST_LISTED: usize = 10;

/// The live orders that a command looks at.
#[derive(Debug, Args)]
pub(super) struct SelectionArgs {
    /// Orders to look at [default: those of the manifest]
    #[arg(value_name = "ORDER_ID", conflicts_with = "all", add = ArgValueCandidates::new(completion::order_ids))]
    pub(super) orders: Vec<OrderId>,
    /// Look at all orders of datacenter and ISP proxies of the account; needs no manifest
    #[arg(long)]
    pub(super) all: bool,
    /// Only these orders, by id or by live tag, in which * stands for any characters; may be repeated
    #[arg(long = "order", value_name = "ID|TAG", add = ArgValueCandidates::new(completion::ids_and_tags))]
    pub(super) only: Vec<OrderFilter>,
}

impl SelectionArgs {
    /// Returns the orders that are chosen, before they are filtered; `declared` gives those of the manifest, which is read
    /// only where it is needed.
    pub(super) fn chosen(
        &self,
        declared: impl FnOnce() -> Result<Desired, CommandFailure>,
    ) -> Result<Chosen, CommandFailure> {
        Ok(match self.all {
            true => Chosen::All,
            false if self.orders.is_empty() => {
                let desired = declared().map_err(|failure| match failure.code {
                    Some(ProblemCode::ManifestMissing) => failure.or("`--all` needs none"),
                    _ => failure,
                })?;
                Chosen::These(desired.orders.into_keys().collect())
            }
            false => Chosen::These(self.orders.iter().copied().collect()),
        })
    }

    /// Returns which orders of the account are looked at, of which there are so many.
    pub(super) fn scope(&self, orders: usize) -> Scope {
        match self {
            SelectionArgs { all: true, only, .. } if only.is_empty() => Scope::Account,
            SelectionArgs { all: false, orders: named, .. } if named.is_empty() => Scope::Manifest(orders),
            _ => Scope::Named(orders),
        }
    }
}

/// The live orders that are chosen, before they are filtered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chosen {
    /// All of the account.
    All,
    /// Those with these ids.
    These(BTreeSet<OrderId>),
}

impl Chosen {
    /// Reads the orders that are chosen and that a filter fits; each filter must fit one. `note` is told what is left out.
    pub(super) async fn observe(
        self,
        pass: &Pass<'_>,
        filters: &[OrderFilter],
        note: &mut dyn FnMut(&str),
    ) -> Result<Observations, CommandFailure> {
        let (orders, untold) = match self {
            Chosen::All => listed(pass, filters).await?,
            Chosen::These(orders) => (before_reading(orders, filters)?, BTreeSet::new()),
        };
        let mut observed = pass.observe(orders).await?;
        observed.retain(|order_id, observed| match &observed.live {
            Err(ReadFailure::Unavailable { message, from_api: true }) if untold.contains(order_id) => {
                let message = message.printable();
                note(&format!(
                    "order {order_id} is left out: the list does not tell its product, and it has no datacenter or ISP \
                     proxies ({message})"
                ));
                false
            }
            _ => true,
        });
        after_reading(observed, filters)
    }
}

/// An order's id, or a tag in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderFilter(Foreign);

impl FromStr for OrderFilter {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<OrderFilter, Infallible> {
        Ok(OrderFilter(Foreign::from(text)))
    }
}

impl fmt::Display for OrderFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.printable())
    }
}

impl OrderFilter {
    fn id(&self) -> Option<OrderId> {
        self.0.raw().parse().ok()
    }

    fn fits(&self, (order_id, tag): Candidate<'_>) -> bool {
        self.id() == Some(order_id) || tag.is_some_and(|tag| is_like(self.0.raw(), tag.raw()))
    }
}

/// An order with its tag, as far as it has one that is known.
type Candidate<'a> = (OrderId, Option<&'a Foreign>);

/// Leaves out orders of the manifest that no filter fits; each filter must fit one.
pub(super) fn declared(desired: &mut Desired, filters: &[OrderFilter]) -> Result<(), CommandFailure> {
    let tagged = desired.orders.iter().map(|(order_id, order)| (*order_id, order.tag.as_ref().map(|tag| &tag.value)));
    let fitting = fitting(tagged.collect(), filters)?;
    desired.orders.retain(|order_id, _| fitting.contains(order_id));
    Ok(())
}

/// Lists the orders of the account, and leaves out those that need not be read; those whose product is not told are
/// named once more.
async fn listed(
    pass: &Pass<'_>,
    filters: &[OrderFilter],
) -> Result<(BTreeSet<OrderId>, BTreeSet<OrderId>), CommandFailure> {
    let orders = pass.all_orders().await?;
    let untold = orders.iter().filter(|order| order.product.is_none()).map(|order| order.order_id).collect();
    if orders.iter().all(|order| order.tag.is_some()) {
        let tagged = orders.iter().map(|order| (order.order_id, order.tag.as_ref().and_then(Option::as_ref)));
        return Ok((fitting(tagged.collect(), filters)?, untold));
    }
    Ok((before_reading(orders.into_iter().map(|order| order.order_id).collect(), filters)?, untold))
}

/// Leaves out orders that need not be read, where all filters are ids.
fn before_reading(orders: BTreeSet<OrderId>, filters: &[OrderFilter]) -> Result<BTreeSet<OrderId>, CommandFailure> {
    match filters.iter().all(|filter| filter.id().is_some_and(|id| orders.contains(&id))) {
        true => fitting(orders.iter().map(|order_id| (*order_id, None)).collect(), filters),
        false => Ok(orders),
    }
}

/// Leaves out orders that no filter fits; each filter must fit one.
fn after_reading(mut observed: Observations, filters: &[OrderFilter]) -> Result<Observations, CommandFailure> {
    let fitting =
        fitting(observed.iter().map(|(order_id, observed)| (*order_id, tag_of(observed))).collect(), filters)?;
    observed.retain(|order_id, _| fitting.contains(order_id));
    Ok(observed)
}

fn tag_of(observed: &Observed) -> Option<&Foreign> {
    observed.live.as_ref().ok().and_then(|live| live.tag.as_ref())
}

/// Returns the orders that a filter fits, or all where there is none; each filter must fit one.
fn fitting(orders: Vec<Candidate<'_>>, filters: &[OrderFilter]) -> Result<BTreeSet<OrderId>, CommandFailure> {
    if let Some(filter) = filters.iter().find(|filter| !orders.iter().any(|order| filter.fits(*order))) {
        return Err(fits_nothing(filter, &orders));
    }
    let fits = |order: &Candidate<'_>| filters.is_empty() || filters.iter().any(|filter| filter.fits(*order));
    Ok(orders.into_iter().filter(fits).map(|(order_id, _)| order_id).collect())
}

/// Says what there is.
fn fits_nothing(filter: &OrderFilter, orders: &[Candidate<'_>]) -> CommandFailure {
    let words = |(order_id, tag): &Candidate<'_>| match tag {
        Some(tag) if !tag.raw().is_empty() => format!("{order_id} ({})", tag.printable()),
        _ => order_id.to_string(),
    };
    let listed: Vec<String> = orders.iter().take(MOST_LISTED).map(words).collect();
    let more = match orders.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let there_is = match listed.is_empty() {
        true => "there is no order".to_owned(),
        false => format!("there is {}{more}", listed.join(", ")),
    };
    CommandFailure::new(format!("--order {filter}: no order fits it; {there_is}")).code(ProblemCode::UnknownOrder)
}

/// Returns whether a text is as a pattern says, in which `*` stands for any characters.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, pattern)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let (between, last) = pattern.rsplit_once('*').unwrap_or(("", pattern));
    for part in between.split('*') {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let table = [
            ("eu", "eu", true),
            ("eu", "eu-1", false),
            ("eu-*", "eu-scrapers", true),
            ("eu-*", "eu", false),
            ("*", "", true),
            ("*-1", "eu-1", true),
            ("*-1", "eu-1-2", false),
            ("eu*1", "eu1", true),
            ("eu*1*1", "eu1", false),
            ("a*b*c", "a-b-b-c", true),
            ("aa*aa", "aaa", false),
            ("", "", true),
            ("", "eu", false),
            ("Eu", "eu", false),
        ];
        for (pattern, text, fits) in table {
            assert_eq!(is_like(pattern, text), fits, "{pattern} {text}");
        }
    }
}

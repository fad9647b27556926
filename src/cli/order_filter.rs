//! `--order` of the commands that show live orders: by id, or by the live tag.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::str::FromStr;

use super::failure::CommandFailure;
use crate::diagnostic::ProblemCode;
use crate::model::{Foreign, Observations, Observed, OrderId};

/// An order's id, or a tag in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderFilter(Foreign);

impl FromStr for OrderFilter {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<OrderFilter, Infallible> {
        Ok(OrderFilter(Foreign::from(text)))
    }
}

impl OrderFilter {
    fn id(&self) -> Option<OrderId> {
        self.0.raw().parse().ok()
    }

    fn fits(&self, order_id: OrderId, observed: &Observed) -> bool {
        let tag = observed.live.as_ref().ok().and_then(|live| live.tag.as_ref());
        self.id() == Some(order_id) || tag.is_some_and(|tag| is_like(self.0.raw(), tag.raw()))
    }

    fn fits_nothing(&self) -> CommandFailure {
        let message = format!("--order {}: no order fits it", self.0.printable());
        CommandFailure::new(message).code(ProblemCode::UnknownOrder)
    }
}

/// Leaves out orders that need not be read, where all filters are ids.
pub(super) fn before_reading(
    orders: BTreeSet<OrderId>,
    filters: &[OrderFilter],
) -> Result<BTreeSet<OrderId>, CommandFailure> {
    let ids: Option<BTreeSet<OrderId>> = filters.iter().map(OrderFilter::id).collect();
    let Some(ids) = ids.filter(|ids| !ids.is_empty()) else { return Ok(orders) };
    match filters.iter().find(|filter| filter.id().is_some_and(|id| !orders.contains(&id))) {
        Some(filter) => Err(filter.fits_nothing()),
        None => Ok(ids),
    }
}

/// Leaves out orders that no filter fits; each filter must fit one.
pub(super) fn after_reading(
    mut observed: Observations,
    filters: &[OrderFilter],
) -> Result<Observations, CommandFailure> {
    let useless = filters.iter().find(|filter| !observed.iter().any(|(id, observed)| filter.fits(*id, observed)));
    if let Some(filter) = useless {
        return Err(filter.fits_nothing());
    }
    observed.retain(|id, observed| filters.is_empty() || filters.iter().any(|filter| filter.fits(*id, observed)));
    Ok(observed)
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

//! A plan with what it was made of, as documents and renderers take it.

use super::review::ReviewDocument;
use crate::diagnostic::SourceMap;
use crate::diff::{self, Hunk};
use crate::model::Desired;
use crate::outlook::{PriceEffect, price_effect};
use crate::plan::{OnRecord, Options, OrderPlan, Plan};

/// A plan with what it was made of, as documents and renderers take it.
#[derive(Debug, Clone, Copy)]
pub struct PlanView<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What else there is of it.
    pub basis: Basis<'a>,
    /// How it was planned.
    pub options: &'a Options,
    /// The manifest files, for the lines that problems point at.
    pub sources: &'a SourceMap,
    /// The API that was read.
    pub api_url: &'a str,
}

/// What there is of a plan beside its operations, problems and notes.
#[derive(Debug, Clone, Copy)]
pub enum Basis<'a> {
    /// It was just made of what the manifest declares.
    Declared(&'a Desired),
    /// It was saved with this; `None`: by a version that did not save it.
    Saved(Option<&'a ReviewDocument>),
}

impl<'a> PlanView<'a> {
    /// Compares an order as it is with what is declared; nothing where it could not be read.
    pub fn diff(&self, order: &'a OrderPlan) -> Vec<Hunk<'a>> {
        match self.basis {
            Basis::Declared(desired) => {
                desired.orders.get(&order.order_id).map(|desired| diff::order(order, desired)).unwrap_or_default()
            }
            Basis::Saved(review) => review.map(|review| review.diff(order.order_id)).unwrap_or_default(),
        }
    }

    /// Says what the plan does to the price of an order's next renewal; `None`: nothing, or it is not known.
    pub fn next_price(&self, order: &OrderPlan) -> Option<PriceEffect> {
        match self.basis {
            Basis::Declared(_) => price_effect(order),
            Basis::Saved(review) => review?.next_price(order.order_id),
        }
    }

    /// Counts what the plan rests on that only the record says.
    pub fn on_record(&self) -> OnRecord {
        match self.basis {
            Basis::Declared(desired) => OnRecord::new(self.plan, desired),
            Basis::Saved(review) => review.map(ReviewDocument::on_record).unwrap_or_default(),
        }
    }

    /// Returns the digest of the manifest's files; empty for a plan that was saved, whose document has it.
    pub fn manifest_sha256(&self) -> &'a str {
        match self.basis {
            Basis::Declared(desired) => &desired.sha256,
            Basis::Saved(_) => "",
        }
    }
}

//! shardctl: a declarative reconciler for orders of datacenter and ISP proxies at ProxyShard.
//!
//! A manifest declares the IPs of each order, their OS signatures and the number of p0f slots. shardctl compares that
//! with what is live and what it recorded, and does what is left to do. This is the program as a library; the program
//! itself is [`cli::run`].
//!
//! # The rooms
//!
//! ```text
//! manifest ─┐
//! live ─────┼─> observe ─> plan ──> document, render
//! record ───┘               └────> apply ──> record, history
//! ```
//!
//! | room | what lives there | begin with |
//! | --- | --- | --- |
//! | [`model`] | the words of the domain, plain data | [`Desired`](model::Desired), [`LiveOrder`](model::LiveOrder), [`Recorded`](model::Recorded) |
//! | [`diagnostic`] | problems and notes with their stable codes | [`Problem`](diagnostic::Problem), [`Note`](diagnostic::Note) |
//! | [`manifest`] | YAML files, read with positions, written, and changed in place | [`manifest::load`] |
//! | [`api`] | the vendor's operations, typed | [`Reader`](api::Reader), [`Writer`](api::Writer) |
//! | [`state`] | what is recorded, in a directory or a bucket | [`Records`](state::Records), [`Place`](state::Place) |
//! | [`plan`] | what has to be done; pure functions of data | [`plan::plan`], [`Seen`](plan::Seen) |
//! | [`outlook`] | what is to be expected: status and forecast | [`standings`](outlook::standings), [`forecast`](outlook::forecast()) |
//! | [`diff`] | an order as it is beside what is declared of it | [`diff::order`] |
//! | [`document`] | what scripts read, and saved plans | [`PlanDocument`](document::PlanDocument) |
//! | [`reconcile`] | reads what is recorded and live, and plans | [`Pass`](reconcile::Pass) |
//! | [`apply`] | carries a plan out | [`apply::apply`], [`PurchaseStage`](apply::purchase::PurchaseStage) |
//! | [`render`] | what people read | [`render::text`], [`render::markdown`] |
//! | `sandbox` | a simulated API, with the feature of that name | `Sandbox` |
//! | [`cli`] | the command line; the only room that prints | [`cli::run`] |
//!
//! # Where to start
//!
//! To plan from your own program: [`reconcile`] has an example that runs. To carry a plan out: [`apply::apply`], with a
//! [`Writer`](api::Writer) and the [`Lock`](state::Lock) of the records' place. To read a plan that the program printed:
//! [`document`], or the JSON Schemas in `schemas/`. To change the program: `ARCHITECTURE.md` follows one IP through the
//! rooms and says which files each kind of change touches; `docs/design/` has the reasons.

pub mod api;
pub mod apply;
pub mod cli;
pub mod diagnostic;
pub mod diff;
pub mod document;
pub mod manifest;
pub mod model;
pub mod outlook;
pub mod plan;
pub mod reconcile;
pub mod render;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod state;

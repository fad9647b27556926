//! One file for each command.

pub(super) mod apply;
pub(super) mod completions;
pub(super) mod forecast;
pub(super) mod history;
pub(super) mod import;
pub(super) mod man;
pub(super) mod plan;
#[cfg(feature = "sandbox")]
pub(super) mod sandbox;
pub(super) mod schema;
pub(super) mod show;
pub(super) mod state;
pub(super) mod status;
pub(super) mod validate;

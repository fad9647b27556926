//! shardctl: a declarative reconciler for orders of datacenter and ISP proxies at ProxyShard.
//!
//! `ARCHITECTURE.md` draws how the modules depend on each other and says where to start reading.

pub mod api;
pub mod apply;
pub mod cli;
pub mod diagnostic;
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

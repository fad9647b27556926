//! shardctl: a declarative reconciler for orders of datacenter and ISP proxies at ProxyShard.
//!
//! `ARCHITECTURE.md` draws how the modules depend on each other and says where to start reading.

pub mod manifest;
pub mod model;
pub mod render;

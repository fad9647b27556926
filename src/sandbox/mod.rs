//! A stateful simulation of the vendor's API over HTTP on loopback, for tests, trials and demonstrations.
//!
//! It models the vendor, including what its API hides, and knows nothing of plans. What it serves is described in
//! `schemas/proxyshard-user-api.openapi.json`; [`Tells`] leaves out what only newer servers tell, or any part of it.
//!
//! Below `/sandbox`, and for tests in [`Control`], stands what the vendor does not have:
//!
//! | request | does |
//! | --- | --- |
//! | `GET /sandbox` | the list of all of these, see [`CONTROL_PATHS`] |
//! | `GET /sandbox/account` | the account with what the API hides |
//! | `POST /sandbox/orders/{id}/{action}` | what happens behind a client's back, see [`PanelAction`] |
//! | `POST /sandbox/wallet` | `{"cents": 500}` sets what is left to spend |
//! | `POST /sandbox/slot_price` | `{"cents": 200}` sets the price of a slot from now on |
//! | `GET`, `POST /sandbox/tells` | what the API tells, see [`Tells`] |
//! | `GET`, `POST /sandbox/faults` | the rules that break requests, see [`FaultRule`] |
//! | `GET /sandbox/requests` | the vendor requests that came |

mod account;
mod account_file;
mod account_keys;
mod addons;
mod answer;
mod call;
mod charge;
mod clock;
mod control;
mod control_paths;
mod control_routes;
mod fault_json;
mod faults;
mod kill_switch;
mod log;
mod object;
mod operation;
mod order;
mod other_addon;
mod panel;
mod panel_json;
mod reads;
mod refusal;
mod renewal;
mod routes;
mod server;
mod tells;
mod token_bucket;
mod wire;

pub use account::{Account, Preview};
pub use account_file::{AccountError, DEFAULT_EMAIL};
pub use charge::{Charge, RenewalCharge};
pub use control::Control;
pub use control_paths::{CONTROL_PATHS, ControlPath};
pub use faults::{Action, Edit, FaultCount, FaultRule, Target, When};
pub use log::{LOG_CAPACITY, LoggedRequest};
pub use operation::Operation;
pub use order::{Cycle, Kind, Order, OrderStatus, Proxy, ProxyStatus};
pub use other_addon::OtherAddon;
pub use panel::PanelAction;
pub use refusal::Refusal;
pub use server::{Running, Sandbox, default_listen};
pub use tells::{Tell, Tells};

//! The program's main sentence: read what is recorded and what is live, and plan.
//!
//! A [`Pass`] holds what one run shares. [`Pass::observe`] gives one [`Observed`](crate::model::Observed) for each order,
//! [`Pass::plan`] makes the plan of what is declared; nobody else puts the inputs of a plan together.
//!
//! A plan for a simulated account. Reading changes nothing, and a directory that is only read is not even made:
//!
//! ```
//! # #[cfg(not(feature = "sandbox"))]
//! # fn main() {}
//! # #[cfg(feature = "sandbox")]
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use jiff::Timestamp;
//! use shardctl::api::{Connection, Reader, Settings, Token};
//! use shardctl::diagnostic::{SourceFile, SourceMap};
//! use shardctl::plan::{Options, Step};
//! use shardctl::reconcile::{NoProgress, Pass};
//! use shardctl::sandbox::{Account, Sandbox};
//! use shardctl::state::{Directory, Records};
//!
//! let account = "
//! token: sandbox-token
//! orders:
//!   48213: {p0f_slots: 1, proxies: {203.0.113.10: win11, 203.0.113.11: }}
//! ";
//! let sandbox = Sandbox::bind(Account::from_yaml(account)?, ([127, 0, 0, 1], 0).into()).await?.spawn();
//!
//! let mut sources = SourceMap::default();
//! let manifest = "{version: 1, orders: {48213: {keep: {203.0.113.10: win11}}}}";
//! sources.add(SourceFile::new("shardctl.yaml", manifest));
//! let desired = shardctl::manifest::parse(sources).desired.ok_or("a manifest with problems")?;
//!
//! let url = sandbox.url();
//! let reader = Reader::new(Connection::new(url.parse()?, Token::new("sandbox-token")?, Settings::default())?);
//! let directory = tempfile::tempdir()?;
//! let records = Records::new(Arc::new(Directory::new(directory.path().join("state"))), url);
//!
//! let pass = Pass::new(&reader, &records, &NoProgress);
//! let plan = pass.plan(&desired, &Options::at(Timestamp::now())).await?;
//!
//! // The signature is as declared. Nobody knows which IPs are marked to go, so that both marks are set.
//! let [Step::SetDelNp { items }] = &plan.orders[0].steps[..] else { panic!("{plan:?}") };
//! let marks: Vec<_> = items.iter().map(|item| (item.ip.to_string(), item.to)).collect();
//! assert_eq!(marks, [("203.0.113.10".to_owned(), false), ("203.0.113.11".to_owned(), true)]);
//! assert!(!plan.is_blocked());
//! # Ok(())
//! # }
//! ```

mod detail_route;
mod observe;
mod order;

pub use observe::{NoProgress, ObserveError, Pass, ReadProgress};

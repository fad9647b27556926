//! The vendor's operations, typed, over HTTP.
//!
//! A [`Reader`] can only GET. A [`Writer`] can also POST; the program makes one in a single place, after it saw
//! `--apply`. Errors say at which stage a request failed, because what may be done next depends on it.

mod active_list;
pub mod answers;
mod body;
mod client;
mod clock;
mod connected;
mod connection;
mod decode;
mod endpoint;
mod error;
mod gate;
mod headers;
mod observer;
mod pauses;
mod permit;
mod proxies;
mod reader;
mod retry;
mod settings;
mod shapes;
mod texts;
mod token;
mod told;
mod url;
mod wire;
mod writer;

pub use answers::ActiveProxies;
pub use clock::ApiTime;
pub use connection::Connection;
pub use endpoint::Endpoint;
pub use error::{ApiError, Stage};
pub use observer::{NoObserver, Observer, RequestEnded, Waiting};
pub use permit::{AlwaysPermitted, SendPermit};
pub use proxies::Proxies;
pub use reader::{OrderFilter, Reader};
pub use settings::Settings;
pub use token::{BadToken, Token};
pub use url::{ApiUrl, BadApiUrl};
pub use writer::{MAX_ITEMS_PER_REQUEST, Writer};

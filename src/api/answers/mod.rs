//! What the operations make of an answer: a status and bytes in, plain data out; `token` is kept out of all texts.
//!
//! What money and records rest on is read strictly. Whatever else is missing, null or of another type is not told, and
//! keeps nobody from working on an order.

mod active;
mod orders;
mod slots;

use super::decode;
use super::error::Stage;
use super::token::Token;
use super::wire::Acknowledged;

pub use active::{ActiveProxies, active_proxies, active_proxies_arriving};
pub use orders::{OrderPage, order_detail, order_page, wallet};
pub use slots::{quote, slots_told};

/// Reads the answer of `del-np/set`, `signature/set` and `edit-auto-renewal`: the number of IPs that were changed, where
/// it is told.
pub fn acknowledged(status: u16, body: &[u8], token: &Token) -> Result<Option<u64>, Stage> {
    decode::answer::<Acknowledged>(status, body, token).map(|answer| answer.updated.number())
}

//! What drops a connection in the middle of an answer.

use std::sync::Arc;

use tokio::sync::Notify;

/// Drops the connection of a request; every request carries the switch of its connection.
#[derive(Debug, Clone, Default)]
pub(super) struct KillSwitch(Arc<Notify>);

impl KillSwitch {
    pub(super) fn pull(&self) {
        self.0.notify_one();
    }

    pub(super) async fn pulled(&self) {
        self.0.notified().await;
    }
}

//! The moment between a connection and the request that is sent over it.
//!
//! A connection may take its time, and a lock may be lost meanwhile, or a price grow old. So a purchase is held where its
//! connection stands, until its permit was asked once more.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::{mpsc, oneshot};
use tower_layer::Layer;
use tower_service::Service;

use super::permit::SendPermit;
use crate::model::Foreign;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

tokio::task_local! {
    /// Where a connection that stands asks to be used: whoever answers lets it.
    static STANDING: mpsc::Sender<oneshot::Sender<()>>;
}

/// Sends a request, and asks its permit once its connection stands; fails with the reason where it is refused, and then
/// nothing was sent. The client must be one whose connections are [`Held`], and none of them kept.
pub(super) async fn once_connected<T>(request: impl Future<Output = T>, permit: &dyn SendPermit) -> Result<T, Foreign> {
    let (standing, mut connections) = mpsc::channel(1);
    let mut request = pin!(STANDING.scope(standing, request));
    loop {
        tokio::select! {
            biased;
            Some(go) = connections.recv() => {
                permit.may_send().await?;
                // Nobody waits where the request has ended meanwhile.
                let _ = go.send(());
            }
            ended = &mut request => return Ok(ended),
        }
    }
}

/// Holds each new connection until it may be used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holding;

impl<S> Layer<S> for Holding {
    type Service = Held<S>;

    fn layer(&self, connector: S) -> Held<S> {
        Held(connector)
    }
}

/// A connector whose connections wait until they may be used.
#[derive(Debug, Clone)]
pub(super) struct Held<S>(S);

impl<S, R> Service<R> for Held<S>
where
    S: Service<R, Error = BoxError>,
    S::Response: Send,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (connecting, standing) = (self.0.call(request), STANDING.try_with(Clone::clone));
        async move {
            let connection = connecting.await?;
            let (go, may_go) = oneshot::channel();
            // Where nobody listens, nobody lets it go either.
            standing?.send(go).await?;
            may_go.await?;
            Ok(connection)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::future::ready;

    use super::*;

    type Log = Arc<Mutex<Vec<&'static str>>>;

    /// Connects, which something else happens before.
    #[derive(Clone)]
    struct Slow(Log);

    impl Service<()> for Slow {
        type Response = ();
        type Error = BoxError;
        type Future = BoxFuture<'static, Result<(), BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> Self::Future {
            let log = Arc::clone(&self.0);
            async move {
                tokio::task::yield_now().await;
                log.lock().expect("no panic").push("connected");
                Ok(())
            }
            .boxed()
        }
    }

    struct Asked(Log, bool);

    impl SendPermit for Asked {
        fn may_send(&self) -> BoxFuture<'_, Result<(), Foreign>> {
            self.0.lock().expect("no panic").push("asked");
            ready(if self.1 { Ok(()) } else { Err("the lock was lost".into()) }).boxed()
        }
    }

    #[tokio::test]
    async fn the_permit_is_asked_when_the_connection_stands_and_before_anything_is_sent() {
        for (allowed, expected) in [(true, &["connected", "asked", "sent"][..]), (false, &["connected", "asked"])] {
            let log = Log::default();
            let request = async {
                Holding.layer(Slow(Arc::clone(&log))).call(()).await.expect("a connection");
                log.lock().expect("no panic").push("sent");
            };
            let ended = once_connected(request, &Asked(Arc::clone(&log), allowed)).await;
            assert_eq!(ended.is_ok(), allowed);
            assert_eq!(*log.lock().expect("no panic"), expected);
        }
    }

    #[tokio::test]
    async fn a_connection_for_which_nobody_asks_is_never_used() {
        assert!(Holding.layer(Slow(Log::default())).call(()).await.is_err());
    }
}

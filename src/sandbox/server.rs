//! The accept loop: HTTP/1.1 on loopback, each connection with a switch that drops it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::account::Account;
use super::control::Control;
use super::kill_switch::KillSwitch;
use super::log::LOG_CAPACITY;
use super::routes;

/// Returns the address on which the sandbox listens where none is given.
pub fn default_listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 4010))
}

/// A sandbox that listens and does not serve yet.
#[derive(Debug)]
pub struct Sandbox {
    listener: TcpListener,
    address: SocketAddr,
    control: Control,
}

impl Sandbox {
    /// Listens on a loopback address; port 0 picks a free one. Any other address is refused as invalid input.
    pub async fn bind(account: Account, address: SocketAddr) -> io::Result<Sandbox> {
        if !address.ip().is_loopback() {
            let message = format!(
                "the sandbox serves on loopback only, and {address} is not a loopback address: \
                 use 127.0.0.1 or [::1]"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Sandbox { listener, address, control: Control::new(account, LOG_CAPACITY) })
    }

    /// Turns the request log off.
    pub fn without_request_log(self) -> Sandbox {
        self.control.set_log_capacity(0);
        self
    }

    /// Returns the address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL, `http://ADDR`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns a handle on its state.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Serves until `shutdown` is ready, then drops every connection.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let router = routes::router(self.control);
        let mut connections = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(serve_connection(stream, router.clone()))),
                    // Out of file descriptors, most likely: some come back when connections end.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                },
                // Reaped as they end, so that a long run does not gather them.
                Some(_) = connections.join_next() => {}
            }
        }
    }

    /// Serves in a task of its own until the handle is dropped.
    pub fn spawn(self) -> Running {
        let (address, control) = (self.address, self.control.clone());
        let task = tokio::spawn(self.serve(std::future::pending()));
        Running { address, control, task }
    }
}

/// A sandbox that serves in the background; dropping it stops it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    control: Control,
    task: JoinHandle<()>,
}

impl Running {
    /// Returns the address that it serves on.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL, `http://ADDR`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns a handle on its state.
    pub fn control(&self) -> &Control {
        &self.control
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve_connection(stream: TcpStream, router: Router) {
    // Small answers must not wait for the acknowledgement of earlier ones.
    let _ = stream.set_nodelay(true);
    let kill_switch = KillSwitch::default();
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(kill_switch.clone());
        hyper::service::Service::call(&router, request)
    });
    // The routes date their answers themselves: a rule may want another date, or none.
    let connection = http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // The connection comes first so that what a cut answer has written is out before it is dropped.
        biased;
        _ = connection => {}
        () = kill_switch.pulled() => {}
    }
}
